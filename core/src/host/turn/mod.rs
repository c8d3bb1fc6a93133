//! The turn loop: models in roles, tools with effects, proposals that are reviewed, gates that run by
//! themselves, and a record of all of it.
//!
//! A [`Turn`] says what can be done ([`next`](Turn::next)), the host does it with its own models, tools
//! and sandboxes, and says what came of it ([`supply`](Turn::supply)). The loop's state is the
//! session's: it survives a crash at every step. `docs/orchestration.md` in the repository has the loop
//! in one picture.
//!
//! | I want to | call |
//! |---|---|
//! | begin a turn; go on with one | [`Turn::begin`], [`Turn::resume`] |
//! | say who works, who reviews, when it ends | [`Policy`] |
//! | do what can be done | [`Turn::next`], [`Turn::supply`] |
//! | choose models by code | [`Router`] |
//! | look for what is wrong by code | [`Overseer`] |
//! | run a gate | [`run_gate`], [`Session::set_gate`](crate::Session::set_gate) |
//! | answer a question | [`Session::questions`](crate::Session::questions), [`Session::decide`](crate::Session::decide) |
//! | propose, review and apply without a turn | [`Session::propose`](crate::Session::propose), [`review`](crate::Session::review), [`apply_proposal`](crate::Session::apply_proposal) |
//! | see what is wrong, and say that it is not | [`Session::findings`](crate::Session::findings), [`resolve_finding`](crate::Session::resolve_finding) |
//! | see what models were asked and what it cost | [`Session::calls`](crate::Session::calls), [`CallTotals`] |
//! | know if a model sees what it edits | [`Session::sees`](crate::Session::sees) |
//! | cancel a turn | [`cancel`] |

mod advance;
mod call;
mod gate;
mod handle;
mod model;
mod oversee;
mod review;
mod route;
mod seen;
mod step;
mod supply;
#[cfg(test)]
mod tests;
mod tools;

pub use crate::object::{
    Asks, CallAttempt, Choice, Complexity, DecidedBy, Decision, DecisionAbout, DriverId, Effect,
    EndReason, Finding, Gate, Phase, Policy, Purpose, Question, QuestionCall, Review, Revision,
    RolePolicy, Route, Rule, Severity, Stage, StepEnd, StepIntent, StepOutcome, StepWork,
    ToolPolicy, TurnLimits, TurnProgress, TurnStart,
};
pub use crate::session::{
    Applied, CallEntry, CallTotals, ChangeSet, FindingEntry, GateEntry, ProposalEntry,
    ProposalStatus, ProposedChange, RevisionEntry, Sight, StepAttempt, StepEntry, TurnEntry,
};
pub use advance::cancel;
pub use gate::run_gate;
pub use handle::Turn;
pub use route::{Measures, PolicyRouter, RouteRequest, Routed, Router};
pub use seen::{Overseer, Seen, SeenFile};
pub use step::{
    Ask, CallModel, GateResult, ModelAnswer, RunSandbox, RunTool, Step, StepResult, ToolResult,
};
pub use supply::Supplied;
