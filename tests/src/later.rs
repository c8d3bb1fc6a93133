//! A store as a later version leaves it: with an operation, a root, a kind of node and a namespace
//! of refs that nobody knows here.
//!
//! [`write()`] made `tests/data/later` once; it is read for ever. A later version that adds such
//! things commits a store of its own beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use partita::object::{Canonical, Checkpoint, Kind, Node, Objects, Operation, OperationKind};
use partita::plumbing::Expected;
use partita::{CheckpointId, Memory, ObjectId, OperationId, Result, Session, Store, Timestamp};

use crate::crash::entropy::{Source, fill};

/// The name of the operation.
pub const OPERATION: &str = "orchestrate";
/// The name of the root.
pub const ROOT: &str = "beliefs";
/// The kind of the nodes, under the root and under the ref.
pub const KIND: Kind = Kind(77);
/// The name of the ref.
pub const REF: &str = "steps/0001";

/// Where the committed store is.
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/later")
}

/// Makes such a store.
///
/// # Errors
/// As what it calls.
pub fn write(directory: &Path) -> Result<()> {
    // Other bytes at each call: two sessions of one nonce would be one.
    Source::new(7).supply(|| write_all(directory))
}

fn write_all(directory: &Path) -> Result<()> {
    let store = Store::options()
        .catalogue(false)
        .clock(|| Timestamp::from_millis(1_700_000_000_000))
        .entropy(fill)
        .open(directory)?;
    let session = store.session("work")?.with_actor("agent-7");
    session.write("a", "1")?;
    session.remember(Memory::user("Mend the parser."))?;
    session.write("a", "2")?;
    let before = session.checkpoint("latest")?;
    // Two operations of one name that belong together: one undo takes both back.
    for (text, at) in [("first", 1), ("second", 2)] {
        let node = put(&store, KIND, at, text)?;
        orchestrate(&session, before, node)?;
    }
    session.write("b", "after it")?;
    session.undo()?;
    session.redo()?;
    session.write("c", "undone")?;
    session.undo()?;
    let step = put(&store, Kind(KIND.0 + 1), 9, "a step that nobody knows")?;
    let mut batch = store.batch();
    batch.set_ref(REF, Expected::Absent, Some(step));
    batch.commit()?;
    let deleted = store.session("deleted")?;
    deleted.write("kept", "until gc")?;
    store.delete_session("deleted")?;
    store.undelete_session(deleted.id(), None)?;
    store.delete_session("deleted")
}

/// Stores a node of a kind that nobody knows, which refers to a content.
fn put(store: &Store, kind: Kind, version: u16, text: &str) -> Result<ObjectId> {
    let mut batch = store.batch();
    let content = batch.put_content(text.as_bytes(), None)?;
    let (refs, body) = (vec![content.id()], b"?".to_vec());
    let id = batch.put_node(Node { kind, version, refs, body }, None);
    batch.commit()?;
    Ok(id)
}

/// Commits an operation that nobody knows: it puts a node under a root that nobody knows.
fn orchestrate(session: &Session, before: CheckpointId, node: ObjectId) -> Result<()> {
    let store = session.store();
    let name = format!("session/{}", session.name());
    let newest = store.reference(&name)?.expect("the session is there");
    let previous = Operation::from_node(&*store.read_node(&newest)?)?;
    let state = previous.checkpoint.expect("the session is not empty");
    let old = Checkpoint::from_node(&*store.read_node(&state.id())?)?;
    let mut roots: BTreeMap<String, ObjectId> = old.roots.clone();
    roots.insert(ROOT.into(), node);
    let checkpoint =
        Checkpoint { number: old.number + 1, parents: vec![state], jump: None, roots, ..old };
    let mut batch = store.batch();
    let checkpoint = CheckpointId::new(batch.put(&checkpoint, None));
    let operation = Operation {
        number: previous.number + 1,
        kind: OperationKind::from_name(OPERATION)?,
        session: Some(session.id()),
        previous: Some(OperationId::new(newest)),
        jump: None,
        checkpoint: Some(checkpoint),
        before: Some(before),
        message: "two lanes".into(),
        ..previous
    };
    let id = batch.put(&operation, None);
    batch.set_ref(name, Expected::Id(newest), Some(id));
    batch.commit()
}
