//! Timelines: which operation made a checkpoint.

use crate::error::{ErrorKind, Result};
use crate::id::OperationId;
use crate::object::{Checkpoint, Objects, Operation, Timestamp, read};
use crate::session::line::chain::Link;
use crate::session::line::point::{Head, Point};
use crate::store::Store;

/// Finds the operation that made each checkpoint of a line, newest first.
///
/// Along a session's operations the checkpoint's number never falls, so the first operation that
/// has come to a number made it. In a fork, what came before is the other session's.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    at: Link<Operation>,
    /// The number of the last checkpoint that the line has of the session whose operation that is.
    last: u64,
}

impl Timeline {
    pub(crate) fn new(head: &Head) -> Self {
        Timeline { at: head.operation.clone(), last: u64::MAX }
    }

    /// The operation that made the checkpoint of this number, which was not trimmed. Numbers must
    /// fall from call to call. Where the operation is gone with the session that a fork came from,
    /// the fork's first one stands for it.
    pub(crate) fn made(&mut self, store: &Store, number: u64) -> Result<&Link<Operation>> {
        loop {
            let found = earliest(store, self.at.clone(), self.last, number)?;
            let origin = match found.value.forked_from {
                Some(id) => origin(store, id, number)?,
                None => None,
            };
            match origin {
                Some(origin) => {
                    (self.at, self.last) = (origin, left(store, &found)?.unwrap_or(number));
                }
                None => {
                    self.at = found;
                    return Ok(&self.at);
                }
            }
        }
    }

    /// The time of a checkpoint: its source's, else that of the operation which made it.
    pub(crate) fn time(&mut self, store: &Store, point: &Point) -> Result<Timestamp> {
        match point.value.time {
            Some(time) => Ok(time),
            None => Ok(self.made(store, point.number())?.value.time),
        }
    }
}

/// The operation of its origin that a fork names, if it is there and had come to the number. Where
/// the fork began from a pinned checkpoint of a trimmed session, it is that session's first.
fn origin(store: &Store, id: OperationId, number: u64) -> Result<Option<Link<Operation>>> {
    if store.get_node(&id.id())?.is_some() {
        let origin = Link::read(store, id.id())?;
        let has_come = left(store, &origin)?.is_none_or(|left| left >= number);
        return Ok(has_come.then_some(origin));
    }
    match store.absence(&id.id())? {
        lost if lost.kind() == ErrorKind::Purged => Err(lost),
        _ => Ok(None),
    }
}

/// The first operation of a line that has come to a checkpoint's number, of one that goes on to
/// the checkpoint `last` alone.
///
/// An origin may have gone on from there, in the very operation that a fork names or, as earlier
/// versions have it, in later ones: those states are not the fork's and may be gone. States that
/// are gone further back are beyond a horizon.
fn earliest(
    store: &Store,
    from: Link<Operation>,
    last: u64,
    number: u64,
) -> Result<Link<Operation>> {
    let mut at = from;
    while left(store, &at)?.is_none_or(|left| left > last) {
        match at.parent(store)? {
            Some(before) if left(store, &before)?.is_none_or(|left| left >= number) => at = before,
            _ => return Ok(at),
        }
    }
    at.earliest(store, |op| Ok(left(store, op)?.is_some_and(|left| left >= number)))
}

/// The number of the checkpoint that the operation left, 0 where it left none. None where that
/// checkpoint is gone.
pub(crate) fn left(store: &Store, operation: &Link<Operation>) -> Result<Option<u64>> {
    let Some(id) = operation.value.checkpoint else { return Ok(Some(0)) };
    if store.get_node(&id.id())?.is_none() {
        let absence = store.absence(&id.id())?;
        return if absence.kind() == ErrorKind::Purged { Err(absence) } else { Ok(None) };
    }
    Ok(Some(read::<Checkpoint>(store, id.id())?.number))
}
