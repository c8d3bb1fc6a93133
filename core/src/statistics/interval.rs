//! Medians, and intervals between sorted values.

/// Below this a difference is taken for more than chance; an interval holds the true value but for so
/// many cases.
pub(super) const LEVEL: f64 = 0.05;

/// The median of sorted values; 0 of none.
pub(super) fn middle(sorted: &[f64]) -> f64 {
    match sorted.len() {
        0 => 0.0,
        len if len % 2 == 1 => sorted[len / 2],
        len => f64::midpoint(sorted[len / 2 - 1], sorted[len / 2]),
    }
}

/// The interval between two of sorted values, the same number from each end: as narrow as the
/// distribution of ranks allows. `below` is how likely a rank is up to a number.
pub(super) fn between(sorted: &[f64], below: impl Fn(usize) -> f64) -> Option<(f64, f64)> {
    let tail = LEVEL / 2.0;
    if below(0) > tail {
        return None;
    }
    // The largest rank whose tail is small enough, by halving.
    let (mut low, mut high) = (0, sorted.len() / 2);
    while low < high {
        let at = (low + high).div_ceil(2);
        if below(at) <= tail { low = at } else { high = at - 1 }
    }
    Some((*sorted.get(low)?, *sorted.get(sorted.len() - 1 - low)?))
}
