//! What the map promises, over a store of nodes that counts its reads.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use proptest::prelude::*;

use super::node::{MapNode, NodeWriter, begins_node};
use super::*;
use crate::error::ErrorKind;
use crate::limits::{
    KEY_BYTES_MAX, MAP_ENTRIES_MAX, MAP_ENTRIES_MIN, MAP_HEIGHT_MAX, VALUE_BYTES_MAX,
    VALUE_REFS_MAX,
};
use crate::object::Kind;

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
        for (node, base) in edited.nodes {
            assert!(base.is_none_or(|base| self.nodes.contains_key(&base)));
            let decoded = MapNode::decode(node.id(), Arc::new(node.clone())).unwrap();
            if decoded.level() > 0 {
                let children = (0..decoded.len()).flat_map(|at| decoded.refs(at).to_vec());
                assert!(children.into_iter().all(|child| self.nodes.contains_key(&child)));
            }
            assert!(!self.nodes.contains_key(&node.id()) || map == edited.map || written > 0);
            self.put(node);
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

fn model(entries: u64) -> Model {
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
        let model = model(size);
        let map = nodes.build(&model);
        assert_eq!(map.root().map(|root| root.id()), by_the_rule(&model), "{size}");
        assert_eq!(nodes.all(map), model.into_iter().collect::<Vec<_>>(), "{size}");
    }
}

