//! The map of evidence: by number, and by *lane*, which is the same command in the same directory
//! about the same scope of inputs, of which the same report files were asked for.

use std::ops::Bound;

use crate::codec::{Writer, malformed};
use crate::error::Result;
use crate::id::ObjectId;
use crate::map::{Map, Value};
use crate::object::{Evidence, Objects, Run, Scope, read};
use crate::session::line::chain::number_after;
use crate::session::line::keys::{memory_key, memory_number};

/// The first byte of the keys that find the newest evidence of a lane. Numbers begin with a smaller
/// one.
const LANE: u8 = b'k';
/// The first byte of the keys that say of evidence which a merge brought what its numbers are here.
const MERGED: u8 = b'm';

/// The largest key of a number: no session comes near.
pub(crate) const LAST: [u8; 8] = (u64::MAX >> 8).to_be_bytes();

/// What is the same for all evidence of a lane, and for no other.
pub(crate) fn lane_of(run: &Run, evidence: &Evidence) -> ObjectId {
    lane(run, &evidence.inputs.scope, &evidence.report_files())
}

fn lane(run: &Run, scope: &Scope, reports: &[&str]) -> ObjectId {
    let mut bytes = Writer::new();
    bytes.raw(run.command.id().as_bytes()).bytes(&run.directory);
    match scope {
        Scope::All => drop(bytes.uint(0)),
        Scope::Globs(globs) => {
            bytes.uint(1).uint(globs.len() as u64);
            for glob in globs {
                bytes.bytes(glob.as_bytes());
            }
        }
        Scope::Reads => drop(bytes.uint(2)),
    }
    for report in reports {
        bytes.bytes(report.as_bytes());
    }
    ObjectId::of_content(bytes.as_bytes())
}

/// The key of a lane in the map of evidence.
pub(crate) fn lane_key(lane: &ObjectId) -> Vec<u8> {
    let mut key = vec![LANE];
    key.extend_from_slice(lane.as_bytes());
    key
}

/// What tells a setup step from others: its command and directory.
pub(crate) fn step_of(run: &Run) -> ObjectId {
    lane(run, &Scope::All, &[])
}

/// The number that the next evidence gets.
pub(crate) fn next_evidence(map: Map, objects: &impl Objects) -> Result<u64> {
    let mut rows = map.range_back(objects, Bound::Unbounded, Bound::Included(&LAST));
    match rows.next().transpose()? {
        Some((key, _)) => number_after(memory_number(&key)?),
        None => Ok(1),
    }
}

/// The id of the evidence of a number.
pub(crate) fn evidence_id(
    objects: &impl Objects,
    map: Map,
    number: u64,
) -> Result<Option<ObjectId>> {
    match map.get(objects, &memory_key(number))?.map(|value| value.refs) {
        None => Ok(None),
        Some(refs) => match refs[..] {
            [id] => Ok(Some(id)),
            _ => Err(malformed("a row of evidence")),
        },
    }
}

/// The numbers of evidence that a merge brought, where it came to: of the one before it in its lane, and
/// of its run, 0 where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumbersHere {
    pub(crate) previous: u64,
    pub(crate) run: u64,
}

impl NumbersHere {
    pub(crate) fn key(number: u64) -> Vec<u8> {
        let mut key = vec![MERGED];
        key.extend_from_slice(&memory_key(number));
        key
    }

    pub(crate) fn value(self) -> Value {
        let bytes = [self.previous.to_be_bytes(), self.run.to_be_bytes()].concat();
        Value { refs: Vec::new(), bytes }
    }

    fn of(value: &Value) -> Result<Self> {
        let (previous, run) = value.bytes.split_at_checked(8).unwrap_or_default();
        match (previous.try_into(), run.try_into(), &value.refs[..]) {
            (Ok(previous), Ok(run), []) => Ok(NumbersHere {
                previous: u64::from_be_bytes(previous),
                run: u64::from_be_bytes(run),
            }),
            _ => Err(malformed("the numbers of merged evidence")),
        }
    }
}

/// Reads evidence, with the numbers that it has in a session's map.
pub(crate) fn read_evidence(
    objects: &impl Objects,
    map: Map,
    number: u64,
    id: ObjectId,
) -> Result<Evidence> {
    let mut evidence: Evidence = read(objects, id)?;
    if let Some(row) = map.get(objects, &NumbersHere::key(number))? {
        let here = NumbersHere::of(&row)?;
        evidence.previous = here.previous;
        if let Some(run) = &mut evidence.run {
            run.number = here.run;
        }
    }
    Ok(evidence)
}
