//! The files of a checkpoint, by path.

use std::collections::BTreeMap;

use crate::object::{Entry, FilePath};

/// The entries of a checkpoint by path.
pub(super) type Entries = BTreeMap<FilePath, Entry>;

/// Iterates over the directories that a path needs, the innermost first.
pub(super) fn ancestors(path: &FilePath) -> impl Iterator<Item = FilePath> {
    let bytes = path.as_bytes();
    let ends = (0..bytes.len()).rev().filter(|&at| bytes[at] == b'/');
    ends.map(|at| FilePath::new(&bytes[..at]).expect("the head of a path is a path"))
}
