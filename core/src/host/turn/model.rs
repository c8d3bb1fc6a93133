//! The rounds in which a model is asked.

use super::call::calls_of;
use super::handle::Turn;
use super::route::{Measures, RouteRequest, Routed};
use super::step::{CallModel, Step};
use crate::budget::{Budget, fit};
use crate::context::Prompt;
use crate::error::{ErrorKind, Result};
use crate::id::ContentId;
use crate::limits::LABEL_BYTES_MAX;
use crate::object::{
    Complexity, EndReason, Memory, Part, Phase, Purpose, RolePolicy, StepEnd, StepWork,
};
use crate::session::{Put, TurnWork, arguments_id, shorten};
use crate::tokens::Encoding;

/// What an outcome's text says where the provider stopped the answer.
pub(super) const REFUSAL: &str = "refusal";
pub(super) const MAX_TOKENS: &str = "max_tokens";

impl Turn {
    /// A model is asked for the stage, or has answered.
    pub(super) fn model_round(&mut self, work: &mut TurnWork, out: &mut Vec<Step>) -> Result<()> {
        let Some(row) = work.row(0) else { return self.ask_stage(work, out) };
        if row.is_open() {
            return Ok(());
        }
        let Some(outcome) = row.outcome().cloned() else { return self.ask_stage(work, out) };
        if outcome.end != StepEnd::Done {
            work.progress.failures += 1;
            let most = self.policy.limits.failures;
            match most > 0 && work.progress.failures >= most {
                true => work.end(EndReason::Failed, &outcome.text),
                false => work.enter(Phase::Model),
            }
            return Ok(());
        }
        work.progress.failures = 0;
        let memory = match (outcome.number, outcome.memory) {
            (Some(number), Some(id)) => work.memory(number, id)?.map(|memory| (number, id, memory)),
            _ => None,
        };
        let stopped = match &*outcome.text {
            REFUSAL => Some((EndReason::Refusal, "")),
            MAX_TOKENS => Some((EndReason::MaxTokens, "an answer was cut off")),
            _ => None,
        };
        if let Some((reason, note)) = stopped {
            // Nobody does the calls of such an answer, and the model is told so.
            for call in memory.iter().flat_map(|(_, _, memory)| calls_of(memory)) {
                let told = "it was not done: the answer was not whole";
                work.remember(Memory::tool_error(&*call.id, told))?;
            }
            work.end(reason, note);
            return Ok(());
        }
        let Some((number, id, memory)) = memory else {
            // An undo took the answer back: the model is asked again, about what is there.
            work.enter(Phase::Model);
            return Ok(());
        };
        if memory.parts.iter().any(|part| matches!(part, Part::Call { .. })) {
            work.enter(Phase::Tools);
            (work.progress.memory, work.progress.answer) = (number, Some(id));
            return Ok(());
        }
        self.stage_done(work, &memory)
    }

    fn ask_stage(&mut self, work: &mut TurnWork, out: &mut Vec<Step>) -> Result<()> {
        let stage = work.progress.stage;
        let role = self.policy.stages[stage as usize].role.clone();
        self.ask(work, (0, &role, Purpose::Stage(stage)), None, out)
    }

