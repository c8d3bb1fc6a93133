//! What operations do: a number in version 1, a name from version 2 on.

use std::fmt;

use crate::error::{Error, Result};
use crate::limits::OPERATION_NAME_BYTES_MAX;

/// What an operation did.
///
/// Each kind has a name. A name that this version does not know is
/// [`Named`](OperationKind::Named): a host's, or one of a later version.
///
/// ```
/// use partita::object::OperationKind;
/// assert_eq!(OperationKind::from_name("write")?, OperationKind::Write);
/// let deploy = OperationKind::from_name("acme/deploy")?;
/// assert_eq!(deploy.name(), "acme/deploy");
/// assert!(OperationKind::from_name("Not a name").is_err());
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OperationKind {
    /// The session began, empty.
    Create,
    /// The session began as a copy of another's checkpoint.
    Fork,
    /// A file was written.
    Write,
    /// A file was removed.
    Remove,
    /// A file was renamed.
    Rename,
    /// A memory was appended.
    Remember,
    /// A host's keyed value was changed.
    State,
    /// Several of these at once.
    Batch,
    /// A file or a checkpoint was brought back.
    Restore,
    /// The operation before was taken back.
    Undo,
    /// Checkpoints were recorded from another source.
    Import,
    /// The session got another name.
    RenameSession,
    /// The session was deleted; its bytes wait for gc.
    DeleteSession,
    /// Older history gave way to a horizon.
    Trim,
    /// Memories were taken out of the view.
    Forget,
    /// Memories came back into the view.
    Recall,
    /// Files were taken out of the view, also those to come.
    Hide,
    /// Files were put into the view.
    Show,
    /// Outdated iterations in view gave way to the newest.
    Refresh,
    /// Results of tools are shown shortened.
    TrimResults,
    /// A summary was laid over memories.
    Compact,
    /// Summaries were taken off again.
    Expand,
    /// Memories or files in view were pinned.
    Pin,
    /// Memories or files in view were unpinned.
    Unpin,
    /// The instructions were set.
    SetInstructions,
    /// The tools were set.
    SetTools,
    /// The sandbox state was set.
    SetSandbox,
    /// A plan for the view was applied.
    Plan,
    /// The newest undo was taken back.
    Redo,
    /// A deleted session came back.
    UndeleteSession,
    /// What changed in a directory was taken into the session.
    Capture,
    /// A command is to run.
    BeginRun,
    /// A command ran.
    Run,
    /// The session was paused.
    Pause,
    /// The session was resumed.
    Resume,
    /// Something was claimed.
    Claim,
    /// A report was taken in as evidence.
    ImportEvidence,
    /// Other sessions were merged into this one.
    Merge,
    /// A merge conflict was resolved.
    Resolve,
    /// A turn began.
    BeginTurn,
    /// A host is to do steps of a turn.
    BeginSteps,
    /// What came of a step of a turn.
    Step,
    /// Another driver took a turn over.
    TakeOver,
    /// A turn ended, or was cancelled.
    EndTurn,
    /// Somebody decided: about a call, a revision, a finding.
    Decide,
    /// A change of files was proposed, or proposed anew.
    Propose,
    /// A proposal was applied.
    Apply,
    /// Oversight reported something.
    Find,
    /// The gates were set.
    SetGates,
    /// What this name says: a host's word, or one of a later version.
    Named(OperationName),
}

/// The kinds of version 1, at their numbers.
const NUMBERED: [(OperationKind, &str); 28] = [
    (OperationKind::Create, "create"),
    (OperationKind::Fork, "fork"),
    (OperationKind::Write, "write"),
    (OperationKind::Remove, "remove"),
    (OperationKind::Rename, "rename"),
    (OperationKind::Remember, "remember"),
    (OperationKind::State, "state"),
    (OperationKind::Batch, "batch"),
    (OperationKind::Restore, "restore"),
    (OperationKind::Undo, "undo"),
    (OperationKind::Import, "import"),
    (OperationKind::RenameSession, "rename-session"),
    (OperationKind::DeleteSession, "delete-session"),
    (OperationKind::Trim, "trim"),
    (OperationKind::Forget, "forget"),
    (OperationKind::Recall, "recall"),
    (OperationKind::Hide, "hide"),
    (OperationKind::Show, "show"),
    (OperationKind::Refresh, "refresh"),
    (OperationKind::TrimResults, "trim-results"),
    (OperationKind::Compact, "compact"),
    (OperationKind::Expand, "expand"),
    (OperationKind::Pin, "pin"),
    (OperationKind::Unpin, "unpin"),
    (OperationKind::SetInstructions, "set-instructions"),
    (OperationKind::SetTools, "set-tools"),
    (OperationKind::SetSandbox, "set-sandbox"),
    (OperationKind::Plan, "plan"),
];

