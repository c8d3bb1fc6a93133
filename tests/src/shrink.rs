//! Lists of operations that fail, made small; and soaks: list after list, for as long as one likes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::random::Random;

/// Seeds between two lines of a soak.
const TOLD: u64 = 500;

/// Runs what may panic, and returns the panic as what differs.
///
/// # Errors
/// What differs, or what the panic said.
pub fn guarded<T>(run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        Err(format!("panic: {}", text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("?")))
    })
}

/// Runs so many operations that are drawn from a seed, as [`run`] does.
///
/// # Errors
/// As there.
pub fn draw<T: Clone + std::fmt::Debug>(
    seed: u64,
    steps: usize,
    draw: impl Fn(&mut Random) -> T,
    run_all: impl Fn(&[T]) -> Result<(), String>,
) -> Result<usize, String> {
    let mut random = Random::new(seed);
    run(seed, (0..steps).map(|_| draw(&mut random)).collect(), run_all)
}

/// Runs operations; where something differs, takes operations away for as long as something still
/// does.
///
/// # Errors
/// What differs, with the fewest operations that were found to show it.
pub fn run<T: Clone + std::fmt::Debug>(
    seed: u64,
    mut ops: Vec<T>,
    run_all: impl Fn(&[T]) -> Result<(), String>,
) -> Result<usize, String> {
    let Err(mut what) = run_all(&ops) else { return Ok(ops.len()) };
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
    let list: Vec<String> = ops.iter().map(|op| format!("    {op:?},")).collect();
    Err(format!("seed {seed}: {what}\n{}", list.join("\n")))
}

/// Runs seed after seed until so many operations are done: how many, and from which seed on, are the
/// arguments.
///
/// # Errors
/// What differs, and how it is made.
pub fn soak(
    name: &str,
    usual: u64,
    arguments: &[String],
    run: impl Fn(u64) -> Result<usize, String>,
) -> Result<(), String> {
    let number = |at: usize, otherwise: u64| match arguments.get(at) {
        Some(text) => text.parse().map_err(|_| format!("{text:?} is no number")),
        None => Ok(otherwise),
    };
    let (operations, first) = (number(0, usual)?, number(1, 1)?);
    // The panics of what is made smaller would drown what is told in the end.
    std::panic::set_hook(Box::new(|_| {}));
    let (mut done, mut seed) = (0, first);
    while done < operations {
        done += run(seed)? as u64;
        seed += 1;
        if seed.is_multiple_of(TOLD) {
            println!("{done} operations, up to seed {seed}");
        }
    }
    println!("{name}: {done} operations, seeds {first} to {}, 0 differences", seed - 1);
    Ok(())
}
