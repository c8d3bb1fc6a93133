//! What holds for every kind: values come back, bytes have one meaning or none, limits bind.

use std::collections::BTreeMap;
use std::fmt::Debug;

use proptest::prelude::*;

use super::golden::id;
use super::turn_values::*;
use crate::error::{Error, ErrorKind};
use crate::id::{CheckpointId, ContentId, IterationId, MapId, MemoryId, ObjectId, OperationId};
use crate::limits::{
    LABEL_BYTES_MAX, LABELS_MAX, MEMORY_PARTS_MAX, NODE_BYTES_MAX, NODE_REFS_MAX, PARENTS_MAX,
    PATH_BYTES_MAX, ROOTS_MAX, TEXT_INLINE_BYTES_MAX,
};
use crate::object::*;

/// A change of some bytes, at a place that is taken modulo their number.
#[derive(Clone, Debug)]
enum Change {
    Set(usize, u8),
    Insert(usize, u8),
    Remove(usize),
    Cut(usize),
    /// An integer of one byte in three: a form that nobody may write.
    Widen(usize),
}

impl Change {
    fn apply(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let len = bytes.len().max(1);
        match *self {
            Change::Set(at, byte) => bytes[at % len] = byte,
            Change::Insert(at, byte) => bytes.insert(at % len, byte),
            Change::Remove(at) => drop(bytes.remove(at % len)),
            Change::Cut(at) => bytes.truncate(at % len),
            Change::Widen(at) => {
                let at = at % len;
                bytes.splice(at..at, [251]);
                bytes.insert(at + 2, 0);
            }
        }
        bytes
    }
}

fn change() -> impl Strategy<Value = Change> {
    let at = 0..100_000usize;
    prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        at.clone().prop_map(Change::Remove),
        at.clone().prop_map(Change::Cut),
        at.prop_map(Change::Widen),
    ]
}

/// Asserts that the bytes are refused, or mean a value whose node has these very bytes.
fn assert_one_meaning<T: Canonical>(bytes: &[u8]) {
    let Ok(node) = Node::from_canonical_bytes(bytes).inspect_err(assert_corrupt) else { return };
    assert_eq!(node.canonical_bytes(), bytes);
    match T::from_node(&node) {
        Ok(value) => assert_eq!(value.to_node(), node),
        Err(error) if node.is_newer() && node.kind == T::KIND => {
            assert_eq!(error.kind(), ErrorKind::Unsupported);
        }
        Err(error) => assert_corrupt(&error),
    }
}

fn assert_corrupt(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(!error.to_string().contains('\n'), "{error}");
}

pub(super) fn assert_comes_back<T: Canonical + PartialEq + Debug>(value: &T) {
    let node = value.to_node();
    let read = Node::from_canonical_bytes(&node.canonical_bytes()).unwrap();
    assert_eq!(&T::from_node(&read).unwrap(), value);
    assert!(node.canonical_bytes().len() <= node.size());
    assert!(node.size() <= node.canonical_bytes().len() + 9);
}

pub(super) fn assert_refused<T: Canonical>(value: &T) {
    let error = T::from_node(&value.to_node()).err().expect("beyond a limit");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

fn ids<T>(new: fn(ObjectId) -> T, max: usize) -> impl Strategy<Value = Vec<T>>
where
    T: Debug,
{
    prop::collection::vec(any::<u8>().prop_map(move |byte| new(id(byte))), 0..=max)
}

pub(super) fn maybe<T: Debug>(new: fn(ObjectId) -> T) -> impl Strategy<Value = Option<T>> {
    prop::option::of(any::<u8>().prop_map(move |byte| new(id(byte))))
}

pub(super) fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-c.]{1,3}", "\\PC{0,12}", "a{240,260}"]
}

pub(super) fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..20)
}

pub(super) fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..3u64, 249..253u64, any::<u64>()]
}

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![-2..2i64, any::<i64>()].prop_map(Timestamp::from_millis)
}

