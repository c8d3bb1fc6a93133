//! Makes a store as a later version leaves it, in a directory that is not there yet.

use std::path::PathBuf;

fn main() -> partita::Result<()> {
    let directory = std::env::args_os().nth(1).map(PathBuf::from);
    partita_tests::later::write(&directory.expect("usage: later DIRECTORY"))
}
