//! Editing a map: level by level from the leaves, each level's new nodes are edits of the next.

use std::iter::Peekable;
use std::vec::IntoIter;

use super::cursor::{Cursor, Seek};
use super::node::{NodeWriter, begins_node};
use super::{Edited, Map, NewNode, Value};
use crate::error::{Error, Result};
use crate::id::{MapId, ObjectId};
use crate::limits::{KEY_BYTES_MAX, MAP_HEIGHT_MAX, VALUE_BYTES_MAX, VALUE_REFS_MAX};
use crate::object::{Node, Objects};

/// A key and its new value, or none where it goes.
type Edit = (Vec<u8>, Option<Value>);

pub(super) fn edit<O: Objects + ?Sized>(
    map: &Map,
    objects: &O,
    edits: impl IntoIterator<Item = Edit>,
) -> Result<Edited> {
    let mut edits = in_order(edits)?;
    let mut cursor = Cursor::keeping(objects);
    let mut built = Vec::new();
    let top = match map.root() {
        Some(root) => Some(cursor.load(&root.id())?.level()),
        None => None,
    };
    for level in 0..MAP_HEIGHT_MAX as u8 {
        if edits.is_empty() {
            return Ok(Edited { map: *map, nodes: Vec::new() });
        }
        let old = map.root().filter(|_| top.is_some_and(|top| level <= top));
        let is_top = top.is_none_or(|top| level >= top);
        let mut nodes = Vec::new();
        let pass = Pass {
            level,
            writer: NodeWriter::new(level),
            replaced: Vec::new(),
            written: Vec::new(),
            built: &mut built,
            nodes: &mut nodes,
            whole: is_top,
        };
        pass.run(old, &mut cursor, edits)?;
        if is_top && nodes.len() <= 1 {
            let root = match nodes.pop() {
                Some((_, Some(child))) => {
                    Some(collapse(level, child.refs[0], &mut built, &mut cursor)?)
                }
                _ => None,
            };
            return Ok(Edited { map: Map::new(root), nodes: built });
        }
        edits = nodes;
    }
    Err(Error::corrupt(format!("a map of more than {MAP_HEIGHT_MAX} levels")))
}

/// Sorts edits by key; the last one of a key wins.
fn in_order(edits: impl IntoIterator<Item = Edit>) -> Result<Vec<Edit>> {
    let mut edits: Vec<Edit> = edits.into_iter().collect();
    for (key, value) in &edits {
        let (refs, bytes) = value.as_ref().map_or((0, 0), |v| (v.refs.len(), v.bytes.len()));
        for (what, size, max) in [
            ("a map key", key.len(), KEY_BYTES_MAX),
            ("a map value", bytes, VALUE_BYTES_MAX),
            ("a map value's list of ids", refs, VALUE_REFS_MAX),
        ] {
            if size > max {
                return Err(Error::invalid(format!("{what} has size {size}, at most {max}")));
            }
        }
    }
    edits.sort_by(|a, b| a.0.cmp(&b.0));
    edits.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            kept.1 = later.1.take();
        }
        same
    });
    Ok(edits)
}

/// Goes down from the one node of a level as long as it has a single child.
fn collapse<O: Objects + ?Sized>(
    mut level: u8,
    mut root: ObjectId,
    built: &mut Vec<NewNode>,
    cursor: &mut Cursor<'_, O>,
) -> Result<MapId> {
    while level > 0 {
        let child = match built.last() {
            Some(last) if last.id == root => match last.node.refs[..] {
                [child] => Some(child),
                _ => None,
            },
            _ => cursor.load(&root)?.only_child(level)?,
        };
        let Some(child) = child else { break };
        if built.last().is_some_and(|last| last.id == root) {
            built.pop();
        }
        (level, root) = (level - 1, child);
    }
    Ok(MapId::new(root))
}

/// One level of an edit. A run begins where an old node begins that an edit falls into, and ends
/// where old and new boundaries meet again; what lies between runs is neither read nor written.
struct Pass<'b> {
    level: u8,
    writer: NodeWriter,
    /// The old nodes of the run, by first key.
    replaced: Vec<(Vec<u8>, ObjectId)>,
    /// The new nodes of the run, by first key.
    written: Vec<(Vec<u8>, Node)>,
    built: &'b mut Vec<NewNode>,
    /// The edits of the level above.
    nodes: &'b mut Vec<Edit>,
    /// Whether the level above is new: it gets all nodes, and has none to remove.
    whole: bool,
}

