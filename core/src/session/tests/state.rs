use std::collections::BTreeMap;
use std::ops::ControlFlow;

use proptest::prelude::*;

use super::*;
use crate::limits::{KEY_BYTES_MAX, TEXT_INLINE_BYTES_MAX};
use crate::store::PurgeOptions;

#[test]
fn values_small_and_large_come_back() {
    let session = session();
    let state = session.state();
    let sizes = [0, 1, TEXT_INLINE_BYTES_MAX, TEXT_INLINE_BYTES_MAX + 1, 100_000];
    for size in sizes {
        state.put(format!("put {size}"), vec![7; size]).unwrap();
        state.append("list", vec![8; size]).unwrap();
    }
    for (at, size) in sizes.into_iter().enumerate() {
        let value = state.get(format!("put {size}")).unwrap();
        assert_eq!(value, Some(StateValue::Bytes(vec![7; size])));
        let at = at as u64;
        assert_eq!(state.items("list", at..at + 1).unwrap(), [vec![8; size]]);
    }
    assert_eq!(state.get("list").unwrap(), Some(StateValue::List(5)));
    assert_eq!(state.items("list", 0..u64::MAX).unwrap().len(), 5);
    assert_eq!(state.items("list", std::ops::Range { start: 4, end: 1 }).unwrap().len(), 0);
    assert_eq!(state.list().unwrap().len(), 6);
}

#[test]
fn lists_take_a_thousand_items_and_a_put_replaces_them() {
    let session = session();
    for round in 0..10 {
        session
            .batch(|batch| (0..100).try_for_each(|at| batch.state_append("k", [round, at])))
            .unwrap();
    }
    let state = session.state();
    assert_eq!(state.get("k").unwrap(), Some(StateValue::List(1_000)));
    assert_eq!(state.items("k", 523..524).unwrap(), [[5, 23]]);
    state.put("k", "bytes").unwrap();
    assert_eq!(kind(state.append("k", "x")), ErrorKind::Invalid);
    assert_eq!(kind(state.items("k", 0..1)), ErrorKind::Invalid);
    session
        .batch(|batch| {
            batch.state_remove("k")?;
            batch.state_append("k", "new")
        })
        .unwrap();
    assert_eq!(state.get("k").unwrap(), Some(StateValue::List(1)));
}

#[test]
fn keys_at_the_limit_are_taken_and_beyond_it_refused() {
    let state = session().state();
    for (len, holds) in [(0, false), (1, true), (KEY_BYTES_MAX, true), (KEY_BYTES_MAX + 1, false)] {
        let key = vec![1; len];
        assert_eq!(state.put(&key, "v").is_ok(), holds, "{len}");
        assert_eq!(state.append([&key[..], b"-"].concat(), "v").is_ok(), len < KEY_BYTES_MAX);
    }
    assert_eq!(kind(state.remove("absent")), ErrorKind::NotFound);
    assert_eq!(kind(state.items("absent", 0..1)), ErrorKind::NotFound);
    assert_eq!(state.get("absent").unwrap(), None);
}

#[test]
fn appends_of_two_writers_both_stay_and_puts_conflict() {
    let session = session();
    let mut one = session.begin().unwrap();
    let mut two = session.begin().unwrap();
    let mut three = session.begin().unwrap();
    one.state_append("k", "1").unwrap();
    two.state_append("k", "2").unwrap();
    three.state_put("k", "3").unwrap();
    one.commit().unwrap();
    two.commit().unwrap();
    assert_eq!(kind(three.commit()), ErrorKind::Conflict);
    assert_eq!(session.state().items("k", 0..9).unwrap(), [b"1", b"2"]);
}

#[test]
fn a_copy_or_cut_conflicts_where_its_target_moved_and_an_extension_does_not() {
    let session = session();
    session.batch(|b| b.state_extend("from", ["a", "b"])).unwrap();
    session.batch(|b| b.state_extend("to", ["c"])).unwrap();
    let mut copy = session.begin().unwrap();
    copy.state_copy("from", "new").unwrap();
    let mut over = session.begin().unwrap();
    over.state_copy("from", "to").unwrap();
    let mut cut = session.begin().unwrap();
    cut.state_truncate("to", 0).unwrap();
    let mut more = session.begin().unwrap();
    more.state_extend("to", ["e", "f"]).unwrap();
    session.state().append("to", "d").unwrap();
    session.state().append("from", "moved").unwrap();
    assert_eq!(kind(over.commit()), ErrorKind::Conflict);
    assert_eq!(kind(cut.commit()), ErrorKind::Conflict);
    more.commit().unwrap();
    copy.commit().unwrap();
    assert_eq!(session.state().items("to", 0..9).unwrap(), [b"c", b"d", b"e", b"f"]);
    // What was copied is what the batch saw.
    assert_eq!(session.state().items("new", 0..9).unwrap(), [b"a", b"b"]);
}

