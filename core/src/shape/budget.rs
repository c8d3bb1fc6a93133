//! Budgets: capacity, plans, what to drop, and what is too large.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::fields::{Each, object};
use super::read::{field, from_json, given, number_of};
use crate::budget::{
    Account, AccountItem, Budget, Capacity, CapacityItem, Fit, FitExchange, Plan, PlanCost,
    PlanStep, Prices, Shortfall, ShortfallItem,
};
use crate::context::Source;
use crate::error::Result;
use crate::limits::BUDGET_TOKENS_MAX;
use crate::tokens::Count;

object!(Budget, budget => {
    limit: budget.limit(),
    reserve: budget.reserved(),
    high: budget.high,
    low: budget.low,
    prices: budget.known_prices(),
    horizon: budget.turns(),
});

from_json!(Budget, json => {
    let number = |key: &str| given(json, key).map(|value| number_of(value, key)).transpose();
    let mut budget = Budget::new(number_of(field(json, "limit")?, "limit")?);
    if let Some(reserve) = number("reserve")? {
        budget = budget.reserve(reserve);
    }
    if let Some(turns) = number("horizon")? {
        budget = budget.horizon(turns);
    }
    if let Some(prices) = given(json, "prices") {
        let price = |key: &str| number_of(field(prices, key)?, key);
        budget = budget.prices(Prices {
            input: price("input")?,
            cache_read: price("cache_read")?,
            cache_write: price("cache_write")?,
        });
    }
    budget.high = number("high")?;
    budget.low = number("low")?;
    Ok(budget)
});

object!(Prices, prices => {
    input: prices.input,
    cache_read: prices.cache_read,
    cache_write: prices.cache_write,
});

/// The tokens of each source, by its name.
struct Sources<F>(F);

impl<F: Fn(Source) -> Count> Serialize for Sources<F> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(Source::ALL.len()))?;
        for source in Source::ALL {
            map.serialize_entry(source.name(), &(self.0)(source).tokens())?;
        }
        map.end()
    }
}

// A limit that is the largest there can be is none.
object!(where [K: Serialize] Capacity<K>, capacity => {
    sources: Sources(|source| capacity.source(source)),
    total: capacity.total().tokens(),
    exact: capacity.total().is_exact(),
    low: capacity.total().low(),
    high: capacity.total().high(),
    overhead: capacity.overhead().tokens(),
    limit: (capacity.limit() < BUDGET_TOKENS_MAX).then(|| capacity.limit()),
    headroom: (capacity.limit() < BUDGET_TOKENS_MAX).then(|| capacity.headroom()),
    items: capacity.items(),
});

object!(where [K: Serialize] CapacityItem<K>, item => {
    source: item.source,
    key: item.key,
    ..item.count,
});

object!(where [K: Serialize + Ord + Clone] Account<K>, account => {
    sources: Sources(|source| account.source(source)),
    total: account.total().tokens(),
    exact: account.total().is_exact(),
    low: account.total().low(),
    high: account.total().high(),
    overhead: account.overhead().tokens(),
    items: Each(|| account.largest()),
});

object!(where [K: Serialize] AccountItem<'_, K>, item => {
    source: item.source,
    key: item.key,
    ..item.count,
});

object!(where [K: Serialize] Plan<K>, plan => {
    before: plan.before(),
    after: plan.after(),
    freed: plan.freed(),
    loss: plan.loss(),
    steps: plan.steps(),
    cached: plan.cached(),
    rewritten: plan.rewritten(),
    optimal: plan.is_optimal(),
    cost?: plan.cost(),
});

object!(where [K: Serialize] PlanStep<K>, step => {
    action: step.action,
    on: step.keys,
    ..step.tokens,
    freed: step.freed,
    loss: step.loss,
});

object!(PlanCost, cost => {
    rewriting: cost.rewriting,
    saved: cost.saved,
});

object!(Fit, fit => {
    before: fit.before,
    after: fit.after,
    drop: Each(|| fit.exchanges.iter().filter(|exchange| exchange.dropped)),
    keep: messages(fit, |exchange| !exchange.dropped),
    pinned: messages(fit, |exchange| exchange.pinned),
});

/// The messages of those exchanges that are so, rising.
fn messages(fit: &Fit, is_so: impl Fn(&FitExchange) -> bool) -> Vec<u64> {
    let exchanges = fit.exchanges.iter().filter(|exchange| is_so(exchange));
    let mut numbers: Vec<u64> =
        exchanges.flat_map(|exchange| exchange.messages.iter().copied()).collect();
    numbers.sort_unstable();
    numbers
}

object!(FitExchange, exchange => {
    messages: exchange.messages,
    ..exchange.tokens,
});

object!(Shortfall, shortfall => {
    limit: shortfall.limit,
    least: shortfall.least,
    items: shortfall.items,
});

object!(ShortfallItem, item => {
    what: item.what,
    tokens: item.tokens,
    pinned: item.pinned,
});
