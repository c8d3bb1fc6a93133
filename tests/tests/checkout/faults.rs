//! A checkout whose store fails, or whose process dies, at any call: another one alone is exact.

use std::sync::Arc;

use partita::vfs::SyncSite;
use partita::{NewEntry, Session};
use partita_tests::crash::checkout::cut_short;
use partita_tests::vfs::{Fault, Recorder};

use super::*;

fn open(medium: &Recorder) -> Store {
    Store::options().open_vfs(Arc::new(medium.clone())).unwrap()
}

fn states() -> [Files; 2] {
    let first = plain([
        ("a", "old".to_owned()),
        ("d/gone", "old".to_owned()),
        ("d/stays", "same".to_owned()),
        ("x/y", "old".to_owned()),
    ]);
    let second = plain([
        ("a", "new".to_owned()),
        ("d/stays", "same".to_owned()),
        ("foreign", "new".to_owned()),
        ("x", "new".to_owned()),
    ]);
    [first, second]
}

fn write(session: &Session, files: &Files, before: &Files) {
    let mut import = session.import().unwrap();
    let mut step = import.checkpoint();
    for path in before.keys().filter(|path| !files.contains_key(*path)) {
        step.remove(path).unwrap();
    }
    for (path, (_, bytes)) in files {
        step.write_entry(path, NewEntry::file(bytes)).unwrap();
    }
    step.finish().unwrap();
    import.flush().unwrap();
}

/// Checks the second state out over the first, with something going wrong at one of the store's
/// calls; then a process that lives on checks one of them out. Returns where the calls of the
/// checkout begin and end.
fn run(fault: Option<(usize, Fault)>, last: usize) -> (usize, usize) {
    let states = states();
    let room = tempfile::tempdir().unwrap();
    let dir = room.path();
    let medium = Recorder::new();
    let store = open(&medium);
    let session = store.session("s").unwrap();
    write(&session, &states[0], &Files::new());
    write(&session, &states[1], &states[0]);
    session.checkout(Some(session.checkpoint("1").unwrap()), dir).unwrap();
    std::fs::write(dir.join("foreign"), "theirs").unwrap();
    let begin = medium.calls().len();
    if let Some((at, fault)) = fault {
        medium.fail(at, fault);
    }
    let done = session.checkout(None, dir);
    let end = medium.calls().len();
    assert!(fault.is_some() || done.is_ok());
    drop((session, store));

    let what = format!("{fault:?}, then {last}");
    let alive = medium.process();
    alive.forget_fault();
    let store = open(&alive);
    let session = store.open_session("s").unwrap();
    let at = session.checkpoint(&(last + 1).to_string()).unwrap();
    session.checkout(Some(at), dir).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut expected = states[last].clone();
    let theirs = ("100644".to_owned(), b"theirs".to_vec());
    let found = files_of_directory(dir);
    let is_kept = store.kept().unwrap().iter().any(|kept| {
        let content = kept.entry.content().unwrap();
        kept.path.as_bytes() == b"foreign" && *store.read_content(content).unwrap() == *b"theirs"
    });
    if last == 0 && found.get(&b"foreign"[..]) == Some(&theirs) {
        expected.insert(b"foreign".to_vec(), theirs);
    } else {
        assert!(is_kept, "{what}: what others wrote is gone");
    }
    assert_same_files(&found, &expected, &what);
    (begin, end)
}

#[test]
fn whatever_call_of_the_store_fails_another_checkout_alone_is_exact() {
    let (begin, end) = run(None, 1);
    assert!(end > begin + 10, "{begin} {end}");
    let mut runs = 0;
    for at in begin..end {
        for fault in [Fault::Refused(std::io::ErrorKind::StorageFull), Fault::Killed, Fault::Torn] {
            run(Some((at, fault)), runs % 2);
            runs += 1;
        }
    }
    assert!(runs > 30, "{runs}");
}

#[test]
fn whatever_a_crash_leaves_of_the_store_another_checkout_alone_is_exact() {
    let seen = cut_short(Recorder::new, 40, 1).unwrap();
    println!("{seen:?}");
    assert!(seen.calls > 20 && seen.states >= seen.calls, "{seen:?}");
    let lazy = cut_short(|| Recorder::new().without(SyncSite::Commit), 40, 1);
    let what = lazy.unwrap_err();
    assert!(what.contains("what others wrote is gone"), "{what}");
}
