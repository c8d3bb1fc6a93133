//! What is at a path.

use super::fields::object;
use crate::object::Entry;

object!(Entry, entry => {
    kind: match entry {
        Entry::File { .. } => "file",
        Entry::Symlink { .. } => "symlink",
        Entry::Submodule { .. } => "submodule",
        Entry::Removed => "removed",
    },
    executable: matches!(entry, Entry::File { executable: true, .. }),
    content: entry.content(),
    commit?: commit(entry),
});

/// A submodule's commit, in hexadecimal digits.
fn commit(entry: &Entry) -> Option<String> {
    let Entry::Submodule { commit } = entry else { return None };
    Some(commit.iter().map(|byte| format!("{byte:02x}")).collect())
}
