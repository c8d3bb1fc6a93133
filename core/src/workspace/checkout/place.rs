//! What is done to one path, after a last look at what is there.

use super::draft::{Job, Seen, see};
use super::fault::Fault;
use crate::error::{ErrorKind, Result};
use crate::object::Entry;
use crate::store::Store;
use crate::workspace::directory::{Directory, is_name_refused, moved};

pub(super) fn delete(disk: &mut Directory, job: &Job) -> Result<()> {
    let path = &job.step.path;
    if let Some(Entry::Submodule { .. }) = job.seen {
        // An empty directory, which goes with the others that nothing needs.
        return Ok(());
    }
    check_unmoved(disk, job)?;
    disk.remove_file(path)
}

/// Writes an entry; returns why it cannot be written, whatever is done.
pub(super) fn place(
    store: &Store,
    disk: &mut Directory,
    job: &Job,
    temporary: &str,
) -> Result<Option<Fault>> {
    let path = &job.step.path;
    let replace = job.seen.is_some();
    let bytes = match job.entry.as_ref().and_then(Entry::content) {
        Some(content) => match store.read_content(content) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::Io => return Err(error),
            Err(error) => return Fault::of_content(store, content, &error).map(Some),
        },
        None => [].into(),
    };
    if replace {
        check_unmoved(disk, job)?;
    }
    let placed = match &job.entry {
        Some(Entry::File { executable, .. }) => {
            disk.place_file(path, temporary, &bytes, *executable, replace)
        }
        Some(Entry::Symlink { .. }) => disk.place_symlink(path, temporary, &bytes, replace),
        Some(Entry::Submodule { .. }) => {
            if replace {
                disk.remove_file(path)?;
            }
            disk.make_dir(path).map(drop)
        }
        Some(Entry::Removed) | None => Ok(()),
    };
    match placed {
        Err(error) if is_name_refused(&error) => Ok(Some(Fault::of_name(&error))),
        placed => placed.map(|()| None),
    }
}

/// Makes sure that what goes is what the plan saw, and, where it was kept, is in the store.
fn check_unmoved(disk: &mut Directory, job: &Job) -> Result<()> {
    match (see(disk, &job.step.path)?, &job.seen) {
        (Seen::Entry(now), Some(then)) if now == *then => Ok(()),
        _ => Err(moved(&job.step.path)),
    }
}

pub(super) fn kept_bytes(disk: &mut Directory, job: &Job) -> Result<Vec<u8>> {
    let path = &job.step.path;
    match job.seen {
        Some(Entry::Symlink { .. }) => disk.read_link(path),
        _ => disk.read(path),
    }
}
