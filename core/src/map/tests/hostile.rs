//! Nodes that no map of ours has.

use super::*;

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
fn a_body_in_any_but_its_one_form_is_corrupt() {
    let decode = |refs: usize, body: &[u8]| {
        let refs = vec![golden::id(1); refs];
        let node = Node { kind: Kind::MAP, version: 1, refs, body: body.to_vec() };
        MapNode::decode(node.id(), Arc::new(node)).map(|node| node.len())
    };
    assert_eq!(decode(1, b"\x00\x00\x02ab\x01\x01v\x01\x01c\x00\x00").unwrap(), 2);
    assert_eq!(decode(2, b"\x01\x00\x02ab\x01\x01c").unwrap(), 2);
    for (what, refs, body) in [
        ("nothing", 0, &b""[..]),
        ("a leaf without entries", 0, b"\x00"),
        ("an inner node without entries", 0, b"\x01"),
        ("a level too high", 1, b"\x10\x00\x01a"),
        ("a level in a longer form", 1, b"\xfb\x01\x00\x00\x01a"),
        ("a length in a longer form", 1, b"\x01\x00\xfb\x01\x00a"),
        ("a first key that shares", 1, b"\x01\x01\x01a"),
        ("a prefix longer than the key before", 2, b"\x01\x00\x02ab\x03\x01c"),
        ("a prefix shorter than it could be", 2, b"\x01\x00\x02ab\x00\x02ac"),
        ("equal keys", 2, b"\x01\x00\x02ab\x02\x00"),
        ("equal empty keys", 2, b"\x01\x00\x00\x00\x00"),
        ("a key before its predecessor", 2, b"\x01\x00\x02ab\x01\x01a"),
        ("a key that is its predecessor's prefix", 2, b"\x01\x00\x02ab\x01\x00"),
        ("a child too few", 1, b"\x01\x00\x02ab\x01\x01c"),
        ("a child too many", 3, b"\x01\x00\x02ab\x01\x01c"),
        ("an id too few", 0, b"\x00\x00\x01a\x01\x00"),
        ("an id too many", 2, b"\x00\x00\x01a\x01\x00"),
        ("an entry cut short", 0, b"\x00\x00\x01a\x00"),
    ] {
        let error = decode(refs, body).expect_err(what);
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{what}");
    }
    for (kind, version) in [(Kind::MAP, 2), (Kind(99), 1)] {
        let body = b"\x01\x00\x01a".to_vec();
        let node = Node { kind, version, refs: vec![golden::id(1)], body };
        assert!(MapNode::decode(node.id(), Arc::new(node)).is_err());
    }
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

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
        let map = nodes.build(&model_of(entries));
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
