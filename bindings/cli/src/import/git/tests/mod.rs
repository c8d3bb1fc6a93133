//! Walks over repositories that the real `git` made.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gix::ObjectId;
use partita::{CheckpointId, Entry, ErrorKind, Result, Store, Timestamp};
use tempfile::TempDir;

use super::changes::Change;
use super::source::{Blob, Line, Source};
use super::value::{Value, ValueKind};
use super::{History, Imported, Target, TooLarge};

mod ahead;
mod hostile;
mod state;

/// A bare repository filled by a `git fast-import` stream.
pub(super) struct Repository {
    _dir: TempDir,
    pub(super) path: PathBuf,
}

impl Repository {
    pub(super) fn new(stream: &[u8]) -> Repository {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("bare.git");
        run(dir.path(), &["init", "-q", "--bare", "-b", "main", "bare.git"], b"");
        let repository = Repository { _dir: dir, path };
        repository.add(stream);
        repository
    }

    pub(super) fn add(&self, stream: &[u8]) {
        self.git(&["fast-import", "--quiet", "--force"], stream);
    }

    pub(super) fn git(&self, args: &[&str], input: &[u8]) -> Vec<u8> {
        run(&self.path, args, input)
    }

    /// What `git` says is in a commit: path to mode and object.
    fn tree(&self, commit: &str) -> Tree {
        let listing = self.git(&["ls-tree", "-r", "-z", commit], b"");
        listing
            .split(|&byte| byte == 0)
            .filter(|row| !row.is_empty())
            .map(|row| {
                let tab = row.iter().position(|&byte| byte == b'\t').unwrap();
                let words: Vec<&[u8]> = row[..tab].split(|&byte| byte == b' ').collect();
                let mode = std::str::from_utf8(words[0]).unwrap().to_owned();
                (row[tab + 1..].to_vec(), (mode, ObjectId::from_hex(words[2]).unwrap()))
            })
            .collect()
    }
}

type Tree = BTreeMap<Vec<u8>, (String, ObjectId)>;

fn run(dir: &Path, args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("git")
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .args(["-c", "protocol.file.allow=always"])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("git is installed");
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "git {args:?}");
    output.stdout
}

/// One commit of a fast-import stream on `main`; `edits` are its file commands.
pub(super) fn commit(message: &str, time: i64, edits: &[u8]) -> Vec<u8> {
    commit_on("main", message, time, edits)
}

fn commit_on(branch: &str, message: &str, time: i64, edits: &[u8]) -> Vec<u8> {
    let mut stream = format!(
        "commit refs/heads/{branch}\nauthor A <a@x> {time} +0100\ncommitter C <c@x> {time} \
         +0000\ndata {}\n{message}\n",
        message.len()
    )
    .into_bytes();
    stream.extend_from_slice(edits);
    stream.push(b'\n');
    stream
}

/// The file command that gives a path a content.
pub(super) fn put(mode: &str, path: &str, data: &[u8]) -> Vec<u8> {
    let mut edit = format!("M {mode} inline {path}\ndata {}\n", data.len()).into_bytes();
    edit.extend_from_slice(data);
    edit.push(b'\n');
    edit
}

fn line(source: &Source) -> Line {
    source.line(source.tip(None).unwrap(), None).unwrap()
}

/// Applies each commit's changes and compares with what `git` says, after every commit.
fn replay(repository: &Repository) -> Vec<Vec<Change>> {
    let source = Source::open(&repository.path).unwrap();
    let mut tree = Tree::new();
    let mut all = Vec::new();
    for (at, id) in line(&source).commits.into_iter().enumerate() {
        let commit = source.commit(id).unwrap();
        let changes = source.changes(&commit, at == 0).unwrap();
        for change in &changes {
            apply(&mut tree, change);
        }
        assert_eq!(tree, repository.tree(&id.to_string()));
        all.push(changes);
    }
    all
}

fn apply(tree: &mut Tree, change: &Change) {
    match change {
        Change::Rename { from, to, was, value } => {
            assert_eq!(tree.remove(from.as_bytes()), Some(row(was)));
            assert!(tree.insert(to.as_bytes().to_vec(), row(value)).is_none());
        }
        Change::Remove { path, was } => assert_eq!(tree.remove(path.as_bytes()), Some(row(was))),
        Change::Put { path, value, was } => {
            let before = tree.insert(path.as_bytes().to_vec(), row(value));
            assert_eq!(before, was.as_ref().map(row));
        }
    }
}

fn row(value: &Value) -> (String, ObjectId) {
    let mode = match value.kind {
        ValueKind::File { executable: false } => "100644",
        ValueKind::File { executable: true } => "100755",
        ValueKind::Symlink => "120000",
        ValueKind::Submodule => "160000",
    };
    (mode.to_owned(), value.id)
}

