//! Comparisons and their verdicts.

use super::interval::{LEVEL, middle};
use super::{rank_sum, signed_rank};
use crate::error::{Error, Result};
use crate::limits::SAMPLE_VALUES_MAX;
use crate::object::Direction;

/// The margin within which two are equivalent unless a host says otherwise: 1 %.
const MARGIN: f64 = 0.01;
/// Ratios of two samples that are no pairs: all of them are sorted.
const RATIOS_MAX: usize = 1 << 22;
/// Pairs of which all means of two are sorted.
const PAIRS_MAX: usize = 2_000;

/// What a comparison says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The metric is better after: less of what is better low, more of what is better high.
    Faster,
    /// The metric is worse after.
    Slower,
    /// Whatever the difference is, it lies within the margin.
    Equivalent,
    /// Nobody can tell by these samples.
    Undecided,
}

impl Verdict {
    /// Returns the name that listings show.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Faster => "faster",
            Verdict::Slower => "slower",
            Verdict::Equivalent => "equivalent",
            Verdict::Undecided => "undecided",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// How a comparison is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    margin: f64,
}

impl Default for Options {
    fn default() -> Self {
        Options { margin: MARGIN }
    }
}

impl Options {
    /// The usual ones: a margin of 1 %.
    pub fn new() -> Self {
        Options::default()
    }

    /// Returns the margin, as a share.
    pub(crate) fn share(&self) -> f64 {
        self.margin
    }

    /// Sets the margin within which two are equivalent, as a share: 0.02 is 2 %.
    ///
    /// # Errors
    /// `Invalid` unless it is between 0 and 1.
    pub fn margin(self, margin: f64) -> Result<Self> {
        match margin > 0.0 && margin < 1.0 {
            true => Ok(Options { margin }),
            false => {
                Err(Error::invalid(format!("a margin of {margin}, between 0 and 1 are allowed")))
            }
        }
    }
}

/// How two samples compare.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Comparison {
    /// What it says.
    pub verdict: Verdict,
    /// Why it is undecided; none where it is not.
    pub reason: Option<String>,
    /// What the metric is multiplied by: 0.9 is 10 % less. 1 where it cannot be told.
    pub ratio: f64,
    /// The interval of the ratio that holds the true one in 95 of 100 cases; both 0 and infinity where
    /// it cannot be told.
    pub interval: (f64, f64),
    /// How likely a difference as large is by chance alone.
    pub p: f64,
    /// The margin within which two are equivalent, as a share.
    pub margin: f64,
    /// Whether the samples are pairs.
    pub is_paired: bool,
    /// The medians before and after, in the metric's unit.
    pub medians: (f64, f64),
    /// How many samples there are before and after.
    pub counts: (usize, usize),
}

impl Comparison {
    /// Returns the change in percent: -10 is 10 % less.
    pub fn percent(&self) -> f64 {
        (self.ratio - 1.0) * 100.0
    }
}

/// Compares pairs: the first value before with the first after, and so on.
///
/// # Errors
/// `Invalid` if there are not as many values before as after, for more than 2,000, or if nobody
/// says which direction is better.
pub fn compare_pairs(
    before: &[f64],
    after: &[f64],
    direction: Direction,
    options: &Options,
) -> Result<Comparison> {
    if before.len() != after.len() {
        let (before, after) = (before.len(), after.len());
        return Err(Error::invalid(format!(
            "{before} values before and {after} after are no pairs"
        )));
    }
    if before.len() > PAIRS_MAX {
        let count = before.len();
        return Err(Error::invalid(format!("{count} pairs, at most {PAIRS_MAX} are compared")));
    }
    let start = begin(before, after, direction, options, true)?;
    if let Some(reason) = unfit(before, after) {
        return Ok(undecided(start, reason));
    }
    let logs: Vec<f64> =
        before.iter().zip(after).map(|(before, after)| (after / before).ln()).collect();
    if logs.iter().all(|log| *log == 0.0) {
        return Ok(undecided(start, "all pairs are equal: they say nothing of noise".to_owned()));
    }
    let Some((estimate, low, high)) = signed_rank::estimate(&logs) else {
        let count = logs.len();
        let reason = format!("{count} pairs; fewer than 6 give no interval of 95 %");
        return Ok(undecided(start, reason));
    };
    Ok(judged(start, direction, estimate, (low, high), signed_rank::p_value(&logs)))
}

