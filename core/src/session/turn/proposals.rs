//! The proposals of a state.

use std::ops::Bound;

use crate::diff::FileDiff;
use crate::error::{Error, ErrorKind, Result};
use crate::id::ObjectId;
use crate::map::Value;
use crate::object::{Bytes, Decision, Entry, Revision};
use crate::session::line::evidence::LAST;
use crate::session::line::keys::{memory_key, memory_number};
pub use crate::session::line::proposed::ProposedChange;
use crate::session::line::proposed::{ProposalRow, changes_of};
use crate::session::line::roots::Root;
use crate::session::read::snapshot::{Snapshot, read_entry};

/// How a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProposalStatus {
    /// It is still being worked on: nobody is asked about it.
    Draft,
    /// Nobody has decided about the newest revision.
    Open,
    /// The newest revision was accepted, and is not applied.
    Accepted,
    /// The newest revision was rejected.
    Rejected,
    /// A revision was applied.
    Applied,
}

impl ProposalStatus {
    /// Returns the name that listings show.
    pub fn name(self) -> &'static str {
        match self {
            ProposalStatus::Draft => "draft",
            ProposalStatus::Open => "open",
            ProposalStatus::Accepted => "accepted",
            ProposalStatus::Rejected => "rejected",
            ProposalStatus::Applied => "applied",
        }
    }
}

impl std::fmt::Display for ProposalStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A revision of a proposal, with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RevisionEntry {
    /// What the revision is called: decisions name it.
    pub id: ObjectId,
    /// The revision.
    pub revision: Revision,
}

/// A proposal: a change of files that somebody put forward, in revisions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProposalEntry {
    /// Counts from 1; never given twice, so an undo leaves a gap.
    pub number: u64,
    /// Its revisions, oldest first; one at the least.
    pub revisions: Vec<RevisionEntry>,
    /// What was decided, oldest first. Each decision names a revision.
    pub decisions: Vec<Decision>,
    /// How it stands.
    pub status: ProposalStatus,
    /// The number of the revision that was applied; none for none.
    pub applied: Option<u64>,
}

impl ProposalEntry {
    pub(crate) fn of(number: u64, row: ProposalRow) -> Self {
        let status = match (row.applied, row.is_draft, row.verdict()) {
            (1.., ..) => ProposalStatus::Applied,
            (0, true, _) => ProposalStatus::Draft,
            (0, false, None) => ProposalStatus::Open,
            (0, false, Some(true)) => ProposalStatus::Accepted,
            (0, false, Some(false)) => ProposalStatus::Rejected,
        };
        let revisions = row.revisions.into_iter();
        ProposalEntry {
            number,
            revisions: revisions.map(|(id, revision)| RevisionEntry { id, revision }).collect(),
            decisions: row.decisions,
            status,
            applied: Some(row.applied).filter(|applied| *applied > 0),
        }
    }

    /// Returns the newest revision.
    pub fn newest(&self) -> &RevisionEntry {
        self.revisions.last().expect("a proposal has a revision")
    }

    /// Returns the revision of a number, or the newest where none is asked for.
    ///
    /// # Errors
    /// `NotFound` if there is none of the number.
    pub fn revision(&self, number: Option<u64>) -> Result<&RevisionEntry> {
        let Some(number) = number else { return Ok(self.newest()) };
        let found = self.revisions.iter().find(|entry| entry.revision.number == number);
        found.ok_or_else(|| {
            let newest = self.newest().revision.number;
            Error::not_found(format!(
                "proposal {} has no revision {number}: its newest is {newest}",
                self.number
            ))
        })
    }
}

impl Snapshot {
    /// Returns the proposals, oldest first.
    ///
    /// # Errors
    /// `Corrupt` if one cannot be read.
    pub fn proposals(&self) -> Result<Vec<ProposalEntry>> {
        let map = self.roots().map(Root::Proposals);
        let rows = map.range(&self.store, Bound::Included(&[0; 8]), Bound::Included(&LAST));
        rows.map(|row| {
            let (key, value) = row?;
            self.proposal_of(memory_number(&key)?, &value)
        })
        .collect()
    }

    /// Returns the proposal of a number.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub fn proposal(&self, number: u64) -> Result<ProposalEntry> {
        let map = self.roots().map(Root::Proposals);
        match map.get(&self.store, &memory_key(number))? {
            Some(value) => self.proposal_of(number, &value),
            None => Err(Error::not_found(format!("no proposal {number}"))),
        }
    }

    fn proposal_of(&self, number: u64, value: &Value) -> Result<ProposalEntry> {
        Ok(ProposalEntry::of(number, ProposalRow::of(&self.store, value)?))
    }

    /// Returns what a revision changes, in the order of paths.
    ///
    /// # Errors
    /// `Corrupt` if it cannot be read.
    pub fn proposed(&self, revision: &RevisionEntry) -> Result<Vec<ProposedChange>> {
        changes_of(&self.store, &revision.revision)
    }

    /// Returns what a revision changes as a patch, with the headers of git. What is gone for good is
    /// told as a line in place of its text.
    ///
    /// # Errors
    /// `Corrupt` if it cannot be read.
    pub fn proposed_patch(&self, revision: &RevisionEntry) -> Result<String> {
        let mut patch = Vec::new();
        for change in self.proposed(revision)? {
            let bytes = |entry: Option<&Entry>| -> Result<Bytes> {
                match entry {
                    None | Some(Entry::Removed | Entry::Submodule { .. }) => Ok(Bytes::default()),
                    Some(entry) => match read_entry(&self.store, &change.path, entry) {
                        Err(error) if error.kind().is_absence() => Ok(ABSENT.as_bytes().into()),
                        bytes => Ok(bytes?.into()),
                    },
                }
            };
            let before = bytes(change.before.as_ref())?;
            let after = bytes(Some(&change.after))?;
            let path = change.path.to_string_lossy();
            patch.extend_from_slice(format!("diff --git a/{path} b/{path}\n").as_bytes());
            let mode = |entry: Option<&Entry>| match entry {
                Some(Entry::File { executable: false, .. }) => Some("100644"),
                Some(Entry::File { executable: true, .. }) => Some("100755"),
                Some(Entry::Symlink { .. }) => Some("120000"),
                Some(Entry::Submodule { .. }) => Some("160000"),
                Some(Entry::Removed) | None => None,
            };
            let line = match (mode(change.before.as_ref()), mode(Some(&change.after))) {
                (None, Some(mode)) => format!("new file mode {mode}\n"),
                (Some(mode), None) => format!("deleted file mode {mode}\n"),
                (Some(old), Some(new)) if old != new => {
                    format!("old mode {old}\nnew mode {new}\n")
                }
                _ => String::new(),
            };
            patch.extend_from_slice(line.as_bytes());
            let old = if change.before.is_some() { format!("a/{path}") } else { NOTHING.into() };
            let is_left = change.after != Entry::Removed;
            let new = if is_left { format!("b/{path}") } else { NOTHING.into() };
            let diff = FileDiff::new(before, after);
            patch.extend(diff.unified_with(&*old, &*new).to_bytes());
        }
        Ok(String::from_utf8_lossy(&patch).into_owned())
    }
}

/// Stands in for bytes that are gone.
const ABSENT: &str = "[no longer stored]\n";
/// What a patch calls a file that is not there.
const NOTHING: &str = "/dev/null";

/// Tells whether an error says that something is gone for good.
pub(crate) fn is_gone(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Purged)
}
