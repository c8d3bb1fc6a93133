//! A directory of this machine as a tree, by handle. The only module that knows the system's own
//! calls.
//!
//! Every path is walked component by component from the directory's own handle, and a component that
//! is a symlink is never followed.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, RawMode};
use rustix::io::Errno;

use super::tree::{Found, Listing, Look, Sort, Tree};
use crate::error::{Error, Result};
use crate::object::FilePath;
use crate::workspace::clock;
use crate::workspace::stats::Stat;

/// How often a file is read that changes while it is read.
const TRIES: usize = 3;
/// Bytes for which room is made before the first is read.
const ROOM_BYTES: u64 = 1 << 20;

/// A directory that is open.
#[derive(Debug)]
pub(crate) struct LocalTree {
    root: OwnedFd,
    device: u64,
    /// The directory used last, by its path: the next path is often in it or below.
    last: Option<(Vec<u8>, OwnedFd)>,
    /// Something of the same file system that may be written, to see its clock by.
    clock: Option<File>,
}

impl LocalTree {
    /// Takes over an open directory. `clock` is a file that may be written, best of the same file
    /// system.
    pub(crate) fn new(directory: File, clock: Option<File>) -> io::Result<Self> {
        let root = OwnedFd::from(directory);
        let device = Stat::of(&rustix::fs::fstat(&root)?).device;
        let clock = clock.filter(|file| clock::device(file) == Some(device));
        Ok(LocalTree { root, device, last: None, clock })
    }

    /// The device and the number of the root.
    pub(crate) fn identity(&self) -> io::Result<(u64, u64)> {
        let stat = Stat::of(&rustix::fs::fstat(&self.root)?);
        Ok((stat.device, stat.inode))
    }

    fn open_dir(&mut self, path: &[u8]) -> std::result::Result<BorrowedFd<'_>, Errno> {
        if path.is_empty() {
            return Ok(self.root.as_fd());
        }
        let known = self.last.take().filter(|(known, _)| {
            let rest = path.strip_prefix(&known[..]);
            rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
        });
        let (mut at, mut dir) = match known {
            Some((path, dir)) => (path.len(), Some(dir)),
            None => (0, None),
        };
        while at < path.len() {
            let from = if at == 0 { 0 } else { at + 1 };
            let len = path[from..].iter().position(|&byte| byte == b'/');
            at = len.map_or(path.len(), |len| from + len);
            let here = dir.as_ref().unwrap_or(&self.root);
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            dir = Some(rustix::fs::openat(here, &path[from..at], flags, Mode::empty())?);
        }
        let dir = dir.expect("a path that is not empty has a component");
        Ok(self.last.insert((path.to_vec(), dir)).1.as_fd())
    }

    fn read_once(&mut self, path: &FilePath, bytes_max: u64) -> std::result::Result<Look, Errno> {
        let bytes = path.as_bytes();
        let (above, name) = match bytes.iter().rposition(|&byte| byte == b'/') {
            Some(at) => (&bytes[..at], &bytes[at + 1..]),
            None => (&[][..], bytes),
        };
        let dir = self.open_dir(above)?;
        // Looked at first: what is special must not even be opened.
        let found = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
        match sort_of(found.st_mode as RawMode) {
            Sort::Symlink => {
                let target = rustix::fs::readlinkat(dir, name, Vec::new())?;
                let after = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
                let (before, after) = (Stat::of(&found), Stat::of(&after));
                let bytes = target.into_bytes();
                return Ok(match before == after {
                    true => Look::Bytes { bytes, sort: Sort::Symlink, stat: Some(after) },
                    false => Look::Unstable,
                });
            }
            Sort::File { .. } => {}
            Sort::Directory | Sort::Special => return Ok(Look::Gone),
        }
        // A pipe put here meanwhile must not keep us waiting for a writer.
        let flags =
            OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(dir, name, flags, Mode::empty())?);
        let before = rustix::fs::fstat(&file)?;
        let sort = sort_of(before.st_mode as RawMode);
        let before = Stat::of(&before);
        if !matches!(sort, Sort::File { .. }) {
            return Ok(Look::Gone);
        }
        if before.size > bytes_max {
            return Ok(Look::TooLarge(before.size));
        }
        let mut bytes = Vec::with_capacity(before.size.min(ROOM_BYTES) as usize + 1);
        let read = (&file).take(bytes_max + 1).read_to_end(&mut bytes);
        if let Err(error) = read {
            return match error.raw_os_error() {
                Some(code) => Err(Errno::from_raw_os_error(code)),
                None => Ok(Look::Unreadable(error.to_string())),
            };
        }
        let after = Stat::of(&rustix::fs::fstat(&file)?);
        if before != after || bytes.len() as u64 != after.size {
            return Ok(Look::Unstable);
        }
        Ok(Look::Bytes { bytes, sort, stat: Some(after) })
    }
}

