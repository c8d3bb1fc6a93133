//! The files of a sandbox: a directory of this machine, or what it lists and reads.

use std::path::PathBuf;

use super::sandbox::{Listed, ListedKind, Sandbox};
use crate::error::{ErrorKind, Result};
use crate::object::{FilePath, OperationKind};
use crate::session::{Batch, Held, Session, Snapshot};
use crate::store::go_on;
use crate::workspace::ground::{Ground, capture as capture_ground, held as held_under};
use crate::workspace::tree::{Found, Listing, Look, Sort, Tree};
use crate::workspace::{Capture, CaptureOptions};

/// Takes what changed in a sandbox into the session, as
/// [`Workspace::capture`](crate::workspace::Workspace::capture) does of a directory. Of a sandbox
/// that is no directory of this machine every file is listed and read: how many bytes that is, the
/// [progress](crate::workspace::CaptureProgress) of a capture says.
///
/// # Errors
/// As there, and what the sandbox says.
pub fn capture(
    session: &Session,
    sandbox: &mut dyn Sandbox,
    options: &CaptureOptions,
) -> Result<Capture> {
    if let Some(directory) = sandbox.directory() {
        return session.workspace(directory).with_options(options.clone()).capture();
    }
    let mut batch = session.begin()?;
    batch.set_kind(OperationKind::Capture);
    let capture = capture_into(session, sandbox, options, &mut batch)?;
    batch.message(&capture.line())?;
    let done = batch.finish()?;
    let now = Snapshot::new(session.store(), done.head.point.clone());
    Ok(capture.at(now.checkpoint().cloned(), done.changed))
}

/// Adds what changed in a sandbox to a batch.
pub(super) fn capture_into(
    session: &Session,
    sandbox: &mut dyn Sandbox,
    options: &CaptureOptions,
    batch: &mut Batch,
) -> Result<Capture> {
    if let Some(directory) = sandbox.directory() {
        let workspace = session.workspace(directory).with_options(options.clone());
        return batch.capture(&workspace);
    }
    let name = name_of(sandbox)?;
    let ground = Ground {
        shown: PathBuf::from(String::from_utf8_lossy(&name).trim_start_matches('\0')),
        name,
        tree: Box::new(SandboxTree(sandbox)),
        store: None,
        root: None,
        lock: None,
    };
    capture_ground(session, options, ground, batch, &mut go_on)
}

/// What a sandbox held when it was captured last.
pub(super) fn held(session: &Session, sandbox: &mut dyn Sandbox) -> Result<Held> {
    match sandbox.directory() {
        Some(directory) => session.workspace(directory).held(),
        None => held_under(session, &name_of(sandbox)?),
    }
}

/// The name that the files of a sandbox are recorded under: what no path of a system is.
pub(super) fn name_of(sandbox: &mut dyn Sandbox) -> Result<Vec<u8>> {
    let said = sandbox.describe()?;
    let files = said.files.unwrap_or(said.instance);
    Ok(format!("\0{}:{files}", said.provider).into_bytes())
}

/// A sandbox as a tree.
struct SandboxTree<'a>(&'a mut dyn Sandbox);

impl Tree for SandboxTree<'_> {
    fn list(&mut self, directory: &[u8]) -> Result<Listing> {
        let path = match directory {
            [] => None,
            path => Some(FilePath::new(path)?),
        };
        let listed = match self.0.list(path.as_ref()) {
            Ok(listed) => listed,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Listing::Gone),
            Err(error) => return Err(error),
        };
        let is_name = |row: &Listed| {
            !row.name.is_empty()
                && row.name != b"."
                && row.name != b".."
                && !row.name.contains(&b'/')
        };
        let found = listed.into_iter().filter(is_name).map(|row| Found {
            sort: match row.kind {
                ListedKind::File { executable } => Sort::File { executable },
                ListedKind::Symlink(_) => Sort::Symlink,
                ListedKind::Directory => Sort::Directory,
                ListedKind::Special => Sort::Special,
            },
            name: row.name,
            size: row.size,
            stat: None,
            is_mount: false,
        });
        Ok(Listing::Names(found.collect()))
    }

    fn read(&mut self, path: &FilePath, bytes_max: u64) -> Result<Look> {
        // What it is now, for it may be something else than what was listed.
        let bytes = path.as_bytes();
        let at = bytes.iter().rposition(|&byte| byte == b'/');
        let above = at.map(|at| FilePath::new(&bytes[..at])).transpose()?;
        let name = &bytes[at.map_or(0, |at| at + 1)..];
        let listed = match self.0.list(above.as_ref()) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Look::Gone),
            listed => listed?,
        };
        let Some(row) = listed.into_iter().find(|row| row.name == name) else {
            return Ok(Look::Gone);
        };
        let sort = match row.kind {
            ListedKind::Symlink(bytes) => {
                return Ok(Look::Bytes { bytes, sort: Sort::Symlink, stat: None });
            }
            ListedKind::File { executable } => Sort::File { executable },
            ListedKind::Directory | ListedKind::Special => return Ok(Look::Gone),
        };
        if row.size > bytes_max {
            return Ok(Look::TooLarge(row.size));
        }
        match self.0.read(path, bytes_max) {
            Ok(bytes) => Ok(Look::Bytes { bytes, sort, stat: None }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Look::Gone),
            Err(error) if error.kind() == ErrorKind::Invalid => Ok(Look::TooLarge(row.size)),
            Err(error) => Err(error),
        }
    }

    fn now(&mut self) -> Option<(i64, u32)> {
        None
    }
}
