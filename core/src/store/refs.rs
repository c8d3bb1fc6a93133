//! The names of refs: which namespaces there are, and what stands in them.

use crate::id::{ObjectId, OperationId};

pub(crate) use crate::log::PURGED;

/// Live sessions, by their names.
pub(crate) const SESSION: &str = "session/";
/// Deleted sessions, by the id of their first operation.
pub(crate) const DELETED: &str = "deleted/";
/// The newest checkout into a directory, by the content id of the directory's bytes.
pub(crate) const CHECKOUT: &str = "checkout/";
/// Pinned checkpoints, by session and number.
pub(crate) const PIN: &str = "pin/";
/// Where the history of trimmed sessions ends, by session.
pub(crate) const HORIZON: &str = "horizon/";
/// The map of what was given up for lost: id to tombstone.
pub(crate) const LOST: &str = "lost";
/// What the newest recovery did and found: a content.
pub(crate) const RECOVERY: &str = "recovery";
/// Where sessions stand that a recovery found and knows no name of.
pub(crate) const RECOVERED: &str = "session/recovered/";

pub(crate) fn session_ref(name: &str) -> String {
    format!("{SESSION}{name}")
}

pub(crate) fn deleted_ref(session: OperationId) -> String {
    format!("{DELETED}{session}")
}

pub(crate) fn checkout_ref(directory: ObjectId) -> String {
    format!("{CHECKOUT}{directory}")
}

/// The pins of a session.
pub(crate) fn pins_of(session: OperationId) -> String {
    format!("{PIN}{session}/")
}

/// A number in sixteen digits, so that names are in the order of numbers.
pub(crate) fn pin_ref(session: OperationId, checkpoint: u64) -> String {
    format!("{}{checkpoint:016x}", pins_of(session))
}

pub(crate) fn horizon_ref(session: OperationId) -> String {
    format!("{HORIZON}{session}")
}

/// The session in whose name a pin, a horizon or a deleted session's ref stands, and what of the
/// name is behind it.
pub(crate) fn session_in<'a>(name: &'a str, namespace: &str) -> Option<(OperationId, &'a str)> {
    let rest = name.strip_prefix(namespace)?;
    let (id, rest) = rest.split_at_checked(2 * ObjectId::LEN)?;
    Some((OperationId::new(id.parse().ok()?), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_as_they_were_made() {
        let session = OperationId::new(ObjectId::of_content(b"s"));
        let pin = pin_ref(session, 77);
        assert_eq!(session_in(&pin, PIN), Some((session, "/000000000000004d")));
        assert_eq!(session_in(&horizon_ref(session), HORIZON), Some((session, "")));
        assert_eq!(session_in(&deleted_ref(session), DELETED), Some((session, "")));
        for other in ["pin/1/content", "pin/", "session/a", "pin/\u{e9}"] {
            assert_eq!(session_in(other, PIN), None, "{other}");
        }
    }
}
