//! How a store is opened.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::catalogue::{Catalogue, Place};
use super::{Inner, Store};
use crate::error::Result;
use crate::log::{Disk, Durability, LockWait, Log, LogOptions, Memory, Vfs, system_entropy};
use crate::object::Timestamp;

/// How a store is opened: durable, writable and created where it is missing, unless told otherwise.
///
/// ```
/// use partita::{Durability, Store};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("store");
/// let store = Store::options().durability(Durability::Buffered).open(&path)?;
/// store.session("fix-parser")?.write("src/lib.rs", "fn main() {}")?;
/// store.sync()?; // now it also survives a power cut
/// let reader = Store::options().read_only(true).open(&path)?;
/// assert_eq!(reader.open_session("fix-parser")?.read("src/lib.rs")?, b"fn main() {}");
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct StoreOptions {
    pub(super) log: LogOptions,
    pub(super) clock: fn() -> Timestamp,
    /// None: unless it is opened for reading only.
    catalogue: Option<bool>,
    /// None: where the store has a directory.
    reserve: Option<bool>,
}

impl StoreOptions {
    pub(super) fn new() -> Self {
        StoreOptions {
            log: LogOptions::new(system_entropy),
            clock: || SystemTime::now().into(),
            catalogue: None,
            reserve: None,
        }
    }

    /// Sets when a commit is acknowledged; [`Durability::Sync`] unless told otherwise.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.log.durability = durability;
        self
    }

    /// Opens for reading only: nothing is ever written, not even a lock, unless
    /// [`catalogue`](Self::catalogue) is asked for too.
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.log.read_only = read_only;
        self
    }

    /// Sets whether the catalogue is used, in the directory `catalogue` of the store's: counts of
    /// tokens and the like, derived once and kept. It is, unless the store is opened for reading
    /// only. Where it cannot be had (another process has it, the directory cannot be written, it
    /// is damaged) each answer is derived anew; nothing waits, and no answer differs.
    #[must_use]
    pub fn catalogue(mut self, catalogue: bool) -> Self {
        self.catalogue = Some(catalogue);
        self
    }

    /// Sets whether room is kept beside the store, so that [`gc`](Store::gc), a purge and a trim can
    /// free room on a disk that is full: as much as the store has, rounded up, to 4 MiB; an eighth of it
    /// beyond 32 MiB; and 33 MiB at the most. It is where the store has a directory, unless told otherwise.
    #[must_use]
    pub fn reserve(mut self, reserve: bool) -> Self {
        self.reserve = Some(reserve);
        self
    }

    /// Sets whether a store that is not there is created; it is, unless told otherwise.
    #[must_use]
    pub fn create(mut self, create: bool) -> Self {
        self.log.create = create;
        self
    }

    /// Sets how long a commit waits for another process's, and a collection for another; 30 seconds
    /// unless told otherwise. Then it fails with `Busy`.
    #[must_use]
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.log.patience.timeout = timeout;
        self
    }

    /// Sets who is told, ten times a second, that a thread waits for another process; `Break` ends
    /// the wait with `Busy`, and nothing was changed. It is called by the thread that waits.
    ///
    /// ```
    /// use std::{ops::ControlFlow, time::Duration};
    /// use partita::Store;
    /// use partita::upkeep::LockWait;
    /// let options = Store::options().on_wait(|wait: &LockWait<'_>| {
    ///     match wait.waited() > Duration::from_secs(5) {
    ///         true => ControlFlow::Break(()), // or a flag that a signal set
    ///         false => ControlFlow::Continue(()),
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn on_wait(
        mut self,
        on_wait: impl Fn(&LockWait<'_>) -> ControlFlow<()> + Send + Sync + 'static,
    ) -> Self {
        self.log.patience.tell(on_wait);
        self
    }

    /// Sets the bytes at which a segment gives way to the next; [`SEGMENT_BYTES`] unless told
    /// otherwise. For tests.
    ///
    /// [`SEGMENT_BYTES`]: crate::limits::SEGMENT_BYTES
    #[must_use]
    pub fn segment_bytes(mut self, bytes: u64) -> Self {
        self.log.segment_bytes = bytes.min(1 << 30);
        self
    }

    /// Sets the stored bytes from which a batch goes into a segment of its own; [`BULK_BYTES`]
    /// unless told otherwise. For tests.
    ///
    /// [`BULK_BYTES`]: crate::limits::BULK_BYTES
    #[must_use]
    pub fn bulk_bytes(mut self, bytes: usize) -> Self {
        self.log.bulk_bytes = bytes.min(crate::limits::BULK_BYTES);
        self
    }

    /// Sets the clock that operations are dated by; the system's unless told otherwise.
    #[must_use]
    pub fn clock(mut self, clock: fn() -> Timestamp) -> Self {
        self.clock = clock;
        self
    }

    /// Sets where random bytes come from; the operating system unless told otherwise.
    #[must_use]
    pub fn entropy(mut self, entropy: fn(&mut [u8]) -> Result<()>) -> Self {
        self.log.entropy = entropy;
        self
    }

    /// Opens the store in a directory.
    ///
    /// # Errors
    /// `NotFound` if there is none and it is not to be created; `Invalid` if the path is a file or
    /// a directory of other files; `Unsupported` if it is newer than this library; `Corrupt` if
    /// what is needed to begin is damaged or missing; `Io` if the system refuses.
    pub fn open(self, directory: impl AsRef<Path>) -> Result<Store> {
        let directory = directory.as_ref();
        let vfs = Arc::new(Disk::new(directory));
        self.open_at(vfs, Some(directory.to_owned()))
            .map_err(|error| error.context(format!("store {}", directory.display())))
    }

    /// Opens a store over a file layer of the caller's own, for tests.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_vfs(self, vfs: Arc<dyn Vfs>) -> Result<Store> {
        self.open_at(vfs, None)
    }

    pub(crate) fn in_memory(self) -> Result<Store> {
        self.open_at(Arc::new(Memory::default()), None)
    }

    fn open_at(mut self, vfs: Arc<dyn Vfs>, directory: Option<PathBuf>) -> Result<Store> {
        self.log.reserve = self.reserve.unwrap_or(directory.is_some());
        let entropy = self.log.entropy;
        let is_writable = !self.log.read_only;
        let has_catalogue = self.catalogue.unwrap_or(is_writable);
        let log = Log::open(vfs, self.log)?;
        let place = directory.as_deref().filter(|_| has_catalogue || is_writable);
        let place = place.map(|directory| Place::new(directory, log.store_uuid(), entropy));
        let catalogue = Catalogue::new(place, has_catalogue);
        let inner = Inner { log, clock: self.clock, entropy, directory, catalogue };
        Ok(Store { inner: Arc::new(inner) })
    }
}
