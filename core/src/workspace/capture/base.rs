//! What a directory was when it was last captured or checked out into, by the store's record.

use crate::error::Result;
use crate::id::ContentId;
use crate::object::{Bytes, Entry, FilePath, Trace};
use crate::store::Store;
use crate::workspace::record::Record;

/// What a directory was.
pub(super) struct Base {
    pub(super) store: Store,
    pub(super) record: Record,
    /// Whether the record is of the session's own line; if not, it says nothing here.
    pub(super) is_ours: bool,
    /// Whether what is missing may have been lost, and is not taken for deleted.
    pub(super) keeps_missing: bool,
}

impl Base {
    /// What the directory had at a path. Several may be after a checkout that was cut short.
    pub(super) fn was(&self, path: &FilePath) -> Result<Vec<Entry>> {
        if !self.is_ours {
            return Ok(Vec::new());
        }
        let traces = self.record.at(&self.store, path)?;
        Ok(traces.into_iter().filter_map(entry_of).collect())
    }

    /// Tells whether it had anything below a path.
    pub(super) fn was_below(&self, path: &FilePath) -> Result<bool> {
        let below = [path.as_bytes(), b"/"].concat();
        let is_below = |other: &FilePath| other.as_bytes().starts_with(&below);
        Ok(self.is_ours
            && (self.record.exceptions().keys().any(is_below)
                || self.record.files().has_below(&self.store, path)?))
    }

    /// Tells whether what is missing need not have been there: a checkout was cut short.
    pub(super) fn is_unfinished(&self) -> bool {
        self.keeps_missing || self.is_ours && self.record.temporary().is_some()
    }

    /// Reads a content of the store's.
    pub(super) fn read(&self, content: ContentId) -> Result<Bytes> {
        self.store.read_content(content)
    }

    /// How many bytes it has.
    pub(super) fn size(&self, content: ContentId) -> Result<u64> {
        self.store.content_size(content)
    }
}

pub(super) fn entry_of(trace: Trace) -> Option<Entry> {
    match trace {
        Trace::Entry(entry) => Some(entry),
        Trace::Directory => None,
    }
}
