//! Golden vectors: bytes and ids as each version of each kind has them, asserted for ever.
//!
//! A file of `tests/golden/v1` holds a kind's version 1, unless its name says another. It holds records of `name`, `bytes` and `id`. They were written once;
//! a test that disagrees with one has found a change of the format, which needs a new version.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::PathBuf;

use crate::error::ErrorKind;
use crate::id::{CheckpointId, ContentId, IterationId, MapId, MemoryId, ObjectId, OperationId};
use crate::object::*;

/// The files there are; one that is missing or not asserted fails.
const FILES: [&str; 27] = [
    "checkout.txt",
    "checkpoint.txt",
    "claim.txt",
    "content.txt",
    "decision.txt",
    "directory.txt",
    "evidence.txt",
    "finding.txt",
    "gate.txt",
    "horizon.txt",
    "iteration.txt",
    "map.txt",
    "map-root.txt",
    "memory.txt",
    "merge-conflict.txt",
    "model-call.txt",
    "node.txt",
    "operation.txt",
    "operation-v2.txt",
    "policy.txt",
    "results.txt",
    "revision.txt",
    "step.txt",
    "step-outcome.txt",
    "tombstone.txt",
    "turn.txt",
    "turn-progress.txt",
];

pub(crate) struct Record {
    pub(crate) bytes: Vec<u8>,
    pub(crate) id: ObjectId,
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/v1")
}

/// Reads a file of vectors, by name.
pub(crate) fn records(file: &str) -> BTreeMap<String, Record> {
    assert!(FILES.contains(&file), "{file} is not listed");
    let path = directory().join(file);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("golden vectors {}: {error}", path.display()));
    let mut records = BTreeMap::new();
    for record in text.split("\n\n").map(str::trim).filter(|record| !record.is_empty()) {
        let field = |name: &str| {
            let line = record.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.unwrap_or_else(|| panic!("{file}: no {name} in {record}")).trim()
        };
        let id = field("id").parse().unwrap();
        let record = Record { bytes: from_hex(field("bytes")), id };
        assert!(records.insert(field("name").to_owned(), record).is_none(), "{file}: named twice");
    }
    records
}

fn from_hex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2) && text.is_ascii(), "{text}");
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// Asserts that the file holds exactly these nodes, byte for byte, and that they read back.
pub(crate) fn assert_nodes(file: &str, vectors: &[(String, Node)]) {
    let records = records(file);
    let names: BTreeSet<_> = vectors.iter().map(|(name, _)| name).collect();
    assert_eq!(names, records.keys().collect(), "{file}");
    assert_eq!(names.len(), vectors.len(), "{file}: a name is used twice");
    for (name, node) in vectors {
        let record = &records[name];
        assert_eq!(node.canonical_bytes(), record.bytes, "{file}: {name}");
        assert_eq!(node.id(), record.id, "{file}: {name}");
        let read = Node::from_canonical_bytes(&record.bytes).unwrap();
        assert_eq!(&read, node, "{file}: {name}");
    }
}

pub(super) fn assert_values<T: Canonical + PartialEq + Debug>(file: &str, vectors: Vec<(&str, T)>) {
    let nodes: Vec<_> =
        vectors.iter().map(|(name, value)| ((*name).to_owned(), value.to_node())).collect();
    assert_nodes(file, &nodes);
    let records = records(file);
    for (name, value) in vectors {
        let node = Node::from_canonical_bytes(&records[name].bytes).unwrap();
        assert_eq!(T::from_node(&node).unwrap(), value, "{file}: {name}");
    }
}

/// An id that is easy to see in the bytes.
pub(crate) fn id(byte: u8) -> ObjectId {
    ObjectId::from_bytes([byte; 32])
}

#[test]
fn the_directory_holds_the_listed_files_and_no_other() {
    let found: BTreeSet<String> = std::fs::read_dir(directory())
        .expect("the golden vectors are part of the repository")
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, FILES.map(str::to_owned).into());
}

