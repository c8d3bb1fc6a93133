//! A directory and those below it, by handle.
//!
//! Every path is walked component by component from the directory's own handle, and a component that
//! is a symlink is never followed.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, RawMode};
use rustix::io::Errno;

use super::tree::{Found, Sort};
use crate::workspace::stats::Stat;

/// The names of a directory, or why they cannot be had.
pub(super) type Listed = Result<Vec<Found>, Errno>;

/// A directory that is open, and the way to those below it.
#[derive(Debug)]
pub(super) struct Directories {
    root: OwnedFd,
    /// The device and the number of the root.
    identity: (u64, u64),
    /// The directory used last, by its path: the next path is often in it or below.
    last: Option<(Vec<u8>, OwnedFd)>,
}

impl Directories {
    /// Takes over an open directory.
    pub(super) fn new(directory: File) -> io::Result<Self> {
        let root = OwnedFd::from(directory);
        let stat = Stat::of(&rustix::fs::fstat(&root)?);
        Ok(Directories { root, identity: (stat.device, stat.inode), last: None })
    }

    /// The same ones, by handles of their own.
    pub(super) fn try_clone(&self) -> io::Result<Self> {
        Ok(Directories { root: self.root.try_clone()?, identity: self.identity, last: None })
    }

    pub(super) fn identity(&self) -> (u64, u64) {
        self.identity
    }

    /// Opens a directory by its path; the empty one is the root.
    pub(super) fn open(&mut self, path: &[u8]) -> Result<BorrowedFd<'_>, Errno> {
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

    /// Looks at all names of a directory.
    pub(super) fn list(&mut self, directory: &[u8]) -> Listed {
        let (device, _) = self.identity;
        let dir = self.open(directory)?;
        let mut found = Vec::new();
        for entry in Dir::read_from(dir)? {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let stat = match rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                // Gone since, which is as if it had never been there.
                Err(Errno::NOENT) => continue,
                Err(error) => return Err(error),
            };
            let sort = sort_of(stat.st_mode as RawMode);
            let stat = Stat::of(&stat);
            let is_mount =
                stat.device != device || sort == Sort::Directory && is_mount_point(dir, name);
            let size = stat.size;
            let name = name.to_bytes().to_vec();
            found.push(Found { name, sort, size, stat: Some(stat), is_mount });
        }
        Ok(found)
    }
}

pub(super) fn sort_of(mode: RawMode) -> Sort {
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
