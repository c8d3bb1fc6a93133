use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::*;

#[test]
fn collection_keeps_all_that_sessions_lead_to_and_frees_the_rest() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let kept = fill(&store, "kept", 1);
    let fork = kept.fork("fork").unwrap();
    fork.write("only-here", "x").unwrap();
    fill(&store, "gone", 2);
    store.delete_session("gone").unwrap();
    let (before, before_fork) = (everything(&kept), everything(&fork));
    let bytes_before = store.stats().unwrap().stored_bytes;

    let report = store.gc(&GcOptions::new().keep(Duration::ZERO), &mut go_on).unwrap();

    assert_eq!(report.sessions, 1);
    assert!(report.objects > 100 && report.object_bytes > 1_300_000, "{report:?}");
    assert_eq!(report.bytes_before, bytes_before);
    assert_eq!(report.bytes_after, store.stats().unwrap().stored_bytes);
    assert!(report.freed() > bytes_before / 3, "{report:?}");
    for store in [store.clone(), open(&vfs)] {
        let check = assert_whole(&store);
        assert!(check.unreachable <= 2, "old nodes of the refs' map: {}", check.unreachable);
        assert!(everything(&store.open_session("kept").unwrap()) == before);
        assert!(everything(&store.open_session("fork").unwrap()) == before_fork);
    }
    let again = store.gc(&GcOptions::new(), &mut go_on).unwrap();
    assert!(again.objects <= 2, "{again:?}");
    assert!(everything(&kept) == before);
    kept.write("src/main.rs", "after").unwrap();
    assert_eq!(open(&vfs).open_session("kept").unwrap().read("src/main.rs").unwrap(), b"after");
    assert_whole(&open(&vfs));
}

#[test]
fn a_deleted_session_stays_for_its_time_and_a_dry_run_changes_nothing() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    fill(&store, "gone", 3);
    store.delete_session("gone").unwrap();
    let before = store.stats().unwrap();
    let dry = GcOptions::new().keep(Duration::ZERO).dry_run(true);
    let report = store.gc(&dry, &mut go_on).unwrap();
    assert!(report.objects > 100 && report.freed() == 0);
    assert_eq!(store.stats().unwrap(), before);
    let report = store.gc(&GcOptions::new(), &mut go_on).unwrap();
    assert_eq!(report.sessions, 0);
    assert_eq!(store.references("deleted/", None, 9).unwrap().len(), 1);
    assert_whole(&store);
    let report = store.gc(&GcOptions::new().keep(Duration::ZERO), &mut go_on).unwrap();
    assert_eq!(report.sessions, 1);
    assert_eq!(store.references("", None, 9).unwrap(), []);
    assert!(store.stats().unwrap().objects <= 2);
    assert_whole(&open(&vfs));
}

#[test]
fn collection_stops_at_the_first_word_and_leaves_the_store_as_it_was() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let session = fill(&store, "s", 4);
    let before = everything(&session);
    for stop in [0, 1, 2] {
        let mut calls = 0;
        let stopped = store.gc(&GcOptions::new(), &mut |_| {
            calls += 1;
            if calls > stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Io);
        assert_whole(&store);
    }
    assert!(everything(&session) == before);
}