#[test]
fn contents_keep_their_ids() {
    let expected = [
        ("empty", Vec::new()),
        ("short", b"partita\n".to_vec()),
        ("every byte", (0..=255).collect()),
    ];
    let records = records("content.txt");
    assert_eq!(records.len(), expected.len());
    for (name, bytes) in expected {
        assert_eq!(records[name].bytes, bytes, "{name}");
        assert_eq!(ObjectId::of_content(&bytes), records[name].id, "{name}");
    }
}

#[test]
fn nodes_of_unknown_kinds_keep_their_ids() {
    let node = |kind: u16, version: u16, refs: Vec<ObjectId>, body: &[u8]| Node {
        kind: Kind(kind),
        version,
        refs,
        body: body.to_vec(),
    };
    let vectors = [
        ("empty", node(0, 0, vec![], b"")),
        ("largest kind", node(65_535, 65_535, vec![id(1)], b"body")),
        ("three hundred refs", node(251, 250, vec![id(2); 300], b"\x00\xff")),
    ];
    assert_nodes("node.txt", &vectors.map(|(name, node)| (name.to_owned(), node)));
}

#[test]
fn checkpoints_keep_their_bytes() {
    let first = Checkpoint {
        number: 1,
        parents: vec![],
        jump: None,
        roots: [("files".to_owned(), id(1))].into(),
        labels: BTreeMap::new(),
        time: None,
    };
    let empty = Checkpoint { roots: BTreeMap::new(), ..first.clone() };
    let imported = Checkpoint {
        number: 300,
        parents: vec![CheckpointId::new(id(2))],
        jump: Some(CheckpointId::new(id(3))),
        roots: [("files", 4), ("memories", 5), ("state", 6)]
            .map(|(name, root)| (name.to_owned(), id(root)))
            .into(),
        labels: [("git.commit", vec![0xab; 20]), ("message", b"Mend the parser".to_vec())]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
        time: Some(Timestamp::from_millis(1_700_000_000_000)),
    };
    let merge = Checkpoint {
        number: u64::MAX,
        parents: [7, 8, 9].map(|parent| CheckpointId::new(id(parent))).to_vec(),
        jump: None,
        time: Some(Timestamp::from_millis(-1)),
        labels: [(String::new(), Vec::new())].into(),
        ..first.clone()
    };
    let vectors =
        vec![("first", first), ("empty", empty), ("imported", imported), ("merge", merge)];
    assert_values("checkpoint.txt", vectors);
}

