//! A content-addressed store for the sessions of AI agents.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod codec;
pub mod diff;
mod error;
mod id;
pub mod limits;
mod log;
mod map;
mod object;
mod session;
mod store;
mod workspace;

pub use diff::{Change, ChangeKind, DiffStats, FileDiff, Unified};
pub use error::{Error, ErrorKind, Result};
pub use id::{
    CheckpointId, ContentId, IterationId, MapId, MemoryId, ObjectId, OperationId, Prefix,
};
pub use map::{Diff as MapDiff, Edited, Map, MapChange, NewNode, Range as MapRange, Value};
pub use object::{
    Body, Canonical, Checkout, Checkpoint, Entry, FilePath, Horizon, Iteration, Kind, Memory,
    MemoryKind, Node, Objects, Operation, OperationKind, Part, Role, Timestamp, Tombstone, Trace,
};
pub use session::{
    Batch, CheckpointInfo, FileChange, FileChanges, FileEntry, Files, History, Import,
    IterationInfo, LogEntries, LogEntry, Memories, MemoryEntry, NewEntry, RestorePlan,
    RestoreScope, Session, SessionEntry, Sessions, Snapshot, State, StateSnapshot, StateValue,
    Step, Trim, TrimReport,
};
pub use store::{
    Batch as StoreBatch, CheckProgress, CheckReport, Durability, Expected, Fault, GcOptions,
    GcProgress, GcReport, PurgeOptions, PurgeReport, RecoverReport, SetBack, Stats, Store,
    StoreOptions, SyncSite, Vfs, VfsFile, VfsLock,
};
pub use workspace::{CheckoutAction, CheckoutPlan, CheckoutReason, CheckoutStep};

/// The README's Rust lines, as a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
