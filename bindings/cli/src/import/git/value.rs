//! What stands at a path of a commit.

use gix::ObjectId;

/// What is at a path: the object is a blob or, for a submodule, a commit of another repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Value {
    pub(crate) kind: ValueKind,
    pub(crate) id: ObjectId,
}

/// What the object of a value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ValueKind {
    File { executable: bool },
    Symlink,
    Submodule,
}
