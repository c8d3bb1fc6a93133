//! The command `partita`.

mod args;
mod failure;
mod import;
mod output;
mod progress;

fn main() {}
