//! A directory and what is below it, never beyond. The only module that knows the capability crate.
//!
//! Every path is walked component by component from the directory's own handle, and a component
//! that is a symlink is never followed: whoever swaps a directory for a link finds his link
//! reported, and nothing written through it.

use std::io::{self, ErrorKind as IoKind, Read, Write};
use std::path::Path;

use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::fs::{Dir, OpenOptions};

use super::lock::DirectoryLock;
use crate::error::{Error, Result};
use crate::limits::CONTENT_BYTES_MAX;
use crate::object::FilePath;
#[cfg(unix)]
use crate::workspace::stats::Stat;

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Absent,
    File {
        len: u64,
        executable: bool,
    },
    Symlink,
    Directory,
    /// A device, a socket, a pipe.
    Other,
    /// The first so many bytes of the path name something that is no directory.
    Blocked(usize),
}

/// An open directory.
#[derive(Debug)]
pub(super) struct Directory {
    root: Dir,
    /// The directory used last, by its path: the next path is often in it or below.
    last: Option<(Vec<u8>, Dir)>,
    /// Changes that may still be made, so that a test can end a checkout anywhere.
    #[cfg(test)]
    pub(super) changes_left: Option<u32>,
    /// A name that this file system refuses, and how, for tests.
    #[cfg(test)]
    pub(super) refuses: Option<(&'static str, IoKind)>,
}

enum Parent<'a> {
    Open(&'a Dir),
    Absent,
    Blocked(usize),
}

impl Directory {
    /// Opens a directory by its absolute path.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Directory::at(Dir::open_ambient_dir(path, cap_std::ambient_authority())?))
    }

    /// Opens the directory that is held; refuses where its path names another one by now.
    pub(super) fn open_held(lock: &DirectoryLock, path: &Path) -> io::Result<Self> {
        match lock.handle()? {
            Some(file) => Ok(Directory::at(Dir::from_std_file(file))),
            None => Directory::open(path),
        }
    }

    fn at(root: Dir) -> Self {
        Directory {
            root,
            last: None,
            #[cfg(test)]
            changes_left: None,
            #[cfg(test)]
            refuses: None,
        }
    }

    /// Forgets what was opened before, which may have been moved elsewhere since.
    pub(super) fn look_afresh(&mut self) {
        self.last = None;
    }

    /// Looks what is at a path, following nothing.
    pub(super) fn look(&mut self, path: &FilePath) -> Result<Found> {
        let (above, name) = split(path);
        let dir = match self.parent(above).map_err(|error| failed("look at", path, error))? {
            Parent::Open(dir) => dir,
            Parent::Absent => return Ok(Found::Absent),
            Parent::Blocked(len) => return Ok(Found::Blocked(len)),
        };
        match dir.symlink_metadata(system_path(name)) {
            Ok(meta) if meta.is_symlink() => Ok(Found::Symlink),
            Ok(meta) if meta.is_dir() => Ok(Found::Directory),
            Ok(meta) if meta.is_file() => {
                Ok(Found::File { len: meta.len(), executable: is_executable(&meta) })
            }
            Ok(_) => Ok(Found::Other),
            Err(error) if error.kind() == IoKind::NotFound => Ok(Found::Absent),
            Err(error) => Err(failed("look at", path, error)),
        }
    }

    /// What the system says of what is at a path, following nothing; none where it cannot say.
    #[cfg(unix)]
    pub(super) fn stat(&mut self, path: &FilePath) -> Option<Stat> {
        let (above, name) = split(path);
        self.look_in(above)?(name)
    }

