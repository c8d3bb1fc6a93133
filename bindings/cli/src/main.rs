//! The command `partita`.

mod import;

fn main() {}
