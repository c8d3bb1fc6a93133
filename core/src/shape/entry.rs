//! Paths, and what is at one.

use super::fields::object;
use super::read::{bytes_of, field, from_json, text_of};
use crate::json::Json;
use crate::object::{Entry, FilePath};

object!(FilePath, path => {
    path: path.to_string_lossy(),
    path_bytes?: path.as_str().is_none().then(|| path.as_bytes()),
});

from_json!(FilePath, json => {
    if let Json::String(text) = json {
        return FilePath::new(text);
    }
    match json.get("path_bytes") {
        Some(bytes) => FilePath::new(bytes_of(bytes)?),
        None => FilePath::new(text_of(field(json, "path")?, "a path")?),
    }
});

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
