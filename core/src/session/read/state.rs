//! Reading the state of a fixed checkpoint.

use std::ops::{Bound, Range};

use crate::error::Result;
use crate::map::{Map, Value, prefix_end};
use crate::object::Checkpoint;
use crate::session::line::point::root;
use crate::session::line::value::{absent, holds_bytes, index_of, list_len, list_of, read_bytes};
use crate::session::read::snapshot::Snapshot;
use crate::store::Store;

/// What a key of the state holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StateValue {
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list of this many items.
    List(u64),
}

/// Entries that a scan reads at first and at most at a time: it looks up its place each time.
const PAGE: (usize, usize) = (8, 256);

/// The state of a fixed checkpoint, for reading.
#[derive(Clone, Debug)]
pub struct StateSnapshot {
    store: Store,
    map: Map,
}

impl Snapshot {
    /// Returns the host's keyed values.
    pub fn state(&self) -> StateSnapshot {
        StateSnapshot {
            store: self.store.clone(),
            map: root(self.point.as_ref(), Checkpoint::STATE),
        }
    }
}

impl StateSnapshot {
    /// Returns what a key holds.
    ///
    /// # Errors
    /// `Corrupt` if it cannot be read.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<StateValue>> {
        self.entry(key)?.map(|entry| entry.read()).transpose()
    }

    /// Returns a key with its value unread.
    ///
    /// # Errors
    /// `Corrupt` if the key cannot be looked up.
    pub fn entry(&self, key: impl AsRef<[u8]>) -> Result<Option<StateEntry>> {
        let key = key.as_ref();
        let value = self.map.get(&self.store, key)?;
        Ok(value.map(|value| StateEntry { key: key.to_vec(), value, store: self.store.clone() }))
    }

    /// Returns the keys in their order, with what they hold.
    ///
    /// # Errors
    /// `Corrupt` if one cannot be read.
    pub fn list(&self) -> Result<Vec<(Vec<u8>, StateValue)>> {
        let read = |entry: StateEntry| Ok((entry.read()?, entry.key));
        self.under("").map(|row| row.and_then(read).map(|(value, key)| (key, value))).collect()
    }

    /// Returns the keys that begin with these bytes, ascending.
    pub fn under(&self, prefix: impl AsRef<[u8]>) -> StateEntries {
        StateEntries::new(self, prefix.as_ref(), false)
    }

    /// Returns the keys that begin with these bytes, descending. The first is found in O(log n), as
    /// that of [`under`](Self::under) is.
    pub fn under_back(&self, prefix: impl AsRef<[u8]>) -> StateEntries {
        StateEntries::new(self, prefix.as_ref(), true)
    }

    /// Returns the items of a list in a range of indexes, as far as they are there.
    ///
    /// # Errors
    /// `NotFound` if there is no such key, `Invalid` if it holds bytes.
    pub fn items(&self, key: impl AsRef<[u8]>, range: Range<u64>) -> Result<Vec<Vec<u8>>> {
        let key = key.as_ref();
        self.entry(key)?.ok_or_else(|| absent(key))?.items(range)
    }
}

/// A key of the state; what it holds is read when it is asked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StateEntry {
    /// The key.
    pub key: Vec<u8>,
    value: Value,
    store: Store,
}

impl StateEntry {
    /// Tells whether it holds a list, without reading it.
    pub fn is_list(&self) -> bool {
        list_of(&self.value).is_some()
    }

    /// Reads what it holds: its bytes, or the length of its list.
    ///
    /// # Errors
    /// `Purged` if its bytes were, `Corrupt` if they cannot be read.
    pub fn read(&self) -> Result<StateValue> {
        match list_of(&self.value) {
            Some(list) => list_len(list, &self.store).map(StateValue::List),
            None => read_bytes(&self.store, &self.value).map(StateValue::Bytes),
        }
    }

    fn list(&self) -> Result<Map> {
        list_of(&self.value).ok_or_else(|| holds_bytes(&self.key))
    }

