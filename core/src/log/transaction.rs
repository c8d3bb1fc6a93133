//! What is committed as one: objects, and the refs that make them reachable.

use std::sync::Arc;

use crate::id::ObjectId;
use crate::object::{Bytes, Node};

/// The bytes of an object on their way into the log.
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    Node(Arc<Node>),
    Content(Bytes),
}

/// An object on its way into the log. `base` names an earlier object that it resembles: only a
/// hint for compression, which never changes the id.
#[derive(Clone, Debug)]
pub(crate) struct NewObject {
    pub(crate) id: ObjectId,
    pub(crate) payload: Payload,
    pub(crate) base: Option<ObjectId>,
}

/// What a ref must be for its update to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Anything.
    Any,
    /// There must be no such ref.
    Absent,
    /// The ref must name this id.
    Id(ObjectId),
}

#[derive(Clone, Debug)]
pub(crate) struct RefUpdate {
    pub(crate) name: String,
    pub(crate) expected: Expected,
    pub(crate) new: Option<ObjectId>,
}

/// All or nothing: objects and the refs that make them reachable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transaction {
    pub(crate) objects: Vec<NewObject>,
    pub(crate) updates: Vec<RefUpdate>,
}

/// When a commit is acknowledged.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Durability {
    /// When it survives a crash of the process, the kernel or the power.
    #[default]
    Sync,
    /// When it survives a crash of the process; [`Store::sync`](crate::Store::sync) does the rest.
    Buffered,
}
