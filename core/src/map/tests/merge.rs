//! Merges against sorted maps of the standard library.

use super::model::{apply, edits};
use super::*;

/// The changes of a merge, and the map that its clean ones make of the first side.
fn merged(nodes: &mut Nodes, base: Map, sides: [Map; 2]) -> (Vec<MergeChange>, Map) {
    let changes: Vec<MergeChange> =
        base.merge(&sides[0], &sides[1], &*nodes).collect::<Result<_>>().unwrap();
    let clean = changes.iter().filter_map(|change| match change.outcome() {
        MergeOutcome::Clean(value) => Some((change.key.clone(), value.cloned())),
        MergeOutcome::Collision => None,
    });
    let map = nodes.edit(sides[0], clean.collect()).0;
    (changes, map)
}

/// The same by looking at every key.
fn by_the_rule(base: &Model, sides: [&Model; 2]) -> (Vec<MergeChange>, Model) {
    let keys: BTreeSet<&Vec<u8>> =
        base.keys().chain(sides[0].keys()).chain(sides[1].keys()).collect();
    let (mut changes, mut model) = (Vec::new(), sides[0].clone());
    for key in keys {
        let (base, sides) = (base.get(key).cloned(), sides.map(|side| side.get(key).cloned()));
        let [ours, theirs] = &sides;
        if *ours == base && *theirs == base {
            continue;
        }
        if *ours == base {
            match theirs {
                Some(value) => drop(model.insert(key.clone(), value.clone())),
                None => drop(model.remove(key)),
            }
        }
        changes.push(MergeChange { key: key.clone(), base, sides });
    }
    (changes, model)
}

fn is_collision(change: &MergeChange) -> bool {
    change.outcome() == MergeOutcome::Collision
}

fn swapped(change: &MergeChange) -> MergeChange {
    let [ours, theirs] = change.sides.clone();
    MergeChange { sides: [theirs, ours], ..change.clone() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_merge_is_what_every_key_says(
        base in 0..900u64,
        ours in edits(80),
        theirs in edits(80),
        both in edits(20),
    ) {
        let mut nodes = Nodes::default();
        let base = model_of(base);
        let (mut a, mut b) = (base.clone(), base.clone());
        for (model, edits) in [(&mut a, &ours), (&mut b, &theirs)] {
            apply(model, edits);
            apply(model, &both);
        }
        let maps = [&base, &a, &b].map(|model| nodes.build(model));
        let (changes, map) = merged(&mut nodes, maps[0], [maps[1], maps[2]]);
        let (expected, model) = by_the_rule(&base, [&a, &b]);
        prop_assert_eq!(&changes, &expected);
        prop_assert_eq!(map, nodes.build(&model));
        // From the other side it is the same, but for what collides.
        let (other_way, other) = merged(&mut nodes, maps[0], [maps[2], maps[1]]);
        prop_assert_eq!(&other_way, &changes.iter().map(swapped).collect::<Vec<_>>());
        if !changes.iter().any(is_collision) {
            prop_assert_eq!(map, other);
        }
        // With the base it changes nothing, and with itself.
        for (sides, expected) in [
            ([maps[1], maps[0]], maps[1]),
            ([maps[0], maps[1]], maps[1]),
            ([maps[1], maps[1]], maps[1]),
        ] {
            let (changes, map) = merged(&mut nodes, maps[0], sides);
            prop_assert!(!changes.iter().any(is_collision));
            prop_assert_eq!(map, expected);
        }
    }

    #[test]
    fn merges_of_three_that_do_not_collide_come_to_one_in_any_order(
        base in 0..600u64,
        sides in prop::collection::vec(edits(30), 3),
    ) {
        let mut nodes = Nodes::default();
        let base = model_of(base);
        // Each side has keys of its own.
        let models: Vec<Model> = (0_u8..).zip(&sides).map(|(number, edits)| {
            let mut model = base.clone();
            let edits: Vec<_> = edits.iter().cloned().map(|(mut key, value)| {
                key.push(number);
                (key, value)
            }).collect();
            apply(&mut model, &edits);
            model
        }).collect();
        let root = nodes.build(&base);
        let maps: Vec<Map> = models.iter().map(|model| nodes.build(model)).collect();
        let mut all = Vec::new();
        for [a, b, c] in [[0, 1, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let (changes, two) = merged(&mut nodes, root, [maps[a], maps[b]]);
            prop_assert!(!changes.iter().any(is_collision));
            let (changes, three) = merged(&mut nodes, root, [two, maps[c]]);
            prop_assert!(!changes.iter().any(is_collision));
            all.push(three);
        }
        prop_assert!(all.iter().all(|map| *map == all[0]));
    }
}

#[test]
fn a_merge_reads_only_what_is_not_the_bases() {
    let mut nodes = Nodes::default();
    let base = nodes.build(&model_of(100_000));
    let change = |nodes: &mut Nodes, from: u64| {
        let edits = (0..100).map(|at| (path(from + at * 997), Some(value(1)))).collect();
        nodes.edit(base, edits).0
    };
    let sides = [change(&mut nodes, 1), change(&mut nodes, 500)];
    let mut count = 0;
    let reads = nodes.reads(|| count = base.merge(&sides[0], &sides[1], &nodes).count());
    assert!((150..=200).contains(&count), "{count} changes");
    // Three levels, of two maps each, for each change of a side.
    assert!(reads <= 200 * 3 * 2, "{reads} nodes read");
    assert_eq!(nodes.reads(|| assert_eq!(base.merge(&base, &base, &nodes).count(), 0)), 0);
}

#[test]
fn a_node_that_is_missing_ends_a_merge_with_an_error() {
    let mut nodes = Nodes::default();
    let base = nodes.build(&model_of(5_000));
    let ours = nodes.edit(base, vec![(path(10), None)]).0;
    let theirs = nodes.edit(base, vec![(path(4_000), None)]).0;
    let own: Vec<ObjectId> =
        nodes.reachable(theirs).difference(&nodes.reachable(base)).copied().collect();
    for id in own {
        let node = nodes.nodes.remove(&id).unwrap();
        let mut merge = base.merge(&ours, &theirs, &nodes);
        assert!(merge.by_ref().any(|change| change.is_err()));
        assert!(merge.next().is_none());
        nodes.nodes.insert(id, node);
    }
}
