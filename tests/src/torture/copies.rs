//! Copies of a store, and what can be read of one.

use std::fs::File;
use std::io;
use std::path::Path;

use partita::Store;

use super::worker::LOCK_WAIT;
use crate::command::copy_dir;
use crate::random::Random;

/// Copies a store while nobody writes to it: under its locks.
///
/// # Errors
/// What the system says.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if to.exists() {
        std::fs::remove_dir_all(to)?;
    }
    let mut locks = Vec::new();
    for name in ["maintenance", "lock"] {
        let path = from.join(name);
        if path.exists() {
            let lock = File::options().read(true).write(true).open(path)?;
            lock.lock()?;
            locks.push(lock);
        }
    }
    copy_dir(from, to);
    Ok(())
}

/// Returns a line for each session: its name, its newest checkpoint, its files and memories.
///
/// # Errors
/// What the store says.
pub(super) fn survey(dir: &Path) -> partita::Result<Vec<String>> {
    let options = Store::options().read_only(true).catalogue(false).lock_timeout(LOCK_WAIT);
    let store = options.open(dir)?;
    let mut rows = Vec::new();
    for entry in store.sessions() {
        let entry = entry?;
        let session = store.open_session(entry.name())?;
        let state = session.latest()?;
        let newest = state.checkpoint().map(|info| (info.number, info.id.to_string()));
        let log = session.log()?.collect::<partita::Result<Vec<_>>>()?.len();
        let files = state.files().collect::<partita::Result<Vec<_>>>()?.len();
        rows.push(format!(
            "session {} at {newest:?}: {log} checkpoints, {files} files",
            entry.name()
        ));
    }
    Ok(rows)
}

/// Returns a text that does not compress, so that it can be sought in the store's files.
pub(super) fn secret(random: &mut Random) -> String {
    (0..6).map(|_| format!("{:016x}", random.word())).collect()
}