impl Tree for LocalTree {
    fn list(&mut self, directory: &[u8]) -> Result<Listing> {
        let device = self.device;
        let dir = match self.open_dir(directory) {
            Ok(dir) => dir,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(Listing::Gone),
            Err(error) => return refused(error).map(Listing::Unreadable),
        };
        let names = match Dir::read_from(dir) {
            Ok(names) => names,
            Err(error) => return refused(error).map(Listing::Unreadable),
        };
        let mut found = Vec::new();
        for entry in names {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => return refused(error).map(Listing::Unreadable),
            };
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let stat = match rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                // Gone since, which is as if it had never been there.
                Err(Errno::NOENT) => continue,
                Err(error) => return refused(error).map(Listing::Unreadable),
            };
            let sort = sort_of(stat.st_mode as RawMode);
            let stat = Stat::of(&stat);
            let is_mount =
                stat.device != device || sort == Sort::Directory && is_mount_point(dir, name);
            let size = stat.size;
            let name = name.to_bytes().to_vec();
            found.push(Found { name, sort, size, stat: Some(stat), is_mount });
        }
        Ok(Listing::Names(found))
    }

    fn read(&mut self, path: &FilePath, bytes_max: u64) -> Result<Look> {
        for _ in 0..TRIES {
            match self.read_once(path, bytes_max) {
                Ok(Look::Unstable) => {}
                Ok(look) => return Ok(look),
                Err(Errno::NOENT | Errno::NOTDIR) => return Ok(Look::Gone),
                // Another sort of thing was put there meanwhile.
                Err(Errno::LOOP) => {}
                Err(error) => return refused(error).map(Look::Unreadable),
            }
        }
        Ok(Look::Unstable)
    }

    fn now(&mut self) -> Option<(i64, u32)> {
        clock::now(self.clock.as_ref())
    }
}

/// What the system said, where that concerns one path. What concerns the whole process or medium
/// ends a capture.
fn refused(error: Errno) -> Result<String> {
    match error {
        Errno::MFILE | Errno::NFILE | Errno::NOMEM => {
            Err(Error::io("look into the directory", error.into()))
        }
        error => Ok(io::Error::from(error).to_string()),
    }
}

fn sort_of(mode: RawMode) -> Sort {
    match FileType::from_raw_mode(mode) {
        FileType::RegularFile => Sort::File { executable: mode & 0o100 != 0 },
        FileType::Symlink => Sort::Symlink,
        FileType::Directory => Sort::Directory,
        _ => Sort::Special,
    }
}

/// Tells whether a directory is where something is mounted, also of the same file system.
#[cfg(target_os = "linux")]
fn is_mount_point(dir: BorrowedFd<'_>, name: &std::ffi::CStr) -> bool {
    use rustix::fs::{StatxAttributes, StatxFlags};
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    let found = rustix::fs::statx(dir, name, flags, StatxFlags::TYPE);
    found.is_ok_and(|found| {
        found.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT)
            && found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT)
    })
}

#[cfg(not(target_os = "linux"))]
fn is_mount_point(_dir: BorrowedFd<'_>, _name: &std::ffi::CStr) -> bool {
    false
}
