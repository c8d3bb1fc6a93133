//! Paths that lead out: refused wherever a path is taken, and wherever one is read from a store.

use std::collections::BTreeMap;
use std::ops::Bound;

use partita::map::{Map, Value};
use partita::object::{Checkpoint, Iteration, Operation, OperationKind};
use partita::plumbing::Expected;
use partita::{
    Entry, ErrorKind, FilePath, IterationId, NewEntry, ObjectId, Result, Session, Store, Timestamp,
};
use partita_tests::command::Partita;

const OUT: [&[u8]; 14] = [
    b"",
    b"/",
    b"/etc/passwd",
    b"..",
    b"../x",
    b"a/..",
    b"a/../../x",
    b".",
    b"./a",
    b"a/.",
    b"a//b",
    b"a/",
    b"a\0b",
    b"//server/share",
];

fn invalid<T>(path: &[u8], outcome: Result<T>) {
    let error = outcome.err().unwrap_or_else(|| panic!("{path:?} was taken"));
    assert_eq!(error.kind(), ErrorKind::Invalid, "{path:?}: {error}");
}

#[test]
fn every_call_that_takes_a_path_refuses_one_that_leads_out() {
    let store = Store::in_memory().unwrap();
    let session = store.session("s").unwrap();
    session.write("a", "1").unwrap();
    let latest = session.latest().unwrap();
    for path in OUT {
        invalid(path, FilePath::new(path));
        invalid(path, session.write(path, "x"));
        invalid(path, session.remove(path));
        invalid(path, session.rename("a", path));
        invalid(path, session.rename(path, "b"));
        invalid(path, session.restore(path, 1));
        invalid(path, session.read(path));
        invalid(path, session.get(path));
        invalid(path, session.read_at(path, 1));
        invalid(path, session.diff(path, 1, 1));
        invalid(path, session.history(path));
        invalid(path, session.iteration(path, 1));
        invalid(path, latest.entry(path));
        invalid(path, latest.file(path));
        invalid(path, latest.read(path));
        let mut batch = session.begin().unwrap();
        invalid(path, batch.write(path, "x"));
        invalid(path, batch.write_entry(path, NewEntry::symlink("x")));
        invalid(path, batch.remove(path));
        invalid(path, batch.rename("a", path));
        invalid(path, batch.rename_entry("a", path, NewEntry::file("x")));
        invalid(path, batch.restore(path, 1));
        invalid(path, batch.expect(path, None));
        invalid(path, batch.read(path));
        invalid(path, batch.iteration(path));
        let mut import = session.import().unwrap();
        invalid(path, import.entry(path));
        let mut step = import.checkpoint();
        invalid(path, step.write(path, "x"));
        invalid(path, step.write_entry(path, NewEntry::file("x")));
        invalid(path, step.remove(path));
        invalid(path, step.rename("a", path));
        invalid(path, step.rename_entry("a", path, NewEntry::file("x")));
        invalid(path, step.entry(path));
        invalid(path, step.read(path));
    }
    assert_eq!(session.log().unwrap().count(), 1);
}

#[test]
fn the_command_refuses_paths_that_lead_out() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    partita.write("s", "a", b"1").success();
    let file = dir.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let file = file.to_str().unwrap();
    for path in ["../x", "/etc/passwd", "a/../../x", "a//b", ".."] {
        partita.refused(["write", "s", path, file]);
        for command in ["cat", "history", "remove", "diff"] {
            partita.refused([command, "s", path]);
        }
        partita.refused(["restore", "s", path, "--iteration", "1"]);
    }
    assert_eq!(partita.rows(["log", "s"]).len(), 1);
}

/// A session whose files map has that key, made of objects that are sound in themselves.
fn session_with_key(store: &Store, key: &[u8]) -> Session {
    let mut batch = store.batch();
    let content = batch.put_content(&b"x"[..], None).unwrap();
    let entry = Entry::File { content, executable: false };
    let iteration = Iteration {
        path: FilePath::new("harmless").unwrap(),
        number: 1,
        entry,
        parents: Vec::new(),
        jump: None,
        cause: None,
    };
    let iteration = IterationId::new(batch.put(&iteration, None));
    let value = Value { refs: vec![content.id(), iteration.id()], bytes: vec![1] };
    let edited = Map::EMPTY.edit(&batch, [(key.to_vec(), Some(value))]).unwrap();
    let files = batch.put_map(edited).root().unwrap();
    let checkpoint = Checkpoint {
        number: 1,
        parents: Vec::new(),
        jump: None,
        roots: BTreeMap::from([(Checkpoint::FILES.to_owned(), files.id())]),
        labels: BTreeMap::new(),
        time: None,
    };
    let checkpoint = partita::CheckpointId::new(batch.put(&checkpoint, None));
    let operation = operation(1, None, None, Some(checkpoint));
    let id = batch.put(&operation, None);
    batch.set_ref("session/forged", Expected::Any, Some(id));
    batch.commit().unwrap();
    store.open_session("forged").unwrap()
}

