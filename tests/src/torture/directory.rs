//! Directories that are checked out into, compared with the state that they were to get.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use partita::Snapshot;

use crate::source::files_below;

/// The directory that one place alone checks out into.
pub(super) fn own(dir: &Path, slot: usize) -> PathBuf {
    dir.join("out").join(slot.to_string())
}

/// The directory that all places check out into.
pub(super) fn shared(dir: &Path) -> PathBuf {
    dir.join("out").join("shared")
}

/// Compares a directory with a state. As many files as `left` may be there besides: those that the
/// checkout said that it leaves alone.
///
/// # Errors
/// What differs, in a line.
pub(super) fn compare(dir: &Path, state: &Snapshot, left: usize) -> Result<(), String> {
    let mut wanted = BTreeMap::new();
    for file in state.files() {
        let file = file.map_err(|error| error.to_string())?;
        match file.read() {
            Ok(bytes) => drop(wanted.insert(file.path.to_string(), bytes)),
            // What was purged cannot be written.
            Err(error) if error.kind() == partita::ErrorKind::Purged => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    let mut besides = 0;
    for file in files_below(dir) {
        let path = file.strip_prefix(dir).expect("listed below it").to_string_lossy().into_owned();
        let bytes = std::fs::read(&file).map_err(|error| format!("{path}: {error}"))?;
        match wanted.remove(&path) {
            Some(expected) if expected == bytes => {}
            Some(_) => return Err(format!("{path} has other bytes")),
            None => besides += 1,
        }
    }
    if let Some(path) = wanted.keys().next() {
        return Err(format!("{path} is missing"));
    }
    if besides > left {
        return Err(format!("{besides} files are there that the state has not, {left} were told"));
    }
    Ok(())
}
