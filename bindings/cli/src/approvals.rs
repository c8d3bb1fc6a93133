//! Commands that this user has run: those alone run again without a question.
//!
//! They stand in a file of the user's, not in a store: a store may be somebody else's, and its words
//! must not decide what runs here.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use partita::ObjectId;

/// Bytes of the file that are read.
const BYTES_MAX: u64 = 16 << 20;

/// The file of approvals, if the user has a place for it.
fn file() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let state = state.filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(std::env::home_dir()?.join(".local/state")))?;
    Some(state.join("partita/approved"))
}

/// A row: the store, by its place, and the command, by its id.
fn row(store: &Path, command: ObjectId) -> String {
    let store = store.canonicalize().unwrap_or_else(|_| store.to_owned());
    let store = ObjectId::of_content(store.as_os_str().as_encoded_bytes());
    format!("{store} {command}")
}

/// Notes that this user runs a command.
pub(crate) fn note(store: &Path, command: ObjectId) -> io::Result<()> {
    if is_approved(store, command) {
        return Ok(());
    }
    let file = file().ok_or(io::ErrorKind::NotFound)?;
    if let Some(above) = file.parent() {
        fs::create_dir_all(above)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // One write, so that two at once do not mix.
    options.open(file)?.write_all(format!("{}\n", row(store, command)).as_bytes())
}

/// Tells whether this user has run a command.
pub(crate) fn is_approved(store: &Path, command: ObjectId) -> bool {
    let Some(file) = file() else { return false };
    let is_small = fs::metadata(&file).is_ok_and(|found| found.len() <= BYTES_MAX);
    let text = if is_small { fs::read_to_string(file).unwrap_or_default() } else { String::new() };
    let row = row(store, command);
    text.lines().any(|line| line == row)
}
