//! The operations of a damaged store, by session: which follow which, and whose state can be read.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use super::super::Store;
use crate::error::{ErrorKind, Result};
use crate::id::{MapId, ObjectId, OperationId};
use crate::log::Listed;
use crate::map::Map;
use crate::object::{Canonical, Checkpoint, Kind, Objects, Operation, OperationKind, read};

/// An operation that can be read.
#[derive(Clone, Debug)]
pub(super) struct Op {
    pub(super) id: ObjectId,
    pub(super) number: u64,
    pub(super) session: OperationId,
    pub(super) previous: Option<ObjectId>,
    pub(super) checkpoint: Option<ObjectId>,
    pub(super) is_delete: bool,
    pub(super) is_trim: bool,
    /// The message of one that gave the session another name.
    pub(super) renames: Option<String>,
    /// The name under which one brought a deleted session back.
    pub(super) undeletes: Option<String>,
}

/// Whether one operation comes after another on the same line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follows {
    Yes,
    No,
    /// Operations between the two are lost.
    Perhaps,
}

/// All operations that can be read.
pub(super) struct Operations<'a> {
    store: &'a Store,
    pub(super) whole: &'a HashSet<ObjectId>,
    by_id: HashMap<ObjectId, Op>,
    /// The numbers and ids of each session's, newest first.
    by_session: HashMap<OperationId, Vec<(u64, ObjectId)>>,
    /// The session of one that is lost, by the operation that names it as the one before.
    before: HashMap<ObjectId, OperationId>,
    usable: RefCell<HashMap<ObjectId, bool>>,
    maps: RefCell<HashMap<ObjectId, bool>>,
}

impl<'a> Operations<'a> {
    pub(super) fn read(
        store: &'a Store,
        listed: &[Listed],
        whole: &'a HashSet<ObjectId>,
    ) -> Result<Self> {
        let mut operations = Operations {
            store,
            whole,
            by_id: HashMap::new(),
            by_session: HashMap::new(),
            before: HashMap::new(),
            usable: RefCell::default(),
            maps: RefCell::default(),
        };
        for object in listed.iter().filter(|object| object.row.is_node()) {
            let node = store.read_node(&object.id)?;
            if node.kind != Kind::OPERATION {
                continue;
            }
            if let Ok(operation) = Operation::from_node(&node) {
                operations.add(object.id, operation);
            }
        }
        for line in operations.by_session.values_mut() {
            line.sort();
            line.reverse();
        }
        Ok(operations)
    }

    fn add(&mut self, id: ObjectId, operation: Operation) {
        let session = operation.session.unwrap_or(OperationId::new(id));
        let previous = operation.previous.map(|id| id.id());
        if let Some(previous) = previous {
            self.before.insert(previous, session);
        }
        self.by_session.entry(session).or_default().push((operation.number, id));
        let told = |kind| (operation.kind == kind).then(|| operation.message.clone());
        let op = Op {
            id,
            number: operation.number,
            session,
            previous,
            checkpoint: operation.checkpoint.map(|id| id.id()),
            is_delete: operation.kind == OperationKind::DeleteSession,
            is_trim: operation.kind == OperationKind::Trim,
            renames: told(OperationKind::RenameSession),
            undeletes: told(OperationKind::UndeleteSession),
        };
        self.by_id.insert(id, op);
    }

    pub(super) fn get(&self, id: &ObjectId) -> Option<&Op> {
        self.by_id.get(id)
    }

    /// Returns the session of an operation, which may be lost itself.
    pub(super) fn session_of(&self, id: &ObjectId) -> Option<OperationId> {
        let own = self.by_id.get(id).map(|op| op.session);
        let first = OperationId::new(*id);
        own.or_else(|| self.before.get(id).copied())
            .or_else(|| self.by_session.contains_key(&first).then_some(first))
    }

    pub(super) fn sessions(&self) -> Vec<OperationId> {
        let mut sessions: Vec<OperationId> = self.by_session.keys().copied().collect();
        sessions.sort();
        sessions
    }

    /// Tells whether any operation of a session can be read.
    pub(super) fn has(&self, session: OperationId) -> bool {
        self.by_session.contains_key(&session)
    }

    /// Returns a session's operations, newest first.
    pub(super) fn of(&self, session: OperationId) -> impl Iterator<Item = &Op> {
        let line = self.by_session.get(&session).map_or(&[][..], |line| line);
        line.iter().map(|(_, id)| &self.by_id[id])
    }

    /// Tells whether an operation comes after another one, which may be lost.
    pub(super) fn follows(&self, op: &Op, other: &ObjectId) -> Follows {
        let number = self.by_id.get(other).map(|other| other.number);
        let mut at = op;
        loop {
            let Some(previous) = at.previous else { return Follows::No };
            if previous == *other {
                return Follows::Yes;
            }
            match self.by_id.get(&previous) {
                None => return Follows::Perhaps,
                Some(before) if number.is_some_and(|number| before.number <= number) => {
                    return Follows::No;
                }
                // So that no circle holds it up.
                Some(before) if before.number >= at.number => return Follows::No,
                Some(before) => at = before,
            }
        }
    }

    /// Tells whether the state that an operation left can be read.
    pub(super) fn is_usable(&self, op: &Op) -> Result<bool> {
        match op.checkpoint {
            None => Ok(true),
            Some(checkpoint) => self.is_readable(checkpoint),
        }
    }

    /// Tells whether a checkpoint and its maps can be read.
    pub(super) fn is_readable(&self, checkpoint: ObjectId) -> Result<bool> {
        if let Some(known) = self.usable.borrow().get(&checkpoint) {
            return Ok(*known);
        }
        let is_readable = self.look_at(checkpoint)?;
        self.usable.borrow_mut().insert(checkpoint, is_readable);
        Ok(is_readable)
    }

    fn look_at(&self, id: ObjectId) -> Result<bool> {
        if !self.whole.contains(&id) {
            return Ok(false);
        }
        let checkpoint: Checkpoint = match read(self.store, id) {
            Ok(checkpoint) => checkpoint,
            Err(error) if error.kind() == ErrorKind::Io => return Err(error),
            Err(_) => return Ok(false),
        };
        for root in checkpoint.roots.values() {
            if !self.whole.contains(root) || !self.is_whole_map(*root)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Tells whether a map can be read to its end; what is no map counts as one.
    fn is_whole_map(&self, root: ObjectId) -> Result<bool> {
        if let Some(known) = self.maps.borrow().get(&root) {
            return Ok(*known);
        }
        let log = self.store.log();
        let is_map = log.is_node(&root)? && self.store.read_node(&root)?.kind == Kind::MAP;
        let is_whole = !is_map || Map::new(Some(MapId::new(root))).readable(self.store)?.1;
        self.maps.borrow_mut().insert(root, is_whole);
        Ok(is_whole)
    }
}
