//! The account: what each item of a prompt costs, summed as items change.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::context::Source;
use crate::tokens::Count;

/// Items with their counts, and the sums by source and in all, kept up to date.
///
/// A change costs O(log n) for n items, whatever it changes; sums are read in constant time.
/// Sums are kept in 128 bits and shown saturated, so an item that is set and removed leaves no
/// trace, however large it was.
///
/// ```
/// use partita::budget::Account;
/// use partita::context::Source;
/// use partita::tokens::Count;
/// let mut account = Account::new();
/// account.set("a.rs", Source::Files, "a.rs, iteration 3", Count::exact(900));
/// account.set("1..4", Source::Memories, "a question", Count::estimated(120, 100, 150));
/// account.set_overhead(Count::exact(3));
/// assert_eq!(account.source(Source::Files), Count::exact(900));
/// assert_eq!(account.total().tokens(), 1_023);
/// assert!(!account.total().is_exact());
/// assert_eq!(account.largest().next().map(|item| *item.key), Some("a.rs"));
/// account.remove(&"1..4");
/// assert_eq!(account.total(), Count::exact(903));
/// ```
#[derive(Clone, Debug)]
pub struct Account<K> {
    items: BTreeMap<K, Entry>,
    /// Largest first, then by key.
    order: BTreeSet<(Reverse<u64>, K)>,
    sources: [Tally; Source::ALL.len()],
    overhead: Count,
}

#[derive(Clone, Debug)]
struct Entry {
    source: Source,
    label: String,
    count: Count,
}

/// One item of an [`Account`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountItem<'a, K> {
    /// What the item was set under.
    pub key: &'a K,
    /// What it belongs to.
    pub source: Source,
    /// What people are shown.
    pub label: &'a str,
    /// Its tokens.
    pub count: Count,
}

/// A sum from which can be taken away again: wider than what it adds, and nothing saturates.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    tokens: u128,
    low: u128,
    high: u128,
    estimates: u64,
}

impl Tally {
    fn add(&mut self, count: Count) {
        self.tokens += u128::from(count.tokens());
        self.low += u128::from(count.low());
        self.high += u128::from(count.high());
        self.estimates += u64::from(!count.is_exact());
    }

    fn take(&mut self, count: Count) {
        self.tokens -= u128::from(count.tokens());
        self.low -= u128::from(count.low());
        self.high -= u128::from(count.high());
        self.estimates -= u64::from(!count.is_exact());
    }

    fn count(&self) -> Count {
        let shown = |sum: u128| u64::try_from(sum).unwrap_or(u64::MAX);
        if self.estimates == 0 {
            Count::exact(shown(self.tokens))
        } else {
            Count::estimated(shown(self.tokens), shown(self.low), shown(self.high))
        }
    }
}

impl<K> Default for Account<K> {
    fn default() -> Self {
        Account {
            items: BTreeMap::new(),
            order: BTreeSet::new(),
            sources: Default::default(),
            overhead: Count::exact(0),
        }
    }
}

impl<K: Ord + Clone> Account<K> {
    /// Makes an account without items.
    pub fn new() -> Self {
        Account::default()
    }

    /// Puts an item in, or in the place of the one with this key; returns what that one counted.
    pub fn set(
        &mut self,
        key: K,
        source: Source,
        label: impl Into<String>,
        count: Count,
    ) -> Option<Count> {
        let before = self.remove(&key);
        self.sources[source as usize].add(count);
        self.order.insert((Reverse(count.tokens()), key.clone()));
        self.items.insert(key, Entry { source, label: label.into(), count });
        before
    }

    /// Takes an item out and returns what it counted; without such an item nothing happens.
    pub fn remove(&mut self, key: &K) -> Option<Count> {
        let (key, entry) = self.items.remove_entry(key)?;
        self.sources[entry.source as usize].take(entry.count);
        self.order.remove(&(Reverse(entry.count.tokens()), key));
        Some(entry.count)
    }

    /// Sets what a request costs beside its items, such as the tokens that prime the answer.
    pub fn set_overhead(&mut self, overhead: Count) {
        self.overhead = overhead;
    }

