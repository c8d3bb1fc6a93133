//! Directories that earlier versions recorded, and what was put aside, by the command.

use partita::ObjectId;
use partita::map::Map;
use partita::object::{Canonical, Checkout, Directory, Kind, Objects};
use partita::plumbing::Expected;
use partita_tests::command::copy_dir;
use partita_tests::command::{field, number};

use super::*;

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/directory").join(name)
}

/// A copy of a store of the repository's. Its one directory is moved to where this test may work,
/// which changes the path in the record and nothing else.
fn moved(name: &str) -> (Room, PathBuf) {
    let room = tempfile::tempdir().unwrap();
    copy_dir(&data(name), &room.path().join("store"));
    let store = Store::options().create(false).open(room.path().join("store")).unwrap();
    let dir = room.path().canonicalize().unwrap().join("out");
    std::fs::create_dir(&dir).unwrap();
    let bytes = dir.as_os_str().as_encoded_bytes().to_vec();
    let refs = store.references("checkout/", None, 9).unwrap();
    let [(name, id)] = &refs[..] else { panic!("one directory: {refs:?}") };
    let node = store.read_node(id).unwrap();
    let mut batch = store.batch();
    let new = match node.kind {
        Kind::CHECKOUT => {
            let mut checkout = Checkout::from_node(&node).unwrap();
            checkout.directory.clone_from(&bytes);
            batch.put(&checkout, None)
        }
        _ => {
            let mut known = Directory::from_node(&node).unwrap();
            known.directory.clone_from(&bytes);
            batch.put(&known, None)
        }
    };
    batch.set_ref(name, Expected::Id(*id), None);
    let name = format!("checkout/{}", ObjectId::of_content(&bytes));
    batch.set_ref(name, Expected::Absent, Some(new));
    batch.commit().unwrap();
    (Room { room, store }, dir)
}

/// What the directory held when the store was recorded: the files of checkpoint 2.
fn second() -> Files {
    let mut files = plain([
        ("a.txt", "one\n".to_owned()),
        ("dir/b.txt", "second\n".to_owned()),
        ("later/x.txt", "x\n".to_owned()),
        ("later/y.txt", "y\n".to_owned()),
        ("new.txt", "new\n".to_owned()),
        ("stays.txt", "stays\n".to_owned()),
    ]);
    files.insert(b"run.sh".to_vec(), ("100755".to_owned(), b"#!/bin/sh\n".to_vec()));
    files.insert(b"link".to_vec(), ("120000".to_owned(), b"a.txt".to_vec()));
    files
}

fn third() -> Files {
    let mut files = second();
    for gone in ["later/x.txt", "later/y.txt", "run.sh"] {
        files.remove(gone.as_bytes());
    }
    files.extend(plain([("dir/b.txt", "third\n".to_owned())]));
    files
}

fn lay(dir: &Path, files: &Files) {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;
    for (path, (mode, bytes)) in files {
        let path = dir.join(std::ffi::OsStr::from_bytes(path));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        if mode == "120000" {
            std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(bytes), &path).unwrap();
            continue;
        }
        std::fs::write(&path, bytes).unwrap();
        let mode = if mode == "100755" { 0o755 } else { 0o644 };
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    }
}

fn kept_texts(room: &Room) -> Vec<(String, String)> {
    let rows = room.command().rows(["kept"]);
    let text = |row: &serde_json::Value| {
        let bytes = room.command().ok(["cat", "--content", &field(row, "content")[..12]]);
        assert_eq!(number(row, "size"), bytes.len() as u64);
        (field(row, "path").to_owned(), String::from_utf8(bytes).unwrap())
    };
    rows.iter().map(text).collect()
}

