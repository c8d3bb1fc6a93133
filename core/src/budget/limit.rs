//! The budget: what a prompt may cost, and what it costs to change it.

use crate::error::{Error, Result};
use crate::limits::{BUDGET_TOKENS_MAX, HORIZON_TURNS_MAX, PRICE_MAX};

/// A limit in tokens, what of it is kept free, when to make room and how much, and at what prices.
///
/// Room for the prompt is the limit less the reserve. Above the high water mark a plan makes room,
/// down to the low one; both are the room itself unless they are set. Late, rare and in large
/// steps is cheapest for prompt caches: that is what two marks are for.
///
/// The setters take any number. [`check`](Self::check), which planning calls, refuses what does
/// not fit together.
///
/// ```
/// use partita::budget::{Budget, Prices};
/// let budget = Budget::new(128_000)
///     .reserve(8_000)
///     .high(110_000)
///     .low(80_000)
///     .prices(Prices { input: 3_000, cache_read: 300, cache_write: 3_750 })
///     .horizon(20);
/// budget.check()?;
/// assert_eq!(budget.room(), 120_000);
/// let error = budget.low(115_000).check().unwrap_err();
/// assert_eq!(error.to_string(), "the low water mark, 115000 tokens, lies above the high one, 110000");
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    limit: u64,
    reserve: u64,
    pub(crate) high: Option<u64>,
    pub(crate) low: Option<u64>,
    prices: Option<Prices>,
    horizon: u64,
}

/// What a provider asks for one token, in whole nano-units of any currency.
///
/// Three dollars for a million tokens are 3,000 nano-dollars for one. Sources: Anthropic lists
/// 0.1 times the input price for a token read from the cache and 1.25 times for one written to it
/// (five minutes; twice for an hour); where caching is automatic, as with OpenAI, writing costs
/// the input price and reading a tenth to a half of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prices {
    /// A token of a prompt, without a cache.
    pub input: u64,
    /// A token that the prompt cache has.
    pub cache_read: u64,
    /// A token that is put into the prompt cache.
    pub cache_write: u64,
}

/// Turns over which a plan is paid off, unless they are set: a guess of how long a task goes on.
const HORIZON_TURNS: u64 = 10;

impl Budget {
    /// Makes a budget of so many tokens for a prompt and its answer, with nothing reserved.
    pub fn new(limit: u64) -> Self {
        Budget { limit, reserve: 0, high: None, low: None, prices: None, horizon: HORIZON_TURNS }
    }

    /// Keeps tokens free for the answer.
    #[must_use]
    pub fn reserve(self, tokens: u64) -> Self {
        Budget { reserve: tokens, ..self }
    }

    /// Sets the mark, in tokens of the prompt, above which a plan makes room.
    #[must_use]
    pub fn high(self, tokens: u64) -> Self {
        Budget { high: Some(tokens), ..self }
    }

    /// Sets the mark, in tokens of the prompt, down to which a plan makes room.
    #[must_use]
    pub fn low(self, tokens: u64) -> Self {
        Budget { low: Some(tokens), ..self }
    }

    /// Sets the prices, so that plans weigh what is lost against what rewriting the prompt cache
    /// costs. Without them a plan loses as little as it can, and where two lose the same it
    /// rewrites as little as it can.
    #[must_use]
    pub fn prices(self, prices: Prices) -> Self {
        Budget { prices: Some(prices), ..self }
    }

    /// Sets how many turns the prompt will serve: a loss hurts in each of them, the cache is
    /// rewritten once. Ten unless set.
    #[must_use]
    pub fn horizon(self, turns: u64) -> Self {
        Budget { horizon: turns, ..self }
    }

    /// Returns the limit in tokens, of prompt and answer together.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Returns the tokens kept free for the answer.
    pub fn reserved(&self) -> u64 {
        self.reserve
    }

    /// Returns the tokens that a prompt may have: the limit less the reserve.
    pub fn room(&self) -> u64 {
        self.limit.saturating_sub(self.reserve)
    }

    /// Returns the mark above which a plan makes room.
    pub fn high_mark(&self) -> u64 {
        self.high.unwrap_or_else(|| self.room())
    }

    /// Returns the mark down to which a plan makes room.
    pub fn low_mark(&self) -> u64 {
        self.low.unwrap_or_else(|| self.high_mark())
    }

    /// Returns the prices, where they are set.
    pub fn known_prices(&self) -> Option<Prices> {
        self.prices
    }

    /// Returns how many turns the prompt will serve.
    pub fn turns(&self) -> u64 {
        self.horizon
    }

