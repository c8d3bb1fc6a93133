//! The map of evidence: by number, and by *lane*, which is the same command in the same directory
//! about the same scope of inputs, of which the same report files were asked for.

use std::ops::Bound;

use crate::codec::{Writer, malformed};
use crate::error::Result;
use crate::id::ObjectId;
use crate::map::Map;
use crate::object::{Evidence, Objects, Run, Scope};
use crate::session::line::chain::number_after;
use crate::session::line::keys::{memory_key, memory_number};

/// The first byte of the keys that find the newest evidence of a lane. Numbers begin with a smaller
/// one.
const LANE: u8 = b'k';

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
