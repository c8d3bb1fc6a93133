//! Lock files that this process has open, all in one list: so a lock is given back whoever copied
//! its descriptor, and a fork of the process can close its copies.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::log::vfs::VfsLock;

/// The open lock files of this process, by a number that is never used twice.
static OPEN: Mutex<Open> = Mutex::new(Open { next: 0, files: BTreeMap::new() });

struct Open {
    next: u64,
    files: BTreeMap<u64, File>,
}

fn open() -> MutexGuard<'static, Open> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An open lock file, and the lock on it once it was taken.
///
/// The lock is `flock`, which belongs to the open file and so to every copy of its descriptor: a
/// fork has one. Closing this process's descriptor alone would leave the lock with the copies;
/// giving it back takes it from all of them.
#[derive(Debug)]
pub(crate) struct Held {
    number: u64,
    process: u32,
}

impl Held {
    /// Opens a lock file, and creates it if it is not there.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        Held::opened(|| options.read(true).write(true).create(true).truncate(false).open(path))
    }

    /// Takes over what `opens` opens: a lock file, or a directory that is locked itself.
    pub(crate) fn opened(opens: impl FnOnce() -> io::Result<File>) -> io::Result<Self> {
        // Under the list's own lock, so that no fork comes between opening and listing.
        let mut open = open();
        let file = opens()?;
        let number = open.next;
        open.next += 1;
        open.files.insert(number, file);
        Ok(Held { number, process: std::process::id() })
    }

    /// Takes the lock, or returns that somebody has it.
    pub(crate) fn try_lock(&self) -> io::Result<bool> {
        self.with(|file| match file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        })
    }

    /// Writes who has it into the file, for whoever waits.
    pub(crate) fn sign(&self) {
        let holder = format!("process {:<12}\n", self.process);
        // Only a courtesy: a full disk must not keep gc from the lock.
        let _ = self.with(|mut file| {
            let mut before = Vec::new();
            file.take(64).read_to_end(&mut before)?;
            if before != holder.as_bytes() {
                file.rewind()?;
                file.write_all(holder.as_bytes())?;
            }
            Ok(())
        });
    }

    /// Does something with the open file, while nobody forks.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&File) -> io::Result<T>) -> io::Result<T> {
        match open().files.get(&self.number) {
            Some(file) => work(file),
            None => Err(io::Error::other("the lock belongs to the process that this is a fork of")),
        }
    }
}

impl VfsLock for Held {}

impl Drop for Held {
    fn drop(&mut self) {
        let mut open = open();
        // What a fork dropped would be given back for the process that has it.
        if let Some(file) = open.files.remove(&self.number)
            && self.process == std::process::id()
        {
            let _ = file.unlock();
        }
    }
}

/// Held by a host while it forks the process, so that the child keeps no copy of a lock.
///
/// The locks of a store are given back to all copies of their descriptors, so a fork is in nobody's
/// way once the commit of its parent is done. But if the parent is killed in the middle of a commit,
/// a copy in the child keeps the lock for as long as the child lives. A host that forks without
/// `exec` right after (Python's `os.fork` and what stands on it do so; the Python package takes care
/// of it) prevents that with three lines. A child that calls `exec` holds nothing in any case.
///
/// ```
/// use partita::plumbing::ForkGuard;
/// let guard = ForkGuard::new();
/// let is_child = false; // what `fork` said
/// match is_child {
///     true => guard.in_child(),
///     false => drop(guard),
/// }
/// ```
#[derive(Debug)]
#[must_use = "it is held over the fork"]
pub struct ForkGuard(MutexGuard<'static, Open>);

impl ForkGuard {
    /// Keeps other threads from opening or taking a lock until it is dropped: microseconds matter.
    pub fn new() -> Self {
        ForkGuard(open())
    }

    /// Closes the child's copies of all locks. The parent keeps what it has.
    pub fn in_child(mut self) {
        self.0.files.clear();
    }
}

impl Default for ForkGuard {
    fn default() -> Self {
        ForkGuard::new()
    }
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open").field("files", &self.files.len()).finish_non_exhaustive()
    }
}

// Elsewhere nobody tells who holds a lock.
#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::process::{Child, Command, Stdio};
    use std::time::Duration;

    use super::*;
    use crate::log::vfs::Vfs;
    use crate::log::vfs::disk::Disk;

    /// A process that lives on with a copy of the descriptor, as a fork does.
    struct Copy(Child);

    impl Copy {
        fn of(held: &Held) -> Self {
            let copy = held.with(File::try_clone).unwrap();
            let child = Command::new("sleep").arg("60").stdin(Stdio::from(copy)).spawn().unwrap();
            Copy(child)
        }
    }

    impl Drop for Copy {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    #[test]
    fn a_lock_is_given_back_although_a_child_has_a_copy_of_its_descriptor() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = Held::open(&path).unwrap();
        assert!(held.try_lock().unwrap());
        let copy = Copy::of(&held);
        let other = Held::open(&path).unwrap();
        assert!(!other.try_lock().unwrap(), "it is held");
        drop(held);
        assert!(other.try_lock().unwrap(), "the copy holds it");
        drop(copy);
    }

    #[test]
    fn a_copy_that_holds_a_lock_alone_is_named_and_the_dead_process_in_the_file_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = Held::open(&path).unwrap();
        assert!(held.try_lock().unwrap());
        held.sign();
        let copy = Copy::of(&held);
        // As if this process had been killed: its descriptor is closed, the lock not given back.
        open().files.remove(&held.number);
        // No process has this number.
        std::fs::write(&path, "process 4194305     \n").unwrap();
        let disk = Disk::new(dir.path());
        assert!(disk.lock("lock", Duration::ZERO).unwrap().is_none());
        let holder = disk.lock_holder("lock").unwrap();
        assert!(holder.contains(&format!("process {} (sleep)", copy.0.id())), "{holder}");
        drop(copy);
        assert!(disk.lock("lock", Duration::from_secs(5)).unwrap().is_some());
        assert_eq!(disk.lock_holder("lock"), None, "nobody holds it any more");
    }

    #[test]
    fn whoever_holds_a_lock_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::new(dir.path());
        let lock = disk.lock("lock", Duration::ZERO).unwrap().unwrap();
        let holder = disk.lock_holder("lock").unwrap();
        assert!(holder.starts_with(&format!("process {} (", std::process::id())), "{holder}");
        drop(lock);
        assert_eq!(disk.lock_holder("lock"), None);
    }

    #[test]
    fn a_forks_copies_are_closed_and_the_parents_lock_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = Held::open(&path).unwrap();
        assert!(held.try_lock().unwrap());
        // The parent's own descriptor, which lives in another process.
        let parent = Copy::of(&held);
        let before = open().files.len();
        // Other tests' locks stay where they are: the child's side of a fork is its own list.
        let mut guard = ForkGuard::new();
        let own = guard.0.files.remove(&held.number);
        drop(guard);
        drop(own);
        assert!(before >= 1);
        assert!(held.try_lock().is_err(), "a fork has no lock of its parent's");
        drop(held);
        let other = Held::open(&path).unwrap();
        assert!(!other.try_lock().unwrap(), "the parent's lock was given back by its fork");
        drop(parent);
    }
}