fn failure<T: std::fmt::Debug>(result: Result<T>) -> (ErrorKind, String) {
    let error = result.unwrap_err();
    (error.kind(), error.to_string())
}

#[test]
fn every_kind_of_entry_and_change_replays_to_what_git_has() {
    let lines: String = (0..60).map(|at| format!("line {at}\n")).collect();
    let mut stream = Vec::new();
    stream.extend(commit(
        "all kinds",
        1,
        &[
            put("644", "a/b/text", lines.as_bytes()),
            put("755", "run", b"#!/bin/sh\r\n"),
            put("120000", "link", b"a/b/text"),
            put("644", "empty", b""),
            put("644", "\"odd \\377\\n\\\"\"", b"\0\xff\x00"),
            b"M 160000 1111111111111111111111111111111111111111 module\n".to_vec(),
        ]
        .concat(),
    ));
    stream.extend(commit("renames", 2, b"R a/b moved\nR run bin/run\nR module modules/m\n"));
    stream.extend(commit(
        "renamed with an edit and a mode",
        3,
        &[b"D moved/text\n".to_vec(), put("755", "t2", (lines + "more\n").as_bytes())].concat(),
    ));
    stream.extend(commit("nothing", 4, b""));
    stream.extend(commit(
        "kinds change",
        5,
        &[
            b"D link\n".to_vec(),
            put("644", "link/below", b"x"),
            put("644", "empty", b"no more"),
            put("120000", "t2", b"empty"),
            b"D modules/m\n".to_vec(),
            put("644", "modules", b"a file"),
        ]
        .concat(),
    ));
    stream.extend(commit("all gone", 6, b"deleteall\n"));
    let repository = Repository::new(&stream);
    let all = replay(&repository);

    assert_eq!(all.len(), 6);
    let renames = |changes: &[Change]| {
        changes.iter().filter(|change| matches!(change, Change::Rename { .. })).count()
    };
    assert_eq!((all[1].len(), renames(&all[1])), (3, 3), "{:?}", all[1]);
    assert_eq!((all[2].len(), renames(&all[2])), (1, 1), "{:?}", all[2]);
    assert!(all[3].is_empty());
}

#[test]
fn equal_files_that_move_keep_their_names() {
    let licences = ["cli", "core", "grep", "printer"];
    let puts = licences.iter().flat_map(|name| put("644", &format!("{name}/LICENSE"), b"MIT\n"));
    let mut stream = commit("licences", 1, &puts.collect::<Vec<u8>>());
    let moves = ["cli", "core", "grep", "printer"].iter().rev();
    let moves = moves.flat_map(|name| format!("R {name} crates/{name}\n").into_bytes());
    stream.extend(commit("moved", 2, &moves.collect::<Vec<u8>>()));
    let moved = [b"R crates/cli/LICENSE a/b/c\n".to_vec(), b"R crates/core/LICENSE d\n".to_vec()];
    stream.extend(commit("renamed", 3, &moved.concat()));
    let all = replay(&Repository::new(&stream));
    for (change, name) in all[1].iter().zip(licences) {
        let Change::Rename { from, to, .. } = change else { panic!("{change:?}") };
        assert_eq!(from.to_string(), format!("{name}/LICENSE"));
        assert_eq!(to.to_string(), format!("crates/{name}/LICENSE"));
    }
    assert_eq!((all[1].len(), all[2].len()), (4, 2));
    assert!(all[2].iter().all(|change| matches!(change, Change::Rename { .. })));
}

#[test]
fn a_merge_is_seen_from_its_first_parent() {
    let mut stream = commit("base", 1, &put("644", "base", b"0"));
    stream.extend(commit_on(
        "side",
        "side",
        2,
        &[b"from refs/heads/main\n".to_vec(), put("644", "side", b"1")].concat(),
    ));
    stream.extend(commit("main", 3, &put("644", "main", b"2")));
    stream.extend(commit(
        "merge",
        4,
        &[b"merge refs/heads/side\n".to_vec(), put("644", "side", b"1")].concat(),
    ));
    let repository = Repository::new(&stream);
    let all = replay(&repository);
    assert_eq!(all.len(), 3);
    assert_eq!(all[2].len(), 1);
}

