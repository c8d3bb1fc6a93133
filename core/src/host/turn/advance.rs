//! What can be done now.

use super::call::calls_of;
use super::handle::{Turn, check_here, is_running};
use super::step::Step;
use crate::error::Result;
use crate::id::ObjectId;
use crate::object::{EndReason, Memory, OperationKind, Phase, StepEnd, StepOutcome, StepWork};
use crate::session::{Session, TurnWork};

impl Turn {
    /// Returns all steps that can be done now and that this handle has not handed out: their intents
    /// are durable, in one commit. They may be done at the same time and supplied in any order. An
    /// empty list says that the turn waits for what was handed out, or for a person; none that it has
    /// ended.
    ///
    /// # Errors
    /// `Conflict` if another driver has taken the turn over; what the store says.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot fail, nor be supplied")]
    pub fn next(&mut self) -> Result<Option<Vec<Step>>> {
        loop {
            let mut work = TurnWork::load(&self.session, self.id)?;
            if let Some(error) = self.taken_over(&work.progress) {
                return Err(error);
            }
            if !is_running(&work) {
                return Ok(None);
            }
            let mut out = Vec::new();
            loop {
                let round = work.progress.round;
                match work.progress.phase {
                    Phase::Model => self.model_round(&mut work, &mut out)?,
                    Phase::Tools => self.tools_round(&mut work, &mut out)?,
                    Phase::Review => self.review_round(&mut work, &mut out)?,
                    Phase::Gates => self.gates_round(&mut work, &mut out)?,
                    Phase::Ended => {}
                }
                // A new round of the same state begins in the same commit.
                if work.progress.round == round || !is_running(&work) || !work.is_of_steps() {
                    break;
                }
            }
            if !is_running(&work) {
                // What was begun beside the step that found a limit is not handed out any more.
                self.give_up_open(&mut work, "the turn has ended")?;
                out.clear();
            }
            if !work.changed {
                return Ok(Some(self.handed_out(out)));
            }
            let (kind, message) = match &work.applied {
                _ if !is_running(&work) => (OperationKind::EndTurn, work.ended()),
                Some(applied) => (OperationKind::Apply, format!("proposal {}", applied.proposal)),
                None if !out.is_empty() => (OperationKind::BeginSteps, names(&out)),
                None => (OperationKind::Step, String::new()),
            };
            // Where somebody else came first, what can be done is found out anew.
            if work.commit(kind, &message)?.is_some() && !out.is_empty() {
                return Ok(Some(self.handed_out(out)));
            }
        }
    }

    /// Remembers what was handed out, and leaves out what was before.
    fn handed_out(&mut self, out: Vec<Step>) -> Vec<Step> {
        let mut fresh = Vec::with_capacity(out.len());
        for step in out {
            let attempt = match &step {
                Step::CallModel(step) => step.attempt,
                Step::RunTool(step) => step.attempt,
                Step::RunSandbox(step) => step.attempt,
                Step::Ask(_) => 1,
            };
            if self.handed.insert(step.id(), attempt) != Some(attempt) {
                fresh.push(step);
            }
        }
        fresh
    }

    /// Cancels the turn, as [`cancel`] does.
    ///
    /// # Errors
    /// As there.
    pub fn cancel(&self, why: &str) -> Result<()> {
        cancel(&self.session, self.id, why)
    }
}

/// Cancels a turn, whoever drives it: nothing of it is waited for any more, questions to people
/// included, and the model is told so of its open calls. What comes later is kept as late. A turn that
/// has ended stays as it ended.
///
/// # Errors
/// `NotFound` if the session has no such turn; `Invalid` in a fork, as [`Turn::resume`] says.
pub fn cancel(session: &Session, turn: ObjectId, why: &str) -> Result<()> {
    loop {
        let mut work = TurnWork::load(session, turn)?;
        check_here(session, &work)?;
        if !is_running(&work) {
            return Ok(());
        }
        cancel_calls(&mut work)?;
        let open: Vec<(u64, u64)> = work
            .rows()
            .iter()
            .filter(|(_, row)| row.is_open())
            .map(|(index, row)| (*index, row.newest().intent.attempt))
            .collect();
        for (index, attempt) in open {
            let outcome = StepOutcome::new(attempt, work.progress.driver, StepEnd::Cancelled);
            work.close(index, outcome)?;
        }
        work.end(EndReason::Cancelled, why);
        let message = work.ended();
        if work.commit(OperationKind::EndTurn, &message)?.is_some() {
            return Ok(());
        }
    }
}

/// Answers the calls of the newest answer that have no result.
fn cancel_calls(work: &mut TurnWork) -> Result<()> {
    let answer = match work.progress.phase {
        Phase::Tools => Some((work.progress.memory, work.progress.answer)),
        // An answer whose calls nobody has looked at yet.
        Phase::Model => {
            let outcome = work.row(0).and_then(|row| row.outcome());
            outcome.map(|outcome| (outcome.number.unwrap_or(0), outcome.memory))
        }
        _ => None,
    };
    let Some((number, Some(id))) = answer else { return Ok(()) };
    let is_begun = work.progress.phase == Phase::Tools;
    let Some(memory) = work.memory(number, id)? else { return Ok(()) };
    for call in calls_of(&memory) {
        let row = work.row(call.index).filter(|_| is_begun).cloned();
        if row.as_ref().is_some_and(|row| row.outcome().is_some()) {
            continue;
        }
        let told = match &row {
            Some(row) if row.is_open() => "cancelled: it may have been done all the same",
            Some(_) => "cancelled: nobody knows whether it was done",
            None => "cancelled: it was not done",
        };
        let (number, id) = work.remember(Memory::tool_error(&*call.id, told))?;
        if let Some(row) = row.filter(|row| row.is_open()) {
            let intent = &row.newest().intent;
            if matches!(intent.work, StepWork::Tool { .. }) {
                let driver = work.progress.driver;
                let mut outcome = StepOutcome::new(intent.attempt, driver, StepEnd::Cancelled);
                (outcome.number, outcome.memory) = (Some(number), Some(id.id()));
                work.close(call.index, outcome)?;
            }
        }
    }
    Ok(())
}

/// Steps as the line that a listing shows.
fn names(steps: &[Step]) -> String {
    let name = |step: &Step| match step {
        Step::CallModel(step) => format!("{} {}", step.role, step.model),
        Step::RunTool(step) => step.name.clone(),
        Step::RunSandbox(step) => format!("gate {}", step.name),
        Step::Ask(step) => step.text.clone(),
    };
    let names: Vec<String> = steps.iter().take(16).map(name).collect();
    names.join(", ")
}
