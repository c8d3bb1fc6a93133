//! Whose a path is.

use std::io;
use std::path::Path;

/// Tells whether the user who runs this owns a path, as git asks it: under `sudo`, the one who
/// called it counts too.
pub(crate) fn is_own(path: &Path) -> io::Result<bool> {
    Ok(gix::sec::Trust::from_path_ownership(path)? == gix::sec::Trust::Full)
}
