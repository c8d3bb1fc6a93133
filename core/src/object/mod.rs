//! What is stored: contents, which are bytes, and nodes, which are everything else.
//!
//! Every node is one envelope, `{kind, version, refs, body}`. `refs` lists the ids that the node
//! refers to, in the order in which its body consumes them, so whoever walks the graph needs no
//! knowledge of kinds. Values with a meaning have a [`Canonical`] form over the envelope.

pub(crate) mod clock;
mod memory;
mod model_call;
mod part;
#[cfg(feature = "store")]
mod stored;
mod time;

pub use crate::id::Prefix;
pub use memory::{Memory, MemoryKind, Role};
pub use model_call::{ModelCall, Usage};
pub use part::{Body, Part};
#[cfg(feature = "store")]
pub use stored::{
    AsPath, Asks, BodyReader, BodyWriter, Bytes, CallAttempt, Canonical, Checkout, Checkpoint,
    Choice, Claim, CommandLine, Complexity, ConflictTerm, DecidedBy, Decision, DecisionAbout,
    Direction, Directory, DriverId, Effect, EndReason, Entry, Environment, Evidence, EvidenceRun,
    Exit, FilePath, Finding, Gate, Horizon, Inputs, Iteration, Kind, LeftOut, LeftOutReason,
    MergeConflict, NameFault, Node, Objects, Operation, OperationKind, OperationName, Phase,
    Policy, Purpose, Question, QuestionCall, RefReader, Report, Results, Review, Revision,
    RolePolicy, Route, Rule, Run, RunOutcome, RunOutput, RunSandbox, Samples, Scope, Series,
    Severity, Stage, StepEnd, StepIntent, StepOutcome, StepWork, TestOutcome, TestResult, TestSums,
    Tombstone, ToolPolicy, Trace, TurnLimits, TurnProgress, TurnStart, UnreadReport,
};
#[cfg(all(test, feature = "store"))]
pub(crate) use stored::{ENCODED, golden};
#[cfg(feature = "store")]
pub(crate) use stored::{OUTPUTS, is_target, jumps_far, origin_of, read, room};
pub use time::Timestamp;
