//! The lock of a directory, so that one checkout at a time works in it.
//!
//! It is an advisory lock on the directory's own handle: there is no file in the directory, two
//! stores exclude each other, and the system gives it back when its holder dies.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// The longest pause between two looks at a lock that somebody else holds.
const PAUSE_MAX: Duration = Duration::from_millis(10);

/// A directory that is held, until this is dropped.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    /// None where a directory cannot be opened as a file.
    file: Option<File>,
}

impl DirectoryLock {
    /// Takes the lock of a directory; none if somebody else holds it for longer than `timeout`.
    ///
    /// Where the file system has no such locks the directory counts as held: the record then tells
    /// of two checkouts at once, which is later.
    pub(super) fn take(path: &Path, timeout: Duration) -> io::Result<Option<Self>> {
        if !cfg!(unix) {
            return Ok(Some(DirectoryLock { file: None }));
        }
        let begun = Instant::now();
        let mut pause = Duration::from_micros(100);
        loop {
            let file = File::open(path)?;
            match file.try_lock() {
                // Whoever held it may have removed the directory and made another in its place.
                Ok(()) if !is_at(&file, path)? => continue,
                Ok(()) | Err(TryLockError::Error(_)) => {
                    return Ok(Some(DirectoryLock { file: Some(file) }));
                }
                Err(TryLockError::WouldBlock) if begun.elapsed() >= timeout => return Ok(None),
                Err(TryLockError::WouldBlock) => {
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
    }

    /// Returns another handle of the directory that is held, where there is one.
    pub(super) fn handle(&self) -> io::Result<Option<File>> {
        self.file.as_ref().map(File::try_clone).transpose()
    }
}

impl Drop for DirectoryLock {
    /// Gives the lock back explicitly: a child that was forked meanwhile holds the handle too.
    fn drop(&mut self) {
        let _ = self.file.as_ref().map(File::unlock);
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (held, found) = (file.metadata()?, std::fs::metadata(path)?);
    Ok((held.dev(), held.ino()) == (found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}
