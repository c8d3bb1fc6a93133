//! Bytes on a medium: an append-only log of commits in segments, with its index and its recovery.
//! Knows ids, refs and bytes, not what they mean. `docs/format.md` is its format.

mod block;
mod bulk;
mod cache;
mod check_site;
mod close;
mod commit;
mod copy;
mod damage;
mod disk;
mod encode;
mod entropy;
mod follow;
mod frame;
mod group;
mod head;
mod held;
mod holder;
mod mark;
mod medium;
mod memory;
mod open;
mod payload;
mod prepare;
mod purged;
mod queue;
mod read;
mod replay;
mod reserve;
mod retire;
mod row;
mod salvage;
mod scan;
mod segment;
mod segment_file;
mod snapshot;
mod splice;
mod state;
mod sync;
mod table;
mod tail;
mod texts;
mod vfs;
mod void;
mod wait;
mod zip;

use std::path::Path;
use std::sync::{Arc, PoisonError, atomic};
use std::time::Duration;

#[cfg(feature = "knockouts")]
pub use check_site::{CheckSite, knock_out};
pub(crate) use copy::Copier;
pub(crate) use disk::Disk;
pub(crate) use entropy::system as system_entropy;
pub(crate) use head::LiveSegment;
pub use held::ForkGuard;
pub(crate) use held::Held;
pub(crate) use memory::Memory;
pub(crate) use purged::PURGED;
pub(crate) use reserve::{Freeing, is_full};
pub(crate) use retire::{Retirement, Unretired};
pub(crate) use salvage::{Known, Moves, Salvage, Timeline, lock_out};
pub(crate) use scan::Listed;
pub(crate) use segment::SegmentId;
pub use vfs::{SyncSite, Vfs, VfsFile, VfsLock};
pub use wait::LockWait;
pub(crate) use wait::Patience;
use wait::{Since, lock};

use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::limits::{BULK_BYTES, SEGMENT_BYTES};
use crate::object::{Bytes, Node};
use medium::Medium;
use replay::Tail;
use state::State;
use sync::{AtomicBool, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The file that says what the directory is.
const FORMAT_FILE: &str = "FORMAT";
/// The file whose lock a writer holds.
const LOCK_FILE: &str = "lock";
/// The file whose lock a collection holds: one at a time.
const MAINTENANCE_FILE: &str = "maintenance";

/// The bytes of an object on their way into the log.
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    Node(Arc<Node>),
    Content(Bytes),
}

/// An object on its way into the log. `base` names an earlier object that it resembles: only a
/// hint for compression, which never changes the id.
#[derive(Clone, Debug)]
pub(crate) struct NewObject {
    pub(crate) id: ObjectId,
    pub(crate) payload: Payload,
    pub(crate) base: Option<ObjectId>,
}

/// What a ref must be for its update to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Anything.
    Any,
    /// There must be no such ref.
    Absent,
    /// The ref must name this id.
    Id(ObjectId),
}

#[derive(Clone, Debug)]
pub(crate) struct RefUpdate {
    pub(crate) name: String,
    pub(crate) expected: Expected,
    pub(crate) new: Option<ObjectId>,
}

/// All or nothing: objects and the refs that make them reachable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transaction {
    pub(crate) objects: Vec<NewObject>,
    pub(crate) updates: Vec<RefUpdate>,
}

/// When a commit is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Durability {
    /// When it survives a crash of the process, the kernel or the power.
    #[default]
    Sync,
    /// When it survives a crash of the process; [`Store::sync`](crate::Store::sync) does the rest.
    Buffered,
}

/// How a log is opened.
#[derive(Clone, Debug)]
pub(crate) struct LogOptions {
    pub(crate) durability: Durability,
    pub(crate) read_only: bool,
    pub(crate) create: bool,
    pub(crate) patience: Patience,
    /// Whether room is kept for what frees room.
    pub(crate) reserve: bool,
    pub(crate) segment_bytes: u64,
    pub(crate) bulk_bytes: usize,
    /// Fills a buffer with random bytes.
    pub(crate) entropy: fn(&mut [u8]) -> Result<()>,
}

impl LogOptions {
    pub(crate) fn new(entropy: fn(&mut [u8]) -> Result<()>) -> Self {
        LogOptions {
            durability: Durability::Sync,
            read_only: false,
            create: true,
            patience: Patience::new(Duration::from_secs(30)),
            reserve: false,
            segment_bytes: SEGMENT_BYTES,
            bulk_bytes: BULK_BYTES,
            entropy,
        }
    }
}

