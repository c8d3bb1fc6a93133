//! A medium in memory: files, and the names that lead to them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, OnceLock};

use partita::ObjectId;

use super::action::{Action, FileId, parent};

/// A file's bytes, shared by all media that hold the same, and their hash once it was asked for.
#[derive(Clone, Debug, Default)]
struct Bytes {
    bytes: Vec<u8>,
    hash: OnceLock<ObjectId>,
}

/// The whole medium at one moment. Cheap to clone: bytes are copied when they are written to.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    files: Vec<Arc<Bytes>>,
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
        self.files.get(file).map_or(&[], |file| &file.bytes)
    }

    pub(super) fn has_directory(&self, name: &str) -> bool {
        name.is_empty() || self.directories.contains(name)
    }

    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        if !self.has_directory(name) {
            return None;
        }
        let all = self.names.keys().chain(&self.directories);
        let inside = all.filter(|path| !path.is_empty() && parent(path) == name);
        Some(inside.map(|path| path.rsplit('/').next().expect("one part").to_owned()).collect())
    }

    /// Returns the bytes that all files with a name take, whatever names they have.
    pub fn used(&self) -> u64 {
        let named: BTreeSet<FileId> = self.names.values().copied().collect();
        named.into_iter().map(|file| self.bytes(file).len() as u64).sum()
    }

    /// Returns every file by its name.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.names.iter().map(|(name, file)| (&name[..], self.bytes(*file)))
    }

    /// Returns a name of a file.
    pub fn name_of(&self, file: FileId) -> Option<&str> {
        self.names.iter().find(|(_, at)| **at == file).map(|(name, _)| &name[..])
    }

    /// Returns the bytes of the file with that name.
    pub fn file(&self, name: &str) -> Option<&[u8]> {
        self.find(name).map(|file| self.bytes(file))
    }

    /// Puts a file with a name of its own in place of what has it.
    pub fn put(&mut self, name: &str, bytes: Vec<u8>) {
        let file = self.next_file();
        self.files.push(Arc::new(Bytes { bytes, hash: OnceLock::new() }));
        self.names.insert(name.to_owned(), file);
    }

    /// Takes a name away.
    pub fn take(&mut self, name: &str) {
        self.names.remove(name);
    }

    /// Cuts a file off where it stands.
    pub(super) fn cut(&mut self, name: &str, len: usize) {
        if let Some(file) = self.find(name) {
            let old = Arc::make_mut(&mut self.files[file]);
            old.hash = OnceLock::new();
            old.bytes.truncate(len);
        }
    }

    /// Returns a hash over all that can be read from the medium.
    pub fn hash(&self) -> ObjectId {
        let mut all = Vec::with_capacity(64 * (self.names.len() + self.directories.len()));
        for (name, file) in &self.names {
            let hash = match self.files.get(*file) {
                Some(file) => *file.hash.get_or_init(|| ObjectId::of_content(&file.bytes)),
                None => ObjectId::of_content(b""),
            };
            all.extend_from_slice(name.as_bytes());
            all.push(0);
            all.extend_from_slice(hash.as_bytes());
        }
        for name in &self.directories {
            all.extend_from_slice(name.as_bytes());
            all.push(1);
        }
        ObjectId::of_content(&all)
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
                self.make(*file);
                self.names.insert(name.clone(), *file);
            }
            Action::CreateDirectory { name } => {
                if !self.has_directory(parent(name)) {
                    return Err(missing());
                }
                self.directories.insert(name.clone());
            }
            Action::Rename { from, to } => {
                if !self.has_directory(parent(to)) {
                    return Err(missing());
                }
                let file = self.names.remove(from).ok_or_else(missing)?;
                self.names.insert(to.clone(), file);
            }
            Action::Link { from, to } => {
                if !self.has_directory(parent(to)) {
                    return Err(missing());
                }
                let file = self.find(from).ok_or_else(missing)?;
                if self.names.contains_key(to) {
                    return Err(io::ErrorKind::AlreadyExists.into());
                }
                self.names.insert(to.clone(), file);
            }
            Action::Remove { name } => drop(self.names.remove(name).ok_or_else(missing)?),
            Action::Write { file, offset, bytes } => self.write(*file, *offset, bytes),
            Action::Sync { .. }
            | Action::Lost { .. }
            | Action::SyncDirectory { .. }
            | Action::Mark(_) => {}
        }
        Ok(())
    }

    /// Does one half of a rename: the new name comes, or the old one goes.
    pub(super) fn half_rename(&mut self, from: &str, to: &str, file: FileId, comes: bool) {
        if comes && self.has_directory(parent(to)) {
            self.names.insert(to.to_owned(), file);
        } else if !comes && self.find(from) == Some(file) {
            self.names.remove(from);
        }
    }

    fn make(&mut self, file: FileId) {
        if self.files.len() <= file {
            self.files.resize(file + 1, Arc::default());
        }
    }

    /// Writes into a file, which may have no name on this medium.
    pub(super) fn write(&mut self, file: FileId, offset: u64, bytes: &[u8]) {
        self.make(file);
        let from = usize::try_from(offset).expect("a test's offset fits");
        let end = from + bytes.len();
        let old = Arc::make_mut(&mut self.files[file]);
        old.hash = OnceLock::new();
        if old.bytes.len() < end {
            old.bytes.resize(end, 0);
        }
        old.bytes[from..end].copy_from_slice(bytes);
    }

    /// Makes a file longer without writing into it.
    pub(super) fn extend(&mut self, file: FileId, len: u64) {
        if (self.bytes(file).len() as u64) < len {
            self.write(file, len, &[]);
        }
    }
}