    /// Asks a model, unless the turn has reached a limit. `beside` is shown to it alone, and stands
    /// in no dialog.
    pub(super) fn ask(
        &mut self,
        work: &mut TurnWork,
        (index, role, purpose): (u64, &str, Purpose),
        beside: Option<Memory>,
        out: &mut Vec<Step>,
    ) -> Result<()> {
        if let Some((reason, note)) = self.limit(work) {
            work.end(reason, note);
            return Ok(());
        }
        let known = self.policy.roles.get(role).cloned().unwrap_or_default();
        let state = work.state();
        let mut prompt = state.shown_to(role, &known.instructions)?.prompt;
        if let Some(beside) = beside {
            prompt = prompt.with_memory(beside);
            prompt.tools.clear();
        }
        let mut request = prompt.render(self.dialect);
        let mut body = request.body.to_string();
        let room = known.budget.saturating_sub(known.reserve);
        if known.budget > 0 && self.tokens_at_most(role, &body) > room {
            let shown = prompt.memories.len();
            match put_away(work, role, &known, &mut prompt) {
                Ok(tokens) => {
                    if prompt.memories.len() < shown {
                        request = prompt.render(self.dialect);
                        body = request.body.to_string();
                    }
                    self.counted.insert(role.to_owned(), (body.clone(), tokens));
                }
                Err(error) if error.kind() == ErrorKind::DoesNotFit => {
                    work.end(EndReason::MaxTokens, &format!("{role}: {error}"));
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        let measures = self.measures(work, body.len() as u64)?;
        let stated = self.policy.complexity.or(work.progress.complexity);
        let complexity = stated.unwrap_or(measures.complexity());
        let Routed { model, why } = self.route(role, complexity, measures);
        let context: ContentId = arguments_id(body.as_bytes());
        let work_of = StepWork::Model {
            role: role.to_owned(),
            model: model.clone(),
            why: why.clone(),
            complexity,
            context: Some(context),
            purpose,
        };
        let attempt = work.open(index, work_of)?;
        work.progress.calls += 1;
        out.push(Step::CallModel(CallModel {
            id: work.id_of(index),
            attempt,
            role: role.to_owned(),
            model,
            why,
            complexity,
            purpose,
            prompt,
            request: (self.dialect, request, body),
        }));
        Ok(())
    }

    /// Tokens that a role's request has at the most, without counting it: those that it had when it was
    /// counted, and one for each byte behind what is still the same.
    fn tokens_at_most(&self, role: &str, body: &str) -> u64 {
        let len = body.len() as u64;
        let Some((counted, tokens)) = self.counted.get(role) else { return len };
        let same = counted.bytes().zip(body.bytes()).take_while(|(was, is)| was == is).count();
        len.min(tokens + len - same as u64)
    }

    fn route(&mut self, role: &str, complexity: Complexity, measures: Measures) -> Routed {
        let request = RouteRequest { role, complexity, measures, policy: &self.policy };
        let mut routed = self.router.route(&request);
        shorten(&mut routed.why);
        if routed.model.len() > LABEL_BYTES_MAX {
            shorten(&mut routed.model);
        }
        routed
    }

    fn measures(&self, work: &TurnWork, prompt_bytes: u64) -> Result<Measures> {
        let progress = &work.progress;
        let files = match progress.proposal {
            0 => 0,
            number => match work.state().proposal(number) {
                Ok(proposal) => proposal.newest().revision.paths,
                Err(error) if error.kind().is_absence() => 0,
                Err(error) => return Err(error),
            },
        };
        Ok(Measures {
            prompt_bytes,
            files,
            failures: progress.rounds + progress.failures,
            spent: progress.cost,
            calls: progress.calls,
        })
    }

    /// The limit that the turn has reached, if it has.
    fn limit(&self, work: &TurnWork) -> Option<(EndReason, &'static str)> {
        let (limits, used) = (&self.policy.limits, &work.progress);
        let is_over = |limit: u64, used: u64| limit > 0 && used >= limit;
        if is_over(limits.calls, used.calls) {
            return Some((EndReason::MaxTurnRequests, "the calls of models are used up"));
        }
        if is_over(limits.tokens, used.tokens) {
            return Some((EndReason::MaxTokens, "the tokens are used up"));
        }
        if is_over(limits.cost, used.cost) {
            return Some((EndReason::MaxCost, "what it may cost is used up"));
        }
        is_over(limits.time, used.time).then_some((EndReason::MaxTime, "the time is up"))
    }

    /// A role has nothing more to do: its changes are put forward, or the next stage begins.
    fn stage_done(&mut self, work: &mut TurnWork, answer: &Memory) -> Result<()> {
        self.look_at_answer(work, answer)?;
        if work.progress.proposal > 0 {
            let number = work.progress.proposal;
            match work.state().proposal(number) {
                Ok(proposal) if proposal.applied.is_none() => {
                    if work.batch.submit_proposal(number)? {
                        self.look_at_proposal(work, &proposal)?;
                        work.enter(Phase::Review);
                        return Ok(());
                    }
                }
                Ok(_) => {}
                // An undo took it back.
                Err(error) if error.kind().is_absence() => {}
                Err(error) => return Err(error),
            }
        }
        self.next_stage(work)
    }

    /// Begins the next stage, or ends the turn.
    pub(super) fn next_stage(&mut self, work: &mut TurnWork) -> Result<()> {
        work.progress.proposal = 0;
        let next = work.progress.stage as usize + 1;
        let Some(stage) = self.policy.stages.get(next) else {
            work.end(EndReason::EndTurn, "");
            return Ok(());
        };
        work.progress.stage = next as u64;
        let prompt = match stage.prompt.is_empty() {
            // A dialog that ends in the model's own words asks for nothing.
            true => format!("Go on as {}.", stage.role),
            false => stage.prompt.clone(),
        };
        work.remember(Memory::user(prompt))?;
        work.enter(Phase::Model);
        Ok(())
    }

    /// Sends a change back to the models, with what is wrong; ends the turn where that happened too
    /// often.
    pub(super) fn send_back(&mut self, work: &mut TurnWork, why: &str) -> Result<()> {
        work.progress.rounds += 1;
        let most = self.policy.limits.rounds;
        if most > 0 && work.progress.rounds > most {
            work.end(EndReason::Rejected, why);
            return Ok(());
        }
        let memory = Memory::user(why).with_kind(crate::object::MemoryKind::Validation);
        work.remember(memory.with_actor("review"))?;
        work.enter(Phase::Model);
        Ok(())
    }

    /// What a proposal of this turn says of itself.
    pub(super) fn put<'a>(&self, title: &'a str, author: &'a str) -> Put<'a> {
        Put { title, author, turn: Some(self.id), is_draft: true }
    }
}

/// Puts memories away from a role so that its request keeps its budget: down to seven tenths of it, so
/// that what stays is the same for many calls. Returns how many tokens are left at the most.
fn put_away(
    work: &mut TurnWork,
    role: &str,
    known: &RolePolicy,
    prompt: &mut Prompt,
) -> Result<u64> {
    let budget = Budget::new(known.budget).reserve(known.reserve);
    let room = budget.room();
    let fitted = match fit(prompt, &[], &budget.low(room / 10 * 7), &Encoding::O200k) {
        Err(error) if error.kind() == ErrorKind::DoesNotFit => {
            fit(prompt, &[], &budget, &Encoding::O200k)?
        }
        fitted => fitted?,
    };
    let left = fitted.after.high();
    let gone = fitted.exchanges.iter().filter(|exchange| exchange.dropped);
    let gone: Vec<u64> = gone.flat_map(|exchange| exchange.memories.iter().copied()).collect();
    if !gone.is_empty() {
        prompt.memories.retain(|memory| !gone.contains(&memory.number));
        work.batch.hide_from(role, gone);
    }
    Ok(left)
}
