//! Turns, their steps, and the calls of models that they made.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::fields::{Fields, object, rows, texts, write};
use crate::host::turn::{
    Asks, CallAttempt, CallEntry, CallTotals, Complexity, DriverId, Effect, EndReason, Phase,
    Purpose, Question, QuestionCall, Sight, StepAttempt, StepEnd, StepEntry, StepOutcome, StepWork,
    TurnEntry, TurnProgress,
};

texts! {
    DriverId, driver => driver;
    Phase, phase => phase.name();
    EndReason, reason => reason.name();
    StepEnd, end => end.name();
    Complexity, complexity => complexity.name();
    Effect, effect => effect.name();
    Asks, asks => asks.name();
    Sight, sight => sight.name();
}

object!(TurnEntry, turn => {
    number: turn.number,
    id: turn.id,
    here: turn.is_here,
    policy: turn.start.policy,
    since: turn.start.memory,
    ..turn.progress,
});

object!(TurnProgress, progress => {
    phase: progress.phase,
    ended: progress.ended,
    note: progress.note,
    driver: progress.driver,
    takeovers: progress.takeovers,
    round: progress.round,
    stage: progress.stage,
    memory: counted(progress.memory),
    memory_id: progress.answer,
    proposal: counted(progress.proposal),
    calls: progress.calls,
    tokens: progress.tokens,
    cost: progress.cost,
    took_ms: progress.time,
    rounds: progress.rounds,
    failures: progress.failures,
    complexity: progress.complexity,
});

/// A number that counts from 1, unless it is 0.
fn counted(number: u64) -> Option<u64> {
    Some(number).filter(|number| *number > 0)
}

object!(StepEntry, step => {
    id: step.id,
    turn: step.turn,
    round: step.round,
    index: step.index,
    work: step.work(),
    attempts: tries(step),
    late: step.late,
});

/// An attempt within its step, which says what is to be done.
struct Tried<'a>(&'a StepAttempt, &'a StepWork);

fn tries(step: &StepEntry) -> Vec<Tried<'_>> {
    step.attempts.iter().map(|attempt| Tried(attempt, step.work())).collect()
}

object!(Tried<'_>, tried => {
    attempt: tried.0.intent.attempt,
    driver: tried.0.intent.driver,
    work: Some(&tried.0.intent.work).filter(|work| **work != *tried.1),
    outcome: tried.0.outcome,
});

object!(StepAttempt, attempt => {
    attempt: attempt.intent.attempt,
    driver: attempt.intent.driver,
    work: attempt.intent.work,
    outcome: attempt.outcome,
});

impl Fields for StepWork {
    fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        match self {
            StepWork::Model { role, model, why, complexity, context, purpose } => {
                rows!(map
                    kind: "model", role: role, model: model, why: why, complexity: complexity,
                    context: context, ..purpose,
                );
            }
            StepWork::Tool { memory, call, name, arguments, schema, effect } => {
                rows!(map
                    kind: "tool", memory_id: memory, call: call, tool: name,
                    arguments: arguments, schema: schema, effect: effect,
                );
            }
            StepWork::Gate { name, gate, revision } => {
                rows!(map kind: "gate", name: name, gate: gate, revision: revision,);
            }
            StepWork::Ask { question, text } => {
                rows!(map kind: "ask", question: question, text: text,);
            }
        }
        Ok(())
    }
}

impl Serialize for StepWork {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        write(self, to)
    }
}

object!(Purpose, purpose => {
    stage: match purpose {
        Purpose::Stage(stage) => Some(stage),
        Purpose::Review(_) => None,
    },
    revision: match purpose {
        Purpose::Stage(_) => None,
        Purpose::Review(revision) => Some(revision),
    },
});

impl Fields for Question {
    fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        match self {
            Question::Approve(call) => rows!(map kind: "approve", ..call,),
            Question::Unknown(call) => rows!(map kind: "unknown", ..call,),
            Question::Review { revision } => rows!(map kind: "review", revision: revision,),
        }
        Ok(())
    }
}

impl Serialize for Question {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        write(self, to)
    }
}

object!(QuestionCall, call => {
    index: call.index,
    tool: call.tool,
    schema: call.schema,
    arguments: call.arguments,
});

object!(StepOutcome, outcome => {
    attempt: outcome.attempt,
    driver: outcome.driver,
    end: outcome.end,
    late: outcome.is_late,
    text: outcome.text,
    memory: outcome.number,
    memory_id: outcome.memory,
    result: outcome.result,
    call: outcome.call,
    decision: outcome.decision,
    attempts: outcome.attempts,
    took_ms: outcome.took,
    cost: outcome.cost,
    run: outcome.run,
    evidence: outcome.evidence,
});

object!(CallAttempt, tried => {
    provider: tried.provider,
    model: tried.model,
    outcome: tried.outcome,
    took_ms: tried.took,
});

object!(CallEntry, call => {
    turn: call.turn,
    step: call.step,
    attempt: call.attempt,
    role: call.role,
    requested: call.requested,
    served: call.served,
    why: call.why,
    complexity: call.complexity,
    ..call.purpose,
    context: call.context,
    end: call.end,
    attempts: call.attempts,
    took_ms: call.took,
    cost: call.cost,
    usage: call.usage,
    memory: call.memory,
});

object!(CallTotals, totals => {
    name: totals.name,
    calls: totals.calls,
    failed: totals.failed,
    prompt_tokens: totals.prompt_tokens,
    output_tokens: totals.output_tokens,
    took_ms: totals.took,
    cost: totals.cost,
    unsaid: totals.unsaid,
});
