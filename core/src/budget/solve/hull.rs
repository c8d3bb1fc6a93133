//! Choices worth a look: the lower convex hull of loss over tokens freed.

use std::cmp::Ordering;

/// Tokens freed and value lost.
pub(super) type Trade = (u64, u64);

/// Compares by loss a token, cheapest first; exact, for both numbers of a trade are below 2^64.
pub(super) fn by_ratio(one: Trade, two: Trade) -> Ordering {
    let cross = |loss: u64, freed: u64| u128::from(loss) * u128::from(freed);
    cross(one.1, two.0).cmp(&cross(two.1, one.0))
}

/// Returns the places of those trades which no other one beats, by tokens freed: one that frees
/// as much or more at no more loss.
pub(super) fn undominated(trades: &[Trade]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..trades.len()).collect();
    places.sort_by_key(|&at| (std::cmp::Reverse(trades[at].0), trades[at].1, at));
    let mut least = u64::MAX;
    let mut first = true;
    places.retain(|&at| {
        let kept = first || trades[at].1 < least;
        least = least.min(trades[at].1);
        first = false;
        kept
    });
    places.reverse();
    places
}

/// Returns the places of the trades on the lower convex hull that begins at (0, 0), by tokens
/// freed: along it each further token costs more than the one before.
pub(super) fn hull(trades: &[Trade]) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::new();
    for at in undominated(trades) {
        loop {
            let last = kept.last().map_or((0, 0), |&at| trades[at]);
            let before = match kept.len() {
                0 => break,
                1 => (0, 0),
                count => trades[kept[count - 2]],
            };
            if by_ratio(step(before, last), step(last, trades[at])) == Ordering::Less {
                break;
            }
            kept.pop();
        }
        kept.push(at);
    }
    kept
}

/// What the way from one trade to a larger one frees and loses.
pub(super) fn step(one: Trade, two: Trade) -> Trade {
    (two.0 - one.0, two.1 - one.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_trade_lies_on_or_above_the_hull_and_the_hull_bends_up(
            trades in proptest::collection::vec((1..40u64, 0..40u64), 1..9),
        ) {
            let hull: Vec<Trade> = hull(&trades).into_iter().map(|at| trades[at]).collect();
            let mut corners = vec![(0, 0)];
            corners.extend(&hull);
            for three in corners.windows(3) {
                let (one, two) = (step(three[0], three[1]), step(three[1], three[2]));
                prop_assert_eq!(by_ratio(one, two), Ordering::Less);
            }
            for &trade in &trades {
                prop_assert!(trade.0 <= corners[corners.len() - 1].0);
                for pair in corners.windows(2) {
                    if (pair[0].0..=pair[1].0).contains(&trade.0) {
                        let (run, rise) = step(pair[0], pair[1]);
                        let above = i128::from(trade.1) - i128::from(pair[0].1);
                        let along = i128::from(trade.0 - pair[0].0) * i128::from(rise);
                        prop_assert!(above * i128::from(run) >= along);
                    }
                }
            }
        }
    }

    #[test]
    fn of_equal_trades_one_is_kept() {
        assert_eq!(undominated(&[(5, 2), (5, 2), (5, 3), (4, 2)]), [0]);
        assert_eq!(undominated(&[(5, u64::MAX), (4, u64::MAX)]), [0]);
    }
}
