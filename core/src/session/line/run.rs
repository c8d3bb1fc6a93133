//! Runs: the operations that are taken back as one, and the state before them.

use crate::error::Result;
use crate::id::CheckpointId;
use crate::object::{Checkpoint, Objects, Operation, OperationKind, read};
use crate::session::line::chain::Link;
use crate::session::line::timeline::left;
use crate::store::Store;

/// The state that undoing an operation brings back: the one that it names, else the one that the
/// operation before left. None is the empty state.
pub(crate) fn state_before(
    store: &Store,
    operation: &Link<Operation>,
) -> Result<Option<CheckpointId>> {
    if operation.value.before.is_some() {
        return Ok(operation.value.before);
    }
    if operation.value.kind == OperationKind::Import && began_empty(store, operation)? {
        return Ok(None);
    }
    Ok(operation.parent(store)?.and_then(|previous| previous.value.checkpoint))
}

/// The operation that left the state before an operation: before its whole run, where that is one
/// of several which are taken back as one.
pub(crate) fn operation_before(
    store: &Store,
    operation: &Link<Operation>,
) -> Result<Option<Link<Operation>>> {
    let Some(previous) = operation.parent(store)? else { return Ok(None) };
    let before = state_before(store, operation)?;
    if previous.value.checkpoint == before {
        return Ok(Some(previous));
    }
    let number = match before {
        Some(id) if store.is_trimmed(&id.id())? => return Ok(None),
        Some(id) => read::<Checkpoint>(store, id.id())?.number,
        None => 0,
    };
    // A state that is gone was trimmed, and what was before it too.
    let is_after = |operation: &Link<Operation>| -> Result<bool> {
        Ok(left(store, operation)?.is_some_and(|left| left > number))
    };
    if !is_after(&previous)? {
        return Ok(Some(previous));
    }
    previous.earliest(store, is_after)?.parent(store)
}

/// Tells whether the run of an import that names no state began in an empty session.
///
/// An import of several commits that begins there names no state in any of them, so its run goes
/// back to where there was no checkpoint. A transcript's import used to name none wherever it
/// began, and then what the operation before left is right. Where the run's beginning was trimmed
/// nobody can tell which it was: then the state before counts as trimmed too.
fn began_empty(store: &Store, import: &Link<Operation>) -> Result<bool> {
    let is_transcript = |operation: &Link<Operation>| -> Result<bool> {
        let Some(id) = operation.value.checkpoint else { return Ok(false) };
        Ok(read::<Checkpoint>(store, id.id())?.labels.contains_key(Checkpoint::TRANSCRIPT))
    };
    let mut at = import.clone();
    let mut of_transcript = None;
    while let Some(operation) = at.parent(store)? {
        let Operation { kind, checkpoint, before, .. } = &*operation.value;
        if checkpoint.is_none() {
            return Ok(true);
        }
        if *kind != OperationKind::Import || before.is_some() {
            return Ok(false);
        }
        let expected = match of_transcript {
            Some(expected) => expected,
            None => *of_transcript.insert(is_transcript(import)?),
        };
        if is_transcript(&operation)? != expected {
            return Ok(false);
        }
        at = operation;
    }
    Ok(at.value.previous.is_some())
}