/// An open log. Clones are one log; the last one leaves the marker of closing.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    medium: Medium,
    options: LogOptions,
    state: RwLock<State>,
    /// Held by whoever replays or writes.
    tail: Mutex<Tail>,
    /// Whether the tail's holder also holds the writer lock, and is past taking up what others
    /// wrote.
    writing: AtomicBool,
    queue: queue::Queue,
    /// Whether the tail's holder writes commits that free room, and may take of the reserve.
    spending: AtomicBool,
    /// The work under way that frees room.
    freeing: std::sync::Mutex<reserve::Work>,
    /// Whether the log has grown since the reserve was looked at.
    grown: atomic::AtomicBool,
}

impl Log {
    /// Returns how often segments were retired since the log was opened.
    pub(crate) fn retirements(&self) -> u64 {
        self.medium().retirements()
    }

    /// Returns the store's uuid, which every segment's header has.
    pub(crate) fn store_uuid(&self) -> [u8; 16] {
        self.state().current_segment().header.store
    }

    /// Waits for a lock beside the log's own, on a file or directory.
    pub(crate) fn wait_for<T>(
        &self,
        doing: &str,
        path: &Path,
        take: &mut dyn FnMut(Duration) -> Result<Option<T>>,
    ) -> Result<T> {
        let holder = || holder::of(path);
        self.shared.options.patience.wait_for(Since::now(), doing, &holder, take)?.held()
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.shared.options.read_only
    }

    fn medium(&self) -> &Medium {
        &self.shared.medium
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.shared.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.shared.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.shared.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> Result<Box<dyn VfsLock>> {
        lock(&*self.medium().vfs, LOCK_FILE, &self.shared.options.patience)
    }

    /// Returns a ref. Looks first for what other processes have committed.
    pub(crate) fn reference(&self, name: &str) -> Result<Option<ObjectId>> {
        self.refresh()?;
        self.known_reference(name)
    }

    /// Returns the root of the refs' own map, as of the last snapshot.
    pub(crate) fn refs_root(&self) -> Option<ObjectId> {
        self.state().refs.root().map(|root| root.id())
    }

    fn known_reference(&self, name: &str) -> Result<Option<ObjectId>> {
        let refs = {
            let state = self.state();
            if let Some(damage) = state.doubt(Some(name)) {
                return Err(damage
                    .error()
                    .context(format!("ref {name:?} is not known for certain")));
            }
            if let Some(id) = state.updates.get(name) {
                return Ok(*id);
            }
            state.refs
        };
        match refs.get(self, name.as_bytes())? {
            None => Ok(None),
            Some(value) => named(&value.refs).map(Some),
        }
    }

    /// Returns refs whose name begins with `prefix` and is greater than `after`, in order.
    pub(crate) fn references(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, ObjectId)>> {
        use std::ops::Bound;
        self.refresh()?;
        let from = after.filter(|after| *after >= prefix);
        let from = from.map_or(Bound::Included(prefix), Bound::Excluded);
        let within = |name: &str| name.starts_with(prefix);
        let (refs, updates) = {
            let state = self.state();
            if let Some(damage) = state.doubt(None) {
                return Err(damage.error().context("the refs are not known for certain"));
            }
            let updates = state.updates.range::<str, _>((from, Bound::Unbounded));
            let updates: Vec<_> = updates
                .take_while(|(name, _)| within(name))
                .map(|(name, id)| (name.clone(), *id))
                .collect();
            (state.refs, updates)
        };
        let mut rows = Vec::new();
        let mut updates = updates.into_iter().peekable();
        let from = match from {
            Bound::Excluded(name) => Bound::Excluded(name.as_bytes()),
            _ => Bound::Included(prefix.as_bytes()),
        };
        let mut stored = refs.range(self, from, Bound::Unbounded).peekable();
        while rows.len() < limit {
            let next = match stored.peek() {
                Some(Ok((key, _))) if key.starts_with(prefix.as_bytes()) => Some(key.clone()),
                Some(Err(_)) => None,
                _ => {
                    rows.extend(updates.by_ref().filter_map(|(name, id)| Some((name, id?))));
                    rows.truncate(limit);
                    break;
                }
            };
            let earlier = updates.next_if(|(name, _)| {
                next.as_ref().is_some_and(|key| name.as_bytes() <= key.as_slice())
            });
            if let Some((name, id)) = earlier {
                if next.is_some_and(|key| key == name.as_bytes()) {
                    stored.next();
                }
                rows.extend(id.map(|id| (name, id)));
                continue;
            }
            if let Some(row) = stored.next() {
                let (key, value) = row?;
                let name = String::from_utf8(key)
                    .map_err(|_| Error::corrupt("a ref's name is not UTF-8"))?;
                rows.push((name, named(&value.refs)?));
            }
        }
        Ok(rows)
    }
}

fn named(refs: &[ObjectId]) -> Result<ObjectId> {
    refs.first().copied().ok_or_else(|| Error::corrupt("a ref that names nothing"))
}

impl Drop for Log {
    fn drop(&mut self) {
        if Arc::strong_count(&self.shared) == 1 {
            self.close();
        }
    }
}

#[cfg(test)]
mod tests;
