//! The refs of a store, with what a walk from each needs to know.

use std::collections::{HashMap, HashSet};

use super::Store;
use super::kept::Record;
use super::refs::{CHECKOUT, DELETED, HORIZON, PIN, SESSION, session_in};
use crate::error::{ErrorKind, Result};
use crate::id::{ObjectId, OperationId};
use crate::object::{Horizon, Operation, read};

/// A ref and what a walk needs to know of it.
#[derive(Clone, Debug)]
pub(super) struct Root {
    pub(super) name: String,
    pub(super) id: ObjectId,
    pub(super) keeps: Keeps,
}

/// How far the walk from a ref goes.
#[derive(Clone, Debug)]
pub(super) enum Keeps {
    /// As far as refs lead.
    Whole,
    /// As far as the horizon of a trimmed session says.
    Since(Horizon),
    /// One state: the ref is a directory's record, or a pin of a session that was trimmed or is
    /// gone. What was before it is the session's own to keep.
    State,
    /// As far as refs lead to what is there: a newer version alone knows to which session the ref
    /// belongs, so what is missing may have been trimmed.
    WhatIsThere,
}

impl Root {
    /// Keeps one state, or what belongs to one.
    pub(super) fn state(name: String, id: ObjectId) -> Self {
        Root { name, id, keeps: Keeps::State }
    }

    /// Tells whether a walk from it stops short of what its chains refer to.
    pub(super) fn is_trimmed(&self) -> bool {
        !matches!(self.keeps, Keeps::Whole)
    }
}

impl Store {
    /// Returns all refs, with the horizons that bind them.
    pub(super) fn roots(&self) -> Result<Vec<Root>> {
        self.roots_without(&HashSet::new())
    }

    /// Returns all refs but some, with the horizons that bind them.
    pub(super) fn roots_without(&self, gone: &HashSet<String>) -> Result<Vec<Root>> {
        let mut all = self.all_references()?;
        all.retain(|(name, _)| !gone.contains(name));
        let mut horizons: HashMap<OperationId, Horizon> = HashMap::new();
        let mut states = false;
        for (name, id) in &all {
            if let Some((session, _)) = session_in(name, HORIZON) {
                horizons.insert(session, read(self, *id)?);
            }
            states |= is_state(name);
        }
        let mut roots = Vec::with_capacity(all.len());
        let mut sessions = HashSet::new();
        for (name, id) in all {
            let mut keeps = Keeps::Whole;
            if (states || !horizons.is_empty()) && !is_state(&name) {
                match self.session_of(&name, &id) {
                    Ok(Some(session)) => {
                        sessions.insert(session);
                        keeps = horizons.get(&session).cloned().map_or(Keeps::Whole, Keeps::Since);
                    }
                    Ok(None) => {}
                    Err(error) if error.kind() == ErrorKind::Unsupported => {
                        keeps = Keeps::WhatIsThere;
                    }
                    Err(error) => return Err(error),
                }
            }
            roots.push(Root { name, id, keeps });
        }
        for root in roots.iter_mut().filter(|root| is_state(&root.name)) {
            // What a directory holds may be of another session than the newest checkout into it.
            if root.name.starts_with(CHECKOUT) {
                let is_known = Record::is_known(self, &root.id)?;
                root.keeps = if is_known { Keeps::State } else { Keeps::WhatIsThere };
            } else if let Some(session) = self.session_of(&root.name, &root.id)?
                && (horizons.contains_key(&session) || !sessions.contains(&session))
            {
                root.keeps = Keeps::State;
            }
        }
        Ok(roots)
    }

    /// Returns the session that a ref belongs to, if it is of a kind that belongs to one, and if
    /// that can be told: what a newer version left need not say it.
    pub(super) fn session_if_known(
        &self,
        name: &str,
        id: &ObjectId,
    ) -> Result<Option<OperationId>> {
        match self.session_of(name, id) {
            Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
            session => session,
        }
    }

    /// Returns the session that a ref belongs to, if it is of a kind that belongs to one.
    pub(super) fn session_of(&self, name: &str, id: &ObjectId) -> Result<Option<OperationId>> {
        if name.starts_with(SESSION) {
            let operation: Operation = read(self, *id)?;
            return Ok(Some(operation.session.unwrap_or(OperationId::new(*id))));
        }
        if name.starts_with(CHECKOUT) {
            return Ok(Record::read(self, id)?.map(|record| record.session()));
        }
        let named = session_in(name, DELETED).or_else(|| session_in(name, PIN));
        Ok(named.map(|(session, _)| session))
    }
}

/// Tells whether a ref keeps a state of a session, and is not what the session is known by.
pub(super) fn is_state(name: &str) -> bool {
    name.starts_with(CHECKOUT) || name.starts_with(PIN)
}
