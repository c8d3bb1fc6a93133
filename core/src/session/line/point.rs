//! The head of a session: its newest operation and the state after it.

use crate::error::Result;
use crate::id::{CheckpointId, MapId, OperationId};
use crate::map::Map;
use crate::object::{Checkpoint, Operation, read};
use crate::session::line::chain::Link;
use crate::store::Store;

/// What chance gave a session's first operation, if that can be read.
pub(crate) fn nonce_of(store: &Store, session: OperationId) -> Option<Vec<u8>> {
    read::<Operation>(store, session.id()).ok().map(|first| first.nonce)
}

/// A checkpoint and its id.
pub(crate) type Point = Link<Checkpoint>;

/// What a session's ref names.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) operation: Link<Operation>,
    /// None while the session is empty.
    pub(crate) point: Option<Point>,
}

impl Head {
    pub(crate) fn read(store: &Store, id: OperationId) -> Result<Self> {
        let operation: Link<Operation> = Link::read(store, id.id())?;
        let point = match operation.value.checkpoint {
            Some(id) => Some(Link::read(store, id.id())?),
            None => None,
        };
        Ok(Head { operation, point })
    }

    pub(crate) fn id(&self) -> OperationId {
        OperationId::new(self.operation.id)
    }

    /// The first operation of the session that this is the head of.
    pub(crate) fn session(&self) -> OperationId {
        self.operation.value.session.unwrap_or(self.id())
    }

    pub(crate) fn point(&self) -> Option<&Point> {
        self.point.as_ref()
    }
}

impl Point {
    pub(crate) fn checkpoint_id(&self) -> CheckpointId {
        CheckpointId::new(self.id)
    }
}

/// The map under a root of a state, which is empty where there is none.
pub(crate) fn root(point: Option<&Point>, name: &str) -> Map {
    Map::new(point.and_then(|point| point.value.roots.get(name)).map(|id| MapId::new(*id)))
}
