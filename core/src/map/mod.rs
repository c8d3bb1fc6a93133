//! The Merkle map: a sorted map from byte strings to values, kept as a tree of nodes.
//!
//! Where nodes begin depends on keys and on counts alone, so the same entries make the same root
//! in whatever order they came, and a new value rewrites one node a level. `node` has the format.

mod cursor;
mod diff;
mod edit;
mod merge;
mod node;
mod range;
#[cfg(test)]
mod tests;

use std::ops::Bound;
use std::sync::Arc;

pub use diff::Diff;
pub use merge::{Merge, MergeChange, MergeOutcome};
pub use range::Range;

pub use crate::id::MapId;

use crate::codec::malformed;
use crate::error::{ErrorKind, Result};
use crate::id::ObjectId;
use crate::object::{Node, Objects};
use cursor::{Cursor, Seek};
use node::MapNode;

/// What a key maps to: ids, which gc and check follow, and bytes, which mean what the map's owner
/// says.
///
/// At most [`VALUE_REFS_MAX`](crate::limits::VALUE_REFS_MAX) ids and
/// [`VALUE_BYTES_MAX`](crate::limits::VALUE_BYTES_MAX) bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Value {
    /// The ids that the value refers to.
    pub refs: Vec<ObjectId>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Value {
    fn of(node: &MapNode, at: usize) -> Self {
        Value { refs: node.refs(at).to_vec(), bytes: node.bytes(at).to_vec() }
    }
}

/// A sorted, immutable map from byte strings to [`Value`]s, named by the id of its root node.
///
/// Two maps with the same entries are equal. A map holds no nodes: every call gets the
/// [`Objects`] to read them from. Lookups and single edits read O(log n) nodes.
///
/// ```
/// use partita::Store;
/// use partita::map::{Map, Value};
/// let store = Store::in_memory()?;
/// let value = Value { refs: Vec::new(), bytes: b"1".to_vec() };
/// let edited = Map::EMPTY.edit(&store, [(b"a".to_vec(), Some(value.clone()))])?;
/// let mut batch = store.batch();
/// let map = batch.put_map(edited);
/// assert_eq!(map.get(&batch, b"a")?, Some(value));
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Map {
    root: Option<MapId>,
}

/// The smallest key of a map, and the entry with the largest.
pub(crate) type Ends = (Vec<u8>, (Vec<u8>, Value));

/// A key with its value.
pub(crate) type Row = (Vec<u8>, Value);

/// An edited map, and what must be stored before anybody reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The map after the edit.
    pub map: Map,
    /// The nodes that the old map did not have, children before parents.
    pub nodes: Vec<NewNode>,
}

/// A node that an edit made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNode {
    id: ObjectId,
    node: Arc<Node>,
    base: Option<ObjectId>,
}

impl NewNode {
    /// Returns the node's id.
    pub fn id(&self) -> ObjectId {
        self.id
    }

    /// Returns the node.
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Returns the old node that this one replaces or resembles.
    pub fn base(&self) -> Option<ObjectId> {
        self.base
    }
}

/// A key whose value differs between two maps.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapChange {
    /// The key.
    pub key: Vec<u8>,
    /// Its value in the first map.
    pub before: Option<Value>,
    /// Its value in the second map.
    pub after: Option<Value>,
}

impl Map {
    /// The map without entries, which has no node.
    pub const EMPTY: Map = Map { root: None };

    /// Takes a root node, or none for the empty map.
    pub fn new(root: Option<MapId>) -> Map {
        Map { root }
    }

    /// Returns the root node; none in the empty map.
    pub fn root(&self) -> Option<MapId> {
        self.root
    }

    /// Returns the value of a key.
    ///
    /// # Errors
    /// `Corrupt` if a node on the way is missing or malformed.
    pub fn get(&self, objects: &(impl Objects + ?Sized), key: &[u8]) -> Result<Option<Value>> {
        let Some(root) = self.root else { return Ok(None) };
        let mut cursor = Cursor::new(objects);
        cursor.seek(root, 0, Seek::Key(key))?;
        let found = cursor.entry().filter(|(node, at)| node.key(*at) == key);
        Ok(found.map(|(node, at)| Value::of(node, at)))
    }