    /// Checks that the numbers fit together.
    ///
    /// # Errors
    ///
    /// `Invalid` if the reserve takes the whole limit, if a mark lies above the room or the low
    /// one above the high one, if reading the cache costs more than writing it or the input price
    /// is zero, if the horizon is no turn, or if a number is beyond its limit
    /// ([`BUDGET_TOKENS_MAX`],
    /// [`PRICE_MAX`],
    /// [`HORIZON_TURNS_MAX`]).
    pub fn check(&self) -> Result<()> {
        let (limit, reserve, room) = (self.limit, self.reserve, self.room());
        let (high, low) = (self.high_mark(), self.low_mark());
        if limit > BUDGET_TOKENS_MAX {
            return refused(format!(
                "a limit of {limit} tokens is beyond what is planned, {BUDGET_TOKENS_MAX}"
            ));
        }
        if room == 0 {
            return refused(format!(
                "a reserve of {reserve} tokens leaves nothing of the limit, {limit}"
            ));
        }
        if high > room {
            return refused(format!(
                "the high water mark, {high} tokens, lies above the limit less the reserve, {room}"
            ));
        }
        if low > high {
            return refused(format!(
                "the low water mark, {low} tokens, lies above the high one, {high}"
            ));
        }
        if self.horizon == 0 || self.horizon > HORIZON_TURNS_MAX {
            let turns = self.horizon;
            return refused(format!("a horizon of {turns} turns, not 1 to {HORIZON_TURNS_MAX}"));
        }
        self.prices.map_or(Ok(()), Prices::check)
    }
}

impl Prices {
    fn check(self) -> Result<()> {
        for (name, price) in [
            ("input", self.input),
            ("cache_read", self.cache_read),
            ("cache_write", self.cache_write),
        ] {
            if price > PRICE_MAX {
                return refused(format!(
                    "a price of {price} for {name} is beyond {PRICE_MAX} nano-units a token"
                ));
            }
        }
        if self.input == 0 {
            return refused("the input price is zero: leave the prices out instead".to_owned());
        }
        if self.cache_read > self.cache_write {
            let (read, write) = (self.cache_read, self.cache_write);
            return refused(format!(
                "reading the cache, {read} a token, costs more than writing it, {write}"
            ));
        }
        Ok(())
    }

    /// Returns what it costs more to write a token to the cache than to read it from there.
    pub(super) fn rewrite(self) -> u64 {
        self.cache_write.saturating_sub(self.cache_read)
    }
}

fn refused<T>(message: String) -> Result<T> {
    Err(Error::invalid(message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    const PRICES: Prices = Prices { input: 10, cache_read: 1, cache_write: 12 };

    fn holds(budget: Budget) -> bool {
        match budget.check() {
            Ok(()) => true,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Invalid);
                let line = error.to_string();
                assert!(!line.contains('\n') && !line.ends_with('.'), "{line}");
                false
            }
        }
    }

    #[test]
    fn numbers_at_their_limits_hold_and_beyond_them_are_refused() {
        let budget = Budget::new(1_000).reserve(100).high(800).low(500).prices(PRICES);
        for (at, below, good, bad) in [
            (
                "limit",
                Budget::new(BUDGET_TOKENS_MAX - 1),
                Budget::new(BUDGET_TOKENS_MAX),
                Budget::new(BUDGET_TOKENS_MAX + 1),
            ),
            (
                "reserve",
                Budget::new(9).reserve(7),
                Budget::new(9).reserve(8),
                Budget::new(9).reserve(9),
            ),
            ("high", budget.high(899), budget.high(900), budget.high(901)),
            ("low", budget.low(799), budget.low(800), budget.low(801)),
            (
                "horizon",
                budget.horizon(HORIZON_TURNS_MAX - 1),
                budget.horizon(HORIZON_TURNS_MAX),
                budget.horizon(HORIZON_TURNS_MAX + 1),
            ),
            ("turn", budget.horizon(2), budget.horizon(1), budget.horizon(0)),
            (
                "price",
                budget.prices(Prices { input: PRICE_MAX - 1, ..PRICES }),
                budget.prices(Prices { input: PRICE_MAX, ..PRICES }),
                budget.prices(Prices { input: PRICE_MAX + 1, ..PRICES }),
            ),
            (
                "write",
                budget.prices(Prices { cache_write: PRICE_MAX - 1, ..PRICES }),
                budget.prices(Prices { cache_write: PRICE_MAX, ..PRICES }),
                budget.prices(Prices { cache_write: PRICE_MAX + 1, ..PRICES }),
            ),
            (
                "free",
                budget.prices(Prices { input: 2, ..PRICES }),
                budget.prices(Prices { input: 1, ..PRICES }),
                budget.prices(Prices { input: 0, ..PRICES }),
            ),
            (
                "read",
                budget.prices(Prices { cache_read: 11, ..PRICES }),
                budget.prices(Prices { cache_read: 12, ..PRICES }),
                budget.prices(Prices { cache_read: 13, ..PRICES }),
            ),
        ] {
            assert!(holds(below) && holds(good), "{at}");
            assert!(!holds(bad), "{at}");
        }
    }

    #[test]
    fn marks_that_are_not_set_are_the_room() {
        let budget = Budget::new(100).reserve(30);
        assert_eq!((budget.room(), budget.high_mark(), budget.low_mark()), (70, 70, 70));
        assert_eq!(budget.high(60).low_mark(), 60);
    }

    #[test]
    fn no_number_makes_the_check_panic() {
        for number in [0, 1, u64::MAX - 1, u64::MAX] {
            let prices = Prices { input: number, cache_read: number, cache_write: number };
            let budget = Budget::new(number).reserve(number).high(number).low(number);
            assert!(!holds(budget.prices(prices).horizon(number)));
        }
    }
}
