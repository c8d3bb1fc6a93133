//! One big imported history that many tests share: made once, never changed.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::OnceLock;

use crate::command::{Partita, scratch};
use crate::git::Git;
use crate::repository::{Repository, Shape};

/// A repository of 2,000 commits and more, and a store that it was imported into.
#[derive(Debug)]
pub struct History {
    /// The repository.
    pub repository: Repository,
    /// The store; its one session is called `history`. Tests that write take a copy.
    pub partita: Partita,
}

impl History {
    /// Returns the history, making it if this is the first test to ask.
    pub fn shared() -> &'static History {
        static SHARED: OnceLock<History> = OnceLock::new();
        SHARED.get_or_init(|| {
            let shape = Shape { seed: 2_026, commits: 2_000, files: 150, big_bytes: 3 << 20 };
            let repository = Repository::generate(&scratch().join("repository"), &shape);
            let partita = Partita::at(scratch().join("store"));
            partita.ok(import(&repository.git, "history"));
            History { repository, partita }
        })
    }
}

/// The arguments that import a repository into a session.
pub fn import(git: &Git, session: &str) -> [std::ffi::OsString; 5] {
    ["import".into(), "git".into(), git.dir().into(), "--session".into(), session.into()]
}

/// A directory's files, or a commit's, with git's mode: what a checkout must make equal.
pub type Files = BTreeMap<Vec<u8>, (String, Vec<u8>)>;

/// Returns what a commit holds, submodules aside.
pub fn files_of_commit(git: &Git, commit: &str) -> Files {
    let mut blobs = git.blobs();
    let entries = git.tree(commit).into_iter().filter(|entry| entry.mode != "160000");
    entries.map(|entry| (entry.path, (entry.mode, blobs.read(&entry.id)))).collect()
}

/// Returns what a directory holds; empty directories are nothing.
pub fn files_of_directory(dir: &Path) -> Files {
    let mut files = Files::new();
    let mut pending = vec![dir.to_owned()];
    while let Some(next) = pending.pop() {
        for entry in std::fs::read_dir(&next).expect("a checkout can be listed") {
            let path = entry.expect("a checkout can be listed").path();
            let metadata = path.symlink_metadata().expect("a listed entry");
            if metadata.is_dir() {
                pending.push(path);
                continue;
            }
            let (mode, bytes) = if metadata.is_symlink() {
                let target = std::fs::read_link(&path).expect("a link has a target");
                ("120000", target.as_os_str().as_bytes().to_vec())
            } else {
                let executable = metadata.permissions().mode() & 0o100 != 0;
                let mode = if executable { "100755" } else { "100644" };
                (mode, std::fs::read(&path).expect("a listed file can be read"))
            };
            let below = path.strip_prefix(dir).expect("listed below it");
            files.insert(below.as_os_str().as_bytes().to_vec(), (mode.to_owned(), bytes));
        }
    }
    files
}

/// Asserts that two sets of files are equal, naming the first that is not.
#[track_caller]
pub fn assert_same_files(found: &Files, expected: &Files, where_: &str) {
    for (path, (mode, bytes)) in expected {
        let name = String::from_utf8_lossy(path);
        let Some((found_mode, found_bytes)) = found.get(path) else {
            panic!("{where_}: {name} is missing");
        };
        assert_eq!(found_mode, mode, "{where_}: the mode of {name}");
        assert!(found_bytes == bytes, "{where_}: the bytes of {name} differ");
    }
    for path in found.keys() {
        let name = String::from_utf8_lossy(path);
        assert!(expected.contains_key(path), "{where_}: {name} should not be there");
    }
}
