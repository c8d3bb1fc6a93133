//! Four sessions that go on side by side and meet again and again, beside plain maps and a plain graph.
//!
//! What a path comes to is counted: each side once, less what both come from. What two sessions come
//! from the store says; that it is right is checked in the graph.

mod op;
mod plain;
mod world;

use crate::shrink;

use op::Op;
use world::World;

/// Steps of a round.
const STEPS: usize = 40;

/// Runs a round, drawn from a seed.
///
/// # Errors
/// What differs, with the fewest operations that were found to show it.
pub fn run(seed: u64) -> Result<usize, String> {
    shrink::draw(seed, STEPS, Op::draw, |ops| {
        shrink::guarded(|| {
            let mut world = World::new()?;
            for (at, op) in ops.iter().enumerate() {
                world.run(op).map_err(|what| format!("step {at}, {op:?}: {what}"))?;
            }
            Ok(())
        })
    })
}