    /// Opens a directory, and returns what tells of its names what the system says of them.
    #[cfg(unix)]
    pub(super) fn look_in(&mut self, path: &[u8]) -> Option<impl Fn(&[u8]) -> Option<Stat> + '_> {
        let Ok(Parent::Open(dir)) = self.parent(path) else { return None };
        Some(move |name: &[u8]| {
            let found =
                rustix::fs::statat(dir, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW).ok()?;
            Some(Stat::of(&found))
        })
    }

    /// Reads a regular file.
    pub(super) fn read(&mut self, path: &FilePath) -> Result<Vec<u8>> {
        let read = |dir: &Dir, name: &[u8]| {
            let mut options = OpenOptions::new();
            // A pipe put here meanwhile must not keep us waiting for a writer.
            options.read(true).follow(FollowSymlinks::No).nonblock(true);
            let file = dir.open_with(system_path(name), &options)?;
            if !file.metadata()?.is_file() {
                return Err(io::Error::other("no regular file any more"));
            }
            let mut bytes = Vec::new();
            file.take(CONTENT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        self.with("read", path, read)
    }

    /// Reads the target of a symlink.
    pub(super) fn read_link(&mut self, path: &FilePath) -> Result<Vec<u8>> {
        let read =
            |dir: &Dir, name: &[u8]| Ok(system_bytes(&dir.read_link_contents(system_path(name))?));
        self.with("read the link", path, read)
    }

    /// Lists the names in a directory; true stands for a directory.
    pub(super) fn list(&mut self, path: &FilePath) -> Result<Vec<(Vec<u8>, bool)>> {
        let list = |dir: &Dir, name: &[u8]| {
            let entries = dir.open_dir_nofollow(system_path(name))?.entries()?;
            entries
                .map(|entry| {
                    let entry = entry?;
                    let name = system_bytes(Path::new(&entry.file_name()));
                    Ok((name, entry.file_type()?.is_dir()))
                })
                .collect()
        };
        self.with("list", path, list)
    }

    /// Makes a directory; false where there already is one.
    pub(super) fn make_dir(&mut self, path: &FilePath) -> Result<bool> {
        self.change()?;
        let made = self.with("make the directory", path, |dir, name| {
            match dir.create_dir(system_path(name)) {
                Err(error) if error.kind() == IoKind::AlreadyExists => Ok(false),
                made => made.map(|()| true),
            }
        })?;
        if !made && self.look(path)? != Found::Directory {
            return Err(moved(path));
        }
        Ok(made)
    }

    /// Writes a whole file under a temporary name beside it, then gives it its own: over what is
    /// there, or only where nothing is.
    pub(super) fn place_file(
        &mut self,
        path: &FilePath,
        temporary: &str,
        bytes: &[u8],
        executable: bool,
        replace: bool,
    ) -> Result<()> {
        self.change()?;
        #[cfg(test)]
        self.refuse(path)?;
        self.with("write", path, |dir, _| {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).follow(FollowSymlinks::No);
            set_mode(&mut options, executable);
            let mut file = dir.open_with(temporary, &options)?;
            file.write_all(bytes).inspect_err(|_| drop(dir.remove_file(temporary)))
        })?;
        self.name(path, temporary, replace)
    }

    /// Makes a symlink, over what is there or only where nothing is.
    pub(super) fn place_symlink(
        &mut self,
        path: &FilePath,
        temporary: &str,
        target: &[u8],
        replace: bool,
    ) -> Result<()> {
        self.change()?;
        if replace {
            self.with("link", path, |dir, _| dir.symlink_contents(system_path(target), temporary))?;
            return self.name(path, temporary, true);
        }
        self.with("link", path, |dir, name| {
            dir.symlink_contents(system_path(target), system_path(name))
        })
    }

    /// Removes a file or a symlink.
    pub(super) fn remove_file(&mut self, path: &FilePath) -> Result<()> {
        self.change()?;
        self.with("delete", path, |dir, name| dir.remove_file_or_symlink(system_path(name)))
    }

    /// Removes a directory if it is empty; tells whether it is gone.
    pub(super) fn remove_empty_dir(&mut self, path: &FilePath) -> Result<bool> {
        self.change()?;
        self.last = None;
        let (above, name) = split(path);
        let removed = match self.parent(above) {
            Ok(Parent::Open(dir)) => dir.remove_dir(system_path(name)),
            Ok(Parent::Absent | Parent::Blocked(_)) => return Ok(true),
            Err(error) => Err(error),
        };
        match removed {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == IoKind::NotFound => Ok(true),
            Err(error) if error.kind() == IoKind::DirectoryNotEmpty => Ok(false),
            Err(error) => Err(failed("remove the directory", path, error)),
        }
    }

    /// Removes a temporary file beside a path, where there is one.
    pub(super) fn remove_temporary(&mut self, path: &FilePath, temporary: &str) -> Result<()> {
        let (above, _) = split(path);
        let doing = |error| failed("clean up beside", path, error);
        match self.parent(above).map_err(doing)? {
            Parent::Open(dir) => match dir.remove_file_or_symlink(temporary) {
                Err(error) if error.kind() != IoKind::NotFound => Err(doing(error)),
                _ => Ok(()),
            },
            Parent::Absent | Parent::Blocked(_) => Ok(()),
        }
    }

    fn name(&mut self, path: &FilePath, temporary: &str, replace: bool) -> Result<()> {
        self.change()?;
        self.with("name", path, |dir, name| {
            let name = system_path(name);
            let named = if replace {
                dir.rename(temporary, dir, name)
            } else {
                match dir.hard_link(temporary, dir, name) {
                    Ok(()) => dir.remove_file(temporary),
                    Err(error) if error.kind() == IoKind::AlreadyExists => Err(error),
                    // Some file systems have no hard links. Then looking first must do.
                    Err(_) if dir.symlink_metadata(name).is_ok() => {
                        Err(IoKind::AlreadyExists.into())
                    }
                    Err(_) => dir.rename(temporary, dir, name),
                }
            };
            named.inspect_err(|_| drop(dir.remove_file_or_symlink(temporary)))
        })
    }

    fn with<T>(
        &mut self,
        doing: &str,
        path: &FilePath,
        act: impl FnOnce(&Dir, &[u8]) -> io::Result<T>,
    ) -> Result<T> {
        let (above, name) = split(path);
        match self.parent(above) {
            Ok(Parent::Open(dir)) => match act(dir, name) {
                Ok(value) => Ok(value),
                Err(error) if error.kind() == IoKind::AlreadyExists => Err(moved(path)),
                Err(error) => Err(failed(doing, path, error)),
            },
            Ok(Parent::Absent | Parent::Blocked(_)) => Err(moved(path)),
            Err(error) => Err(failed(doing, path, error)),
        }
    }

    /// Opens the directory `above`, holding no more than two handles at once.
    fn parent(&mut self, above: &[u8]) -> io::Result<Parent<'_>> {
        if above.is_empty() {
            return Ok(Parent::Open(&self.root));
        }
        let known = self.last.take().filter(|(path, _)| {
            above
                .strip_prefix(&path[..])
                .is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
        });
        let (mut at, mut dir) = match known {
            Some((path, dir)) => (path.len(), Some(dir)),
            None => (0, None),
        };
        while at < above.len() {
            let from = if at == 0 { 0 } else { at + 1 };
            let len = above[from..].iter().position(|&byte| byte == b'/');
            at = len.map_or(above.len(), |len| from + len);
            let name = system_path(&above[from..at]);
            let here = dir.as_ref().unwrap_or(&self.root);
            match here.open_dir_nofollow(name) {
                Ok(opened) => dir = Some(opened),
                Err(error) => {
                    return match here.symlink_metadata(name) {
                        Ok(meta) if meta.is_dir() => Err(error),
                        Ok(_) => Ok(Parent::Blocked(at)),
                        Err(error) if error.kind() == IoKind::NotFound => Ok(Parent::Absent),
                        Err(error) => Err(error),
                    };
                }
            }
        }
        let dir = dir.expect("a path that is not empty has a component");
        let (_, dir) = self.last.insert((above.to_vec(), dir));
        Ok(Parent::Open(dir))
    }

    #[cfg(test)]
    fn refuse(&self, path: &FilePath) -> Result<()> {
        match self.refuses {
            Some((name, kind)) if path.as_bytes() == name.as_bytes() => {
                Err(failed("write", path, kind.into()))
            }
            _ => Ok(()),
        }
    }

    /// Stands before every change of the directory.
    fn change(&mut self) -> Result<()> {
        #[cfg(test)]
        if let Some(left) = &mut self.changes_left {
            *left = left.checked_sub(1).ok_or_else(|| Error::conflict("the test ends it here"))?;
        }
        Ok(())
    }
}

