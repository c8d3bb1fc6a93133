//! State: the host's own keyed values, such as a plan or a framework's channels.

use std::collections::BTreeMap;
use std::ops::{Bound, Range};

use super::batch::Batch;
use super::head::root;
use super::{Session, Snapshot};
use crate::codec::malformed;
use crate::error::{Error, Result};
use crate::id::{ContentId, MapId};
use crate::limits::{KEY_BYTES_MAX, TEXT_INLINE_BYTES_MAX};
use crate::map::{Map, Value};
use crate::object::{Checkpoint, Objects, OperationKind};
use crate::store::{Batch as StoreBatch, Store};

// The first byte of a value in the state map, and of an item in a list.
const INLINE: u8 = 0;
const CONTENT: u8 = 1;
const LIST: u8 = 2;

/// What a key of the state holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StateValue {
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list of this many items.
    List(u64),
}

/// Bytes as the state map holds them: small ones themselves, others as a content.
pub(super) fn value_of(bytes: &[u8], content: impl FnOnce() -> Result<ContentId>) -> Result<Value> {
    if bytes.len() > TEXT_INLINE_BYTES_MAX {
        return Ok(Value { refs: vec![content()?.id()], bytes: vec![CONTENT] });
    }
    let mut value = Vec::with_capacity(1 + bytes.len());
    value.push(INLINE);
    value.extend_from_slice(bytes);
    Ok(Value { refs: Vec::new(), bytes: value })
}

/// The content of a value that has one.
pub(super) fn content_of(value: &Value) -> Option<ContentId> {
    match (&value.bytes[..], &value.refs[..]) {
        ([CONTENT], [content]) => Some(ContentId::new(*content)),
        _ => None,
    }
}

fn list_of(value: &Value) -> Option<Map> {
    match (&value.bytes[..], &value.refs[..]) {
        ([LIST], [list]) => Some(Map::new(Some(MapId::new(*list)))),
        _ => None,
    }
}

fn read_bytes(store: &Store, value: &Value) -> Result<Vec<u8>> {
    if let Some(content) = content_of(value) {
        return Ok(store.read_content(content)?.to_vec());
    }
    match (value.bytes.split_first(), &value.refs[..]) {
        (Some((&INLINE, bytes)), []) => Ok(bytes.to_vec()),
        _ => Err(malformed("a state value of unknown form")),
    }
}

/// The number of items in a list: one more than the last index.
fn list_len(list: Map, objects: &(impl Objects + ?Sized)) -> Result<u64> {
    match list.last(objects)? {
        None => Ok(0),
        Some((key, _)) => key
            .try_into()
            .map(u64::from_be_bytes)
            .ok()
            .and_then(|last| last.checked_add(1))
            .ok_or_else(|| malformed("an index of a state list")),
    }
}

/// Refuses a key that a map cannot hold.
pub(super) fn check_key(key: &[u8]) -> Result<()> {
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        return Err(Error::invalid(format!(
            "a state key has 1 to {KEY_BYTES_MAX} bytes, got {}",
            key.len()
        )));
    }
    Ok(())
}

fn shown(key: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(key).chars().take(80).collect::<String>())
}

#[derive(Clone, Debug)]
pub(super) enum StateEdit {
    Put(Value),
    Append(Value),
    Remove,
}

#[derive(Clone, Debug)]
struct KeyDraft {
    /// What the key held when the draft began.
    base: Option<Value>,
    edits: Vec<StateEdit>,
}

/// Edits of the state on their way into a checkpoint.
#[derive(Debug, Default)]
pub(super) struct StateDraft {
    base: Map,
    keys: BTreeMap<Vec<u8>, KeyDraft>,
}

impl StateDraft {
    pub(super) fn new(base: Map) -> Self {
        StateDraft { base, keys: BTreeMap::new() }
    }

    /// What the key held when the draft began.
    pub(super) fn base(&self, batch: &StoreBatch, key: &[u8]) -> Result<Option<Value>> {
        self.base.get(batch, key)
    }

