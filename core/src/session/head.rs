//! The head of a session: its newest operation and the state after it.

use std::sync::Arc;

use super::chain::{Link, number_after};
use super::{Session, check_line};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{CheckpointId, MapId, OperationId};
use crate::map::Map;
use crate::object::{Checkpoint, Operation, OperationKind, read};
use crate::store::{Batch as StoreBatch, Expected, Store};

/// What chance gave a session's first operation, if that can be read.
pub(super) fn nonce_of(store: &Store, session: OperationId) -> Option<Vec<u8>> {
    read::<Operation>(store, session.id()).ok().map(|first| first.nonce)
}

/// A checkpoint and its id.
pub(super) type Point = Link<Checkpoint>;

/// What a session's ref names.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) operation: Link<Operation>,
    /// None while the session is empty.
    pub(super) point: Option<Point>,
}

impl Head {
    pub(super) fn read(store: &Store, id: OperationId) -> Result<Self> {
        let operation: Link<Operation> = Link::read(store, id.id())?;
        let point = match operation.value.checkpoint {
            Some(id) => Some(Link::read(store, id.id())?),
            None => None,
        };
        Ok(Head { operation, point })
    }

    pub(super) fn id(&self) -> OperationId {
        OperationId::new(self.operation.id)
    }

    /// The first operation of the session that this is the head of.
    pub(super) fn session(&self) -> OperationId {
        self.operation.value.session.unwrap_or(self.id())
    }

    pub(super) fn point(&self) -> Option<&Point> {
        self.point.as_ref()
    }
}

impl Point {
    pub(super) fn checkpoint_id(&self) -> CheckpointId {
        CheckpointId::new(self.id)
    }
}

/// The map under a root of a state, which is empty where there is none.
pub(super) fn root(point: Option<&Point>, name: &str) -> Map {
    Map::new(point.and_then(|point| point.value.roots.get(name)).map(|id| MapId::new(*id)))
}

/// What a commit says of itself.
pub(super) struct NewOperation {
    pub(super) kind: OperationKind,
    pub(super) message: String,
    pub(super) before: Option<CheckpointId>,
    pub(super) undoes: Option<OperationId>,
}

impl NewOperation {
    pub(super) fn new(kind: OperationKind) -> Self {
        NewOperation { kind, message: String::new(), before: None, undoes: None }
    }
}

/// How a commit ended, if it did not fail.
pub(super) enum Outcome {
    /// It is durable; the session's new head.
    Committed(Arc<Head>),
    /// Somebody else came first: nothing happened. The head to build on instead.
    Moved(Arc<Head>),
}

impl Session {
    /// The newest committed state, whoever committed it.
    pub(super) fn head(&self) -> Result<Arc<Head>> {
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
    pub(super) fn next_operation(
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
            kind: new.kind,
            session: Some(head.session()),
            previous: Some(head.id()),
            jump: previous.jump_of_child(&self.store)?.map(OperationId::new),
            checkpoint: point.map(Point::checkpoint_id),
            before: new.before,
            forked_from: None,
            undoes: new.undoes,
            actor: self.actor.to_string(),
            time: self.store.now(),
            message: new.message,
            nonce: Vec::new(),
        })
    }

    /// Commits a batch whose objects lead from a head to a point.
    pub(super) fn commit_on(
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
                let head = Arc::new(Head { operation: Link { id, value: operation }, point });
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
}
