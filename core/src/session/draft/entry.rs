//! What a path is to hold.

use crate::object::{Bytes, Entry};

/// What is to be at a path.
///
/// An [`Entry`] that the store holds is one too: its bytes are named again, neither read nor hashed.
///
/// ```
/// use partita::{NewEntry, Store};
/// let session = Store::in_memory()?.session("tools")?;
/// session.batch(|b| {
///     b.write_entry("run.sh", NewEntry::file("echo hi\n").executable())?;
///     b.write_entry("latest", NewEntry::symlink("run.sh"))
/// })?;
/// assert_eq!(session.read("latest")?, b"run.sh");
/// let entry = session.latest()?.entry("run.sh")?.expect("it was just written");
/// session.batch(|b| b.write_entry("copy.sh", entry.clone()))?;
/// assert_eq!(session.latest()?.entry("copy.sh")?, Some(entry));
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NewEntry {
    /// A regular file.
    File {
        /// Its bytes.
        bytes: Bytes,
        /// Whether it may be executed.
        executable: bool,
    },
    /// A symbolic link.
    Symlink {
        /// The bytes of its target, kept as they are and never followed.
        target: Bytes,
    },
    /// Another repository at a commit.
    Submodule {
        /// The raw bytes of the commit's id.
        commit: Vec<u8>,
    },
    /// What an iteration holds, of any session of the same store: a removal cannot be written.
    Stored(Entry),
}

impl From<Entry> for NewEntry {
    fn from(entry: Entry) -> Self {
        NewEntry::Stored(entry)
    }
}

impl NewEntry {
    /// Makes a regular file.
    pub fn file(bytes: impl AsRef<[u8]>) -> Self {
        NewEntry::File { bytes: bytes.as_ref().into(), executable: false }
    }

    /// Makes a symbolic link.
    pub fn symlink(target: impl AsRef<[u8]>) -> Self {
        NewEntry::Symlink { target: target.as_ref().into() }
    }

    /// Makes a submodule at a commit.
    pub fn submodule(commit: impl AsRef<[u8]>) -> Self {
        NewEntry::Submodule { commit: commit.as_ref().to_vec() }
    }

    /// Lets a regular file be executed; leaves other entries as they are.
    #[must_use]
    pub fn executable(mut self) -> Self {
        if let NewEntry::File { executable, .. }
        | NewEntry::Stored(Entry::File { executable, .. }) = &mut self
        {
            *executable = true;
        }
        self
    }
}