fn operation(
    number: u64,
    previous: Option<ObjectId>,
    jump: Option<ObjectId>,
    checkpoint: Option<partita::CheckpointId>,
) -> Operation {
    Operation {
        number,
        kind: OperationKind::Import,
        session: previous.map(partita::OperationId::new),
        previous: previous.map(partita::OperationId::new),
        jump: jump.map(partita::OperationId::new),
        checkpoint,
        before: None,
        forked_from: None,
        undoes: None,
        actor: String::new(),
        time: Timestamp::from_millis(0),
        message: String::new(),
        nonce: vec![number as u8],
    }
}

#[test]
fn a_path_that_leads_out_is_damage_where_it_stands_in_a_store() {
    let store = Store::in_memory().unwrap();
    for key in OUT {
        let session = session_with_key(&store, key);
        let latest = session.latest().unwrap();
        let error = latest.files().find_map(Result::err).unwrap_or_else(|| panic!("{key:?}"));
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{key:?}: {error}");
        let room = tempfile::tempdir().unwrap();
        let target = room.path().join("in");
        assert_eq!(session.checkout(None, &target).unwrap_err().kind(), ErrorKind::Corrupt);
        assert!(std::fs::read_dir(room.path()).unwrap().next().is_none(), "{key:?}");
    }
    let fine = session_with_key(&store, b"fine");
    assert_eq!(fine.latest().unwrap().files().filter(Result::is_ok).count(), 1);
}

#[test]
fn chains_that_do_not_fall_are_damage() {
    let store = Store::in_memory().unwrap();
    for (number, previous_number, jump_number) in
        [(2, 2, 1), (2, 9, 1), (5, 4, 9), (5, 4, 5), (2, u64::MAX, 1)]
    {
        let mut batch = store.batch();
        let empty = |number| Checkpoint {
            number,
            parents: Vec::new(),
            jump: None,
            roots: BTreeMap::new(),
            labels: BTreeMap::new(),
            time: None,
        };
        let first = partita::CheckpointId::new(batch.put(&empty(1), None));
        let jump = batch.put(&operation(jump_number, None, None, Some(first)), None);
        let previous = batch.put(&operation(previous_number, None, None, Some(first)), None);
        let last = operation(number, Some(previous), Some(jump), Some(first));
        let last = batch.put(&last, None);
        batch.set_ref("session/forged", Expected::Any, Some(last));
        batch.commit().unwrap();
        let session = store.open_session("forged").unwrap();
        let refused = |outcome: Option<partita::Error>, what: &str| {
            let kind = outcome.map(|error| error.kind());
            assert!(
                matches!(kind, None | Some(ErrorKind::Corrupt | ErrorKind::NotFound)),
                "{what}: {kind:?}"
            );
        };
        refused(session.undo().err(), "undo");
        refused(session.log().unwrap().find_map(Result::err), "log");
        refused(session.write("a", "1").err(), "write");
    }
}

#[test]
fn maps_that_are_too_high_or_whose_levels_do_not_fall_are_damage() {
    let store = Store::in_memory().unwrap();
    for levels in [&[15u64, 14, 13][..], &[16, 15], &[1, 1], &[2, 0], &[1, 2], &[250, 249]] {
        let mut batch = store.batch();
        let mut child: Option<ObjectId> = None;
        for level in levels.iter().rev() {
            let child_id = child.unwrap_or_else(|| ObjectId::of_content(b"nowhere"));
            let mut body = vec![*level as u8];
            let mut refs = Vec::new();
            for key in [b'a', b'b'] {
                // Shared, the suffix and its length, and the child.
                body.extend_from_slice(&[0, 1, key]);
                refs.push(child_id);
            }
            let node =
                partita::object::Node { kind: partita::object::Kind::MAP, version: 1, refs, body };
            child = Some(batch.put_node(node, None));
        }
        batch.commit().unwrap();
        let map = Map::new(child.map(partita::map::MapId::new));
        for key in [&b"a"[..], b"b", b"zz"] {
            assert!(map.get(&store, key).is_err(), "{levels:?}");
        }
        assert!(map.last(&store).is_err());
        let rows = map.range(&store, Bound::Unbounded, Bound::Unbounded);
        assert!(rows.take(1_000).any(|row| row.is_err()), "{levels:?}");
    }
}
