//! Steps of a history.

use crate::random::Random;

/// Paths that are written; the first directory is what globs name.
pub(super) const PATHS: [&str; 6] = ["src/a", "src/b", "src/c d", "doc/a", "b", "run.sh"];

/// One step.
#[derive(Clone, Debug)]
pub enum Op {
    /// Writes a file in the directory; it is captured in a later step.
    Edit(usize, u8),
    /// Makes one executable, or not.
    Mode(usize),
    /// Removes one there.
    Delete(usize),
    /// Moves one there.
    Move(usize, usize),
    /// Writes a file of the session alone.
    Write(usize, u8),
    /// Removes one of the session alone.
    Remove(usize),
    /// Renames one of the session alone.
    Rename(usize, usize),
    /// Takes what changed in the directory.
    Capture,
    /// Writes the session into the directory.
    Checkout,
    /// Takes the newest operation back.
    Undo,
    /// Brings forward what was taken back.
    Redo,
    /// Brings back an earlier checkpoint, its files alone or all of it.
    Restore(usize, bool),
    /// Goes on in a fork, with a directory of its own.
    Fork,
    /// Runs a command.
    Run {
        /// Which.
        command: usize,
        /// Which scope of inputs: all, a glob, two globs, or what it is seen to read.
        scope: usize,
        /// How it ends.
        ending: usize,
        /// A file that it writes, if any.
        makes: Option<(usize, u8)>,
        /// Whether something is claimed by it.
        claims: bool,
    },
    /// Takes in a report.
    Import(bool),
    /// Claims something by evidence.
    Claim(usize, usize),
    /// Frees what nothing leads to.
    Gc,
}

impl Op {
    /// Draws one.
    pub fn draw(random: &mut Random) -> Op {
        let path = |random: &mut Random| random.below(PATHS.len());
        let value = |random: &mut Random| random.below(3) as u8;
        match random.below(40) {
            0..=4 => Op::Edit(path(random), value(random)),
            5 => Op::Mode(path(random)),
            6 => Op::Delete(path(random)),
            7 => Op::Move(path(random), path(random)),
            8..=10 => Op::Write(path(random), value(random)),
            11 => Op::Remove(path(random)),
            12 => Op::Rename(path(random), path(random)),
            13..=15 => Op::Capture,
            16 | 17 => Op::Checkout,
            18..=20 => Op::Undo,
            21 => Op::Redo,
            22 | 23 => Op::Restore(random.below(1_000), random.chance(1, 2)),
            24 => Op::Fork,
            25..=32 => Op::Run {
                command: random.below(3),
                scope: random.below(4),
                ending: random.below(8),
                makes: random.chance(1, 4).then(|| (random.below(PATHS.len() + 2), value(random))),
                claims: random.chance(1, 3),
            },
            33 => Op::Import(random.chance(2, 3)),
            34..=37 => Op::Claim(random.below(1_000), random.below(1_000)),
            38 => Op::Gc,
            _ => Op::Capture,
        }
    }
}
