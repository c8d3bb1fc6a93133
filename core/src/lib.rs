//! A content-addressed store for the sessions of AI agents.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]
#![cfg_attr(
    not(feature = "store"),
    expect(dead_code, reason = "what only a store needs of the lower layers is not built apart")
)]

#[cfg(feature = "tokens")]
pub mod budget;
mod codec;
#[cfg(feature = "tokens")]
pub mod context;
pub mod diff;
#[cfg(feature = "store")]
pub mod display;
mod error;
#[cfg(feature = "store")]
pub mod history;
mod id;
#[cfg(feature = "store")]
pub mod import;
#[cfg(feature = "tokens")]
pub mod interop;
#[cfg(feature = "tokens")]
mod json;
pub mod limits;
#[cfg(feature = "store")]
mod log;
pub mod map;
pub mod object;
#[cfg(feature = "store")]
pub mod plumbing;
#[cfg(feature = "store")]
mod session;
#[cfg(feature = "serde")]
pub mod shape;
#[cfg(feature = "store")]
pub mod state;
#[cfg(feature = "store")]
mod store;
#[cfg(feature = "tokens")]
pub mod tokens;
#[cfg(feature = "store")]
pub mod upkeep;
#[cfg(feature = "store")]
pub mod vfs;
#[cfg(feature = "store")]
pub mod view;
#[cfg(feature = "store")]
pub mod workspace;

pub use error::{Error, ErrorKind, Result};
pub use id::{CheckpointId, ContentId, IterationId, MemoryId, ObjectId, OperationId};
#[cfg(feature = "tokens")]
pub use json::Json;
pub use object::{Body, Entry, FilePath, Memory, MemoryKind, Part, Role, Timestamp};
#[cfg(feature = "store")]
pub use session::{Batch, NewEntry, Selector, Session, Snapshot};
#[cfg(all(feature = "store", feature = "knockouts"))]
#[doc(hidden)]
pub use store::{CheckSite, knock_out};
#[cfg(feature = "store")]
pub use store::{Durability, Store, StoreOptions};

/// The README's Rust lines, as a test.
#[cfg(all(doctest, feature = "store"))]
#[doc = include_str!("../../README.md")]
struct Readme;
