//! Faults: why an entry of a checkpoint cannot be written, found before anything is.

use std::collections::BTreeMap;

use super::plan::CheckoutReason;
use crate::error::{Error, ErrorKind, Result};
use crate::id::ContentId;
use crate::limits::TARGET_BYTES_MAX;
use crate::object::{Entry, FilePath, NameFault, is_target};
use crate::store::Store;
use crate::workspace::entries::{Entries, ancestors};
use crate::workspace::site::Site;

/// Why a path is left out: in one word, and in a sentence that begins with the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) reason: CheckoutReason,
    pub(super) why: String,
}

impl Fault {
    pub(super) fn new(reason: CheckoutReason, why: impl Into<String>) -> Self {
        Fault { reason, why: why.into() }
    }

    /// A content that cannot be had.
    pub(super) fn of_content(store: &Store, content: ContentId, error: &Error) -> Result<Self> {
        let reason = match store.tombstone(&content.id())? {
            Some(tombstone) if tombstone.lost => CheckoutReason::Lost,
            Some(_) => CheckoutReason::Purged,
            None => CheckoutReason::Unreadable,
        };
        Ok(Fault::new(reason, error.to_string()))
    }

    /// A name that this file system does not take.
    pub(super) fn of_name(error: &Error) -> Self {
        let cause = std::error::Error::source(error).map(ToString::to_string);
        let why = format!("this file system refuses the name: {}", cause.unwrap_or_default());
        Fault::new(CheckoutReason::Refused, why)
    }

    /// Tells whether the name itself cannot be on disk, so that there is nothing to look for.
    pub(super) fn is_of_name(&self) -> bool {
        matches!(self.reason, CheckoutReason::Refused | CheckoutReason::TooLong)
    }
}

/// Returns the entries of the part that cannot be written, whatever is in the directory.
pub(super) fn find(
    entries: &Entries,
    site: &Site,
    store: &Store,
) -> Result<BTreeMap<FilePath, Fault>> {
    let mut faults = BTreeMap::new();
    for (path, entry) in entries {
        let fault = match name(path, entry, site) {
            Some(fault) => Some(fault),
            None => match ancestors(path).find(|above| entries.contains_key(above)) {
                Some(above) => {
                    let why = format!("it needs a directory where {above} is a file");
                    Some(Fault::new(CheckoutReason::Blocked, why))
                }
                None => content(entry, store)?,
            },
        };
        if let Some(fault) = fault {
            faults.insert(path.clone(), fault);
        }
    }
    Ok(faults)
}

fn name(path: &FilePath, entry: &Entry, site: &Site) -> Option<Fault> {
    let refused = |why: String| Fault::new(CheckoutReason::Refused, why);
    let is_link = matches!(entry, Entry::Symlink { .. });
    let fault = if is_link { path.link_fault() } else { path.name_fault() };
    match fault {
        Some(fault @ NameFault::TooLong) => {
            Some(Fault::new(CheckoutReason::TooLong, format!("it {fault}")))
        }
        Some(fault) => Some(refused(format!("it {fault}"))),
        None if site.touches_store(path) => {
            Some(refused("it is in the place of the store's own directory".to_owned()))
        }
        None => path.platform_fault().map(|why| refused(format!("it {why}"))),
    }
}

fn content(entry: &Entry, store: &Store) -> Result<Option<Fault>> {
    let Some(content) = entry.content() else { return Ok(None) };
    match has_target(entry, content, store) {
        Ok(true) => Ok(None),
        Ok(false) => {
            let why = "it is a symlink whose target no system can hold";
            Ok(Some(Fault::new(CheckoutReason::Refused, why)))
        }
        Err(error) if error.kind() == ErrorKind::Io => Err(error),
        Err(error) => Fault::of_content(store, content, &error).map(Some),
    }
}

/// Tells whether the content is there and, for a symlink, can be its target.
fn has_target(entry: &Entry, content: ContentId, store: &Store) -> Result<bool> {
    store.require(content)?;
    if !matches!(entry, Entry::Symlink { .. }) {
        return Ok(true);
    }
    let size = store.content_size(content)?;
    Ok(size <= TARGET_BYTES_MAX as u64 && is_target(&store.read_content(content)?))
}