#[test]
fn operations_keep_their_bytes() {
    let create = Operation {
        number: 1,
        kind: OperationKind::Create,
        session: None,
        previous: None,
        jump: None,
        checkpoint: None,
        before: None,
        forked_from: None,
        undoes: None,
        actor: String::new(),
        time: Timestamp::from_millis(0),
        message: String::new(),
        nonce: (0..16).collect(),
    };
    let every_link = Operation {
        number: 70_000,
        kind: OperationKind::Undo,
        session: Some(OperationId::new(id(1))),
        previous: Some(OperationId::new(id(2))),
        jump: Some(OperationId::new(id(3))),
        checkpoint: Some(CheckpointId::new(id(4))),
        before: Some(CheckpointId::new(id(5))),
        forked_from: Some(OperationId::new(id(6))),
        undoes: Some(OperationId::new(id(7))),
        actor: "agent-7".to_owned(),
        time: Timestamp::from_millis(1_700_000_000_123),
        message: "z\u{fc}ruck".to_owned(),
        nonce: Vec::new(),
    };
    let of_kind = |kind| Operation {
        number: 2,
        kind,
        session: Some(OperationId::new(id(1))),
        previous: Some(OperationId::new(id(1))),
        checkpoint: Some(CheckpointId::new(id(4))),
        nonce: Vec::new(),
        ..create.clone()
    };
    let mut vectors = vec![("create", create.clone()), ("every link", every_link)];
    for (name, kind) in [
        ("kind fork", OperationKind::Fork),
        ("kind write", OperationKind::Write),
        ("kind remove", OperationKind::Remove),
        ("kind rename", OperationKind::Rename),
        ("kind remember", OperationKind::Remember),
        ("kind state", OperationKind::State),
        ("kind batch", OperationKind::Batch),
        ("kind restore", OperationKind::Restore),
        ("kind undo", OperationKind::Undo),
        ("kind import", OperationKind::Import),
        ("kind rename-session", OperationKind::RenameSession),
        ("kind delete-session", OperationKind::DeleteSession),
        ("kind trim", OperationKind::Trim),
        ("kind forget", OperationKind::Forget),
        ("kind recall", OperationKind::Recall),
        ("kind hide", OperationKind::Hide),
        ("kind show", OperationKind::Show),
        ("kind refresh", OperationKind::Refresh),
        ("kind trim-results", OperationKind::TrimResults),
        ("kind compact", OperationKind::Compact),
        ("kind expand", OperationKind::Expand),
        ("kind pin", OperationKind::Pin),
        ("kind unpin", OperationKind::Unpin),
        ("kind set-instructions", OperationKind::SetInstructions),
        ("kind set-tools", OperationKind::SetTools),
        ("kind set-sandbox", OperationKind::SetSandbox),
        ("kind plan", OperationKind::Plan),
    ] {
        assert_eq!(name.strip_prefix("kind "), Some(kind.name()));
        vectors.push((name, of_kind(kind)));
    }
    assert_values("operation.txt", vectors);
}

#[test]
fn operations_with_names_keep_their_bytes() {
    let redo = Operation {
        number: 9,
        kind: OperationKind::Redo,
        session: Some(OperationId::new(id(1))),
        previous: Some(OperationId::new(id(2))),
        jump: None,
        checkpoint: Some(CheckpointId::new(id(4))),
        before: None,
        forked_from: None,
        undoes: Some(OperationId::new(id(7))),
        actor: "agent-7".to_owned(),
        time: Timestamp::from_millis(1_700_000_000_123),
        message: "write".to_owned(),
        nonce: Vec::new(),
    };
    let named = |name: &str| OperationKind::from_name(name).unwrap();
    let undelete = Operation {
        kind: OperationKind::UndeleteSession,
        checkpoint: None,
        undoes: None,
        actor: String::new(),
        ..redo.clone()
    };
    let every_link = Operation {
        kind: named("acme/deploy-2.1_x"),
        jump: Some(OperationId::new(id(3))),
        before: Some(CheckpointId::new(id(5))),
        forked_from: Some(OperationId::new(id(6))),
        nonce: (0..16).collect(),
        ..redo.clone()
    };
    let longest = Operation { kind: named(&"n".repeat(64)), ..undelete.clone() };
    let shortest = Operation { kind: named("x"), ..undelete.clone() };
    let vectors = vec![
        ("redo", redo),
        ("undelete-session", undelete),
        ("every link", every_link),
        ("longest name", longest),
        ("shortest name", shortest),
    ];
    assert_values("operation-v2.txt", vectors);
}

