//! The session's side of a capture: what it knows of the directory's paths, and where changes go.

use super::compare::Side;
use super::walk::Known;
use crate::error::Result;
use crate::id::ContentId;
use crate::object::{Bytes, Entry, FilePath, Trace};
use crate::session::{Batch, NewEntry, Snapshot};
use crate::store::Store;
use crate::workspace::record::Record;

/// Bytes of objects in memory above which a capture stores them ahead of its commit.
const HELD_BYTES_MAX: usize = if cfg!(test) { 1 << 20 } else { crate::limits::BULK_BYTES };

/// What the directory was, by the store's record.
pub(super) struct Base<'a> {
    pub(super) store: &'a Store,
    pub(super) record: &'a Record,
    /// Whether the record is of the session's own line; if not, it says nothing here.
    pub(super) is_ours: bool,
    /// Whether what is missing may have been lost, and is not taken for deleted.
    pub(super) keeps_missing: bool,
}

impl Base<'_> {
    fn was(&self, path: &FilePath) -> Result<Vec<Entry>> {
        if !self.is_ours {
            return Ok(Vec::new());
        }
        let traces = self.record.at(self.store, path)?;
        Ok(traces.into_iter().filter_map(entry_of).collect())
    }

    fn was_below(&self, path: &FilePath) -> Result<bool> {
        let below = [path.as_bytes(), b"/"].concat();
        let is_below = |other: &FilePath| other.as_bytes().starts_with(&below);
        Ok(self.is_ours
            && (self.record.exceptions().keys().any(is_below)
                || self.record.files().has_below(self.store, path)?))
    }

    fn is_unfinished(&self) -> bool {
        self.keeps_missing || self.is_ours && self.record.temporary().is_some()
    }
}

pub(super) fn entry_of(trace: Trace) -> Option<Entry> {
    match trace {
        Trace::Entry(entry) => Some(entry),
        Trace::Directory => None,
    }
}

/// A session that is only looked at.
pub(super) struct Looking<'a> {
    pub(super) base: Base<'a>,
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
    fn was(&self, path: &FilePath) -> Result<Vec<Entry>> {
        self.base.was(path)
    }

    fn has(&self, path: &FilePath) -> Result<Option<Entry>> {
        self.now.entry(path)
    }

    fn is_unfinished(&self) -> bool {
        self.base.is_unfinished()
    }

    fn read(&self, content: ContentId) -> Result<Bytes> {
        self.base.store.read_content(content)
    }

    fn size(&self, content: ContentId) -> Result<u64> {
        self.base.store.content_size(content)
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
    pub(super) base: Base<'a>,
    pub(super) batch: &'a mut Batch,
}

impl Taking<'_> {
    fn spare_memory(&mut self) -> Result<()> {
        if self.batch.batch.held_bytes() >= HELD_BYTES_MAX {
            self.batch.batch.store_all()?;
            self.batch.draft.forget_stored();
        }
        Ok(())
    }
}

impl Side for Taking<'_> {
    fn was(&self, path: &FilePath) -> Result<Vec<Entry>> {
        self.base.was(path)
    }

    fn has(&self, path: &FilePath) -> Result<Option<Entry>> {
        self.batch.drafted(path)
    }

    fn is_unfinished(&self) -> bool {
        self.base.is_unfinished()
    }

    fn read(&self, content: ContentId) -> Result<Bytes> {
        self.base.store.read_content(content)
    }

    fn size(&self, content: ContentId) -> Result<u64> {
        self.base.store.content_size(content)
    }

    fn write(&mut self, path: &FilePath, new: NewEntry) -> Result<()> {
        self.batch.draft.write(&mut self.batch.batch, path.clone(), new)?;
        self.spare_memory()
    }

    fn rename(&mut self, from: &FilePath, to: &FilePath, new: NewEntry) -> Result<()> {
        let (from, to) = (from.clone(), to.clone());
        self.batch.draft.rename(&mut self.batch.batch, from, to, Some(new))?;
        self.spare_memory()
    }

    fn remove(&mut self, path: &FilePath) -> Result<()> {
        self.batch.draft.remove(&mut self.batch.batch, path.clone()).map(drop)
    }
}
