//! The map of turns: each turn, its steps by round and place, and what was decided about tools.

use std::ops::Bound;

use crate::codec::malformed;
use crate::error::Result;
use crate::id::ObjectId;
use crate::map::{Map, Value};
use crate::object::{
    Canonical, Decision, Kind, Objects, StepEnd, StepIntent, StepOutcome, TurnProgress, TurnStart,
    read,
};
use crate::session::line::spilled::{gathered, spilled};
use crate::store::Batch as StoreBatch;

/// The first byte of the keys of turns, of steps, and of decisions about tools.
const TURN: u8 = b'a';
const STEP: u8 = b's';
const TOOL: u8 = b't';

/// The places of questions about a call are those of calls with one of these bits.
pub(crate) const APPROVE: u64 = 1 << 32;
pub(crate) const UNKNOWN: u64 = 1 << 33;

/// The id of a step: the same however often it is tried.
pub(crate) fn step_id(turn: ObjectId, round: u64, index: u64) -> ObjectId {
    let mut bytes = b"partita step\0".to_vec();
    bytes.extend_from_slice(turn.as_bytes());
    bytes.extend_from_slice(&round.to_be_bytes());
    bytes.extend_from_slice(&index.to_be_bytes());
    ObjectId::of_content(&bytes)
}

pub(crate) fn turn_key(turn: ObjectId) -> Vec<u8> {
    [&[TURN], &turn.as_bytes()[..]].concat()
}

/// The keys of all turns.
pub(crate) fn turns() -> [Vec<u8>; 2] {
    [vec![TURN], vec![TURN + 1]]
}

/// Tells whether a key is a turn's own.
pub(crate) fn is_turn_key(key: &[u8]) -> bool {
    key.first() == Some(&TURN)
}

/// What the keys of a turn's steps begin with.
pub(crate) fn steps_of(turn: ObjectId) -> Vec<u8> {
    [&[STEP], &turn.as_bytes()[..]].concat()
}

/// What the keys of the steps of a round begin with.
pub(crate) fn round_of(turn: ObjectId, round: u64) -> Vec<u8> {
    [steps_of(turn), round.to_be_bytes().to_vec()].concat()
}

pub(crate) fn step_key(turn: ObjectId, round: u64, index: u64) -> Vec<u8> {
    [round_of(turn, round), index.to_be_bytes().to_vec()].concat()
}

/// The round and the place of a step's key.
pub(crate) fn place_of(key: &[u8]) -> Result<(u64, u64)> {
    let number = |bytes: &[u8]| bytes.try_into().map(u64::from_be_bytes).ok();
    match key.len() {
        49 => number(&key[33..41]).zip(number(&key[41..])),
        _ => None,
    }
    .ok_or_else(|| malformed("a step's key"))
}

/// The key of what was decided about a tool with a declaration.
pub(crate) fn tool_key(name: &str, schema: Option<ObjectId>) -> Vec<u8> {
    let mut bytes = name.as_bytes().to_vec();
    bytes.push(0);
    bytes.extend(schema.iter().flat_map(|id| *id.as_bytes()));
    [&[TOOL], &ObjectId::of_content(&bytes).as_bytes()[..]].concat()
}

/// A turn as a row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TurnRow {
    /// Counts from 1 in the session.
    pub(crate) number: u64,
    pub(crate) start: ObjectId,
    pub(crate) progress: ObjectId,
}

impl TurnRow {
    pub(crate) fn of(value: &Value) -> Result<Self> {
        let number = value.bytes[..].try_into().map(u64::from_be_bytes);
        match (number, &value.refs[..]) {
            (Ok(number), &[start, progress]) => Ok(TurnRow { number, start, progress }),
            _ => Err(malformed("a turn's row")),
        }
    }

    pub(crate) fn value(&self) -> Value {
        let bytes = self.number.to_be_bytes().to_vec();
        Value { refs: vec![self.start, self.progress], bytes }
    }

    pub(crate) fn find(objects: &impl Objects, map: Map, turn: ObjectId) -> Result<Option<Self>> {
        map.get(objects, &turn_key(turn))?.map(|value| TurnRow::of(&value)).transpose()
    }

