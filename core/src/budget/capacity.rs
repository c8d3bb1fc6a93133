//! Capacity: an account beside the limit that it has to stay below.

use std::fmt;

use crate::budget::{Account, Budget};
use crate::context::Source;
use crate::tokens::Count;

/// How much of a limit is spent, on what, and how much is left: a snapshot.
///
/// ```
/// use partita::budget::{Account, Budget, Capacity};
/// use partita::context::Source;
/// use partita::tokens::Count;
/// let mut account = Account::new();
/// account.set("a.rs", Source::Files, "a.rs", Count::exact(900));
/// account.set("b.rs", Source::Files, "b.rs", Count::exact(300));
/// let capacity = Capacity::new(&account, &Budget::new(1_000).reserve(100), 1);
/// assert_eq!(capacity.source(Source::Files), Count::exact(1_200));
/// assert_eq!(capacity.headroom(), -300);
/// assert_eq!(capacity.items().len(), 1);
/// assert_eq!(capacity.to_string(), "1200 of 1000 tokens, 100 reserved: over by 300");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capacity<K> {
    sources: [Count; Source::ALL.len()],
    overhead: Count,
    total: Count,
    items: Vec<CapacityItem<K>>,
    items_total: usize,
    limit: u64,
    reserve: u64,
}

/// One item of a [`Capacity`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapacityItem<K> {
    /// What the item was set under.
    pub key: K,
    /// What it belongs to.
    pub source: Source,
    /// What people are shown.
    pub label: String,
    /// Its tokens.
    pub count: Count,
}

impl<K: Ord + Clone> Capacity<K> {
    /// Takes a snapshot with the `most` largest items (`usize::MAX` for all of them).
    pub fn new(account: &Account<K>, budget: &Budget, most: usize) -> Self {
        let items = account.largest().take(most).map(|item| CapacityItem {
            key: item.key.clone(),
            source: item.source,
            label: item.label.to_owned(),
            count: item.count,
        });
        Capacity {
            sources: Source::ALL.map(|source| account.source(source)),
            overhead: account.overhead(),
            total: account.total(),
            items: items.collect(),
            items_total: account.len(),
            limit: budget.limit(),
            reserve: budget.reserved(),
        }
    }
}

impl<K> Capacity<K> {
    /// Puts a capacity together again from what it tells, as a copy in another language has it:
    /// the tokens of each source and beside them, the items that are listed and how many there are.
    pub fn from_parts(
        sources: impl IntoIterator<Item = (Source, Count)>,
        overhead: Count,
        (items, items_total): (Vec<CapacityItem<K>>, usize),
        budget: &Budget,
    ) -> Self {
        let mut of = [Count::ZERO; Source::ALL.len()];
        for (source, count) in sources {
            of[source as usize] = count;
        }
        let total = of.iter().copied().sum::<Count>() + overhead;
        let (limit, reserve) = (budget.limit(), budget.reserved());
        Capacity { sources: of, overhead, total, items, items_total, limit, reserve }
    }

    /// Returns the tokens of a source.
    pub fn source(&self, source: Source) -> Count {
        self.sources[source as usize]
    }

    /// Returns every source with its tokens.
    pub fn sources(&self) -> impl Iterator<Item = (Source, Count)> {
        Source::ALL.into_iter().zip(self.sources)
    }

    /// Returns what a request costs beside its items; part of the total, of no source.
    pub fn overhead(&self) -> Count {
        self.overhead
    }

    /// Returns the tokens of everything.
    pub fn total(&self) -> Count {
        self.total
    }

    /// Returns the largest items, as many as were asked for, largest first.
    pub fn items(&self) -> &[CapacityItem<K>] {
        &self.items
    }

    /// Returns how many items there are, also those that are not listed.
    pub fn items_total(&self) -> usize {
        self.items_total
    }

    /// Returns the limit in tokens, of prompt and answer together.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Returns the tokens kept free for the answer.
    pub fn reserve(&self) -> u64 {
        self.reserve
    }

    /// Returns the tokens that are surely left beside the reserve, by the total's upper bound;
    /// negative by how much it is over. Saturates.
    pub fn headroom(&self) -> i64 {
        let left = i128::from(self.limit) - i128::from(self.reserve);
        saturated(left - i128::from(self.total.high()))
    }
}

fn saturated(number: i128) -> i64 {
    i64::try_from(number).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX })
}

impl<K> fmt::Display for Capacity<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = if self.total.is_exact() { "" } else { "about " };
        write!(f, "{about}{} of {} tokens", self.total.tokens(), self.limit)?;
        if self.reserve > 0 {
            write!(f, ", {} reserved", self.reserve)?;
        }
        match self.headroom() {
            left @ 0.. => write!(f, ": {left} left"),
            over => write!(f, ": over by {}", over.unsigned_abs()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(counts: &[Count]) -> Account<usize> {
        let mut account = Account::new();
        for (at, &count) in counts.iter().enumerate() {
            account.set(at, Source::ALL[at % 5], format!("item {at}"), count);
        }
        account
    }

    #[test]
    fn headroom_goes_by_the_upper_bound_and_leaves_the_reserve() {
        let account = account(&[Count::estimated(50, 40, 70), Count::exact(20)]);
        for (limit, headroom) in [(99, -1), (100, 0), (101, 1)] {
            let capacity = Capacity::new(&account, &Budget::new(limit).reserve(10), 9);
            assert_eq!(capacity.headroom(), headroom);
        }
    }

    #[test]
    fn hostile_numbers_saturate() {
        let account = account(&[Count::exact(u64::MAX), Count::exact(u64::MAX)]);
        let capacity = Capacity::new(&account, &Budget::new(0).reserve(u64::MAX), 9);
        assert_eq!(capacity.headroom(), i64::MIN);
        let capacity = Capacity::new(&self::account(&[]), &Budget::new(u64::MAX), 9);
        assert_eq!(capacity.headroom(), i64::MAX);
    }

    #[test]
    fn the_sources_and_the_overhead_make_up_the_total() {
        let mut account = account(&[Count::exact(1), Count::exact(20), Count::exact(300)]);
        account.set_overhead(Count::exact(4_000));
        let capacity = Capacity::new(&account, &Budget::new(5_000), 2);
        let sum: Count = capacity.sources().map(|(_, count)| count).sum();
        assert_eq!(sum + capacity.overhead(), capacity.total());
        assert_eq!(capacity.total(), Count::exact(4_321));
        let keys: Vec<_> = capacity.items().iter().map(|item| item.key).collect();
        assert_eq!((keys, capacity.items_total()), (vec![2, 1], 3));
    }

    #[test]
    fn an_estimate_is_shown_as_one() {
        let account = account(&[Count::estimated(50, 40, 70)]);
        let capacity = Capacity::new(&account, &Budget::new(100), 9);
        assert_eq!(capacity.to_string(), "about 50 of 100 tokens: 30 left");
    }
}
