//! How sessions are merged, and what came of it.

use crate::object::FilePath;
use crate::session::batch::compact::Summarizer;
use crate::session::line::info::CheckpointInfo;
use crate::session::merge::base::MergeBase;

/// What becomes of the dialogs of the sessions that are merged. All of it is in the session
/// afterwards, whatever is in view.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum MergedDialog<'a> {
    /// It is not in view.
    OutOfView,
    /// It is in view as it was there.
    Whole,
    /// A summary stands for each session's, by a host's summarizer. It is asked again where another
    /// writer came first.
    Summary(&'a dyn Summarizer),
}

impl std::fmt::Debug for MergedDialog<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            MergedDialog::OutOfView => "OutOfView",
            MergedDialog::Whole => "Whole",
            MergedDialog::Summary(_) => "Summary",
        })
    }
}

/// How sessions are merged.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct MergeOptions<'a> {
    /// What becomes of the dialogs that come. If nobody says, they are out of view; but where nothing
    /// happened here since, the state comes as it is there.
    pub dialog: Option<MergedDialog<'a>>,
}

impl<'a> MergeOptions<'a> {
    /// Makes the options that a merge has by itself.
    pub fn new() -> Self {
        MergeOptions::default()
    }

    /// Sets what becomes of the dialogs that come.
    #[must_use]
    pub fn dialog(mut self, dialog: MergedDialog<'a>) -> Self {
        self.dialog = Some(dialog);
        self
    }
}

/// What a merge did, or would do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MergeReport {
    /// The sessions that were merged, in their order.
    pub sessions: Vec<MergedSession>,
    /// The checkpoint with all of it; of a plan, and where nothing was new, the newest that there is.
    pub checkpoint: Option<CheckpointInfo>,
    /// Whether the session has something that it had not.
    pub changed: bool,
    /// How many paths hold something else than before.
    pub files: u64,
    /// Paths that are in conflict since this merge, in their order.
    pub conflicts: Vec<FilePath>,
    /// Paths that the two sides added and that differ in case alone. Both are there; a file system that
    /// takes them for one name holds one of them.
    pub case_clashes: Vec<CaseClash>,
    /// What beside files both sides changed, and whose was kept.
    pub kept: Vec<KeptOurs>,
}

impl MergeReport {
    /// Tells whether nothing is in conflict that was not before, and nothing of the others was left out.
    pub fn is_clean(&self) -> bool {
        self.conflicts.is_empty() && self.kept.is_empty()
    }
}

/// A session that was merged into another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MergedSession {
    /// Its name.
    pub name: String,
    /// The checkpoint that was merged; none where it had none.
    pub checkpoint: Option<CheckpointInfo>,
    /// What both came from.
    pub base: MergeBase,
    /// How it came in.
    pub way: MergeWay,
    /// How many memories came with it.
    pub memories: u64,
    /// How many pieces of evidence came with it.
    pub evidence: u64,
    /// How many claims came with it.
    pub claims: u64,
}

/// How a session came into another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MergeWay {
    /// It had nothing new.
    UpToDate,
    /// Nothing had happened here since they parted: its state is the new one.
    FastForward,
    /// Both states were united.
    Merged,
}

impl MergeWay {
    /// Returns the name that listings show.
    pub fn name(self) -> &'static str {
        match self {
            MergeWay::UpToDate => "up-to-date",
            MergeWay::FastForward => "fast-forward",
            MergeWay::Merged => "merged",
        }
    }
}

impl std::fmt::Display for MergeWay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Two paths that differ in the case of letters alone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaseClash {
    /// The one that this session added.
    pub ours: FilePath,
    /// The one that the other session added.
    pub theirs: FilePath,
}

/// Something beside files that two sides changed differently. Ours was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeptOurs {
    /// What it is: `instructions`, `tools`, `state KEY`, `gate NAME`, `pin of memory NUMBER`.
    pub what: String,
    /// The session whose change was not taken.
    pub theirs: String,
}
