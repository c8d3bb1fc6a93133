//! A directory of this machine as a tree.

use std::fs::File;
use std::io::{self, Read};

use rustix::fs::{AtFlags, Mode, OFlags, RawMode};
use rustix::io::Errno;

use super::ahead::Ahead;
use super::directories::{Directories, sort_of};
use super::tree::{Listing, Look, Sort, Tree};
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
    directories: Directories,
    ahead: Ahead,
    /// Something of the same file system that may be written, to see its clock by.
    clock: Option<File>,
}

impl LocalTree {
    /// Takes over an open directory. `clock` is a file that may be written, best of the same file
    /// system.
    pub(crate) fn new(directory: File, clock: Option<File>) -> io::Result<Self> {
        let directories = Directories::new(directory)?;
        let (device, _) = directories.identity();
        let clock = clock.filter(|file| clock::device(file) == Some(device));
        Ok(LocalTree { directories, ahead: Ahead::default(), clock })
    }

    /// The device and the number of the root.
    pub(crate) fn identity(&self) -> (u64, u64) {
        self.directories.identity()
    }

    fn read_once(&mut self, path: &FilePath, bytes_max: u64) -> std::result::Result<Look, Errno> {
        let bytes = path.as_bytes();
        let (above, name) = match bytes.iter().rposition(|&byte| byte == b'/') {
            Some(at) => (&bytes[..at], &bytes[at + 1..]),
            None => (&[][..], bytes),
        };
        let dir = self.directories.open(above)?;
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
        let listed = match self.ahead.take(directory) {
            Some(listed) => listed,
            None => self.directories.list(directory),
        };
        match listed {
            Ok(found) => Ok(Listing::Names(found)),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(Listing::Gone),
            Err(error) => refused(error).map(Listing::Unreadable),
        }
    }

    fn expect(&mut self, next: &[&[u8]]) {
        self.ahead.expect(next, &self.directories);
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
