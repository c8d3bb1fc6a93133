use std::time::Duration;

use super::*;
use crate::history::Trim;

#[test]
fn trimmed_history_is_gone_at_once_and_its_bytes_with_the_next_collection() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let session = fill(&store, "s", 1);
    for step in 0..40 {
        if step == 35 {
            // What was in view in a checkpoint that is kept stays, however old.
            session.refresh().unwrap();
        }
        session.write("blob", bytes(2 * step, 20_000)).unwrap();
    }
    let before = everything(&session);
    let newest = session.log().unwrap().next().unwrap().unwrap().number;
    let oldest = newest - 4;

    let report = session.trim(Trim::Keep(5)).unwrap();

    assert_eq!((report.oldest, report.trimmed), (oldest, oldest - 1));
    let bytes_before = store.stats().unwrap().stored_bytes;
    let expect = |store: &Store| {
        let session = store.open_session("s").unwrap();
        let numbers: Vec<u64> = session.log().unwrap().map(|entry| entry.unwrap().number).collect();
        assert_eq!(numbers, (oldest..=newest).rev().collect::<Vec<_>>());
        for number in oldest..=newest {
            let then = session.at(session.checkpoint(&number.to_string()).unwrap()).unwrap();
            for file in then.files() {
                let file = file.unwrap();
                let name = format!("{number} {}", file.path);
                assert!(before[&name] == file.read().unwrap(), "{name}");
            }
            for memory in then.memories() {
                let memory = memory.unwrap();
                let name = format!("{number} memory {}", memory.number);
                assert!(before[&name] == memory.memory.text().as_bytes(), "{name}");
            }
        }
        let error = session.checkpoint("3").unwrap_err();
        assert_eq!(error.to_string(), format!("checkpoint 3 was trimmed: the oldest is {oldest}"));
        let numbers: Vec<u64> =
            session.history("blob").unwrap().map(|row| row.unwrap().number).collect();
        assert_eq!(numbers, [40, 39, 38, 37, 36]);
        assert!(session.read_at("blob", 36).unwrap() == bytes(70, 20_000));
        let error = session.read_at("blob", 35).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("trimmed"), "{error}");
        assert_eq!(session.history("src/main.rs").unwrap().count(), 1);
    };
    expect(&store);
    let freed = store.gc(&GcOptions::new(), &mut go_on).unwrap();
    assert!(freed.freed() > 30 * 20_000, "{freed:?}");
    assert!(store.stats().unwrap().stored_bytes < bytes_before / 2);
    expect(&store);
    expect(&open(&vfs));
    assert_whole(&open(&vfs));

    let session = open(&vfs).open_session("s").unwrap();
    for number in (37..40).rev() {
        session.undo().unwrap();
        assert!(session.read("blob").unwrap() == bytes(2 * (number - 1), 20_000));
    }
    session.undo().unwrap();
    let error = session.undo().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("was trimmed"), "{error}");
    for step in 0..20 {
        session.write("src/main.rs", text(step, 9)).unwrap();
    }
    session.trim(Trim::Keep(3)).unwrap();
    session.store().gc(&GcOptions::new(), &mut go_on).unwrap();
    assert_eq!(session.log().unwrap().count(), 3);
    assert_whole(&open(&vfs));
}

#[test]
fn forks_keep_what_they_had_and_inherit_where_history_ends() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let session = fill(&store, "s", 2);
    let early = session.fork("early").unwrap();
    let before = everything(&early);
    session.trim(Trim::Keep(4)).unwrap();
    let late = session.fork("late").unwrap();
    store.gc(&GcOptions::new(), &mut go_on).unwrap();
    assert!(everything(&early) == before);
    late.write("x", "y").unwrap();
    assert_eq!(late.log().unwrap().count(), 5);
    assert!(late.log().unwrap().all(|entry| entry.is_ok()));
    store.delete_session("early").unwrap();
    let report = store.gc(&GcOptions::new().keep(Duration::ZERO), &mut go_on).unwrap();
    assert!(report.objects > 100, "the fork held the rest: {report:?}");
    assert_eq!(late.log().unwrap().count(), 5);
    assert_eq!(session.log().unwrap().count(), 4);
    assert_whole(&open(&vfs));
}

#[test]
fn pins_outlive_trims_and_deletions() {
    let vfs = MemoryVfs::default();
    let store = open(&vfs);
    let session = fill(&store, "s", 3);
    let pinned = session.checkpoint("7").unwrap();
    let then = session.at(pinned).unwrap().read("src/lib.rs").unwrap();
    session.pin(pinned).unwrap();
    session.trim(Trim::Keep(2)).unwrap();
    store.gc(&GcOptions::new(), &mut go_on).unwrap();
    assert_eq!(session.checkpoint("7").unwrap(), pinned);
    assert!(session.at(pinned).unwrap().read("src/lib.rs").unwrap() == then);
    assert!(session.checkpoint("8").is_err());
    assert_eq!(session.pins().unwrap().len(), 1);
    let fork = session.fork_at("old", pinned).unwrap();
    assert!(fork.read("src/lib.rs").unwrap() == then);
    assert_eq!(fork.log().unwrap().count(), 1);
    store.delete_session("old").unwrap();
    assert_whole(&store);
    session.unpin(pinned).unwrap();
    assert_eq!(session.unpin(pinned).unwrap_err().kind(), ErrorKind::NotFound);
    let options = GcOptions::new().keep(Duration::ZERO);
    store.gc(&options, &mut go_on).unwrap();
    assert!(session.checkpoint("7").is_err());
    assert_whole(&open(&vfs));

    session.pin(session.checkpoint("latest").unwrap()).unwrap();
    store.delete_session("s").unwrap();
    let report = store.gc(&options, &mut go_on).unwrap();
    assert_eq!(report.sessions, 0, "a pinned session stays");
    assert_whole(&open(&vfs));
}

#[test]
fn a_trim_that_keeps_all_or_nothing_changes_nothing() {
    let store = Store::in_memory().unwrap();
    let session = store.session("s").unwrap();
    assert_eq!(session.trim(Trim::Keep(3)).unwrap().trimmed, 0);
    session.write("a", "1").unwrap();
    let head = store.reference("session/s").unwrap();
    assert_eq!(session.trim(Trim::Keep(1)).unwrap().trimmed, 0);
    assert_eq!(session.trim(Trim::Keep(0)).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(store.reference("session/s").unwrap(), head);
    session.write("a", "2").unwrap();
    let now = session.log().unwrap().next().unwrap().unwrap().time;
    let later = crate::Timestamp::from_millis(now.as_millis() + 1_000);
    assert_eq!(session.trim(Trim::Since(later)).unwrap().oldest, 2);
    assert_eq!(session.horizon().unwrap().unwrap().checkpoint, 2);
    assert_eq!(session.trim(Trim::Keep(100)).unwrap().oldest, 2, "what is gone stays gone");
}
