//! Line and word diffs, and unified patches. The only module that knows the diff crate.
//!
//! A diff is made when somebody looks, and is never stored or hashed: another version of this
//! library may find another one for the same pair.

mod change;
mod edit;
mod merge;
mod token;
mod unified;

pub use change::{Change, ChangeKind};
pub use merge::{TextConflict, TextMerge, merge};
pub use unified::Unified;

use self::edit::Same;
use self::token::Tokens;
use crate::limits::DIFF_BYTES_MAX;
use crate::object::Bytes;

/// Bytes at the head of a file in which git looks for a NUL, and so do we.
const BINARY_PROBE_BYTES: usize = 8_000;

/// Compares two versions of a file, given as bytes.
///
/// The work is bounded, whatever the bytes: where two long stretches have too little in common to
/// be compared line by line, one is said to replace the other. The outcome depends on the bytes
/// alone.
///
/// ```
/// let diff = partita::diff::file(b"one\ntwo\n", b"one\nthree\n");
/// assert_eq!(
///     diff.unified_with("a/count", "b/count").to_string(),
///     "--- a/count\n+++ b/count\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n"
/// );
/// ```
pub fn file(old: &[u8], new: &[u8]) -> FileDiff {
    FileDiff::new(old, new)
}

/// How one version of a file differs from another.
///
/// ```
/// let diff = partita::diff::file(b"fn a() {}\n", b"fn b() {}\n");
/// assert!(!diff.is_binary());
/// assert_eq!((diff.stats().added, diff.stats().removed), (1, 1));
/// let words: Vec<_> = diff.words().map(|change| change.text).collect();
/// assert_eq!(words, [&b"fn "[..], b"a", b"b", b"() {}\n"]);
/// ```
#[derive(Clone, Debug)]
pub struct FileDiff {
    old: Bytes,
    new: Bytes,
    /// None for binary files, which have no lines.
    lines: Option<Lines>,
}

/// Both versions as lines, and the lines that they share.
#[derive(Clone, Debug)]
struct Lines {
    old: Tokens,
    new: Tokens,
    same: Vec<Same>,
}

/// How many lines a diff adds and removes.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiffStats {
    /// Lines that only the new version has.
    pub added: u64,
    /// Lines that only the old version has.
    pub removed: u64,
}

impl FileDiff {
    /// Compares two versions, as [`file()`] does, without copying them.
    pub fn new(old: impl Into<Bytes>, new: impl Into<Bytes>) -> Self {
        let (old, new) = (old.into(), new.into());
        let lines = (!is_binary(&old) && !is_binary(&new)).then(|| {
            let (old, new) = (Tokens::lines(&old), Tokens::lines(&new));
            (old, new)
        });
        let lines = lines.map(|(old_lines, new_lines)| {
            let same = edit::compare((&old, &old_lines), (&new, &new_lines), &mut edit::budget());
            Lines { old: old_lines, new: new_lines, same }
        });
        FileDiff { old, new, lines }
    }

    /// Returns both versions, the old one first.
    pub fn sides(&self) -> (&Bytes, &Bytes) {
        (&self.old, &self.new)
    }

    /// Tells whether either version is binary: a NUL among its first 8,000 bytes, which is git's
    /// rule, or more than [`DIFF_BYTES_MAX`] bytes. Binary files have no lines, words or stats.
    pub fn is_binary(&self) -> bool {
        self.lines.is_none()
    }

    /// Tells whether both versions are the same bytes.
    pub fn is_empty(&self) -> bool {
        self.old == self.new
    }

    /// Counts the lines added and removed.
    pub fn stats(&self) -> DiffStats {
        let Some(lines) = &self.lines else { return DiffStats::default() };
        let shared: usize = lines.same.iter().map(|same| same.len).sum();
        DiffStats {
            added: (lines.new.len() - shared) as u64,
            removed: (lines.old.len() - shared) as u64,
        }
    }

    /// Iterates over the lines of both versions, in order: those that are equal, those deleted,
    /// those inserted. A line includes its line feed, where it has one.
    pub fn lines(&self) -> impl Iterator<Item = Change<'_>> {
        change::lines(self)
    }

    /// Iterates over the words of both versions: like [`lines`](Self::lines), but where lines
    /// replace lines, only the words that differ are deleted and inserted. Neighbours of one kind
    /// come as one change, with the number of the line in which it begins.
    ///
    /// A word is a run of letters, digits, `_` and bytes above ASCII.
    pub fn words(&self) -> impl Iterator<Item = Change<'_>> {
        change::words(self)
    }

    /// Returns the unified patch from `a` to `b`, to print, to take as bytes, or to shape further.
    pub fn unified(&self) -> Unified<'_> {
        self.unified_with("a", "b")
    }

    /// Returns the unified patch with the names that its first two lines show; `/dev/null` is the
    /// name of a version that does not exist.
    pub fn unified_with(
        &self,
        old_name: impl AsRef<[u8]>,
        new_name: impl AsRef<[u8]>,
    ) -> Unified<'_> {
        Unified::new(self, old_name.as_ref(), new_name.as_ref())
    }
}

fn is_binary(bytes: &[u8]) -> bool {
    bytes.len() > DIFF_BYTES_MAX || bytes[..bytes.len().min(BINARY_PROBE_BYTES)].contains(&0)
}

#[cfg(test)]
mod tests;
