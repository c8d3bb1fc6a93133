//! A medium in memory: files, and the names that lead to them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use partita::SyncSite;

/// A file apart from its name, as an inode is.
pub type FileId = usize;

/// One call that changed or synced something, or a mark between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A file got its first name.
    Create {
        /// The name.
        name: String,
        /// The file.
        file: FileId,
    },
    /// A directory came.
    CreateDirectory {
        /// Its name.
        name: String,
    },
    /// A file got another name.
    Rename {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// A name went away.
    Remove {
        /// The name.
        name: String,
    },
    /// Bytes were written.
    Write {
        /// Where to.
        file: FileId,
        /// The offset of the first.
        offset: u64,
        /// The bytes.
        bytes: Arc<[u8]>,
    },
    /// A file was synced.
    Sync {
        /// The file.
        file: FileId,
        /// Why.
        site: SyncSite,
    },
    /// A file's sync failed: what no earlier sync covers is never certain any more.
    Lost {
        /// The file.
        file: FileId,
    },
    /// The names in a directory were synced.
    SyncDirectory {
        /// The directory.
        name: String,
        /// Why.
        site: SyncSite,
    },
    /// Something that the test wants to remember.
    Mark(usize),
}

impl Action {
    /// Returns the directory whose names change, where any do.
    pub(super) fn directory(&self) -> Option<&str> {
        match self {
            Action::Create { name, .. }
            | Action::CreateDirectory { name }
            | Action::Remove { name }
            | Action::Rename { to: name, .. } => Some(parent(name)),
            _ => None,
        }
    }
}

/// The directory that a name stands in.
fn parent(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// The whole medium at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disk {
    files: Vec<Vec<u8>>,
    names: BTreeMap<String, FileId>,
    directories: BTreeSet<String>,
}

impl Disk {
    pub(super) fn next_file(&self) -> FileId {
        self.files.len()
    }

    pub(super) fn find(&self, name: &str) -> Option<FileId> {
        self.names.get(name).copied()
    }

    pub(super) fn bytes(&self, file: FileId) -> &[u8] {
        &self.files[file]
    }

    pub(super) fn has_directory(&self, name: &str) -> bool {
        name.is_empty() || self.directories.contains(name)
    }

    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        if !self.has_directory(name) {
            return None;
        }
        let all = self.names.keys().chain(&self.directories);
        let inside = all.filter(|path| parent(path) == name);
        Some(inside.map(|path| path.rsplit('/').next().expect("one part").to_owned()).collect())
    }

    /// Returns every file by its name.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.names.iter().map(|(name, file)| (&name[..], &self.files[*file][..]))
    }

    /// Changes one byte of a file.
    pub fn flip(&mut self, name: &str, at: usize, bits: u8) {
        let file = self.names[name];
        self.files[file][at] ^= bits;
    }

    /// Does what an action says.
    pub(super) fn apply(&mut self, action: &Action) -> io::Result<()> {
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        match action {
            Action::Create { name, file } => {
                if !self.has_directory(parent(name)) {
                    return Err(missing());
                }
                if self.names.contains_key(name) {
                    return Err(io::ErrorKind::AlreadyExists.into());
                }
                if self.files.len() <= *file {
                    self.files.resize(file + 1, Vec::new());
                }
                self.names.insert(name.clone(), *file);
            }
            Action::CreateDirectory { name } => {
                let mut path = &name[..];
                while !path.is_empty() {
                    self.directories.insert(path.to_owned());
                    path = parent(path);
                }
            }
            Action::Rename { from, to } => {
                if !self.has_directory(parent(to)) {
                    return Err(missing());
                }
                let file = self.names.remove(from).ok_or_else(missing)?;
                self.names.insert(to.clone(), file);
            }
            Action::Remove { name } => drop(self.names.remove(name).ok_or_else(missing)?),
            Action::Write { file, offset, bytes } => {
                self.write(*file, *offset, bytes);
            }
            Action::Sync { .. }
            | Action::Lost { .. }
            | Action::SyncDirectory { .. }
            | Action::Mark(_) => {}
        }
        Ok(())
    }

    /// Writes into a file, which may have no name on this medium.
    pub(super) fn write(&mut self, file: FileId, offset: u64, bytes: &[u8]) {
        if self.files.len() <= file {
            self.files.resize(file + 1, Vec::new());
        }
        let from = usize::try_from(offset).expect("a test's offset fits");
        let end = from + bytes.len();
        let old = &mut self.files[file];
        if old.len() < end {
            old.resize(end, 0);
        }
        old[from..end].copy_from_slice(bytes);
    }

    /// Makes a file longer without writing into it.
    pub(super) fn extend(&mut self, file: FileId, len: u64) {
        self.write(file, len, &[]);
    }
}
