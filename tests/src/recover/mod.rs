//! Recovery: stores in every layout that the operations leave, damaged in every way, recovered, and
//! held against what could be read before.
//!
//! A [`Layout`](layout::Layout) is a store as some operations leave it; [`Held`](held::Held) is all
//! that can be read of one; [`judge`](judge::judge) recovers a damaged copy and wants everything of
//! it back, or named as lost; a [`survey`](survey::survey) does so with many damages. Recoveries that
//! are [`cut`] off at each of their calls go on when they are run again.

pub mod cut;
pub mod held;
pub mod judge;
pub mod layout;
pub mod room;
pub mod survey;

/// Damages and recovers so many stores at the least, from a seed; prints what came of it.
///
/// # Errors
/// What is no number, or how many stores lost something that was not told.
pub fn soak(arguments: &[String]) -> Result<(), String> {
    let number = |at: usize, otherwise: u64| match arguments.get(at) {
        Some(text) => text.parse().map_err(|_| format!("{text} is no number")),
        None => Ok(otherwise),
    };
    let (stores, seed) = (number(0, 20_000)?, number(1, 1)?);
    let count = usize::try_from(stores.div_ceil(layout::COUNT as u64)).unwrap_or(usize::MAX);
    let rows = survey::survey(count.saturating_add(count / 4), seed);
    for what in rows.iter().flat_map(|row| &row.bad) {
        println!("BAD {what}");
    }
    println!("{}", survey::table(&rows));
    match rows.iter().map(|row| row.bad.len()).sum::<usize>() {
        0 => Ok(()),
        bad => Err(format!("{bad} stores")),
    }
}
