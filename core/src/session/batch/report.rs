//! What an edit of the view did.

use crate::object::FilePath;
use crate::session::line::info::CheckpointInfo;

/// A file in view: a path and the number of one of its iterations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct PairInView {
    /// Which file.
    pub path: FilePath,
    /// Which iteration.
    pub number: u64,
}

/// What an edit of the view did, and what it left alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ViewReport {
    /// The memories that the selector named, by number; a summary by the first that it covers.
    pub named: Vec<u64>,
    /// The memories that were added, so that no exchange is torn.
    pub widened: Vec<u64>,
    /// The summaries that stand for named memories, each taken whole: first and last number.
    pub summaries: Vec<(u64, u64)>,
    /// The memories whose part in the view changed; a summary by the first that it covers.
    pub changed: Vec<u64>,
    /// The memories that would have changed but for a pin in their exchange.
    pub pinned: Vec<u64>,
    /// The files that went out of view.
    pub files_out: Vec<PairInView>,
    /// The files that came into view.
    pub files_in: Vec<PairInView>,
    /// The files in view that were pinned or unpinned.
    pub files_changed: Vec<PairInView>,
    /// The files that would have gone out of view but for their pin.
    pub files_pinned: Vec<PairInView>,
    /// Whether what hides files to come changed.
    pub rules: bool,
    /// The session's newest checkpoint after it; none where nothing changed, and in a batch.
    pub checkpoint: Option<CheckpointInfo>,
}

impl ViewReport {
    /// Adds what a later edit of the same batch did.
    pub(crate) fn add(&mut self, more: ViewReport) {
        self.named.extend(more.named);
        self.widened.extend(more.widened);
        self.summaries.extend(more.summaries);
        self.changed.extend(more.changed);
        self.pinned.extend(more.pinned);
        self.files_out.extend(more.files_out);
        self.files_in.extend(more.files_in);
        self.files_changed.extend(more.files_changed);
        self.files_pinned.extend(more.files_pinned);
        self.rules |= more.rules;
    }

    /// Tells whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty()
            && self.files_out.is_empty()
            && self.files_in.is_empty()
            && self.files_changed.is_empty()
            && !self.rules
    }
}
