//! Merge conflicts on their way into a checkpoint: those that a merge makes, and those that an edit
//! takes away.

use std::collections::{BTreeMap, HashSet};

use crate::map::Map;
use crate::object::{FilePath, MergeConflict};

/// What a draft does to merge conflicts.
#[derive(Debug, Default)]
pub(crate) struct ConflictsDraft {
    /// Those that it makes or changes, by their paths.
    pub(crate) made: BTreeMap<FilePath, MergeConflict>,
    /// Paths that were said to be resolved.
    pub(crate) resolved: HashSet<FilePath>,
    /// Paths that were given what they hold already: they count as changed.
    pub(crate) kept: HashSet<FilePath>,
    /// Those of an earlier state, which come back with its files.
    pub(crate) back: Option<Map>,
}

/// Tells whether a text has a line that begins with a marker of exactly this many signs.
pub(super) fn has_markers(text: &[u8], size: usize) -> bool {
    text.split(|&byte| byte == b'\n').any(|line| match line.first() {
        Some(&sign @ (b'<' | b'|' | b'=' | b'>')) if line.len() >= size => {
            let (marker, rest) = line.split_at(size);
            marker.iter().all(|&byte| byte == sign)
                && rest.first().is_none_or(|&next| next == b' ' || next == b'\r')
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_has_exactly_its_signs_and_a_blank_behind_them() {
        for (text, holds) in [
            ("<<<<<<< a\n", true),
            ("x\n=======\ny\n", true),
            ("x\n>>>>>>> b (no line feed at the end)", true),
            ("|||||||\r\n", true),
            ("", false),
            ("======\n", false),
            ("========\n", false),
            (" =======\n", false),
            ("=======x\n", false),
            ("<<<<<<<", true),
        ] {
            assert_eq!(has_markers(text.as_bytes(), 7), holds, "{text:?}");
        }
    }
}
