//! The bytes of nodes, their limits and the boundary rule.

use super::*;

#[test]
fn map_nodes_keep_their_bytes() {
    let id = golden::id;
    let node = |level: u8, entries: &[(&[u8], &[ObjectId], &[u8])]| {
        let mut writer = NodeWriter::new(level);
        entries.iter().for_each(|(key, refs, bytes)| writer.push(key, refs, bytes));
        writer.finish().1
    };
    let long = [b'k'; 300];
    let vectors = [
        ("leaf", node(0, &[(b"a", &[id(1)], b"one"), (b"b", &[id(2), id(3)], b"")])),
        ("leaf of the empty key", node(0, &[(b"", &[], b"")])),
        ("shared prefixes", {
            let rows: [(&[u8], &[ObjectId], &[u8]); 4] = [
                (b"src", &[], b"\x00"),
                (b"src/a.rs", &[id(1)], b"\x01"),
                (b"src/b.rs", &[id(1)], b"\x01"),
                (b"srd", &[], b""),
            ];
            node(0, &rows)
        }),
        ("long key and value", node(0, &[(&long[..299], &[], &[7; 251]), (&long, &[], b"")])),
        ("inner", node(1, &[(b"a", &[id(4)], b""), (b"ab", &[id(5)], b"")])),
        ("highest", node(15, &[(b"\xff", &[id(6)], b"")])),
    ];
    golden::assert_nodes("map.txt", &vectors.map(|(name, node)| (name.to_owned(), node)));
}

#[test]
fn maps_keep_their_boundaries() {
    let roots = [1, 17, 257, 5_000, 20_000].map(|size: u64| {
        let mut nodes = Nodes::default();
        let numbers = (0..size).map(|at| (at.to_be_bytes().to_vec(), Value::default()));
        let map = nodes.build(&numbers.collect());
        let root = nodes.nodes[&map.root().unwrap().id()].clone();
        (format!("numbers below {size}"), (*root).clone())
    });
    golden::assert_nodes("map-root.txt", &roots);
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
        let new = edit(key, refs, bytes).unwrap().nodes.remove(0);
        MapNode::decode(new.id(), new.node().clone()).unwrap();
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
    nodes.build(&model_of(100_000));
    let leaves = nodes.nodes.values().filter(|node| node.body[0] == 0).count();
    assert!((60..68).contains(&(100_000 / leaves)), "{leaves}");
}
