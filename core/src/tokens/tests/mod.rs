//! Counts against the reference: tiktoken's Rust crate, called directly.

mod counts;
mod hostile;
mod text;
