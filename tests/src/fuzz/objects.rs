//! Nodes and maps.

use std::collections::HashMap;
use std::ops::Bound;
use std::sync::Arc;

use partita::map::{Map, MapId};
use partita::object::{
    Canonical, Checkout, Checkpoint, Directory, Iteration, Node, Objects, Operation,
};
use partita::{Memory, ObjectId, Result};

/// Reads bytes as a node and as every kind of value: what is taken is written back the same.
pub fn node(bytes: &[u8]) {
    let Ok(node) = Node::from_canonical_bytes(bytes) else { return };
    assert_eq!(node.canonical_bytes(), bytes, "a second encoding of one node was taken");
    written_back::<Checkpoint>(&node);
    written_back::<Operation>(&node);
    written_back::<Iteration>(&node);
    written_back::<Memory>(&node);
    written_back::<Checkout>(&node);
    written_back::<Directory>(&node);
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
