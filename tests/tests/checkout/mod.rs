//! Checkouts from outside: several at once, killed ones, full disks, and what earlier versions left.

mod at_once;
mod faults;
mod places;
mod recorded;
mod refused;

use std::path::{Path, PathBuf};

use partita::{CheckpointId, NewEntry, Session, Store};
use partita_tests::command::Partita;
use partita_tests::history::{Files, assert_same_files, files_of_directory};

/// A store in a directory that holds nothing else yet.
struct Room {
    room: tempfile::TempDir,
    store: Store,
}

impl Room {
    fn new() -> Self {
        let room = tempfile::tempdir().unwrap();
        let store = Store::open(room.path().join("store")).unwrap();
        Room { room, store }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.room.path().join(name)
    }

    fn command(&self) -> Partita {
        Partita::at(self.at("store"))
    }

    fn session(&self) -> Session {
        self.store.session("s").unwrap()
    }

    /// Makes a checkpoint that holds exactly these files; names that are refused too.
    fn checkpoint(&self, files: &Files) -> CheckpointId {
        let session = self.session();
        let mut import = session.import().unwrap();
        let old: Vec<_> =
            session.latest().unwrap().files().map(|file| file.unwrap().path).collect();
        let mut step = import.checkpoint();
        for path in old.iter().filter(|path| !files.contains_key(path.as_bytes())) {
            step.remove(path).unwrap();
        }
        for (path, (mode, bytes)) in files {
            let entry = match &**mode {
                "120000" => NewEntry::symlink(bytes),
                "100755" => NewEntry::file(bytes).executable(),
                _ => NewEntry::file(bytes),
            };
            step.write_entry(path, entry).unwrap();
        }
        let id = step.finish().unwrap();
        import.flush().unwrap();
        id
    }
}

fn plain<P: AsRef<str>>(rows: impl IntoIterator<Item = (P, String)>) -> Files {
    let row = |(path, text): (P, String)| {
        (path.as_ref().as_bytes().to_vec(), ("100644".to_owned(), text.into_bytes()))
    };
    rows.into_iter().map(row).collect()
}

#[track_caller]
fn assert_exact(dir: &Path, expected: &Files, what: &str) {
    assert_same_files(&files_of_directory(dir), expected, what);
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