/// Splits a path into what is above and the last component.
fn split(path: &FilePath) -> (&[u8], &[u8]) {
    let bytes = path.as_bytes();
    match bytes.iter().rposition(|&byte| byte == b'/') {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (&[], bytes),
    }
}

fn failed(doing: &str, path: &FilePath, error: io::Error) -> Error {
    Error::io(format!("{doing} {path} in the checkout's directory"), error)
}

/// Tells whether the file system cannot hold a name, now or ever: it is too long, or has bytes that
/// it does not take.
pub(super) fn is_name_refused(error: &Error) -> bool {
    /// `EILSEQ`, which has no kind: not the text that the file system wants.
    const NO_TEXT: Option<i32> = if cfg!(target_os = "linux") { Some(84) } else { Some(92) };
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref());
    source.is_some_and(|error: &io::Error| {
        matches!(error.kind(), IoKind::InvalidFilename | IoKind::InvalidInput)
            || error.raw_os_error().is_some_and(|code| Some(code) == NO_TEXT)
    })
}

/// Makes the error of a path where somebody put something else since the plan was made.
pub(super) fn moved(path: &FilePath) -> Error {
    Error::conflict(format!("{path} has changed since the plan was made; check out again"))
}

#[cfg(unix)]
pub(super) fn system_path(bytes: &[u8]) -> &Path {
    use std::os::unix::ffi::OsStrExt;
    Path::new(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
pub(super) fn system_path(bytes: &[u8]) -> &Path {
    Path::new(std::str::from_utf8(bytes).unwrap_or("\u{fffd}"))
}

/// Returns the bytes of a path, as the system has them.
pub(super) fn system_bytes(path: &Path) -> Vec<u8> {
    path.as_os_str().as_encoded_bytes().to_vec()
}

#[cfg(unix)]
fn is_executable(meta: &cap_std::fs::Metadata) -> bool {
    use cap_std::fs::PermissionsExt;
    meta.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_meta: &cap_std::fs::Metadata) -> bool {
    false
}

/// Asks for what the process's mask leaves of read, write and, where due, execute for all.
#[cfg(unix)]
fn set_mode(options: &mut OpenOptions, executable: bool) {
    use cap_std::fs::OpenOptionsExt;
    options.mode(if executable { 0o777 } else { 0o666 });
}

#[cfg(not(unix))]
fn set_mode(_options: &mut OpenOptions, _executable: bool) {}
