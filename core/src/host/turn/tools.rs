//! The rounds in which the calls of an answer are done.

use super::call::{Call, calls_of};
use super::handle::Turn;
use super::step::{Ask, RunTool, Step};
use crate::context::Tool;
use crate::error::Result;
use crate::id::{ContentId, ObjectId};
use crate::json::Json;
use crate::limits::TOOL_ARGUMENTS_BYTES_MAX;
use crate::object::{
    Asks, Choice, Decision, Effect, EndReason, Memory, Phase, Question, QuestionCall, StepEnd,
    StepOutcome, StepWork, read,
};
use crate::session::{APPROVE, TurnWork, UNKNOWN, arguments_id, choices, schema_id};

/// Rounds without calls among those that are looked through for the same call with the same result.
const ROUNDS_BETWEEN: u64 = 64;
/// Characters of arguments that a question shows.
const SHOWN_CHARS: usize = 400;

impl Turn {
    /// The calls of an answer are done, one after the other or all at once, as the host likes.
    pub(super) fn tools_round(&mut self, work: &mut TurnWork, out: &mut Vec<Step>) -> Result<()> {
        let (number, answer) = (work.progress.memory, work.progress.answer);
        let memory = match answer {
            Some(id) => work.memory(number, id)?.map(|memory| (id, memory)),
            None => None,
        };
        let Some((id, memory)) = memory else {
            // An undo took the answer back, and with it its calls.
            self.give_up_open(work, "its call was taken back")?;
            work.enter(Phase::Model);
            return Ok(());
        };
        let tools = work.state().tools()?;
        let role = self.role(work);
        for call in calls_of(&memory) {
            let tool = tools.iter().find(|tool| tool.name == call.name);
            self.call(work, (id, &call, tool, &role), out)?;
        }
        let is_open = |index: u64| work.row(index).is_none_or(|row| row.outcome().is_none());
        if !calls_of(&memory).iter().any(|call| is_open(call.index)) {
            self.calls_done(work, &memory)?;
        }
        Ok(())
    }

    fn call(
        &mut self,
        work: &mut TurnWork,
        (memory, call, tool, role): (ObjectId, &Call, Option<&Tool>, &str),
        out: &mut Vec<Step>,
    ) -> Result<()> {
        let schema = tool.map(schema_id);
        if let Some(row) = work.row(call.index) {
            if row.is_unknown() {
                let effect = match &row.newest().intent.work {
                    StepWork::Tool { effect, .. } => *effect,
                    _ => Effect::Irreversible,
                };
                return self.unknown(work, (memory, call, schema, role, effect), out);
            }
            return Ok(());
        }
        let known = self.policy.tool(&call.name);
        let step = (memory, call, schema, known.effect);
        if let Some(why) = self.refusal(call, tool) {
            return self.refuse(work, step, &why);
        }
        let asks = match known.asks {
            Asks::Never => false,
            Asks::ByEffect => known.effect == Effect::Irreversible,
            Asks::Always => true,
        };
        if !asks {
            return self.hand_out(work, step, role, out);
        }
        // What was said of this very call counts before what was said of its tool.
        let is_answered = work.row(call.index | APPROVE).is_some_and(|row| row.outcome().is_some());
        let standing = match is_answered {
            true => None,
            false => work.standing((&call.name, schema))?.map(|standing| standing.choice),
        };
        if standing.is_some() {
            self.withdraw(work, call.index | APPROVE)?;
        }
        match standing {
            Some(Choice::AllowAlways) => return self.hand_out(work, step, role, out),
            Some(Choice::RejectAlways) => {
                return self.refuse(work, step, "a person has ruled out calls of this tool");
            }
            _ => {}
        }
        let question = Question::Approve(question_of(call, schema));
        let text = format!("May {} be called? {}", call.name, shown(&call.arguments));
        let Some(decision) = self.asked(work, call.index | APPROVE, (question, text), out)? else {
            return Ok(());
        };
        if self.asked_schema(work, call.index | APPROVE) != schema {
            return self.refuse(work, step, &changed(&call.name));
        }
        match decision.choice {
            Choice::AllowOnce | Choice::AllowAlways => self.hand_out(work, step, role, out),
            _ => self.refuse(work, step, &because("a person has rejected this call", &decision)),
        }
    }

    /// Takes a question back that something else has answered.
    fn withdraw(&self, work: &mut TurnWork, index: u64) -> Result<()> {
        let Some(row) = work.row(index).filter(|row| row.is_open()) else { return Ok(()) };
        let attempt = row.newest().intent.attempt;
        let mut outcome = StepOutcome::new(attempt, self.driver, StepEnd::Cancelled);
        "the tool was decided about".clone_into(&mut outcome.text);
        work.close(index, outcome)
    }

