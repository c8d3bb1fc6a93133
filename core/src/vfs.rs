//! The file system that a store stands on, for hosts that bring another or test against its faults.
//!
//! [`StoreOptions::open_vfs`](crate::StoreOptions::open_vfs) opens a store over a [`Vfs`]. It must keep
//! what a sync that returned has covered, and no more is asked of it: `docs/durability.md` in the
//! repository says what rests on which [`SyncSite`].

pub use crate::store::{SyncSite, Vfs, VfsFile, VfsLock};
