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
