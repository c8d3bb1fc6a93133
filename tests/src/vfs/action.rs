//! What a record consists of: calls that changed or synced something, and marks between them.

use std::sync::Arc;

use partita::vfs::SyncSite;

/// A file apart from its name, as an inode is.
pub type FileId = usize;

/// The directory that a name stands in.
pub(super) fn parent(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(parent, _)| parent)
}

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
    /// A file got a second name, which nothing had.
    Link {
        /// The name that it has.
        from: String,
        /// The name that it got.
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
            | Action::Link { to: name, .. }
            | Action::Rename { to: name, .. } => Some(parent(name)),
            _ => None,
        }
    }

    /// Returns the site, where the action is a sync.
    pub fn site(&self) -> Option<SyncSite> {
        match self {
            Action::Sync { site, .. } | Action::SyncDirectory { site, .. } => Some(*site),
            _ => None,
        }
    }
}
