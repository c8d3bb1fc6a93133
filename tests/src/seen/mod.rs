//! The view of a session against an independent model: plain lists, written from the documentation.
//!
//! A dialog of memories of every kind and part grows while it is edited, planned for and taken back,
//! through two handles. After each step both handles show what the model says, every body keeps the
//! rules of its API, and each fact that is in view stands in it once. A state that undo brings back
//! has the bodies that it had, byte for byte; a plan leaves what it promised, and a small one is held
//! against every other. What fails is made small and told with its seed.

mod book;
mod brute;
mod dialog;
mod exchange;
mod judge;
mod op;
mod told;
mod world;

pub use op::{Edit, Files, Mark, Op, Pick};
pub use world::World;

use crate::shrink;

/// Steps of one store.
pub const STEPS: usize = 100;

/// Runs one store's operations, drawn from a seed.
///
/// # Errors
/// What differs, with the fewest operations that were found to show it.
pub fn run(seed: u64) -> Result<usize, String> {
    shrink::draw(seed, STEPS, Op::draw, run_all)
}

/// Runs operations against an empty session.
///
/// # Errors
/// What differs.
pub fn run_all(ops: &[Op]) -> Result<(), String> {
    shrink::guarded(|| {
        let mut world = World::new();
        for (at, op) in ops.iter().enumerate() {
            world.run(op).map_err(|what| format!("step {at}, {op:?}: {what}"))?;
        }
        Ok(())
    })
}

/// Runs store after store: so many operations, 100,000 unless told otherwise, from a seed on.
///
/// # Errors
/// What differs, and how it is made.
pub fn soak(arguments: &[String]) -> Result<(), String> {
    shrink::soak("view", 100_000, arguments, run)
}
