//! The sessions of a store: create, open, rename, delete, list.

use crate::error::{Error, ErrorKind, Result};
use crate::id::OperationId;
use crate::object::{Operation, OperationKind};
use crate::session::handle::{NewOperation, Session};
use crate::session::line::names::check_name;
use crate::session::line::point::Head;
use crate::session::read::snapshot::Snapshot;
use crate::store::refs::{SESSION, deleted_ref, session_ref};
use crate::store::{Batch as StoreBatch, Expected, Listing, Store};

/// Rows that a listing asks the store for at a time.
const PAGE: usize = 256;

impl Store {
    /// Opens a session, or creates an empty one where there is none.
    ///
    /// # Errors
    /// `Invalid` for a name that breaks a rule: 1 to 255 bytes, no control characters, no white
    /// space at either end, no empty component between `/`.
    ///
    /// ```
    /// let store = partita::Store::in_memory()?;
    /// let session = store.session("team/fix-parser")?;
    /// assert_eq!(store.session("team/fix-parser")?.id(), session.id());
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn session(&self, name: &str) -> Result<Session> {
        loop {
            match self.open_session(name) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                done => return done,
            }
            // Somebody may create it in between, and delete it again: then look once more.
            match self.create_session(name) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                done => return done,
            }
        }
    }

    /// Creates an empty session, which has no checkpoint yet.
    ///
    /// # Errors
    /// `AlreadyExists` if there is one of this name, `Invalid` as [`session`](Self::session).
    pub fn create_session(&self, name: &str) -> Result<Session> {
        check_name(name)?;
        let first = first_operation(self, OperationKind::Create)?;
        self.begin_session(self.batch(), name, first, |_, _| Ok(()))
    }

    /// Opens a session.
    ///
    /// # Errors
    /// `NotFound` if there is none of this name, `Invalid` as [`session`](Self::session).
    pub fn open_session(&self, name: &str) -> Result<Session> {
        check_name(name)?;
        let id = self
            .reference(&session_ref(name))?
            .ok_or_else(|| Error::not_found(format!("no session {name:?}")))?;
        Ok(Session::new(self, name, Head::read(self, OperationId::new(id))?))
    }

    /// Gives a session another name. Its id stays; handles opened by the old name find nothing.
    ///
    /// # Errors
    /// `NotFound` if there is no such session, `AlreadyExists` if the new name is taken, `Invalid`
    /// as [`session`](Self::session).
    pub fn rename_session(&self, name: &str, new: &str) -> Result<()> {
        check_name(new)?;
        let mut operation = NewOperation::new(OperationKind::RenameSession);
        operation.message = format!("{name} -> {new}");
        self.move_session(name, |_| session_ref(new), operation)
    }

    /// Deletes a session: it is no longer listed or opened. Its bytes wait for gc, and until then
    /// [`undelete_session`](Self::undelete_session) brings it back.
    ///
    /// # Errors
    /// `NotFound` if there is no such session.
    pub fn delete_session(&self, name: &str) -> Result<()> {
        let _freeing = self.freeing();
        let mut operation = NewOperation::new(OperationKind::DeleteSession);
        operation.message = name.to_owned();
        self.move_session(name, deleted_ref, operation)
    }

    /// Lists the sessions in the order of their names.
    ///
    /// ```
    /// let store = partita::Store::in_memory()?;
    /// for name in ["b", "team/x", "team/y", "a"] {
    ///     store.create_session(name)?;
    /// }
    /// let mut names = Vec::new();
    /// for entry in store.sessions().prefix("team/").after("team/x") {
    ///     names.push(entry?.name().to_owned());
    /// }
    /// assert_eq!(names, ["team/y"]);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn sessions(&self) -> Sessions {
        Sessions {
            store: self.clone(),
            prefix: SESSION.to_owned(),
            after: None,
            left: usize::MAX,
            page: Vec::new().into_iter(),
            ended: false,
        }
    }

    /// Commits the first operation of a session under a new name.
    pub(crate) fn begin_session(
        &self,
        mut batch: StoreBatch,
        name: &str,
        first: Operation,
        add: impl FnOnce(&mut StoreBatch, OperationId) -> Result<()>,
    ) -> Result<Session> {
        let id = batch.put(&first, None);
        batch.set_ref(session_ref(name), Expected::Absent, Some(id));
        add(&mut batch, OperationId::new(id))?;
        if let Err(error) = batch.commit() {
            let is_taken = error.kind() == ErrorKind::Conflict
                && self.reference(&session_ref(name))?.is_some();
            return Err(if is_taken { taken(name) } else { error });
        }
        Ok(Session::new(self, name, Head::read(self, OperationId::new(id))?))
    }

    fn move_session(
        &self,
        name: &str,
        to: impl Fn(OperationId) -> String,
        new: NewOperation,
    ) -> Result<()> {
        let session = self.open_session(name)?;
        let mut head = session.head()?;
        loop {
            let new = NewOperation { message: new.message.clone(), ..NewOperation::new(new.kind) };
            let operation = session.next_operation(&head, head.point(), new)?;
            let mut batch = self.batch();
            let id = batch.put(&operation, Some(head.operation.id));
            let target = to(session.id());
            batch.set_ref(session_ref(name), Expected::Id(head.operation.id), None);
            batch.set_ref(target.clone(), Expected::Absent, Some(id));
            match batch.commit() {
                Err(error) if error.kind() == ErrorKind::Conflict => {
                    let now = session.head()?;
                    if now.operation.id == head.operation.id {
                        return Err(match self.reference(&target)? {
                            Some(_) => taken(target.strip_prefix(SESSION).unwrap_or(&target)),
                            None => error,
                        });
                    }
                    head = now;
                }
                done => return done,
            }
        }
    }
}

