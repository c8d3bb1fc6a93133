//! A content-addressed store for the sessions of AI agents.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]
#![cfg_attr(
    not(feature = "store"),
    expect(dead_code, reason = "what only a store needs of the lower layers is not built apart")
)]

#[cfg(feature = "tokens")]
mod budget;
mod codec;
#[cfg(feature = "tokens")]
mod context;
pub mod diff;
#[cfg(feature = "store")]
pub mod display;
mod error;
mod id;
#[cfg(feature = "tokens")]
pub mod interop;
#[cfg(feature = "tokens")]
mod json;
pub mod limits;
#[cfg(feature = "store")]
mod log;
mod map;
mod object;
#[cfg(feature = "store")]
mod session;
#[cfg(feature = "store")]
mod store;
#[cfg(feature = "tokens")]
mod token;
#[cfg(feature = "store")]
mod workspace;

#[cfg(feature = "tokens")]
pub use budget::{
    Account, AccountItem, Budget, Capacity, CapacityItem, DefaultValues, Fit, FitExchange, Makeup,
    Material, Plan, PlanAction, PlanCost, PlanGroup, PlanMode, PlanStep, Prices, Values, fit,
    fit_with, plan,
};
#[cfg(feature = "tokens")]
pub use context::{
    ContextDiff, CounterFor, Dialect, Item, Medium, Mend, Piece, Prompt, PromptMemory,
    ProviderBlock, RenderOptions, Request, Source, Tool, ViewedFile, exchanges, trimmed,
};
pub use diff::{Change, ChangeKind, DiffStats, FileDiff, Unified};
pub use error::{Error, ErrorKind, Result};
#[cfg(feature = "tokens")]
pub use error::{Shortfall, ShortfallItem};
pub use id::{
    CheckpointId, ContentId, IterationId, MapId, MemoryId, ObjectId, OperationId, Prefix,
};
#[cfg(feature = "tokens")]
pub use json::Json;
pub use map::{Diff as MapDiff, Edited, Map, MapChange, NewNode, Range as MapRange, Value};
pub use object::{
    Body, Bytes, Canonical, Checkout, Checkpoint, Directory, Entry, FilePath, Horizon, Iteration,
    Kind, Memory, MemoryKind, ModelCall, NameFault, Node, Objects, Operation, OperationKind,
    OperationName, Part, Role, Timestamp, Tombstone, Trace, Usage,
};
#[cfg(feature = "store")]
pub use session::{
    Batch, CheckpointInfo, DeletedSession, FileChange, FileChanges, FileEntry, Files,
    FoundMemories, Glob, History, Import, ItemKey, IterationInfo, LogEntries, LogEntry, Memories,
    MemoryEntry, MemoryState, NewEntry, OperationInfo, PairInView, PlanKey, PlanOptions,
    Remembered, RestorePlan, RestoreScope, Selector, Session, SessionEntry, SessionSizes, Sessions,
    Snapshot, State, StateEntries, StateEntry, StateSnapshot, StateValue, Step, Summarizer,
    TranscriptImport, TranscriptProgress, Trim, TrimReport, UndoReport, View, ViewFile, ViewFiles,
    ViewMemories, ViewMemory, ViewReport, ViewRule,
};
#[cfg(feature = "store")]
pub use store::{
    Batch as StoreBatch, CheckProgress, CheckReport, Durability, Expected, Fault, ForkGuard,
    GcOptions, GcProgress, GcReport, Kept, LockWait, LostVersion, PurgeOptions, PurgeReport,
    RecoverReport, RecoveredSession, SetBack, Stats, Store, StoreOptions, SyncSite, UnreadLog, Vfs,
    VfsFile, VfsLock,
};
#[cfg(all(feature = "store", feature = "knockouts"))]
#[doc(hidden)]
pub use store::{CheckSite, knock_out};
#[cfg(feature = "tokens")]
pub use token::{
    CalibratedCounter, Calibration, ContentClass, Count, Detail, Encoding, Overhead, Quality,
    SafeCuts, TokenCounter, count_within, recount,
};
#[cfg(feature = "store")]
pub use workspace::{CheckoutAction, CheckoutPlan, CheckoutReason, CheckoutStep};

/// The README's Rust lines, as a test.
#[cfg(all(doctest, feature = "store"))]
#[doc = include_str!("../../README.md")]
struct Readme;
