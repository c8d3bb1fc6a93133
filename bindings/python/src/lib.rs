//! The private module of the Python package `partita`: the core's types as Python classes.
//!
//! No logic of its own: each method takes its arguments over, lets go of the interpreter, calls the
//! core, and hands over what that returns.

mod batch;
mod block;
mod budget;
mod checkout;
mod command;
mod conflict;
mod context;
mod convert;
mod counter;
mod diff;
mod display;
mod error;
mod evidence;
mod files;
mod fork;
mod handle;
mod history;
mod id;
mod import;
mod json;
mod learned;
mod memory;
mod merge;
mod model_call;
mod oversight;
mod pages;
mod part;
mod path;
mod plan;
mod policy;
mod proposal;
mod response;
mod restore;
mod selected;
mod session;
mod shape;
mod snapshot;
mod spec;
mod state;
mod step;
mod store;
mod summarizing;
mod table;
mod tokens;
mod transcript;
mod turn;
mod upkeep;
mod value;
mod values;
mod view;
mod wait;
mod work;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _partita {
    #[pymodule_export]
    use crate::batch::Batch;
    #[pymodule_export]
    use crate::budget::{Account, Budget, Capacity, Item, Prices};
    #[pymodule_export]
    use crate::checkout::{CheckoutPlan, CheckoutStep, Kept};
    #[pymodule_export]
    use crate::command::_command;
    #[pymodule_export]
    use crate::conflict::{ConflictEntry, ConflictTerm};
    #[pymodule_export]
    use crate::context::{ContextDiff, ContextItem, Mend};
    #[pymodule_export]
    use crate::counter::{Calibration, Count, Counter};
    #[pymodule_export]
    use crate::diff::{Change, Diff, diff};
    #[pymodule_export]
    use crate::display::Graph;
    #[pymodule_export]
    use crate::error::error_codes;
    #[pymodule_export]
    use crate::evidence::{BlameLine, Claim, Comparison, Evidence};
    #[pymodule_export]
    use crate::files::{Entry, FileChange, Files, Paths};
    #[pymodule_export]
    use crate::fork::{_after_fork_in_child, _after_fork_in_parent, _before_fork};
    #[pymodule_export]
    use crate::history::{Checkpoint, History, Iteration, Log, LogEntry, Operation, UndoReport};
    #[pymodule_export]
    use crate::id::ObjectId;
    #[pymodule_export]
    use crate::import::{Horizon, Import};
    #[pymodule_export]
    use crate::learned::{BranchTokens, Learned, MemoryBranch, Overlap};
    #[pymodule_export]
    use crate::memory::{Memories, Memory};
    #[pymodule_export]
    use crate::merge::{CaseClash, KeptOurs, MergeBase, MergeReport, MergedSession};
    #[pymodule_export]
    use crate::model_call::{ModelCall, Usage};
    #[pymodule_export]
    use crate::oversight::{CallAttempt, CallEntry, CallTotals, Finding, Gate};
    #[pymodule_export]
    use crate::part::Part;
    #[pymodule_export]
    use crate::plan::{Plan, PlanCost, PlanStep};
    #[pymodule_export]
    use crate::policy::Policy;
    #[pymodule_export]
    use crate::proposal::{Applied, Decision, Proposal, Revision};
    #[pymodule_export]
    use crate::response::{Response, read_response};
    #[pymodule_export]
    use crate::restore::RestorePlan;
    #[pymodule_export]
    use crate::session::Session;
    #[pymodule_export]
    use crate::snapshot::Snapshot;
    #[pymodule_export]
    use crate::state::{State, StateList, StateRows};
    #[pymodule_export]
    use crate::step::{StepEntry, Work};
    #[pymodule_export]
    use crate::store::{DeletedSession, SessionEntry, SessionSizes, Sessions, Stats, Store};
    #[pymodule_export]
    use crate::tokens::{MessagePlan, count, plan, render};
    #[pymodule_export]
    use crate::transcript::{Remarks, Report, TranscriptImport};
    #[pymodule_export]
    use crate::turn::{Turn, TurnEntry};
    #[pymodule_export]
    use crate::upkeep::{
        CheckReport, Fault, GcReport, LostVersion, PurgeReport, RecoverReport, RecoveredSession,
        Tombstone, UnreadLog, recover,
    };
    #[pymodule_export]
    use crate::view::{OpenCall, View, ViewFile, ViewMemory, ViewReport, ViewRule};
    #[pymodule_export]
    use crate::work::{Capture, LeftOut, Loss, Run, Workspace};
}
