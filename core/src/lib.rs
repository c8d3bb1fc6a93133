//! A content-addressed store for the sessions of AI agents.

mod codec;
pub mod diff;
mod error;
mod id;
pub mod limits;
mod log;
mod map;
mod object;
mod store;

pub use diff::{Change, ChangeKind, DiffStats, FileDiff, Unified};
pub use error::{Error, ErrorKind, Result};
pub use id::{
    CheckpointId, ContentId, IterationId, MapId, MemoryId, ObjectId, OperationId, Prefix,
};
pub use map::{Diff as MapDiff, Edited, Map, MapChange, Range as MapRange, Value};
pub use object::{
    Canonical, Checkpoint, Entry, FilePath, Iteration, Kind, Node, Objects, Operation,
    OperationKind, Timestamp,
};
pub use store::{Batch as StoreBatch, Expected, Store};
