//! What a turn leaves in a store: the rules it goes by, how far it is, what a host was asked to do and
//! what came of it.

mod outcome;
mod policy;
mod progress;
mod start;
mod step;

pub use outcome::{CallAttempt, StepEnd, StepOutcome};
pub use policy::{
    Asks, Complexity, Effect, Policy, Review, RolePolicy, Route, Rule, Severity, Stage, ToolPolicy,
    TurnLimits,
};
pub use progress::{EndReason, Phase, TurnProgress};
pub use start::{DriverId, TurnStart};
pub use step::{Purpose, Question, QuestionCall, StepIntent, StepWork};
