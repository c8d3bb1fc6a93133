//! The file layer over the operating system's files.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::log::vfs::held::Held;
use crate::log::vfs::{SyncSite, Vfs, VfsFile, VfsLock};

/// The longest pause between two looks at a lock that another process holds.
const PAUSE_MAX: Duration = Duration::from_millis(2);

/// A directory of the operating system.
#[derive(Debug)]
pub(crate) struct Disk {
    directory: PathBuf,
}

impl Disk {
    pub(crate) fn new(directory: &Path) -> Self {
        Disk { directory: directory.to_owned() }
    }

    fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.directory.clone() } else { self.directory.join(name) }
    }
}

impl Vfs for Disk {
    fn create_new(&self, name: &str) -> io::Result<Box<dyn VfsFile>> {
        let path = self.path(name);
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        Ok(Box::new(DiskFile { file }))
    }

    fn open(&self, name: &str, write: bool) -> io::Result<Box<dyn VfsFile>> {
        let file = OpenOptions::new().read(true).write(write).open(self.path(name))?;
        Ok(Box::new(DiskFile { file }))
    }

    fn create_dir(&self, name: &str) -> io::Result<()> {
        fs::create_dir_all(self.path(name))
    }

    fn list(&self, name: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.path(name))? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        Ok(names)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        let (from, to) = (self.path(from), self.path(to));
        match fs::hard_link(&from, &to) {
            Ok(()) => {
                // The old name is a second one of the same file now. If it stays, whoever needs it
                // next removes it.
                let _ = fs::remove_file(&from);
                Ok(())
            }
            Err(error) if is_without_links(&error) => rename_unlinked(&from, &to),
            Err(error) => Err(error),
        }
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }

    fn sync_dir(&self, name: &str, site: SyncSite) -> io::Result<()> {
        let mut path = self.path(name);
        if site == SyncSite::ParentName {
            path = match fs::canonicalize(&path)?.parent() {
                Some(parent) => parent.to_owned(),
                None => return Ok(()),
            };
        }
        sync_directory(&path)
    }

    fn lock(&self, name: &str, timeout: Duration) -> io::Result<Option<Box<dyn VfsLock>>> {
        let held = Held::open(&self.path(name))?;
        let begun = Instant::now();
        let mut pause = Duration::from_micros(50);
        while !held.try_lock()? {
            let left = timeout.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            std::thread::sleep(pause.min(left));
            pause = (pause * 2).min(PAUSE_MAX);
        }
        held.sign();
        Ok(Some(Box::new(held)))
    }

    fn lock_holder(&self, name: &str) -> Option<String> {
        crate::log::vfs::holder::of(&self.path(name))
    }
}

/// Tells whether a file system refused a second name because it has none to give: FAT, some network
/// and user-space file systems.
fn is_without_links(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, TooManyLinks, Unsupported};
    matches!(error.kind(), Unsupported | PermissionDenied | CrossesDevices | TooManyLinks)
}

/// Renames where there are no second names. Between the look and the rename the lock that the caller
/// holds is all that keeps others away.
fn rename_unlinked(from: &Path, to: &Path) -> io::Result<()> {
    match fs::symlink_metadata(to) {
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::rename(from, to),
        Err(error) => Err(error),
    }
}

/// A directory cannot be opened as a file everywhere; where it cannot, its names need no sync.
#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[derive(Debug)]
struct DiskFile {
    file: File,
}

#[cfg(unix)]
impl VfsFile for DiskFile {
    fn read_at(&self, mut buffer: &mut [u8], mut offset: u64) -> io::Result<usize> {
        use std::os::unix::fs::FileExt;
        let wanted = buffer.len();
        while !buffer.is_empty() {
            match self.file.read_at(buffer, offset) {
                Ok(0) => break,
                Ok(read) => {
                    buffer = &mut buffer[read..];
                    offset += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(wanted - buffer.len())
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        use std::os::unix::fs::FileExt;
        self.file.write_all_at(bytes, offset)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn cut(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self, _site: SyncSite) -> io::Result<()> {
        self.file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(disk: &Disk, name: &str) -> String {
        fs::read_to_string(disk.path(name)).unwrap()
    }

    #[test]
    fn a_name_that_is_taken_is_never_given_again() {
        let directory = tempfile::tempdir().unwrap();
        let disk = Disk::new(directory.path());
        for (name, bytes) in [("taken", "old"), ("draft", "new")] {
            disk.create_new(name).unwrap().write_at(bytes.as_bytes(), 0).unwrap();
        }
        for rename in [
            |disk: &Disk, to: &str| disk.rename_new("draft", to),
            // As on a file system without second names.
            |disk: &Disk, to: &str| rename_unlinked(&disk.path("draft"), &disk.path(to)),
        ] {
            let taken = rename(&disk, "taken").unwrap_err();
            assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!((text(&disk, "taken"), text(&disk, "draft")), ("old".into(), "new".into()));
            rename(&disk, "free").unwrap();
            assert_eq!(text(&disk, "free"), "new");
            assert!(!disk.path("draft").exists());
            disk.rename("free", "draft").unwrap();
        }
        let gone = disk.rename_new("nothing", "free").unwrap_err();
        assert_eq!(gone.kind(), io::ErrorKind::NotFound);
    }

    /// What a process leaves that is killed between the two names of its segment.
    #[test]
    fn a_draft_that_is_a_second_name_of_a_segment_is_replaced_without_touching_that() {
        let directory = tempfile::tempdir().unwrap();
        let disk = Disk::new(directory.path());
        disk.create_new("draft").unwrap().write_at(b"segment", 0).unwrap();
        fs::hard_link(disk.path("draft"), disk.path("named")).unwrap();
        disk.remove("draft").unwrap();
        disk.create_new("draft").unwrap().write_at(b"another", 0).unwrap();
        assert_eq!(text(&disk, "named"), "segment");
    }
}
