//! Makes a store with evidence and claims, in a directory that is not there yet.

use std::path::PathBuf;

fn main() -> partita::Result<()> {
    let directory = std::env::args_os().nth(1).map(PathBuf::from);
    let room = tempfile::tempdir().expect("a directory");
    partita_tests::proven::write(&directory.expect("usage: proven DIRECTORY"), room.path())
}
