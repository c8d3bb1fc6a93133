//! A session with a past, and all that can be read of one, to compare by.

use crate::Json;
use crate::context::Dialect;
use crate::context::Tool;
use crate::object::{Body, Canonical, Kind, Memory, ModelCall, Node, Part, Timestamp};
use crate::tokens::Encoding;

use super::*;

/// What begins a dialog of exchanges, each with a call and its result.
pub(super) fn exchange(batch: &mut Batch, at: usize) -> Result<()> {
    let id = format!("c{at}");
    let call = Part::Call { id: id.clone(), name: "run".into(), arguments: Body::new("{}") };
    batch.remember(Memory::user(format!("Question {at}.")))?;
    let asked = Memory::assistant("I look.").with_part(call);
    batch.remember_with_call(asked, ModelCall::new("claude-x"))?;
    batch.remember(Memory::tool(&id, format!("line {at} of output\n").repeat(120)))?;
    batch.remember(Memory::assistant(format!("Answer {at}.")))
}

pub(super) fn tool(name: &str) -> Tool {
    let schema = Json::parse(r#"{"type":"object"}"#).unwrap();
    Tool::new(name, "d", schema)
}

pub(super) fn summary(_: &[MemoryEntry]) -> Result<String> {
    Ok("short".into())
}

/// Gives a session a past: of everything that there is, something.
pub(super) fn fill(session: &Session) {
    session.set_instructions("Mend parsers.").unwrap();
    session.set_tools(&[tool("run"), tool("read")]).unwrap();
    session.set_sandbox_state("cwd /work").unwrap();
    for at in 0..6 {
        session.batch(|batch| exchange(batch, at)).unwrap();
    }
    session.remember(Memory::note("x".repeat(5_000)).with_actor("a")).unwrap();
    session
        .batch(|batch| {
            batch.write("src/lib.rs", "fn one() {}\n")?;
            batch.write("notes", "n")?;
            batch.write_entry("bin/run", NewEntry::file("#!/bin/sh\n").executable())?;
            batch.write_entry("link", NewEntry::symlink("notes"))?;
            batch.write_entry("sub", NewEntry::submodule([7; 20]))?;
            batch.cause_last_call()?;
            batch.write("caused", "by a call")?;
            batch.label("message", "the label of a source")?;
            batch.time(Timestamp::from_millis(86_400_000));
            Ok(())
        })
        .unwrap();
    session.write("src/lib.rs", "fn one() {}\nfn two() {}\n").unwrap();
    session.write("gone", "for now").unwrap();
    session.remove("gone").unwrap();
    session.write("old-name", "moves").unwrap();
    session.rename("old-name", "new-name").unwrap();
    session
        .batch(|batch| {
            batch.state_put("plan", "look first")?;
            batch.state_put("long", "y".repeat(3_000))?;
            batch.state_extend("steps", ["a", "b", "c"])
        })
        .unwrap();
    session.pin_files("src/**").unwrap();
    session.hide("notes").unwrap();
    session.hide("*.log").unwrap();
    session.forget(&Selector::Number(1)).unwrap();
    session.pin_memories(&Selector::Number(21)).unwrap();
    session.compact(&Selector::Range(5, 12), &summary).unwrap();
    session.trim_results(&Selector::Number(15)).unwrap();
    session.write("src/lib.rs", "fn one() {}\nfn two() {}\nfn three() {}\n").unwrap();
    clash(session, "in the past");
    let shown = session.import_evidence("tap", b"ok 1 - it parses\n1..1\n", None).unwrap();
    session.claim("it parses", [shown]).unwrap();
    session.write("notes", "written since").unwrap();
    session.set_gate("tests", Some(&crate::object::Gate::shell("make test"))).unwrap();
    propose(session, "in the past");
    let severity = crate::object::Severity::Warning;
    session.find(crate::object::Finding::new("acme/rule", severity, "tabs")).unwrap();
    put_root(session, "beliefs");
}

/// Puts a change of a file forward.
pub(super) fn propose(session: &Session, text: &str) {
    let path = crate::FilePath::new("proposed").unwrap();
    let change = ChangeSet::from([(path, Some(NewEntry::file(text)))]);
    session.propose(text, change).unwrap();
}

/// Merges a fork that is gone since: a conflict is left of it, a memory and evidence.
pub(super) fn clash(session: &Session, text: &str) {
    let fork = session.fork("a fork that is gone").unwrap();
    session.write("clash", format!("ours {text}")).unwrap();
    fork.write("clash", format!("theirs {text}")).unwrap();
    fork.write("came", text).unwrap();
    fork.remember(Memory::user(format!("said there {text}"))).unwrap();
    fork.import_evidence("tap", b"ok 1 - it works there\n1..1\n", None).unwrap();
    session.merge(&[&fork], MergeOptions::new()).unwrap();
    session.store().delete_session(fork.name()).unwrap();
}

/// Commits a checkpoint with a root that this version does not know.
fn put_root(session: &Session, name: &str) {
    let head = session.head().unwrap();
    let mut batch = session.store().batch();
    let node = Node { kind: Kind(999), version: 7, refs: Vec::new(), body: b"?".to_vec() };
    let unknown = batch.put_node(node, None);
    let before = head.point().unwrap();
    let mut checkpoint = (*before.value).clone();
    checkpoint.roots.insert(name.into(), unknown);
    checkpoint.number += 1;
    checkpoint.parents = vec![before.checkpoint_id()];
    checkpoint.jump = before.jump_of_child(session.store()).unwrap().map(CheckpointId::new);
    let id = batch.put_node(checkpoint.to_node(), None);
    let point = Point { id, value: checkpoint.into() };
    let new = NewOperation::new(crate::object::OperationKind::from_name("later-word").unwrap());
    let outcome = session.commit_on(&head, batch, Some(point), new).unwrap();
    assert!(matches!(outcome, Outcome::Committed(_)));
}

/// A text without the numbers of iterations: undo and redo add iterations, so what is told to be
/// stale since one is so since another when it comes back.
fn unnumbered(text: &str) -> String {
    let mut parts = text.split("iteration ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| {
        all + "iteration _" + part.trim_start_matches(|c: char| c.is_ascii_digit())
    })
}