#[test]
fn attributes_and_replacements_change_nothing() {
    let text: String = (0..40).map(|at| format!("line {at}\n")).collect();
    let mut stream = commit(
        "attributes",
        1,
        &[put("644", ".gitattributes", b"* -diff text eol=crlf\n"), {
            put("644", "a", text.as_bytes())
        }]
        .concat(),
    );
    stream.extend(commit(
        "rename",
        2,
        &[b"D a\n".to_vec(), put("644", "b", (text + "x\n").as_bytes())].concat(),
    ));
    let repository = Repository::new(&stream);
    let all = replay(&repository);
    assert!(matches!(all[1][0], Change::Rename { .. }));
    repository.git(&["replace", "main", "main~1"], b"");
    let source = Source::open(&repository.path).unwrap();
    assert_eq!(line(&source).commits.len(), 2);
}

#[test]
fn a_line_goes_on_after_the_imported_commit_or_says_that_it_cannot() {
    let mut stream = commit("1", 1, &put("644", "f", b"1"));
    stream.extend(commit("2", 2, &put("644", "f", b"2")));
    let repository = Repository::new(&stream);
    let source = Source::open(&repository.path).unwrap();
    let first = line(&source).commits[0];
    let tip = source.tip(None).unwrap();
    assert_eq!(source.line(tip, Some(first)).unwrap().commits, [tip]);
    assert!(source.line(tip, Some(tip)).unwrap().commits.is_empty());

    let (kind, message) = failure(source.line(first, Some(tip)));
    assert_eq!(kind, ErrorKind::Conflict);
    assert!(message.contains(&tip.to_string()) && message.contains(&first.to_string()));
}

#[test]
fn a_shallow_clone_begins_where_it_was_cut() {
    let mut stream = Vec::new();
    for at in 1..=4 {
        stream.extend(commit("n", at, &put("644", &format!("f{at}"), b"x")));
    }
    let repository = Repository::new(&stream);
    let url = format!("file://{}", repository.path.display());
    repository.git(&["clone", "-q", "--bare", "--depth", "2", &url, "clone.git"], b"");
    let shallow = Source::open(&repository.path.join("clone.git")).unwrap();
    let whole = Source::open(&repository.path).unwrap();
    let cut = line(&shallow);
    assert!(cut.shallow && !line(&whole).shallow);
    assert_eq!(cut.commits, line(&whole).commits[2..]);
    let first = shallow.commit(cut.commits[0]).unwrap();
    assert_eq!(shallow.changes(&first, true).unwrap().len(), 3);

    let (_, message) = failure(shallow.line(cut.commits[1], Some(line(&whole).commits[0])));
    assert!(message.contains("shallow"), "{message}");
}

#[test]
fn what_is_no_repository_or_empty_or_unknown_is_said_to_be() {
    let dir = TempDir::new().unwrap();
    assert!(failure(Source::open(dir.path()).map(drop)).1.ends_with("is not a git repository"));
    let secret = dir.path().join(".env");
    std::fs::write(&secret, "TOKEN=hunter2\nmore\n").unwrap();
    let error = Source::open(&secret).map(drop).unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    assert!(error.to_string().ends_with("is a file, and no git repository"), "{error}");
    assert!(failure(Source::open(&dir.path().join("x")).map(drop)).1.ends_with("does not exist"));

    let empty = Repository::new(b"");
    let source = Source::open(&empty.path).unwrap();
    assert!(failure(source.tip(None)).1.contains("no commits"));

    let repository = Repository::new(&commit("1", 1, &put("644", "f", b"1")));
    let source = Source::open(&repository.path).unwrap();
    assert!(failure(source.tip(Some("absent"))).1.contains("\"absent\""));
    assert!(failure(source.tip(Some("main:f"))).1.contains("does not name a commit"));
    assert_eq!(source.tip(Some("main")).unwrap(), source.tip(None).unwrap());
}

/// What a later stream begins with, to go on where the branch is.
const FROM_MAIN: &[u8] = b"from refs/heads/main^0\n";

fn import(repository: &Repository, store: &Store) -> Result<Imported> {
    import_rev(repository, store, "HEAD")
}

fn import_rev(repository: &Repository, store: &Store, revision: &str) -> Result<Imported> {
    let history = History::open(&repository.path, revision)?;
    let create = || panic!("there is a store");
    let target = Target { store: Some(store.clone()), create: &create, name: "s" };
    history.import(&target, TooLarge::LeaveOut, |_| {})
}

fn ids(store: &Store) -> Vec<CheckpointId> {
    let log = store.open_session("s").unwrap().log().unwrap();
    log.map(|entry| entry.unwrap().id).collect()
}

