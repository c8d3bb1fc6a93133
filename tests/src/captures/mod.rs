//! A directory in which real commands work, and the session that captures it, against copies read by
//! nothing of ours.
//!
//! Between the commands the directory is captured, taken back, brought forward again, restored, forked,
//! and checked out into itself and into fresh directories, by two handles. After each the directory,
//! the session and the copy are equal in bytes, modes and links; what was not captured is nowhere
//! lost. What fails is made small and told with its seed.

mod op;
mod world;

pub use op::Op;
pub use world::World;

use crate::shrink;

/// Rounds of one directory.
pub const ROUNDS: usize = 40;

/// Runs one directory's rounds, drawn from a seed.
///
/// # Errors
/// What differs, with the fewest rounds that were found to show it.
pub fn run(seed: u64) -> Result<usize, String> {
    shrink::draw(seed, ROUNDS, Op::draw, run_all)
}

/// Runs rounds in a directory that has a git repository and some files.
///
/// # Errors
/// What differs.
pub fn run_all(ops: &[Op]) -> Result<(), String> {
    shrink::guarded(|| {
        let mut world = World::new()?;
        for (at, op) in ops.iter().enumerate() {
            world.run(op).map_err(|what| format!("round {at}, {op:?}: {what}"))?;
        }
        world.end()
    })
}

/// Runs directory after directory: so many rounds, 2,000 unless told otherwise, from a seed on.
///
/// # Errors
/// What differs, and how it is made.
pub fn soak(arguments: &[String]) -> Result<(), String> {
    shrink::soak("capture", 2_000, arguments, run)
}
