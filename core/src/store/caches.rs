//! Files beside a store that can be derived anew: the directory `cache` in the store's.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::store::Store;
use crate::store::removal::remove_tree;

const DIRECTORY: &str = "cache";
/// What directories' files were when they were read last, a file per directory.
const STATS: &str = "stat";
/// A file that is written to see the file system's clock.
const CLOCK: &str = "clock";

impl Store {
    /// Where the stat cache of a directory is kept; none where the store has no directory. The place
    /// is made if the store may be written.
    pub(crate) fn stat_cache(&self, directory: &ObjectId) -> Option<PathBuf> {
        let stats = self.cache()?.join(STATS);
        if !self.is_read_only() {
            make(&stats)?;
        }
        Some(stats.join(directory.to_string()))
    }

    /// Opens a file whose time tells the file system's.
    pub(crate) fn clock_file(&self) -> Option<File> {
        if self.is_read_only() {
            return None;
        }
        let path = self.cache()?.join(CLOCK);
        OpenOptions::new().write(true).create(true).truncate(false).open(path).ok()
    }

    /// Removes all that was derived from the store: names and texts of what was purged may be in it.
    pub(super) fn clear_derived(&self) -> Result<()> {
        if let Some(directory) = self.directory() {
            remove(directory)?;
        }
        self.catalogue().clear()
    }

    fn cache(&self) -> Option<PathBuf> {
        let path = self.directory()?.join(DIRECTORY);
        if !self.is_read_only() {
            make(&path)?;
        }
        Some(path)
    }
}

/// Makes a directory, unless something else is there.
fn make(path: &Path) -> Option<()> {
    match fs::create_dir(path) {
        Ok(()) => Some(()),
        Err(_) => fs::symlink_metadata(path).is_ok_and(|found| found.is_dir()).then_some(()),
    }
}

/// Removes all of the caches. Follows no link.
fn remove(store: &Path) -> Result<()> {
    let path = store.join(DIRECTORY);
    let removed = match fs::symlink_metadata(&path) {
        Ok(found) if found.is_dir() => remove_tree(&path),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    };
    removed.map_err(|error| {
        Error::io(format!("remove the caches; delete {} and try again", path.display()), error)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;

    /// Another process that captures finds the caches gone, and begins them anew: in between two
    /// looks of the removal, now and then.
    #[test]
    fn caches_are_removed_while_others_fill_and_remove_them() {
        let store = tempfile::tempdir().unwrap();
        let stats = store.path().join(DIRECTORY).join(STATS);
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let others = [0, 1].map(|number| {
                let (stats, is_over) = (&stats, &is_over);
                scope.spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        let _ = fs::create_dir_all(stats);
                        let _ = fs::write(stats.join(number.to_string()), b"entries");
                    }
                })
            });
            let third = scope.spawn(|| (0..2_000).try_for_each(|_| remove(store.path())));
            let removed = (0..2_000).try_for_each(|_| remove(store.path()));
            let also = third.join().unwrap();
            is_over.store(true, Ordering::Relaxed);
            others.into_iter().for_each(|other| other.join().unwrap());
            removed.unwrap();
            also.unwrap();
        });
        remove(store.path()).unwrap();
        assert!(!store.path().join(DIRECTORY).exists());
    }
}
