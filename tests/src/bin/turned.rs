//! Makes a store with turns, in a directory that is not there yet.

use std::path::PathBuf;

fn main() -> partita::Result<()> {
    let directory = std::env::args_os().nth(1).map(PathBuf::from);
    partita_tests::turned::write(&directory.expect("usage: turned DIRECTORY"))
}
