//! Sessions: files, memories and state that change together, and all that they ever were.
//!
//! The folders go one way, and `tests/src/law.rs` holds them to it: `line` is what stands in a store
//! for a session; `read` a fixed state; `account` what its tokens are spent on; `handle` the
//! [`Session`]; `history` what was before; `draft` edits on their way; `batch` their public face;
//! `change` one durable step each; `import` the history of others; `tokens` capacity and plans.

mod account;
mod batch;
mod change;
mod draft;
mod handle;
mod history;
mod import;
mod line;
mod merge;
mod read;
mod tokens;

#[cfg(test)]
mod tests;

pub use crate::context::ItemKey;
pub use batch::Batch;
pub(crate) use batch::alongside::Alongside;
pub use batch::compact::Summarizer;
pub use batch::report::{PairInView, ViewReport};
pub use batch::selector::Selector;
pub use change::deleted::DeletedSession;
pub use change::memories::Remembered;
pub use change::restore::{RestorePlan, RestoreScope};
pub use change::sessions::{SessionEntry, SessionSizes, Sessions};
pub use change::state::State;
pub use change::trim::{Trim, TrimReport};
pub use change::undo::UndoReport;
pub use draft::entry::NewEntry;
pub(crate) use draft::evidence::{Held, NewEvidence};
pub use handle::Session;
pub use history::blame::{Blame, BlameLine, BlameOrigin, BlamePrompt};
pub use history::iterations::History;
pub use history::log::{LogEntries, LogEntry};
pub use import::transcript::{TranscriptImport, TranscriptProgress};
pub use import::{Import, ImportStep};
pub use line::glob::{Glob, ViewRule};
pub use line::info::{CheckpointInfo, IterationInfo, OperationInfo};
pub use merge::base::MergeBase;
pub use merge::branches::MemoryBranch;
pub use merge::conflicts::Resolution;
pub use merge::learned::{BranchTokens, Learned, Overlap};
pub use merge::options::{
    CaseClash, KeptOurs, MergeOptions, MergeReport, MergeWay, MergedDialog, MergedSession,
};
pub use read::claims::{Applicability, ClaimEntry, ClaimStatus, Integrity, Judgement, Support};
pub use read::compare::Compared;
pub use read::conflicts::ConflictEntry;
pub(crate) use read::entries::{FileMap, entries};
pub use read::evidence::{Difference, EvidenceEntry, EvidenceOutcome};
pub use read::judge::StaleSince;
pub use read::memories::{FoundMemories, Memories, MemoryEntry};
pub use read::open_calls::OpenCall;
pub use read::runs::RunEntry;
pub use read::snapshot::{FileChange, FileChanges, FileEntry, Files, Snapshot};
pub use read::state::{StateEntries, StateEntry, StateSnapshot, StateValue};
pub use read::view::{MemoryState, View, ViewFile, ViewFiles, ViewMemories, ViewMemory};
pub use tokens::key::PlanKey;
pub use tokens::options::PlanOptions;