    /// Why a call cannot be done at all.
    fn refusal(&self, call: &Call, tool: Option<&Tool>) -> Option<String> {
        let most = self.policy.limits.parallel;
        if call.index >= most {
            return Some(format!("too many calls in one answer: the first {most} are done"));
        }
        if tool.is_none() {
            return Some(format!("there is no tool {:?}", call.name));
        }
        if call.arguments.len() > TOOL_ARGUMENTS_BYTES_MAX {
            let (len, most) = (call.arguments.len(), TOOL_ARGUMENTS_BYTES_MAX);
            return Some(format!("arguments of {len} bytes, at most {most} are taken"));
        }
        let text = String::from_utf8_lossy(&call.arguments);
        let is_object = tool.is_some_and(|tool| tool.schema.get("type").is_some());
        match Json::parse(text.as_bytes()) {
            // A tool that takes a text has one that is no JSON.
            Err(error) if is_object && !text.trim().is_empty() => {
                Some(format!("the arguments are no JSON: {error}"))
            }
            _ => None,
        }
    }

    /// A call of which nobody knows whether it was done.
    fn unknown(
        &mut self,
        work: &mut TurnWork,
        (memory, call, schema, role, effect): (ObjectId, &Call, Option<ObjectId>, &str, Effect),
        out: &mut Vec<Step>,
    ) -> Result<()> {
        let was = work.row(call.index).map(|row| row.newest().intent.work.clone());
        let is_same = matches!(was, Some(StepWork::Tool { schema: was, .. }) if was == schema);
        let step = (memory, call, schema, effect);
        if matches!(effect, Effect::Read | Effect::Idempotent) {
            return match is_same {
                true => self.hand_out(work, step, role, out),
                false => self.refuse(work, step, &changed(&call.name)),
            };
        }
        let text = format!(
            "{} was to be called, and nobody knows whether it was: was it done? {}",
            call.name,
            shown(&call.arguments)
        );
        let question = Question::Unknown(question_of(call, schema));
        // Each unknown attempt is asked about anew.
        let attempts = work.row(call.index).map_or(0, |row| row.attempts.len()) as u64;
        let index = call.index | UNKNOWN | attempts << 40;
        let Some(decision) = self.asked(work, index, (question, text), out)? else {
            return Ok(());
        };
        match decision.choice {
            Choice::DoAgain if is_same => self.hand_out(work, step, role, out),
            Choice::DoAgain => self.refuse(work, step, &changed(&call.name)),
            Choice::WasDone => {
                let text = because("it was done: a person says so", &decision);
                self.settle(work, step, StepEnd::Done, &text)
            }
            _ => {
                let text = because("nobody knows whether it was done", &decision);
                self.settle(work, step, StepEnd::Failed, &text)
            }
        }
    }

    /// Records the intent of a call, and hands it out.
    fn hand_out(
        &mut self,
        work: &mut TurnWork,
        (memory, call, schema, effect): (ObjectId, &Call, Option<ObjectId>, Effect),
        role: &str,
        out: &mut Vec<Step>,
    ) -> Result<()> {
        let attempt = work.open(call.index, intent(memory, call, schema, effect))?;
        out.push(Step::RunTool(RunTool {
            id: work.id_of(call.index),
            attempt,
            call: call.id.clone(),
            name: call.name.clone(),
            arguments: String::from_utf8_lossy(&call.arguments).into_owned(),
            effect,
            role: role.to_owned(),
        }));
        Ok(())
    }

    fn refuse(
        &mut self,
        work: &mut TurnWork,
        step: (ObjectId, &Call, Option<ObjectId>, Effect),
        why: &str,
    ) -> Result<()> {
        self.settle(work, step, StepEnd::Refused, why)
    }

    /// Says what came of a call that no host was asked about now.
    fn settle(
        &mut self,
        work: &mut TurnWork,
        (memory, call, schema, effect): (ObjectId, &Call, Option<ObjectId>, Effect),
        end: StepEnd,
        text: &str,
    ) -> Result<()> {
        let attempt = work.open(call.index, intent(memory, call, schema, effect))?;
        let told = match end {
            StepEnd::Done => Memory::tool(&*call.id, text),
            _ => Memory::tool_error(&*call.id, text),
        };
        let mut outcome = StepOutcome::new(attempt, self.driver, end);
        outcome.result = Some(arguments_id(text.as_bytes()).id());
        let (number, id) = work.remember(told)?;
        (outcome.number, outcome.memory) = (Some(number), Some(id.id()));
        text.clone_into(&mut outcome.text);
        work.close(call.index, outcome)
    }

    /// Asks a person, and returns what was decided once it was.
    pub(super) fn asked(
        &mut self,
        work: &mut TurnWork,
        index: u64,
        (question, text): (Question, String),
        out: &mut Vec<Step>,
    ) -> Result<Option<Decision>> {
        if let Some(row) = work.row(index) {
            if let Some(outcome) = row.outcome() {
                let id = outcome.decision;
                return id.map(|id| read(&work.batch.batch, id)).transpose();
            }
            let id = work.id_of(index);
            let attempt = row.newest().intent.attempt;
            if let StepWork::Ask { question, text } = &row.newest().intent.work
                && self.handed.get(&id) != Some(&attempt)
            {
                // Another driver was told of it: a question is no effect, so this one is told too.
                let (question, text) = (question.clone(), text.clone());
                let choices = choices(&question);
                out.push(Step::Ask(Ask { id, question, text, choices }));
            }
            return Ok(None);
        }
        let mut text = text;
        crate::session::shorten(&mut text);
        work.open(index, StepWork::Ask { question: question.clone(), text: text.clone() })?;
        let choices = choices(&question);
        out.push(Step::Ask(Ask { id: work.id_of(index), question, text, choices }));
        Ok(None)
    }

