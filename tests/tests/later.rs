//! What a later version left is shown, kept, walked and taken back, and never lost.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use partita::history::{RestoreScope, Trim};
use partita::object::{Kind, Node, Objects as _, OperationKind};
use partita::upkeep::GcOptions;
use partita::{ErrorKind, ObjectId, Store};
use partita_tests::command::Partita;
use partita_tests::later::{KIND, OPERATION, REF, ROOT, directory};

fn go_on<T>(_: T) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// A copy of the committed store, which stays as it is.
fn copy(room: &Path) -> PathBuf {
    let copy = room.join("store");
    copy_directory(&directory(), &copy);
    copy
}

fn copy_directory(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_directory(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn kinds(store: &Store) -> Vec<String> {
    let log = store.open_session("work").unwrap().log().unwrap();
    log.map(|entry| entry.unwrap().kind.name().to_owned()).collect()
}

/// The id under the unknown root in the newest state.
fn evidence(store: &Store) -> Option<ObjectId> {
    let session = store.open_session("work").unwrap();
    let checkpoint = session.checkpoint("latest").unwrap();
    let node = store.read_node(&checkpoint.id()).unwrap();
    let checkpoint: partita::object::Checkpoint =
        partita::object::Canonical::from_node(&node).unwrap();
    checkpoint.roots.get(ROOT).copied()
}

/// Reads the text of an unknown node, whose one ref is a content.
fn text(store: &Store, id: ObjectId) -> (Kind, String) {
    let node = store.read_node(&id).unwrap();
    let content = partita::ContentId::new(node.refs[0]);
    let text = store.read_content(content).unwrap();
    (node.kind, String::from_utf8(text.to_vec()).unwrap())
}

const KINDS: [&str; 10] =
    ["undo", "write", "redo", "undo", "write", OPERATION, OPERATION, "write", "remember", "write"];

/// Asserts that all that nobody knows here is there, and says what it should.
fn assert_all_there(store: &Store) {
    assert_eq!(kinds(store), KINDS);
    let found = evidence(store).expect("the root is carried on");
    assert_eq!(text(store, found), (KIND, "second".into()));
    let step = store.reference(REF).unwrap().expect("the ref is kept");
    assert_eq!(text(store, step), (Kind(KIND.0 + 1), "a step that nobody knows".into()));
    let report = store.check(&mut go_on).unwrap();
    assert_eq!((report.faults, report.newer), (vec![], vec![]));
    let (row, others) = match &store.deleted_sessions().unwrap()[..] {
        [row, others @ ..] => (row.clone(), others.len()),
        [] => panic!("the deleted session is kept"),
    };
    assert_eq!((row.name.as_deref(), row.checkpoint, others), (Some("deleted"), Some(1), 0));
}

#[test]
fn a_store_of_a_later_version_is_read_listed_and_checked() {
    let room = tempfile::tempdir().unwrap();
    let store = Store::open(copy(room.path())).unwrap();
    assert_all_there(&store);
    let session = store.open_session("work").unwrap();
    for entry in session.log().unwrap() {
        let then = session.at(entry.unwrap().id).unwrap();
        assert!(then.files().all(|file| file.is_ok_and(|file| file.read().is_ok())));
    }
    let partita = Partita::at(store.directory().unwrap());
    assert!(partita.text(["log", "work"]).contains(OPERATION));
    assert!(partita.text(["log", "work", "--graph"]).contains(OPERATION));
    assert_eq!(partita.rows(["log", "work"])[5]["kind"], OPERATION);
    assert!(partita.text(["report", "work", "-o", "-"]).contains(OPERATION));
    partita.ok(["check"]);
}

#[test]
fn what_a_later_version_did_is_undone_by_the_general_rule_and_redone() {
    let room = tempfile::tempdir().unwrap();
    let store = Store::open(copy(room.path())).unwrap();
    let session = store.open_session("work").unwrap();
    // What it undid last comes back first.
    assert_eq!(session.redo().unwrap().operation.message, "c");
    session.undo().unwrap();
    assert_eq!(session.undo().unwrap().operation.message, "b");
    let told = session.undo().unwrap().operation;
    assert_eq!((told.kind.name(), &*told.message), (OPERATION, "two lanes"));
    assert_eq!(told.kind, OperationKind::from_name(OPERATION).unwrap());
    assert_eq!((evidence(&store), session.read("a").unwrap()), (None, b"2".to_vec()));
    // Both of them were taken back: what is before them is next.
    assert_eq!(session.undo().unwrap().operation.message, "a");
    for message in ["a", "two lanes", "b", "c"] {
        assert_eq!(session.redo().unwrap().operation.message, message);
    }
    assert_eq!(session.redo().unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(text(&store, evidence(&store).unwrap()), (KIND, "second".into()));
    let old = session.checkpoint("3").unwrap();
    session.restore_checkpoint(old, RestoreScope::All).unwrap();
    assert_eq!(evidence(&store), None);
    session.undo().unwrap();
    let fork = session.fork("fork").unwrap();
    assert_eq!(fork.read("c").unwrap(), b"undone");
}

#[test]
fn collection_trimming_and_recovery_keep_what_a_later_version_left() {
    let room = tempfile::tempdir().unwrap();
    let directory = copy(room.path());
    let store = Store::open(&directory).unwrap();
    for _ in 0..2 {
        // The session was deleted long ago.
        store.gc(&GcOptions::new().keep(Duration::MAX), &mut go_on).unwrap();
        assert_all_there(&store);
    }
    drop(store);
    // A damaged byte at the end of the log: all of it is copied.
    let mut logs: Vec<PathBuf> = std::fs::read_dir(directory.join("segments"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    logs.sort();
    let log = logs.last().unwrap();
    let mut bytes = std::fs::read(log).unwrap();
    let last = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[last] ^= 1;
    std::fs::write(log, bytes).unwrap();
    let report = Store::options().create(false).recover(&directory, &mut go_on).unwrap();
    assert!(report.lost.is_empty(), "{report:?}");
    let store = Store::open(&directory).unwrap();
    assert_all_there(&store);
    let session = store.open_session("work").unwrap();
    session.trim(Trim::Keep(4)).unwrap();
    store.gc(&GcOptions::new().keep(Duration::ZERO), &mut go_on).unwrap();
    assert_eq!(kinds(&store), KINDS[..4]);
    assert_eq!(text(&store, evidence(&store).unwrap()), (KIND, "second".into()));
    let step = store.reference(REF).unwrap().expect("the ref is kept");
    assert_eq!(text(&store, step).0, Kind(KIND.0 + 1));
    assert_eq!(store.check(&mut go_on).unwrap().faults, []);
}

/// Lets a session's newest operation be one of a version that nobody knows.
fn put_newer(store: &Store, name: &str) -> ObjectId {
    let name = format!("session/{name}");
    let newest = store.reference(&name).unwrap().unwrap();
    let mut batch = store.batch();
    let node =
        Node { kind: Kind::OPERATION, version: 3, refs: vec![newest], body: b"later".to_vec() };
    let id = batch.put_node(node, None);
    batch.set_ref(name, partita::plumbing::Expected::Id(newest), Some(id));
    batch.commit().unwrap();
    id
}

#[test]
fn a_newer_version_of_a_known_kind_is_unsupported_and_no_damage() {
    for trims in [false, true] {
        let room = tempfile::tempdir().unwrap();
        let store = Store::open(room.path().join("store")).unwrap();
        for name in ["known", "newer"] {
            let session = store.session(name).unwrap();
            for text in ["1", "2", "3"] {
                session.write("a", text).unwrap();
            }
            if trims {
                session.trim(Trim::Keep(2)).unwrap();
            }
        }
        store.gc(&GcOptions::new(), &mut go_on).unwrap();
        let newer = put_newer(&store, "newer");
        let before = store.reference("session/newer").unwrap();
        let error = store.open_session("newer").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        let message = error.to_string();
        assert!(message.contains("operation version 3 is newer than 2"), "{message}");
        let collect = |store: &Store| {
            store.gc(&GcOptions::new().keep(Duration::ZERO), &mut go_on).unwrap();
        };
        for collects in [false, true] {
            if collects {
                collect(&store);
            }
            let report = store.check(&mut go_on).unwrap();
            assert_eq!(report.faults, [], "{trims}");
            let told: Vec<_> = report.newer.iter().map(|newer| newer.object).collect();
            assert_eq!(told, [Some(newer)]);
            assert!(report.is_ok());
        }
        // All that was there behind it still is: whoever knows the version finds it.
        assert_eq!(store.reference("session/newer").unwrap(), before);
        let previous = store.read_node(&newer).unwrap().refs[0];
        let mut batch = store.batch();
        batch.set_ref("session/newer", partita::plumbing::Expected::Id(newer), Some(previous));
        batch.commit().unwrap();
        let session = store.open_session("newer").unwrap();
        assert_eq!(session.log().unwrap().filter(Result::is_ok).count(), 3 - usize::from(trims));
        assert_eq!(session.read_at("a", 2).unwrap(), b"2");
        put_newer(&store, "newer");
        store.open_session("known").unwrap().write("a", "4").unwrap();
        drop(store);
        let partita = Partita::at(room.path().join("store"));
        let outcome = partita.run(["check", "--json"]);
        assert_eq!(outcome.code, Some(1));
        let json: serde_json::Value = serde_json::from_slice(&outcome.stdout).unwrap();
        assert_eq!((&json["ok"], &json["faults"]), (&true.into(), &serde_json::json!([])));
        assert_eq!(json["newer"].as_array().unwrap().len(), 1);
        let said = outcome.stderr.clone();
        assert!(said.contains("written by a newer partita") && said.contains("nothing is damaged"));
    }
}