prop_compose! {
    fn checkpoint()(
        number in number(),
        parents in ids(CheckpointId::new, 3),
        jump in maybe(CheckpointId::new),
        roots in prop::collection::btree_map(text(), any::<u8>().prop_map(id), 0..4),
        labels in prop::collection::btree_map(text(), bytes(), 0..4),
        time in prop::option::of(time()),
    ) -> Checkpoint {
        Checkpoint { number, parents, jump, roots, labels, time }
    }
}

prop_compose! {
    fn operation()(
        (number, kind) in (number(), prop::sample::select(vec![
            OperationKind::Create, OperationKind::Fork, OperationKind::Batch, OperationKind::Undo,
            OperationKind::DeleteSession, OperationKind::Redo,
            OperationKind::from_name("acme/deploy").unwrap(),
            OperationKind::from_name(&"n".repeat(64)).unwrap(),
        ])),
        (session, previous) in (maybe(OperationId::new), maybe(OperationId::new)),
        (jump, undoes) in (maybe(OperationId::new), maybe(OperationId::new)),
        (checkpoint, before) in (maybe(CheckpointId::new), maybe(CheckpointId::new)),
        forked_from in maybe(OperationId::new),
        (actor, message) in (text(), text()),
        time in time(),
        nonce in bytes(),
    ) -> Operation {
        Operation {
            number, kind, session, previous, jump, checkpoint, before, forked_from, undoes, actor,
            time, message, nonce,
        }
    }
}

fn entry() -> impl Strategy<Value = Entry> {
    let content = any::<u8>().prop_map(|byte| ContentId::new(id(byte)));
    prop_oneof![
        Just(Entry::Removed),
        (content.clone(), any::<bool>())
            .prop_map(|(content, executable)| Entry::File { content, executable }),
        content.prop_map(|target| Entry::Symlink { target }),
        bytes().prop_map(|commit| Entry::Submodule { commit }),
    ]
}

prop_compose! {
    fn iteration()(
        path in prop::collection::vec("[a-c]{1,3}|\\.\\.\\.|a{251}", 1..4),
        number in number(),
        entry in entry(),
        parents in ids(IterationId::new, 3),
        jump in maybe(IterationId::new),
        cause in maybe(MemoryId::new),
    ) -> Iteration {
        let path = FilePath::new(path.join("/")).unwrap();
        Iteration { path, number, entry, parents, jump, cause }
    }
}

fn body() -> impl Strategy<Value = Body> {
    let content = any::<u8>().prop_map(|byte| Body::Content(ContentId::new(id(byte))));
    prop_oneof![bytes().prop_map(Body::Inline), content]
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        body().prop_map(Part::Text),
        (body(), body()).prop_map(|(text, signature)| Part::Thinking { text, signature }),
        (text(), text(), body()).prop_map(|(id, name, arguments)| Part::Call {
            id,
            name,
            arguments
        }),
        (text(), any::<bool>()).prop_map(|(call, error)| Part::Result { call, error, parts: 0 }),
        (text(), body()).prop_map(|(media_type, content)| Part::Media { media_type, content }),
        any::<u8>().prop_map(|byte| Part::File { iteration: IterationId::new(id(byte)) }),
        (text(), body()).prop_map(|(provider, content)| Part::Opaque { provider, content }),
    ]
}

prop_compose! {
    fn memory()(
        (origin, actor) in (text(), text()),
        time in prop::option::of(time()),
        role in prop::sample::select(vec![Role::System, Role::User, Role::Assistant, Role::Tool]),
        kind in prop::sample::select(vec![
            MemoryKind::Message, MemoryKind::Note, MemoryKind::Validation, MemoryKind::Summary,
        ]),
        parts in prop::collection::vec(part(), 0..4),
        links in ids(|id| id, 3),
    ) -> Memory {
        Memory { origin, actor, time, role, kind, parts, links }
    }
}