#[test]
fn a_copy_of_ten_thousand_items_adds_three_nodes_and_a_cut_back_to_it_none() {
    let session = session();
    session.batch(|b| b.state_extend("1", (0..10_000u32).map(u32::to_be_bytes))).unwrap();
    let mut batch = session.begin().unwrap();
    batch.state_copy("1", "2").unwrap();
    assert_eq!(batch.batch.raw_bytes(), 0);
    batch.commit().unwrap();
    let objects = session.store().stats().unwrap().objects;
    session
        .batch(|b| {
            b.state_extend("2", ["x"])?;
            b.state_truncate("2", 9_000)?;
            b.state_extend("2", (9_000..10_000u32).map(u32::to_be_bytes))?;
            b.state_copy("2", "3")
        })
        .unwrap();
    // A leaf of the state, a checkpoint and an operation: no list that lay between is stored.
    assert_eq!(session.store().stats().unwrap().objects, objects + 3);
    assert_eq!(session.state().get("3").unwrap(), Some(StateValue::List(10_000)));
}

#[test]
fn bytes_put_over_a_copy_are_stored_as_their_difference_to_it() {
    let session = session();
    let store = session.store();
    let mut bytes: Vec<u8> =
        (0..30_000u32).flat_map(|at| at.wrapping_mul(0x9E37_79B1).to_be_bytes()).collect();
    let mut stored = Vec::new();
    for step in 0..3u8 {
        bytes[50_000 + usize::from(step)] ^= 1;
        session
            .batch(|b| {
                if step == 2 {
                    b.state_copy([0], [step])?;
                }
                b.state_put([step], &bytes)
            })
            .unwrap();
        stored.push(store.stats().unwrap().stored_bytes);
    }
    assert!(stored[1] - stored[0] > 100_000, "{stored:?}");
    assert!(stored[2] - stored[1] < 2_000, "{stored:?}");
}

#[test]
fn a_scan_goes_over_values_that_cannot_be_read() {
    let session = session();
    let large = |at: usize| vec![at as u8; TEXT_INLINE_BYTES_MAX + 1];
    session.batch(|b| (0..9).try_for_each(|at| b.state_put(format!("k{at}"), large(at)))).unwrap();
    let store = session.store();
    let options = PurgeOptions::new("a key");
    store.purge_matching(&large(4), &options, &mut |_| ControlFlow::Continue(())).unwrap();
    let entries: Vec<StateEntry> =
        session.state().under("k").unwrap().collect::<Result<_>>().unwrap();
    assert_eq!(entries.len(), 9);
    for (at, entry) in entries.iter().enumerate() {
        match entry.read() {
            Ok(value) => assert_eq!(value, StateValue::Bytes(large(at))),
            Err(error) => assert_eq!((at, error.kind()), (4, ErrorKind::Purged)),
        }
    }
}

#[test]
fn a_scan_stays_with_the_state_that_it_began_with() {
    let session = session();
    let keys = (0..1_000).map(|at| format!("k{at:03}"));
    session.batch(|b| keys.clone().try_for_each(|key| b.state_put(key, ""))).unwrap();
    let mut scan = session.state().under("k").unwrap();
    assert_eq!(scan.next().unwrap().unwrap().key, b"k000");
    session.batch(|b| keys.clone().try_for_each(|key| b.state_remove(key))).unwrap();
    assert_eq!(scan.count(), 999);
    assert_eq!(session.state().under_back("k").unwrap().count(), 0);
}

#[derive(Clone, Debug, PartialEq)]
enum Held {
    Bytes(Vec<u8>),
    List(Vec<Vec<u8>>),
}

#[derive(Clone, Debug)]
enum Op {
    Put(u8, u8),
    Extend(u8, Vec<u8>),
    Remove(u8),
    Truncate(u8, u64),
    Copy(u8, u8),
}

fn an_op() -> impl Strategy<Value = Op> {
    let key = 0..4u8;
    prop_oneof![
        1 => (key.clone(), any::<u8>()).prop_map(|(key, byte)| Op::Put(key, byte)),
        4 => (key.clone(), prop::collection::vec(any::<u8>(), 0..150))
            .prop_map(|(key, items)| Op::Extend(key, items)),
        1 => key.clone().prop_map(Op::Remove),
        3 => (key.clone(), 0..400u64).prop_map(|(key, len)| Op::Truncate(key, len)),
        3 => (key.clone(), key).prop_map(|(from, to)| Op::Copy(from, to)),
    ]
}

/// Some items are contents of their own.
fn an_item(byte: u8) -> Vec<u8> {
    vec![byte; if byte < 16 { TEXT_INLINE_BYTES_MAX + 1 } else { usize::from(byte % 3) }]
}

impl Op {
    fn edit(&self, batch: &mut Batch) -> Result<()> {
        match self {
            Op::Put(key, byte) => batch.state_put([*key], an_item(*byte)),
            Op::Extend(key, items) => batch.state_extend([*key], items.iter().map(|b| an_item(*b))),
            Op::Remove(key) => batch.state_remove([*key]),
            Op::Truncate(key, len) => batch.state_truncate([*key], *len),
            Op::Copy(from, to) => batch.state_copy([*from], [*to]),
        }
    }

