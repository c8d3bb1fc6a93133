//! A node of the map: its bytes, and where one ends and the next begins.
//!
//! Kind 1, version 1. The body, with integers and byte strings as `codec` has them:
//!
//! | field | form | bound |
//! |---|---|---|
//! | level | integer | 0 for a leaf, at most 15 |
//! | then, until the body ends, for each entry: | | 1 to 256 entries |
//! | shared | integer | bytes shared with the key before; 0 for the first |
//! | suffix | byte string | the rest of the key; a key has at most 4,096 bytes |
//! | count, leaf only | integer | ids of the value, at most 16 |
//! | bytes, leaf only | byte string | bytes of the value, at most 4,096 |
//!
//! Keys ascend strictly as byte strings, and `shared` is as large as it can be. The refs of a leaf
//! are the ids of its values, entry by entry; those of an inner node are its children, one an
//! entry. The key of a child is the first key below it, and its level is one less. A root that is
//! not a leaf has at least two entries. Nothing counts the entries: a number in front would change
//! the head of the body at each append.
//!
//! The boundary rule. A level is a sequence of entries; going through it from the left, an entry
//! begins a new node if the node before it has `count` entries and
//!
//! ```text
//! count >= 256, or
//! count >= 16 and hash(level, key) < 684 * count * count * count
//! ```
//!
//! where `hash` is the first four bytes, little-endian, of BLAKE3 keyed with the 32 ASCII bytes
//! `partita map boundary rule, v1   ` over one byte, the level, and the key. The first entry
//! of a level begins its first node. The level whose entries are one node is the root; the entries
//! of the next level are the first keys and ids of the nodes of this one.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use crate::codec::{Reader, Writer, malformed};
use crate::error::Result;
use crate::id::{ObjectId, boundary_hash};
use crate::limits::{
    KEY_BYTES_MAX, MAP_ENTRIES_MAX, MAP_ENTRIES_MIN, MAP_HEIGHT_MAX, VALUE_BYTES_MAX,
    VALUE_REFS_MAX,
};
use crate::object::{Kind, Node};

const VERSION: u16 = 1;

/// A cubic hazard: sizes follow a Weibull law of shape 4 around a mean of 64 entries. The right
/// side passes every hash at 185 entries, so the cap of 256 binds decoders alone.
const BOUNDARY_FACTOR: u64 = 684;

