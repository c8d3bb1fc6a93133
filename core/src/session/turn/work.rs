//! A change of a turn on its way: the round that it is in, read from the newest state and committed
//! on that very state.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::id::{ContentId, MemoryId, ObjectId};
use crate::limits::{LABEL_BYTES_MAX, STEP_ATTEMPTS_MAX};
use crate::map::{Map, Value};
use crate::object::{
    Canonical, DriverId, EndReason, Memory, ModelCall, OperationKind, Phase, Policy, StepIntent,
    StepOutcome, StepWork, TurnProgress, TurnStart, read,
};
use crate::session::batch::{Batch, Finished};
use crate::session::handle::Session;
use crate::session::line::keys::{memory_id, memory_key, next_number};
use crate::session::line::names::first_line;
use crate::session::line::roots::{Root, Roots};
use crate::session::line::steps::{
    StepRow, TurnRow, all_turns, place_of, round_of, step_id, step_key, steps_of, turn_key,
};
use crate::session::read::snapshot::Snapshot;

/// A change of a turn on its way.
pub(crate) struct TurnWork {
    pub(crate) batch: Batch,
    pub(crate) turn: ObjectId,
    pub(crate) progress: TurnProgress,
    /// What was applied in it.
    pub(crate) applied: Option<crate::session::turn::apply::Applied>,
    /// Whether there is something to commit.
    pub(crate) changed: bool,
    row: TurnRow,
    map: Map,
    /// The steps of the round, by their places.
    rows: BTreeMap<u64, StepRow>,
    first_memory: u64,
}

/// Where a step stands: its round and its place in it.
pub(crate) type StepPlace = (u64, u64);

impl TurnWork {
    /// Begins a turn. What makes it this one follows from the driver and the session's newest
    /// operation, so no two are the same.
    pub(crate) fn begin(session: &Session, policy: &Policy, driver: DriverId) -> Result<Self> {
        let mut batch = session.begin()?;
        let state = Roots::of(batch.head.point());
        let map = state.map(Root::Steps);
        let number = match all_turns(&batch.batch, map)?.last() {
            Some((_, newest)) => newest.number + 1,
            None => 1,
        };
        let seed = [&driver.as_bytes()[..], batch.head.operation.id.as_bytes()].concat();
        let seed = ObjectId::of_content(&seed);
        let nonce = seed.as_bytes()[..16].try_into().expect("16 of 32 bytes");
        let first_memory = next_number(state.memories(), &batch.batch)?;
        let start = TurnStart {
            session: session.nonce.to_vec(),
            nonce,
            policy: batch.batch.put(policy, None),
            memory: first_memory - 1,
        };
        start.validate()?;
        let turn = batch.batch.put(&start, None);
        let progress = TurnProgress::new(driver);
        let row = TurnRow { number, start: turn, progress: turn };
        let rows = BTreeMap::new();
        Ok(TurnWork {
            batch,
            turn,
            progress,
            applied: None,
            changed: true,
            row,
            map,
            rows,
            first_memory,
        })
    }

    /// Reads a turn from the newest state.
    pub(crate) fn load(session: &Session, turn: ObjectId) -> Result<Self> {
        let batch = session.begin()?;
        let state = Roots::of(batch.head.point());
        let map = state.map(Root::Steps);
        let row = TurnRow::find(&batch.batch, map, turn)?;
        let row = row.ok_or_else(|| {
            Error::not_found(format!("no turn {turn:.10} in session {:?}", session.name()))
        })?;
        let progress = row.progress(&batch.batch)?;
        let mut rows = BTreeMap::new();
        for found in map.prefix(&batch.batch, &round_of(turn, progress.round)) {
            let (key, value) = found?;
            rows.insert(place_of(&key)?.1, StepRow::of(&batch.batch, &value)?);
        }
        let first_memory = next_number(state.memories(), &batch.batch)?;
        Ok(TurnWork {
            batch,
            turn,
            progress,
            applied: None,
            changed: false,
            row,
            map,
            rows,
            first_memory,
        })
    }

    /// What makes the turn this one.
    pub(crate) fn start(&self) -> Result<TurnStart> {
        self.row.start(&self.batch.batch)
    }

    pub(crate) fn policy(&self) -> Result<Policy> {
        read(&self.batch.batch, self.start()?.policy)
    }

    /// The state that it began with.
    pub(crate) fn state(&self) -> Snapshot {
        self.batch.before()
    }

    /// The steps of the round, by their places.
    pub(crate) fn rows(&self) -> &BTreeMap<u64, StepRow> {
        &self.rows
    }

    /// The step of a place in the round.
    pub(crate) fn row(&self, index: u64) -> Option<&StepRow> {
        self.rows.get(&index)
    }

