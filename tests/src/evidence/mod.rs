//! Claims judged against a naive book: random histories of a session and its directory, in which
//! commands run, show something, and are cited.
//!
//! The book knows the files that each command saw by walking the directory itself, and what a session
//! has by reading every checkpoint. It compares whole maps, and goes through all evidence for each
//! claim. What fails is made small and told with its seed.

mod book;
mod op;
mod world;

pub use op::Op;
pub use world::World;

use crate::shrink;

/// Steps of one history.
pub const STEPS: usize = 60;

/// Runs one history, drawn from a seed.
///
/// # Errors
/// What differs, with the fewest steps that were found to show it.
pub fn run(seed: u64) -> Result<usize, String> {
    shrink::draw(seed, STEPS, Op::draw, run_all)
}

/// Runs steps, and compares after each.
///
/// # Errors
/// What differs.
pub fn run_all(ops: &[Op]) -> Result<(), String> {
    shrink::guarded(|| {
        let mut world = World::new()?;
        for (at, op) in ops.iter().enumerate() {
            let step = world.run(op).and_then(|()| world.compare());
            step.map_err(|what| format!("step {at}, {op:?}: {what}"))?;
        }
        world.end()
    })
}

/// Runs history after history: so many steps, 10,000 unless told otherwise, from a seed on.
///
/// # Errors
/// What differs, and how it is made.
pub fn soak(arguments: &[String]) -> Result<(), String> {
    shrink::soak("evidence", 10_000, arguments, run)
}
