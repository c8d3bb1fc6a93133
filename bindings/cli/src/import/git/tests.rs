//! Walks over repositories that the real `git` made.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gix::ObjectId;
use partita::{ErrorKind, Result};
use tempfile::TempDir;

use super::changes::{Change, PutKind};
use super::source::{Line, Source};

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
        Change::Rename { from, to } => {
            let value = tree.remove(from.as_bytes()).expect("a source is there");
            assert!(tree.insert(to.as_bytes().to_vec(), value).is_none());
        }
        Change::Remove { path } => assert!(tree.remove(path.as_bytes()).is_some()),
        Change::Put { path, kind, id } => {
            let mode = match kind {
                PutKind::File { executable: false } => "100644",
                PutKind::File { executable: true } => "100755",
                PutKind::Symlink => "120000",
                PutKind::Submodule => "160000",
            };
            tree.insert(path.as_bytes().to_vec(), (mode.to_owned(), *id));
        }
    }
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
    assert_eq!((all[2].len(), renames(&all[2])), (2, 1), "{:?}", all[2]);
    assert!(all[3].is_empty());
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