    fn asked_schema(&self, work: &TurnWork, index: u64) -> Option<ObjectId> {
        match work.row(index).map(|row| &row.newest().intent.work) {
            Some(StepWork::Ask { question: Question::Approve(call), .. }) => call.schema,
            _ => None,
        }
    }

    /// All calls of an answer are done: oversight looks at them, and the model is asked again.
    fn calls_done(&mut self, work: &mut TurnWork, memory: &Memory) -> Result<()> {
        let most = self.policy.limits.repeats;
        let repeats = if most > 0 { self.repeats(work, memory)? } else { Vec::new() };
        for (call, times) in &repeats {
            if *times == most {
                self.look_at_repeated(work, call, *times)?;
            }
            if *times >= most * 2 {
                let note = format!("{} had the same result {times} times", call.name);
                work.end(EndReason::Stuck, &note);
                return Ok(());
            }
        }
        work.enter(Phase::Model);
        Ok(())
    }

    /// How often each call of a round was done with the same arguments and the same result, in this
    /// round and those before it without a break.
    fn repeats(&self, work: &TurnWork, memory: &Memory) -> Result<Vec<(Call, u64)>> {
        let mut calls: Vec<(Call, u64, Option<ObjectId>)> = Vec::new();
        for call in calls_of(memory) {
            let result = work.row(call.index).and_then(|row| row.outcome()?.result);
            calls.push((call, 1, result));
        }
        let mut going: Vec<bool> = vec![true; calls.len()];
        let mut round = work.progress.round;
        // Between two rounds of calls a model is asked.
        let most = self.policy.limits.repeats.saturating_mul(4).saturating_add(ROUNDS_BETWEEN);
        for _ in 0..most {
            round = round.saturating_sub(1);
            if round == 0 || !going.contains(&true) {
                break;
            }
            let rows = work.rows_of(round)?;
            let done: Vec<(&str, ContentId, Option<ObjectId>)> = rows
                .iter()
                .filter_map(|row| match &row.newest().intent.work {
                    StepWork::Tool { name, arguments, .. } => {
                        Some((&name[..], *arguments, row.outcome().and_then(|it| it.result)))
                    }
                    _ => None,
                })
                .collect();
            if done.is_empty() {
                continue;
            }
            for ((call, times, result), going) in calls.iter_mut().zip(&mut going) {
                let same = (&call.name[..], call.arguments_id(), *result);
                *going &= result.is_some() && done.contains(&same);
                *times += u64::from(*going);
            }
        }
        Ok(calls.into_iter().map(|(call, times, _)| (call, times)).collect())
    }

    /// Cancels what the round waits for; nothing of it is told to the model.
    pub(super) fn give_up_open(&self, work: &mut TurnWork, why: &str) -> Result<()> {
        let open = work.rows().iter().filter(|(_, row)| row.outcome().is_none());
        let open: Vec<(u64, u64)> =
            open.map(|(index, row)| (*index, row.newest().intent.attempt)).collect();
        for (index, attempt) in open {
            if work.row(index).is_some_and(|row| row.is_open()) {
                let mut outcome = StepOutcome::new(attempt, self.driver, StepEnd::Cancelled);
                why.clone_into(&mut outcome.text);
                work.close(index, outcome)?;
            }
        }
        Ok(())
    }
}

fn intent(memory: ObjectId, call: &Call, schema: Option<ObjectId>, effect: Effect) -> StepWork {
    StepWork::Tool {
        memory,
        call: call.id.clone(),
        name: call.name.clone(),
        arguments: call.arguments_id(),
        schema,
        effect,
    }
}

fn question_of(call: &Call, schema: Option<ObjectId>) -> QuestionCall {
    let (index, tool, arguments) = (call.index, call.name.clone(), call.arguments_id());
    QuestionCall { index, tool, schema, arguments }
}

fn changed(tool: &str) -> String {
    format!("the declaration of {tool} has changed since it was called: call it again")
}

/// What was decided, with the reason where there is one.
fn because(what: &str, decision: &Decision) -> String {
    match decision.reason.is_empty() {
        true => what.to_owned(),
        false => format!("{what}: {}", decision.reason),
    }
}

/// Arguments as a question shows them.
fn shown(arguments: &[u8]) -> String {
    let text = String::from_utf8_lossy(&arguments[..arguments.len().min(SHOWN_CHARS * 4)]);
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.into_owned(),
    }
}