#[cfg(test)]
thread_local! {
    /// Keys hashed by this thread, for the tests that promise how few.
    pub(super) static HASHED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Tells whether an entry begins a new node, given the number of entries in the open one.
pub(super) fn begins_node(level: u8, key: &[u8], count: usize) -> bool {
    if count < MAP_ENTRIES_MIN {
        return false;
    }
    #[cfg(test)]
    HASHED.set(HASHED.get() + 1);
    let cube = (count as u64).saturating_pow(3);
    count >= MAP_ENTRIES_MAX
        || u64::from(boundary_hash(level, key)) < BOUNDARY_FACTOR.saturating_mul(cube)
}

/// A decoded node. Keys are spelled out; values stay where they are.
#[derive(Debug)]
pub(super) struct MapNode {
    id: ObjectId,
    node: Arc<Node>,
    level: u8,
    keys: Vec<u8>,
    /// Where in the body the entries begin.
    from: usize,
    rows: Vec<Row>,
}

/// Where an entry's parts end or lie: in `keys`, in the node's refs, in its body. The entry itself
/// ends with its bytes.
#[derive(Debug)]
struct Row {
    key_end: usize,
    refs_end: usize,
    bytes: Range<usize>,
}

/// Nodes that a thread keeps as they were taken apart last: a step of a session goes down the same
/// few maps several times.
const DECODED_KEPT: usize = 16;
/// Bytes of a node above which it is not kept so.
const DECODED_BYTES_MAX: usize = 16 << 10;

thread_local! {
    /// The one that was used last comes first.
    static DECODED: RefCell<Vec<Arc<MapNode>>> = const { RefCell::new(Vec::new()) };
}

impl MapNode {
    pub(super) fn decode(id: ObjectId, node: Arc<Node>) -> Result<Self> {
        Self::parse(id, node).map_err(|error| error.context(format_args!("map node {id:.10}")))
    }

    /// As [`decode`](Self::decode), but takes apart only once what this thread uses again and
    /// again. What is kept answers for the very node that it was made of and no other, so whoever
    /// asks still has to have that node.
    pub(super) fn decode_kept(id: ObjectId, node: Arc<Node>) -> Result<Arc<Self>> {
        if node.size() > DECODED_BYTES_MAX {
            return Self::decode(id, node).map(Arc::new);
        }
        DECODED.with_borrow_mut(|kept| {
            let same = |kept: &Arc<MapNode>| Arc::ptr_eq(&kept.node, &node) && kept.id == id;
            if let Some(at) = kept.iter().position(same) {
                kept[..=at].rotate_right(1);
            } else {
                let decoded = Self::decode(id, node)?;
                kept.truncate(DECODED_KEPT - 1);
                kept.insert(0, Arc::new(decoded));
            }
            Ok(kept[0].clone())
        })
    }

    /// Accepts one form alone: integers are the shortest, and a suffix that neither begins as the
    /// key before goes on nor is smaller makes `shared` the largest and keys ascend.
    fn parse(id: ObjectId, node: Arc<Node>) -> Result<Self> {
        node.refuse_newer(Kind::MAP, VERSION)?;
        if node.kind != Kind::MAP || node.version != VERSION {
            let (kind, version) = (node.kind.0, node.version);
            return Err(malformed(format!("kind {kind} version {version} is no map node")));
        }
        let mut reader = Reader::new(&node.body);
        let level = reader.count(MAP_HEIGHT_MAX - 1, "a level")? as u8;
        let from = node.body.len() - reader.rest().len();
        let mut keys = Vec::with_capacity(node.body.len() * 2);
        let mut rows: Vec<Row> = Vec::with_capacity(node.refs.len().min(MAP_ENTRIES_MAX));
        let (mut previous, mut refs_end) = (0..0, 0);
        while !reader.is_empty() {
            if rows.len() == MAP_ENTRIES_MAX {
                return Err(malformed(format!("more than {MAP_ENTRIES_MAX} entries")));
            }
            let shared = reader.count(previous.len(), "a shared prefix")?;
            let suffix = reader.bytes(KEY_BYTES_MAX - shared, "a key's suffix")?;
            let before = &keys[previous.start + shared..previous.end];
            if !rows.is_empty() && suffix.first() <= before.first() {
                return Err(malformed("keys that do not ascend"));
            }
            let start = keys.len();
            keys.extend_from_within(previous.start..previous.start + shared);
            keys.extend_from_slice(suffix);
            let mut len = 0;
            if level == 0 {
                refs_end += reader.count(VALUE_REFS_MAX, "the number of a value's ids")?;
                len = reader.bytes(VALUE_BYTES_MAX, "a value")?.len();
            } else {
                refs_end += 1;
            }
            let end = node.body.len() - reader.rest().len();
            let bytes = end - len..end;
            previous = start..keys.len();
            rows.push(Row { key_end: keys.len(), refs_end, bytes });
        }
        if rows.is_empty() || refs_end != node.refs.len() {
            return Err(malformed(format!("{} entries, {} refs", rows.len(), node.refs.len())));
        }
        Ok(MapNode { id, node, level, keys, from, rows })
    }

    pub(super) fn id(&self) -> ObjectId {
        self.id
    }

    pub(super) fn level(&self) -> u8 {
        self.level
    }

    /// The number of entries, at least one.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn key(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.rows[before].key_end);
        &self.keys[start..self.rows[at].key_end]
    }

    pub(super) fn last_key(&self) -> &[u8] {
        self.key(self.len() - 1)
    }

    pub(super) fn refs(&self, at: usize) -> &[ObjectId] {
        let start = at.checked_sub(1).map_or(0, |before| self.rows[before].refs_end);
        &self.node.refs[start..self.rows[at].refs_end]
    }

    pub(super) fn bytes(&self, at: usize) -> &[u8] {
        &self.node.body[self.rows[at].bytes.clone()]
    }

    /// Returns the refs of some entries and their bytes in the body.
    fn run(&self, entries: Range<usize>) -> (&[ObjectId], &[u8]) {
        let ends = |at: usize| {
            self.rows.get(at).map_or((0, self.from), |row| (row.refs_end, row.bytes.end))
        };
        let (refs_from, from) = entries.start.checked_sub(1).map_or((0, self.from), ends);
        let (refs_end, end) = entries.end.checked_sub(1).map_or((0, self.from), ends);
        (&self.node.refs[refs_from..refs_end], &self.node.body[from..end])
    }

    /// Returns the child of a node that has no other, which must be an inner node of that level.
    pub(super) fn only_child(&self, level: u8) -> Result<Option<ObjectId>> {
        if self.level != level || level == 0 {
            return Err(malformed(format!("map node {:.10} is not of level {level}", self.id)));
        }
        Ok(if self.len() == 1 { self.refs(0).first().copied() } else { None })
    }

    /// Returns the number of leading entries whose keys satisfy what only smaller keys satisfy.
    pub(super) fn below(&self, is_below: impl Fn(&[u8]) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if is_below(self.key(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// Builds a node entry by entry.
#[derive(Debug)]
pub(super) struct NodeWriter {
    level: u8,
    count: usize,
    first: Vec<u8>,
    last: Vec<u8>,
    refs: Vec<ObjectId>,
    body: Writer,
}

impl NodeWriter {
    pub(super) fn new(level: u8) -> Self {
        let mut body = Writer::with_capacity(512);
        body.uint(u64::from(level));
        let (first, last) = (Vec::new(), Vec::new());
        NodeWriter { level, count: 0, first, last, refs: Vec::with_capacity(64), body }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Appends an entry, whose key is greater than those before; `bytes` are a leaf's alone.
    pub(super) fn push(&mut self, key: &[u8], refs: &[ObjectId], bytes: &[u8]) {
        if self.count == 0 {
            self.first = key.to_vec();
        }
        let shared = self.last.iter().zip(key).take_while(|(a, b)| a == b).count();
        self.body.uint(shared as u64).bytes(&key[shared..]);
        if self.level == 0 {
            self.body.uint(refs.len() as u64).bytes(bytes);
        }
        self.refs.extend_from_slice(refs);
        self.last.truncate(shared);
        self.last.extend_from_slice(&key[shared..]);
        self.count += 1;
    }

    /// Appends entries of a node of the same level as they stand there. The entry before them, if
    /// there is one, has the key that it has in that node.
    pub(super) fn push_run(&mut self, node: &MapNode, entries: Range<usize>) {
        if self.count == 0 {
            self.first = node.key(entries.start).to_vec();
        }
        self.last = node.key(entries.end - 1).to_vec();
        self.count += entries.len();
        let (refs, bytes) = node.run(entries);
        self.refs.extend_from_slice(refs);
        self.body.raw(bytes);
    }

    /// Returns the first key and the node.
    pub(super) fn finish(self) -> (Vec<u8>, Node) {
        let body = self.body.into_bytes();
        (self.first, Node { kind: Kind::MAP, version: VERSION, refs: self.refs, body })
    }
}
