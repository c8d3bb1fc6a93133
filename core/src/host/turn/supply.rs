//! What a host says of a step, and what becomes of it.

use super::handle::{Turn, is_running};
use super::model::{MAX_TOKENS, REFUSAL};
use super::review::verdict;
use super::step::{GateResult, ModelAnswer, StepResult, ToolResult};
use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::object::{
    DecidedBy, Memory, ModelCall, OperationKind, Part, Purpose, Role, StepEnd, StepOutcome,
    StepWork,
};
use crate::session::{StepEntry, StepPlace, StepRow, TurnWork, arguments_id, shorten};

/// What became of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Supplied {
    /// It is what came of the step.
    Taken,
    /// It stood there already: the same result was said before.
    Known,
}

/// Words of providers for an answer that was refused, or cut off at its longest.
const REFUSED: [&str; 6] =
    ["refusal", "content_filter", "SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII"];
const CUT: [&str; 4] = ["max_tokens", "length", "MAX_TOKENS", "max_output_tokens"];

impl Turn {
    /// Says what came of a step. Steps may be supplied in any order; each is a commit of its own.
    ///
    /// The same result said twice is taken once. A result of a step that this driver no longer has,
    /// because the turn was taken over, cancelled or has ended, is kept as late, and changes nothing
    /// else.
    ///
    /// # Errors
    /// `NotFound` for a step that is none of this turn. `Conflict` for a result that came too late, for
    /// another one of a step that has one, and for a step that was not handed out to this handle.
    /// `Invalid` for a result that is none of such a step, and for one beyond a limit: the step then
    /// waits for another.
    pub fn supply(&mut self, id: ObjectId, result: impl Into<StepResult>) -> Result<Supplied> {
        let result = result.into();
        loop {
            let mut work = TurnWork::load(&self.session, self.id)?;
            let Some(place) = work.find(id)? else {
                let turn = self.id;
                return Err(Error::not_found(format!("no step {id:.10} in turn {turn:.10}")));
            };
            let row = work.row_at(place)?.expect("it was just found");
            let attempt = self.handed.get(&id).copied();
            let is_mine = self.taken_over(&work.progress).is_none()
                && is_running(&work)
                && place.0 == work.progress.round;
            if row.is_open() && is_mine && (attempt.is_some() || is_ask(&row)) {
                let kind = self.take(&mut work, place, &row, result.clone())?;
                let message = format!("{id:.10}");
                match work.commit(kind, &message)? {
                    Some(_) => return Ok(Supplied::Taken),
                    None => continue,
                }
            }
            let Some(attempt) = attempt else {
                return Err(Error::conflict(match row.is_open() {
                    true => format!("step {id:.10} was not handed out to this driver"),
                    false => format!("step {id:.10} has its result"),
                }));
            };
            if is_known(&row, attempt, &result) {
                return Ok(Supplied::Known);
            }
            let is_gone = self.taken_over(&work.progress);
            let why = match (&is_gone, is_running(&work)) {
                (Some(error), _) => error.to_string(),
                (None, false) => "the turn has ended".to_owned(),
                (None, true) => "the step has its result".to_owned(),
            };
            // A second result of a step that was done is no news of the world.
            if is_gone.is_none() && is_running(&work) && row.outcome().is_some() {
                return Err(Error::conflict(format!("step {id:.10} has its result")));
            }
            let outcome = late(attempt, self, &result);
            let is_kept = work.close_late(place, outcome)?;
            let kept = if is_kept { "kept as late" } else { "not kept: there are too many" };
            if is_kept && work.changed && work.commit(OperationKind::Step, "late")?.is_none() {
                continue;
            }
            return Err(Error::conflict(format!(
                "the result of step {id:.10} came too late, and is {kept}: {why}"
            )));
        }
    }

