//! Removal of directories of files that can be derived anew.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// How often the removal of a directory begins anew because others fill it meanwhile.
const TRIES: u32 = 1_000;

/// Removes a directory that others may fill or remove meanwhile. What they put into it goes too.
pub(super) fn remove_tree(directory: &Path) -> io::Result<()> {
    let mut tries = 0;
    loop {
        match fs::remove_dir_all(directory) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty && tries < TRIES => {
                tries += 1;
            }
            result => return result,
        }
    }
}
