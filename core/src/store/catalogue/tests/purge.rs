//! A purge: no derived copy stays.

use std::ops::ControlFlow;

use super::*;
use crate::upkeep::PurgeOptions;

fn go_on<T>(_: T) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn options() -> PurgeOptions {
    PurgeOptions::new("a key slipped in")
}

/// Asserts that nothing of a table is on the disk.
fn assert_gone(directory: &Path) {
    let left = names(&directory.join("store/catalogue"));
    assert_eq!(left, ["lock"]);
}

#[test]
fn a_purge_drops_it_and_it_begins_anew() {
    for options in [options(), options().rewrite(true)] {
        let directory = tempfile::tempdir().unwrap();
        let store = store(directory.path());
        let session = store.session("s").unwrap();
        session.remember(Memory::user("the key is AKIA-5f3c")).unwrap();
        teach(&store);
        let report = store.purge_matching(b"AKIA-5f3c", &options, &mut go_on).unwrap();
        assert_eq!(report.tombstones.len(), 1);
        assert_gone(directory.path());
        assert!(!knows(&store));
        teach(&store);
        assert!(knows(&store));
        drop((store, session));
        assert!(knows(&self::store(directory.path())));
    }
}

#[test]
fn a_purge_drops_one_that_was_not_opened() {
    let directory = tempfile::tempdir().unwrap();
    let first = store(directory.path());
    first.session("s").unwrap().write("a", "AKIA-5f3c").unwrap();
    teach(&first);
    drop(first);
    let store = store(directory.path());
    store.purge_matching(b"AKIA-5f3c", &options(), &mut go_on).unwrap();
    assert_gone(directory.path());
}

#[cfg(unix)]
#[test]
fn a_purge_drops_one_that_another_handle_has_open() {
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (store(directory.path()), store(directory.path()));
    two.session("s").unwrap().write("a", "AKIA-5f3c").unwrap();
    teach(&one);
    two.purge_matching(b"AKIA-5f3c", &options(), &mut go_on).unwrap();
    assert_gone(directory.path());
    known(&one);
    teach(&one);
    drop(one);
    assert_gone(directory.path());
}

#[test]
fn a_purge_that_was_done_before_drops_what_it_left() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    store.session("s").unwrap().write("a", "AKIA-5f3c").unwrap();
    store.purge_matching(b"AKIA-5f3c", &options(), &mut go_on).unwrap();
    teach(&store);
    let report = store.purge_matching(b"AKIA-5f3c", &options(), &mut go_on).unwrap();
    assert!(report.tombstones.is_empty());
    assert_gone(directory.path());
}

#[test]
fn a_purge_that_is_refused_leaves_it() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    store.session("s").unwrap().write("AKIA-5f3c", "a path cannot be purged").unwrap();
    teach(&store);
    store.purge_matching(b"AKIA-5f3c", &options(), &mut go_on).unwrap_err();
    assert!(knows(&store));
}