    fn model(&self, state: &mut BTreeMap<u8, Held>) -> std::result::Result<(), ErrorKind> {
        match self {
            Op::Put(key, byte) => drop(state.insert(*key, Held::Bytes(an_item(*byte)))),
            Op::Extend(key, items) => {
                match state.entry(*key).or_insert_with(|| Held::List(Vec::new())) {
                    Held::List(list) => list.extend(items.iter().map(|b| an_item(*b))),
                    Held::Bytes(_) => return Err(ErrorKind::Invalid),
                }
            }
            Op::Remove(key) => drop(state.remove(key).ok_or(ErrorKind::NotFound)?),
            Op::Truncate(key, len) => match state.get_mut(key).ok_or(ErrorKind::NotFound)? {
                Held::List(list) => list.truncate(*len as usize),
                Held::Bytes(_) => return Err(ErrorKind::Invalid),
            },
            Op::Copy(from, to) => {
                let held = state.get(from).ok_or(ErrorKind::NotFound)?.clone();
                state.insert(*to, held);
            }
        }
        Ok(())
    }
}

/// Compares each two lists of a state.
fn assert_shared(state: &StateSnapshot, model: &BTreeMap<u8, Held>) {
    for (one, other) in model.keys().flat_map(|one| model.keys().map(move |other| (one, other))) {
        let (Held::List(a), Held::List(b)) = (&model[one], &model[other]) else { continue };
        let common = a.iter().zip(b).take_while(|(a, b)| a == b).count() as u64;
        let entry = |key: &u8| state.entry([*key]).unwrap().unwrap();
        assert_eq!(entry(one).shared(&entry(other)).unwrap(), common);
    }
}

fn held(state: &StateSnapshot) -> BTreeMap<u8, Held> {
    let read = |entry: Result<StateEntry>| {
        let entry = entry.unwrap();
        let held = match entry.read().unwrap() {
            StateValue::Bytes(bytes) => Held::Bytes(bytes),
            StateValue::List(len) => {
                let items = entry.items(0..u64::MAX).unwrap();
                assert_eq!(items.len() as u64, len);
                Held::List(items)
            }
        };
        (entry.key[0], held)
    };
    state.under("").map(read).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the edits and however they are batched, the state is what a plain map says, and
    /// the very nodes of one that is built at once.
    #[test]
    fn copies_cuts_and_extensions_compose(
        batches in prop::collection::vec(prop::collection::vec(an_op(), 1..8), 1..8),
    ) {
        let session = session();
        let mut model = BTreeMap::new();
        for ops in &batches {
            let told = session.batch(|batch| {
                let edit = |op: &Op| op.edit(batch).map_err(|error| error.kind());
                Ok(ops.iter().map(edit).collect::<Vec<_>>())
            });
            let expected = ops.iter().map(|op| {
                let mut next = model.clone();
                op.model(&mut next).map(|()| model = next)
            });
            let expected: Vec<_> = expected.collect();
            prop_assert_eq!(told.unwrap(), expected);
            let state = session.latest().unwrap().state();
            prop_assert_eq!(&held(&state), &model);
            assert_shared(&state, &model);
        }
        let fresh = self::session();
        fresh
            .batch(|batch| {
                model.iter().try_for_each(|(key, held)| match held {
                    Held::Bytes(bytes) => batch.state_put([*key], bytes),
                    Held::List(items) => batch.state_extend([*key], items),
                })
            })
            .unwrap();
        let root = |session: &Session| session.latest().unwrap().roots().map(Root::State);
        prop_assert_eq!(root(&session), root(&fresh));
    }

    /// A scan of any prefix, from any key, either way, is that of a plain map.
    #[test]
    fn a_scan_of_a_prefix_is_that_of_a_plain_map(
        keys in prop::collection::btree_set(
            prop::collection::vec(prop::sample::select(vec![0u8, 1, 254, 255]), 1..6), 0..700),
        prefix in prop::collection::vec(prop::sample::select(vec![0u8, 1, 254, 255]), 0..3),
        after in prop::option::of(
            prop::collection::vec(prop::sample::select(vec![0u8, 1, 254, 255]), 0..5)),
    ) {
        let session = session();
        session.batch(|b| keys.iter().try_for_each(|key| b.state_put(key, key))).unwrap();
        let state = session.latest().unwrap().state();
        for back in [false, true] {
            let mut expected: Vec<&Vec<u8>> =
                keys.iter().filter(|key| key.starts_with(&prefix)).collect();
            let mut scan = if back { state.under_back(&prefix) } else { state.under(&prefix) };
            if back {
                expected.reverse();
            }
            if let Some(after) = &after {
                expected.retain(|key| if back { *key < after } else { *key > after });
                scan = scan.after(after);
            }
            let found: Vec<_> = scan.map(|entry| entry.unwrap().key).collect();
            prop_assert_eq!(found.iter().collect::<Vec<_>>(), expected);
        }
    }
}
