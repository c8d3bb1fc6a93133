//! Where a repository is, and whose.

use std::path::{Path, PathBuf};

use partita::Result;

use crate::upward::{System, find};

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
