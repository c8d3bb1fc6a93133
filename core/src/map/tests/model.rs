//! The map against a sorted map of the standard library.

use super::*;

/// Short keys of few letters, so that edits meet and prefixes are shared.
fn key() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(vec![0, b'a', b'b', 254, 255]), 0..5)
}

pub(super) fn edits(max: usize) -> impl Strategy<Value = Vec<(Vec<u8>, Option<Value>)>> {
    let wide = (0..2_000u64).prop_map(path);
    let row = (prop_oneof![key(), wide], prop::option::weighted(0.7, (0..50u64).prop_map(value)));
    prop::collection::vec(row, 0..max)
}

pub(super) fn apply(model: &mut Model, edits: &[(Vec<u8>, Option<Value>)]) {
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
        let mut expected = model_of(base);
        let mut map = nodes.build(&expected);
        for batch in &batches {
            apply(&mut expected, batch);
            let old = nodes.reachable(map);
            let edited = map.edit(&nodes, batch.clone()).unwrap();
            let written: Vec<_> = edited.nodes.iter().map(|new| new.id()).collect();
            map = nodes.edit(map, batch.clone()).0;
            prop_assert_eq!(map.root().map(|root| root.id()), by_the_rule(&expected));
            // The nodes of an edit are those that the old map did not have, each once.
            let new: BTreeSet<_> = nodes.reachable(map).difference(&old).copied().collect();
            prop_assert_eq!(written.len(), new.len());
            prop_assert_eq!(BTreeSet::from_iter(written), new);
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
        let mut expected = model_of(base);
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
            .filter(|(key, _)| RangeBounds::<&[u8]>::contains::<&[u8]>(&(from, to), &&key[..]))
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
}
