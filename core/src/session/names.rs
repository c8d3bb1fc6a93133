//! Names of sessions and of the refs that hold them.

use crate::error::{Error, Result};
use crate::id::OperationId;
use crate::limits::NAME_BYTES_MAX;

/// The namespace of live sessions.
pub(super) const SESSION: &str = "session/";

/// The namespace of deleted sessions, by the id of their first operation.
const DELETED: &str = "deleted/";

/// Refuses a name that a listing, a shell or a ref could not carry.
pub(super) fn check_name(name: &str) -> Result<()> {
    let why = if name.is_empty() {
        "is empty"
    } else if name.len() > NAME_BYTES_MAX {
        "is longer than 255 bytes"
    } else if name.chars().any(char::is_control) {
        "has a control character"
    } else if name.trim() != name {
        "begins or ends with white space"
    } else if name.split('/').any(str::is_empty) {
        "has an empty component: no `/` at either end, no `//`"
    } else {
        return Ok(());
    };
    let shown: String = name.chars().take(80).collect();
    Err(Error::invalid(format!("session name {shown:?} {why}")))
}

pub(super) fn session_ref(name: &str) -> String {
    format!("{SESSION}{name}")
}

pub(super) fn deleted_ref(session: OperationId) -> String {
    format!("{DELETED}{session}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_the_limit_are_taken_and_beyond_it_refused() {
        for (name, holds) in [
            ("a".repeat(254), true),
            ("a".repeat(255), true),
            ("a".repeat(256), false),
            ("team/fix parser".into(), true),
            ("\u{e9}".into(), true),
            ("".into(), false),
            (" a".into(), false),
            ("a\u{a0}".into(), false),
            ("/a".into(), false),
            ("a/".into(), false),
            ("a//b".into(), false),
            ("a\nb".into(), false),
            ("a\u{85}b".into(), false),
        ] {
            assert_eq!(check_name(&name).is_ok(), holds, "{name:?}");
        }
    }
}
