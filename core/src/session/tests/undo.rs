//! Undo: exact, whatever is taken back.

use std::ops::ControlFlow;

use super::*;
use crate::interop::{Format, read};
use crate::object::{Checkpoint, Memory, OperationKind};
use crate::session::draft::build::Built;

/// A transcript of so many messages, whose texts begin with a word.
fn transcript(word: &str, messages: usize) -> crate::interop::Transcript {
    let lines: Vec<String> = (0..messages)
        .map(|at| format!(r#"{{"role": "user", "content": "{word} {at}"}}"#))
        .collect();
    let text = format!("[{}]", lines.join(","));
    let source = read(text.as_bytes(), Some(Format::OpenAiChat)).unwrap();
    source.transcripts.into_iter().next().unwrap()
}

fn import(session: &Session, word: &str, messages: usize) {
    let go_on = &mut |_| ControlFlow::Continue(());
    session.import_transcript(&transcript(word, messages), word, go_on).unwrap();
}

fn memories(session: &Session) -> usize {
    session.latest().unwrap().memories().count()
}

#[test]
fn undoing_a_transcripts_import_leaves_what_the_session_had_before() {
    for messages in [1, 600, 1_100] {
        let session = Store::in_memory().unwrap().session("s").unwrap();
        session.write("keep.txt", "1").unwrap();
        session.remember(Memory::user("keep")).unwrap();
        import(&session, "chat", messages);
        assert_eq!(memories(&session), messages + 1);
        session.undo().unwrap();
        assert_eq!(session.get("keep.txt").unwrap().as_deref(), Some(&b"1"[..]), "{messages}");
        assert_eq!(memories(&session), 1, "{messages}");
        session.undo().unwrap();
        assert_eq!(memories(&session), 0, "{messages}");
        assert_eq!(session.read("keep.txt").unwrap(), b"1", "{messages}");
    }
}

#[test]
fn an_import_that_others_wrote_into_is_taken_back_without_what_they_did() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    let other = session.clone();
    let source = transcript("chat", 1_100);
    let mut calls = 0;
    session
        .import_transcript(&source, "chat", &mut |_| {
            calls += 1;
            if calls == 2 {
                other.write("others", "1").unwrap();
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    session.undo().unwrap();
    assert_eq!(session.read("others").unwrap(), b"1");
    assert!((1..1_100).contains(&memories(&session)), "{}", memories(&session));
    assert_eq!(session.undo().unwrap().operation.message, "others");
    session.undo().unwrap();
    assert_eq!(memories(&session), 0);
}

/// Commits an operation of a kind as earlier versions let hosts do it: with a memory, and nothing
/// said of the state before.
fn as_before(session: &Session, kind: OperationKind, label: Option<&str>, text: &str) {
    let mut batch = session.begin().unwrap();
    batch.remember(Memory::user(text)).unwrap();
    if let Some(label) = label {
        batch.label(label, "x").unwrap();
    }
    let Built { point, .. } =
        batch.draft.build(&mut batch.batch, batch.head.point(), false).unwrap();
    let new = NewOperation::new(kind);
    session.commit_on(&batch.head, batch.batch, point, new).unwrap();
}

#[test]
fn imports_of_earlier_versions_that_name_no_state_before_them_lose_nothing() {
    let label = Some(Checkpoint::TRANSCRIPT);
    // Into a session with something in it: each of them by itself.
    let session = Store::in_memory().unwrap().session("s").unwrap();
    session.write("keep", "1").unwrap();
    for text in ["one", "two"] {
        as_before(&session, OperationKind::Import, label, text);
    }
    for left in [1, 0] {
        session.undo().unwrap();
        assert_eq!(memories(&session), left);
        assert_eq!(session.read("keep").unwrap(), b"1");
    }
    assert_eq!(session.undo().unwrap().operation.message, "keep");
    // After an import of commits into an empty one: that stays.
    let session = Store::in_memory().unwrap().session("s").unwrap();
    let mut import = session.import().unwrap();
    for text in ["1", "2"] {
        let mut step = import.checkpoint();
        step.write("keep", text).unwrap();
        step.finish().unwrap();
        import.flush().unwrap();
    }
    as_before(&session, OperationKind::Import, label, "one");
    session.undo().unwrap();
    assert_eq!((memories(&session), session.read("keep").unwrap()), (0, b"2".to_vec()));
    session.undo().unwrap();
    assert_eq!(session.get("keep").unwrap(), None);
    assert_eq!(kind(session.undo()), ErrorKind::NotFound);
    // Into an empty one: all of it.
    let session = Store::in_memory().unwrap().session("s").unwrap();
    for text in ["one", "two"] {
        as_before(&session, OperationKind::Import, label, text);
    }
    session.undo().unwrap();
    assert_eq!(memories(&session), 0);
    assert_eq!(kind(session.undo()), ErrorKind::NotFound);
}

#[test]
fn an_undo_or_redo_that_names_nothing_is_taken_back_as_any_other_operation() {
    for own in [OperationKind::Undo, OperationKind::Redo] {
        let session = Store::in_memory().unwrap().session("s").unwrap();
        session.write("a", "1").unwrap();
        as_before(&session, own, None, "by a host of an earlier version");
        assert_eq!(kind(session.redo()), ErrorKind::NotFound);
        assert_eq!(session.undo().unwrap().operation.kind, own);
        assert_eq!((memories(&session), session.read("a").unwrap()), (0, b"1".to_vec()));
        session.redo().unwrap();
        assert_eq!(memories(&session), 1);
        session.undo().unwrap();
        session.undo().unwrap();
        assert_eq!(session.get("a").unwrap(), None);
    }
}

#[test]
fn hosts_name_their_own_operations_and_none_of_ours() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    for (ours, _) in OperationKind::known() {
        let error = session.begin().unwrap().kind(ours.name()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{}", ours.name());
    }
    for name in ["merge", "", "Acme/x", "acme/", &"a/".repeat(40)] {
        assert_eq!(kind(session.begin().unwrap().kind(name)), ErrorKind::Invalid, "{name}");
    }
    let mut batch = session.begin().unwrap();
    batch.kind("acme/deploy").unwrap();
    batch.write("a", "1").unwrap();
    batch.commit().unwrap();
    let told = session.undo().unwrap().operation;
    assert_eq!((told.number, told.kind.name(), told.checkpoint), (2, "acme/deploy", Some(1)));
}

/// What an operation of a name that nobody knows here says of itself.
fn unknown(session: &Session, name: &str, before: Option<CheckpointId>, text: &str) {
    let mut batch = session.begin().unwrap();
    batch.write("unknown", text).unwrap();
    let Built { point, .. } =
        batch.draft.build(&mut batch.batch, batch.head.point(), false).unwrap();
    let kind = OperationKind::from_name(name).unwrap();
    let new = NewOperation { before, ..NewOperation::new(kind) };
    session.commit_on(&batch.head, batch.batch, point, new).unwrap();
}

#[test]
fn an_unknown_operation_is_shown_and_taken_back_by_the_general_rule() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    session.write("a", "1").unwrap();
    let first = newest(&session);
    // Three that belong together, and say so: one undo takes them back.
    for text in ["1", "2", "3"] {
        unknown(&session, "orchestrate", Some(first), text);
    }
    unknown(&session, "merge", None, "4");
    let names: Vec<_> =
        session.log().unwrap().map(|entry| entry.unwrap().kind.name().to_owned()).collect();
    assert_eq!(names, ["merge", "orchestrate", "orchestrate", "orchestrate", "write"]);
    session.undo().unwrap();
    assert_eq!(session.read("unknown").unwrap(), b"3");
    assert_eq!(session.undo().unwrap().operation.number, 5);
    assert_eq!(session.get("unknown").unwrap(), None);
    assert_eq!(session.undo().unwrap().operation.message, "a");
    assert_eq!(kind(session.undo()), ErrorKind::NotFound);
    for expected in [None, Some(&b"3"[..]), Some(b"4")] {
        session.redo().unwrap();
        assert_eq!(session.get("unknown").unwrap().as_deref(), expected);
    }
}

#[test]
fn redo_brings_back_what_undo_took_in_order_until_something_else_is_done() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    let at = |session: &Session| session.get("a").unwrap().map(|a| String::from_utf8(a).unwrap());
    assert_eq!(kind(session.redo()), ErrorKind::NotFound);
    for text in ["1", "2", "3"] {
        session.write("a", text).unwrap();
    }
    assert_eq!(kind(session.redo()), ErrorKind::NotFound);
    session.undo().unwrap();
    session.undo().unwrap();
    assert_eq!(at(&session).as_deref(), Some("1"));
    for text in ["2", "3"] {
        let report = session.redo().unwrap();
        assert_eq!(at(&session).as_deref(), Some(text));
        assert_eq!((report.operation.kind, report.id), (OperationKind::Write, newest(&session)));
    }
    let error = session.redo().unwrap_err();
    assert_eq!(
        error.to_string(),
        "nothing to redo in session \"s\": what was done last is no undo"
    );
    session.undo().unwrap();
    assert_eq!(at(&session).as_deref(), Some("2"));
    session.write("b", "1").unwrap();
    assert_eq!(kind(session.redo()), ErrorKind::NotFound);
    // What was undone before it stays undone, and undo goes on behind it.
    session.undo().unwrap();
    session.undo().unwrap();
    assert_eq!(at(&session).as_deref(), Some("1"));
    let kinds: Vec<_> =
        session.log().unwrap().map(|entry| entry.unwrap().kind.name().to_owned()).take(3).collect();
    assert_eq!(kinds, ["undo", "undo", "write"]);
}

#[test]
fn undo_and_redo_are_those_of_an_editor() {
    let mut random = 7_u64;
    let mut next = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (random >> 33) % below
    };
    for round in 0..20 {
        let store = Store::in_memory().unwrap();
        let handles = [store.session("s").unwrap(), store.session("s").unwrap()];
        let (mut done, mut undone) = (vec![None], Vec::new());
        for step in 0..120 {
            let session = &handles[next(2) as usize];
            match next(5) {
                0 | 1 => match session.undo() {
                    Ok(_) => undone.push(done.pop().unwrap()),
                    Err(error) => assert_eq!((error.kind(), done.len()), (ErrorKind::NotFound, 1)),
                },
                2 | 3 => match session.redo() {
                    Ok(_) => done.push(undone.pop().unwrap()),
                    Err(error) => {
                        assert_eq!((error.kind(), undone.len()), (ErrorKind::NotFound, 0));
                    }
                },
                _ if next(4) == 0 => {
                    store.rename_session("s", "t").unwrap();
                    store.rename_session("t", "s").unwrap();
                }
                _ => {
                    let text = format!("{round} {step}").into_bytes();
                    session.write("a", &text).unwrap();
                    done.push(Some(text));
                    undone.clear();
                }
            }
            assert_eq!(&session.get("a").unwrap(), done.last().unwrap(), "{round} {step}");
        }
    }
}

#[test]
fn neither_undo_nor_redo_brings_back_what_was_trimmed_collected_or_not() {
    for collects in [false, true] {
        let store = Store::in_memory().unwrap();
        let session = store.session("s").unwrap();
        let collect = || {
            if collects {
                let options = crate::upkeep::GcOptions::new().keep(std::time::Duration::ZERO);
                store.gc(&options, &mut |_| ControlFlow::Continue(())).unwrap();
            }
        };
        for text in ["1", "2", "3", "4"] {
            session.write("a", text).unwrap();
        }
        session.undo().unwrap();
        session.undo().unwrap();
        // Kept: the two undos. What they took back, and the state before the first, is not.
        session.trim(Trim::Keep(2)).unwrap();
        collect();
        let report = session.redo().unwrap();
        assert_eq!(session.read("a").unwrap(), b"3");
        // The operation itself was trimmed, so the undo of it is told.
        assert_eq!(report.operation.kind, OperationKind::Undo);
        assert_eq!(kind(session.redo()), ErrorKind::NotFound);
        session.write("a", "5").unwrap();
        session.undo().unwrap();
        assert_eq!(session.read("a").unwrap(), b"3");
        assert_eq!(kind(session.undo()), ErrorKind::NotFound);
        // An import whose state before was trimmed stays.
        let mut import = session.import().unwrap();
        for text in ["6", "7", "8"] {
            let mut step = import.checkpoint();
            step.write("a", text).unwrap();
            step.finish().unwrap();
            import.flush().unwrap();
        }
        session.trim(Trim::Keep(2)).unwrap();
        collect();
        assert_eq!(kind(session.undo()), ErrorKind::NotFound);
        assert_eq!(session.read("a").unwrap(), b"8");
    }
}

#[test]
fn an_import_that_began_empty_and_was_trimmed_within_stays_whole_collected_or_not() {
    let dialog = |count: usize| {
        let lines: Vec<String> =
            (0..count).map(|at| format!(r#"{{"role": "user", "content": "{at}"}}"#)).collect();
        let text = format!("[{}]", lines.join(","));
        let source = crate::interop::read(text.as_bytes(), None).unwrap();
        source.transcripts.into_iter().next().unwrap()
    };
    for (collects, of_transcript) in [(false, false), (false, true), (true, false), (true, true)] {
        let store = Store::in_memory().unwrap();
        let session = store.session("s").unwrap();
        if of_transcript {
            let go_on = &mut |_| ControlFlow::Continue(());
            session.import_transcript(&dialog(2_500), "t", go_on).unwrap();
        } else {
            let mut import = session.import().unwrap();
            for text in ["1", "2", "3", "4"] {
                let mut step = import.checkpoint();
                step.write("a", text).unwrap();
                step.finish().unwrap();
                import.flush().unwrap();
            }
        }
        let before = session.latest().unwrap();
        assert!(before.checkpoint().unwrap().number > 2, "an import of several checkpoints");
        session.trim(Trim::Keep(2)).unwrap();
        if collects {
            let options = crate::upkeep::GcOptions::new().keep(std::time::Duration::ZERO);
            store.gc(&options, &mut |_| ControlFlow::Continue(())).unwrap();
        }
        let case = format!("collected {collects}, transcript {of_transcript}");
        assert_eq!(kind(session.undo()), ErrorKind::NotFound, "{case}");
        assert_eq!(session.latest().unwrap().checkpoint(), before.checkpoint(), "{case}");
    }
}

#[test]
fn a_fork_begins_its_own_undo_and_redo() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    session.write("a", "1").unwrap();
    session.write("a", "2").unwrap();
    session.undo().unwrap();
    let fork = session.fork("f").unwrap();
    assert_eq!(kind(fork.redo()), ErrorKind::NotFound);
    fork.write("a", "3").unwrap();
    fork.undo().unwrap();
    session.redo().unwrap();
    fork.redo().unwrap();
    assert_eq!(
        (session.read("a").unwrap(), fork.read("a").unwrap()),
        (b"2".to_vec(), b"3".to_vec())
    );
}

#[test]
fn many_undo_and_redo_at_once_and_each_takes_one_back() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    for text in 0..40 {
        session.write("a", text.to_string()).unwrap();
    }
    let at_once = |act: &(dyn Fn(&Session) -> Result<UndoReport> + Sync)| {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..5).for_each(|_| drop(act(&session).unwrap())));
            }
        });
        String::from_utf8(session.read("a").unwrap()).unwrap()
    };
    assert_eq!(at_once(&Session::undo), "19");
    assert_eq!(at_once(&Session::redo), "39");
    assert_eq!(kind(session.redo()), ErrorKind::NotFound);
}
