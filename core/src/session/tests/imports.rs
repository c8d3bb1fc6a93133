use super::*;
use crate::object::{Checkpoint, Memory, OperationKind, Timestamp};
use crate::session::Trim;

/// Plays `count` commits from `first` on; flushes after each of `flushes`.
fn play(session: &Session, commits: std::ops::Range<u64>, flush_every: u64) -> Result<()> {
    let mut import = session.import()?;
    for number in commits {
        let mut step = import.checkpoint();
        if number % 4 != 3 {
            step.write_entry(format!("f{}", number % 3), NewEntry::file(number.to_string()))?;
        }
        if number == 5 {
            step.rename("f1", "moved")?;
        }
        step.remember(Memory::user(format!("commit {number}")))?;
        step.label(Checkpoint::GIT_COMMIT, [[number as u8; 20]].concat())?;
        step.label(Checkpoint::MESSAGE, format!("commit {number}"))?;
        step.time(Timestamp::from_millis(number as i64 * 1_000));
        step.finish()?;
        if number % flush_every == 0 {
            import.flush()?;
        }
    }
    import.flush()
}

#[test]
fn flush_boundaries_and_resumption_leave_no_trace_in_ids() {
    let ids: Vec<_> = [1, 2, 7, 100]
        .into_iter()
        .map(|flush_every| {
            let session = session();
            play(&session, 1..30, flush_every).unwrap();
            newest(&session)
        })
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    let session = session();
    play(&session, 1..11, 4).unwrap();
    play(&session, 11..30, 3).unwrap();
    assert_eq!(newest(&session), ids[0]);
}

#[test]
fn every_step_is_one_checkpoint_even_where_nothing_changes() {
    let session = session();
    play(&session, 1..30, 10).unwrap();
    let log: Vec<_> = session.log().unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(log.len(), 29);
    for (entry, number) in log.iter().zip((1..30u64).rev()) {
        assert_eq!((entry.number, entry.kind), (number, OperationKind::Import));
        assert_eq!(entry.time, Timestamp::from_millis(number as i64 * 1_000));
        assert_eq!(entry.message, format!("commit {number}"));
        assert_eq!(entry.git_commit().unwrap(), format!("{number:02x}").repeat(20));
    }
    let history: Vec<_> = session.history("f1").unwrap().map(|info| info.unwrap()).collect();
    for info in history {
        assert_eq!(info.time, Timestamp::from_millis(info.checkpoint_number as i64 * 1_000));
    }
}

#[test]
fn undo_takes_an_import_back_as_a_whole_and_then_what_was_before() {
    for empty in [false, true] {
        let session = session();
        if !empty {
            session.write("own", "1").unwrap();
        }
        play(&session, 1..30, 4).unwrap();
        session.undo().unwrap();
        let files: Vec<_> = session.latest().unwrap().files().map(|file| file.unwrap()).collect();
        assert_eq!(files.len(), usize::from(!empty));
        assert_eq!(texts(&session), []);
        if !empty {
            session.undo().unwrap();
            assert_eq!(session.get("own").unwrap(), None);
        }
        assert_eq!(kind(session.undo()), ErrorKind::NotFound);
    }
}

#[test]
fn two_imports_in_a_row_are_undone_one_after_the_other() {
    let session = session();
    play(&session, 1..10, 2).unwrap();
    let between = session.latest().unwrap();
    play(&session, 10..20, 3).unwrap();
    session.undo().unwrap();
    assert_eq!(between.changes(&session.latest().unwrap()).count(), 0);
    session.undo().unwrap();
    assert_eq!(session.latest().unwrap().files().count(), 0);
    assert_eq!(kind(session.undo()), ErrorKind::NotFound);
}

#[test]
fn an_import_goes_on_over_others_memories_and_stops_at_others_edits() {
    let session = session();
    let mut import = session.import().unwrap();
    let mut step = import.checkpoint();
    step.write("a", "1").unwrap();
    step.remember(Memory::user("imported")).unwrap();
    step.finish().unwrap();
    session.remember(Memory::user("own")).unwrap();
    import.flush().unwrap();
    assert_eq!(texts(&session), [(1, "own".into()), (2, "imported".into())]);
    // Undo takes back the import alone.
    session.undo().unwrap();
    assert_eq!(texts(&session), [(1, "own".into())]);

    let mut import = session.import().unwrap();
    let mut step = import.checkpoint();
    step.write("a", "2").unwrap();
    step.finish().unwrap();
    session.write("a", "own").unwrap();
    assert_eq!(kind(import.flush()), ErrorKind::Conflict);
    assert_eq!(kind(import.flush()), ErrorKind::Conflict);
    assert_eq!(kind(import.checkpoint().write("b", "3")), ErrorKind::Conflict);
    assert_eq!(session.read("a").unwrap(), b"own");
}

