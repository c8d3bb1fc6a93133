//! Objects and refs: batches, compare-and-set, checks.

mod batch;
mod catalogue;
mod check;
mod gc;
mod graph;
mod kept;
mod options;
mod purge;
mod reach;
mod recover;
pub(crate) mod refs;
mod rewrite;
mod stats;

use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(feature = "knockouts")]
pub use crate::log::{CheckSite, knock_out};
pub use crate::log::{Durability, Expected, SyncSite, Vfs, VfsFile, VfsLock};
pub use batch::Batch;
use catalogue::Catalogue;
pub(crate) use catalogue::{KnownCount, Listing};
pub use check::{CheckProgress, CheckReport, Fault};
pub use gc::{GcOptions, GcProgress, GcReport};
pub use kept::Kept;
pub use options::StoreOptions;
pub use purge::{PurgeOptions, PurgeReport};
pub use recover::{LostVersion, RecoverReport, RecoveredSession, SetBack, UnreadLog};
pub use stats::Stats;

use crate::error::{Error, ErrorKind, Result};
use crate::id::{ContentId, ObjectId, Prefix, ambiguous};
use crate::limits::CANDIDATES_MAX;
use crate::log::Log;
use crate::object::{Node, Objects, Timestamp};

/// A store of sessions. Cheap to clone; clones are one store.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    log: Log,
    clock: fn() -> Timestamp,
    entropy: fn(&mut [u8]) -> Result<()>,
    directory: Option<PathBuf>,
    catalogue: Catalogue,
}

impl Store {
    /// Opens the store in a directory, and creates both if they are not there.
    ///
    /// # Errors
    /// As [`StoreOptions::open`].
    pub fn open(directory: impl AsRef<Path>) -> Result<Self> {
        Store::options().open(directory)
    }

    /// Returns the ways to open a store.
    pub fn options() -> StoreOptions {
        StoreOptions::new()
    }

    /// Makes an empty store that lives in memory and vanishes with its last handle.
    ///
    /// # Errors
    /// `Io` if the system gives no random bytes.
    pub fn in_memory() -> Result<Self> {
        Store::options().in_memory()
    }

    /// Returns the directory, if the store has one.
    pub fn directory(&self) -> Option<&Path> {
        self.inner.directory.as_deref()
    }

    /// Makes everything committed so far durable: only of use with [`Durability::Buffered`].
    ///
    /// # Errors
    /// `Indeterminate` if the medium refuses.
    pub fn sync(&self) -> Result<()> {
        self.log().sync()
    }

    /// Begins a batch.
    pub fn batch(&self) -> Batch {
        Batch::new(self.clone())
    }

    /// Reads a content.
    ///
    /// # Errors
    /// `NotFound` if there is none, `Corrupt` if its bytes are damaged.
    pub fn read_content(&self, id: ContentId) -> Result<Arc<[u8]>> {
        self.log().get_content(&id.id())?.map_or_else(|| Err(self.absence(&id.id())?), Ok)
    }

    /// Returns the size of a content in bytes, without reading it; a purged one's too.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub fn content_size(&self, id: ContentId) -> Result<u64> {
        if let Some(size) = self.log().content_size(&id.id())? {
            return Ok(size);
        }
        match self.tombstone(&id.id())?.and_then(|tombstone| tombstone.size) {
            Some(size) => Ok(size),
            None => Err(self.absence(&id.id())?),
        }
    }

    /// Fails if a content is not there, saying why.
    pub(crate) fn require(&self, id: ContentId) -> Result<()> {
        if self.log().contains(&id.id())? { Ok(()) } else { Err(self.absence(&id.id())?) }
    }

    /// Returns the one object that a short id names.
    ///
    /// # Errors
    /// `NotFound` if none matches, `Ambiguous` with the candidates if several do.
    pub fn resolve(&self, prefix: &Prefix) -> Result<ObjectId> {
        let mut candidates = self.log().candidates(prefix, CANDIDATES_MAX + 1)?;
        match candidates.len() {
            0 => Err(Error::not_found(format!("no object {prefix}"))),
            1 => Ok(candidates[0]),
            count => {
                candidates.sort();
                candidates.truncate(CANDIDATES_MAX);
                Err(ambiguous(prefix, &candidates, count > CANDIDATES_MAX))
            }
        }
    }

    /// Returns what a ref names.
    ///
    /// # Errors
    /// `Corrupt` if the refs cannot be read.
    pub fn reference(&self, name: &str) -> Result<Option<ObjectId>> {
        self.log().reference(name)
    }

    /// Returns a page of refs in the order of their names: those that begin with `prefix` and
    /// come after `after`, at most `limit`.
    ///
    /// # Errors
    /// `Corrupt` if the refs cannot be read.
    pub fn references(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, ObjectId)>> {
        self.log().references(prefix, after, limit)
    }

    /// Tells whether a content is there.
    pub(crate) fn holds(&self, id: ContentId) -> Result<bool> {
        self.log().contains(&id.id())
    }

    /// How long this store waits for a lock that somebody else holds.
    pub(crate) fn lock_timeout(&self) -> std::time::Duration {
        self.log().lock_timeout()
    }

    /// Tells whether the store was opened for reading only.
    pub(crate) fn is_read_only(&self) -> bool {
        self.log().is_read_only()
    }

    pub(crate) fn log(&self) -> &Log {
        &self.inner.log
    }

    /// What was derived from this store before.
    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.inner.catalogue
    }

    /// The time by this store's clock.
    pub(crate) fn now(&self) -> Timestamp {
        (self.inner.clock)()
    }

    /// Random bytes that make a session's first operation its own.
    pub(crate) fn nonce(&self) -> Result<[u8; 16]> {
        let mut nonce = [0; 16];
        (self.inner.entropy)(&mut nonce)?;
        Ok(nonce)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Objects for Store {
    fn get_node(&self, id: &ObjectId) -> Result<Option<Arc<Node>>> {
        self.log().get_node(id)
    }

    fn absence(&self, id: &ObjectId) -> Result<Error> {
        Ok(match self.tombstone(id)? {
            Some(tombstone) => Error::new(ErrorKind::Purged, tombstone.to_string()),
            None => Error::not_found(format!("no object {id:.10}")),
        })
    }

    fn is_trimmed(&self, id: &ObjectId) -> Result<bool> {
        // Nothing else takes away what a chain leads to: damage is an error, and not an absence.
        let is_absent = !self.log().contains(id)?;
        Ok(is_absent && !self.references(refs::HORIZON, None, 1)?.is_empty())
    }
}

#[cfg(test)]
mod tests;
