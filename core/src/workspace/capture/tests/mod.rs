//! The promises of captures.

mod base;
mod budget;
mod left_out;
mod model;
mod promises;
mod races;
mod repositories;
mod view;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{Capture, CaptureOptions, Workspace};
use crate::error::{ErrorKind, Result};
use crate::object::{Entry, LeftOutReason};
use crate::session::{Session, Snapshot};
use crate::store::Store;

/// What is at a path: `l` and the target, `x` or `f` and the bytes.
type Tree = BTreeMap<Vec<u8>, (char, Vec<u8>)>;

/// A store on disk and a directory beside it.
struct Bench {
    room: tempfile::TempDir,
    store: Store,
}

impl Bench {
    fn new() -> Self {
        let room = tempfile::tempdir().unwrap();
        let store = Store::options()
            .durability(crate::store::Durability::Buffered)
            .open(room.path().join("store"))
            .unwrap();
        fs::create_dir(room.path().join("dir")).unwrap();
        Bench { room, store }
    }

    fn session(&self) -> Session {
        self.store.session("s").unwrap()
    }

    fn dir(&self) -> PathBuf {
        self.room.path().join("dir")
    }

    fn at(&self, path: &str) -> PathBuf {
        self.dir().join(path)
    }

    fn workspace(&self) -> Workspace {
        self.session().workspace(self.dir())
    }

    fn with(&self, options: CaptureOptions) -> Workspace {
        self.workspace().with_options(options)
    }

    fn capture(&self) -> Capture {
        self.workspace().capture().unwrap()
    }

    fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), bytes).unwrap();
    }

    fn make_executable(&self, path: &str, is: bool) {
        let mode = if is { 0o755 } else { 0o644 };
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn link(&self, target: &str, path: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, self.at(path)).unwrap();
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.at(path)).unwrap();
    }
}

/// What is on disk, read by nothing of ours.
fn on_disk(directory: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut open = vec![PathBuf::new()];
    while let Some(below) = open.pop() {
        for entry in fs::read_dir(directory.join(&below)).unwrap() {
            let entry = entry.unwrap();
            let path = below.join(entry.file_name());
            let found = entry.metadata().unwrap();
            let key = path.as_os_str().as_bytes().to_vec();
            if found.is_dir() {
                open.push(path);
            } else if found.is_symlink() {
                let target = fs::read_link(entry.path()).unwrap();
                tree.insert(key, ('l', target.as_os_str().as_bytes().to_vec()));
            } else if found.is_file() {
                let sort = if found.permissions().mode() & 0o100 != 0 { 'x' } else { 'f' };
                tree.insert(key, (sort, fs::read(entry.path()).unwrap()));
            }
        }
    }
    tree
}

/// What a state of a session has.
fn in_session(state: &Snapshot) -> Tree {
    let files = state.files().map(|file| {
        let file = file.unwrap();
        let sort = match file.entry {
            Entry::File { executable: true, .. } => 'x',
            Entry::File { .. } => 'f',
            Entry::Symlink { .. } => 'l',
            _ => 's',
        };
        let bytes = if sort == 's' { Vec::new() } else { file.read().unwrap() };
        (file.path.as_bytes().to_vec(), (sort, bytes))
    });
    files.collect()
}

fn now(session: &Session) -> Tree {
    in_session(&session.latest().unwrap())
}

/// Compares two trees, and names the paths that differ and no bytes.
#[track_caller]
fn assert_same(a: &Tree, b: &Tree) {
    let unlike = a.keys().chain(b.keys()).filter(|path| a.get(*path) != b.get(*path));
    let unlike: Vec<String> = unlike
        .map(|path| {
            let said = |tree: &Tree| tree.get(path).map(|(sort, bytes)| (*sort, bytes.len()));
            format!("{}: {:?} and {:?}", path.escape_ascii(), said(a), said(b))
        })
        .collect();
    assert!(unlike.is_empty(), "{unlike:#?}");
}

fn paths<P: ToString>(paths: &[P]) -> Vec<String> {
    paths.iter().map(ToString::to_string).collect()
}

/// What was left out, and why.
fn reasons(capture: &Capture) -> Vec<(String, LeftOutReason)> {
    capture.left_out().iter().map(|row| (row.path.to_string(), row.reason)).collect()
}

fn kind<T>(result: Result<T>) -> ErrorKind {
    result.err().expect("an error").kind()
}