prop_compose! {
    fn checkout()(
        directory in bytes(),
        session in any::<u8>(),
        checkpoint in maybe(CheckpointId::new),
        (written, kept) in (maybe(MapId::new), maybe(MapId::new)),
        previous in maybe(|id| id),
        unfinished in any::<Option<[u8; 16]>>(),
    ) -> Checkout {
        let session = OperationId::new(id(session));
        Checkout { directory, session, checkpoint, written, kept, previous, unfinished }
    }
}

prop_compose! {
    fn directory()(
        directory in bytes(),
        session in any::<u8>(),
        checkpoint in maybe(CheckpointId::new),
        (exceptions, aside) in (maybe(MapId::new), maybe(MapId::new)),
        unfinished in any::<Option<[u8; 16]>>(),
    ) -> Directory {
        let session = OperationId::new(id(session));
        Directory { directory, session, checkpoint, exceptions, aside, unfinished }
    }
}

prop_compose! {
    fn tombstone()(
        target in any::<u8>(),
        lost in any::<bool>(),
        kind in prop::option::of(any::<u16>().prop_map(Kind)),
        size in any::<Option<u64>>(),
        (reason, actor) in (text(), text()),
        time in time(),
    ) -> Tombstone {
        Tombstone { target: id(target), lost, kind, size, reason, actor, time }
    }
}

prop_compose! {
    fn horizon()(
        (checkpoint, operation) in any::<(u64, u64)>(),
        actor in text(),
        time in time(),
    ) -> Horizon {
        Horizon { checkpoint, operation, actor, time }
    }
}

prop_compose! {
    fn model_call()(
        (provider, model, response) in (text(), text(), text()),
        (request, stop, parameters) in (text(), text(), text()),
        context in maybe(ContentId::new),
        (input, output, cache_read) in any::<(Option<u64>, Option<u64>, Option<u64>)>(),
        (cache_write, reasoning) in any::<(Option<u64>, Option<u64>)>(),
    ) -> ModelCall {
        let usage = Usage { input, output, cache_read, cache_write, reasoning };
        ModelCall { provider, model, response, request, stop, parameters, context, usage }
    }
}

prop_compose! {
    fn results()(
        tests in prop::collection::vec(
            (text(), prop::sample::select(vec![
                TestOutcome::Passed, TestOutcome::Failed, TestOutcome::Error, TestOutcome::Skipped,
                TestOutcome::Flaky, TestOutcome::ExpectedFailure, TestOutcome::UnexpectedPass,
            ]), prop::option::of(0..u64::MAX - 1)),
            0..4,
        ),
        samples in prop::collection::vec(
            (text(), text(), prop::sample::select(vec![
                Direction::Lower, Direction::Higher, Direction::Unknown,
            ]), prop::collection::vec(-1e9..1e9f64, 0..4)),
            0..3,
        ),
    ) -> Results {
        let tests = tests.into_iter().map(|(name, outcome, took)| {
            TestResult::new(name, outcome, took.map(std::time::Duration::from_micros))
        });
        let samples = samples.into_iter().map(|(name, unit, direction, values)| {
            Samples::new(name, unit, direction, values).unwrap()
        });
        Results::new(tests.collect(), samples.collect())
    }
}

