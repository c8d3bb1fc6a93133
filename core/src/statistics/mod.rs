//! Comparing samples: by how much a metric differs, within what interval, and whether that is more
//! than chance.
//!
//! Values are compared as ratios, so effects are in percent whatever the unit. Of pairs the estimate
//! is the median of all means of two log ratios (Hodges and Lehmann), its 95 % interval stands
//! between two of these means, and the test is Wilcoxon's signed-rank test. Samples that are no pairs
//! are compared by all their ratios, and by Mann and Whitney's test. Both are exact for small
//! samples without ties. Nothing is drawn by chance: whoever has the samples computes the same
//! numbers. An outlier counts as any other value.
//!
//! "Not significant" is never "equal": [`Equivalent`](Verdict::Equivalent) says that the whole
//! interval lies within the margin, [`Undecided`](Verdict::Undecided) that nobody can tell.
//!
//! ```
//! use partita::object::Direction;
//! use partita::statistics::{Options, Verdict, compare_pairs};
//! let before = [10.1, 10.3, 9.9, 10.2, 10.0, 10.4, 10.1, 9.8];
//! let after = before.map(|value| value * 0.9);
//! let compared = compare_pairs(&before, &after, Direction::Lower, &Options::new())?;
//! assert_eq!(compared.verdict, Verdict::Faster);
//! assert!((compared.ratio - 0.9).abs() < 1e-9);
//! let few = compare_pairs(&before[..5], &after[..5], Direction::Lower, &Options::new())?;
//! assert_eq!(few.verdict, Verdict::Undecided);
//! # Ok::<(), partita::Error>(())
//! ```

mod compare;
mod draw;
mod interval;
mod normal;
mod rank_sum;
mod ranks;
mod signed_rank;
#[cfg(test)]
mod tests;

pub use compare::{Comparison, Options, Verdict, compare_pairs, compare_unpaired, holm};
pub use draw::Draw;
