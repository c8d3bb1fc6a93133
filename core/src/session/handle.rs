//! A session's handle: its head, and how a change becomes the next one.

use std::sync::{Arc, Mutex};

use crate::error::{Error, ErrorKind, Result};
use crate::id::{CheckpointId, OperationId};
use crate::object::{Operation, OperationKind};
use crate::session::account::ledger::Ledger;
use crate::session::line::chain::{Link, number_after};
use crate::session::line::names::check_line;
use crate::session::line::point::{Head, Point, nonce_of};
use crate::session::read::snapshot::Snapshot;
use crate::store::{Batch as StoreBatch, Expected, Store};

/// A persistent workspace: files with every iteration, the dialog, and the host's own state.
///
/// Each change is one durable commit, unless it runs in a [`batch`](Self::batch), which is all or
/// nothing. Reads see the latest committed state, whoever committed it;
/// [`at`](Self::at) gives a fixed one. A handle is cheap to clone and may be used from many
/// threads. It stands for one session under one name: once that is renamed or deleted, every
/// call is `NotFound`.
///
/// ```
/// use partita::{Memory, Store};
/// let store = Store::in_memory()?;
/// let session = store.session("fix-parser")?;
/// session.write("src/lib.rs", "fn parse() {}")?;
/// session.batch(|b| {
///     b.remember(Memory::user("The parser drops the last token."))?;
///     b.write("src/lib.rs", "fn parse() -> Tokens {}")
/// })?;
/// assert_eq!(session.read_at("src/lib.rs", 1)?, b"fn parse() {}");
/// assert_eq!(session.restore("src/lib.rs", 1)?.number, 3);
/// session.undo()?;
/// assert_eq!(session.read("src/lib.rs")?, b"fn parse() -> Tokens {}");
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone)]
pub struct Session {
    pub(crate) store: Store,
    pub(crate) name: Arc<str>,
    pub(crate) id: OperationId,
    pub(crate) actor: Arc<str>,
    /// What chance gave its first operation: a purge that rewrites history keeps it, and it alone.
    pub(crate) nonce: Arc<[u8]>,
    /// The head as last seen: good as long as the ref names its operation.
    pub(crate) cache: Arc<Mutex<Option<Arc<Head>>>>,
    /// The account of tokens as last asked for.
    pub(crate) ledger: Arc<Mutex<Option<Ledger>>>,
}

impl Session {
    pub(crate) fn new(store: &Store, name: &str, head: Head) -> Self {
        let id = head.session();
        Session {
            store: store.clone(),
            name: name.into(),
            id,
            nonce: nonce_of(store, id).unwrap_or_default().into(),
            actor: "".into(),
            cache: Arc::new(Mutex::new(Some(Arc::new(head)))),
            ledger: Arc::default(),
        }
    }

    /// Returns the name that it was opened by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the id of its first operation, which stays when it is renamed.
    pub fn id(&self) -> OperationId {
        self.id
    }

    /// Returns the store that holds it.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Names who makes the operations that come through this handle. A name above
    /// [`LABEL_BYTES_MAX`](crate::limits::LABEL_BYTES_MAX) bytes makes every change `Invalid`.
    #[must_use]
    pub fn with_actor(mut self, actor: &str) -> Self {
        self.actor = actor.into();
        self
    }

    /// What chance gave the session's first operation.
    pub(crate) fn nonce(&self) -> &[u8] {
        &self.nonce
    }

    pub(crate) fn ref_name(&self) -> String {
        crate::store::refs::session_ref(&self.name)
    }
}

/// What a commit says of itself.
pub(crate) struct NewOperation {
    pub(crate) kind: OperationKind,
    pub(crate) message: String,
    pub(crate) before: Option<CheckpointId>,
    pub(crate) undoes: Option<OperationId>,
}

impl NewOperation {
    pub(crate) fn new(kind: OperationKind) -> Self {
        NewOperation { kind, message: String::new(), before: None, undoes: None }
    }
}

/// How a commit ended, if it did not fail.
pub(crate) enum Outcome {
    /// It is durable; the session's new head.
    Committed(Arc<Head>),
    /// Somebody else came first: nothing happened. The head to build on instead.
    Moved(Arc<Head>),
}

impl Session {
    /// The newest committed state, whoever committed it.
    pub(crate) fn head(&self) -> Result<Arc<Head>> {
        let gone = || {
            Error::not_found(format!(
                "session {:?} was renamed or deleted; open it anew",
                self.name
            ))
        };
        let id = self.store.reference(&self.ref_name())?.ok_or_else(gone)?;
        let mut cache = self.cache.lock().expect("no panic under this lock");
        if let Some(head) = cache.as_ref().filter(|head| head.operation.id == id) {
            return Ok(head.clone());
        }
        let head = Arc::new(Head::read(&self.store, OperationId::new(id))?);
        if head.session() != self.id {
            let nonce = nonce_of(&self.store, head.session()).unwrap_or_default();
            return Err(match !nonce.is_empty() && *nonce == *self.nonce {
                true => Error::not_found(format!(
                    "the history of session {:?} was rewritten by a purge; open it anew",
                    self.name
                )),
                false => gone(),
            });
        }
        *cache = Some(head.clone());
        Ok(head)
    }

    /// The operation that follows a head and leaves the session at a point.
    pub(crate) fn next_operation(
        &self,
        head: &Head,
        point: Option<&Point>,
        new: NewOperation,
    ) -> Result<Operation> {
        let previous = &head.operation;
        check_line("an actor", &self.actor)?;
        check_line("a message", &new.message)?;
        Ok(Operation {
            number: number_after(previous.number())?,
            session: Some(head.session()),
            previous: Some(head.id()),
            jump: previous.jump_of_child(&self.store)?.map(OperationId::new),
            checkpoint: point.map(Point::checkpoint_id),
            before: new.before,
            undoes: new.undoes,
            actor: self.actor.to_string(),
            message: new.message,
            ..Operation::first(new.kind, self.store.now(), [])
        })
    }

    /// Commits a batch whose objects lead from a head to a point.
    pub(crate) fn commit_on(
        &self,
        head: &Head,
        mut batch: StoreBatch,
        point: Option<Point>,
        new: NewOperation,
    ) -> Result<Outcome> {
        let operation = self.next_operation(head, point.as_ref(), new)?;
        let id = batch.put(&operation, Some(head.operation.id));
        batch.set_ref(self.ref_name(), Expected::Id(head.operation.id), Some(id));
        match batch.commit() {
            Ok(()) => {
                let head =
                    Arc::new(Head { operation: Link { id, value: Arc::new(operation) }, point });
                *self.cache.lock().expect("no panic under this lock") = Some(head.clone());
                Ok(Outcome::Committed(head))
            }
            Err(error) if error.kind() == ErrorKind::Conflict => {
                let now = self.head()?;
                // Each turn of a caller's loop rests on progress that somebody else made.
                if now.operation.id == head.operation.id {
                    Err(error)
                } else {
                    Ok(Outcome::Moved(now))
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Returns the state after the newest operation.
    ///
    /// # Errors
    /// `NotFound` if the session is gone.
    pub fn latest(&self) -> Result<Snapshot> {
        Ok(Snapshot::new(&self.store, self.head()?.point.clone()))
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("name", &self.name).field("id", &self.id).finish()
    }
}