prop_compose! {
    fn evidence()(
        (observer, previous) in (text(), number()),
        run in prop::option::of((number(), any::<u8>(), any::<u8>())),
        scope in prop_oneof![
            Just(Scope::All),
            Just(Scope::Reads),
            prop::collection::vec("[a-c*]{1,3}", 1..3).prop_map(Scope::Globs),
        ],
        (files, left_out, outputs) in (maybe(MapId::new), maybe(MapId::new), maybe(MapId::new)),
        (state, checkpoint) in (maybe(MapId::new), maybe(CheckpointId::new)),
        machine in text(),
        tools in prop::collection::btree_map(text(), text(), 0..3),
        (setup, results) in (ids(|id| id, 3), ids(|id| id, 3)),
        sums in any::<[u64; 7]>(),
        reports in prop::collection::vec((text(), text(), any::<u8>()), 0..3),
        unread in prop::collection::vec((text(), text()), 0..3),
        series in prop::option::of(
            (number(), any::<bool>(), number(), prop::collection::vec(any::<bool>(), 0..5)),
        ),
    ) -> Evidence {
        Evidence {
            observer,
            previous,
            run: run.map(|(number, run, outcome)| {
                EvidenceRun { number, run: id(run), outcome: id(outcome) }
            }),
            inputs: Inputs { scope, files, left_out, outputs, state, checkpoint },
            environment: Environment { machine, tools, setup },
            sums: TestSums::from_row(sums),
            results,
            reports: reports.into_iter().map(|(name, format, content)| {
                Report { name, format, content: ContentId::new(id(content)) }
            }).collect(),
            unread: unread.into_iter().map(|(name, reason)| UnreadReport { name, reason }).collect(),
            series: series.map(|(seed, is_after, warm_ups, order)| {
                Series { seed, is_after, warm_ups, order }
            }),
        }
    }
}

prop_compose! {
    fn claim()((text, actor) in (text(), text()), evidence in ids(|id| id, 3)) -> Claim {
        Claim { text, actor, evidence }
    }
}

prop_compose! {
    fn merge_conflict()(
        marker in 0u64..300,
        terms in prop::collection::vec((text(), entry()), 3..8),
    ) -> MergeConflict {
        let mut terms: Vec<ConflictTerm> =
            terms.into_iter().map(|(label, entry)| ConflictTerm { label, entry }).collect();
        terms.truncate((terms.len() - 1) / 2 * 2 + 1);
        MergeConflict { marker, terms }
    }
}

/// What holds for one kind.
macro_rules! properties {
    ($($kind:ident: $type:ty = $strategy:expr;)*) => {$(
        mod $kind {
            use super::*;

            proptest! {
                #[test]
                fn comes_back_as_it_was(value in $strategy) {
                    assert_comes_back::<$type>(&value);
                }

                #[test]
                fn changed_bytes_are_refused_or_are_the_bytes_of_another(
                    value in $strategy,
                    changes in prop::collection::vec(change(), 1..3),
                ) {
                    let bytes = value.to_node().canonical_bytes();
                    let start = bytes.clone();
                    let bytes = changes.iter().fold(bytes, |bytes, change| {
                        if bytes.is_empty() { bytes } else { change.apply(bytes) }
                    });
                    assert_one_meaning::<$type>(&bytes);
                    if let Ok(node) = Node::from_canonical_bytes(&bytes) && bytes != start {
                        prop_assert_ne!(node.id(), value.to_node().id());
                    }
                }

                #[test]
                fn any_body_has_one_meaning_or_none(
                    refs in 0..6u8,
                    body in prop::collection::vec(prop_oneof![0..5u8, any::<u8>()], 0..40),
                ) {
                    let refs: Vec<ObjectId> = (0..refs).map(id).collect();
                    let (kind, newest) = (<$type>::KIND, <$type>::VERSION);
                    for version in (1..=newest).filter(|version| <$type>::knows(*version)) {
                        let (refs, body) = (Vec::clone(&refs), Vec::clone(&body));
                        let node = Node { kind, version, refs, body };
                        assert_one_meaning::<$type>(&node.canonical_bytes());
                    }
                }

                #[test]
                fn any_bytes_have_one_meaning_or_none(bytes: Vec<u8>) {
                    assert_one_meaning::<$type>(&bytes);
                }
            }

            #[test]
            fn other_kinds_are_refused_and_newer_versions_are_said_to_be_newer() {
                let (kind, newest) = (<$type>::KIND, <$type>::VERSION);
                assert_eq!(kind.newest_version(), Some(newest));
                for (kind, version, expected) in [
                    (kind, newest + 1, ErrorKind::Unsupported),
                    (kind, u16::MAX, ErrorKind::Unsupported),
                    (kind, 0, ErrorKind::Corrupt),
                    (Kind(kind.0 + 1), newest, ErrorKind::Corrupt),
                    (Kind(kind.0 + 1), newest + 1, ErrorKind::Corrupt),
                ] {
                    let node = Node { kind, version, refs: Vec::new(), body: Vec::new() };
                    let error = <$type>::from_node(&node).err().expect("not this kind");
                    assert_eq!(error.kind(), expected, "{version}");
                }
            }
        }
    )*};
}

