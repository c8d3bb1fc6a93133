//! A number of tokens, and whether it is known or estimated.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// A number of tokens: exact, or an estimate that says within which bounds.
///
/// Sums are exact as long as every summand is; one estimate makes the sum an estimate. Bounds are
/// added as if all errors went the same way, so a sum never promises more than its parts.
///
/// Counts are ordered by the number, as lists show them, equal ones the known before the estimated
/// and then by their bounds. That is an order to sort by: where bounds overlap, which text has more
/// tokens is not known. What fits a limit is decided by [`high`](Self::high).
///
/// ```
/// use partita::tokens::Count;
/// let prompt = Count::exact(1_200) + Count::estimated(300, 250, 400);
/// assert!(!prompt.is_exact());
/// assert_eq!(prompt.to_string(), "about 1,500 (1,450 to 1,600)");
/// assert_eq!(Count::exact(1_234).to_string(), "1,234");
/// assert!(Count::exact(9) < Count::estimated(10, 5, 20));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Count {
    // The order of the fields is the order of counts.
    tokens: u64,
    bounds: Option<(u64, u64)>,
}

impl Count {
    /// No tokens, exactly.
    pub const ZERO: Count = Count::exact(0);

    /// Makes a count that is known.
    pub const fn exact(tokens: u64) -> Self {
        Count { tokens, bounds: None }
    }

    /// Makes an estimate; bounds that do not hold `tokens` are moved to it.
    pub fn estimated(tokens: u64, low: u64, high: u64) -> Self {
        Count { tokens, bounds: Some((low.min(tokens), high.max(tokens))) }
    }

    /// Returns the number of tokens: the known one, or the median of the estimate.
    pub const fn tokens(self) -> u64 {
        self.tokens
    }

    /// Returns the lower bound; the number itself where it is exact.
    pub fn low(self) -> u64 {
        self.bounds.map_or(self.tokens, |(low, _)| low)
    }

    /// Returns the upper bound, which decides whether something fits; the number itself where it is
    /// exact.
    pub fn high(self) -> u64 {
        self.bounds.map_or(self.tokens, |(_, high)| high)
    }

    /// Tells whether the number is known.
    pub const fn is_exact(self) -> bool {
        self.bounds.is_none()
    }
}

/// Saturates: no sum of real texts comes near.
impl Add for Count {
    type Output = Count;

    fn add(self, other: Count) -> Count {
        let tokens = self.tokens.saturating_add(other.tokens);
        if self.is_exact() && other.is_exact() {
            return Count::exact(tokens);
        }
        let low = self.low().saturating_add(other.low());
        Count::estimated(tokens, low, self.high().saturating_add(other.high()))
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Count) {
        *self = *self + other;
    }
}

impl Sum for Count {
    fn sum<I: Iterator<Item = Count>>(counts: I) -> Count {
        counts.fold(Count::ZERO, Add::add)
    }
}

impl<'a> Sum<&'a Count> for Count {
    fn sum<I: Iterator<Item = &'a Count>>(counts: I) -> Count {
        counts.copied().sum()
    }
}

/// `1,234`, or `about 1,234 (1,100 to 1,400)`.
impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tokens = Thousands(self.tokens);
        match self.bounds {
            None => write!(f, "{tokens}"),
            Some((low, high)) => {
                write!(f, "about {tokens} ({} to {})", Thousands(low), Thousands(high))
            }
        }
    }
}

struct Thousands(u64);

impl fmt::Display for Thousands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Count;

    #[test]
    fn counts_are_in_the_order_of_their_numbers_and_equal_only_where_they_say_the_same() {
        let mut counts = [
            Count::estimated(7, 1, 99),
            Count::exact(8),
            Count::estimated(7, 1, 9),
            Count::estimated(7, 7, 7),
            Count::exact(7),
            Count::exact(6),
        ];
        counts.sort_unstable();
        let sorted = [
            Count::exact(6),
            Count::exact(7),
            Count::estimated(7, 1, 9),
            Count::estimated(7, 1, 99),
            Count::estimated(7, 7, 7),
            Count::exact(8),
        ];
        assert_eq!(counts, sorted);
        for pair in sorted.windows(2) {
            assert!(pair[0] < pair[1] && pair[0] != pair[1]);
        }
    }

    #[test]
    fn a_sum_is_exact_only_if_every_part_is() {
        let sum: Count = [Count::exact(1), Count::exact(2)].iter().sum();
        assert_eq!(sum, Count::exact(3));
        let mixed: Count = [Count::exact(1), Count::estimated(10, 8, 15)].into_iter().sum();
        assert_eq!(mixed, Count::estimated(11, 9, 16));
        assert_eq!([Count::ZERO; 0].iter().sum::<Count>(), Count::exact(0));
        assert!(!(Count::estimated(0, 0, 0) + Count::exact(5)).is_exact());
    }

    #[test]
    fn sums_saturate_and_bounds_hold_the_number() {
        let most = Count::exact(u64::MAX) + Count::estimated(1, 0, 2);
        assert_eq!((most.tokens(), most.low(), most.high()), (u64::MAX, u64::MAX, u64::MAX));
        let odd = Count::estimated(5, 9, 1);
        assert_eq!((odd.low(), odd.high()), (5, 5));
    }

    #[test]
    fn thousands_are_set_off() {
        for (tokens, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(Count::exact(tokens).to_string(), text);
        }
    }
}
