//! Room that is kept so that what frees room can do so on a full disk.
//!
//! Two files of the store's directory that hold nothing. Whatever frees room removes them where the
//! medium has no room left, and makes them again when it is done. Nothing rests on them: they are
//! not synced, and may be missing or cut short.

use std::error::Error as StdError;
use std::io;
use std::sync::atomic::Ordering;

use super::Log;
use super::vfs::Vfs;
use crate::error::{Error, Result};

/// What the copies of a collection may take.
const COPIES: &str = "reserve";
/// What commits may take that free room, once the copies have taken theirs.
const COMMITS: &str = "reserve-commits";

/// Their names, which are no part of the log.
pub(super) const NAMES: [&str; 2] = [COPIES, COMMITS];

/// Bytes written at once, and the least of either file.
const STEP: u64 = 64 << 10;
/// A store of less than this size keeps room for all of it.
const SMALL: u64 = 4 << 20;
/// Of a larger one an eighth is kept, and this much at the most.
const COPIES_MAX: u64 = 32 << 20;
/// The most that is kept for commits: a segment's base frame with its index, and some more.
const COMMITS_MAX: u64 = 1 << 20;

/// What a full disk leaves to do, as errors say it.
const ADVICE: &str = "the disk is full: free room with `gc`, after `trim` where old checkpoints \
                      may go; `refresh` lets go of what the view alone still holds";

/// Work that frees room: while it lasts, commits may take the reserve.
#[derive(Debug)]
pub(crate) struct Freeing<'a>(&'a Log);

impl Drop for Freeing<'_> {
    fn drop(&mut self) {
        let shared = &self.0.shared;
        if shared.freeing.fetch_sub(1, Ordering::AcqRel) == 1
            && shared.spent.swap(false, Ordering::AcqRel)
        {
            self.0.keep_reserve();
        }
    }
}

/// Tells whether a medium has no room left.
pub(crate) fn is_full(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(has_no_room) {
            return true;
        }
        cause = error.source();
    }
    false
}

pub(super) fn has_no_room(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Says what to do where the medium has no room left.
pub(super) fn advised(error: Error) -> Error {
    if is_full(&error) { error.advise(ADVICE) } else { error }
}

impl Log {
    /// Begins work that frees room.
    pub(crate) fn freeing(&self) -> Freeing<'_> {
        self.shared.freeing.fetch_add(1, Ordering::AcqRel);
        Freeing(self)
    }

    /// Does something that is no commit yet, and where there is no room for it again with what is
    /// kept for that.
    pub(super) fn with_reserve<T>(&self, mut work: impl FnMut() -> Result<T>) -> Result<T> {
        loop {
            match work() {
                Err(error) if is_full(&error) && (self.spend_copies() || self.spend(COMMITS)) => {}
                done => return done,
            }
        }
    }

    /// Gives up what is kept for copies; tells whether there was any.
    pub(crate) fn spend_copies(&self) -> bool {
        self.spend(COPIES)
    }

    /// Gives up what is kept for commits, else what is kept for copies; tells whether there was any.
    pub(super) fn spend_commits(&self) -> bool {
        self.spend(COMMITS) || self.spend(COPIES)
    }

    fn spend(&self, name: &str) -> bool {
        let may = self.shared.freeing.load(Ordering::Acquire) > 0;
        let spent = may && self.medium().vfs.remove(name).is_ok();
        if spent {
            self.shared.spent.store(true, Ordering::Release);
        }
        spent
    }

    /// Brings the reserve to the size that fits the store. Only a courtesy: on a medium without room
    /// it stays smaller.
    pub(crate) fn keep_reserve(&self) {
        if !self.shared.options.reserve || self.shared.options.read_only {
            return;
        }
        let stored: u64 = self.segment_lens().iter().map(|(_, len)| len).sum();
        // Powers of two change seldom. All of a small store has its place, and a segment's header.
        let small = (stored + STEP).next_power_of_two().min(SMALL);
        let large = 1 << (stored / 8).clamp(STEP, COPIES_MAX).ilog2();
        let commits = 1 << (stored / 4).clamp(STEP, COMMITS_MAX).ilog2();
        for (name, size) in [(COMMITS, commits), (COPIES, small.max(large))] {
            let _ = fill(&*self.medium().vfs, name, size);
        }
    }
}

/// Brings a file to a size, unless it has more than half of it. Without room for that one that was
/// there stays as it was, and a new one takes half of the room.
fn fill(vfs: &dyn Vfs, name: &str, size: u64) -> io::Result<()> {
    let (file, len) = match vfs.open(name, true) {
        Ok(file) => {
            let len = file.len()?;
            (file, len)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => (vfs.create_new(name)?, 0),
        Err(error) => return Err(error),
    };
    if len > 2 * size {
        return file.cut(size);
    }
    if len > size / 2 {
        return Ok(());
    }
    let mut at = len;
    while at < size {
        let Err(error) = file.write_at(&noise(at), at) else {
            at += STEP;
            continue;
        };
        if len > 0 {
            file.cut(len)?;
        } else {
            drop(file);
            vfs.remove(name)?;
            let half = at / 2 / STEP * STEP;
            if half > 0 && has_no_room(&error) {
                let file = vfs.create_new(name)?;
                for at in (0..half).step_by(STEP as usize) {
                    file.write_at(&noise(at), at)?;
                }
            }
        }
        return Err(error);
    }
    Ok(())
}

/// Bytes that no file system can keep in less room.
fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
    let mut bytes = Vec::with_capacity(STEP as usize);
    while (bytes.len() as u64) < STEP {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes
}
