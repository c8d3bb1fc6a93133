//! What is done to four sessions.

use crate::random::Random;

/// The sessions: the first one, and forks of it.
pub(super) const NAMES: [&str; 4] = ["s", "t", "u", "v"];

/// The paths: of texts of one line, and of bytes that are no text.
pub(super) const PATHS: [&str; 5] = ["text 1", "text 2", "bytes 1", "bytes 2", "bytes 3"];

/// What a path may hold: few, so that sides meet.
pub(super) const VALUES: usize = 3;

/// A step.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// A session writes one of the values of a path.
    Write(usize, usize, usize),
    /// A session removes a path.
    Remove(usize, usize),
    /// A session says something that nobody said.
    Remember(usize),
    /// A session takes back what it did last.
    Undo(usize),
    /// A session takes back an undo.
    Redo(usize),
    /// A session takes in another one; and takes that back, and that back again.
    Merge(usize, usize, bool),
    /// A session resolves one of its conflicts.
    Resolve(usize, usize, How),
}

/// How a conflict is resolved.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    /// By the first side.
    First,
    /// By the last side.
    Last,
    /// By the base.
    Base,
    /// By nothing.
    Removed,
    /// By one of the values of the path.
    Value(usize),
}

impl Op {
    /// Draws one.
    pub(super) fn draw(random: &mut Random) -> Self {
        let session = random.below(NAMES.len());
        match random.below(20) {
            0..6 => Op::Write(session, random.below(PATHS.len()), random.below(VALUES)),
            6 | 7 => Op::Remove(session, random.below(PATHS.len())),
            8 | 9 => Op::Remember(session),
            10 | 11 => Op::Undo(session),
            12 => Op::Redo(session),
            13 | 14 => {
                let how = match random.below(6) {
                    0 => How::First,
                    1 | 2 => How::Last,
                    3 => How::Base,
                    4 => How::Removed,
                    _ => How::Value(random.below(VALUES)),
                };
                Op::Resolve(session, random.below(PATHS.len()), how)
            }
            _ => {
                let other = (session + random.between(1, NAMES.len() - 1)) % NAMES.len();
                Op::Merge(session, other, random.chance(1, 3))
            }
        }
    }
}

/// One of the values of a path; no two paths have one in common, so that nothing looks renamed.
pub(super) fn value(path: usize, value: usize) -> String {
    let text = format!("{} holds {value}", PATHS[path]);
    if is_text(PATHS[path]) { text } else { format!("\0{text}") }
}

/// Tells whether a path holds a text.
pub(super) fn is_text(path: &str) -> bool {
    path.starts_with("text")
}
