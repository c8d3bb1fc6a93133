//! Where a catalogue is: the directory `catalogue` in the store's, and what it may hold.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::store::removal::remove_tree;

/// The catalogue's directory in the store's.
const DIRECTORY: &str = "catalogue";
/// The marker of an orderly closing.
pub(super) const MARKER: &str = "closed";
/// The marker while it is being written.
pub(super) const MARKER_DRAFT: &str = "closed.tmp";
/// What the name of a table's directory begins with; 16 hexadecimal digits follow.
const TABLE: &str = "table-";

/// The place of the catalogue of a store, by its directory and its uuid.
#[derive(Debug)]
pub(in crate::store) struct Place {
    store: PathBuf,
    #[cfg_attr(
        not(all(feature = "catalogue", panic = "unwind")),
        expect(dead_code, reason = "only tables are somebody's")
    )]
    pub(super) uuid: [u8; 16],
    #[cfg_attr(
        not(all(feature = "catalogue", panic = "unwind")),
        expect(dead_code, reason = "only new tables are named by chance")
    )]
    entropy: fn(&mut [u8]) -> Result<()>,
}

impl Place {
    pub(in crate::store) fn new(
        store: &Path,
        uuid: [u8; 16],
        entropy: fn(&mut [u8]) -> Result<()>,
    ) -> Self {
        Place { store: store.to_owned(), uuid, entropy }
    }

    /// Returns the path of a name in the catalogue's directory.
    #[cfg(all(feature = "catalogue", panic = "unwind"))]
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.store.join(DIRECTORY).join(name)
    }

    /// Removes all that a catalogue left, and nothing else.
    pub(super) fn remove(&self) -> Result<()> {
        remove(&self.store)
    }

    /// Removes the marker and every table but one.
    #[cfg(all(feature = "catalogue", panic = "unwind"))]
    pub(super) fn remove_but(&self, kept: Option<&str>) -> io::Result<()> {
        remove_but(&self.store, kept)
    }
}

/// Removes all that the catalogue of a store in a directory left, and nothing else.
pub(in crate::store) fn remove(store: &Path) -> Result<()> {
    remove_but(store, None).map_err(|error| {
        let path = store.join(DIRECTORY);
        Error::io(format!("remove the catalogue; delete {} and try again", path.display()), error)
    })
}

/// Removes the marker and every table but one. Follows no link: not even the directory may be one,
/// for whoever put it there did not mean what is behind it to go.
fn remove_but(store: &Path, kept: Option<&str>) -> io::Result<()> {
    let directory = store.join(DIRECTORY);
    let is_ours = match fs::symlink_metadata(&directory) {
        Ok(found) => found.is_dir(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(error),
    };
    if !is_ours {
        return Ok(());
    }
    for entry in fs::read_dir(&directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| Some(*name) != kept) else { continue };
        let removed = if is_table(name) && entry.file_type()?.is_dir() {
            remove_tree(&entry.path())
        } else if name == MARKER || name == MARKER_DRAFT {
            fs::remove_file(entry.path())
        } else {
            continue;
        };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Tells whether a name is a table's.
pub(super) fn is_table(name: &str) -> bool {
    name.strip_prefix(TABLE).is_some_and(|digits| {
        digits.len() == 16 && digits.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(all(feature = "catalogue", panic = "unwind"))]
impl Place {
    /// Makes the directory, unless something else is there.
    pub(super) fn create(&self) -> Option<()> {
        let directory = self.store.join(DIRECTORY);
        match fs::create_dir(&directory) {
            Ok(()) => Some(()),
            Err(_) => {
                fs::symlink_metadata(&directory).is_ok_and(|found| found.is_dir()).then_some(())
            }
        }
    }

    /// Returns a name that no table has had.
    pub(super) fn new_table(&self) -> Option<String> {
        let mut random = [0; 8];
        (self.entropy)(&mut random).ok()?;
        Some(format!("{TABLE}{:016x}", u64::from_le_bytes(random)))
    }
}
