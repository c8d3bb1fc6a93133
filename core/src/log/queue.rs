//! Threads that commit at the same time: one leads, and takes the others along.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use super::Log;
use super::commit::Item;
use super::sync::{Mutex, MutexGuard};
use super::wait::EVERY;
use crate::error::{Error, ErrorKind, Result};

/// Bytes that one group of commits may take.
pub(super) const GROUP_BYTES_MAX: usize = 8 << 20;

/// Commits waiting for the thread that leads.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    inner: Mutex<QueueInner>,
}

#[derive(Debug, Default)]
struct QueueInner {
    waiting: Vec<Arc<Item>>,
    led: bool,
}

impl Queue {
    fn inner(&self) -> MutexGuard<'_, QueueInner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_waiting(&self, inner: &QueueInner, item: &Arc<Item>) -> bool {
        inner.waiting.iter().any(|waiting| Arc::ptr_eq(waiting, item))
    }

    /// Returns when the one began to wait that has waited for longest.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.inner().waiting.iter().map(|waiting| waiting.begun).min()
    }

    /// Takes what waits, as much as goes together. What frees room goes without the rest: it may
    /// take of the reserve.
    pub(super) fn take(&self) -> Vec<Arc<Item>> {
        let mut inner = self.inner();
        let mut taken = 0;
        let mut size = 0;
        for waiting in &inner.waiting {
            size += waiting.size;
            if taken > 0 && (size > GROUP_BYTES_MAX || waiting.frees != inner.waiting[0].frees) {
                break;
            }
            taken += 1;
        }
        inner.waiting.drain(..taken).collect()
    }

    /// Takes those of which something holds.
    pub(super) fn take_those(&self, holds: impl Fn(&Arc<Item>) -> bool) -> Vec<Arc<Item>> {
        self.inner().waiting.extract_if(.., |waiting| holds(waiting)).collect()
    }
}

/// An item in the queue, for as long as its thread is there. A thread that leaves, or panics in what
/// it calls while it waits, takes its item along, and wakes the next to lead if nobody does.
struct Queued<'a> {
    log: &'a Log,
    item: &'a Arc<Item>,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.log.leave_queue(self.log.shared.queue.inner(), self.item);
    }
}

/// The group that a thread leads. When it is done, or has panicked, its members learn what came of
/// it, and the next thread is woken to lead.
pub(super) struct Leading<'a> {
    pub(super) queue: &'a Queue,
    pub(super) items: Vec<Arc<Item>>,
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

impl Log {
    pub(super) fn queue_up(&self, item: Arc<Item>) -> Result<()> {
        let queue = &self.shared.queue;
        queue.inner().waiting.push(item.clone());
        let _queued = Queued { log: self, item: &item };
        let mut inner = queue.inner();
        loop {
            if let Some(outcome) = item.outcome().take() {
                return outcome;
            }
            if inner.led {
                inner = self.wait_for_leader(inner, &item)?;
                continue;
            }
            inner.led = true;
            drop(inner);
            self.lead(Leading { queue, items: Vec::new() }, &item);
            inner = queue.inner();
        }
    }

    /// Commits items as one group, as if their threads had come at once.
    #[cfg(all(test, not(feature = "shuttle")))]
    pub(super) fn lead_group(&self, items: &[Arc<Item>]) {
        self.shared.queue.inner().waiting.extend_from_slice(items);
        self.lead_as(&items[0]);
    }

    /// Leads what waits, as the thread of an item does.
    #[cfg(all(test, not(feature = "shuttle")))]
    pub(super) fn lead_as(&self, item: &Arc<Item>) {
        let queue = &self.shared.queue;
        self.lead(Leading { queue, items: Vec::new() }, item);
    }

    /// Returns how many commits wait in the queue.
    #[cfg(all(test, not(feature = "shuttle")))]
    pub(super) fn queued(&self) -> usize {
        self.shared.queue.inner().waiting.len()
    }

    /// Waits for the thread that leads; where somebody is to be told of waits, not for ever.
    fn wait_for_leader<'a>(
        &'a self,
        inner: MutexGuard<'a, QueueInner>,
        item: &Arc<Item>,
    ) -> Result<MutexGuard<'a, QueueInner>> {
        let (queue, patience) = (&self.shared.queue, &self.shared.options.patience);
        if !patience.is_told() {
            return Ok(item.turn.wait(inner).unwrap_or_else(PoisonError::into_inner));
        }
        let waited = item.turn.wait_timeout(inner, EVERY);
        let (inner, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        // One that was taken has its leader at work under the lock: what came of it comes soon.
        if !timeout.timed_out() || !queue.is_waiting(&inner, item) {
            return Ok(inner);
        }
        drop(inner);
        let asked = patience.ask(&*self.medium().vfs, item.begun);
        let inner = queue.inner();
        match asked {
            Err(error) if queue.is_waiting(&inner, item) => {
                self.leave_queue(inner, item);
                Err(error)
            }
            _ => Ok(inner),
        }
    }

    /// Takes an item that still waits out of the queue. The next one may lead, where nobody does.
    fn leave_queue(&self, mut inner: MutexGuard<'_, QueueInner>, item: &Arc<Item>) {
        if !self.shared.queue.is_waiting(&inner, item) {
            return;
        }
        inner.waiting.retain(|waiting| !Arc::ptr_eq(waiting, item));
        let next = inner.waiting.first().filter(|_| !inner.led).cloned();
        drop(inner);
        if let Some(next) = next {
            next.turn.notify_one();
        }
        self.discard_attached(item);
    }
}