    pub(crate) fn id_of(&self, index: u64) -> ObjectId {
        step_id(self.turn, self.progress.round, index)
    }

    /// Finds a step of the turn by its id: first in the round, then in all others.
    pub(crate) fn find(&self, id: ObjectId) -> Result<Option<StepPlace>> {
        let here = self.rows.keys().find(|index| self.id_of(**index) == id);
        if let Some(index) = here {
            return Ok(Some((self.progress.round, *index)));
        }
        for row in self.map.prefix(&self.batch.batch, &steps_of(self.turn)) {
            let (round, index) = place_of(&row?.0)?;
            if step_id(self.turn, round, index) == id {
                return Ok(Some((round, index)));
            }
        }
        Ok(None)
    }

    /// The step of a place in any round.
    pub(crate) fn row_at(&self, place: StepPlace) -> Result<Option<StepRow>> {
        if place.0 == self.progress.round {
            return Ok(self.rows.get(&place.1).cloned());
        }
        let value = self.map.get(&self.batch.batch, &step_key(self.turn, place.0, place.1))?;
        value.map(|value| StepRow::of(&self.batch.batch, &value)).transpose()
    }

    /// The steps of an earlier round.
    pub(crate) fn rows_of(&self, round: u64) -> Result<Vec<StepRow>> {
        let rows = self.map.prefix(&self.batch.batch, &round_of(self.turn, round));
        rows.map(|row| StepRow::of(&self.batch.batch, &row?.1)).collect()
    }

    /// Records that a step is to be done: its first attempt, or the next. Returns its number.
    pub(crate) fn open(&mut self, index: u64, work: StepWork) -> Result<u64> {
        let round = self.progress.round;
        let mut row = self.rows.remove(&index).unwrap_or_default();
        let attempt = row.attempts.len() as u64 + 1;
        if row.attempts.len() >= STEP_ATTEMPTS_MAX {
            let id = self.id_of(index);
            let message = format!("step {id:.10} was tried {} times", row.attempts.len());
            return Err(Error::invalid(message));
        }
        let driver = self.progress.driver;
        let intent = StepIntent { turn: self.turn, round, index, attempt, driver, work };
        row.refs.push(self.batch.batch.put(&intent, None));
        row.attempts.push(crate::session::line::steps::StepAttempt { intent, outcome: None });
        self.put_row((round, index), row)?;
        Ok(attempt)
    }

    /// Records what came of the newest attempt at a step of the round.
    pub(crate) fn close(&mut self, index: u64, mut outcome: StepOutcome) -> Result<()> {
        shorten(&mut outcome.text);
        outcome.validate()?;
        let mut row = self.rows.remove(&index).expect("a step that is closed was opened");
        let id = self.batch.batch.put(&outcome, None);
        row.refs.push(id);
        row.attempts.last_mut().expect("a row has an attempt").outcome = Some(outcome);
        self.put_row((self.progress.round, index), row)
    }

    /// Keeps what came of a step when nobody waited for it any more. Returns whether there was room.
    pub(crate) fn close_late(
        &mut self,
        place: StepPlace,
        mut outcome: StepOutcome,
    ) -> Result<bool> {
        let Some(mut row) = self.row_at(place)? else { return Ok(false) };
        shorten(&mut outcome.text);
        outcome.is_late = true;
        outcome.validate()?;
        let id = outcome.to_node().id();
        if row.refs.contains(&id) {
            return Ok(true);
        }
        if row.late.len() >= STEP_ATTEMPTS_MAX {
            return Ok(false);
        }
        row.refs.push(self.batch.batch.put(&outcome, None));
        row.late.push(outcome);
        self.put_row(place, row)?;
        Ok(true)
    }

    fn put_row(&mut self, place: StepPlace, row: StepRow) -> Result<()> {
        let key = step_key(self.turn, place.0, place.1);
        let value = row.value(&mut self.batch.batch)?;
        self.batch.draft.joined.rows(Root::Steps).insert(key, Some(value));
        if place.0 == self.progress.round {
            self.rows.insert(place.1, row);
        }
        self.changed = true;
        Ok(())
    }

    /// Takes up rows that a person's answer in this very batch changed.
    pub(crate) fn reread(&mut self, index: u64) -> Result<()> {
        let key = step_key(self.turn, self.progress.round, index);
        let rows = self.batch.draft.joined.rows(Root::Steps);
        if let Some(Some(value)) = rows.get(&key).cloned() {
            self.rows.insert(index, StepRow::of(&self.batch.batch, &value)?);
        }
        self.changed = true;
        Ok(())
    }

    /// Appends a memory. Returns its number and id.
    pub(crate) fn remember(&mut self, memory: Memory) -> Result<(u64, MemoryId)> {
        let number = self.next_memory();
        let (id, _) = self.batch.remember_kept(memory)?;
        self.changed = true;
        Ok((number, id))
    }

