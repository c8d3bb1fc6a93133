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

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::random::Random;

/// Steps between two comparisons.
const EVERY: usize = 30;

/// Steps of one store.
pub const STEPS: usize = 240;

/// Runs one store's operations, drawn from a seed.
///
/// # Errors
/// What differs, with the fewest operations that were found to show it.
pub fn run(seed: u64) -> Result<usize, String> {
    let mut random = Random::new(seed);
    let ops: Vec<Op> = (0..STEPS).map(|_| Op::draw(&mut random)).collect();
    let Err(first) = run_all(&ops) else { return Ok(ops.len()) };
    let (ops, what) = smallest(ops, first);
    let list: Vec<String> = ops.iter().map(|op| format!("    {op:?},")).collect();
    Err(format!("seed {seed}: {what}\n{}", list.join("\n")))
}

/// Runs operations against an empty store.
///
/// # Errors
/// What differs.
pub fn run_all(ops: &[Op]) -> Result<(), String> {
    let done = catch_unwind(AssertUnwindSafe(|| {
        let (mut world, mut book) = (World::new(), Book::default());
        for (at, op) in ops.iter().enumerate() {
            world.run(op, &mut book).map_err(|what| format!("step {at}, {op:?}: {what}"))?;
            if (at + 1) % EVERY == 0 || at + 1 == ops.len() {
                world.compare(&book).map_err(|what| format!("after step {at}, {op:?}: {what}"))?;
            }
        }
        Ok(())
    }));
    done.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        Err(format!("panic: {}", text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("?")))
    })
}

/// Takes operations away for as long as something still differs.
fn smallest(mut ops: Vec<Op>, mut what: String) -> (Vec<Op>, String) {
    let mut size = ops.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < ops.len() {
            let mut fewer = ops.clone();
            fewer.drain(at..(at + size).min(ops.len()));
            match run_all(&fewer) {
                Err(still) => (ops, what) = (fewer, still),
                Ok(()) => at += size,
            }
        }
        size /= 2;
    }
    (ops, what)
}

/// Runs store after store: so many operations, a million unless told otherwise, from a seed on.
///
/// # Errors
/// What differs, and how it is made.
pub fn soak(arguments: &[String]) -> Result<(), String> {
    let number = |at: usize, otherwise: u64| match arguments.get(at) {
        Some(text) => text.parse().map_err(|_| format!("{text:?} is no number")),
        None => Ok(otherwise),
    };
    let (operations, first) = (number(0, 1_000_000)?, number(1, 1)?);
    // The panics of what is made smaller would drown what is told in the end.
    std::panic::set_hook(Box::new(|_| {}));
    let (mut done, mut seed) = (0, first);
    while done < operations {
        done += run(seed)? as u64;
        seed += 1;
        if seed.is_multiple_of(500) {
            println!("{done} operations, up to seed {seed}");
        }
    }
    println!("model: {done} operations, seeds {first} to {}, 0 differences", seed - 1);
    Ok(())
}
