//! The file system that a store stands on, for hosts that bring another or test against its faults.

pub use crate::store::{SyncSite, Vfs, VfsFile, VfsLock};
