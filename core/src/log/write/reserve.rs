//! Room that is kept so that what frees room can do so on a full disk.
//!
//! Two files of the store's directory that hold nothing. Whatever frees room removes them where the
//! medium has no room left, and makes them again when it is done. Nothing rests on them: they are
//! not synced, and may be missing or cut short.
//!
//! The permission to take of them goes with the work. The thread that frees room has it, and each
//! commit on its way carries whether it is of such work, whichever thread writes it.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::log::vfs::VfsFile;
use crate::log::vfs::wait::LOCK_FILE;
use crate::log::write::handle::Log;
use crate::log::write::room::{STEP, Work, fill, has_no_room, is_full};

/// What the copies of a collection may take.
const COPIES: &str = "reserve";
/// What commits may take that free room, once the copies have taken theirs.
const COMMITS: &str = "reserve-commits";

/// Their names, which are no part of the log.
pub(crate) const NAMES: [&str; 2] = [COPIES, COMMITS];

/// A store of less than this size keeps room for all of it.
const SMALL: u64 = 4 << 20;
/// Of a larger one an eighth is kept, and this much at the most.
const COPIES_MAX: u64 = 32 << 20;
/// The most that is kept for commits: a segment's base frame with its index, and some more.
const COMMITS_MAX: u64 = 1 << 20;

/// How long other writers may wait while the reserve is made.
const FILL_TIME_MAX: Duration = Duration::from_millis(100);

/// Work that frees room: while it lasts, its thread's commits may take the reserve.
#[derive(Debug)]
pub(crate) struct Freeing<'a> {
    log: &'a Log,
    thread: ThreadId,
}

impl Drop for Freeing<'_> {
    fn drop(&mut self) {
        let mut work = self.log.work();
        if let Some(at) = work.threads.iter().rposition(|thread| *thread == self.thread) {
            work.threads.swap_remove(at);
        }
        let is_due = work.threads.is_empty() && std::mem::take(&mut work.is_due);
        drop(work);
        if is_due {
            self.log.keep_reserve();
        }
    }
}

impl Log {
    fn work(&self) -> MutexGuard<'_, Work> {
        self.shared.freeing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins work that frees room, on this thread.
    pub(crate) fn freeing(&self) -> Freeing<'_> {
        let thread = thread::current().id();
        self.work().threads.push(thread);
        Freeing { log: self, thread }
    }

    /// Tells whether what this thread does frees room.
    pub(crate) fn is_freeing(&self) -> bool {
        self.work().threads.contains(&thread::current().id())
    }

    /// Does something that is no commit yet, and where there is no room for it again with what is
    /// kept for that, if it frees room.
    pub(crate) fn with_reserve<T>(
        &self,
        frees: bool,
        mut work: impl FnMut() -> Result<T>,
    ) -> Result<T> {
        loop {
            match work() {
                Err(error)
                    if frees && is_full(&error) && (self.spend(COPIES) || self.spend(COMMITS)) => {}
                done => return done,
            }
        }
    }

    /// Writes at the tail, and where there is no room for it again with what is kept for commits, else
    /// with what is kept for copies, if whoever holds the tail frees room.
    pub(crate) fn write_with_reserve(
        &self,
        file: &dyn VfsFile,
        bytes: &[u8],
        offset: u64,
    ) -> io::Result<()> {
        let frees = self.shared.spending.load(Ordering::Acquire);
        loop {
            match file.write_at(bytes, offset) {
                Err(error)
                    if frees
                        && has_no_room(&error)
                        && (self.spend(COMMITS) || self.spend(COPIES)) => {}
                done => return done,
            }
        }
    }

    /// Gives up what is kept for copies, if this thread frees room; tells whether there was any.
    pub(crate) fn spend_copies(&self) -> bool {
        self.is_freeing() && self.spend(COPIES)
    }

    fn spend(&self, name: &str) -> bool {
        let is_spent = self.medium().vfs.remove(name).is_ok();
        if is_spent {
            self.work().is_due = true;
        }
        is_spent
    }

    /// Brings the reserve to the size that fits the store. Only a courtesy: on a medium without room
    /// it stays smaller, and while others write it is left to the next commit.
    pub(crate) fn keep_reserve(&self) {
        if !self.options.reserve || self.options.read_only {
            return;
        }
        {
            // The room that there is belongs to the work, and whatever it leaves comes back after it.
            let mut work = self.work();
            if !work.threads.is_empty() {
                work.is_due = true;
                return;
            }
        }
        let vfs = &*self.medium().vfs;
        // While it is made it may take all room there is: no commit is to meet that.
        let Ok(Some(_lock)) = vfs.lock(LOCK_FILE, Duration::ZERO) else {
            self.shared.grown.store(true, Ordering::Release);
            return;
        };
        let stored: u64 = self.segment_lens().iter().map(|(_, len)| len).sum();
        // Powers of two change seldom. All of a small store has its place, and a segment's header.
        let small = (stored + STEP).next_power_of_two().min(SMALL);
        let large = 1 << (stored / 8).clamp(STEP, COPIES_MAX).ilog2();
        let commits = 1 << (stored / 4).clamp(STEP, COMMITS_MAX).ilog2();
        let end = Instant::now() + FILL_TIME_MAX;
        for (name, size) in [(COMMITS, commits), (COPIES, small.max(large))] {
            let _ = fill(vfs, name, size, end);
        }
    }
}
