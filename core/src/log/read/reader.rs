//! What a handle knows of the log, and the locks that its threads meet at.

use std::sync::{Arc, PoisonError};

use crate::log::options::LogOptions;
use crate::log::read::medium::Medium;
use crate::log::read::state::State;
use crate::log::read::tail::Tail;
use crate::log::vfs::Vfs;
use crate::log::vfs::sync::{
    AtomicBool, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard,
};

/// Answers from the frames that it knows, and takes up those that come. Writes nothing.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) medium: Medium,
    pub(crate) options: LogOptions,
    pub(crate) state: RwLock<State>,
    /// Held by whoever replays or writes.
    pub(crate) tail: Mutex<Tail>,
    /// Whether the tail's holder also holds the writer lock, and is past taking up what others
    /// wrote.
    pub(crate) writing: AtomicBool,
}

impl Reader {
    pub(crate) fn new(vfs: Arc<dyn Vfs>, options: LogOptions, state: State, tail: Tail) -> Self {
        Reader {
            medium: Medium::new(vfs),
            options,
            state: RwLock::new(state),
            tail: Mutex::new(tail),
            writing: AtomicBool::new(false),
        }
    }

    /// Returns how often segments were retired since the log was opened.
    pub(crate) fn retirements(&self) -> u64 {
        self.medium.retirements()
    }

    /// Returns the store's uuid, which every segment's header has.
    pub(crate) fn store_uuid(&self) -> [u8; 16] {
        self.state().current_segment().header.store
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.options.read_only
    }

    pub(crate) fn medium(&self) -> &Medium {
        &self.medium
    }

    pub(crate) fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