/// Compares every file of every imported commit with git's, byte for byte.
fn compare(repository: &Repository, store: &Store) {
    let session = store.open_session("s").unwrap();
    let source = Source::open(&repository.path).unwrap();
    for entry in session.log().unwrap() {
        let Some(commit) = entry.as_ref().unwrap().git_commit() else { continue };
        let snapshot = session.at(entry.unwrap().id).unwrap();
        let mut tree = repository.tree(&commit);
        for file in snapshot.files() {
            let file = file.unwrap();
            let (mode, id) = tree.remove(file.path.as_bytes()).expect("git has it too");
            let expected = match &file.entry {
                Entry::File { executable: false, .. } => "100644",
                Entry::File { executable: true, .. } => "100755",
                Entry::Symlink { .. } => "120000",
                Entry::Submodule { commit } => {
                    assert_eq!(commit, id.as_bytes());
                    "160000"
                }
                Entry::Removed => panic!("a removed path is listed"),
            };
            assert_eq!(mode, expected);
            if expected != "160000" {
                assert_eq!(Blob::Bytes(file.read().unwrap()), source.blob(id).unwrap());
            }
        }
        assert!(tree.is_empty());
    }
}

/// Some of twenty commits on one file, with a rename on the way.
fn twenty(part: RangeInclusive<i64>) -> Vec<u8> {
    let mut text: String = (0..40).map(|at| format!("line {at}\n")).collect();
    let mut stream = Vec::new();
    for at in 1..=20 {
        text.push_str("more\n");
        let edit = match at {
            10 => b"R a b\n".to_vec(),
            11.. => put("644", "b", text.as_bytes()),
            _ => put("644", "a", text.as_bytes()),
        };
        let from = if at > 1 && at == *part.start() { FROM_MAIN } else { b"" };
        if part.contains(&at) {
            let edit = [from, &edit].concat();
            stream.extend(commit(&format!("number {at}"), 1_000 + at, &edit));
        }
    }
    stream
}

#[test]
fn an_import_records_every_byte_and_a_second_one_adds_nothing() {
    let repository = Repository::new(&twenty(1..=20));
    let store = Store::in_memory().unwrap();
    let imported = import(&repository, &store).unwrap();
    assert_eq!((imported.commits, imported.shallow), (20, false));
    compare(&repository, &store);

    let session = store.open_session("s").unwrap();
    let log: Vec<_> = session.log().unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!((log.len(), log[0].number, log[0].kind.name()), (20, 20, "import"));
    assert_eq!((&*log[0].message, &*log[19].message), ("number 20", "number 1"));
    assert_eq!(log[0].git_commit().unwrap(), imported.tip);
    assert_eq!(log[0].time, Timestamp::from_millis(1_020_000));
    assert_eq!(session.checkpoint(&format!("git:{}", &imported.tip[..9])).unwrap(), log[0].id);
    let history: Vec<_> = session.history("b").unwrap().map(|info| info.unwrap()).collect();
    assert_eq!((history.len(), history[10].renamed_from.is_some()), (20, true));

    let head = store.reference("session/s").unwrap();
    assert_eq!(import(&repository, &store).unwrap().commits, 0);
    assert_eq!(store.reference("session/s").unwrap(), head);
}

#[test]
fn an_import_in_parts_makes_the_same_checkpoints() {
    let whole = Store::in_memory().unwrap();
    import(&Repository::new(&twenty(1..=20)), &whole).unwrap();

    let parts = Store::in_memory().unwrap();
    let repository = Repository::new(&twenty(1..=1));
    import(&repository, &parts).unwrap();
    for part in [2..=2, 3..=10, 11..=20] {
        repository.add(&twenty(part));
        import(&repository, &parts).unwrap();
    }
    assert_eq!(ids(&parts), ids(&whole));
}

#[test]
fn a_local_edit_stays_unless_a_commit_wants_its_path() {
    let first = [put("644", "a", b"1"), put("644", "b", b"1")].concat();
    let repository = Repository::new(&commit("1", 1, &first));
    let store = Store::in_memory().unwrap();
    import(&repository, &store).unwrap();
    let session = store.open_session("s").unwrap();
    session.write("a", "mine").unwrap();

    let next = |number: u8, path| {
        let edit = [FROM_MAIN, &put("644", path, &[number])].concat();
        repository.add(&commit("n", i64::from(number), &edit));
        import(&repository, &store)
    };
    assert_eq!(next(2, "b").unwrap().commits, 1);
    assert_eq!(session.read("a").unwrap(), b"mine");

    let before = ids(&store);
    let (kind, message) = failure(next(3, "a"));
    assert_eq!((kind, message.starts_with("a was changed here")), (ErrorKind::Conflict, true));
    assert_eq!(ids(&store), before);

    session.restore("a", 1).unwrap();
    assert_eq!(import(&repository, &store).unwrap().commits, 1);
    assert_eq!(session.read("a").unwrap(), [3]);
}
