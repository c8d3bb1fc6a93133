//! Entries that are written again from what the store holds, their bytes neither read nor hashed.

use crate::error::{Error, Result};
use crate::object::{Bytes, Entry, FilePath};
use crate::session::draft::entry::NewEntry;
use crate::store::Batch as StoreBatch;

/// The target of a new symbolic link; none of what is no link.
pub(super) fn link_target(batch: &StoreBatch, new: &NewEntry) -> Result<Option<Bytes>> {
    Ok(match new {
        NewEntry::Symlink { target } => Some(target.clone()),
        NewEntry::Stored(Entry::Symlink { target }) => Some(batch.read_content(*target)?),
        _ => None,
    })
}

/// Refuses an entry whose content is not there to be named.
pub(super) fn check(batch: &StoreBatch, path: &FilePath, entry: &Entry) -> Result<()> {
    if entry.is_removed() {
        return Err(Error::invalid(format!("a removal cannot be written to {path}: remove it")));
    }
    entry.content().map_or(Ok(()), |content| batch.require(content))
}
