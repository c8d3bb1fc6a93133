//! Plans: what a checkout does to each path, and why.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::id::{CheckpointId, ContentId};
use crate::object::FilePath;

/// What a checkout does, or has done, path by path.
///
/// A path is listed if the checkpoint has it or if an earlier checkout wrote it, and if it is in
/// the part that is checked out. What else is in the directory is not looked at and not touched.
/// Directories are made as entries need them, and removed where an earlier checkout made them and
/// nothing is left inside.
#[derive(Clone, Debug)]
pub struct CheckoutPlan {
    pub(super) directory: PathBuf,
    pub(super) checkpoint: Option<CheckpointId>,
    pub(super) steps: Vec<CheckoutStep>,
    pub(super) recorded: bool,
}

/// What happens to one path.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutStep {
    /// The path, relative to the directory.
    pub path: FilePath,
    /// What happens.
    pub action: CheckoutAction,
    /// Why.
    pub reason: CheckoutReason,
    /// What was there and is replaced, although no checkout wrote it: the bytes of the file or
    /// the target of the symlink. They are in the store before they are replaced.
    pub kept: Option<ContentId>,
    /// Why the path is left out, in words, where it is.
    pub why: Option<String>,
}

/// What happens to a path.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CheckoutAction {
    /// There is nothing yet, or an empty directory: the entry is written.
    Create,
    /// There is something else: the entry takes its place.
    Overwrite,
    /// An earlier checkout wrote what is there, and the checkpoint does not have it.
    Delete,
    /// Nothing.
    Leave,
    /// Nothing, although the checkpoint has an entry: it cannot be written.
    LeaveOut,
}

/// Why it happens to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CheckoutReason {
    /// Nothing is there.
    Missing,
    /// What is there is as an earlier checkout wrote it, and the checkpoint has another entry.
    Outdated,
    /// What is there was never written by a checkout.
    Foreign,
    /// What is there was changed since a checkout wrote it.
    Modified,
    /// The checkpoint has no such path.
    Gone,
    /// What is there is what the checkpoint has.
    Unchanged,
    /// Left out: the bytes were purged.
    Purged,
    /// Left out: the bytes were given up for lost.
    Lost,
    /// Left out: the bytes are in the store, or should be, and cannot be read.
    Unreadable,
    /// Left out: no checkout writes such a name or such a link, or this file system refuses it.
    Refused,
    /// Left out: a component of the path is longer than file systems accept.
    TooLong,
    /// Left out: the checkpoint has a file where the path needs a directory.
    Blocked,
    /// Left out: what is there would have to be kept first, and the store cannot be written.
    NotKept,
}

impl CheckoutAction {
    /// Returns the name that listings show.
    pub fn name(self) -> &'static str {
        match self {
            CheckoutAction::Create => "create",
            CheckoutAction::Overwrite => "overwrite",
            CheckoutAction::Delete => "delete",
            CheckoutAction::Leave => "leave",
            CheckoutAction::LeaveOut => "leave-out",
        }
    }
}

impl CheckoutReason {
    /// Returns the name that listings show.
    pub fn name(self) -> &'static str {
        match self {
            CheckoutReason::Missing => "missing",
            CheckoutReason::Outdated => "outdated",
            CheckoutReason::Foreign => "foreign",
            CheckoutReason::Modified => "modified",
            CheckoutReason::Gone => "gone",
            CheckoutReason::Unchanged => "unchanged",
            CheckoutReason::Purged => "purged",
            CheckoutReason::Lost => "lost",
            CheckoutReason::Unreadable => "unreadable",
            CheckoutReason::Refused => "refused",
            CheckoutReason::TooLong => "too-long",
            CheckoutReason::Blocked => "blocked",
            CheckoutReason::NotKept => "not-kept",
        }
    }
}

impl fmt::Display for CheckoutAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for CheckoutReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl CheckoutPlan {
    /// Returns the directory: absolute, without symlinks.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the checkpoint; none for a session that has none yet.
    pub fn checkpoint(&self) -> Option<CheckpointId> {
        self.checkpoint
    }

    /// Returns all steps, in the order of their paths.
    pub fn steps(&self) -> &[CheckoutStep] {
        &self.steps
    }

    /// Iterates over the steps of one action.
    pub fn with_action(&self, action: CheckoutAction) -> impl Iterator<Item = &CheckoutStep> {
        self.steps.iter().filter(move |step| step.action == action)
    }

    /// Iterates over what is created.
    pub fn create(&self) -> impl Iterator<Item = &CheckoutStep> {
        self.with_action(CheckoutAction::Create)
    }

    /// Iterates over what is overwritten.
    pub fn overwrite(&self) -> impl Iterator<Item = &CheckoutStep> {
        self.with_action(CheckoutAction::Overwrite)
    }

    /// Iterates over what is deleted.
    pub fn delete(&self) -> impl Iterator<Item = &CheckoutStep> {
        self.with_action(CheckoutAction::Delete)
    }

    /// Iterates over what is left as it is.
    pub fn leave(&self) -> impl Iterator<Item = &CheckoutStep> {
        self.with_action(CheckoutAction::Leave)
    }

    /// Iterates over what the checkpoint has and cannot be written, each with its reason and,
    /// in words, [why](CheckoutStep::why). Where there is any, the checkout is not whole.
    pub fn left_out(&self) -> impl Iterator<Item = &CheckoutStep> {
        self.with_action(CheckoutAction::LeaveOut)
    }

    /// Tells whether the store remembers what was written. It does not where it cannot be written:
    /// the next checkout then takes these files for somebody else's.
    pub fn is_recorded(&self) -> bool {
        self.recorded
    }

    /// Iterates over what others wrote, is replaced, and kept in the store.
    pub fn kept(&self) -> impl Iterator<Item = (&FilePath, ContentId)> {
        self.steps.iter().filter_map(|step| Some((&step.path, step.kept?)))
    }

    /// Tells whether everything is left as it is.
    pub fn is_empty(&self) -> bool {
        let is_idle = |action| matches!(action, CheckoutAction::Leave | CheckoutAction::LeaveOut);
        self.steps.iter().all(|step| is_idle(step.action))
    }
}
