//! Limits of the git import, with their reasons. Each is tested at, below and above.

use partita::limits::{CONTENT_BYTES_MAX, PATH_BYTES_MAX};

/// Bytes of a blob: what a content may have. A larger one is left out, or refused by choice.
const BLOB_BYTES_MAX: u64 = CONTENT_BYTES_MAX as u64;

/// Bytes of a tree or a commit, whose sizes are asked before a byte of them is read: a tree of
/// [`TREE_ENTRIES_MAX`] names of 255 bytes stays below.
const OBJECT_BYTES_MAX: u64 = 80 << 20;

/// Bytes of a blob that is read without asking for its size, and may be read ahead.
const SMALL_BYTES_MAX: u64 = 1 << 20;

/// Bytes in which a large blob may be decoded: one that git keeps as a change takes twice its own, and
/// the change's. By default git keeps none beyond 512 MiB as a change.
const DECODED_BYTES_MAX: u64 = 5 << 28;

/// Entries of one tree: the largest directories of public repositories have half of that.
const TREE_ENTRIES_MAX: usize = 1 << 18;

/// Files and directories of one commit, counted before any directory is opened for its files. Each
/// new one takes some 1,600 bytes of memory until its commit is recorded.
const COMMIT_ENTRIES_MAX: u64 = 1 << 19;

/// Directories within directories: a path has so many bytes, and each name and slash takes one.
const DEPTH_MAX: usize = PATH_BYTES_MAX / 2;

/// Bytes of blobs that one commit's search for renames may hold; beyond it only files that moved
/// unchanged are renames of that commit.
const SIMILARITY_BYTES_MAX: u64 = 256 << 20;

/// Trees whose sums are remembered, some 100 bytes each; beyond it they are summed anew.
const SUMS_MAX: usize = 1 << 18;

/// The limits of one import.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) blob_bytes: u64,
    pub(super) object_bytes: u64,
    pub(super) small_bytes: u64,
    pub(super) decoded_bytes: u64,
    pub(super) tree_entries: usize,
    pub(super) commit_entries: u64,
    pub(super) depth: usize,
    pub(super) similarity_bytes: u64,
    pub(super) sums: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            blob_bytes: BLOB_BYTES_MAX,
            object_bytes: OBJECT_BYTES_MAX,
            small_bytes: SMALL_BYTES_MAX,
            decoded_bytes: DECODED_BYTES_MAX,
            tree_entries: TREE_ENTRIES_MAX,
            commit_entries: COMMIT_ENTRIES_MAX,
            depth: DEPTH_MAX,
            similarity_bytes: SIMILARITY_BYTES_MAX,
            sums: SUMS_MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::grouped;

    #[test]
    fn the_page_of_the_command_has_the_limits_that_hold() {
        let page = include_str!("../../../../../docs/cli.md");
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = format!(
            "{} entries of a tree, {} files and directories of a commit, {} MiB of a tree or a \
             commit object. A file above {} GiB is left out",
            grouped(TREE_ENTRIES_MAX as u64),
            grouped(COMMIT_ENTRIES_MAX),
            OBJECT_BYTES_MAX >> 20,
            BLOB_BYTES_MAX >> 30
        );
        assert!(page.contains(&said), "{said}");
    }
}
