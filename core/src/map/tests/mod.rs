//! What the map promises, over a store of nodes that counts its reads.

mod cost;
mod format;
mod hostile;
mod merge;
mod model;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use proptest::prelude::*;

use super::node::{HASHED, MapNode, NodeWriter, begins_node};
use super::*;
use crate::error::ErrorKind;
use crate::limits::{
    KEY_BYTES_MAX, MAP_ENTRIES_MAX, MAP_ENTRIES_MIN, MAP_HEIGHT_MAX, VALUE_BYTES_MAX,
    VALUE_REFS_MAX,
};
use crate::object::Kind;
use crate::object::golden;

type Model = BTreeMap<Vec<u8>, Value>;

#[derive(Default)]
struct Nodes {
    nodes: HashMap<ObjectId, Arc<Node>>,
    reads: Cell<usize>,
}

impl Objects for Nodes {
    fn get_node(&self, id: &ObjectId) -> Result<Option<Arc<Node>>> {
        self.reads.set(self.reads.get() + 1);
        Ok(self.nodes.get(id).cloned())
    }
}

impl Nodes {
    fn put(&mut self, node: Node) -> ObjectId {
        let id = node.id();
        self.nodes.insert(id, Arc::new(node));
        id
    }

    /// Edits, stores, and checks what holds for the nodes of every edit.
    fn edit(&mut self, map: Map, edits: Vec<(Vec<u8>, Option<Value>)>) -> (Map, usize) {
        let edited = map.edit(self, edits).unwrap();
        let written = edited.nodes.len();
        for new in edited.nodes {
            assert!(new.base().is_none_or(|base| self.nodes.contains_key(&base)));
            let node = new.node().clone();
            assert_eq!(new.id(), node.id());
            let decoded = MapNode::decode(new.id(), node.clone()).unwrap();
            if decoded.level() > 0 {
                let children = (0..decoded.len()).flat_map(|at| decoded.refs(at).to_vec());
                assert!(children.into_iter().all(|child| self.nodes.contains_key(&child)));
            }
            self.nodes.insert(new.id(), node);
        }
        (edited.map, written)
    }

    fn build(&mut self, model: &Model) -> Map {
        let edits = model.iter().map(|(key, value)| (key.clone(), Some(value.clone())));
        self.edit(Map::EMPTY, edits.collect()).0
    }

    fn reads(&self, work: impl FnOnce()) -> usize {
        let before = self.reads.get();
        work();
        self.reads.get() - before
    }

    fn height(&self, map: Map) -> usize {
        map.root().map_or(0, |root| {
            let node = self.nodes[&root.id()].clone();
            usize::from(MapNode::decode(root.id(), node).unwrap().level()) + 1
        })
    }

    /// Returns every node of a map.
    fn reachable(&self, map: Map) -> BTreeSet<ObjectId> {
        let mut found = BTreeSet::new();
        let mut open: Vec<ObjectId> = map.root().map(|root| root.id()).into_iter().collect();
        while let Some(id) = open.pop() {
            let node = MapNode::decode(id, self.nodes[&id].clone()).unwrap();
            if found.insert(id) && node.level() > 0 {
                open.extend((0..node.len()).map(|at| node.refs(at)[0]));
            }
        }
        found
    }

    fn all(&self, map: Map) -> Vec<(Vec<u8>, Value)> {
        map.range(self, Bound::Unbounded, Bound::Unbounded).map(Result::unwrap).collect()
    }
}

fn value(seed: u64) -> Value {
    let refs = (0..seed % 3).map(|at| ObjectId::of_content(&(seed + at).to_le_bytes())).collect();
    Value { refs, bytes: vec![seed as u8; (seed % 5) as usize] }
}

fn path(at: u64) -> Vec<u8> {
    format!("src/dir{:03}/file{:05}.rs", at % 97, at).into_bytes()
}

fn model_of(entries: u64) -> Model {
    (0..entries).map(|at| (path(at), value(at))).collect()
}

/// Splits the entries by the rule of the format, from the left, level by level.
fn by_the_rule(model: &Model) -> Option<ObjectId> {
    let mut level = 0;
    let mut rows: Vec<(Vec<u8>, Value)> = model.clone().into_iter().collect();
    loop {
        let mut nodes: Vec<(Vec<u8>, Value)> = Vec::new();
        let mut writer = NodeWriter::new(level);
        let mut finish = |writer: NodeWriter| {
            let (first, node) = writer.finish();
            nodes.push((first, Value { refs: vec![node.id()], bytes: Vec::new() }));
        };
        for (key, value) in &rows {
            if begins_node(level, key, writer.count()) {
                finish(std::mem::replace(&mut writer, NodeWriter::new(level)));
            }
            writer.push(key, &value.refs, &value.bytes);
        }
        if writer.count() > 0 {
            finish(writer);
        }
        if nodes.len() <= 1 {
            return nodes.pop().map(|(_, value)| value.refs[0]);
        }
        (level, rows) = (level + 1, nodes);
    }
}

const SIZES: [u64; 9] = [0, 1, 15, 16, 17, 255, 256, 257, 5_000];

#[test]
fn a_map_of_any_size_is_what_the_rule_of_the_format_makes_of_its_entries() {
    for size in SIZES {
        let mut nodes = Nodes::default();
        let model = model_of(size);
        let map = nodes.build(&model);
        assert_eq!(map.root().map(|root| root.id()), by_the_rule(&model), "{size}");
        assert_eq!(nodes.all(map), model.into_iter().collect::<Vec<_>>(), "{size}");
    }
}

#[test]
fn entries_come_to_the_same_root_one_by_one_and_go_the_same_way() {
    for size in [17, 257, 1_500] {
        let mut nodes = Nodes::default();
        let model = model_of(size);
        let whole = nodes.build(&model);
        let mut order: Vec<u64> = (0..size).collect();
        order.sort_by_key(|at| ObjectId::of_content(&at.to_le_bytes()));
        let mut map = Map::EMPTY;
        let mut roots = vec![map];
        for &at in &order {
            map = nodes.edit(map, vec![(path(at), Some(value(at)))]).0;
            roots.push(map);
        }
        assert_eq!(map, whole);
        for &at in order.iter().rev() {
            assert_eq!(roots.pop(), Some(map));
            map = nodes.edit(map, vec![(path(at), None)]).0;
        }
        assert_eq!(map, Map::EMPTY);
    }
}
