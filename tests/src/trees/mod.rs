//! Merges of whole trees beside git's: random ones, and those of a repository.

mod beside;
mod draw;
mod here;
mod past;
mod tally;
mod tree;

pub use past::{compare_made, compare_past};
pub use tally::Tally;

use beside::Beside;
use draw::Step;
use tree::{Change, Merged, Tree, agree};

use crate::random::Random;
use crate::shrink;

/// Merges random trees as git does, and here.
///
/// # Errors
/// The first of which both make a clean tree, and not the same, with the fewest changes that show it.
pub fn compare(trees: u64, first: u64) -> Result<Tally, String> {
    let mut beside = Beside::new()?;
    let mut tally = Tally::default();
    for seed in first..first + trees {
        let mut random = Random::new(seed);
        let base = draw::tree(&mut random);
        let steps = draw::steps(&mut random, &base);
        let Ok((here, there)) = both(&mut beside, &base, &steps) else {
            let beside = std::cell::RefCell::new(&mut beside);
            shrink::run(seed, steps, |steps| {
                both(&mut beside.borrow_mut(), &base, steps).map(drop)
            })?;
            continue;
        };
        if let Some(kind) = tally.add(&here, &there) {
            let beside = std::cell::RefCell::new(&mut beside);
            let smallest = shrink::run(seed, steps, |steps| {
                let (here, there) = both(&mut beside.borrow_mut(), &base, steps)?;
                match Tally::default().add(&here, &there) {
                    Some(other) if other == kind => Err(kind.clone()),
                    _ => Ok(()),
                }
            });
            tally.explain(kind, smallest.err().unwrap_or_default());
        }
    }
    Ok(tally)
}

/// Merges what two sides made of a tree here and in git.
fn both(beside: &mut Beside, base: &Tree, steps: &[Step]) -> Result<(Merged, Merged), String> {
    let mut trees = [base.clone(), base.clone()];
    let mut sides: [Vec<Change>; 2] = [Vec::new(), Vec::new()];
    for (side, change) in steps {
        if change.apply(&mut trees[*side]) {
            sides[*side].push(change.clone());
        }
    }
    let [ours, theirs] = &trees;
    let there = beside.merge_trees(base, [ours, theirs])?;
    let here = shrink::guarded(|| here::merge(base, [&sides[0], &sides[1]]))?;
    agree(&here, &there)?;
    Ok((here, there))
}