    /// Returns the entry with the largest key; none in the empty map.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn last(&self, objects: &(impl Objects + ?Sized)) -> Result<Option<(Vec<u8>, Value)>> {
        self.range_back(objects, Bound::Unbounded, Bound::Unbounded).next().transpose()
    }

    /// Returns the smallest key, and the entry with the largest; none in the empty map.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub(crate) fn ends(&self, objects: &(impl Objects + ?Sized)) -> Result<Option<Ends>> {
        let Some(root) = self.root else { return Ok(None) };
        let mut cursor = Cursor::new(objects);
        cursor.enter(root, Seek::Last)?;
        let first = cursor.entry().map(|(node, _)| node.key(0).to_vec());
        cursor.descend_to(0, Seek::Last)?;
        let last = cursor.entry().map(|(node, at)| (node.key(at).to_vec(), Value::of(node, at)));
        Ok(first.zip(last))
    }

    /// Returns the entries between two keys, ascending. Bounds that cross give none.
    pub fn range<'a, O: Objects + ?Sized>(
        &self,
        objects: &'a O,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
    ) -> Range<'a, O> {
        Range::new(*self, objects, from, to, false)
    }

    /// Returns the entries between two keys, descending; `from` is still the lower bound.
    pub fn range_back<'a, O: Objects + ?Sized>(
        &self,
        objects: &'a O,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
    ) -> Range<'a, O> {
        Range::new(*self, objects, from, to, true)
    }

    /// Returns the entries whose keys begin with `prefix`, ascending.
    pub fn prefix<'a, O: Objects + ?Sized>(&self, objects: &'a O, prefix: &[u8]) -> Range<'a, O> {
        let to = prefix_end(prefix);
        self.range(objects, Bound::Included(prefix), to.as_ref().map(|end| &end[..]))
    }

    /// Returns the ids of the map's own nodes.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub(crate) fn node_ids(&self, objects: &(impl Objects + ?Sized)) -> Result<Vec<ObjectId>> {
        let mut ids: Vec<ObjectId> = self.root.iter().map(|root| root.id()).collect();
        let mut at = 0;
        while let Some(&id) = ids.get(at) {
            at += 1;
            let node = MapNode::decode(id, objects.read_node(&id)?)?;
            if node.level() > 0 {
                ids.extend((0..node.len()).flat_map(|entry| node.refs(entry)));
            }
        }
        Ok(ids)
    }

    /// Returns the entries that can be read, in order, and whether these are all.
    ///
    /// # Errors
    /// `Io` if the medium refuses.
    pub(crate) fn readable(&self, objects: &(impl Objects + ?Sized)) -> Result<(Vec<Row>, bool)> {
        self.entries_without(objects, |kind| kind != ErrorKind::Io)
    }

    /// Returns the entries that are left where nodes may have been given up for lost, in order, and
    /// whether these are all.
    ///
    /// # Errors
    /// `Corrupt` if a node is there and cannot be read, else as [`readable`](Self::readable).
    pub(crate) fn left(&self, objects: &(impl Objects + ?Sized)) -> Result<(Vec<Row>, bool)> {
        self.entries_without(objects, ErrorKind::is_absence)
    }

    /// Returns the entries but those behind nodes that fail in a way that is passed over, in order,
    /// and whether these are all.
    fn entries_without(
        &self,
        objects: &(impl Objects + ?Sized),
        passes: impl Fn(ErrorKind) -> bool,
    ) -> Result<(Vec<Row>, bool)> {
        let (mut entries, mut is_all) = (Vec::new(), true);
        let mut pending: Vec<(ObjectId, Option<u8>)> =
            self.root.iter().map(|root| (root.id(), None)).collect();
        while let Some((id, level)) = pending.pop() {
            let read = objects.read_node(&id).and_then(|node| MapNode::decode(id, node));
            let read = read.and_then(|node| match level {
                Some(level) if level != node.level() => {
                    Err(malformed(format!("map node {id:.10} stands at a level of another")))
                }
                _ => Ok(node),
            });
            let node = match read {
                Ok(node) => node,
                Err(error) if passes(error.kind()) => {
                    is_all = false;
                    continue;
                }
                Err(error) => return Err(error),
            };
            if node.level() == 0 {
                entries.extend(
                    (0..node.len()).map(|at| (node.key(at).to_vec(), Value::of(&node, at))),
                );
                continue;
            }
            let below = Some(node.level() - 1);
            let children = (0..node.len()).rev().flat_map(|at| node.refs(at));
            pending.extend(children.map(|child| (*child, below)));
        }
        Ok((entries, is_all))
    }

    /// Sets and, with `None`, removes keys, all at once. The edits come in any order; the last one
    /// of a key wins, and removing what is not there changes nothing.
    ///
    /// # Errors
    /// `Invalid` if a key or a value exceeds its limit, else as [`get`](Self::get).
    pub fn edit(
        &self,
        objects: &(impl Objects + ?Sized),
        edits: impl IntoIterator<Item = (Vec<u8>, Option<Value>)>,
    ) -> Result<Edited> {
        edit::edit(self, objects, edits)
    }

    /// Returns the keys whose values differ in `other`, ascending: `before` is this map's value,
    /// `after` the other's. Reads only nodes that the two do not share.
    pub fn diff<'a, O: Objects + ?Sized>(&self, other: &Map, objects: &'a O) -> Diff<'a, O> {
        Diff::new(*self, *other, objects)
    }

    /// Returns the keys that `ours` or `theirs` changed since this map, from which both come, ascending,
    /// each with what becomes of it. Reads only nodes that are not this map's too.
    ///
    /// ```
    /// use partita::Store;
    /// use partita::map::{Map, MergeOutcome, Value};
    /// let store = Store::in_memory()?;
    /// let mut batch = store.batch();
    /// let value = |text: &str| Some(Value { refs: Vec::new(), bytes: text.into() });
    /// let row = |key: &str, text: &str| (key.as_bytes().to_vec(), value(text));
    /// let base = batch.edit_map(Map::EMPTY, vec![row("a", "1"), row("b", "1")])?;
    /// let ours = batch.edit_map(base, vec![row("a", "2")])?;
    /// let theirs = batch.edit_map(base, vec![row("a", "3"), row("b", "2")])?;
    /// let changes = base.merge(&ours, &theirs, &batch).collect::<partita::Result<Vec<_>>>()?;
    /// assert_eq!(changes[0].outcome(), MergeOutcome::Collision);
    /// assert_eq!(changes[1].outcome(), MergeOutcome::Clean(value("2").as_ref()));
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn merge<'a, O: Objects + ?Sized>(
        &self,
        ours: &Map,
        theirs: &Map,
        objects: &'a O,
    ) -> Merge<'a, O> {
        Merge::new(*self, [*ours, *theirs], objects)
    }
}

/// The upper bound of the keys that begin with `prefix`.
pub(crate) fn prefix_end(prefix: &[u8]) -> Bound<Vec<u8>> {
    let mut end = prefix.to_vec();
    while end.pop_if(|byte| *byte == u8::MAX).is_some() {}
    match end.last_mut() {
        Some(byte) => {
            *byte += 1;
            Bound::Excluded(end)
        }
        None => Bound::Unbounded,
    }
}