/// Everything that can be read of a session's newest state, a line each: files, memories, state,
/// view, texts, what is rendered and what it costs.
pub(super) fn readable(session: &Session) -> Vec<String> {
    let latest = session.latest().unwrap();
    let mut all = Vec::new();
    for file in latest.files() {
        let file = file.unwrap();
        let bytes = latest.read(&file.path).unwrap_or_default();
        all.push(format!("file {} {:?} {bytes:?}", file.path, file.entry));
    }
    for memory in latest.memories() {
        let memory = memory.unwrap();
        let call = latest.call_of(&memory.memory).unwrap();
        let whole = memory.resolve(session.store()).unwrap();
        let state = latest.view().state(memory.number).unwrap();
        all.push(format!("memory {whole:?} by {call:?} is {state:?}"));
    }
    for (key, value) in latest.state().list().unwrap() {
        let items = latest.state().items(&key, 0..99).unwrap_or_default();
        all.push(format!("state {key:?} {value:?} {items:?}"));
    }
    for claim in latest.claims().unwrap() {
        let (status, cited) = (claim.status, &claim.evidence);
        all.push(format!("claim {} {:?} {status:?} by {cited:?}", claim.number, claim.text));
    }
    for proposal in latest.proposals().unwrap() {
        let patch = latest.proposed_patch(proposal.newest()).unwrap();
        all.push(format!("proposal {proposal:?} {patch}"));
    }
    all.extend(latest.findings().unwrap().iter().map(|finding| format!("finding {finding:?}")));
    all.extend(latest.gates().unwrap().iter().map(|gate| format!("gate {gate:?}")));
    all.push(format!("hidden {:?}", latest.hidden_from("agent").unwrap()));
    for conflict in latest.conflicts() {
        all.push(format!("conflict {:?}", conflict.unwrap()));
    }
    let view = latest.view();
    all.extend(view.memories_and_forgotten().map(|memory| format!("view {:?}", memory.unwrap())));
    all.extend(view.files().map(|file| format!("view {:?}", file.unwrap())));
    all.push(format!("rules {:?}", view.rules().unwrap()));
    all.push(format!("instructions {:?}", latest.instructions().unwrap()));
    all.push(format!("tools {:?}", latest.tools().unwrap()));
    all.push(format!("sandbox {:?}", latest.sandbox_state().unwrap()));
    for dialect in Dialect::ALL {
        let rendered = latest.context(dialect).map(|request| request.body.to_string());
        all.push(format!("rendered {}", unnumbered(&format!("{rendered:?}"))));
    }
    let account = latest.account(&Encoding::O200k).unwrap();
    all.push(format!("tokens {:?}", account.total()));
    let head = session.head().unwrap();
    let roots = head.point().map(|point| point.value.roots.clone()).unwrap_or_default();
    let unknown =
        roots.iter().filter(|(name, _)| Root::ALL.iter().all(|root| root.name() != **name));
    all.extend(unknown.map(|root| format!("root {root:?}")));
    all
}

/// The iterations of each path that ever was, newest first.
pub(super) fn histories(session: &Session) -> Vec<(String, Vec<String>)> {
    let paths = ["src/lib.rs", "notes", "bin/run", "gone", "new-name", "added"];
    let told = paths.into_iter().map(|path| {
        let history = session
            .history(path)
            .map(|history| history.map(|info| format!("{:?}", info.unwrap())).collect::<Vec<_>>());
        (path.to_owned(), history.unwrap_or_default())
    });
    told.collect()
}
