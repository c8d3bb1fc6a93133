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
mod turn;

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
pub(crate) use line::names::first_line;
pub(crate) use line::steps::{APPROVE, StepRow, UNKNOWN};
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
pub use turn::apply::Applied;
pub(crate) use turn::apply::Tried;
pub use turn::calls::{CallEntry, CallTotals};
pub use turn::findings::FindingEntry;
pub use turn::gates::GateEntry;
pub use turn::proposals::{ProposalEntry, ProposalStatus, ProposedChange, RevisionEntry};
pub use turn::propose::ChangeSet;
pub(crate) use turn::propose::Put;
pub(crate) use turn::roles::check_role;
pub use turn::sees::Sight;
pub(crate) use turn::steps::choices;
pub use turn::steps::{StepAttempt, StepEntry, TurnEntry};
pub(crate) use turn::work::{StepPlace, TurnWork, arguments_id, schema_id, shorten};
