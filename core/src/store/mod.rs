//! Objects and refs: batches, compare-and-set, checks.

mod batch;
mod caches;
mod catalogue;
mod check;
mod collection;
mod gc;
mod graph;
mod groups;
mod kept;
mod options;
mod progress;
mod purge;
mod reach;
mod recover;
pub(crate) mod refs;
mod removal;
mod rewrite;
mod roots;
mod stats;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "knockouts")]
pub use crate::log::{CheckSite, knock_out};
pub use crate::log::{Durability, Expected, ForkGuard, LockWait, SyncSite, Vfs, VfsFile, VfsLock};
pub use batch::Batch;
use catalogue::Catalogue;
pub(crate) use catalogue::{KnownCount, Listing};
pub use check::{CheckProgress, CheckReport, Fault};
pub use gc::{GcOptions, GcReport};
pub use kept::Kept;
pub(crate) use kept::{Record, line_of};
pub use options::StoreOptions;
pub use progress::{GcProgress, Progress, go_on};
pub use purge::{PurgeOptions, PurgeReport};
pub use recover::{LostVersion, RecoverReport, RecoveredSession, SetBack, UnreadLog};
pub use stats::Stats;

use crate::error::{Error, ErrorKind, Result};
use crate::id::{ContentId, MapId, ObjectId, Prefix, ambiguous};
use crate::limits::CANDIDATES_MAX;
use crate::log::{Freeing, Log};
use crate::map::Map;
use crate::object::{Bytes, Node, Objects, Timestamp, Tombstone, read};

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
    pub fn read_content(&self, id: ContentId) -> Result<Bytes> {
        self.refresh()?;
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

    /// Takes up what others committed. Whoever reads by an id that was learned before asks for this
    /// first: a purge may have come in between, of this process or of another.
    pub(crate) fn refresh(&self) -> Result<()> {
        self.log().refresh()
    }

    /// The maps of what was purged and lost: with these what was derived from bytes goes stale.
    pub(crate) fn erased(&self) -> Result<[Option<ObjectId>; 2]> {
        Ok([self.reference(refs::PURGED)?, self.reference(refs::LOST)?])
    }

    /// Tells whether a content is there.
    pub(crate) fn holds(&self, id: ContentId) -> Result<bool> {
        self.log().contains(&id.id())
    }

    /// Waits for a lock that somebody else holds on a file or directory, as the store's own are
    /// waited for: told, bounded, ended.
    pub(crate) fn wait_for<T>(
        &self,
        doing: &str,
        path: &Path,
        take: &mut dyn FnMut(Duration) -> Result<Option<T>>,
    ) -> Result<T> {
        self.log().wait_for(doing, path, take)
    }

    /// Tells whether the store was opened for reading only.
    pub(crate) fn is_read_only(&self) -> bool {
        self.log().is_read_only()
    }

    pub(crate) fn log(&self) -> &Log {
        &self.inner.log
    }

    /// Begins work that frees room, which on a full disk may take what is kept for that.
    pub(crate) fn freeing(&self) -> Freeing<'_> {
        self.log().freeing()
    }

    /// What was derived from this store before.
    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.inner.catalogue
    }

    /// The time by this store's clock.
    pub(crate) fn now(&self) -> Timestamp {
        (self.inner.clock)()
    }

    /// Returns why an object's bytes are gone, if they were purged or given up for lost.
    pub(crate) fn tombstone(&self, id: &ObjectId) -> Result<Option<Tombstone>> {
        for name in [refs::PURGED, refs::LOST] {
            let map = if name == refs::PURGED {
                self.log().purged()?
            } else {
                Map::new(self.log().reference(refs::LOST)?.map(MapId::new))
            };
            if map.root().is_none() {
                continue;
            }
            if let Some(value) = map.get(self, id.as_bytes())?
                && let Some(tombstone) = value.refs.first()
            {
                return read(self, *tombstone).map(Some);
            }
        }
        Ok(None)
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

    fn missing_map(&self, id: &ObjectId) -> Result<Error> {
        let absence = self.absence(id)?;
        Ok(match absence.kind() {
            ErrorKind::Purged => absence,
            _ => Error::not_found(format!(
                "map node {id:.10} is gone: the state that it was part of was trimmed, deleted or \
                 rewritten, and collected; read the newest state"
            )),
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
