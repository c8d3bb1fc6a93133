//! One dies, the others live on: a process is killed, or one of its calls fails, while others have
//! the store open with what they had read before.
//!
//! A product: every [`End`] of the log, every [`Victim`], every call of what it does, every
//! [`Fault`](crate::vfs::Fault), the survivors in two orders, with a fresh process between them or without, and reading
//! at the very moment or not. What was acknowledged is there for all of them, at once and
//! afterwards; nobody stays behind; `check` finds nothing.

mod cell;
mod product;
mod scene;

pub use cell::{Cell, run};
pub use product::{Density, Tally, caught, product, table};

use crate::crash::Workload;
use crate::random::Random;
use partita::{Store, StoreOptions};

/// What stands at the end of the log when the victim comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum End {
    /// The last frame, and the end of the file.
    Frame,
    /// Zeros, written ahead.
    Zeros,
    /// The beginning of a frame, whose writer was killed.
    Noise,
    /// The marker that closing left.
    Close,
    /// The marker of a successor, which the survivors have not seen yet.
    Seal,
}

impl End {
    /// Every end.
    pub const ALL: [End; 5] = [End::Frame, End::Zeros, End::Noise, End::Close, End::Seal];
}

/// What the victim does when it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Victim {
    /// A commit that fits.
    Commit,
    /// A commit for which the segment has no room.
    Rotation,
    /// A collection.
    Gc,
    /// A purge.
    Purge,
    /// A recovery, of a store that is damaged where nobody needs it.
    Recover,
    /// Closing, after a commit.
    Close,
}

impl Victim {
    /// Every victim.
    pub const ALL: [Victim; 6] = [
        Victim::Commit,
        Victim::Rotation,
        Victim::Gc,
        Victim::Purge,
        Victim::Recover,
        Victim::Close,
    ];
}

/// What a survivor does afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survivor {
    /// Reads.
    Reader,
    /// Commits.
    Writer,
    /// Collects.
    Collector,
    /// Closes, and comes back.
    Closer,
}

impl Survivor {
    /// Every survivor, in the order in which they act, or the other way round.
    pub const ALL: [Survivor; 4] =
        [Survivor::Reader, Survivor::Writer, Survivor::Collector, Survivor::Closer];
}

/// What all of them commit. The line of a commit is that of whoever makes it.
#[derive(Debug)]
pub struct Living;

/// Lines of commits: each process has its own, for of two that know nothing of each other one's
/// commit may come to nothing.
const LINES: usize = 10;

impl Workload for Living {
    fn name(&self) -> &'static str {
        "living"
    }

    /// Short ones, but for those that fill a segment.
    fn content(&self, number: usize) -> Vec<u8> {
        match number {
            20 => Random::new(20).bytes(3_000),
            _ if number % LINES == line::BIG => Random::new(number as u64).bytes(3_900),
            _ => format!("commit {number}\n").into_bytes(),
        }
    }

    fn line(&self, number: usize) -> usize {
        number % LINES
    }

    fn run(&self, _stage: &crate::crash::Stage<'_>) -> partita::Result<()> {
        Ok(())
    }

    fn options(&self) -> StoreOptions {
        Store::options()
            .segment_bytes(8 << 10)
            .bulk_bytes(4 << 10)
            .entropy(crate::crash::entropy::fill)
            .clock(|| partita::Timestamp::from_millis(0))
    }
}

/// Who commits in which line.
mod line {
    pub(super) const BASE: usize = 0;
    pub(super) const WRITER: usize = 1;
    pub(super) const CLOSER: usize = 2;
    pub(super) const VICTIM: usize = 3;
    pub(super) const FRESH: usize = 4;
    pub(super) const COLLECTOR: usize = 5;
    pub(super) const HELPER: usize = 6;
    pub(super) const AGAIN: usize = 7;
    pub(super) const BIG: usize = 8;
    pub(super) const LAST: usize = 9;
}