impl Pass<'_> {
    fn run<O: Objects + ?Sized>(
        mut self,
        old: Option<MapId>,
        cursor: &mut Cursor<'_, O>,
        edits: Vec<Edit>,
    ) -> Result<()> {
        let mut edits = edits.into_iter().peekable();
        let Some(root) = old else {
            self.insert_until(None, &mut edits);
            self.end_run();
            return Ok(());
        };
        while let Some((key, value)) = edits.peek() {
            cursor.seek(root, self.level, Seek::Key(key))?;
            // Without its first key, a node may be one with the node before.
            if value.is_none() && cursor.entry().is_some_and(|(node, _)| node.key(0) == &key[..]) {
                cursor.previous_node()?;
            }
            while !self.merge(cursor, &mut edits) {
                cursor.next_node()?;
            }
            self.end_run();
        }
        Ok(())
    }

    /// Merges edits into the cursor's node, and tells whether the run ends with it.
    fn merge<O: Objects + ?Sized>(
        &mut self,
        cursor: &Cursor<'_, O>,
        edits: &mut Peekable<IntoIter<Edit>>,
    ) -> bool {
        let (node, _) = cursor.entry().expect("a level that the map has");
        self.replaced.push((node.key(0).to_vec(), node.id()));
        // As long as the new node begins where the old one did and no key came or went, the old
        // boundaries hold, and no key needs to be hashed.
        let mut settled = self.writer.count() == 0;
        let mut at = 0;
        while at < node.len() {
            // Up to the next edit all stays, and so do its bytes.
            let until = match edits.peek() {
                _ if !settled => at,
                Some((edited, _)) => node.below(|key| key < &edited[..]),
                None => node.len(),
            };
            if until > at {
                self.writer.push_run(node, at..until);
                at = until;
                continue;
            }
            let key = node.key(at);
            settled &= !self.insert_until(Some(key), edits);
            match edits.next_if(|(edited, _)| edited == key) {
                Some((_, Some(value))) => self.push(key, &value.refs, &value.bytes, settled),
                Some((_, None)) => settled = false,
                None => self.push(key, node.refs(at), node.bytes(at), settled),
            }
            at += 1;
        }
        let Some(next) = cursor.next_first() else {
            self.insert_until(None, edits);
            return true;
        };
        settled &= !self.insert_until(Some(next), edits);
        if edits.peek().is_some_and(|(key, value)| key == next && value.is_none()) {
            return false;
        }
        let count = self.writer.count();
        settled || count == 0 || begins_node(self.level, next, count)
    }

    /// Inserts what is new before a key, and tells whether there was any.
    fn insert_until(&mut self, bound: Option<&[u8]>, edits: &mut Peekable<IntoIter<Edit>>) -> bool {
        let mut any = false;
        while let Some((key, value)) =
            edits.next_if(|(key, _)| bound.is_none_or(|bound| &key[..] < bound))
        {
            if let Some(value) = value {
                self.push(&key, &value.refs, &value.bytes, false);
                any = true;
            }
        }
        any
    }

    fn push(&mut self, key: &[u8], refs: &[ObjectId], bytes: &[u8], settled: bool) {
        if !settled && begins_node(self.level, key, self.writer.count()) {
            self.end_node();
        }
        self.writer.push(key, refs, bytes);
    }

    fn end_node(&mut self) {
        let writer = std::mem::replace(&mut self.writer, NodeWriter::new(self.level));
        self.written.push(writer.finish());
    }

    /// Turns the run's old and new nodes into edits of the level above.
    fn end_run(&mut self) {
        if self.writer.count() > 0 {
            self.end_node();
        }
        let mut base = None;
        let mut replaced = std::mem::take(&mut self.replaced).into_iter().peekable();
        for (first, node) in self.written.drain(..) {
            let mut same_key = false;
            while let Some((old, id)) = replaced.next_if(|(old, _)| *old <= first) {
                same_key = old == first;
                if !same_key && !self.whole {
                    self.nodes.push((old, None));
                }
                base = Some(id);
            }
            let id = node.id();
            let unchanged = same_key && base == Some(id);
            if !unchanged || self.whole {
                let child = Value { refs: vec![id], bytes: Vec::new() };
                self.nodes.push((first, Some(child)));
            }
            if !unchanged {
                let base = base.or_else(|| replaced.peek().map(|(_, id)| *id));
                self.built.push(NewNode { id, node: node.into(), base });
            }
        }
        if !self.whole {
            self.nodes.extend(replaced.map(|(old, _)| (old, None)));
        }
    }
}
