//! Refs: what the last base frame says of them, and what was committed since.

use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::log::read::reader::Reader;

impl Reader {
    /// Returns a ref. Looks first for what other processes have committed.
    pub(crate) fn reference(&self, name: &str) -> Result<Option<ObjectId>> {
        self.refresh()?;
        self.known_reference(name)
    }

    /// Returns the root of the refs' own map, as of the last snapshot.
    pub(crate) fn refs_root(&self) -> Option<ObjectId> {
        self.state().refs.root().map(|root| root.id())
    }

    /// Returns a ref as of the frames that are known.
    pub(crate) fn known_reference(&self, name: &str) -> Result<Option<ObjectId>> {
        let refs = {
            let state = self.state();
            if let Some(damage) = state.doubt(Some(name)) {
                return Err(damage
                    .error()
                    .context(format!("ref {name:?} is not known for certain")));
            }
            if let Some(id) = state.updates.get(name) {
                return Ok(*id);
            }
            state.refs
        };
        match refs.get(self, name.as_bytes())? {
            None => Ok(None),
            Some(value) => named(&value.refs).map(Some),
        }
    }

    /// Returns refs whose name begins with `prefix` and is greater than `after`, in order.
    pub(crate) fn references(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, ObjectId)>> {
        use std::ops::Bound;
        self.refresh()?;
        let from = after.filter(|after| *after >= prefix);
        let from = from.map_or(Bound::Included(prefix), Bound::Excluded);
        let within = |name: &str| name.starts_with(prefix);
        let (refs, updates) = {
            let state = self.state();
            if let Some(damage) = state.doubt(None) {
                return Err(damage.error().context("the refs are not known for certain"));
            }
            let updates = state.updates.range::<str, _>((from, Bound::Unbounded));
            let updates: Vec<_> = updates
                .take_while(|(name, _)| within(name))
                .map(|(name, id)| (name.clone(), *id))
                .collect();
            (state.refs, updates)
        };
        let mut rows = Vec::new();
        let mut updates = updates.into_iter().peekable();
        let from = match from {
            Bound::Excluded(name) => Bound::Excluded(name.as_bytes()),
            _ => Bound::Included(prefix.as_bytes()),
        };
        let mut stored = refs.range(self, from, Bound::Unbounded).peekable();
        while rows.len() < limit {
            let next = match stored.peek() {
                Some(Ok((key, _))) if key.starts_with(prefix.as_bytes()) => Some(key.clone()),
                Some(Err(_)) => None,
                _ => {
                    rows.extend(updates.by_ref().filter_map(|(name, id)| Some((name, id?))));
                    rows.truncate(limit);
                    break;
                }
            };
            let earlier = updates.next_if(|(name, _)| {
                next.as_ref().is_some_and(|key| name.as_bytes() <= key.as_slice())
            });
            if let Some((name, id)) = earlier {
                if next.is_some_and(|key| key == name.as_bytes()) {
                    stored.next();
                }
                rows.extend(id.map(|id| (name, id)));
                continue;
            }
            if let Some(row) = stored.next() {
                let (key, value) = row?;
                let name = String::from_utf8(key)
                    .map_err(|_| Error::corrupt("a ref's name is not UTF-8"))?;
                rows.push((name, named(&value.refs)?));
            }
        }
        Ok(rows)
    }
}

fn named(refs: &[ObjectId]) -> Result<ObjectId> {
    refs.first().copied().ok_or_else(|| Error::corrupt("a ref that names nothing"))
}
