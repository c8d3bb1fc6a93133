//! What edits and diffs read, write and hash.

use super::*;

#[test]
fn an_edit_of_a_value_rewrites_exactly_height_nodes_and_no_body_but_the_leafs() {
    for size in [1, 16, 257, 5_000, 100_000] {
        let mut nodes = Nodes::default();
        let mut model = model_of(size);
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
            let hashed = HASHED.get();
            assert_eq!(nodes.reads(|| drop(map.edit(&nodes, edits.clone()))), height);
            assert_eq!(HASHED.get(), hashed);
            for (level, new) in edited.nodes.iter().enumerate() {
                let old = &nodes.nodes[&new.base().unwrap()];
                assert_eq!(old.body == new.node().body, level > 0);
            }
            assert_eq!(edited.map.root().unwrap().id(), edited.nodes[height - 1].id());
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
    let map = nodes.build(&model_of(5_000));
    let old = value(1_001);
    let new = Value { refs: vec![ObjectId::of_content(b"other"); old.refs.len()], ..old.clone() };
    assert_ne!(new, old);
    for new in map.edit(&nodes, [(path(1_001), Some(new))]).unwrap().nodes {
        assert_eq!(new.node().body, nodes.nodes[&new.base().unwrap()].body);
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
        for new in &edited.nodes {
            let node = new.node();
            let old = new.base().map(|base| nodes.nodes[&base].clone());
            inner_bodies += u64::from(node.body[0] > 0 && old.is_none_or(|o| o.body != node.body));
        }
        map = nodes.edit(map, vec![(number.to_be_bytes().to_vec(), Some(value(1)))]).0;
    }
    let all = (0..APPENDS).map(|number| (number.to_be_bytes().to_vec(), value(1)));
    assert_eq!(nodes.build(&all.collect()), map);
    assert!(written as u64 <= 3 * APPENDS, "{written}");
    assert!(inner_bodies < APPENDS / 20, "{inner_bodies}");
}

#[test]
fn a_single_insertion_or_removal_touches_few_nodes() {
    let mut nodes = Nodes::default();
    let map = nodes.build(&model_of(100_000));
    let (mut written, mut hashed) = (0, 0);
    const EDITS: u64 = 300;
    for at in 0..EDITS {
        let key = path(at * 331);
        let (smaller, _) = nodes.edit(map, vec![(key.clone(), None)]);
        let insert = vec![(key, Some(value(at * 331)))];
        let before = HASHED.get();
        let reads = nodes.reads(|| {
            written += smaller.edit(&nodes, insert.clone()).unwrap().nodes.len();
        });
        hashed += HASHED.get() - before;
        assert!(reads <= 12, "{reads}");
        assert_eq!(nodes.edit(smaller, insert).0, map);
    }
    assert!(written as u64 <= EDITS * 4, "{written}");
    assert!(hashed as u64 <= EDITS * 64, "{hashed}");
}

#[test]
fn an_edit_that_changes_nothing_gives_the_same_map_and_no_nodes() {
    let mut nodes = Nodes::default();
    let map = nodes.build(&model_of(300));
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
    let map = nodes.build(&model_of(100_000));
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
    let (other, _) = nodes.edit(map, vec![(path(50_000), Some(value(1)))]);
    assert_eq!(nodes.reads(|| assert_eq!(map.diff(&other, &nodes).count(), 1)), 2 * 3);
    assert_eq!(nodes.reads(|| assert_eq!(map.diff(&map, &nodes).count(), 0)), 0);
}

#[test]
fn a_diff_of_maps_of_different_height_finds_every_change() {
    let mut nodes = Nodes::default();
    for (few, many) in [(0, 5_000), (1, 5_000), (200, 5_000), (4_000, 5_000), (17, 257)] {
        let small: Model = model_of(many).into_iter().step_by(1).take(few).collect();
        let maps = [nodes.build(&small), nodes.build(&model_of(many))];
        assert_eq!(maps[0].diff(&maps[1], &nodes).count() as u64, many - few as u64);
        let back: Vec<MapChange> = maps[1].diff(&maps[0], &nodes).map(Result::unwrap).collect();
        assert_eq!(back.len() as u64, many - few as u64);
        assert!(back.iter().all(|change| change.before.is_some() && change.after.is_none()));
    }
}
