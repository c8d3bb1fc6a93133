//! Deleted sessions: which there are, until gc takes them, and their way back.

use crate::error::{Error, ErrorKind, Result};
use crate::id::{ObjectId, OperationId, Prefix, ambiguous};
use crate::limits::CANDIDATES_MAX;
use crate::object::{OperationKind, Timestamp};
use crate::session::change::sessions::taken;
use crate::session::handle::{NewOperation, Session};
use crate::session::line::names::check_name;
use crate::session::line::point::{Head, Point};
use crate::store::refs::{DELETED, deleted_ref, pins_of, session_in, session_ref};
use crate::store::{Expected, GcOptions, Store};

/// Rows of one page of refs.
const PAGE: usize = 256;

/// A deleted session that gc has not taken yet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeletedSession {
    /// The id of its first operation, which is what it is called now.
    pub id: OperationId,
    /// The name that it had; none where it was deleted by a version that did not record it.
    pub name: Option<String>,
    /// The number of its newest checkpoint; none for an empty session.
    pub checkpoint: Option<u64>,
    /// When it was deleted, by the clock of whoever did it.
    pub deleted: Timestamp,
    /// From when on a gc that keeps deleted sessions for the usual time takes it; none while one of
    /// its checkpoints is pinned, for then no gc does.
    pub goes: Option<Timestamp>,
}

impl Store {
    /// Lists the deleted sessions that gc has not taken, the one that was deleted last first.
    ///
    /// # Errors
    /// `Corrupt` if one of them cannot be read.
    ///
    /// ```
    /// let store = partita::Store::in_memory()?;
    /// store.session("s")?.write("a", "1")?;
    /// store.delete_session("s")?;
    /// let deleted = store.deleted_sessions()?;
    /// assert_eq!(deleted[0].name.as_deref(), Some("s"));
    /// let session = store.undelete_session(deleted[0].id, None)?;
    /// assert_eq!(session.read("a")?, b"1");
    /// assert!(store.deleted_sessions()?.is_empty());
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn deleted_sessions(&self) -> Result<Vec<DeletedSession>> {
        let mut found = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.references(DELETED, after.as_deref(), PAGE)?;
            let is_last = page.len() < PAGE;
            for (name, id) in page {
                if let Some((session, _)) = session_in(&name, DELETED) {
                    found.extend(self.deleted_session(session, id)?);
                }
                after = Some(name);
            }
            if is_last {
                break;
            }
        }
        found.sort_by_key(|session: &DeletedSession| {
            (std::cmp::Reverse(session.deleted), session.id)
        });
        Ok(found)
    }

    /// Returns the one deleted session whose id begins so.
    ///
    /// # Errors
    /// `NotFound` if none does, `Ambiguous` with the candidates if several do.
    pub fn find_deleted_session(&self, prefix: &Prefix) -> Result<DeletedSession> {
        let mut found = self.deleted_sessions()?;
        found.retain(|session| prefix.matches(&session.id.id()));
        match found.len() {
            0 => Err(Error::not_found(format!(
                "no deleted session {prefix}: it was brought back, or gc has freed it, or there \
                 was none"
            ))),
            1 => Ok(found.remove(0)),
            count => {
                let mut ids: Vec<ObjectId> = found.iter().map(|session| session.id.id()).collect();
                ids.sort();
                ids.truncate(CANDIDATES_MAX);
                Err(ambiguous(prefix, &ids, count > CANDIDATES_MAX))
            }
        }
    }

    /// Brings a deleted session back, with all its past, under a name or under the one that it had.
    ///
    /// # Errors
    /// `NotFound` if it is not there: gc took it, somebody brought it back, or it never was deleted.
    /// `AlreadyExists` if the name is taken. `Invalid` for a name that cannot be, and without one
    /// where none was recorded.
    pub fn undelete_session(&self, id: OperationId, name: Option<&str>) -> Result<Session> {
        let deleted = deleted_ref(id);
        loop {
            let newest = self.reference(&deleted)?.ok_or_else(|| {
                Error::not_found(format!(
                    "no deleted session {id:.10}: it was brought back, or gc has freed it, or \
                     there was none"
                ))
            })?;
            let head = Head::read(self, OperationId::new(newest))?;
            let name = match name {
                Some(name) => name.to_owned(),
                None => name_of(&head).ok_or_else(|| {
                    Error::invalid(format!("no name is known of session {id:.10}: give one"))
                })?,
            };
            check_name(&name)?;
            let session = Session::new(self, &name, head.clone());
            let mut new = NewOperation::new(OperationKind::UndeleteSession);
            new.message.clone_from(&name);
            let operation = session.next_operation(&head, head.point(), new)?;
            let mut batch = self.batch();
            let newer = batch.put(&operation, Some(newest));
            batch.set_ref(deleted.clone(), Expected::Id(newest), None);
            batch.set_ref(session_ref(&name), Expected::Absent, Some(newer));
            match batch.commit() {
                Ok(()) => {
                    let head = Head::read(self, OperationId::new(newer))?;
                    return Ok(Session::new(self, &name, head));
                }
                Err(error) if error.kind() == ErrorKind::Conflict => {
                    // Gone or brought back by others, else the name is taken.
                    if self.reference(&deleted)? == Some(newest) {
                        return Err(match self.reference(&session_ref(&name))? {
                            Some(_) => taken(&name),
                            None => error,
                        });
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// What a ref of a deleted session says; nothing if gc took it meanwhile.
    fn deleted_session(
        &self,
        session: OperationId,
        newest: ObjectId,
    ) -> Result<Option<DeletedSession>> {
        let head = match Head::read(self, OperationId::new(newest)) {
            Ok(head) => head,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return match self.reference(&deleted_ref(session))? {
                    Some(_) => Err(error),
                    None => Ok(None),
                };
            }
            Err(error) => return Err(error),
        };
        let pinned = !self.references(&pins_of(session), None, 1)?.is_empty();
        let deleted = head.operation.value.time;
        Ok(Some(DeletedSession {
            id: session,
            name: name_of(&head),
            checkpoint: head.point().map(Point::number),
            deleted,
            goes: (!pinned).then(|| GcOptions::goes(deleted, self.now())),
        }))
    }
}

/// The name under which a session was deleted.
fn name_of(head: &Head) -> Option<String> {
    let operation = &head.operation.value;
    let said = operation.kind == OperationKind::DeleteSession;
    said.then(|| operation.message.clone()).filter(|name| check_name(name).is_ok())
}
