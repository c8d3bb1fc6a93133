//! The session's side of a capture: what it knows of the directory's paths, and where changes go.

use super::base::Base;
use super::compare::Side;
use super::walk::Known;
use crate::error::Result;
use crate::object::{Entry, FilePath};
use crate::session::{Batch, NewEntry, Snapshot};

/// Bytes of objects in memory above which a capture stores them ahead of its commit.
const HELD_BYTES_MAX: usize = if cfg!(test) { 1 << 20 } else { crate::limits::BULK_BYTES };

/// A session that is only looked at.
pub(super) struct Looking<'a> {
    pub(super) base: &'a Base,
    pub(super) now: &'a Snapshot,
}

impl Known for Looking<'_> {
    fn holds(&self, path: &FilePath) -> Result<bool> {
        Ok(self.now.entry(path)?.is_some() || !self.base.was(path)?.is_empty())
    }

    fn holds_below(&self, path: &FilePath) -> Result<bool> {
        let below = [path.as_bytes(), b"/"].concat();
        let is_there = self.now.files_under(below).next().transpose()?.is_some();
        Ok(is_there || self.base.was_below(path)?)
    }

    fn is_submodule(&self, path: &FilePath) -> Result<bool> {
        let is_module = |entry: &Entry| matches!(entry, Entry::Submodule { .. });
        Ok(self.now.entry(path)?.as_ref().is_some_and(is_module)
            || self.base.was(path)?.iter().any(is_module))
    }
}

impl Side for Looking<'_> {
    fn base(&self) -> &Base {
        self.base
    }

    fn has(&self, path: &FilePath) -> Result<Option<Entry>> {
        self.now.entry(path)
    }

    fn write(&mut self, _path: &FilePath, _new: NewEntry) -> Result<()> {
        Ok(())
    }

    fn rename(&mut self, _from: &FilePath, _to: &FilePath, _new: NewEntry) -> Result<()> {
        Ok(())
    }

    fn remove(&mut self, _path: &FilePath) -> Result<()> {
        Ok(())
    }
}

/// A batch that the changes go into.
pub(super) struct Taking<'a> {
    pub(super) base: &'a Base,
    pub(super) batch: &'a mut Batch,
    /// Whether some of it is stored ahead.
    is_ahead: bool,
}

impl<'a> Taking<'a> {
    pub(super) fn new(base: &'a Base, batch: &'a mut Batch) -> Self {
        Taking { base, batch, is_ahead: false }
    }

    fn spare_memory(&mut self) -> Result<()> {
        if self.batch.batch.held_bytes() >= HELD_BYTES_MAX {
            self.is_ahead = true;
            self.store_ahead()?;
        }
        Ok(())
    }

    fn store_ahead(&mut self) -> Result<()> {
        self.batch.batch.store_all()?;
        self.batch.draft.forget_stored();
        Ok(())
    }

    /// Stores the rest too where there was much: the maps of so many paths take their own room.
    pub(super) fn finish(mut self) -> Result<()> {
        if self.is_ahead { self.store_ahead() } else { Ok(()) }
    }
}

impl Side for Taking<'_> {
    fn base(&self) -> &Base {
        self.base
    }

    fn has(&self, path: &FilePath) -> Result<Option<Entry>> {
        self.batch.drafted(path)
    }

    fn write(&mut self, path: &FilePath, new: NewEntry) -> Result<()> {
        self.batch.draft.write(&mut self.batch.batch, path.clone(), new)?;
        self.spare_memory()
    }

    fn rename(&mut self, from: &FilePath, to: &FilePath, new: NewEntry) -> Result<()> {
        let (from, to) = (from.clone(), to.clone());
        self.batch.draft.move_file(&mut self.batch.batch, from, to, Some(new))?;
        self.spare_memory()
    }

    fn remove(&mut self, path: &FilePath) -> Result<()> {
        self.batch.draft.remove(&mut self.batch.batch, path.clone()).map(drop)
    }
}
