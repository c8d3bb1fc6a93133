//! The calls of models that a session's turns made, and what they add up to.

use std::collections::BTreeMap;

use crate::error::{ErrorKind, Result};
use crate::id::{ContentId, ObjectId};
use crate::object::{CallAttempt, Complexity, ModelCall, Purpose, StepEnd, StepWork, Usage, read};
use crate::session::handle::Session;
use crate::session::line::roots::Root;
use crate::session::line::steps::all_turns;
use crate::session::read::snapshot::Snapshot;

/// A call of a model, as a turn made it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallEntry {
    /// The turn.
    pub turn: ObjectId,
    /// The step.
    pub step: ObjectId,
    /// Which attempt at the step, counted from 1.
    pub attempt: u64,
    /// The role that the model had.
    pub role: String,
    /// The model that was asked for.
    pub requested: String,
    /// Why this one.
    pub why: String,
    /// How hard the task was held to be.
    pub complexity: Complexity,
    /// What the answer was for.
    pub purpose: Purpose,
    /// The id of the request's bytes, in the policy's dialect.
    pub context: Option<ContentId>,
    /// How it ended; none as long as nobody has said.
    pub end: Option<StepEnd>,
    /// The model that answered; none where the host did not say.
    pub served: Option<String>,
    /// What was tried, in order; empty where the host did not say.
    pub attempts: Vec<CallAttempt>,
    /// Milliseconds, as the host said.
    pub took: Option<u64>,
    /// What it cost, as the host said: millionths of its currency.
    pub cost: Option<u64>,
    /// What the provider counted.
    pub usage: Usage,
    /// The number of the memory that it made; none where it made none.
    pub memory: Option<u64>,
}

/// What calls add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallTotals {
    /// The role, or the model.
    pub name: String,
    /// How many calls there were.
    pub calls: u64,
    /// How many of them gave no answer: failed, cancelled, unknown.
    pub failed: u64,
    /// Tokens of the prompts, as far as providers said.
    pub prompt_tokens: u64,
    /// Tokens of the answers, as far as providers said.
    pub output_tokens: u64,
    /// Milliseconds, as far as the host said.
    pub took: u64,
    /// What they cost, as far as the host said: millionths of its currency.
    pub cost: u64,
    /// How many calls said neither tokens nor costs: the sums lack them.
    pub unsaid: u64,
}

impl CallTotals {
    /// Adds calls up, by a name that each has, in the order of names.
    pub fn by(calls: &[CallEntry], name: impl Fn(&CallEntry) -> String) -> Vec<CallTotals> {
        let mut totals: BTreeMap<String, CallTotals> = BTreeMap::new();
        for call in calls {
            let name = name(call);
            let total = totals.entry(name.clone()).or_default();
            total.name = name;
            total.calls += 1;
            total.failed += u64::from(!matches!(call.end, Some(StepEnd::Done) | None));
            let add = |sum: &mut u64, more: Option<u64>| {
                *sum = sum.saturating_add(more.unwrap_or(0));
            };
            add(&mut total.prompt_tokens, call.usage.prompt());
            add(&mut total.output_tokens, call.usage.output);
            add(&mut total.took, call.took);
            add(&mut total.cost, call.cost);
            let is_said = call.usage != Usage::default() || call.cost.is_some();
            total.unsaid += u64::from(!is_said);
        }
        totals.into_values().collect()
    }

    /// Adds calls up by the role that the model had.
    pub fn by_role(calls: &[CallEntry]) -> Vec<CallTotals> {
        CallTotals::by(calls, |call| call.role.clone())
    }

    /// Adds calls up by the model that answered, or that was asked for where nobody said.
    pub fn by_model(calls: &[CallEntry]) -> Vec<CallTotals> {
        CallTotals::by(calls, |call| call.served.as_ref().unwrap_or(&call.requested).clone())
    }
}

impl Session {
    /// Returns the calls of models that the turns of the newest state made, in their order, failed
    /// attempts included. An undo takes none of them away.
    ///
    /// # Errors
    /// `Corrupt` if one cannot be read.
    pub fn calls(&self) -> Result<Vec<CallEntry>> {
        self.latest()?.calls()
    }
}

impl Snapshot {
    /// Returns the calls of models, as [`Session::calls`] does.
    ///
    /// # Errors
    /// As there.
    pub fn calls(&self) -> Result<Vec<CallEntry>> {
        let mut calls = Vec::new();
        for (turn, _) in all_turns(&self.store, self.roots().map(Root::Steps))? {
            for step in self.steps(turn) {
                let step = step?;
                for attempt in step.attempts {
                    let StepWork::Model { role, model, why, complexity, context, purpose } =
                        attempt.intent.work
                    else {
                        continue;
                    };
                    let outcome = attempt.outcome;
                    let call = outcome.as_ref().and_then(|outcome| outcome.call);
                    let call = match call.map(|id| read::<ModelCall>(&self.store, id)) {
                        Some(Err(error)) if error.kind() == ErrorKind::Purged => None,
                        call => call.transpose()?,
                    };
                    let served = call.as_ref().map(|call| call.model.clone());
                    let memory = outcome.as_ref().and_then(|outcome| outcome.number);
                    calls.push(CallEntry {
                        turn,
                        step: step.id,
                        attempt: attempt.intent.attempt,
                        role,
                        requested: model,
                        why,
                        complexity,
                        purpose,
                        context,
                        end: outcome.as_ref().map(|outcome| outcome.end),
                        served: served.filter(|model| !model.is_empty()),
                        took: outcome.as_ref().and_then(|outcome| outcome.took),
                        cost: outcome.as_ref().and_then(|outcome| outcome.cost),
                        attempts: outcome.map(|outcome| outcome.attempts).unwrap_or_default(),
                        usage: call.map(|call| call.usage).unwrap_or_default(),
                        memory,
                    });
                }
            }
        }
        Ok(calls)
    }
}