properties! {
    checkpoints: Checkpoint = checkpoint();
    operations: Operation = operation();
    iterations: Iteration = iteration();
    memories: Memory = memory();
    checkouts: Checkout = checkout();
    directories: Directory = directory();
    tombstones: Tombstone = tombstone();
    horizons: Horizon = horizon();
    model_calls: ModelCall = model_call();
    evidences: Evidence = evidence();
    results_of_tools: Results = results();
    claims: Claim = claim();
    merge_conflicts: MergeConflict = merge_conflict();
    policies: Policy = policy();
    turns: TurnStart = turn();
    progress_of_turns: TurnProgress = turn_progress();
    steps: StepIntent = step();
    outcomes_of_steps: StepOutcome = step_outcome();
    revisions: Revision = revision();
    decisions: Decision = decision();
    findings: Finding = finding();
    gates: Gate = gate();
}

fn plain_checkpoint() -> Checkpoint {
    let (roots, labels) = (BTreeMap::new(), BTreeMap::new());
    Checkpoint { number: 1, parents: Vec::new(), jump: None, roots, labels, time: None }
}

#[test]
fn a_checkpoints_limits_bind_at_their_numbers() {
    let name = |at: usize| format!("{at:03}");
    let parents =
        |count| Checkpoint { parents: vec![CheckpointId::new(id(1)); count], ..plain_checkpoint() };
    let roots = |count| Checkpoint {
        roots: (0..count).map(|at| (name(at), id(1))).collect(),
        ..plain_checkpoint()
    };
    let labels = |count| Checkpoint {
        labels: (0..count).map(|at| (name(at), Vec::new())).collect(),
        ..plain_checkpoint()
    };
    let label = |name: usize, value: usize| Checkpoint {
        labels: [("n".repeat(name), vec![0; value])].into(),
        ..plain_checkpoint()
    };
    let root = |name: usize| Checkpoint {
        roots: [("n".repeat(name), id(1))].into(),
        ..plain_checkpoint()
    };
    for below in [1, 0] {
        assert_comes_back(&parents(PARENTS_MAX - below));
        assert_comes_back(&roots(ROOTS_MAX - below));
        assert_comes_back(&labels(LABELS_MAX - below));
        assert_comes_back(&label(LABEL_BYTES_MAX - below, LABEL_BYTES_MAX - below));
        assert_comes_back(&root(LABEL_BYTES_MAX - below));
    }
    assert_refused(&parents(PARENTS_MAX + 1));
    assert_refused(&roots(ROOTS_MAX + 1));
    assert_refused(&labels(LABELS_MAX + 1));
    assert_refused(&label(LABEL_BYTES_MAX + 1, 0));
    assert_refused(&label(0, LABEL_BYTES_MAX + 1));
    assert_refused(&root(LABEL_BYTES_MAX + 1));
}

#[test]
fn an_operations_limits_bind_at_their_numbers() {
    let operation = |actor: usize, message: usize, nonce: usize| Operation {
        actor: "a".repeat(actor),
        message: "m".repeat(message),
        ..Operation::first(OperationKind::Create, Timestamp::from_millis(0), vec![0; nonce])
    };
    for below in [1, 0] {
        let text = LABEL_BYTES_MAX - below;
        assert_comes_back(&operation(text, text, 32 - below));
    }
    assert_refused(&operation(LABEL_BYTES_MAX + 1, 0, 0));
    assert_refused(&operation(0, LABEL_BYTES_MAX + 1, 0));
    assert_refused(&operation(0, 0, 33));
}

