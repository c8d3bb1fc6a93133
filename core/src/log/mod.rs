//! Bytes on a medium: an append-only log of commits in segments, with its index and its recovery.
//! Knows ids, refs and bytes, not what they mean. `docs/format.md` is its format.
//!
//! The folders go one way, and `tests/src/law.rs` holds them to it: a [`Transaction`] comes in;
//! `vfs` has files and locks; `format` turns bytes into values and back; `read` answers from frames;
//! `write` makes frames; `upkeep` works on the log as a whole.

mod format;
mod format_file;
mod open;
mod options;
mod read;
mod transaction;
mod upkeep;
mod vfs;
mod write;

#[cfg(feature = "knockouts")]
pub use format::check_site::{CheckSite, knock_out};
pub(crate) use format::head::LiveSegment;
pub(crate) use format::segment::SegmentId;
pub(crate) use options::LogOptions;
pub(crate) use read::purged::PURGED;
pub(crate) use read::scan::Listed;
pub use transaction::{Durability, Expected};
pub(crate) use transaction::{NewObject, Payload, RefUpdate, Transaction};
pub(crate) use upkeep::copy::Copier;
pub(crate) use upkeep::retire::{Retirement, Unretired};
pub(crate) use upkeep::salvage::{Known, Moves, Salvage, Timeline, lock_out};
pub(crate) use vfs::disk::Disk;
pub(crate) use vfs::entropy::system as system_entropy;
pub use vfs::held::ForkGuard;
pub(crate) use vfs::held::Held;
pub(crate) use vfs::memory::Memory;
pub use vfs::wait::LockWait;
pub use vfs::{SyncSite, Vfs, VfsFile, VfsLock};
pub(crate) use write::handle::Log;
pub(crate) use write::reserve::Freeing;
pub(crate) use write::room::is_full;

#[cfg(test)]
mod tests;