    /// Returns what a request costs beside its items; part of the total, of no source.
    pub fn overhead(&self) -> Count {
        self.overhead
    }

    /// Returns the item of a key.
    pub fn get(&self, key: &K) -> Option<AccountItem<'_, K>> {
        let (key, entry) = self.items.get_key_value(key)?;
        Some(entry.shown(key))
    }

    /// Returns the number of items.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Returns the sum of a source's items.
    pub fn source(&self, source: Source) -> Count {
        self.sources[source as usize].count()
    }

    /// Returns the sum of all items and the overhead.
    pub fn total(&self) -> Count {
        let mut total = Tally::default();
        for sum in &self.sources {
            total.tokens += sum.tokens;
            total.low += sum.low;
            total.high += sum.high;
            total.estimates += sum.estimates;
        }
        total.add(self.overhead);
        total.count()
    }

    /// Returns the items, those with the most tokens first; equal ones by their keys.
    pub fn largest(&self) -> impl Iterator<Item = AccountItem<'_, K>> {
        self.order.iter().filter_map(|(_, key)| self.get(key))
    }
}

impl Entry {
    fn shown<'a, K>(&'a self, key: &'a K) -> AccountItem<'a, K> {
        AccountItem { key, source: self.source, label: &self.label, count: self.count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn a_count() -> impl Strategy<Value = Count> {
        let number = prop_oneof![0..50u64, Just(u64::MAX), Just(u64::MAX - 1)];
        (number.clone(), number.clone(), number, any::<bool>()).prop_map(|(a, b, c, exact)| {
            if exact { Count::exact(a) } else { Count::estimated(a, a.min(b), a.max(c)) }
        })
    }

    proptest! {
        #[test]
        fn sums_and_order_are_those_of_the_items_after_any_changes(
            changes in proptest::collection::vec((0..12u8, 0..5usize, a_count(), any::<bool>()), 0..60),
        ) {
            let mut account = Account::new();
            let mut model = BTreeMap::new();
            for (key, source, count, removed) in changes {
                let source = Source::ALL[source];
                if removed {
                    prop_assert_eq!(account.remove(&key), model.remove(&key).map(|(_, count)| count));
                } else {
                    account.set(key, source, "", count);
                    model.insert(key, (source, count));
                }
            }
            for source in Source::ALL {
                let items = model.values().filter(|item| item.0 == source).map(|item| item.1);
                prop_assert_eq!(account.source(source), items.sum());
            }
            prop_assert_eq!(account.total(), model.values().map(|item| item.1).sum());
            let mut sorted: Vec<_> = model.iter().map(|(&k, v)| (Reverse(v.1.tokens()), k)).collect();
            sorted.sort_unstable();
            let shown: Vec<_> =
                account.largest().map(|item| (Reverse(item.count.tokens()), *item.key)).collect();
            prop_assert_eq!(shown, sorted);
            prop_assert_eq!(account.len(), model.len());
        }
    }

    #[test]
    fn an_item_set_twice_counts_once_in_the_source_it_was_set_to_last() {
        let mut account = Account::new();
        account.set(1, Source::Files, "old", Count::exact(5));
        assert_eq!(account.set(1, Source::Memories, "new", Count::exact(7)), Some(Count::exact(5)));
        assert_eq!(account.source(Source::Files), Count::exact(0));
        assert_eq!(account.total(), Count::exact(7));
        assert_eq!(account.get(&1).unwrap().label, "new");
        assert_eq!(account.remove(&2), None);
    }

    #[test]
    fn sums_beyond_the_largest_number_are_shown_saturated_and_come_back() {
        let mut account = Account::new();
        account.set(1, Source::Files, "", Count::exact(u64::MAX));
        account.set(2, Source::Tools, "", Count::exact(u64::MAX));
        account.set_overhead(Count::exact(3));
        assert_eq!(account.total(), Count::exact(u64::MAX));
        account.remove(&1);
        account.remove(&2);
        assert_eq!(account.total(), Count::exact(3));
    }
}
