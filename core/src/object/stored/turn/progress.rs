//! How far a turn is.

use super::policy::Complexity;
use super::start::DriverId;
use crate::error::Result;
use crate::id::ObjectId;
use crate::limits::LABEL_BYTES_MAX;
use crate::object::stored::word::words;
use crate::object::stored::{BodyReader, BodyWriter, Canonical, Kind, RefReader};

words! {
    /// What the steps of a round are for.
    "phase" pub enum Phase {
        /// A model is asked.
        Model = "model",
        /// The calls of its answer are done.
        Tools = "tools",
        /// A change of files is reviewed.
        Review = "review",
        /// The gates run.
        Gates = "gates",
        /// Nothing: the turn has ended.
        Ended = "ended",
    }

    /// Why a turn ended.
    "reason" pub enum EndReason {
        /// Nothing was left to do.
        EndTurn = "end_turn",
        /// The tokens of the policy were used up.
        MaxTokens = "max_tokens",
        /// The calls of models were used up.
        MaxTurnRequests = "max_turn_requests",
        /// A model refused to answer.
        Refusal = "refusal",
        /// Somebody cancelled it.
        Cancelled = "cancelled",
        /// The sum that it may cost was used up.
        MaxCost = "max_cost",
        /// Its time was up.
        MaxTime = "max_time",
        /// Models failed to answer, as often as the policy allows.
        Failed = "failed",
        /// The same call had the same result again and again.
        Stuck = "stuck",
        /// Reviewers or gates refused its changes, as often as the policy allows.
        Rejected = "rejected",
    }
}

/// How far a turn is: who drives it, which round it is in and what for, and what it has used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnProgress {
    /// Who drives it.
    pub driver: DriverId,
    /// How often it was taken over.
    pub takeovers: u64,
    /// The round, counted from 1.
    pub round: u64,
    /// What the round is for.
    pub phase: Phase,
    /// The stage of the policy, counted from 0.
    pub stage: u64,
    /// The number of the memory whose calls the round does; 0 where it does none.
    pub memory: u64,
    /// The id of that memory. It is no ref: an undo may take the memory back.
    pub answer: Option<ObjectId>,
    /// The number of the proposal that the turn's changes go into; 0 where it has none.
    pub proposal: u64,
    /// Calls of models.
    pub calls: u64,
    /// Tokens that they had, as far as providers said.
    pub tokens: u64,
    /// What was spent, as the host said.
    pub cost: u64,
    /// Milliseconds, as the host said.
    pub time: u64,
    /// How often a change went back because it was refused.
    pub rounds: u64,
    /// Answers in a row that were none.
    pub failures: u64,
    /// How hard the task is, where a model has said so.
    pub complexity: Option<Complexity>,
    /// Why it ended; none while it goes on.
    pub ended: Option<EndReason>,
    /// More of why, in a line; may be empty.
    pub note: String,
}

impl TurnProgress {
    /// The progress of a turn that begins now.
    pub fn new(driver: DriverId) -> Self {
        TurnProgress {
            driver,
            takeovers: 0,
            round: 1,
            phase: Phase::Model,
            stage: 0,
            memory: 0,
            answer: None,
            proposal: 0,
            calls: 0,
            tokens: 0,
            cost: 0,
            time: 0,
            rounds: 0,
            failures: 0,
            complexity: None,
            ended: None,
            note: String::new(),
        }
    }
}

impl Canonical for TurnProgress {
    const KIND: Kind = Kind::TURN_PROGRESS;
    const VERSION: u16 = 1;

    fn encode(&self, _refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        body.0.raw(self.driver.as_bytes());
        let numbers = [self.takeovers, self.round, self.phase.tag(), self.stage, self.memory];
        let used = [self.proposal, self.calls, self.tokens, self.cost, self.time];
        for number in numbers.into_iter().chain(used).chain([self.rounds, self.failures]) {
            body.0.uint(number);
        }
        body.0.uint(u64::from(self.complexity.is_some()));
        if let Some(complexity) = self.complexity {
            body.0.uint(complexity.tag());
        }
        body.0.uint(u64::from(self.ended.is_some()));
        if let Some(reason) = self.ended {
            body.0.uint(reason.tag());
        }
        body.0.bytes(self.note.as_bytes()).optional(self.answer);
    }

    fn decode(_version: u16, _refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let driver = DriverId::read(body)?;
        let body = &mut body.0;
        let (takeovers, round) = (body.uint()?, body.uint()?);
        let phase = Phase::from_tag(body)?;
        let (stage, memory, proposal) = (body.uint()?, body.uint()?, body.uint()?);
        let (calls, tokens, cost, time) = (body.uint()?, body.uint()?, body.uint()?, body.uint()?);
        let (rounds, failures) = (body.uint()?, body.uint()?);
        let complexity = match body.bounded(1, "the flag of a complexity")? {
            0 => None,
            _ => Some(Complexity::from_tag(body)?),
        };
        let ended = match body.bounded(1, "the flag of an end")? {
            0 => None,
            _ => Some(EndReason::from_tag(body)?),
        };
        let note = body.text(LABEL_BYTES_MAX, "why a turn ended")?.to_owned();
        let answer = body.optional()?;
        Ok(TurnProgress {
            driver,
            takeovers,
            round,
            phase,
            stage,
            memory,
            answer,
            proposal,
            calls,
            tokens,
            cost,
            time,
            rounds,
            failures,
            complexity,
            ended,
            note,
        })
    }
}
