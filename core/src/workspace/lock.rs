//! The lock of a directory, so that one checkout at a time works in it.
//!
//! It is an advisory lock on the directory's own handle: there is no file in the directory, two
//! stores exclude each other, and the system gives it back when its holder dies.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::log::Held;

/// The longest pause between two looks at a lock that somebody else holds.
const PAUSE_MAX: Duration = Duration::from_millis(10);

/// A directory that is held, until this is dropped. A fork of the process does not hold it.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    path: PathBuf,
    /// None where a directory cannot be opened as a file.
    held: Option<Held>,
}

impl DirectoryLock {
    /// Takes the lock of a directory; none if somebody else holds it for longer than `timeout`.
    ///
    /// Where the file system has no such locks the directory counts as held: the record then tells
    /// of two checkouts at once, which is later.
    pub(super) fn take(path: &Path, timeout: Duration) -> io::Result<Option<Self>> {
        let lock = |held| Ok(Some(DirectoryLock { path: path.to_owned(), held }));
        if !cfg!(unix) {
            return lock(None);
        }
        let begun = Instant::now();
        let mut pause = Duration::from_micros(100);
        loop {
            let held = Held::opened(|| File::open(path))?;
            match held.try_lock() {
                // Whoever held it may have removed the directory and made another in its place.
                Ok(true) if !is_same(&held.with(File::metadata)?, &path.metadata()?) => continue,
                Ok(true) | Err(_) => return lock(Some(held)),
                Ok(false) if begun.elapsed() >= timeout => return Ok(None),
                Ok(false) => {
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
    }

    /// Opens the directory that is held, where it can be: no copy of the handle, which would hold
    /// the lock too.
    pub(super) fn handle(&self) -> io::Result<Option<File>> {
        let Some(held) = &self.held else { return Ok(None) };
        let file = File::open(&self.path)?;
        match is_same(&held.with(File::metadata)?, &file.metadata()?) {
            true => Ok(Some(file)),
            false => Err(io::Error::new(
                io::ErrorKind::NotFound,
                "another directory was put in its place",
            )),
        }
    }
}

#[cfg(unix)]
fn is_same(held: &Metadata, found: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (held.dev(), held.ino()) == (found.dev(), found.ino())
}

#[cfg(not(unix))]
fn is_same(_held: &Metadata, _found: &Metadata) -> bool {
    true
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    /// How many descriptors of this process are open on a file or directory.
    fn descriptors(path: &Path) -> usize {
        let all = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
        all.filter(|fd| std::fs::read_link(fd.path()).is_ok_and(|to| to == path)).count()
    }

    #[test]
    fn a_directory_is_held_by_one_descriptor_which_a_fork_can_close() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap();
        let lock = DirectoryLock::take(&path, Duration::ZERO).unwrap().unwrap();
        assert_eq!(descriptors(&path), 1);
        assert!(DirectoryLock::take(&path, Duration::ZERO).unwrap().is_none());
        let handle = lock.handle().unwrap().unwrap();
        drop(lock);
        // The handle lives on, and holds nothing.
        assert!(DirectoryLock::take(&path, Duration::ZERO).unwrap().is_some());
        drop(handle);
    }

    #[test]
    fn another_directory_in_the_place_is_not_taken_for_the_one_that_is_held() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("d");
        std::fs::create_dir(&path).unwrap();
        let lock = DirectoryLock::take(&path, Duration::ZERO).unwrap().unwrap();
        std::fs::rename(&path, dir.path().join("e")).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(lock.handle().unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
