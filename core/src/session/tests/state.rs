use super::*;
use crate::limits::{KEY_BYTES_MAX, TEXT_INLINE_BYTES_MAX};

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