/// Compares samples that are no pairs.
///
/// # Errors
/// `Invalid` for too many samples, or if nobody says which direction is better.
pub fn compare_unpaired(
    before: &[f64],
    after: &[f64],
    direction: Direction,
    options: &Options,
) -> Result<Comparison> {
    if before.len().saturating_mul(after.len()) > RATIOS_MAX {
        let (before, after) = (before.len(), after.len());
        let message = format!("{before} samples before and {after} after are too many to compare");
        return Err(Error::invalid(message));
    }
    let start = begin(before, after, direction, options, false)?;
    if let Some(reason) = unfit(before, after) {
        return Ok(undecided(start, reason));
    }
    let log = |values: &[f64]| values.iter().map(|value| value.ln()).collect::<Vec<f64>>();
    let (before, after) = (log(before), log(after));
    if before.iter().chain(&after).all(|value| *value == before[0]) {
        return Ok(undecided(start, "all samples are equal: they say nothing of noise".to_owned()));
    }
    let Some((estimate, low, high)) = rank_sum::estimate(&before, &after) else {
        let reason = "too few samples for an interval of 95 %".to_owned();
        return Ok(undecided(start, reason));
    };
    Ok(judged(start, direction, estimate, (low, high), rank_sum::p_value(&before, &after)))
}

/// Adjusts the p values of several metrics that were all looked at, in their order: the more are
/// looked at, the more one of them differs by chance (Holm).
///
/// ```
/// assert_eq!(partita::statistics::holm(&[0.01, 0.04, 0.03]), [0.03, 0.06, 0.06]);
/// ```
pub fn holm(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let (mut adjusted, mut largest) = (vec![0.0; values.len()], 0.0_f64);
    for (rank, at) in order.into_iter().enumerate() {
        let left = (values.len() - rank) as f64;
        largest = largest.max((values[at] * left).min(1.0));
        adjusted[at] = largest;
    }
    adjusted
}

fn begin(
    before: &[f64],
    after: &[f64],
    direction: Direction,
    options: &Options,
    is_paired: bool,
) -> Result<Comparison> {
    if direction == Direction::Unknown {
        return Err(Error::invalid("nobody says whether more or less of it is better"));
    }
    if before.len().max(after.len()) > SAMPLE_VALUES_MAX {
        return Err(Error::invalid(format!("more than {SAMPLE_VALUES_MAX} samples")));
    }
    Ok(Comparison {
        verdict: Verdict::Undecided,
        reason: None,
        ratio: 1.0,
        interval: (0.0, f64::INFINITY),
        p: 1.0,
        margin: options.margin,
        is_paired,
        medians: (median(before), median(after)),
        counts: (before.len(), after.len()),
    })
}

/// Why values cannot be compared as ratios.
fn unfit(before: &[f64], after: &[f64]) -> Option<String> {
    if before.is_empty() || after.is_empty() {
        return Some("there are no samples on one side".to_owned());
    }
    let value = before.iter().chain(after).find(|value| !(value.is_finite() && **value > 0.0));
    value.map(|value| format!("a sample is {value}, and a ratio needs positive numbers"))
}

fn undecided(start: Comparison, reason: String) -> Comparison {
    Comparison { reason: Some(reason), ..start }
}

fn judged(
    start: Comparison,
    direction: Direction,
    estimate: f64,
    (low, high): (f64, f64),
    p: f64,
) -> Comparison {
    let margin = (1.0 + start.margin).ln();
    let is_better = |log: f64| match direction {
        Direction::Higher => log > 0.0,
        _ => log < 0.0,
    };
    let is_apart = p < LEVEL && (low > 0.0 || high < 0.0);
    let (verdict, reason) = match () {
        () if low > -margin && high < margin => (Verdict::Equivalent, None),
        () if is_apart && is_better(estimate) => (Verdict::Faster, None),
        () if is_apart => (Verdict::Slower, None),
        () => {
            let reason = "the interval holds no difference as well as one beyond the margin";
            (Verdict::Undecided, Some(reason.to_owned()))
        }
    };
    let (ratio, interval) = (estimate.exp(), (low.exp(), high.exp()));
    Comparison { verdict, reason, ratio, interval, p, ..start }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    middle(&sorted)
}