    pub(super) fn edit(&mut self, batch: &StoreBatch, key: &[u8], edit: StateEdit) -> Result<()> {
        check_key(key)?;
        if !self.keys.contains_key(key) {
            let base = self.base.get(batch, key)?;
            self.keys.insert(key.to_vec(), KeyDraft { base, edits: Vec::new() });
        }
        let draft = self.keys.get_mut(key).expect("inserted above");
        let (mut there, mut list) = match &draft.base {
            None => (false, true),
            Some(base) => (true, list_of(base).is_some()),
        };
        for edit in &draft.edits {
            (there, list) = match edit {
                StateEdit::Put(_) => (true, false),
                StateEdit::Append(_) => (true, true),
                StateEdit::Remove => (false, true),
            };
        }
        match edit {
            StateEdit::Remove if !there => {
                return Err(Error::not_found(format!("no state under {}", shown(key))));
            }
            StateEdit::Append(_) if !list => return Err(holds_bytes(key)),
            _ => draft.edits.push(edit),
        }
        Ok(())
    }

    /// Applies the edits to a state, which need not be the one that they began with. A key that
    /// is put or removed must not have moved since; what is appended goes to the end.
    pub(super) fn apply(&self, batch: &mut StoreBatch, state: Map) -> Result<Map> {
        let mut changed = Vec::with_capacity(self.keys.len());
        for (key, draft) in &self.keys {
            let before = state.get(batch, key)?;
            let rests = draft.edits.iter().any(|edit| !matches!(edit, StateEdit::Append(_)));
            if rests && before != draft.base {
                return Err(Error::conflict(format!(
                    "state under {} changed since this edit began",
                    shown(key)
                )));
            }
            let mut now = before.clone();
            let mut edits = &draft.edits[..];
            while let Some((edit, rest)) = edits.split_first() {
                edits = rest;
                now = match edit {
                    StateEdit::Put(value) => Some(value.clone()),
                    StateEdit::Remove => None,
                    StateEdit::Append(item) => {
                        let mut items = vec![item.clone()];
                        while let Some((StateEdit::Append(item), rest)) = edits.split_first() {
                            edits = rest;
                            items.push(item.clone());
                        }
                        Some(append(batch, key, now, items)?)
                    }
                };
            }
            if now != before {
                changed.push((key.clone(), now));
            }
        }
        edit(batch, state, changed)
    }
}

fn holds_bytes(key: &[u8]) -> Error {
    Error::invalid(format!("state under {} holds bytes, not a list; remove it first", shown(key)))
}

fn append(
    batch: &mut StoreBatch,
    key: &[u8],
    value: Option<Value>,
    items: Vec<Value>,
) -> Result<Value> {
    let list = match &value {
        None => Map::EMPTY,
        Some(value) => list_of(value).ok_or_else(|| holds_bytes(key))?,
    };
    let len = list_len(list, batch)?;
    let mut edits = Vec::with_capacity(items.len());
    for (at, item) in items.into_iter().enumerate() {
        let index = len
            .checked_add(at as u64)
            .ok_or_else(|| malformed("a state list is at the largest index"))?;
        edits.push((index.to_be_bytes().to_vec(), Some(item)));
    }
    let list = edit(batch, list, edits)?;
    let root = list.root().expect("a list that was appended to is not empty");
    Ok(Value { refs: vec![root.id()], bytes: vec![LIST] })
}

/// Edits a map and puts the nodes that this makes.
pub(super) fn edit(
    batch: &mut StoreBatch,
    map: Map,
    edits: Vec<(Vec<u8>, Option<Value>)>,
) -> Result<Map> {
    if edits.is_empty() {
        return Ok(map);
    }
    let edited = map.edit(&*batch, edits)?;
    Ok(batch.put_map(edited))
}

/// The state of a fixed checkpoint, for reading.
#[derive(Clone, Debug)]
pub struct StateSnapshot {
    store: Store,
    map: Map,
}