#[test]
fn an_iterations_limits_bind_at_their_numbers() {
    let iteration = |path: usize, parents: usize, commit: usize| Iteration {
        path: FilePath::new("p".repeat(path)).unwrap(),
        number: 1,
        entry: Entry::Submodule { commit: vec![1; commit] },
        parents: vec![IterationId::new(id(1)); parents],
        jump: None,
        cause: None,
    };
    for below in [1, 0] {
        assert_comes_back(&iteration(PATH_BYTES_MAX - below, PARENTS_MAX - below, 64 - below));
    }
    assert_refused(&iteration(1, PARENTS_MAX + 1, 0));
    assert_refused(&iteration(1, 0, 65));
}

#[test]
fn a_memorys_limits_bind_at_their_numbers() {
    let memory = |parts: usize, links: usize, text: usize, name: usize| Memory {
        origin: "o".repeat(name),
        actor: "a".repeat(name),
        parts: vec![Part::text("t".repeat(text)); parts],
        links: vec![id(1); links],
        ..Memory::user("")
    };
    for below in [1, 0] {
        let count = MEMORY_PARTS_MAX - below;
        assert_comes_back(&memory(count, count, 1, 0));
        assert_comes_back(&memory(1, 0, TEXT_INLINE_BYTES_MAX - below, LABEL_BYTES_MAX - below));
    }
    assert_refused(&memory(MEMORY_PARTS_MAX + 1, 0, 0, 0));
    assert_refused(&memory(0, MEMORY_PARTS_MAX + 1, 0, 0));
    assert_refused(&memory(1, 0, TEXT_INLINE_BYTES_MAX + 1, 0));
    assert_refused(&memory(1, 0, 0, LABEL_BYTES_MAX + 1));
    let signed = Part::Thinking {
        text: Body::Content(ContentId::new(id(1))),
        signature: Body::Content(ContentId::new(id(2))),
    };
    let most_refs = Memory {
        parts: vec![signed; MEMORY_PARTS_MAX],
        links: vec![id(3); MEMORY_PARTS_MAX],
        ..Memory::user("")
    };
    assert_comes_back(&most_refs);
}

#[test]
fn a_checkouts_limits_bind_at_their_numbers() {
    let checkout = |directory: usize| Checkout {
        directory: vec![b'd'; directory],
        session: OperationId::new(id(1)),
        checkpoint: None,
        written: None,
        kept: None,
        previous: None,
        unfinished: None,
    };
    assert_comes_back(&checkout(PATH_BYTES_MAX - 1));
    assert_comes_back(&checkout(PATH_BYTES_MAX));
    assert_refused(&checkout(PATH_BYTES_MAX + 1));
}

#[test]
fn a_directorys_limits_bind_at_their_numbers() {
    let directory = |directory: usize| Directory {
        directory: vec![b'd'; directory],
        session: OperationId::new(id(1)),
        checkpoint: None,
        exceptions: None,
        aside: None,
        unfinished: None,
    };
    assert_comes_back(&directory(PATH_BYTES_MAX - 1));
    assert_comes_back(&directory(PATH_BYTES_MAX));
    assert_refused(&directory(PATH_BYTES_MAX + 1));
}

#[test]
fn an_envelopes_limits_bind_at_their_numbers() {
    let node = |refs: usize, body: usize| Node {
        kind: Kind(9),
        version: 1,
        refs: vec![id(1); refs],
        body: vec![0; body],
    };
    let reads = |node: Node| Node::from_canonical_bytes(&node.canonical_bytes()).is_ok();
    for below in [1, 0] {
        assert!(reads(node(NODE_REFS_MAX - below, 0)));
        assert!(reads(node(0, NODE_BYTES_MAX - 3 - below)));
    }
    assert!(!reads(node(NODE_REFS_MAX + 1, 0)));
    assert!(!reads(node(0, NODE_BYTES_MAX - 3 + 1)));
}
