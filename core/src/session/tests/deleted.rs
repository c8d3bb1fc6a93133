//! Deleted sessions and their way back.

use std::ops::ControlFlow;
use std::time::Duration;

use super::*;
use crate::object::Timestamp;
use crate::store::GcOptions;

fn collect(store: &Store, keep: Duration) {
    store.gc(&GcOptions::new().keep(keep), &mut |_| ControlFlow::Continue(())).unwrap();
}

#[test]
fn deleted_sessions_are_listed_and_come_back_with_all_their_past() {
    let store = Store::in_memory().unwrap();
    assert_eq!(store.deleted_sessions().unwrap(), []);
    let one = store.session("team/one").unwrap();
    one.write("a", "1").unwrap();
    one.write("a", "2").unwrap();
    store.session("empty").unwrap();
    store.delete_session("team/one").unwrap();
    store.delete_session("empty").unwrap();
    let listed = store.deleted_sessions().unwrap();
    let mut names: Vec<_> =
        listed.iter().map(|row| (row.name.as_deref().unwrap(), row.checkpoint)).collect();
    names.sort();
    assert_eq!(names, [("empty", None), ("team/one", Some(2))]);
    for row in &listed {
        let days = (row.goes.unwrap().as_millis() - row.deleted.as_millis()) / 86_400_000;
        assert_eq!(days, 30);
    }
    assert_eq!(kind(one.read("a")), ErrorKind::NotFound);
    let back = store.undelete_session(one.id(), None).unwrap();
    assert_eq!((back.name(), back.id()), ("team/one", one.id()));
    // The handle from before works on.
    for session in [&back, &one] {
        assert_eq!(session.read("a").unwrap(), b"2");
        assert_eq!(session.read_at("a", 1).unwrap(), b"1");
    }
    back.undo().unwrap();
    assert_eq!(one.read("a").unwrap(), b"1");
    assert_eq!(kind(store.undelete_session(one.id(), None)), ErrorKind::NotFound);
    assert_eq!(store.deleted_sessions().unwrap().len(), 1);
    collect(&store, Duration::ZERO);
    assert_eq!(store.deleted_sessions().unwrap(), []);
    assert_eq!(back.read("a").unwrap(), b"1");
}

#[test]
fn a_session_comes_back_under_a_free_name_alone_and_none_that_gc_took() {
    let store = Store::in_memory().unwrap();
    let old = store.session("s").unwrap();
    old.write("a", "old").unwrap();
    store.delete_session("s").unwrap();
    store.session("s").unwrap().write("a", "new").unwrap();
    let error = store.undelete_session(old.id(), None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(kind(store.undelete_session(old.id(), Some(" "))), ErrorKind::Invalid);
    assert_eq!(store.deleted_sessions().unwrap().len(), 1);
    let back = store.undelete_session(old.id(), Some("old")).unwrap();
    assert_eq!(back.read("a").unwrap(), b"old");
    assert_eq!(store.open_session("s").unwrap().read("a").unwrap(), b"new");
    // Deleted twice, it goes by its newest name.
    store.delete_session("old").unwrap();
    assert_eq!(store.deleted_sessions().unwrap()[0].name.as_deref(), Some("old"));
    collect(&store, Duration::ZERO);
    let error = store.undelete_session(old.id(), None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("gc has freed it"), "{error}");
    let prefix = old.id().to_string()[..8].parse().unwrap();
    assert_eq!(kind(store.find_deleted_session(&prefix)), ErrorKind::NotFound);
}

#[test]
fn a_pinned_session_never_goes_and_a_time_in_the_future_counts_as_now() {
    let clock = || Timestamp::from_millis(4_102_444_800_000);
    let vfs = crate::log::Memory::default();
    let store = Store::options().clock(clock).open_vfs(std::sync::Arc::new(vfs)).unwrap();
    let session = store.session("s").unwrap();
    session.write("a", "1").unwrap();
    session.pin(newest(&session)).unwrap();
    store.delete_session("s").unwrap();
    let row = store.find_deleted_session(&session.id().to_string()[..4].parse().unwrap()).unwrap();
    assert_eq!((row.id, row.goes, row.deleted), (session.id(), None, clock()));
    let now = Timestamp::from_millis(1_000);
    let day = 86_400_000;
    assert_eq!(GcOptions::goes(clock(), now).as_millis(), 1_000 + 30 * day);
    assert_eq!(GcOptions::goes(Timestamp::from_millis(500), now).as_millis(), 500 + 30 * day);
}

#[test]
fn of_many_that_bring_one_session_back_one_does() {
    let store = Store::in_memory().unwrap();
    let session = store.session("s").unwrap();
    session.write("a", "1").unwrap();
    for _ in 0..20 {
        store.delete_session("s").unwrap();
        let done = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|at| {
                    let (store, id) = (&store, session.id());
                    let name = format!("t{at}");
                    scope.spawn(move || store.undelete_session(id, Some(&name)).map(drop))
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1, "{done:?}");
        for error in done.into_iter().filter_map(Result::err) {
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
        let name = store.sessions().next().unwrap().unwrap().name().to_owned();
        store.rename_session(&name, "s").unwrap();
        assert_eq!(session.read("a").unwrap(), b"1");
    }
}
