//! Samples that are no pairs: the median of all differences, and Mann and Whitney's test.

use super::interval::{between, middle};
use super::normal;
use super::ranks::ranks;

/// Pairs of one sample with another up to which the distribution is computed.
const EXACT_MAX: usize = 2_500;

/// The median of all differences of one sample to another, and its interval of 95 %; none where there
/// are too few.
pub(super) fn estimate(before: &[f64], after: &[f64]) -> Option<(f64, f64, f64)> {
    let mut all = Vec::with_capacity(before.len() * after.len());
    for one in before {
        all.extend(after.iter().map(|other| other - one));
    }
    all.sort_by(f64::total_cmp);
    let counts = (before.len(), after.len());
    let (low, high) = match all.len() {
        0..=EXACT_MAX => {
            let likely = distribution(counts);
            between(&all, |rank| likely[rank])?
        }
        _ => between(&all, |rank| normal::below(z(rank as f64 + 0.5, counts, 0.0)))?,
    };
    Some((middle(&all), low, high))
}

/// How likely rank sums as far from the middle are by chance.
pub(super) fn p_value(before: &[f64], after: &[f64]) -> f64 {
    let all: Vec<f64> = before.iter().chain(after).copied().collect();
    let (ranks, ties) = ranks(&all);
    let (m, n) = (before.len(), after.len());
    let sum: f64 = ranks[..m].iter().sum();
    let u = sum - (m * (m + 1)) as f64 / 2.0;
    let smaller = u.min((m * n) as f64 - u);
    let tail = match ties == 0.0 && m * n <= EXACT_MAX {
        true => distribution((m, n))[smaller as usize],
        // Half a step towards the middle, for ranks are whole numbers.
        false => normal::below(z((smaller + 0.5).min((m * n) as f64 / 2.0), (m, n), ties)),
    };
    (2.0 * tail).min(1.0)
}

/// How likely it is that at most each number of pairs stand the other way round.
fn distribution((m, n): (usize, usize)) -> Vec<f64> {
    let most = m * n;
    // The ways to put m and n values in order, by pairs that stand the other way round: the
    // coefficients of a Gaussian binomial, built up factor by factor.
    let mut ways = vec![0.0; most + 1];
    ways[0] = 1.0;
    for at in 1..=m {
        let up = n + at;
        for sum in (up..=most).rev() {
            ways[sum] -= ways[sum - up];
        }
        for sum in at..=most {
            ways[sum] += ways[sum - at];
        }
    }
    let all: f64 = ways.iter().sum();
    let mut below = 0.0;
    for one in &mut ways {
        below += *one / all;
        *one = below;
    }
    ways
}

fn z(u: f64, (m, n): (usize, usize), ties: f64) -> f64 {
    let (m, n) = (m as f64, n as f64);
    let all = m + n;
    let variance = m * n / 12.0 * ((all + 1.0) - ties / (all * (all - 1.0)));
    (u - m * n / 2.0) / variance.sqrt()
}
