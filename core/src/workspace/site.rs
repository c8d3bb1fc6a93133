//! Sites: where a checkout is to go, and where the store must not be touched.

use std::io::ErrorKind as IoKind;
use std::path::{Component, Path, PathBuf};

use super::directory::system_bytes;
use crate::error::{Error, Result};
use crate::limits::PATH_BYTES_MAX;
use crate::object::FilePath;

/// A directory to check out into.
#[derive(Debug)]
pub(super) struct Site {
    /// Absolute, and without symlinks as far as it exists.
    pub(super) path: PathBuf,
    pub(super) exists: bool,
    /// The store's directory, where that is below.
    store: Option<Vec<u8>>,
}

impl Site {
    /// Resolves a directory that may not exist yet.
    pub(super) fn new(directory: &Path, store: Option<&Path>) -> Result<Self> {
        let shown = directory.display();
        let path = match std::fs::canonicalize(directory) {
            Ok(path) if path.is_dir() => Some(path),
            Ok(_) => return Err(Error::invalid(format!("{shown} is no directory"))),
            Err(error) if error.kind() == IoKind::NotFound => None,
            Err(error) => return Err(Error::io(format!("resolve {shown}"), error)),
        };
        let exists = path.is_some();
        let path = path.map_or_else(|| resolve_missing(directory), Ok)?;
        if path.as_os_str().len() > PATH_BYTES_MAX {
            return Err(Error::invalid(format!("{shown} has a path of more than 4096 bytes")));
        }
        let store = store
            .map(std::fs::canonicalize)
            .transpose()
            .map_err(|error| Error::io("resolve the store's directory", error))?;
        if let Some(store) = &store
            && path.starts_with(store)
        {
            return Err(Error::invalid(format!(
                "{shown} is inside the store's own directory; choose another"
            )));
        }
        let store = store.and_then(|store| Some(relative(store.strip_prefix(&path).ok()?)));
        Ok(Site { path, exists, store })
    }

    /// Tells whether writing the path would touch the store, whatever the file system makes of
    /// case.
    pub(super) fn touches_store(&self, path: &FilePath) -> bool {
        let is_at_or_below = |path: &[u8], above: &[u8]| {
            path.get(..above.len()).is_some_and(|head| head.eq_ignore_ascii_case(above))
                && matches!(path.get(above.len()), None | Some(b'/'))
        };
        let path = path.as_bytes();
        self.store
            .as_deref()
            .is_some_and(|store| is_at_or_below(path, store) || is_at_or_below(store, path))
    }
}

/// Resolves what exists of the path, and takes the rest literally.
fn resolve_missing(directory: &Path) -> Result<PathBuf> {
    let shown = directory.display();
    let io = |error| Error::io(format!("resolve {shown}"), error);
    if std::fs::symlink_metadata(directory).is_ok() {
        return Err(Error::invalid(format!("{shown} is a symlink that leads nowhere")));
    }
    let absolute = std::path::absolute(directory).map_err(io)?;
    let mut missing = Vec::new();
    let mut above = absolute.as_path();
    loop {
        let (Some(name), Some(parent)) = (above.file_name(), above.parent()) else {
            return Err(Error::invalid(format!("{shown} has `..` after what does not exist")));
        };
        missing.push(name);
        above = parent;
        match std::fs::canonicalize(above) {
            Ok(mut path) if path.is_dir() => {
                path.extend(missing.iter().rev());
                return Ok(path);
            }
            Ok(_) => {
                return Err(Error::invalid(format!("{} is no directory", above.display())));
            }
            Err(error) if error.kind() == IoKind::NotFound => {
                if std::fs::symlink_metadata(above).is_ok() {
                    return Err(Error::invalid(format!(
                        "{} is a symlink that leads nowhere",
                        above.display()
                    )));
                }
            }
            Err(error) => return Err(io(error)),
        }
    }
}

/// Returns the bytes of a relative path with `/` between components.
fn relative(path: &Path) -> Vec<u8> {
    let components = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(system_bytes(Path::new(name))),
        _ => None,
    });
    components.collect::<Vec<_>>().join(&b'/')
}