pub(crate) fn taken(name: &str) -> Error {
    Error::exists(format!("there is a session {name:?} already"))
}

/// The operation that makes a session its own.
pub(crate) fn first_operation(store: &Store, kind: OperationKind) -> Result<Operation> {
    Ok(Operation::first(kind, store.now(), store.nonce()?))
}

/// A row of the list of sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionEntry {
    name: String,
    operation: OperationId,
}

impl SessionEntry {
    /// Returns the session's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the id of its newest operation.
    pub fn operation(&self) -> OperationId {
        self.operation
    }
}

/// How much a session holds in its newest state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionSizes {
    /// Files that are there.
    pub files: u64,
    /// Memories.
    pub memories: u64,
}

impl Store {
    /// Tells how much a session of a listing holds. Reads its maps where the catalogue does not
    /// know it.
    ///
    /// # Errors
    /// `Corrupt` if the session cannot be read.
    pub fn session_sizes(&self, entry: &SessionEntry) -> Result<SessionSizes> {
        if let Some(Listing { files, memories }) = self.catalogue().listing(entry.operation) {
            return Ok(SessionSizes { files, memories });
        }
        let state = Snapshot::new(self, Head::read(self, entry.operation)?.point);
        let mut sizes = SessionSizes { files: 0, memories: 0 };
        for file in state.files() {
            file?;
            sizes.files += 1;
        }
        for row in state.memories().ids() {
            row?;
            sizes.memories += 1;
        }
        let listing = Listing { files: sizes.files, memories: sizes.memories };
        self.catalogue().set_listing(entry.operation, listing);
        Ok(sizes)
    }
}

/// The sessions of a store in the order of their names. Reads them page by page; one that comes
/// or goes meanwhile may or may not be seen.
#[derive(Clone, Debug)]
pub struct Sessions {
    store: Store,
    prefix: String,
    after: Option<String>,
    left: usize,
    page: std::vec::IntoIter<(String, crate::id::ObjectId)>,
    ended: bool,
}

impl Sessions {
    /// Keeps those whose name begins so.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.prefix = session_ref(prefix);
        self
    }

    /// Begins after this name, which need not be there.
    #[must_use]
    pub fn after(mut self, name: &str) -> Self {
        self.after = Some(session_ref(name));
        self
    }

    /// Ends after this many.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.left = limit;
        self
    }
}

impl Iterator for Sessions {
    type Item = Result<SessionEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        if self.page.len() == 0 {
            if self.ended {
                return None;
            }
            let limit = PAGE.min(self.left);
            let page = match self.store.references(&self.prefix, self.after.as_deref(), limit) {
                Ok(page) => page,
                Err(error) => {
                    self.left = 0;
                    return Some(Err(error));
                }
            };
            self.ended = page.len() < limit;
            self.page = page.into_iter();
        }
        let (name, id) = self.page.next()?;
        self.left -= 1;
        let entry = SessionEntry {
            name: name[SESSION.len()..].to_owned(),
            operation: OperationId::new(id),
        };
        self.after = Some(name);
        Some(Ok(entry))
    }
}