impl StateSnapshot {
    /// Returns what a key holds.
    ///
    /// # Errors
    /// `Corrupt` if it cannot be read.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<StateValue>> {
        let Some(value) = self.map.get(&self.store, key.as_ref())? else { return Ok(None) };
        self.value(&value).map(Some)
    }

    /// Returns the keys in their order, with what they hold.
    ///
    /// # Errors
    /// `Corrupt` if one cannot be read.
    pub fn list(&self) -> Result<Vec<(Vec<u8>, StateValue)>> {
        let rows = self.map.range(&self.store, Bound::Unbounded, Bound::Unbounded);
        rows.map(|row| row.and_then(|(key, value)| Ok((key, self.value(&value)?)))).collect()
    }

    /// Returns the items of a list in a range of indexes, as far as they are there.
    ///
    /// # Errors
    /// `NotFound` if there is no such key, `Invalid` if it holds bytes.
    pub fn items(&self, key: impl AsRef<[u8]>, range: Range<u64>) -> Result<Vec<Vec<u8>>> {
        let key = key.as_ref();
        let value = self
            .map
            .get(&self.store, key)?
            .ok_or_else(|| Error::not_found(format!("no state under {}", shown(key))))?;
        let list = list_of(&value).ok_or_else(|| holds_bytes(key))?;
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let (from, to) = (range.start.to_be_bytes(), range.end.to_be_bytes());
        let rows = list.range(&self.store, Bound::Included(&from), Bound::Excluded(&to));
        rows.map(|row| row.and_then(|(_, item)| read_bytes(&self.store, &item))).collect()
    }

    fn value(&self, value: &Value) -> Result<StateValue> {
        match list_of(value) {
            Some(list) => list_len(list, &self.store).map(StateValue::List),
            None => read_bytes(&self.store, value).map(StateValue::Bytes),
        }
    }
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

/// The host's own keyed values in a session: bytes, or lists that share what they have in common
/// from one version to the next. Reads see the latest state; each write is one durable commit.
///
/// A key has 1 to 4,096 bytes of any kind.
///
/// ```
/// use partita::{StateValue, Store};
/// let state = Store::in_memory()?.session("planner")?.state();
/// state.put("plan", "look first")?;
/// state.append("steps", "read")?;
/// state.append("steps", "edit")?;
/// assert_eq!(state.get("plan")?, Some(StateValue::Bytes(b"look first".to_vec())));
/// assert_eq!(state.get("steps")?, Some(StateValue::List(2)));
/// assert_eq!(state.items("steps", 1..9)?, [b"edit"]);
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct State {
    session: Session,
}

impl Session {
    /// Returns the host's keyed values.
    pub fn state(&self) -> State {
        State { session: self.clone() }
    }
}

impl State {
    /// Returns what a key holds.
    ///
    /// # Errors
    /// `Corrupt` if it cannot be read.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<StateValue>> {
        self.session.latest()?.state().get(key)
    }

    /// Returns the keys in their order, with what they hold.
    ///
    /// # Errors
    /// `Corrupt` if one cannot be read.
    pub fn list(&self) -> Result<Vec<(Vec<u8>, StateValue)>> {
        self.session.latest()?.state().list()
    }

    /// Returns the items of a list in a range of indexes, as far as they are there.
    ///
    /// # Errors
    /// `NotFound` if there is no such key, `Invalid` if it holds bytes.
    pub fn items(&self, key: impl AsRef<[u8]>, range: Range<u64>) -> Result<Vec<Vec<u8>>> {
        self.session.latest()?.state().items(key, range)
    }

    /// Sets a key to bytes, whatever it held.
    ///
    /// # Errors
    /// `Invalid` for a key out of bounds, `Conflict` if another writer set the key meanwhile.
    pub fn put(&self, key: impl AsRef<[u8]>, bytes: impl AsRef<[u8]>) -> Result<()> {
        self.edit(|batch| batch.state_put(key, bytes))
    }

    /// Appends an item to a list, which begins with its first item.
    ///
    /// # Errors
    /// `Invalid` if the key holds bytes or is out of bounds.
    pub fn append(&self, key: impl AsRef<[u8]>, item: impl AsRef<[u8]>) -> Result<()> {
        self.edit(|batch| batch.state_append(key, item))
    }

    /// Removes a key and what it holds.
    ///
    /// # Errors
    /// `NotFound` if there is none, `Conflict` if another writer changed it meanwhile.
    pub fn remove(&self, key: impl AsRef<[u8]>) -> Result<()> {
        self.edit(|batch| batch.state_remove(key))
    }

    fn edit(&self, edit: impl FnOnce(&mut Batch) -> Result<()>) -> Result<()> {
        self.session.batch(|batch| {
            batch.kind(OperationKind::State);
            edit(batch)
        })
    }
}
