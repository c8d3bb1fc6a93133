//! Operations: plain numbers, which mean something in whatever state they meet.

use crate::random::Random;

/// The names of sessions.
pub(super) const NAMES: [&str; 4] = ["a", "b", "c", "d"];
/// The paths of files, none of which is a directory of another.
pub(super) const PATHS: [&str; 4] = ["one", "two", "dir/three", "dir/four"];

/// What is done. `s` and `d` are sessions, `p` and `q` paths, `n` a number of something.
#[expect(missing_docs, reason = "the fields are explained above, once")]
#[derive(Clone, Debug)]
pub enum Op {
    Create { s: usize },
    Write { s: usize, p: usize, text: usize },
    Remove { s: usize, p: usize },
    Rename { s: usize, p: usize, q: usize },
    Remember { s: usize },
    Put { s: usize, key: usize },
    Batch { s: usize, p: usize, q: usize },
    Restore { s: usize, p: usize, n: usize, batch: bool },
    RestoreCheckpoint { s: usize, n: usize, scope: usize },
    Undo { s: usize },
    Fork { s: usize, d: usize },
    ForkAt { s: usize, d: usize, n: usize },
    Trim { s: usize, keep: u64 },
    Pin { s: usize, n: usize },
    Unpin { s: usize, n: usize },
    Delete { s: usize },
    RenameSession { s: usize, d: usize },
    Purge { s: usize, p: usize, n: usize, rewrite: bool },
    PurgeMemory { s: usize, n: usize, rewrite: bool },
    Forget { s: usize, n: usize },
    Recall { s: usize, n: usize },
    Gc,
    Use { handle: usize },
    Reopen { handle: usize },
}

impl Op {
    /// Draws an operation: mostly changes, now and then one that takes something away.
    pub fn draw(random: &mut Random) -> Op {
        let (s, d) = (random.below(4), random.below(4));
        let (p, q) = (random.below(4), random.below(4));
        let (n, rewrite) = (random.below(64), random.chance(1, 3));
        match random.below(100) {
            0..=4 => Op::Create { s },
            5..=24 => Op::Write { s, p, text: random.below(400) },
            25..=27 => Op::Remove { s, p },
            28..=32 => Op::Rename { s, p, q },
            33..=38 => Op::Remember { s },
            39..=42 => Op::Put { s, key: random.below(3) },
            43..=46 => Op::Batch { s, p, q },
            47..=50 => Op::Restore { s, p, n, batch: random.chance(1, 2) },
            51..=54 => Op::RestoreCheckpoint { s, n, scope: random.below(3) },
            55..=60 => Op::Undo { s },
            61..=65 => Op::Fork { s, d },
            66..=71 => Op::ForkAt { s, d, n },
            72..=77 => Op::Trim { s, keep: random.between(1, 6) as u64 },
            78..=80 => Op::Pin { s, n },
            81 => Op::Unpin { s, n },
            82..=84 => Op::Delete { s },
            85..=86 => Op::RenameSession { s, d },
            87 => Op::Purge { s, p, n, rewrite },
            88 => Op::PurgeMemory { s, n, rewrite },
            89..=90 => Op::Forget { s, n },
            91 => Op::Recall { s, n },
            92..=94 => Op::Gc,
            95..=97 => Op::Use { handle: random.below(2) },
            _ => Op::Reopen { handle: random.below(2) },
        }
    }
}
