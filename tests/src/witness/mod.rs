//! An independent model: plain maps and lists, written from the documentation, beside the store.
//!
//! Random operations on up to four sessions go to the store, through two handles, and to the model.
//! Every thirty steps everything readable of every session is compared. What fails is made small
//! and told with its seed.

mod book;
mod drive;
mod op;

pub use book::Book;
pub use drive::World;
pub use op::Op;

use crate::shrink;

/// Steps between two comparisons.
const EVERY: usize = 30;

/// Steps of one store.
pub const STEPS: usize = 240;

/// Runs one store's operations, drawn from a seed.
///
/// # Errors
/// What differs, with the fewest operations that were found to show it.
pub fn run(seed: u64) -> Result<usize, String> {
    shrink::draw(seed, STEPS, Op::draw, run_all)
}

/// Runs operations against an empty store.
///
/// # Errors
/// What differs.
pub fn run_all(ops: &[Op]) -> Result<(), String> {
    shrink::guarded(|| {
        let (mut world, mut book) = (World::new(), Book::default());
        for (at, op) in ops.iter().enumerate() {
            world.run(op, &mut book).map_err(|what| format!("step {at}, {op:?}: {what}"))?;
            if (at + 1) % EVERY == 0 || at + 1 == ops.len() {
                world.compare(&book).map_err(|what| format!("after step {at}, {op:?}: {what}"))?;
            }
        }
        Ok(())
    })
}

/// Runs store after store: so many operations, a million unless told otherwise, from a seed on.
///
/// # Errors
/// What differs, and how it is made.
pub fn soak(arguments: &[String]) -> Result<(), String> {
    shrink::soak("model", 1_000_000, arguments, run)
}
