//! What damage cut off: states that can be read, and to which nothing leads any more.

use std::collections::HashSet;

use super::super::Store;
use super::super::graph::{Graph, Presence};
use super::choose::Chosen;
use super::operations::Operations;
use crate::error::Result;
use crate::id::{CheckpointId, ObjectId, OperationId};
use crate::object::{Checkpoint, Horizon, Kind, Objects, Operation, OperationKind, read};

/// A state that gets a session of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment {
    pub(super) checkpoint: ObjectId,
    /// The operation that left it, if that can be read.
    pub(super) operation: Option<ObjectId>,
}

impl Fragment {
    /// Returns the object that keeps all of it.
    pub(super) fn root(&self) -> ObjectId {
        self.operation.unwrap_or(self.checkpoint)
    }

    /// The first operation of its session.
    pub(super) fn first_operation(&self, store: &Store) -> Result<Operation> {
        Ok(Operation {
            checkpoint: Some(CheckpointId::new(self.checkpoint)),
            forked_from: self.operation.map(OperationId::new),
            message: "recovered".to_owned(),
            ..Operation::first(OperationKind::Fork, store.now(), store.nonce()?)
        })
    }
}

/// What objects lead to, whether a walk of refs would go there or not.
pub(super) struct Led<'a> {
    graph: &'a Graph,
    led: Vec<bool>,
}

impl<'a> Led<'a> {
    pub(super) fn by(graph: &'a Graph, roots: impl IntoIterator<Item = ObjectId>) -> Self {
        let mut led = Led { graph, led: vec![false; graph.len()] };
        for root in roots {
            led.add(&root);
        }
        led
    }

    /// Tells whether anything leads to an object.
    pub(super) fn has(&self, id: &ObjectId) -> bool {
        self.graph.find(id).is_some_and(|number| self.led[number as usize])
    }

    fn add(&mut self, id: &ObjectId) {
        let mut pending: Vec<u32> = self.graph.find(id).into_iter().collect();
        while let Some(number) = pending.pop() {
            let is_new = !std::mem::replace(&mut self.led[number as usize], true);
            if is_new && self.graph.presence(number) == Presence::Read {
                let edges = self.graph.edges(number).iter();
                pending.extend(edges.filter(|to| !self.led[**to as usize]));
            }
        }
    }
}

/// Finds the newest states that were cut off, and adds them and what they lead to to what is led
/// to.
pub(super) fn find(
    store: &Store,
    chosen: &Chosen,
    operations: &Operations<'_>,
    led: &mut Led<'_>,
) -> Result<Vec<Fragment>> {
    // What was given up, by a commit or by a trim, was not cut off.
    for session in &chosen.given_up {
        for op in operations.of(*session) {
            led.add(&op.id);
        }
    }
    for session in chosen.sessions.keys() {
        let Some(id) = chosen.refs.get(&super::super::refs::horizon_ref(*session)) else {
            continue;
        };
        let horizon: Horizon = read(store, *id)?;
        for op in operations.of(*session).filter(|op| op.number < horizon.operation) {
            led.add(&op.id);
        }
    }
    let mut fragments = Vec::new();
    let mut cut_off = Vec::new();
    for session in operations.sessions() {
        cut_off.extend(operations.of(session).filter(|op| !led.has(&op.id)));
    }
    cut_off.sort_by_key(|op| (std::cmp::Reverse(op.number), op.id));
    for op in cut_off {
        let Some(checkpoint) = op.checkpoint else { continue };
        if led.has(&op.id) || led.has(&checkpoint) || !operations.is_readable(checkpoint)? {
            continue;
        }
        led.add(&op.id);
        fragments.push(Fragment { checkpoint, operation: Some(op.id) });
    }
    for (_, checkpoint) in checkpoints(store, operations.whole, led)? {
        if !led.has(&checkpoint) && operations.is_readable(checkpoint)? {
            led.add(&checkpoint);
            fragments.push(Fragment { checkpoint, operation: None });
        }
    }
    Ok(fragments)
}

/// The checkpoints that nothing leads to, newest first.
fn checkpoints(
    store: &Store,
    whole: &HashSet<ObjectId>,
    led: &Led<'_>,
) -> Result<Vec<(std::cmp::Reverse<u64>, ObjectId)>> {
    let mut checkpoints = Vec::new();
    for id in whole.iter().filter(|id| !led.has(id)) {
        if store.log().is_node(id)?
            && store.read_node(id)?.kind == Kind::CHECKPOINT
            && let Ok(checkpoint) = read::<Checkpoint>(store, *id)
        {
            checkpoints.push((std::cmp::Reverse(checkpoint.number), *id));
        }
    }
    checkpoints.sort();
    Ok(checkpoints)
}
