//! Who a session is, and which sessions began from one of its checkpoints.

use super::number::counted;
use crate::error::{ErrorKind, Result};
use crate::id::{CheckpointId, OperationId};
use crate::limits::DISPLAY_SESSIONS_READ_MAX;
use crate::object::{Objects as _, Operation, OperationKind, read};
use crate::session::{Session, SessionEntry};
use crate::store::Store;

/// A session that began from a checkpoint of another.
#[derive(Debug)]
pub(super) struct Fork {
    pub(super) name: String,
    /// The checkpoint, and its number.
    pub(super) at: (CheckpointId, u64),
}

/// Where a session came from and what came from it.
#[derive(Debug)]
pub(super) struct Family {
    /// The session's first operation, unless an earlier version's collection took it away.
    pub(super) first: Option<Operation>,
    /// Its newest operation, unless it was renamed or deleted meanwhile.
    pub(super) newest: Option<Operation>,
    /// The session that it was forked from, if its name is known.
    pub(super) origin: Option<String>,
    /// By name.
    pub(super) forks: Vec<Fork>,
    /// Whether there are sessions that nobody looked at.
    more: bool,
}

impl Family {
    /// Looks through the sessions of the store.
    pub(super) fn of(session: &Session) -> Result<Family> {
        let store = session.store();
        let first = first_of(store, session.id())?;
        let origin = match first.as_ref().and_then(|first| first.forked_from) {
            Some(id) => session_of(store, id)?,
            None => None,
        };
        let mut family =
            Family { newest: None, first, origin: None, forks: Vec::new(), more: false };
        for (at, entry) in store.sessions().limit(DISPLAY_SESSIONS_READ_MAX + 1).enumerate() {
            if at == DISPLAY_SESSIONS_READ_MAX {
                family.more = true;
                break;
            }
            let entry = entry?;
            let newest: Operation = read(store, entry.operation().id())?;
            let id = newest.session.unwrap_or(entry.operation());
            if id == session.id() {
                family.newest = Some(newest);
                continue;
            }
            if origin == Some(id) {
                family.origin = Some(entry.name().to_owned());
            }
            family.forks.extend(fork(session, &entry, id)?);
        }
        Ok(family)
    }

    /// What to say if not all sessions were looked at.
    pub(super) fn limit(&self) -> Option<String> {
        let asked = counted(DISPLAY_SESSIONS_READ_MAX as u64, "session", "sessions");
        self.more.then(|| format!("only {asked} of the store were asked whether they are forks"))
    }
}

/// The first operation of a session, if it is there.
fn first_of(store: &Store, session: OperationId) -> Result<Option<Operation>> {
    match store.get_node(&session.id())? {
        Some(_) => read(store, session.id()).map(Some),
        None => Ok(None),
    }
}

/// The session that an operation belongs to, unless it was trimmed.
fn session_of(store: &Store, operation: OperationId) -> Result<Option<OperationId>> {
    match store.get_node(&operation.id())? {
        Some(_) => {
            let found: Operation = read(store, operation.id())?;
            Ok(Some(found.session.unwrap_or(operation)))
        }
        None => Ok(None),
    }
}

/// What a session of a listing has to do with another: it may have begun on its line.
fn fork(session: &Session, entry: &SessionEntry, id: OperationId) -> Result<Option<Fork>> {
    let Some(first) = first_of(session.store(), id)? else { return Ok(None) };
    let (OperationKind::Fork, Some(checkpoint)) = (first.kind, first.checkpoint) else {
        return Ok(None);
    };
    let found = match session.at(checkpoint) {
        Ok(snapshot) => snapshot.checkpoint().map(|info| (info.id, info.number)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Purged) => None,
        Err(error) => return Err(error),
    };
    Ok(found.map(|at| Fork { name: entry.name().to_owned(), at }))
}