    pub(crate) fn start(&self, objects: &impl Objects) -> Result<TurnStart> {
        read(objects, self.start)
    }

    pub(crate) fn progress(&self, objects: &impl Objects) -> Result<TurnProgress> {
        read(objects, self.progress)
    }
}

/// All turns of a map, in the order of their numbers.
pub(crate) fn all_turns(objects: &impl Objects, map: Map) -> Result<Vec<(ObjectId, TurnRow)>> {
    let [from, to] = turns();
    let mut found = Vec::new();
    for row in map.range(objects, Bound::Included(&from), Bound::Excluded(&to)) {
        let row = TurnRow::of(&row?.1)?;
        found.push((row.start, row));
    }
    found.sort_by_key(|(id, row)| (row.number, *id));
    Ok(found)
}

/// One attempt at a step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepAttempt {
    /// What was to be done, and by whom.
    pub intent: StepIntent,
    /// What came of it; none as long as nobody has said.
    pub outcome: Option<StepOutcome>,
}

/// A step as its row has it: attempts, and results that came too late.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StepRow {
    pub(crate) refs: Vec<ObjectId>,
    pub(crate) attempts: Vec<StepAttempt>,
    pub(crate) late: Vec<StepOutcome>,
}

impl StepRow {
    pub(crate) fn of(objects: &impl Objects, value: &Value) -> Result<Self> {
        let is_spilled = match &value.bytes[..] {
            [] => false,
            [1] => true,
            _ => return Err(malformed("a step's row")),
        };
        let refs = gathered(objects, &value.refs, is_spilled)?;
        let mut row = StepRow { refs, ..StepRow::default() };
        for id in &row.refs.clone() {
            let node = objects.read_node(id)?;
            if node.kind == Kind::STEP {
                let intent = StepIntent::from_node(&node)?;
                row.attempts.push(StepAttempt { intent, outcome: None });
                continue;
            }
            let outcome = StepOutcome::from_node(&node)?;
            match row.attempts.iter_mut().find(|it| it.intent.attempt == outcome.attempt) {
                Some(attempt) if !outcome.is_late && attempt.outcome.is_none() => {
                    attempt.outcome = Some(outcome);
                }
                _ if outcome.is_late => row.late.push(outcome),
                _ => return Err(malformed("an outcome of no attempt")),
            }
        }
        match row.attempts.is_empty() {
            true => Err(malformed("a step without an intent")),
            false => Ok(row),
        }
    }

    pub(crate) fn value(&self, batch: &mut StoreBatch) -> Result<Value> {
        let (refs, is_spilled) = spilled(batch, &self.refs)?;
        Ok(Value { refs, bytes: if is_spilled { vec![1] } else { Vec::new() } })
    }

    pub(crate) fn newest(&self) -> &StepAttempt {
        self.attempts.last().expect("a row has an attempt")
    }

    /// The outcome that stands: of the newest attempt, if it has one that is known.
    pub(crate) fn outcome(&self) -> Option<&StepOutcome> {
        self.newest().outcome.as_ref().filter(|outcome| outcome.end != StepEnd::Unknown)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.newest().outcome.is_none()
    }

    pub(crate) fn is_unknown(&self) -> bool {
        let outcome = self.newest().outcome.as_ref();
        outcome.is_some_and(|outcome| outcome.end == StepEnd::Unknown)
    }
}

/// What was decided about a tool with a declaration, in the session of a nonce. A fork inherits none.
pub(crate) fn standing(
    objects: &impl Objects,
    map: Map,
    (name, schema): (&str, Option<ObjectId>),
    session: &[u8],
) -> Result<Option<Decision>> {
    let Some(row) = map.get(objects, &tool_key(name, schema))? else { return Ok(None) };
    let [id] = row.refs[..] else { return Err(malformed("a decision about a tool")) };
    let decision: Decision = read(objects, id)?;
    Ok(Some(decision).filter(|decision| decision.session == session))
}