    /// Tells how many first items its list has in common with another of the same store. Reads only
    /// where the two differ.
    ///
    /// # Errors
    /// `Invalid` if either holds bytes.
    ///
    /// ```
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.batch(|b| {
    ///     b.state_extend("1", ["a", "b", "c"])?;
    ///     b.state_copy("1", "2")?;
    ///     b.state_truncate("2", 2)?;
    ///     b.state_extend("2", ["x", "y"])
    /// })?;
    /// let state = session.latest()?.state();
    /// let (one, two) = (state.entry("1")?.expect("put"), state.entry("2")?.expect("put"));
    /// assert_eq!(one.shared(&two)?, 2);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn shared(&self, other: &StateEntry) -> Result<u64> {
        let (list, other) = (self.list()?, other.list()?);
        match list.diff(&other, &self.store).next().transpose()? {
            Some(change) => index_of(&change.key),
            None => list_len(list, &self.store),
        }
    }

    /// Reads the items of its list in a range of indexes, as far as they are there.
    ///
    /// # Errors
    /// `Invalid` if it holds bytes, else as [`read`](Self::read).
    pub fn items(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>> {
        let list = self.list()?;
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let (from, to) = (range.start.to_be_bytes(), range.end.to_be_bytes());
        let rows = list.range(&self.store, Bound::Included(&from), Bound::Excluded(&to));
        rows.map(|row| row.and_then(|(_, item)| read_bytes(&self.store, &item))).collect()
    }
}

/// The keys of a state that begin alike, in their order or against it, with values unread.
///
/// It holds what it needs, and goes on seeing the state that it began with. After an error it
/// ends.
///
/// ```
/// let session = partita::Store::in_memory()?.session("s")?;
/// session.batch(|b| {
///     b.state_put("step/1", "read")?;
///     b.state_put("step/2", "edit")?;
///     b.state_put("plan", "look first")
/// })?;
/// let state = session.latest()?.state();
/// let newest = state.under_back("step/").next().transpose()?.expect("a step");
/// assert_eq!(newest.key, b"step/2");
/// assert_eq!(state.under("step/").after("step/1").count(), 1);
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct StateEntries {
    store: Store,
    map: Map,
    prefix: Vec<u8>,
    back: bool,
    after: Option<Vec<u8>>,
    page: std::vec::IntoIter<(Vec<u8>, Value)>,
    size: usize,
    ended: bool,
}

impl StateEntries {
    fn new(state: &StateSnapshot, prefix: &[u8], back: bool) -> Self {
        StateEntries {
            store: state.store.clone(),
            map: state.map,
            prefix: prefix.to_vec(),
            back,
            after: None,
            page: Vec::new().into_iter(),
            size: PAGE.0,
            ended: false,
        }
    }

    /// Begins after this key, which need not be there: with the next larger one, or against the
    /// order with the next smaller one.
    #[must_use]
    pub fn after(mut self, key: impl AsRef<[u8]>) -> Self {
        self.after = Some(key.as_ref().to_vec());
        self.page = Vec::new().into_iter();
        self.ended = false;
        self
    }

    fn read_page(&mut self) -> Result<()> {
        let end = prefix_end(&self.prefix);
        let mut from = Bound::Included(&self.prefix[..]);
        let mut to = end.as_ref().map(|end| &end[..]);
        match &self.after {
            Some(after) if self.back && *after < self.prefix => to = Bound::Excluded(&self.prefix),
            Some(after) if self.back && after.starts_with(&self.prefix) => {
                to = Bound::Excluded(after);
            }
            Some(after) if !self.back && *after >= self.prefix => from = Bound::Excluded(after),
            _ => {}
        }
        let rows = match self.back {
            true => self.map.range_back(&self.store, from, to),
            false => self.map.range(&self.store, from, to),
        };
        let page = rows.take(self.size).collect::<Result<Vec<_>>>()?;
        self.ended = page.len() < self.size;
        self.size = (self.size * 4).min(PAGE.1);
        self.after = page.last().map(|(key, _)| key.clone());
        self.page = page.into_iter();
        Ok(())
    }
}

impl Iterator for StateEntries {
    type Item = Result<StateEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.len() == 0
            && !self.ended
            && let Err(error) = self.read_page()
        {
            self.ended = true;
            return Some(Err(error));
        }
        let (key, value) = self.page.next()?;
        Some(Ok(StateEntry { key, value, store: self.store.clone() }))
    }
}

impl std::iter::FusedIterator for StateEntries {}
