//! Edits of the state on their way into a checkpoint.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::codec::malformed;
use crate::error::Result;
use crate::map::{Map, Value};
use crate::session::line::value::{
    absent, check_key, holds_bytes, list_len, list_of, list_value, moved,
};
use crate::store::Batch as StoreBatch;

#[derive(Clone, Debug)]
pub(crate) enum StateEdit {
    /// Bytes, or none where the key goes.
    Set(Option<Value>),
    /// Items at the end of a list, which begins with them.
    Extend(Vec<Value>),
    /// The first items of a list stay.
    Truncate(u64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Holds {
    Nothing,
    Bytes,
    List,
}

impl Holds {
    fn of(value: Option<&Value>) -> Self {
        match value {
            None => Holds::Nothing,
            Some(value) if list_of(value).is_some() => Holds::List,
            Some(_) => Holds::Bytes,
        }
    }
}

#[derive(Clone, Debug)]
struct KeyDraft {
    /// What the key held when the draft began.
    base: Option<Value>,
    edits: Vec<StateEdit>,
    /// What it holds after the edits.
    holds: Holds,
}

impl KeyDraft {
    fn new(base: Option<Value>) -> Self {
        KeyDraft { holds: Holds::of(base.as_ref()), base, edits: Vec::new() }
    }

    fn edit(&mut self, key: &[u8], edit: StateEdit) -> Result<()> {
        match (&edit, self.holds) {
            (StateEdit::Set(None) | StateEdit::Truncate(_), Holds::Nothing) => {
                return Err(absent(key));
            }
            (StateEdit::Extend(_) | StateEdit::Truncate(_), Holds::Bytes) => {
                return Err(holds_bytes(key));
            }
            _ => {}
        }
        self.holds = match &edit {
            StateEdit::Set(value) => Holds::of(value.as_ref()),
            StateEdit::Extend(_) | StateEdit::Truncate(_) => Holds::List,
        };
        match (self.edits.last_mut(), edit) {
            (Some(StateEdit::Extend(items)), StateEdit::Extend(more)) => items.extend(more),
            (_, edit) => self.edits.push(edit),
        }
        Ok(())
    }

    /// The edits that make what this key holds, whatever was there.
    fn whole(&self) -> Vec<StateEdit> {
        match self.edits.iter().rposition(|edit| matches!(edit, StateEdit::Set(_))) {
            Some(at) => self.edits[at..].to_vec(),
            None => {
                let set = StateEdit::Set(self.base.clone());
                std::iter::once(set).chain(self.edits.iter().cloned()).collect()
            }
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct StateDraft {
    base: Map,
    keys: BTreeMap<Vec<u8>, KeyDraft>,
}

impl StateDraft {
    pub(crate) fn new(base: Map) -> Self {
        StateDraft { base, keys: BTreeMap::new() }
    }

    /// What new bytes of the key most likely resemble: what was copied to it or put last, else
    /// what it held when the draft began.
    pub(crate) fn resembled(&self, batch: &StoreBatch, key: &[u8]) -> Result<Option<Value>> {
        match self.keys.get(key).map(|draft| (draft.edits.last(), &draft.base)) {
            Some((Some(StateEdit::Set(Some(value))), _)) => Ok(Some(value.clone())),
            Some((_, base)) => Ok(base.clone()),
            None => self.base.get(batch, key),
        }
    }

    pub(crate) fn edit(&mut self, batch: &StoreBatch, key: &[u8], edit: StateEdit) -> Result<()> {
        check_key(key)?;
        if !self.keys.contains_key(key) {
            let base = self.base.get(batch, key)?;
            self.keys.insert(key.to_vec(), KeyDraft::new(base));
        }
        self.keys.get_mut(key).expect("inserted above").edit(key, edit)
    }

    /// Sets `to` to what `from` holds after the edits so far.
    pub(crate) fn copy(&mut self, batch: &StoreBatch, from: &[u8], to: &[u8]) -> Result<()> {
        check_key(to)?;
        let (edits, holds) = match self.keys.get(from) {
            Some(source) => (source.whole(), source.holds),
            None => {
                let base = self.base.get(batch, from)?;
                let holds = Holds::of(base.as_ref());
                (vec![StateEdit::Set(base)], holds)
            }
        };
        if holds == Holds::Nothing {
            return Err(absent(from));
        }
        let base = match self.keys.remove(to) {
            Some(target) => target.base,
            None => self.base.get(batch, to)?,
        };
        self.keys.insert(to.to_vec(), KeyDraft { base, edits, holds });
        Ok(())
    }

    /// Applies the edits to a state, which need not be the one that they began with. A key that
    /// is set or truncated must not have moved since; what is appended goes to the end.
    pub(crate) fn apply(&self, batch: &mut StoreBatch, state: Map) -> Result<Map> {
        let mut changed = Vec::with_capacity(self.keys.len());
        for (key, draft) in &self.keys {
            let before = state.get(batch, key)?;
            let rests = draft.edits.iter().any(|edit| !matches!(edit, StateEdit::Extend(_)));
            if rests && before != draft.base {
                return Err(moved(key));
            }
            let mut now = before.clone();
            let mut edits = &draft.edits[..];
            while let Some((edit, rest)) = edits.split_first() {
                if let StateEdit::Set(value) = edit {
                    (now, edits) = (value.clone(), rest);
                    continue;
                }
                let end = edits.iter().position(|edit| matches!(edit, StateEdit::Set(_)));
                let (run, rest) = edits.split_at(end.unwrap_or(edits.len()));
                (now, edits) = (Some(edit_list(batch, key, now, run)?), rest);
            }
            if now != before {
                changed.push((key.clone(), now));
            }
        }
        batch.edit_map(state, changed)
    }
}

/// Applies a run of edits to a list as one edit of its map, so that no list between is stored.
fn edit_list(
    batch: &mut StoreBatch,
    key: &[u8],
    value: Option<Value>,
    run: &[StateEdit],
) -> Result<Value> {
    let list = match &value {
        None => Map::EMPTY,
        Some(value) => list_of(value).ok_or_else(|| holds_bytes(key))?,
    };
    let len = list_len(list, batch)?;
    let (mut kept, mut added) = (len, Vec::new());
    for edit in run {
        match edit {
            StateEdit::Set(_) => unreachable!("a run has no sets"),
            StateEdit::Extend(items) => added.extend(items),
            StateEdit::Truncate(len) if *len <= kept => {
                kept = *len;
                added.clear();
            }
            StateEdit::Truncate(len) => {
                added.truncate(usize::try_from(*len - kept).unwrap_or(usize::MAX));
            }
        }
    }
    let mut edits = Vec::with_capacity(added.len());
    if kept < len {
        let from = kept.to_be_bytes();
        for row in list.range(&*batch, Bound::Included(&from), Bound::Unbounded) {
            edits.push((row?.0, None));
        }
    }
    for (at, item) in added.into_iter().enumerate() {
        let index = kept
            .checked_add(at as u64)
            .ok_or_else(|| malformed("a state list is at the largest index"))?;
        edits.push((index.to_be_bytes().to_vec(), Some(item.clone())));
    }
    Ok(list_value(batch.edit_map(list, edits)?))
}