#[test]
fn a_step_that_is_not_finished_leaves_no_trace() {
    let session = session();
    let mut import = session.import().unwrap();
    let mut step = import.checkpoint();
    step.write("a", "kept").unwrap();
    step.finish().unwrap();
    import.checkpoint().write("b", "dropped").unwrap();
    let mut step = import.checkpoint();
    step.write("a/b", "clash").unwrap();
    assert_eq!(kind(step.finish()), ErrorKind::Invalid);
    let mut step = import.checkpoint();
    step.write("c", "kept too").unwrap();
    assert_eq!(step.read("c").unwrap(), b"kept too");
    step.finish().unwrap();
    assert_eq!(import.latest().unwrap().number, 2);
    import.flush().unwrap();
    import.flush().unwrap();
    assert_eq!(session.log().unwrap().count(), 2);
    assert_eq!(session.latest().unwrap().files().count(), 2);
    let dropped = crate::ContentId::new(crate::ObjectId::of_content(b"dropped"));
    assert_eq!(kind(session.store().read_content(dropped)), ErrorKind::NotFound);
}

#[test]
fn an_import_that_rests_on_a_checkpoint_spares_own_edits_since() {
    let session = session();
    play(&session, 1..3, 1).unwrap();
    let imported = newest(&session);
    session.write("f1", "own").unwrap();
    session.write("f2", "own").unwrap();
    session.undo().unwrap();
    let mut import = session.import().unwrap();
    import.rest_on(imported).unwrap();
    let mut step = import.checkpoint();
    assert_eq!(kind(step.write("f1", "next")), ErrorKind::Conflict);
    step.write("f2", "next").unwrap();
    step.finish().unwrap();
    let mut step = import.checkpoint();
    step.write("f2", "and next").unwrap();
    step.finish().unwrap();
    import.flush().unwrap();
    assert_eq!(session.read("f1").unwrap(), b"own");
}

#[test]
fn an_import_of_nothing_writes_nothing() {
    let session = session();
    let before = session.store().reference("session/s").unwrap();
    session.import().unwrap().flush().unwrap();
    assert_eq!(session.store().reference("session/s").unwrap(), before);
}

/// Writes a checkpoint of which each part is stored before the next is written.
fn in_parts(import: &mut Import, parts: std::ops::Range<u8>, stored: bool) {
    let mut step = import.checkpoint();
    for part in parts {
        step.write(format!("p{part}"), vec![part; 5_000]).unwrap();
        step.write("same", part.to_string()).unwrap();
        if stored {
            step.store_contents().unwrap();
            assert_eq!(step.content_bytes(), 0);
            assert_eq!(step.read(format!("p{part}")).unwrap(), vec![part; 5_000]);
        }
    }
    step.time(Timestamp::from_millis(7));
    step.finish().unwrap();
}

#[test]
fn a_checkpoint_whose_contents_are_stored_ahead_is_the_one_that_it_would_be() {
    let ids = [false, true].map(|stored| {
        let session = session();
        let mut import = session.import().unwrap();
        in_parts(&mut import, 1..4, stored);
        in_parts(&mut import, 3..6, stored);
        // One that is dropped makes the import build the finished ones anew.
        import.checkpoint().write("dropped", "1").unwrap();
        import.flush().unwrap();
        in_parts(&mut import, 6..7, stored);
        // Somebody else's commit too.
        session.remember(Memory::user("own")).unwrap();
        import.flush().unwrap();
        assert_eq!(session.read("p5").unwrap(), vec![5; 5_000]);
        assert_eq!(session.latest().unwrap().files().count(), 7);
        newest(&session)
    });
    assert_eq!(ids[0], ids[1]);
}

#[test]
fn a_collection_of_contents_that_were_stored_ahead_is_a_conflict_and_no_damage() {
    let session = session();
    let store = session.store();
    let collect = || {
        let options = crate::store::GcOptions::new();
        store.gc(&options, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
    };
    let mut import = session.import().unwrap();
    in_parts(&mut import, 1..3, true);
    collect();
    let error = import.flush().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("was collected since"), "{error}");
    // Nor does another attempt, or another checkpoint, refer to what is gone.
    in_parts(&mut import, 5..6, true);
    assert_eq!(kind(import.flush()), ErrorKind::Conflict);
    assert!(session.log().unwrap().next().is_none());

    let mut import = session.import().unwrap();
    in_parts(&mut import, 1..3, true);
    import.flush().unwrap();
    collect();
    assert_eq!(session.read("p2").unwrap(), vec![2; 5_000]);
    assert!(store.check(&mut |_| std::ops::ControlFlow::Continue(())).unwrap().faults.is_empty());
}

#[test]
fn a_collection_of_what_was_trimmed_stops_no_commit_that_was_prepared_before() {
    for length in 20..36 {
        let session = session();
        let store = session.store();
        for number in 0..length {
            session.write("p1", vec![number; 5_000]).unwrap();
        }
        session.write("p1", vec![1; 5_000]).unwrap();
        session.write("same", "1").unwrap();
        let mut import = session.import().unwrap();
        // It is there already, so no collection takes it.
        in_parts(&mut import, 1..2, true);
        session.trim(Trim::Keep(2)).unwrap();
        let mut import = session.import().unwrap();
        in_parts(&mut import, 1..2, true);
        let options = crate::store::GcOptions::new();
        store.gc(&options, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
        import.flush().unwrap();
        assert_eq!(session.read("p1").unwrap(), vec![1; 5_000]);
        let faults = store.check(&mut |_| std::ops::ControlFlow::Continue(())).unwrap().faults;
        assert!(faults.is_empty(), "{faults:?}");
    }
}
