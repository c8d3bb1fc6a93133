//! Objects and refs: batches, compare-and-set, checks.

mod batch;

use std::sync::Arc;
use std::time::SystemTime;

pub use crate::log::Expected;
pub use batch::Batch;

use crate::error::{Error, Result};
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
}

impl Store {
    /// Makes an empty store that lives in memory and vanishes with its last handle.
    ///
    /// # Errors
    /// None today; the signature is that of the other ways to open.
    pub fn in_memory() -> Result<Self> {
        let inner = Inner { log: Log::default(), clock: || SystemTime::now().into() };
        Ok(Store { inner: Arc::new(inner) })
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
        self.log()
            .get_content(&id.id())?
            .ok_or_else(|| Error::not_found(format!("no content {id:.10}")))
    }

    /// Returns the size of a content in bytes, without reading it.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub fn content_size(&self, id: ContentId) -> Result<u64> {
        self.log()
            .content_size(&id.id())?
            .ok_or_else(|| Error::not_found(format!("no content {id:.10}")))
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

    /// Returns the directory of the store; none for one that lives in memory.
    pub fn directory(&self) -> Option<&std::path::Path> {
        None
    }

    pub(crate) fn log(&self) -> &Log {
        &self.inner.log
    }

    /// The time by this store's clock.
    pub(crate) fn now(&self) -> Timestamp {
        (self.inner.clock)()
    }

    /// Random bytes that make a session's first operation its own.
    pub(crate) fn nonce(&self) -> [u8; 16] {
        let mut nonce = [0; 16];
        for half in nonce.chunks_mut(8) {
            use std::hash::{BuildHasher, Hasher};
            let state = std::collections::hash_map::RandomState::new();
            half.copy_from_slice(&state.build_hasher().finish().to_le_bytes());
        }
        nonce
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
}
