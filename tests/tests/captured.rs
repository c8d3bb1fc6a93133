//! A store that holds captures, runs and a pause, as the first version with them wrote it: read, checked and
//! gone on with for ever.

use std::path::Path;

use partita::host::Activity;
use partita::object::Exit;
use partita::upkeep::{GcOptions, go_on};
use partita::{ErrorKind, Store};
use partita_tests::command::Partita;

/// A copy of the store.
fn copied(room: &Path) -> Partita {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/stores/captured");
    Partita::at(data).copy_to(room.join("store"))
}

#[test]
fn a_store_with_captures_and_runs_says_what_it_said() {
    let room = tempfile::tempdir().unwrap();
    copied(room.path());
    let store = Store::open(room.path().join("store")).unwrap();
    assert!(store.check(&mut go_on).unwrap().is_ok());
    let session = store.open_session("captured").unwrap();
    let log: Vec<_> = session.log().unwrap().map(Result::unwrap).collect();
    let rows: Vec<_> =
        log.iter().map(|entry| (entry.kind.name().to_owned(), &*entry.message)).collect();
    assert_eq!(rows[0], ("capture".into(), "1 changed"));
    assert_eq!(rows[2], ("run".into(), "make all: exit 3"));
    assert_eq!(rows[3], ("begin-run".into(), "make all"));
    // The ids of what is stored are part of the format.
    let id = "f657e1b419acce16d73075cc66e876987ad7837a70aa0cef4ce01d2c35f51b8b";
    assert_eq!(log[0].id.to_string(), id);
    let latest = session.latest().unwrap();
    let left_out = latest.left_out().unwrap();
    let left_out: Vec<_> =
        left_out.iter().map(|row| (row.path.to_string(), row.reason.name())).collect();
    let told = [("big", "too-large"), ("ignored", "ignored"), ("new.rs", "too-large")];
    assert_eq!(left_out, told.map(|(path, reason)| (path.to_owned(), reason)));
    let runs: Vec<_> = latest.runs().map(Result::unwrap).collect();
    assert_eq!((runs.len(), runs[0].outcome.is_none()), (2, true));
    let outcome = runs[1].outcome.as_ref().unwrap();
    assert_eq!((&outcome.exit, outcome.stdout.total), (&Exit::Code(3), 3_000_000));
    assert!(outcome.stdout.is_cut() && runs[1].run.is_setup);
    let error = store.read_content(outcome.stderr.head.unwrap()).unwrap();
    assert_eq!(&error[..], b"an error\n");
    assert!(matches!(session.activity().unwrap(), Activity::Running(open) if open.len() == 1));
}

#[test]
fn one_goes_on_with_it() {
    let room = tempfile::tempdir().unwrap();
    let partita = copied(room.path());
    let store = Store::open(room.path().join("store")).unwrap();
    let session = store.open_session("captured").unwrap();
    assert_eq!(session.undo().unwrap().operation.kind.name(), "capture");
    assert_eq!(session.read("sub/a").unwrap(), b"1\n");
    assert_eq!(session.undo().unwrap().operation.kind.name(), "batch");
    assert_eq!(session.undo().unwrap().operation.kind.name(), "run");
    assert_eq!(session.get("made").unwrap(), None);
    assert_eq!(session.latest().unwrap().runs().count(), 2, "what ran has run");
    let out = room.path().join("out");
    session.checkout(None, &out).unwrap();
    assert!(session.workspace(&out).capture().unwrap().is_unchanged());
    store.gc(&GcOptions::new(), &mut go_on).unwrap();
    assert!(store.check(&mut go_on).unwrap().is_ok());
    let none = session.latest().unwrap().run(99).unwrap_err();
    assert_eq!(none.kind(), ErrorKind::NotFound);
    drop((session, store));
    assert!(
        partita
            .text(["status", "captured", out.to_str().unwrap()])
            .starts_with("captured: running")
    );
}