#[test]
fn readers_and_writers_go_on_while_garbage_is_collected() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let other = open(&vfs);
    let fixed = fill(&store, "fixed", 5);
    let before = everything(&fixed);
    let done = AtomicBool::new(false);
    let written = std::thread::scope(|scope| {
        let writers: Vec<_> = [&store, &other]
            .into_iter()
            .enumerate()
            .map(|(at, store)| {
                let done = &done;
                scope.spawn(move || {
                    let mut count = 0u64;
                    while !done.load(Ordering::Relaxed) {
                        let session = store.session(&format!("busy {at}")).unwrap();
                        // Old bytes come back: what was garbage a moment ago is wanted again.
                        session.write("a", text(count % 5, 50)).unwrap();
                        session.write("b", bytes(count % 3, 70_000)).unwrap();
                        if count % 4 == 3 {
                            store.delete_session(&format!("busy {at}")).unwrap();
                        }
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        let reader = scope.spawn(|| {
            let fixed = other.open_session("fixed").unwrap();
            while !done.load(Ordering::Relaxed) {
                assert!(everything(&fixed) == before);
            }
        });
        let options = GcOptions::new().keep(Duration::ZERO);
        let collected: Vec<_> = (0..8).map(|_| store.gc(&options, &mut go_on)).collect();
        done.store(true, Ordering::Relaxed);
        collected.into_iter().for_each(|report| assert!(report.is_ok(), "{report:?}"));
        reader.join().unwrap();
        writers.into_iter().map(|writer| writer.join().unwrap()).sum::<u64>()
    });
    assert!(written > 8);
    assert!(everything(&fixed) == before);
    store.gc(&GcOptions::new().keep(Duration::ZERO), &mut go_on).unwrap();
    assert_whole(&open(&vfs));
    assert_whole(&store);
}

/// Texts that resemble each other all over a frame, not only in one block of it.
#[test]
fn short_texts_share_what_they_have_in_common_across_blocks() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let session = store.session("s").unwrap();
    let said = |number: u64| format!("{number} {} {}", text(40, 9), text(1_000 + number, 9));
    for first in (0..600).step_by(100) {
        session
            .batch(|batch| {
                (first..first + 100)
                    .try_for_each(|number| batch.remember(Memory::user(said(number))))
            })
            .unwrap();
    }
    for _ in 0..2 {
        store.gc(&GcOptions::new(), &mut go_on).unwrap();
    }
    for store in [store, open(&vfs)] {
        let latest = store.open_session("s").unwrap().latest().unwrap();
        for (number, memory) in (0..).zip(latest.memories()) {
            assert_eq!(memory.unwrap().memory.text(), said(number));
        }
        assert_whole(&store);
    }
}

#[test]
fn a_collection_that_ends_halfway_leaves_no_deleted_session_without_its_objects() {
    for stop in [1, 2, 3] {
        let vfs = MemoryVfs::default();
        let store = open(&vfs);
        // Enough of both that each has segments of its own, and that copying tells how far it is.
        let gone = fill(&store, "gone", 5);
        for seed in 10..16 {
            fill(&store, &format!("kept {seed}"), seed);
        }
        store.delete_session("gone").unwrap();
        // Copying begins where the total grows.
        let (mut copying, mut reading) = (0, None);
        let stopped = store.gc(&GcOptions::new().keep(Duration::ZERO), &mut |at| {
            copying += u64::from(at.total > *reading.get_or_insert(at.total));
            if copying >= stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Io);
        let store = open(&vfs);
        let report = store.check(&mut go_on).unwrap();
        assert_eq!(report.faults, [], "{stop}");
        // It is there whole, or gone.
        match store.undelete_session(gone.id(), None) {
            Ok(back) => assert_eq!(back.log().unwrap().count(), 35),
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound),
        }
        store.gc(&GcOptions::new().keep(Duration::ZERO), &mut go_on).unwrap();
        assert_whole(&store);
    }
}

#[test]
fn a_session_that_comes_back_during_a_collection_keeps_all_that_it_has() {
    for at in [0, 1, 2, 3, 5, 8] {
        let vfs = MemoryVfs::default();
        let store = open(&vfs);
        let gone = fill(&store, "gone", 6);
        fill(&store, "kept", 7);
        let before = everything(&gone);
        store.delete_session("gone").unwrap();
        let other = open(&vfs);
        let (mut calls, mut back) = (0, None);
        let report = store
            .gc(&GcOptions::new().keep(Duration::ZERO), &mut |_| {
                if calls == at {
                    back = Some(other.undelete_session(gone.id(), None));
                }
                calls += 1;
                ControlFlow::Continue(())
            })
            .unwrap();
        match back {
            Some(Ok(session)) => {
                assert_eq!(report.sessions, 0);
                assert!(everything(&session) == before, "{at}");
            }
            Some(Err(error)) => {
                assert_eq!((error.kind(), report.sessions), (ErrorKind::NotFound, 1))
            }
            None => assert_eq!(report.sessions, 1),
        }
        assert_whole(&open(&vfs));
    }
}
