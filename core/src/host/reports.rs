//! Reports that a command writes: read after it ran, and only if it wrote them.

use std::fs::File;
use std::path::Path;

use super::sandbox::Sandbox;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::REPORT_BYTES_MAX;
use crate::object::FilePath;
use crate::workspace::local::LocalTree;
use crate::workspace::tree::{Look, Sort, Tree as _};

/// What a report was before the command ran: it must be something else afterwards.
#[derive(Debug)]
pub(super) struct Before(Option<Look>);

/// Looks at a report before the command runs.
pub(super) fn before(sandbox: &mut dyn Sandbox, path: &Path) -> Before {
    Before(look(sandbox, path).ok())
}

/// Reads a report after the command ran; says why where it cannot be had.
pub(super) fn after(
    sandbox: &mut dyn Sandbox,
    path: &Path,
    before: &Before,
) -> std::result::Result<Vec<u8>, String> {
    let found = look(sandbox, path).map_err(|error| error.to_string())?;
    let is_old = is_as_it_was(&found, before);
    match found {
        Look::Bytes { sort: Sort::Symlink, .. } => {
            Err("it is a symbolic link, which is not followed".to_owned())
        }
        Look::Bytes { .. } if is_old => {
            Err("the command did not write it: it is as it was before".to_owned())
        }
        Look::Bytes { bytes, .. } => Ok(bytes),
        Look::TooLarge(size) => {
            Err(format!("it has {size} bytes, at most {REPORT_BYTES_MAX} are read"))
        }
        Look::Unstable => Err("it changed while it was read, each time".to_owned()),
        Look::Gone => Err("there is no such file".to_owned()),
        Look::Unreadable(why) => Err(why),
    }
}

/// Tells whether nobody wrote it since. What the system says of it decides, where it says anything;
/// of other sandboxes the bytes.
fn is_as_it_was(now: &Look, before: &Before) -> bool {
    match (now, &before.0) {
        (
            Look::Bytes { bytes, stat, .. },
            Some(Look::Bytes { bytes: old_bytes, stat: old_stat, .. }),
        ) => match (stat, old_stat) {
            (Some(stat), Some(old)) => stat == old,
            _ => bytes == old_bytes,
        },
        _ => false,
    }
}

fn look(sandbox: &mut dyn Sandbox, path: &Path) -> Result<Look> {
    let most = REPORT_BYTES_MAX as u64;
    let Some(directory) = sandbox.directory() else {
        let path = FilePath::new(path.as_os_str().as_encoded_bytes())?;
        return match sandbox.read(&path, most) {
            Ok(bytes) => {
                Ok(Look::Bytes { bytes, sort: Sort::File { executable: false }, stat: None })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Look::Gone),
            Err(error) if error.kind() == ErrorKind::Invalid => Ok(Look::TooLarge(most + 1)),
            Err(error) => Err(error),
        };
    };
    let (directory, path) = match path.is_absolute() {
        true => {
            let name = path.file_name().ok_or_else(|| Error::invalid("a path without a name"))?;
            (path.parent().unwrap_or(Path::new("/")), Path::new(name))
        }
        false => (directory, path),
    };
    let path: std::path::PathBuf = path.components().collect();
    let path = FilePath::new(path.as_os_str().as_encoded_bytes())?;
    let file = match File::open(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Look::Gone),
        file => file.map_err(|error| Error::io("open the report's directory", error))?,
    };
    let tree = LocalTree::new(file, None);
    tree.map_err(|error| Error::io("open the report's directory", error))?.read(&path, most)
}
