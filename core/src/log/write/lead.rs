//! The thread that leads: it takes the locks, and writes for all that wait.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use crate::error::{Error, ErrorKind, Result};
use crate::log::format::segment::FRAMES_FROM;
use crate::log::read::tail::Tail;
use crate::log::vfs::VfsLock;
use crate::log::vfs::sync::MutexGuard;
use crate::log::vfs::wait::{EVERY, LOCK_FILE, Since, Taken, take};
use crate::log::write::group::Building;
use crate::log::write::handle::Log;
use crate::log::write::item::Item;
use crate::log::write::queue::{Leading, Waiting};

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

/// The tail in the hands of whoever holds the writer lock too. Of one that ends in a panic nobody
/// knows what it wrote: then nothing more is written until the store is opened anew.
struct Writing<'a> {
    log: &'a Log,
    tail: MutexGuard<'a, Tail>,
    ended: bool,
}

impl<'a> Writing<'a> {
    fn begin(log: &'a Log, frees: bool) -> Self {
        let tail = log.tail();
        log.shared.spending.store(frees, Ordering::Release);
        Writing { log, tail, ended: false }
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.tail.poisoned = Some("a thread panicked while it wrote".into());
        }
        self.log.writing.store(false, Ordering::Release);
        self.log.shared.spending.store(false, Ordering::Release);
    }
}

/// How far an item of a group came.
enum Step {
    /// No frame holds it.
    Refused(Error),
    /// It is in a frame that may have been written.
    Encoded,
    /// It is committed.
    Written,
}

fn note_written(steps: &mut [Step]) {
    for step in steps {
        if matches!(step, Step::Encoded) {
            *step = Step::Written;
        }
    }
}

/// What the members of a group are told that its leader never came to: there are none.
fn unreached() -> Error {
    Error::new(ErrorKind::Indeterminate, "the commit was not led to its end; reopen the store")
}

impl Log {
    pub(crate) fn queue_up(&self, item: Arc<Item>) -> Result<()> {
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
    pub(crate) fn lead_group(&self, items: &[Arc<Item>]) {
        self.shared.queue.inner().waiting.extend_from_slice(items);
        self.lead_as(&items[0]);
    }

    /// Leads what waits, as the thread of an item does.
    #[cfg(all(test, not(feature = "shuttle")))]
    pub(crate) fn lead_as(&self, item: &Arc<Item>) {
        let queue = &self.shared.queue;
        self.lead(Leading { queue, items: Vec::new() }, item);
    }

    /// Returns how many commits wait in the queue.
    #[cfg(all(test, not(feature = "shuttle")))]
    pub(crate) fn queued(&self) -> usize {
        self.shared.queue.inner().waiting.len()
    }

    /// Waits for the thread that leads; where somebody is to be told of waits, not for ever.
    fn wait_for_leader<'a>(
        &'a self,
        inner: MutexGuard<'a, Waiting>,
        item: &Arc<Item>,
    ) -> Result<MutexGuard<'a, Waiting>> {
        let (queue, patience) = (&self.shared.queue, &self.options.patience);
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
    fn leave_queue(&self, mut inner: MutexGuard<'_, Waiting>, item: &Arc<Item>) {
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

    /// Takes the lock, then commits what waits by then, and tells each what came of it. Where the lock
    /// cannot be had, that concerns whoever has waited for long enough, or the leader alone.
    pub(crate) fn lead(&self, mut group: Leading<'_>, own: &Arc<Item>) {
        let patience = &self.options.patience;
        let since = Since { begun: own.begun, first: group.queue.oldest().unwrap_or(own.begun) };
        let taken = take(&*self.medium().vfs, LOCK_FILE, patience, since);
        group.items = match &taken {
            Ok(Taken::Held(_)) => group.queue.take(),
            Ok(Taken::Late(_)) => {
                group.queue.take_those(|item| item.begun.elapsed() >= patience.timeout)
            }
            Ok(Taken::Ended(_)) | Err(_) => group.queue.take_those(|item| Arc::ptr_eq(item, own)),
        };
        let mut steps = Vec::with_capacity(group.items.len());
        let frees = group.items.first().is_some_and(|item| item.frees);
        let failed = taken.and_then(Taken::held).and_then(|lock| {
            self.writing_under(lock, frees, |tail| {
                self.lead_writing(tail, &group.items, &mut steps)
            })
        });
        let failed = failed.err();
        for (at, item) in group.items.iter().enumerate() {
            let outcome = match (steps.get(at), &failed) {
                (Some(Step::Written), _) | (Some(Step::Encoded), None) => Ok(()),
                // It may have been written all the same.
                (Some(Step::Encoded), Some(error)) => Err(error.again()),
                (Some(Step::Refused(error)), _) => Err(error.again()),
                (None, error) => Err(error.as_ref().map_or_else(unreached, Error::again)),
            };
            if !matches!(steps.get(at), Some(Step::Written | Step::Encoded)) {
                self.discard_attached(item);
            }
            *item.outcome() = Some(outcome);
        }
    }

    pub(crate) fn discard_attached(&self, item: &Item) {
        for segment in &item.attached {
            // No frame names the file; if it stays, gc finds it.
            let _ = self.medium().vfs.remove(&segment.id.path());
        }
    }

    /// Does something at the tail while nobody else writes.
    pub(crate) fn under_lock<T>(&self, work: impl FnOnce(&mut Tail) -> Result<T>) -> Result<T> {
        self.writing_under(self.lock()?, self.is_freeing(), work)
    }

    fn writing_under<T>(
        &self,
        _lock: Box<dyn VfsLock>,
        frees: bool,
        work: impl FnOnce(&mut Tail) -> Result<T>,
    ) -> Result<T> {
        let mut writing = Writing::begin(self, frees);
        let outcome = work(&mut writing.tail);
        writing.ended = true;
        outcome
    }

    /// Notes for each item how far it came.
    fn lead_writing(
        &self,
        tail: &mut Tail,
        items: &[Arc<Item>],
        steps: &mut Vec<Step>,
    ) -> Result<()> {
        self.make_ready(tail)?;
        let mut group = Building::new(tail);
        for item in items {
            let room = self.options.segment_bytes.saturating_sub(group.offset);
            if item.size as u64 > room && group.offset > FRAMES_FROM + (1 << 10) {
                self.write(tail, &mut group)?;
                note_written(steps);
                if tail.end > FRAMES_FROM + (1 << 10) {
                    self.rotate(tail)?;
                    self.make_ready(tail)?;
                }
                group = Building::new(tail);
            }
            let outcome = self.check_updates(&group, &item.updates);
            let outcome = outcome.and_then(|()| self.encode(tail, &mut group, item));
            steps.push(outcome.map_or_else(Step::Refused, |()| Step::Encoded));
        }
        self.write(tail, &mut group)?;
        note_written(steps);
        Ok(())
    }
}