#[test]
fn entries_come_to_the_same_root_one_by_one_and_go_the_same_way() {
    for size in [17, 257, 1_500] {
        let mut nodes = Nodes::default();
        let model = model(size);
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

#[test]
fn an_edit_of_a_value_rewrites_exactly_height_nodes_and_no_body_but_the_leafs() {
    for size in [1, 16, 257, 5_000, 100_000] {
        let mut nodes = Nodes::default();
        let mut model = model(size);
        let map = nodes.build(&model);
        let height = nodes.height(map);
        if size == 100_000 {
            assert_eq!(height, 3);
        }
        for at in (0..size).step_by(1 + size as usize / 50) {
            let mut new = value(at);
            new.refs.push(ObjectId::of_content(b"new"));
            let edits = vec![(path(at), Some(new.clone()))];
            let edited = map.edit(&nodes, edits.clone()).unwrap();
            assert_eq!(edited.nodes.len(), height);
            assert_eq!(nodes.reads(|| drop(map.edit(&nodes, edits.clone()))), height);
            for (level, (node, base)) in edited.nodes.iter().enumerate() {
                let old = &nodes.nodes[&base.unwrap()];
                assert_eq!(old.body == node.body, level > 0);
            }
            assert_eq!(edited.map.root().unwrap().id(), edited.nodes[height - 1].0.id());
            if size <= 257 {
                model.insert(path(at), new);
                assert_eq!(Some(edited.map.root().unwrap().id()), by_the_rule(&model));
                model.insert(path(at), value(at));
            }
        }
    }
}

#[test]
fn a_value_edit_that_changes_only_ids_keeps_every_body() {
    let mut nodes = Nodes::default();
    let map = nodes.build(&model(5_000));
    let old = value(1_001);
    let new = Value { refs: vec![ObjectId::of_content(b"other"); old.refs.len()], ..old.clone() };
    assert_ne!(new, old);
    for (node, base) in map.edit(&nodes, [(path(1_001), Some(new))]).unwrap().nodes {
        assert_eq!(node.body, nodes.nodes[&base.unwrap()].body);
    }
}

#[test]
fn an_append_rewrites_the_right_edge_and_seldom_an_inner_body() {
    let mut nodes = Nodes::default();
    let (mut map, mut written, mut inner_bodies) = (Map::EMPTY, 0, 0);
    const APPENDS: u64 = 3_000;
    for number in 0..APPENDS {
        let edit = (number.to_be_bytes().to_vec(), Some(value(1)));
        let edited = map.edit(&nodes, [edit]).unwrap();
        written += edited.nodes.len();
        for (node, base) in &edited.nodes {
            let old = base.map(|base| nodes.nodes[&base].clone());
            inner_bodies += u64::from(node.body[0] > 0 && old.is_none_or(|o| o.body != node.body));
        }
        map = nodes.edit(map, vec![(number.to_be_bytes().to_vec(), Some(value(1)))]).0;
    }
    assert!(written as u64 <= 3 * APPENDS, "{written}");
    assert!(inner_bodies < APPENDS / 20, "{inner_bodies}");
}

#[test]
fn a_single_insertion_or_removal_touches_few_nodes() {
    let mut nodes = Nodes::default();
    let map = nodes.build(&model(100_000));
    let mut written = 0;
    const EDITS: u64 = 300;
    for at in 0..EDITS {
        let key = path(at * 331);
        let (smaller, _) = nodes.edit(map, vec![(key.clone(), None)]);
        let insert = vec![(key, Some(value(at * 331)))];
        let reads = nodes.reads(|| {
            written += smaller.edit(&nodes, insert.clone()).unwrap().nodes.len();
        });
        assert!(reads <= 12, "{reads}");
        assert_eq!(nodes.edit(smaller, insert).0, map);
    }
    assert!(written as u64 <= EDITS * 4, "{written}");
}

#[test]
fn an_edit_that_changes_nothing_gives_the_same_map_and_no_nodes() {
    let mut nodes = Nodes::default();
    let map = nodes.build(&model(300));
    for edits in [
        vec![],
        vec![(b"absent".to_vec(), None)],
        vec![(path(7), Some(value(7)))],
        vec![(path(7), None), (b"x".to_vec(), Some(value(1))), (path(7), Some(value(7)))]
            .into_iter()
            .chain([(b"x".to_vec(), None)])
            .collect(),
    ] {
        let edited = map.edit(&nodes, edits).unwrap();
        assert_eq!(edited, Edited { map, nodes: Vec::new() });
    }
    assert_eq!(Map::EMPTY.edit(&nodes, [(b"a".to_vec(), None)]).unwrap().map, Map::EMPTY);
}

#[test]
fn a_diff_reads_only_what_the_maps_do_not_share() {
    let mut nodes = Nodes::default();
    let map = nodes.build(&model(100_000));
    let edits = vec![
        (path(50_000), Some(value(1))),
        (path(123), None),
        (b"src/zzz".to_vec(), Some(value(2))),
    ];
    let (other, _) = nodes.edit(map, edits);
    let reads = nodes.reads(|| {
        let changes: Vec<MapChange> = map.diff(&other, &nodes).map(Result::unwrap).collect();
        assert_eq!(changes.len(), 3);
    });
    assert!(reads <= 2 * 3 * 3, "{reads}");
    assert_eq!(nodes.reads(|| assert_eq!(map.diff(&map, &nodes).count(), 0)), 0);
}

#[test]
fn a_diff_of_maps_of_different_height_finds_every_change() {
    let mut nodes = Nodes::default();
    for (few, many) in [(0, 5_000), (1, 5_000), (200, 5_000), (4_000, 5_000), (17, 257)] {
        let small: Model = model(many).into_iter().step_by(1).take(few).collect();
        let maps = [nodes.build(&small), nodes.build(&model(many))];
        assert_eq!(maps[0].diff(&maps[1], &nodes).count() as u64, many - few as u64);
        let back: Vec<MapChange> = maps[1].diff(&maps[0], &nodes).map(Result::unwrap).collect();
        assert_eq!(back.len() as u64, many - few as u64);
        assert!(back.iter().all(|change| change.before.is_some() && change.after.is_none()));
    }
}

#[test]
fn keys_and_values_at_their_limits_are_taken_and_beyond_them_refused() {
    let nodes = Nodes::default();
    let id = ObjectId::of_content(b"");
    let edit = |key: usize, refs: usize, bytes: usize| {
        let value = Value { refs: vec![id; refs], bytes: vec![1; bytes] };
        Map::EMPTY.edit(&nodes, [(vec![7; key], Some(value))])
    };
    for (key, refs, bytes) in [
        (0, 0, 0),
        (KEY_BYTES_MAX - 1, VALUE_REFS_MAX - 1, VALUE_BYTES_MAX - 1),
        (KEY_BYTES_MAX, VALUE_REFS_MAX, VALUE_BYTES_MAX),
    ] {
        let (node, _) = edit(key, refs, bytes).unwrap().nodes.remove(0);
        MapNode::decode(node.id(), Arc::new(node)).unwrap();
    }
    for (key, refs, bytes) in
        [(KEY_BYTES_MAX + 1, 0, 0), (0, VALUE_REFS_MAX + 1, 0), (0, 0, VALUE_BYTES_MAX + 1)]
    {
        assert_eq!(edit(key, refs, bytes).unwrap_err().kind(), ErrorKind::Invalid);
        let mut writer = NodeWriter::new(0);
        writer.push(&vec![7; key], &vec![id; refs], &vec![1; bytes]);
        let node = writer.finish().1;
        let error = MapNode::decode(node.id(), Arc::new(node)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
}

#[test]
fn a_node_of_256_entries_of_full_size_fits_a_node_and_one_of_257_is_refused() {
    let node = |entries: usize| {
        let mut writer = NodeWriter::new(0);
        for at in 0..entries {
            let mut key = vec![b'k'; KEY_BYTES_MAX];
            key[0] = (at / 256) as u8;
            key[1] = at as u8;
            let refs = [ObjectId::of_content(b""); VALUE_REFS_MAX];
            writer.push(&key, &refs, &[0; VALUE_BYTES_MAX]);
        }
        writer.finish().1
    };
    for entries in [MAP_ENTRIES_MAX - 1, MAP_ENTRIES_MAX] {
        let node = node(entries);
        assert_eq!(Node::from_canonical_bytes(&node.canonical_bytes()).unwrap(), node);
        MapNode::decode(node.id(), Arc::new(node)).unwrap();
    }
    let node = node(MAP_ENTRIES_MAX + 1);
    assert!(MapNode::decode(node.id(), Arc::new(node)).is_err());
}

#[test]
fn the_boundary_rule_holds_at_its_bounds() {
    assert!((0..5_000).all(|at| !begins_node(0, &path(at), MAP_ENTRIES_MIN - 1)));
    assert!((0..5_000).any(|at| begins_node(0, &path(at), MAP_ENTRIES_MIN)));
    assert!((0..5_000).any(|at| !begins_node(0, &path(at), 184)));
    assert!((0..5_000).all(|at| begins_node(0, &path(at), 185)));
    assert!(begins_node(0, b"", MAP_ENTRIES_MAX) && begins_node(0, b"", usize::MAX));
    let mut nodes = Nodes::default();
    nodes.build(&model(100_000));
    let leaves = nodes.nodes.values().filter(|node| node.body[0] == 0).count();
    assert!((60..68).contains(&(100_000 / leaves)), "{leaves}");
}

/// A small tree of two levels, whose nodes a test may spoil.
fn two_levels() -> (Nodes, Vec<(Vec<u8>, ObjectId)>) {
    let mut nodes = Nodes::default();
    let leaves = [[b"a", b"b"], [b"c", b"d"], [b"e", b"f"]].map(|keys| {
        let mut writer = NodeWriter::new(0);
        keys.iter().for_each(|key| writer.push(&key[..], &[], b"v"));
        let (first, node) = writer.finish();
        (first, nodes.put(node))
    });
    (nodes, leaves.to_vec())
}

fn inner(nodes: &mut Nodes, level: u8, children: &[(Vec<u8>, ObjectId)]) -> Map {
    let mut writer = NodeWriter::new(level);
    children.iter().for_each(|(key, id)| writer.push(key, &[*id], &[]));
    Map::new(Some(MapId::new(nodes.put(writer.finish().1))))
}

/// Does everything with a map that reads it; whether all of it worked.
fn use_it(nodes: &Nodes, map: Map) -> Result<usize> {
    let (all, other) = (Bound::Unbounded, Map::EMPTY);
    for key in [&b""[..], b"c", b"zz"] {
        map.get(nodes, key)?;
        for value in [None, Some(Value::default())] {
            map.edit(nodes, [(key.to_vec(), value)])?;
        }
    }
    map.last(nodes)?;
    map.range_back(nodes, all, all).try_for_each(|row| row.map(drop))?;
    map.diff(&other, nodes).try_for_each(|row| row.map(drop))?;
    map.range(nodes, all, all).try_fold(0, |count, row| row.map(|_| count + 1))
}

#[test]
fn a_tree_whose_nodes_do_not_fit_each_other_is_corrupt() {
    let (mut nodes, leaves) = two_levels();
    let whole = inner(&mut nodes, 1, &leaves);
    assert_eq!(use_it(&nodes, whole).unwrap(), 6);
    let [a, c, e] = [&leaves[0], &leaves[1], &leaves[2]];
    let wrong_key = (b"bb".to_vec(), c.1);
    let missing = (b"c".to_vec(), ObjectId::of_content(b"missing"));
    let deeper = (b"a".to_vec(), whole.root().unwrap().id());
    let long = {
        let mut writer = NodeWriter::new(0);
        [b"a", b"d"].iter().for_each(|key| writer.push(&key[..], &[], b"v"));
        (b"a".to_vec(), nodes.put(writer.finish().1))
    };
    for (level, children) in [
        (1, vec![a.clone(), wrong_key, e.clone()]),
        (1, vec![a.clone(), missing, e.clone()]),
        (1, vec![a.clone()]),
        (1, vec![long, c.clone()]),
        (1, vec![deeper.clone(), (b"g".to_vec(), e.1)]),
        (2, leaves.clone()),
        (3, vec![deeper.clone(), c.clone()]),
        (MAP_HEIGHT_MAX as u8, leaves.clone()),
    ] {
        let map = inner(&mut nodes, level, &children);
        let error = use_it(&nodes, map).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{children:?}: {error}");
    }
    let absent = Map::new(Some(MapId::new(ObjectId::of_content(b"absent"))));
    assert_eq!(absent.get(&nodes, b"a").unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(absent.edit(&nodes, [(vec![], None)]).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn a_chain_of_single_children_below_a_removed_key_is_corrupt_or_collapses_and_never_hangs() {
    let (mut nodes, leaves) = two_levels();
    let chain = inner(&mut nodes, 1, &leaves[1..2]).root().unwrap().id();
    let first = inner(&mut nodes, 1, &leaves[..1]).root().unwrap().id();
    let map = inner(&mut nodes, 2, &[(b"a".to_vec(), first), (b"c".to_vec(), chain)]);
    let edits = [b"a", b"b"].map(|key| (key.to_vec(), None));
    let edited = map.edit(&nodes, edits).unwrap();
    assert_eq!(edited.map.root().unwrap().id(), leaves[1].1);
    assert!(edited.nodes.is_empty());
}

#[test]
fn iterators_end_after_an_error() {
    let (mut nodes, leaves) = two_levels();
    let map = inner(&mut nodes, 1, &leaves);
    nodes.nodes.remove(&leaves[1].1);
    let range: Vec<_> = map.range(&nodes, Bound::Unbounded, Bound::Unbounded).collect();
    assert_eq!(range.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false]);
    let diff: Vec<_> = map.diff(&Map::EMPTY, &nodes).collect();
    assert_eq!(diff.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false]);
}

/// Short keys of few letters, so that edits meet and prefixes are shared.
fn key() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(vec![0, b'a', b'b', 254, 255]), 0..5)
}

fn edits(max: usize) -> impl Strategy<Value = Vec<(Vec<u8>, Option<Value>)>> {
    let wide = (0..2_000u64).prop_map(path);
    let row = (prop_oneof![key(), wide], prop::option::weighted(0.7, (0..50u64).prop_map(value)));
    prop::collection::vec(row, 0..max)
}

fn apply(model: &mut Model, edits: &[(Vec<u8>, Option<Value>)]) {
    for (key, value) in edits {
        match value {
            Some(value) => drop(model.insert(key.clone(), value.clone())),
            None => drop(model.remove(key)),
        }
    }
}

fn bound() -> impl Strategy<Value = Bound<Vec<u8>>> {
    prop_oneof![
        key().prop_map(Bound::Included),
        key().prop_map(Bound::Excluded),
        (0..2_000u64).prop_map(|at| Bound::Included(path(at))),
        Just(Bound::Unbounded),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_root_depends_on_the_entries_alone(
        base in 0..1_500u64,
        batches in prop::collection::vec(edits(120), 1..5),
        at in any::<prop::sample::Index>(),
        len in 0..1_000usize,
    ) {
        let mut nodes = Nodes::default();
        let mut expected = model(base);
        let mut map = nodes.build(&expected);
        for batch in &batches {
            apply(&mut expected, batch);
            map = nodes.edit(map, batch.clone()).0;
            prop_assert_eq!(map.root().map(|root| root.id()), by_the_rule(&expected));
        }
        // A stretch of entries goes and comes back.
        let keys: Vec<_> = expected.keys().cloned().collect();
        let from = if keys.is_empty() { 0 } else { at.index(keys.len()) };
        let gone = keys.iter().skip(from).take(len);
        let without = nodes.edit(map, gone.clone().map(|key| (key.clone(), None)).collect()).0;
        let mut rest = expected.clone();
        gone.clone().for_each(|key| drop(rest.remove(key)));
        prop_assert_eq!(without.root().map(|root| root.id()), by_the_rule(&rest));
        let back = gone.map(|key| (key.clone(), Some(expected[key].clone()))).collect();
        prop_assert_eq!(nodes.edit(without, back).0, map);
    }

    #[test]
    fn reads_agree_with_a_sorted_map(
        base in 0..800u64,
        batch in edits(200),
        from in bound(),
        to in bound(),
        prefix in key(),
        probes in prop::collection::vec(key(), 0..20),
    ) {
        let mut nodes = Nodes::default();
        let mut expected = model(base);
        let old = nodes.build(&expected);
        let before = expected.clone();
        apply(&mut expected, &batch);
        let map = nodes.edit(old, batch.clone()).0;

        for key in probes.iter().chain(batch.iter().map(|(key, _)| key)) {
            prop_assert_eq!(map.get(&nodes, key).unwrap(), expected.get(key).cloned());
        }
        let last = expected.last_key_value().map(|(key, value)| (key.clone(), value.clone()));
        prop_assert_eq!(map.last(&nodes).unwrap(), last);

        let (from, to) = (from.as_ref().map(|key| &key[..]), to.as_ref().map(|key| &key[..]));
        let mut inside: Vec<_> = expected
            .iter()
            .filter(|(key, _)| (from, to).contains(&&key[..]))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let range: Result<Vec<_>> = map.range(&nodes, from, to).collect();
        prop_assert_eq!(range.unwrap(), inside.clone());
        inside.reverse();
        let range: Result<Vec<_>> = map.range_back(&nodes, from, to).collect();
        prop_assert_eq!(range.unwrap(), inside);

        let inside: Vec<_> = expected
            .iter()
            .filter(|(key, _)| key.starts_with(&prefix))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let range: Result<Vec<_>> = map.prefix(&nodes, &prefix).collect();
        prop_assert_eq!(range.unwrap(), inside);

        let mut changes = Vec::new();
        let mut keys: Vec<_> = before.keys().chain(expected.keys()).cloned().collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            let (before, after) = (before.get(&key).cloned(), expected.get(&key).cloned());
            if before != after {
                changes.push(MapChange { key, before, after });
            }
        }
        let diff: Result<Vec<_>> = old.diff(&map, &nodes).collect();
        prop_assert_eq!(diff.unwrap(), changes);
    }

    #[test]
    fn a_node_decodes_to_what_encodes_to_it_or_not_at_all(
        level in 0..4u8,
        body in prop::collection::vec(prop_oneof![0..4u8, any::<u8>()], 0..40),
        refs in 0..6usize,
    ) {
        let body = [vec![level], body].concat();
        let refs = vec![ObjectId::of_content(b""); refs];
        let node = Arc::new(Node { kind: Kind::MAP, version: 1, refs, body });
        if let Ok(decoded) = MapNode::decode(node.id(), node.clone()) {
            let mut writer = NodeWriter::new(decoded.level());
            for at in 0..decoded.len() {
                writer.push(decoded.key(at), decoded.refs(at), decoded.bytes(at));
            }
            prop_assert_eq!(&writer.finish().1, &*node);
        }
    }

    #[test]
    fn a_spoilt_node_is_an_error_or_another_map_but_never_a_panic(
        entries in 1..300u64,
        at in any::<prop::sample::Index>(),
        byte in any::<prop::sample::Index>(),
        new in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let mut nodes = Nodes::default();
        let map = nodes.build(&model(entries));
        let mut ids: Vec<_> = nodes.nodes.keys().copied().collect();
        ids.sort();
        let id = ids[at.index(ids.len())];
        let mut node = (*nodes.nodes[&id]).clone();
        let byte = byte.index(node.body.len());
        node.body[byte] = new;
        if cut {
            node.body.truncate(byte);
        }
        nodes.nodes.insert(id, Arc::new(node));
        if let Err(error) = use_it(&nodes, map) {
            prop_assert_eq!(error.kind(), ErrorKind::Corrupt);
        }
    }
}
