//! The turns of a session, and their steps.

use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::map::Map;
use crate::object::{
    Choice, EndReason, Policy, Question, StepOutcome, StepWork, TurnProgress, TurnStart, read,
};
use crate::session::handle::Session;
use crate::session::line::roots::Root;
pub use crate::session::line::steps::StepAttempt;
use crate::session::line::steps::{self, StepRow, TurnRow};
use crate::session::read::snapshot::Snapshot;

/// A turn of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TurnEntry {
    /// What the turn is called.
    pub id: ObjectId,
    /// Counts from 1 in the session.
    pub number: u64,
    /// What makes it this one.
    pub start: TurnStart,
    /// How far it is.
    pub progress: TurnProgress,
    /// Whether it goes on in this session. A fork has its origin's turns, to look at alone.
    pub is_here: bool,
}

impl TurnEntry {
    /// Tells whether it has not ended, and goes on here.
    pub fn is_open(&self) -> bool {
        self.is_here && self.progress.ended.is_none()
    }

    /// Returns why it ended; none while it goes on.
    pub fn ended(&self) -> Option<EndReason> {
        self.progress.ended
    }
}

/// A step of a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepEntry {
    /// What the step is called, however often it is tried.
    pub id: ObjectId,
    /// The turn.
    pub turn: ObjectId,
    /// The round of the turn.
    pub round: u64,
    /// Its place in the round.
    pub index: u64,
    /// What was tried, oldest first; one at the least.
    pub attempts: Vec<StepAttempt>,
    /// Results that came when nobody waited for them any more. They changed nothing.
    pub late: Vec<StepOutcome>,
}

impl StepEntry {
    pub(crate) fn of(turn: ObjectId, (round, index): (u64, u64), row: StepRow) -> Self {
        let StepRow { attempts, late, .. } = row;
        StepEntry { id: steps::step_id(turn, round, index), turn, round, index, attempts, late }
    }

    /// Returns what is to be done.
    pub fn work(&self) -> &StepWork {
        &self.newest().intent.work
    }

    /// Returns what came of the newest attempt; none as long as nobody has said.
    pub fn outcome(&self) -> Option<&StepOutcome> {
        self.newest().outcome.as_ref()
    }

    /// Returns what a person is asked, if one is.
    pub fn question(&self) -> Option<&Question> {
        match self.work() {
            StepWork::Ask { question, .. } => Some(question),
            _ => None,
        }
    }

    /// Returns what answers the question; nothing where no person is asked.
    pub fn choices(&self) -> &'static [Choice] {
        self.question().map_or(&[], choices)
    }

    fn newest(&self) -> &StepAttempt {
        self.attempts.last().expect("a step has an attempt")
    }
}

impl Session {
    /// Returns the turns of the newest state, oldest first.
    ///
    /// # Errors
    /// `Corrupt` if one cannot be read.
    pub fn turns(&self) -> Result<Vec<TurnEntry>> {
        let latest = self.latest()?;
        let map = latest.roots().map(Root::Steps);
        let rows = steps::all_turns(&self.store, map)?;
        rows.into_iter().map(|(id, row)| self.turn_entry(id, &row)).collect()
    }

    /// Returns the turn of an id.
    ///
    /// # Errors
    /// `NotFound` if the session has no such turn.
    pub fn turn(&self, id: ObjectId) -> Result<TurnEntry> {
        let map = self.latest()?.roots().map(Root::Steps);
        match TurnRow::find(&self.store, map, id)? {
            Some(row) => self.turn_entry(id, &row),
            None => Err(Error::not_found(format!("no turn {id:.10} in session {:?}", self.name()))),
        }
    }

    fn turn_entry(&self, id: ObjectId, row: &TurnRow) -> Result<TurnEntry> {
        let (start, progress) = (row.start(&self.store)?, row.progress(&self.store)?);
        let is_here = start.session[..] == self.nonce[..];
        Ok(TurnEntry { id, number: row.number, start, progress, is_here })
    }

    /// Returns the questions that wait for a person, of all open turns.
    ///
    /// # Errors
    /// `Corrupt` if a turn cannot be read.
    pub fn questions(&self) -> Result<Vec<StepEntry>> {
        let (mut open, latest) = (Vec::new(), self.latest()?);
        for turn in self.turns()?.into_iter().filter(TurnEntry::is_open) {
            let rows = latest.round(turn.id, turn.progress.round)?;
            let rows = rows.into_iter();
            open.extend(rows.filter(|step| step.question().is_some() && step.outcome().is_none()));
        }
        Ok(open)
    }
}

impl Snapshot {
    /// Returns the steps of a turn, in the order of rounds.
    pub fn steps(&self, turn: ObjectId) -> impl Iterator<Item = Result<StepEntry>> + '_ {
        self.steps_below(turn, steps::steps_of(turn))
    }

    /// The steps of a round of a turn.
    pub(crate) fn round(&self, turn: ObjectId, round: u64) -> Result<Vec<StepEntry>> {
        self.steps_below(turn, steps::round_of(turn, round)).collect()
    }

    fn steps_below(
        &self,
        turn: ObjectId,
        prefix: Vec<u8>,
    ) -> impl Iterator<Item = Result<StepEntry>> + '_ {
        let map: Map = self.roots().map(Root::Steps);
        map.prefix(&self.store, &prefix).map(move |row| {
            let (key, value) = row?;
            let row = StepRow::of(&self.store, &value)?;
            Ok(StepEntry::of(turn, steps::place_of(&key)?, row))
        })
    }

    /// Returns the policy that a turn goes by.
    ///
    /// # Errors
    /// `NotFound` if the state has no such turn.
    pub fn policy(&self, turn: ObjectId) -> Result<Policy> {
        let row = TurnRow::find(&self.store, self.roots().map(Root::Steps), turn)?;
        let row = row.ok_or_else(|| Error::not_found(format!("no turn {turn:.10}")))?;
        read(&self.store, row.start(&self.store)?.policy)
    }
}

/// What answers a question.
pub(crate) fn choices(question: &Question) -> &'static [Choice] {
    match question {
        Question::Approve { .. } => {
            &[Choice::AllowOnce, Choice::AllowAlways, Choice::RejectOnce, Choice::RejectAlways]
        }
        Question::Unknown { .. } => &[Choice::WasDone, Choice::DoAgain, Choice::GiveUp],
        Question::Review { .. } => &[Choice::Accept, Choice::Reject],
    }
}