    /// Takes a result into the change. Returns what operation it is.
    fn take(
        &mut self,
        work: &mut TurnWork,
        place: StepPlace,
        row: &StepRow,
        result: StepResult,
    ) -> Result<OperationKind> {
        let intent = row.newest().intent.clone();
        let (index, attempt) = (place.1, intent.attempt);
        let cost = work.progress.cost;
        match (&intent.work, result) {
            (StepWork::Model { role, purpose, .. }, StepResult::Model(answer)) => {
                self.take_answer(work, (index, attempt), (role, *purpose), answer)?;
            }
            (StepWork::Tool { call, .. }, StepResult::Tool(result)) => {
                self.take_returned(work, (index, attempt), call, result)?;
            }
            (StepWork::Gate { .. }, StepResult::Gate(gate)) => {
                let end = if gate.passed { StepEnd::Done } else { StepEnd::Failed };
                let mut outcome = StepOutcome::new(attempt, self.driver, end);
                let GateResult { output, run, evidence, took, .. } = gate;
                (outcome.text, outcome.run, outcome.evidence) = (output, run, evidence);
                outcome.took = took;
                spend(work, took, None);
                work.close(index, outcome)?;
            }
            (StepWork::Ask { .. }, StepResult::Choice(choice, reason)) => {
                let entry = StepEntry::of(self.id, place, row.clone());
                work.batch.answer(&entry, choice, &reason)?;
                work.reread(index)?;
                return Ok(OperationKind::Decide);
            }
            (StepWork::Ask { .. }, _) => {
                return Err(Error::invalid("a person is asked: say what was chosen"));
            }
            (StepWork::Tool { call, .. }, StepResult::Failed(why)) => {
                let failed = ToolResult::error(&why);
                self.take_returned(work, (index, attempt), call, failed)?;
            }
            (_, StepResult::Failed(why)) => {
                let mut outcome = StepOutcome::new(attempt, self.driver, StepEnd::Failed);
                outcome.text = why;
                work.close(index, outcome)?;
            }
            (StepWork::Model { .. }, _) => {
                return Err(Error::invalid("a model is called: say what it answered"));
            }
            (StepWork::Tool { .. }, _) => {
                return Err(Error::invalid("a tool is called: say what it returned"));
            }
            (StepWork::Gate { .. }, _) => {
                return Err(Error::invalid("a gate runs: say what it showed"));
            }
        }
        self.look_at_cost(work, cost)?;
        Ok(OperationKind::Step)
    }

    fn take_answer(
        &mut self,
        work: &mut TurnWork,
        (index, attempt): (u64, u64),
        (role, purpose): (&str, Purpose),
        answer: ModelAnswer,
    ) -> Result<()> {
        let ModelAnswer { mut memory, call, attempts, took, cost, complexity } = answer;
        work.progress.complexity = complexity.or(work.progress.complexity);
        if memory.role != Role::Assistant {
            let role = memory.role.name();
            return Err(Error::invalid(format!("a model's answer is of the role {role}")));
        }
        let usage = call.as_ref().map(|call| call.usage).unwrap_or_default();
        let tokens = usage.prompt().unwrap_or(0).saturating_add(usage.output.unwrap_or(0));
        work.progress.tokens = work.progress.tokens.saturating_add(tokens);
        spend(work, took, cost);
        let mut outcome = StepOutcome::new(attempt, self.driver, StepEnd::Done);
        (outcome.attempts, outcome.took, outcome.cost) = (attempts, took, cost);
        outcome.result = Some(digest(&memory));
        let stop = call.as_ref().map(|call| call.stop.clone()).unwrap_or_default();
        if let Purpose::Review(revision) = purpose {
            let text = memory.text().into_owned();
            outcome.call = call.map(|call| work.put_call(&call)).transpose()?;
            match verdict(&text) {
                Some(choice) => {
                    let decision = self.decision(revision, choice, DecidedBy::Model, &text);
                    outcome.text = choice.name().to_owned();
                    work.batch.decide_revision(work.progress.proposal, &decision)?;
                }
                None => {
                    outcome.end = StepEnd::Failed;
                    outcome.text = "no clear verdict".to_owned();
                }
            }
            return work.close(index, outcome);
        }
        if REFUSED.contains(&&*stop) {
            outcome.text = REFUSAL.to_owned();
        } else if CUT.contains(&&*stop) {
            outcome.text = MAX_TOKENS.to_owned();
        }
        let is_empty = memory.parts.iter().all(|part| match part {
            Part::Text(body) => body.as_inline().is_some_and(<[u8]>::is_empty),
            _ => false,
        });
        if is_empty {
            outcome.call = call.map(|call| work.put_call(&call)).transpose()?;
            if outcome.text.is_empty() {
                outcome.end = StepEnd::Failed;
                outcome.text = "the model answered nothing".to_owned();
            }
            return work.close(index, outcome);
        }
        if memory.actor.is_empty() {
            role.clone_into(&mut memory.actor);
        }
        let (number, id) = match call {
            Some(call) => {
                outcome.call = Some(id_of(&call));
                work.remember_call(memory, call)?
            }
            None => work.remember(memory)?,
        };
        (outcome.number, outcome.memory) = (Some(number), Some(id.id()));
        work.close(index, outcome)
    }