#[test]
fn directories_that_earlier_versions_recorded_go_on_rightly() {
    for name in ["kind-6", "kind-10"] {
        let (room, dir) = moved(name);
        lay(&dir, &second());
        std::fs::write(dir.join("foreign.txt"), "theirs\n").unwrap();
        std::fs::write(dir.join("later/x.txt"), "edited\n").unwrap();
        let kept = [("a.txt", "theirs\n"), ("dir/b.txt", "edited\n")];
        let kept = kept.map(|(path, text)| (path.to_owned(), text.to_owned()));
        assert_eq!(kept_texts(&room), kept, "{name}");
        let told = room.command().json(["checkout", "s", text(&dir)]);
        let paths = |key: &str| -> Vec<String> {
            told[key].as_array().unwrap().iter().map(|row| field(row, "path").to_owned()).collect()
        };
        assert_eq!(paths("delete"), ["later/y.txt", "run.sh"], "{name}");
        assert_eq!(paths("overwrite"), ["dir/b.txt"], "{name}");
        let mut expected = third();
        expected.extend(plain([
            ("foreign.txt", "theirs\n".to_owned()),
            ("later/x.txt", "edited\n".to_owned()),
        ]));
        assert_exact(&dir, &expected, name);
        let (_, id) = room.store.references("checkout/", None, 9).unwrap().remove(0);
        assert_eq!(room.store.read_node(&id).unwrap().kind, Kind::DIRECTORY);
        assert_eq!(kept_texts(&room), kept, "{name}");
        assert!(room.command().rows(["kept"]).iter().all(|row| row["time"].is_string()));
        room.command().ok(["check"]);
        room.command().ok(["gc", "--keep", "0"]);
        assert_eq!(kept_texts(&room), [], "{name}");
        room.command().ok(["check"]);
        std::fs::write(dir.join("later/x.txt"), "x\n").unwrap();
        room.command().ok(["checkout", "s", text(&dir)]);
        expected.remove(&b"later/x.txt"[..]);
        assert_exact(&dir, &expected, name);
    }
}

#[test]
fn the_committed_record_of_a_directory_reads_as_it_was_written() {
    let room = tempfile::tempdir().unwrap();
    copy_dir(&data("kind-10"), &room.path().join("store"));
    let store = Store::options().read_only(true).open(room.path().join("store")).unwrap();
    let refs = store.references("checkout/", None, 9).unwrap();
    let known = Directory::from_node(&store.read_node(&refs[0].1).unwrap()).unwrap();
    assert_eq!(refs[0].0, format!("checkout/{}", ObjectId::of_content(&known.directory)));
    assert_eq!(known.directory, b"/tmp/partita-kind-10");
    assert_eq!(known.unfinished, None);
    let session = store.open_session("s").unwrap();
    assert_eq!(known.session, session.id());
    assert_eq!(known.checkpoint, Some(session.checkpoint("2").unwrap()));
    // Of checkpoint 1 a part was checked out last, which checkpoint 2 has not.
    let rows = Map::new(known.exceptions).prefix(&store, b"").collect::<Result<Vec<_>, _>>();
    let rows: Vec<(String, usize, Vec<u8>)> = (rows.unwrap().into_iter())
        .map(|(path, value)| (String::from_utf8(path).unwrap(), value.refs.len(), value.bytes))
        .collect();
    let row = |path: &str, refs, byte| (path.to_owned(), refs, vec![byte]);
    assert_eq!(rows, [row("gone", 0, 5), row("gone/deep", 0, 5), row("gone/deep/c.txt", 1, 1)]);
    let aside = Map::new(known.aside).prefix(&store, b"").collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(aside.iter().map(|(key, _)| key[7]).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn what_was_put_aside_is_listed_shown_and_freed_by_the_command() {
    let room = Room::new();
    room.checkpoint(&plain([("a", "from the session".to_owned())]));
    let partita = room.command();
    let dir = room.at("out");
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join("a"), "by hand").unwrap();
    let said = partita.text(["checkout", "s", text(&dir)]);
    let short = said.split("kept as ").nth(1).unwrap().split_whitespace().next().unwrap();
    assert_eq!(partita.ok(["cat", "--content", short]), b"by hand");
    let row = &partita.rows(["kept"])[0];
    assert!(field(row, "directory").ends_with("/out"));
    assert_eq!((field(row, "path"), number(row, "size")), ("a", 7));
    assert!(field(row, "content").starts_with(short) && number(row, "age") < 600);
    let table = partita.text(["kept"]);
    assert!(table.contains(short) && table.contains('a'), "{table}");
    // A node is no content, and an id that nothing has is nothing.
    let checkpoint = &partita.checkpoints("s")[0];
    assert!(partita.run(["cat", "--content", checkpoint]).failure().contains("no content"));
    partita.run(["cat", "--content", "00000000"]).failure();
    partita.ok(["gc"]);
    assert_eq!(partita.rows(["kept"]).len(), 1);
    let told = partita.json(["gc", "--keep", "0", "--dry-run"]);
    assert_eq!(number(&told, "put_aside"), 1);
    assert_eq!(partita.rows(["kept"]).len(), 1);
    assert_eq!(number(&partita.json(["gc", "--keep", "0"]), "put_aside"), 1);
    assert_eq!(partita.rows(["kept"]).len(), 0);
    partita.run(["cat", "--content", short]).failure();
    partita.ok(["check"]);
}
