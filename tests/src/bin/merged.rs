//! Makes a store with merges and conflicts, in a directory that is not there yet.

use std::path::PathBuf;

fn main() -> partita::Result<()> {
    let directory = std::env::args_os().nth(1).map(PathBuf::from);
    partita_tests::merged::write(&directory.expect("usage: merged DIRECTORY"))
}