    /// Appends a memory that came of a model's call. Returns its number and id.
    pub(crate) fn remember_call(
        &mut self,
        memory: Memory,
        call: ModelCall,
    ) -> Result<(u64, MemoryId)> {
        let number = self.next_memory();
        self.batch.remember_with_call(memory, call)?;
        self.changed = true;
        let memories = self.batch.draft.memories.as_slice();
        Ok((number, memories.last().expect("it was just appended").id))
    }

    /// Stores a call whose answer becomes no memory.
    pub(crate) fn put_call(&mut self, call: &ModelCall) -> Result<ObjectId> {
        call.validate()?;
        Ok(self.batch.batch.put(call, None))
    }

    fn next_memory(&self) -> u64 {
        self.first_memory + self.batch.draft.memories.as_slice().len() as u64
    }

    /// The memory of a number, if it is still the one of this id.
    pub(crate) fn memory(&self, number: u64, id: ObjectId) -> Result<Option<Memory>> {
        let map = Roots::of(self.batch.head.point()).memories();
        match map.get(&self.batch.batch, &memory_key(number))? {
            Some(value) if memory_id(&value)?.id() == id => {
                let store = self.batch.session.store();
                Ok(Some(crate::session::read::prompt::resolved(store, read(store, id)?)?))
            }
            _ => Ok(None),
        }
    }

    /// What a person decided about a tool for good, as it is declared.
    pub(crate) fn standing(
        &self,
        tool: (&str, Option<ObjectId>),
    ) -> Result<Option<crate::object::Decision>> {
        let nonce = &self.batch.session.nonce;
        crate::session::line::steps::standing(&self.batch.batch, self.map, tool, nonce)
    }

    /// Tells whether the answer whose calls the round does is still there.
    pub(crate) fn call_stands(&self) -> Result<bool> {
        let Some(answer) = self.progress.answer else { return Ok(false) };
        let map = Roots::of(self.batch.head.point()).memories();
        let value = map.get(&self.batch.batch, &memory_key(self.progress.memory))?;
        Ok(value.map(|value| memory_id(&value)).transpose()?.is_some_and(|id| id.id() == answer))
    }

    /// Why it ended, in a line.
    pub(crate) fn ended(&self) -> String {
        let reason = self.progress.ended.map_or("", EndReason::name);
        match &*self.progress.note {
            "" => reason.to_owned(),
            note => format!("{reason}: {note}"),
        }
    }

    /// Goes on to a new round.
    pub(crate) fn enter(&mut self, phase: Phase) {
        self.progress.round += 1;
        self.progress.phase = phase;
        if phase != Phase::Tools {
            (self.progress.memory, self.progress.answer) = (0, None);
        }
        self.rows.clear();
        self.changed = true;
    }

    /// Tells whether it changes nothing but steps, so that all else is as it was read.
    pub(crate) fn is_of_steps(&self) -> bool {
        let draft = &self.batch.draft;
        let others = draft.joined.rows.iter().filter(|(root, _)| **root != Root::Steps);
        let is_untouched = draft.touched.is_empty() && draft.memories.as_slice().is_empty();
        is_untouched && others.into_iter().all(|(_, rows)| rows.is_empty())
    }

    /// Ends the turn.
    pub(crate) fn end(&mut self, reason: EndReason, note: &str) {
        self.progress.ended = Some(reason);
        self.progress.phase = Phase::Ended;
        note.clone_into(&mut self.progress.note);
        shorten(&mut self.progress.note);
        self.changed = true;
    }

    /// Commits it on the state that it was read from; none where somebody else came first.
    pub(crate) fn commit(self, kind: OperationKind, message: &str) -> Result<Option<Finished>> {
        let TurnWork { mut batch, turn, progress, mut row, .. } = self;
        row.progress = batch.batch.put(&progress, None);
        let value: Value = row.value();
        batch.draft.joined.rows(Root::Steps).insert(turn_key(turn), Some(value));
        batch.set_kind(kind);
        batch.message(&first_line(message))?;
        batch.finish_in_place()
    }
}

/// Cuts a text to what a node has room for.
pub(crate) fn shorten(text: &mut String) {
    if text.len() > LABEL_BYTES_MAX {
        let mut end = LABEL_BYTES_MAX - 3;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str("...");
    }
}

/// The id of a tool's declaration: of the schema of its arguments.
pub(crate) fn schema_id(tool: &crate::context::Tool) -> ObjectId {
    ObjectId::of_content(tool.schema.to_string().as_bytes())
}

/// The id of a call's arguments.
pub(crate) fn arguments_id(arguments: &[u8]) -> ContentId {
    ContentId::new(ObjectId::of_content(arguments))
}