#[test]
fn a_kind_with_a_number_is_never_read_as_a_name() {
    let node = |version: u16, kind: &[u8]| Node {
        kind: Kind::OPERATION,
        version,
        refs: Vec::new(),
        body: [&[0][..], kind, &[0, 0, 0, 1, 0]].concat(),
    };
    for (version, kind, name) in
        [(1, &b"\x02"[..], "write"), (2, b"\x04redo", "redo"), (2, b"\x05merge", "merge")]
    {
        let node = node(version, kind);
        let operation = Operation::from_node(&node).unwrap();
        assert_eq!((operation.kind.name(), operation.to_node()), (name, node));
    }
    for (version, kind) in [
        (1, &b"\x1c"[..]),
        (1, b"\x04redo"),
        (2, b"\x02"),
        (2, b"\x05write"),
        (2, b"\x04undo"),
        (2, b"\x00"),
        (2, b"\x04Redo"),
        (2, b"\x05a b c"),
        (2, &[&[65][..], &[b'n'; 65]].concat()),
    ] {
        let error = Operation::from_node(&node(version, kind)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{version} {kind:?}");
    }
}

#[test]
fn iterations_keep_their_bytes() {
    let content = ContentId::new(id(1));
    let file = Iteration {
        path: FilePath::new("src/lib.rs").unwrap(),
        number: 1,
        entry: Entry::File { content, executable: false },
        parents: vec![],
        jump: None,
        cause: None,
    };
    let parents = vec![IterationId::new(id(2))];
    let next = Iteration { number: 2, parents, ..file.clone() };
    let executable = Iteration { entry: Entry::File { content, executable: true }, ..next.clone() };
    let symlink = Iteration {
        path: FilePath::new(b"\xff link").unwrap(),
        entry: Entry::Symlink { target: content },
        cause: Some(MemoryId::new(id(3))),
        ..next.clone()
    };
    let submodule = Iteration {
        entry: Entry::Submodule { commit: (1..=20).collect() },
        jump: Some(IterationId::new(id(4))),
        ..next.clone()
    };
    let removed = Iteration {
        entry: Entry::Removed,
        number: 251,
        jump: Some(IterationId::new(id(4))),
        cause: Some(MemoryId::new(id(3))),
        ..next.clone()
    };
    let renamed = Iteration {
        path: FilePath::new("d".repeat(251)).unwrap(),
        parents: [2, 5].map(|parent| IterationId::new(id(parent))).to_vec(),
        ..next.clone()
    };
    let vectors = vec![
        ("file", file),
        ("next", next),
        ("executable", executable),
        ("symlink", symlink),
        ("submodule", submodule),
        ("removed", removed),
        ("renamed", renamed),
    ];
    assert_values("iteration.txt", vectors);
}

#[test]
fn memories_keep_their_bytes() {
    let content = Body::Content(ContentId::new(id(1)));
    let short = Memory::user("The parser drops the last token.");
    let every_part = Memory {
        origin: "git:abc".to_owned(),
        actor: "agent-7".to_owned(),
        time: Some(Timestamp::from_millis(1_700_000_000_000)),
        role: Role::Assistant,
        kind: MemoryKind::Message,
        parts: vec![
            Part::Text(Body::new(b"\xff not UTF-8")),
            Part::Text(content.clone()),
            Part::Thinking { text: Body::new("hm"), signature: content.clone() },
            Part::Call {
                id: "call-1".to_owned(),
                name: "read".to_owned(),
                arguments: Body::new("{}"),
            },
            Part::Result { call: "call-1".to_owned(), error: true, parts: 1 },
            Part::Media { media_type: "image/png".to_owned(), content: content.clone() },
            Part::File { iteration: IterationId::new(id(2)) },
            Part::Opaque { provider: "p".to_owned(), content: Body::new(vec![0; 251]) },
        ],
        links: vec![id(3), id(4)],
    };
    let empty = Memory { parts: Vec::new(), ..Memory::system("") };
    let vectors = vec![
        ("user", short),
        ("every part", every_part),
        ("empty", empty),
        ("system", Memory::system("s")),
        ("assistant", Memory::assistant("a")),
        ("tool", Memory::tool("call-1", "done")),
        ("note", Memory::note("n")),
        ("validation", Memory::user("v").with_kind(MemoryKind::Validation)),
        ("summary", Memory::user("s").with_kind(MemoryKind::Summary).with_link(id(5))),
    ];
    assert_values("memory.txt", vectors);
}

#[test]
fn checkouts_keep_their_bytes() {
    let bare = Checkout {
        directory: b"/home/\xff".to_vec(),
        session: OperationId::new(id(1)),
        checkpoint: None,
        written: None,
        kept: None,
        previous: None,
        unfinished: None,
    };
    let plain = Checkout {
        checkpoint: Some(CheckpointId::new(id(2))),
        written: Some(MapId::new(id(3))),
        ..bare.clone()
    };
    let all = Checkout {
        kept: Some(MapId::new(id(4))),
        previous: Some(id(5)),
        unfinished: Some([6; 16]),
        ..plain.clone()
    };
    assert_values("checkout.txt", vec![("bare", bare), ("plain", plain), ("all", all)]);
}

#[test]
fn directories_keep_their_bytes() {
    let bare = Directory {
        directory: b"/home/\xff".to_vec(),
        session: OperationId::new(id(1)),
        checkpoint: None,
        exceptions: None,
        aside: None,
        unfinished: None,
    };
    let plain = Directory { checkpoint: Some(CheckpointId::new(id(2))), ..bare.clone() };
    let excepted = Directory { exceptions: Some(MapId::new(id(3))), ..plain.clone() };
    let all =
        Directory { aside: Some(MapId::new(id(4))), unfinished: Some([5; 16]), ..excepted.clone() };
    let vectors = vec![("bare", bare), ("plain", plain), ("excepted", excepted), ("all", all)];
    assert_values("directory.txt", vectors);
}

#[test]
fn tombstones_keep_their_bytes() {
    let purged = Tombstone {
        target: id(1),
        lost: false,
        kind: None,
        size: Some(300),
        reason: "a key".to_owned(),
        actor: "me".to_owned(),
        time: Timestamp::from_millis(1_000),
    };
    let memory = Tombstone { kind: Some(Kind::MEMORY), size: Some(7), ..purged.clone() };
    let lost = Tombstone {
        target: id(2),
        lost: true,
        kind: None,
        size: None,
        reason: String::new(),
        actor: String::new(),
        time: Timestamp::from_millis(-1),
    };
    let vectors = vec![("content", purged), ("memory", memory), ("lost", lost)];
    assert_values("tombstone.txt", vectors);
}

#[test]
fn horizons_keep_their_bytes() {
    let plain = Horizon {
        checkpoint: 90,
        operation: 300,
        actor: "me".to_owned(),
        time: Timestamp::from_millis(1_000),
    };
    let bare = Horizon { checkpoint: 0, operation: 0, actor: String::new(), ..plain.clone() };
    assert_values("horizon.txt", vec![("plain", plain), ("bare", bare)]);
}

#[test]
fn model_calls_keep_their_bytes() {
    let usage = Usage {
        input: Some(12),
        output: Some(345),
        cache_read: Some(70_000),
        cache_write: Some(0),
        reasoning: Some(300),
    };
    let full = ModelCall {
        provider: "anthropic".to_owned(),
        model: "claude-opus-4-5".to_owned(),
        response: "msg_01".to_owned(),
        request: "req_02".to_owned(),
        stop: "tool_use".to_owned(),
        parameters: r#"{"max_tokens":4096}"#.to_owned(),
        context: Some(ContentId::new(id(7))),
        usage,
    };
    let partial = ModelCall {
        model: "gpt-4o".to_owned(),
        usage: Usage { output: Some(1), ..Usage::default() },
        ..ModelCall::default()
    };
    let vectors = vec![("full", full), ("partial", partial), ("bare", ModelCall::default())];
    assert_values("model-call.txt", vectors);
}

#[test]
fn results_keep_their_bytes() {
    let second = Some(std::time::Duration::from_micros(1_500_000));
    let tests = vec![
        TestResult::new("a::passes", TestOutcome::Passed, second),
        TestResult::new("a::fails", TestOutcome::Failed, None),
        TestResult::new("a::errs", TestOutcome::Error, None),
        TestResult::new("a::skipped", TestOutcome::Skipped, None),
        TestResult::new("a::flaky", TestOutcome::Flaky, None),
        TestResult::new("a::xfails", TestOutcome::ExpectedFailure, None),
        TestResult::new("a::xpasses", TestOutcome::UnexpectedPass, None),
    ];
    let samples = |direction| Samples::new("time", "s", direction, [0.0, 1.5, -2.0]).unwrap();
    let all = [Direction::Lower, Direction::Higher, Direction::Unknown].map(samples);
    let vectors = vec![
        ("tests", Results::new(tests.clone(), Vec::new())),
        ("samples", Results::new(Vec::new(), all.to_vec())),
        ("both", Results::new(tests, all.to_vec())),
        ("none", Results::default()),
    ];
    assert_values("results.txt", vectors);
}

#[test]
fn evidence_keeps_its_bytes() {
    let bare = Evidence::new("");
    let run = Some(EvidenceRun { number: 7, run: id(1), outcome: id(2) });
    let plain = Evidence { run, previous: 3, ..Evidence::new("run") };
    let inputs = Inputs {
        scope: Scope::Globs(vec!["src/**".to_owned(), "*.toml".to_owned()]),
        files: Some(MapId::new(id(3))),
        left_out: Some(MapId::new(id(4))),
        outputs: Some(MapId::new(id(5))),
        state: Some(MapId::new(id(6))),
        checkpoint: Some(CheckpointId::new(id(7))),
    };
    let environment = Environment {
        machine: "a processor, 2".to_owned(),
        tools: [("python".to_owned(), "3.12.3".to_owned())].into(),
        setup: vec![id(8), id(9)],
    };
    let sums = [1, 2, 3, 4, 5, 6, 300];
    let report = Report {
        name: "junit.xml".to_owned(),
        format: "junit".to_owned(),
        content: ContentId::new(id(12)),
    };
    let unread =
        UnreadReport { name: "gone.xml".to_owned(), reason: "there is no such file".to_owned() };
    let order = vec![true, false];
    let all = Evidence {
        inputs,
        environment,
        sums: TestSums::from_row(sums),
        results: vec![id(10), id(11)],
        reports: vec![report],
        unread: vec![unread],
        series: Some(Series { seed: 1 << 40, is_after: true, warm_ups: 1, order }),
        ..plain.clone()
    };
    let reads = Inputs { scope: Scope::Reads, ..Inputs::default() };
    let reads = Evidence { inputs: reads, ..Evidence::new("bench") };
    let vectors = vec![("bare", bare), ("plain", plain), ("all", all), ("reads", reads)];
    assert_values("evidence.txt", vectors);
}

#[test]
fn claims_keep_their_bytes() {
    let plain =
        Claim { text: "all tests pass".to_owned(), actor: "me".to_owned(), evidence: vec![id(1)] };
    let two = Claim { evidence: vec![id(1), id(2)], ..plain.clone() };
    let bare = Claim { text: "it works".to_owned(), actor: String::new(), evidence: Vec::new() };
    assert_values("claim.txt", vec![("plain", plain), ("two", two), ("bare", bare)]);
}

#[test]
fn merge_conflicts_keep_their_bytes() {
    let term = |label: &str, entry| ConflictTerm { label: label.to_owned(), entry };
    let file = |byte, executable| Entry::File { content: ContentId::new(id(byte)), executable };
    let terms =
        vec![term("a@2", file(1, false)), term("s@1", file(2, false)), term("b@3", file(3, true))];
    let text = MergeConflict { marker: 7, terms: terms.clone() };
    let link = Entry::Symlink { target: ContentId::new(id(4)) };
    let module = Entry::Submodule { commit: vec![5; 20] };
    let mut five = terms;
    five.extend([term("", Entry::Removed), term("", link)]);
    five[1].entry = module;
    let five = MergeConflict { marker: 0, terms: five };
    assert_values("merge-conflict.txt", vec![("text", text), ("five", five)]);
}
