//! Files of a session: one change a commit, and reads of the latest state.

use crate::diff::FileDiff;
use crate::error::{Error, ErrorKind, Result};
use crate::object::{AsPath, Bytes, Entry, FilePath, OperationKind};
use crate::session::batch::Batch;
use crate::session::handle::Session;
use crate::session::line::info::IterationInfo;
use crate::session::line::names::MESSAGE_CHARS_MAX;
use crate::session::read::snapshot::read_entry;

impl Session {
    /// Writes a file as one durable commit and returns its iteration. The file keeps its
    /// executable bit. Bytes that it has already make neither iteration nor checkpoint: then the
    /// iteration that is there comes back.
    ///
    /// # Errors
    /// `Invalid` for a path that cannot be or clashes with a directory, `Conflict` if another
    /// writer changed the path during the call.
    pub fn write(&self, path: impl AsPath, bytes: impl AsRef<[u8]>) -> Result<IterationInfo> {
        let path = FilePath::new(path)?;
        self.edit(OperationKind::Write, &path, |batch| batch.write(&path, bytes))
    }

    /// Writes a file as [`write`](Self::write) does, if its newest iteration is the one of this
    /// number, or with `None` if there is no file.
    ///
    /// # Errors
    /// `Conflict` if it is not so, else as there.
    ///
    /// ```
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.write_expecting("a", None, "1")?;
    /// session.write_expecting("a", Some(1), "2")?;
    /// let error = session.write_expecting("a", Some(1), "3").unwrap_err();
    /// assert_eq!(error.kind(), partita::ErrorKind::Conflict);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn write_expecting(
        &self,
        path: impl AsPath,
        number: Option<u64>,
        bytes: impl Into<Bytes>,
    ) -> Result<IterationInfo> {
        let path = FilePath::new(path)?;
        self.edit(OperationKind::Write, &path, |batch| {
            batch.expect(&path, number)?;
            batch.write_bytes(&path, bytes)
        })
    }

    /// Writes a file as [`write`](Self::write) does, without copying its bytes.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    ///
    /// ```
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// let model = vec![7; 1 << 20];
    /// session.write_bytes("model.bin", model)?;
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn write_bytes(&self, path: impl AsPath, bytes: impl Into<Bytes>) -> Result<IterationInfo> {
        let path = FilePath::new(path)?;
        self.edit(OperationKind::Write, &path, |batch| batch.write_bytes(&path, bytes))
    }

    /// Removes a file. Its history stays and goes on if the path comes back.
    ///
    /// # Errors
    /// `NotFound` if there is no such file, `Conflict` as [`write`](Self::write).
    pub fn remove(&self, path: impl AsPath) -> Result<IterationInfo> {
        let path = FilePath::new(path)?;
        self.edit(OperationKind::Remove, &path, |batch| batch.remove(&path))
    }

    /// Moves a file, over what is at the new path if anything is, and returns the iteration
    /// there. Its history moves along; the old path's ends in a removal.
    ///
    /// # Errors
    /// `NotFound` if there is no such file, `Invalid` if both paths are one or the new one
    /// cannot be, `Conflict` as [`write`](Self::write) for either path.
    pub fn rename(&self, from: impl AsPath, to: impl AsPath) -> Result<IterationInfo> {
        let to = FilePath::new(to)?;
        self.edit(OperationKind::Rename, &to, |batch| batch.rename(from, &to))
    }

    /// Brings back what an earlier iteration of a path held, as a new iteration. If that is what
    /// the path holds, the iteration that is there comes back.
    ///
    /// # Errors
    /// `NotFound` if there is no such path or number, `Conflict` as [`write`](Self::write).
    pub fn restore(&self, path: impl AsPath, number: u64) -> Result<IterationInfo> {
        let path = FilePath::new(path)?;
        self.edit(OperationKind::Restore, &path, |batch| batch.restore(&path, number))
    }

    /// Reads the bytes of a file or the target of a link.
    ///
    /// # Errors
    /// `NotFound` if there is none, saying since when; `Invalid` for a submodule, which has none.
    pub fn read(&self, path: impl AsPath) -> Result<Vec<u8>> {
        self.latest()?.read(path)
    }

    /// Reads the bytes of a file, or returns none where there is no file.
    ///
    /// # Errors
    /// `Invalid` for a path that cannot be, and for a submodule.
    pub fn get(&self, path: impl AsPath) -> Result<Option<Vec<u8>>> {
        match self.read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads the bytes of an iteration, by its number on the line that leads to the path.
    ///
    /// # Errors
    /// `NotFound` if there is no such path or number, or if the iteration is a removal.
    pub fn read_at(&self, path: impl AsPath, number: u64) -> Result<Vec<u8>> {
        let path = FilePath::new(path)?;
        let link = self.iteration_of(&*self.head()?, &path, number)?;
        match &link.value.entry {
            Entry::Removed => {
                Err(Error::not_found(format!("iteration {number} of {path} is its removal")))
            }
            entry => read_entry(&self.store, &path, entry),
        }
    }

    /// Compares two iterations of a path, by their numbers. A removal counts as an empty file.
    ///
    /// # Errors
    /// `NotFound` if there is no such path or number, `Invalid` for a submodule.
    ///
    /// ```
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.write("a", "one\n")?;
    /// session.write("a", "two\n")?;
    /// let diff = session.diff("a", 1, 2)?;
    /// assert!(diff.unified().to_string().ends_with("-one\n+two\n"));
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn diff(&self, path: impl AsPath, from: u64, to: u64) -> Result<FileDiff> {
        let path = FilePath::new(path)?;
        let head = self.head()?;
        let bytes = |number| -> Result<Bytes> {
            let link = self.iteration_of(&head, &path, number)?;
            match &link.value.entry {
                Entry::Removed => Ok(Bytes::default()),
                entry => Ok(read_entry(&self.store, &path, entry)?.into()),
            }
        };
        Ok(FileDiff::new(bytes(from)?, bytes(to)?))
    }

    fn edit(
        &self,
        kind: OperationKind,
        path: &FilePath,
        edit: impl FnOnce(&mut Batch) -> Result<u64>,
    ) -> Result<IterationInfo> {
        let mut batch = self.begin()?;
        batch.set_kind(kind);
        batch.message(&line(path))?;
        let number = edit(&mut batch)?;
        let done = batch.finish()?;
        // What was just written needs no search for the checkpoint that brought it.
        let brought = done.changed.then_some(&done.head.operation.value.time);
        self.describe(&done.head, path, number, brought.copied())
    }
}

/// Returns a path as the line that a listing shows.
pub(crate) fn line(path: &FilePath) -> String {
    path.to_string_lossy().chars().take(MESSAGE_CHARS_MAX).collect()
}
