//! The file layer that the log stands on, and nothing else: a few calls that a test can record,
//! delay, tear and fail.

pub(crate) mod disk;
pub(crate) mod entropy;
pub(crate) mod held;
pub(crate) mod holder;
pub(crate) mod memory;
pub(crate) mod sync;
pub(crate) mod wait;

use std::fmt;
use std::io;
use std::time::Duration;

/// Why a sync happens. Each purpose has one name, so that a test can take out one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SyncSite {
    /// The frames of one or more commits, before they are acknowledged.
    Commit,
    /// A new segment's header and base frame, before it gets its name.
    Segment,
    /// The directory of the segments, after a segment got its name.
    SegmentName,
    /// The objects of a big batch, before a commit attaches them.
    Bulk,
    /// The directory of the segments, after retired ones lost their names: what was purged must not
    /// come back.
    Removal,
    /// The store's directory, after the directory of the segments got its name, before the format
    /// file gets its: where that one is, there is a log.
    SegmentsName,
    /// The store's format file, before it gets its name.
    Format,
    /// The store's directory, after the format file got its name.
    StoreName,
    /// The directory above the store's, after the store's got its name.
    ParentName,
}

impl SyncSite {
    /// Every site.
    pub const ALL: [SyncSite; 9] = [
        SyncSite::Commit,
        SyncSite::Segment,
        SyncSite::SegmentName,
        SyncSite::Bulk,
        SyncSite::Removal,
        SyncSite::SegmentsName,
        SyncSite::Format,
        SyncSite::StoreName,
        SyncSite::ParentName,
    ];
}

/// One directory and what is below it. Names are relative, `/` between components; the empty name
/// is the directory itself.
///
/// A call that the system interrupted is repeated here, below, as often as it takes. An error of
/// the kind `Interrupted` that comes out all the same is taken as any other: the call may have done
/// a part of its work, and whoever made it does not make it again.
pub trait Vfs: Send + Sync + fmt::Debug {
    /// Creates a file that must not exist, open for reading and writing.
    ///
    /// # Errors
    /// `AlreadyExists`, and whatever the medium says.
    fn create_new(&self, name: &str) -> io::Result<Box<dyn VfsFile>>;

    /// Opens a file that must exist.
    ///
    /// # Errors
    /// `NotFound`, and whatever the medium says.
    fn open(&self, name: &str, write: bool) -> io::Result<Box<dyn VfsFile>>;

    /// Creates a directory with those above it, if it is not there.
    ///
    /// # Errors
    /// Whatever the medium says; also if a file has the name.
    fn create_dir(&self, name: &str) -> io::Result<()>;

    /// Lists the names in a directory, in any order.
    ///
    /// # Errors
    /// `NotFound` if there is no such directory.
    fn list(&self, name: &str) -> io::Result<Vec<String>>;

    /// Gives a file another name, in place of what had it.
    ///
    /// # Errors
    /// Whatever the medium says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Gives a file another name, which nothing may have yet: of two that try, one succeeds, and
    /// nothing is ever replaced. A process that is killed over it may leave the file under both
    /// names.
    ///
    /// # Errors
    /// `AlreadyExists` if something has the name; then nothing happened. Else whatever the medium
    /// says.
    fn rename_new(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// Whatever the medium says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes the names in a directory durable; for [`SyncSite::ParentName`] those beside it.
    ///
    /// # Errors
    /// Whatever the medium says.
    fn sync_dir(&self, name: &str, site: SyncSite) -> io::Result<()>;

    /// Takes the lock of that name, or returns none after the timeout. It ends when the value is
    /// dropped, whoever has a copy of its descriptor, or when the process dies.
    ///
    /// # Errors
    /// Whatever the medium says, but for the lock being held.
    fn lock(&self, name: &str, timeout: Duration) -> io::Result<Option<Box<dyn VfsLock>>>;

    /// Says which living process holds the lock, if that is known.
    fn lock_holder(&self, name: &str) -> Option<String>;
}

/// An open file. All calls name their offset, so threads share it.
pub trait VfsFile: Send + Sync + fmt::Debug {
    /// Reads until the buffer is full or the file ends; returns the bytes read.
    ///
    /// # Errors
    /// Whatever the medium says.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of the bytes, extending the file where need be.
    ///
    /// # Errors
    /// Whatever the medium says; any part may then have been written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Returns the length in bytes.
    ///
    /// # Errors
    /// Whatever the medium says.
    fn len(&self) -> io::Result<u64>;

    /// Returns whether the file has no bytes.
    ///
    /// # Errors
    /// As [`len`](Self::len).
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Cuts the file off. Nothing rests on it: a medium that cannot leaves the file as it is.
    ///
    /// # Errors
    /// Whatever the medium says; the file then has the old length or the new one.
    fn cut(&self, _len: u64) -> io::Result<()> {
        Ok(())
    }

    /// Makes what was written durable, the length included.
    ///
    /// # Errors
    /// Whatever the medium says; what was written since the last sync may then be lost for good.
    fn sync_data(&self, site: SyncSite) -> io::Result<()>;
}

/// A held lock.
pub trait VfsLock: Send + fmt::Debug {}
