//! Timelines: which operation made a checkpoint.

use super::chain::Link;
use super::head::{Head, Point};
use crate::error::Result;
use crate::object::{Checkpoint, Objects, Operation, Timestamp, read};
use crate::store::Store;

/// Finds the operation that made each checkpoint of a line, newest first.
///
/// Along a session's operations the checkpoint's number never falls, so the first operation that
/// has come to a number made it. In a fork, what came before is the other session's.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    at: Link<Operation>,
}

impl Timeline {
    pub(super) fn new(head: &Head) -> Self {
        Timeline { at: head.operation.clone() }
    }

    /// The operation that made the checkpoint of this number. Numbers must fall from call to call.
    pub(super) fn made(&mut self, store: &Store, number: u64) -> Result<&Link<Operation>> {
        loop {
            let found = self.at.clone().earliest(store, |op| Ok(reached(store, op)? >= number))?;
            let source = found.value.forked_from;
            let inherited = match source {
                Some(id) if store.get_node(&id.id())?.is_some() => {
                    let source = Link::read(store, id.id())?;
                    (reached(store, &source)? >= number).then_some(source)
                }
                // Trimmed: what is known of the checkpoint is when the fork began.
                Some(id) if store.is_trimmed(&id.id())? => None,
                Some(id) => return Err(store.absence(&id.id())?),
                None => None,
            };
            match inherited {
                Some(source) => self.at = source,
                None => {
                    self.at = found;
                    return Ok(&self.at);
                }
            }
        }
    }

    /// The time of a checkpoint: its source's, else that of the operation which made it.
    pub(super) fn time(&mut self, store: &Store, point: &Point) -> Result<Timestamp> {
        match point.value.time {
            Some(time) => Ok(time),
            None => Ok(self.made(store, point.number())?.value.time),
        }
    }
}

/// The number of the checkpoint that the operation left, 0 where there is none.
pub(super) fn reached(store: &Store, operation: &Link<Operation>) -> Result<u64> {
    match operation.value.checkpoint {
        Some(id) => Ok(read::<Checkpoint>(store, id.id())?.number),
        None => Ok(0),
    }
}