    fn take_returned(
        &mut self,
        work: &mut TurnWork,
        (index, attempt): (u64, u64),
        call: &str,
        result: ToolResult,
    ) -> Result<()> {
        let digest = digest(&returned(call, &result));
        let ToolResult { mut parts, mut is_error, mut changes, took, cost } = result;
        // A call that was taken back meanwhile changes nothing, and its result would answer nothing.
        let stands = work.call_stands()?;
        if !stands {
            changes.clear();
        }
        if let Some((path, sight)) = self.unseen(work, changes.keys())? {
            let text = format!(
                "{path} is not changed: what you are shown of it is {sight}. Read it again first."
            );
            (parts, is_error) = (vec![Part::text(text)], true);
            changes.clear();
        }
        spend(work, took, cost);
        let end = if is_error { StepEnd::Failed } else { StepEnd::Done };
        let mut outcome = StepOutcome::new(attempt, self.driver, end);
        (outcome.took, outcome.cost) = (took, cost);
        if !changes.is_empty() {
            let role = self.role(work);
            let title = work.batch.title_of_turn(work.start()?.memory)?;
            let number = Some(work.progress.proposal).filter(|number| *number > 0);
            let put = self.put(&title, &role);
            let number = work.batch.put_draft(number, &put, changes)?;
            work.progress.proposal = number.unwrap_or(0);
        }
        let count = parts.len() as u64;
        let head = Part::Result { call: call.to_owned(), error: is_error, parts: count };
        let mut memory = Memory::tool(call, "");
        memory.parts = std::iter::once(head).chain(parts).collect();
        outcome.result = Some(digest);
        if !stands {
            outcome.text = "its call was taken back".to_owned();
            return work.close(index, outcome);
        }
        let (number, id) = work.remember(memory)?;
        (outcome.number, outcome.memory) = (Some(number), Some(id.id()));
        work.close(index, outcome)
    }
}

fn is_ask(row: &StepRow) -> bool {
    matches!(row.newest().intent.work, StepWork::Ask { .. })
}

/// Whether an attempt has this very result already.
fn is_known(row: &StepRow, attempt: u64, result: &StepResult) -> bool {
    let found = row.attempts.iter().find(|it| it.intent.attempt == attempt);
    let Some(outcome) = found.and_then(|attempt| attempt.outcome.as_ref()) else { return false };
    match result {
        StepResult::Model(answer) => outcome.result == Some(digest(&answer.memory)),
        StepResult::Tool(result) => {
            let StepWork::Tool { call, .. } = &row.newest().intent.work else { return false };
            outcome.result == Some(digest(&returned(call, result)))
        }
        StepResult::Gate(gate) => {
            outcome.run == gate.run && (outcome.end == StepEnd::Done) == gate.passed
        }
        StepResult::Choice(choice, _) => outcome.text == choice.name(),
        StepResult::Failed(why) => match &row.newest().intent.work {
            StepWork::Tool { call, .. } => {
                outcome.result == Some(digest(&returned(call, &ToolResult::error(why))))
            }
            _ => {
                let mut why = why.clone();
                shorten(&mut why);
                outcome.text == why
            }
        },
    }
}

/// What a tool returned as a memory.
fn returned(call: &str, result: &ToolResult) -> Memory {
    let mut memory = Memory::tool(call, "");
    let parts = result.parts.len() as u64;
    let head = Part::Result { call: call.to_owned(), error: result.is_error, parts };
    memory.parts = std::iter::once(head).chain(result.parts.iter().cloned()).collect();
    memory
}

/// What came of a step when nobody waited for it.
fn late(attempt: u64, turn: &Turn, result: &StepResult) -> StepOutcome {
    let (end, text) = match result {
        StepResult::Model(answer) => (StepEnd::Done, answer.memory.text().into_owned()),
        StepResult::Tool(result) => {
            let end = if result.is_error { StepEnd::Failed } else { StepEnd::Done };
            (end, returned("", result).text().into_owned())
        }
        StepResult::Gate(gate) => {
            (if gate.passed { StepEnd::Done } else { StepEnd::Failed }, gate.output.clone())
        }
        StepResult::Choice(choice, _) => (StepEnd::Done, choice.name().to_owned()),
        StepResult::Failed(why) => (StepEnd::Failed, why.clone()),
    };
    let mut outcome = StepOutcome::new(attempt, turn.driver, end);
    outcome.text = text;
    outcome
}

fn spend(work: &mut TurnWork, took: Option<u64>, cost: Option<u64>) {
    let progress = &mut work.progress;
    progress.time = progress.time.saturating_add(took.unwrap_or(0));
    progress.cost = progress.cost.saturating_add(cost.unwrap_or(0));
}

/// What tells a result from another: the id of what it says, whoever says it.
fn digest(memory: &Memory) -> ObjectId {
    use crate::object::Canonical;
    let plain = Memory { actor: String::new(), links: Vec::new(), ..memory.clone() };
    let mut parts = plain.clone();
    // A call's name in the dialog is another each time.
    for part in &mut parts.parts {
        if let Part::Result { call, .. } = part {
            call.clear();
        }
    }
    arguments_id(&parts.to_node().canonical_bytes()).id()
}

fn id_of(call: &ModelCall) -> ObjectId {
    use crate::object::Canonical;
    call.to_node().id()
}
