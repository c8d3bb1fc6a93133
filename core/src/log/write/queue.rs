//! Threads that commit at the same time: one leads, and takes the others along.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use crate::error::{Error, ErrorKind};
use crate::log::vfs::sync::{Mutex, MutexGuard};
use crate::log::write::item::Item;

/// Bytes that one group of commits may take.
pub(crate) const COMMIT_GROUP_BYTES_MAX: usize = 8 << 20;

/// Commits waiting for the thread that leads.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    inner: Mutex<Waiting>,
}

#[derive(Debug, Default)]
pub(crate) struct Waiting {
    pub(crate) waiting: Vec<Arc<Item>>,
    /// Whether one of them leads.
    pub(crate) led: bool,
}

impl Queue {
    pub(crate) fn inner(&self) -> MutexGuard<'_, Waiting> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_waiting(&self, inner: &Waiting, item: &Arc<Item>) -> bool {
        inner.waiting.iter().any(|waiting| Arc::ptr_eq(waiting, item))
    }

    /// Returns when the one began to wait that has waited for longest.
    pub(crate) fn oldest(&self) -> Option<Instant> {
        self.inner().waiting.iter().map(|waiting| waiting.begun).min()
    }

    /// Takes what waits, as much as goes together. What frees room goes without the rest: it may
    /// take of the reserve.
    pub(crate) fn take(&self) -> Vec<Arc<Item>> {
        let mut inner = self.inner();
        let mut taken = 0;
        let mut size = 0;
        for waiting in &inner.waiting {
            size += waiting.size;
            if taken > 0
                && (size > COMMIT_GROUP_BYTES_MAX || waiting.frees != inner.waiting[0].frees)
            {
                break;
            }
            taken += 1;
        }
        inner.waiting.drain(..taken).collect()
    }

    /// Takes those of which something holds.
    pub(crate) fn take_those(&self, holds: impl Fn(&Arc<Item>) -> bool) -> Vec<Arc<Item>> {
        self.inner().waiting.extract_if(.., |waiting| holds(waiting)).collect()
    }
}

/// The group that a thread leads. When it is done, or has panicked, its members learn what came of
/// it, and the next thread is woken to lead.
pub(crate) struct Leading<'a> {
    pub(crate) queue: &'a Queue,
    pub(crate) items: Vec<Arc<Item>>,
}

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        for item in &self.items {
            let mut outcome = item.outcome();
            if outcome.is_none() {
                let message = "the thread that committed for others panicked; reopen the store";
                *outcome = Some(Err(Error::new(ErrorKind::Indeterminate, message)));
            }
        }
        let mut inner = self.queue.inner();
        inner.led = false;
        let next = inner.waiting.first().cloned();
        drop(inner);
        for item in next.iter().chain(&self.items) {
            item.turn.notify_one();
        }
    }
}
