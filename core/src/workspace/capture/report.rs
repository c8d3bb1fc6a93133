//! What a capture did or would do.

use std::path::{Path, PathBuf};

use crate::object::{FilePath, LeftOut, LeftOutReason};
use crate::session::CheckpointInfo;

/// What a capture took from a directory, or what [`status`](super::Workspace::status) says it would.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    pub(super) directory: PathBuf,
    pub(super) checkpoint: Option<CheckpointInfo>,
    pub(super) is_new: bool,
    pub(super) changes: Changes,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) is_partial: bool,
}

/// How a directory differs from what it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) added: Vec<FilePath>,
    pub(super) changed: Vec<FilePath>,
    pub(super) removed: Vec<FilePath>,
    pub(super) renamed: Vec<Renamed>,
    pub(super) parted: Vec<FilePath>,
}

/// A file that was moved in a directory, and perhaps changed on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Renamed {
    /// Where it was.
    pub from: FilePath,
    /// Where it is.
    pub to: FilePath,
}

impl Capture {
    /// Returns the directory: absolute, without symlinks.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the session's checkpoint after the capture; none in a session that is still empty.
    pub fn checkpoint(&self) -> Option<&CheckpointInfo> {
        self.checkpoint.as_ref()
    }

    /// Tells whether the capture made that checkpoint. It makes none where nothing changed.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Returns the files that are new, in the order of their paths.
    pub fn added(&self) -> &[FilePath] {
        &self.changes.added
    }

    /// Returns the files with other bytes, another kind or another executable bit.
    pub fn changed(&self) -> &[FilePath] {
        &self.changes.changed
    }

    /// Returns the files that are gone.
    pub fn removed(&self) -> &[FilePath] {
        &self.changes.removed
    }

    /// Returns the files that were moved. Their history goes on at the new path.
    pub fn renamed(&self) -> &[Renamed] {
        &self.changes.renamed
    }

    /// Returns the paths that both the directory and the session changed since they last agreed. The
    /// directory's bytes are the newest iteration, before them stands the session's; a file that only
    /// the directory removed stays in the session.
    pub fn parted(&self) -> &[FilePath] {
        &self.changes.parted
    }

    /// Returns what was left out, with the reasons, in the order of the paths.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Tells whether the time ran out before all was looked at. The next capture goes on.
    pub fn is_partial(&self) -> bool {
        self.is_partial
    }

    /// Tells whether all was taken that was meant to be: nothing was unreadable, unstable, above a
    /// limit, or too late. What an ignore file or the caller excludes was not meant to be.
    pub fn is_whole(&self) -> bool {
        !self.is_partial && !self.left_out.iter().any(|left_out| left_out.reason.is_missed())
    }

    /// Says at which checkpoint it is, and whether it made that.
    pub(crate) fn at(self, checkpoint: Option<CheckpointInfo>, is_new: bool) -> Self {
        Capture { checkpoint, is_new, ..self }
    }

    /// Says in a line what changed.
    pub(crate) fn line(&self) -> String {
        self.changes.line()
    }

    /// Tells whether no file differs.
    pub fn is_unchanged(&self) -> bool {
        self.changes.is_empty()
    }

    /// Counts what was left out for a reason.
    pub fn count_left_out(&self, reason: LeftOutReason) -> usize {
        self.left_out.iter().filter(|left_out| left_out.reason == reason).count()
    }
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        self.added.is_empty()
            && self.changed.is_empty()
            && self.removed.is_empty()
            && self.renamed.is_empty()
    }

    /// Says in a line what changed.
    pub(super) fn line(&self) -> String {
        let counts = [
            (self.added.len(), "added"),
            (self.changed.len(), "changed"),
            (self.removed.len(), "removed"),
            (self.renamed.len(), "renamed"),
        ];
        let said: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        match said.is_empty() {
            true => "what is left out changed".to_owned(),
            false => said.join(", "),
        }
    }
}
