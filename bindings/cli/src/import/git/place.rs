//! Where a repository is, and whose.

use std::io;
use std::path::{Path, PathBuf};

use partita::Result;

use crate::upward::{System, find};

/// Tells whether the user who runs this owns a path, as git asks it: under `sudo`, the one who
/// called it counts too.
pub(crate) fn is_own(path: &Path) -> io::Result<bool> {
    Ok(gix::sec::Trust::from_path_ownership(path)? == gix::sec::Trust::Full)
}

/// Returns the work tree or repository that a path names, or is in, as git looks for it upward. What
/// is found above and belongs to another user is refused; what is named itself is taken.
pub(super) fn repository(path: &Path) -> Result<PathBuf> {
    let is_repository = path.join(".git").exists() || path.join("objects").is_dir();
    let (false, true, Ok(full)) = (is_repository, path.is_dir(), path.canonicalize()) else {
        return Ok(path.to_owned());
    };
    let found = find(&System, &full, ".git", ("the git repository", "name its work tree"))?;
    Ok(found.unwrap_or_else(|| path.to_owned()))
}
