//! What the fuzz targets do with their bytes. Each body returns or panics: a panic is a find.

use std::collections::HashMap;
use std::ops::Bound;
use std::sync::Arc;

use partita::{
    Canonical, Checkpoint, FilePath, Iteration, Map, MapId, Node, ObjectId, Objects, Operation,
    Result, diff,
};

use crate::patch;

/// A fuzz body.
pub type Body = fn(&[u8]);

/// Every target: the name of its file and of its corpus, and its body.
pub const TARGETS: &[(&str, Body)] =
    &[("node", node), ("map", map), ("path", path), ("patch", unified)];

/// Reads bytes as a node and as every kind of value: what is taken is written back the same.
pub fn node(bytes: &[u8]) {
    let Ok(node) = Node::from_canonical_bytes(bytes) else { return };
    assert_eq!(node.canonical_bytes(), bytes, "a second encoding of one node was taken");
    written_back::<Checkpoint>(&node);
    written_back::<Operation>(&node);
    written_back::<Iteration>(&node);
}

fn written_back<T: Canonical>(node: &Node) {
    if let Ok(value) = T::from_node(node) {
        assert!(value.to_node() == *node, "a second encoding of one value was taken");
    }
}

/// Reads bytes as nodes, each after its length in two bytes, and walks a map from each.
pub fn map(bytes: &[u8]) {
    let mut nodes = Nodes::default();
    let mut rest = bytes;
    while let Some((len, after)) = rest.split_first_chunk::<2>() {
        let len = usize::from(u16::from_le_bytes(*len));
        let (part, left) = after.split_at(len.min(after.len()));
        rest = left;
        if let Ok(node) = Node::from_canonical_bytes(part) {
            nodes.add(node);
        }
    }
    for root in nodes.order.clone() {
        let map = Map::new(Some(MapId::new(root)));
        for key in [&b""[..], b"a", b"\xff"] {
            let _ = map.get(&nodes, key);
        }
        let _ = map.last(&nodes);
        // Nodes refer to nodes by the hash of their bytes, so no walk can run in a circle.
        let forward: Vec<_> = map.range(&nodes, Bound::Unbounded, Bound::Unbounded).collect();
        let backward = map.range_back(&nodes, Bound::Unbounded, Bound::Unbounded);
        let keys: Result<Vec<_>> = forward.into_iter().map(|row| Ok(row?.0)).collect();
        if let Ok(keys) = keys {
            assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "keys out of order");
            assert_eq!(backward.count(), keys.len(), "as many keys backward as forward");
        }
        for change in map.diff(&Map::EMPTY, &nodes) {
            if change.is_err() {
                break;
            }
        }
    }
}

/// Nodes by their ids.
#[derive(Debug, Default)]
struct Nodes {
    nodes: HashMap<ObjectId, Arc<Node>>,
    order: Vec<ObjectId>,
}

impl Nodes {
    fn add(&mut self, node: Node) {
        let id = node.id();
        self.order.push(id);
        self.nodes.insert(id, Arc::new(node));
    }
}

impl Objects for Nodes {
    fn get_node(&self, id: &ObjectId) -> Result<Option<Arc<Node>>> {
        Ok(self.nodes.get(id).cloned())
    }
}

/// Reads bytes as a path: what is taken stays inside.
pub fn path(bytes: &[u8]) {
    let Ok(path) = FilePath::new(bytes) else { return };
    assert_eq!(path.as_bytes(), bytes);
    assert!(!bytes.is_empty() && bytes.len() <= 4_096 && !bytes.contains(&0));
    for component in path.components() {
        assert!(!matches!(component, b"" | b"." | b".."), "{path:?} leaves its directory");
    }
    let _ = (path.to_string(), path.as_str());
}

/// Takes two files, cut at the first 0xff, and applies their unified patch to the old one.
pub fn unified(bytes: &[u8]) {
    let cut = bytes.iter().position(|&byte| byte == 0xff).unwrap_or(bytes.len());
    let (old, new) = (&bytes[..cut], bytes.get(cut + 1..).unwrap_or_default());
    let difference = diff::file(old, new);
    assert_eq!(difference.is_empty(), old == new);
    if difference.is_binary() {
        return;
    }
    for context in [0, 1, 3] {
        let patch = difference.unified().context(context).to_bytes();
        let applied = patch::apply(old, &patch);
        assert!(applied == new, "the patch with {context} lines of context makes another file");
    }
    let side = |skipped| {
        let changes = difference.lines().filter(move |change| change.kind != skipped);
        changes.flat_map(|change| change.text.to_vec()).collect::<Vec<u8>>()
    };
    assert!(side(partita::ChangeKind::Insert) == old, "the old lines are not the old file");
    assert!(side(partita::ChangeKind::Delete) == new, "the new lines are not the new file");
}
