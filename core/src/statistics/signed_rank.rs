//! Pairs: Hodges and Lehmann's estimate, and Wilcoxon's signed-rank test.

use super::interval::{between, middle};
use super::normal;
use super::ranks::ranks;

/// Pairs up to which the distribution of rank sums is computed; that of more is all but normal.
const EXACT_MAX: usize = 200;

/// The median of all means of two differences, and its interval of 95 %; none where there are too
/// few.
pub(super) fn estimate(differences: &[f64]) -> Option<(f64, f64, f64)> {
    let count = differences.len();
    let mut means = Vec::with_capacity(count * (count + 1) / 2);
    for (at, one) in differences.iter().enumerate() {
        means.extend(differences[at..].iter().map(|other| f64::midpoint(*one, *other)));
    }
    means.sort_by(f64::total_cmp);
    let (low, high) = match count {
        0..=EXACT_MAX => {
            let likely = distribution(count);
            between(&means, |rank| likely[rank])?
        }
        _ => between(&means, |rank| normal::below(z(rank as f64 + 0.5, count, 0.0)))?,
    };
    Some((middle(&means), low, high))
}

/// How likely rank sums as far from the middle are by chance; pairs that are equal are left out.
pub(super) fn p_value(differences: &[f64]) -> f64 {
    let all: Vec<f64> = differences.iter().copied().filter(|value| *value != 0.0).collect();
    let count = all.len();
    if count == 0 {
        return 1.0;
    }
    let sizes: Vec<f64> = all.iter().map(|value| value.abs()).collect();
    let (ranks, ties) = ranks(&sizes);
    let sum = |is_positive: bool| -> f64 {
        let of_sign = all.iter().zip(&ranks).filter(|(value, _)| (**value > 0.0) == is_positive);
        of_sign.map(|(_, rank)| rank).sum()
    };
    let smaller = sum(true).min(sum(false));
    let tail = match ties == 0.0 && all.len() == differences.len() && count <= EXACT_MAX {
        true => distribution(count)[smaller as usize],
        false => normal::below(z(smaller, count, ties)),
    };
    (2.0 * tail).min(1.0)
}

/// How likely a rank sum of so many pairs is at most each number.
fn distribution(count: usize) -> Vec<f64> {
    let most = count * (count + 1) / 2;
    let mut likely = vec![0.0; most + 1];
    likely[0] = 1.0;
    for rank in 1..=count {
        for sum in (0..=most).rev() {
            let with = if sum >= rank { likely[sum - rank] } else { 0.0 };
            likely[sum] = f64::midpoint(likely[sum], with);
        }
    }
    let mut below = 0.0;
    for one in &mut likely {
        below += *one;
        *one = below;
    }
    likely
}

fn z(sum: f64, count: usize, ties: f64) -> f64 {
    let count = count as f64;
    let mean = count * (count + 1.0) / 4.0;
    let variance = count * (count + 1.0) * (2.0 * count + 1.0) / 24.0 - ties / 48.0;
    (sum - mean) / variance.sqrt()
}
