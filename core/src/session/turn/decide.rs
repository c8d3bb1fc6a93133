//! Decisions of people: about revisions, calls and findings. Whoever decides need not drive the turn.

use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::map::Value;
use crate::object::{
    Choice, DecidedBy, Decision, DecisionAbout, OperationKind, Question, StepEnd, StepOutcome,
};
use crate::session::batch::Batch;
use crate::session::handle::Session;
use crate::session::line::roots::{Root, Roots};
use crate::session::line::steps::{StepRow, TurnRow, step_id, step_key, tool_key};
use crate::session::turn::proposals::ProposalEntry;
use crate::session::turn::steps::{StepEntry, choices};

impl Session {
    /// Accepts or rejects a revision of a proposal, which is named by its id: what is decided about
    /// one says nothing of the next. Nothing is applied by it; see
    /// [`apply_proposal`](Self::apply_proposal).
    ///
    /// # Errors
    /// `NotFound` if there is no such proposal or revision; `Invalid` for another choice.
    pub fn review(
        &self,
        proposal: u64,
        revision: ObjectId,
        choice: Choice,
        reason: &str,
    ) -> Result<ProposalEntry> {
        let decision = self.decision(DecisionAbout::Revision(revision), choice, reason);
        let message = format!("{choice} proposal {proposal}");
        self.in_place(OperationKind::Decide, &message, |batch| {
            batch.decide_revision(proposal, &decision)
        })?;
        self.latest()?.proposal(proposal)
    }

    /// Answers what a person is asked about a step of a turn: whether a call may be done, or what
    /// came of one of which nobody knows. [`questions`](Self::questions) lists what is asked.
    ///
    /// `*-once` holds for this step with these arguments; `*-always` for the tool with this
    /// declaration, in this session.
    ///
    /// # Errors
    /// `NotFound` if no such question waits; `Invalid` for a choice that is no answer to it.
    pub fn decide(&self, step: ObjectId, choice: Choice, reason: &str) -> Result<()> {
        let message = format!("{choice} step {step:.10}");
        self.in_place(OperationKind::Decide, &message, |batch| {
            let open = self.questions()?.into_iter().find(|open| open.id == step);
            let open = open.ok_or_else(|| {
                Error::not_found(format!("no question waits about step {step:.10}"))
            })?;
            batch.answer(&open, choice, reason)
        })?;
        Ok(())
    }

    pub(crate) fn decision(&self, about: DecisionAbout, choice: Choice, reason: &str) -> Decision {
        Decision {
            session: self.nonce.to_vec(),
            about,
            choice,
            by: DecidedBy::Person,
            actor: self.actor.to_string(),
            reason: reason.to_owned(),
        }
    }
}

impl Batch {
    /// Records a person's answer to a question of a turn.
    pub(crate) fn answer(&mut self, open: &StepEntry, choice: Choice, reason: &str) -> Result<()> {
        let question = open.question().cloned();
        let question = question.ok_or_else(|| Error::invalid("no person is asked by that step"))?;
        let choices = choices(&question);
        if !choices.contains(&choice) {
            let names: Vec<&str> = choices.iter().map(|choice| choice.name()).collect();
            return Err(Error::invalid(format!(
                "{choice} is no answer to that question: there are {}",
                names.join(", ")
            )));
        }
        let state = Roots::of(self.head.point());
        let map = self.draft.joined.map(&mut self.batch, state, Root::Steps)?;
        let turn = TurnRow::find(&self.batch, map, open.turn)?;
        let turn = turn.ok_or_else(|| Error::not_found("the turn of that question is gone"))?;
        if turn.progress(&self.batch)?.ended.is_some() {
            return Err(Error::conflict("the turn of that question has ended"));
        }
        let key = step_key(open.turn, open.round, open.index);
        let value = map.get(&self.batch, &key)?;
        let value = value.ok_or_else(|| Error::not_found("that question is gone"))?;
        let mut row = StepRow::of(&self.batch, &value)?;
        if !row.is_open() {
            return Err(Error::conflict("that question was answered"));
        }
        let about = match &question {
            Question::Review { revision } => DecisionAbout::Revision(*revision),
            Question::Approve(call) | Question::Unknown(call) => DecisionAbout::Step {
                step: step_id(open.turn, open.round, call.index),
                arguments: call.arguments,
            },
        };
        let decision = self.session.decision(about, choice, reason);
        decision.validate()?;
        if let Question::Review { .. } = question {
            let proposal = turn.progress(&self.batch)?.proposal;
            self.decide_revision(proposal, &decision)?;
        }
        if let (Question::Approve(call), Choice::AllowAlways | Choice::RejectAlways) =
            (&question, choice)
        {
            let about = DecisionAbout::Tool { name: call.tool.clone(), schema: call.schema };
            let standing = self.session.decision(about, choice, reason);
            let value = Value { refs: vec![self.batch.put(&standing, None)], bytes: Vec::new() };
            let key = tool_key(&call.tool, call.schema);
            self.draft.joined.rows(Root::Steps).insert(key, Some(value));
        }
        let id = self.batch.put(&decision, None);
        let intent = &row.newest().intent;
        let mut outcome = StepOutcome::new(intent.attempt, intent.driver, StepEnd::Done);
        outcome.decision = Some(id);
        outcome.text = choice.name().to_owned();
        row.refs.push(self.batch.put(&outcome, None));
        let value = row.value(&mut self.batch)?;
        self.draft.joined.rows(Root::Steps).insert(key, Some(value));
        Ok(())
    }
}