/// The kinds of version 2 that this version knows.
const KNOWN_NAMES: [(OperationKind, &str); 21] = [
    (OperationKind::Redo, "redo"),
    (OperationKind::UndeleteSession, "undelete-session"),
    (OperationKind::Capture, "capture"),
    (OperationKind::BeginRun, "begin-run"),
    (OperationKind::Run, "run"),
    (OperationKind::Pause, "pause"),
    (OperationKind::Resume, "resume"),
    (OperationKind::Claim, "claim"),
    (OperationKind::ImportEvidence, "import-evidence"),
    (OperationKind::Merge, "merge"),
    (OperationKind::Resolve, "resolve"),
    (OperationKind::BeginTurn, "begin-turn"),
    (OperationKind::BeginSteps, "begin-steps"),
    (OperationKind::Step, "step"),
    (OperationKind::TakeOver, "take-over"),
    (OperationKind::EndTurn, "end-turn"),
    (OperationKind::Decide, "decide"),
    (OperationKind::Propose, "propose"),
    (OperationKind::Apply, "apply"),
    (OperationKind::Find, "find"),
    (OperationKind::SetGates, "set-gates"),
];

impl OperationKind {
    /// Returns the name that listings show.
    pub fn name(&self) -> &str {
        match self {
            OperationKind::Named(name) => name.as_str(),
            known => known.known_name(),
        }
    }

    /// Returns the kind of a name: 1 to 64 bytes of `a-z`, `0-9`, `-`, `_` and `.` in parts that
    /// begin with a letter and are joined by `/`.
    ///
    /// # Errors
    /// `Invalid` for a name that cannot be.
    pub fn from_name(name: &str) -> Result<Self> {
        if let Some((kind, _)) = Self::known().find(|(_, known)| *known == name) {
            return Ok(kind);
        }
        OperationName::new(name).map(OperationKind::Named)
    }

    /// The kinds with a meaning here, and their names.
    pub(crate) fn known() -> impl Iterator<Item = (OperationKind, &'static str)> {
        NUMBERED.into_iter().chain(KNOWN_NAMES)
    }

    /// The number that version 1 has for the kind.
    pub(super) fn number(&self) -> Option<usize> {
        NUMBERED.iter().position(|(kind, _)| kind == self)
    }

    pub(super) fn from_number(number: u64) -> Option<Self> {
        let (kind, _) = NUMBERED.get(usize::try_from(number).ok()?)?;
        Some(*kind)
    }

    fn known_name(&self) -> &'static str {
        let found = Self::known().find(|(kind, _)| kind == self);
        found.expect("what has no name of its own stands in a table").1
    }
}

/// The name of a kind of operation that this version does not know.
/// [`OperationKind::from_name`] makes it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OperationName {
    len: u8,
    /// Zeros behind the name, so that equal names are equal bytes.
    bytes: [u8; OPERATION_NAME_BYTES_MAX],
}

impl OperationName {
    fn new(name: &str) -> Result<Self> {
        if name.is_empty() || name.len() > OPERATION_NAME_BYTES_MAX {
            return Err(Error::invalid(format!(
                "the name of an operation has 1 to {OPERATION_NAME_BYTES_MAX} bytes, got {}",
                name.len()
            )));
        }
        if !name.split('/').all(is_part) {
            return Err(Error::invalid(format!(
                "{name:?} names no operation: write parts of a-z, 0-9, -, _ and . that begin with \
                 a letter, joined by /"
            )));
        }
        let mut bytes = [0; OPERATION_NAME_BYTES_MAX];
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        Ok(OperationName { len: name.len() as u8, bytes })
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).expect("letters of ASCII alone")
    }

    /// Tells whether it is a host's own: such a name has two parts or more.
    pub fn is_of_host(&self) -> bool {
        self.as_str().contains('/')
    }
}

impl fmt::Debug for OperationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

fn is_part(part: &str) -> bool {
    let rest = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    match part.as_bytes() {
        [b'a'..=b'z', others @ ..] => others.iter().all(rest),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_kind_has_its_own_name_and_numbers_are_places_in_their_table() {
        for (at, (kind, name)) in NUMBERED.into_iter().enumerate() {
            assert_eq!(
                (kind.number(), OperationKind::from_number(at as u64)),
                (Some(at), Some(kind))
            );
            assert_eq!(kind.name(), name);
        }
        assert_eq!(OperationKind::from_number(NUMBERED.len() as u64), None);
        let names: std::collections::BTreeSet<_> =
            OperationKind::known().map(|(_, name)| name).collect();
        assert_eq!(names.len(), OperationKind::known().count());
        for (kind, name) in OperationKind::known() {
            assert_eq!(OperationKind::from_name(name).unwrap(), kind);
            assert!(OperationName::new(name).is_ok_and(|name| !name.is_of_host()), "{name}");
        }
    }

    #[test]
    fn names_are_short_plain_and_printable() {
        let long = "n".repeat(OPERATION_NAME_BYTES_MAX);
        for name in ["a", "teleport", "acme/deploy", "a/b/c", "x-1_y.z", &long] {
            let kind = OperationKind::from_name(name).unwrap();
            assert_eq!(kind.name(), name);
            assert!(
                matches!(kind, OperationKind::Named(own) if own.is_of_host() == name.contains('/'))
            );
        }
        let longer = "n".repeat(OPERATION_NAME_BYTES_MAX + 1);
        for name in
            ["", "A", "a b", "1a", "-a", "a/", "/a", "a//b", "a\n", "\u{e9}", "a\0", &longer]
        {
            let error = OperationKind::from_name(name).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Invalid, "{name:?}");
        }
    }
}
