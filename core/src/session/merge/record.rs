//! Runs, evidence and claims of another session: what ran has run, whoever ran it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;

use crate::error::Result;
use crate::id::ObjectId;
use crate::map::{Map, Value};
use crate::object::{Objects, Run, read};
use crate::session::draft::joined::JoinedDraft;
use crate::session::line::chain::number_after;
use crate::session::line::evidence::{
    LAST, NumbersHere, lane_key, lane_of, next_evidence, read_evidence,
};
use crate::session::line::keys::{FLOOR, memory_key, memory_number, next_number};
use crate::session::line::roots::{Root, Roots};
use crate::session::merge::dialog::DialogJoined;
use crate::store::Batch as StoreBatch;

/// What came of another session's records.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RecordJoined {
    pub(super) evidence: u64,
    pub(super) claims: u64,
}

/// Adds the runs, the evidence and the claims that the other session has and ours has not.
pub(super) fn join(
    batch: &mut StoreBatch,
    joined: &mut JoinedDraft,
    [base, ours, theirs]: [Roots; 3],
    dialog: &DialogJoined,
) -> Result<RecordJoined> {
    let runs = join_runs(batch, joined, [base, ours, theirs])?;
    let evidence = join_evidence(batch, joined, [base, ours, theirs], &runs)?;
    let claims = join_claims(batch, joined, [base, ours, theirs], dialog)?;
    Ok(RecordJoined { evidence, claims })
}

/// Returns the numbers here of the runs that came, by their numbers there.
fn join_runs(
    batch: &mut StoreBatch,
    joined: &mut JoinedDraft,
    states: [Roots; 3],
) -> Result<BTreeMap<u64, u64>> {
    let [base, ours, theirs] = maps(batch, joined, states, Root::Runs)?;
    let mut numbers = BTreeMap::new();
    if base == theirs {
        return Ok(numbers);
    }
    let known = known(batch, base, ours)?;
    let mut number = next_of(batch, ours)?;
    for change in base.diff(&theirs, &*batch) {
        let change = change?;
        let Some(row) = change.after else { continue };
        let there = memory_number(&change.key)?;
        let Some(run) = row.refs.first().copied() else { continue };
        if change.before.is_some() {
            // It was open when they parted, and its outcome is known there.
            let here = ours.get(&*batch, &change.key)?;
            if here == change.before {
                joined.rows(Root::Runs).insert(change.key, Some(row));
            }
            continue;
        }
        if let Some(here) = known.get(&run) {
            numbers.insert(there, *here);
            let key = memory_key(*here);
            let is_open = ours.get(&*batch, &key)?.is_some_and(|here| here.refs.len() < 2);
            if is_open && row.refs.len() > 1 {
                joined.rows(Root::Runs).insert(key, Some(row));
            }
            continue;
        }
        numbers.insert(there, number);
        joined.rows(Root::Runs).insert(memory_key(number), Some(row));
        number = number_after(number)?;
    }
    Ok(numbers)
}

fn join_evidence(
    batch: &mut StoreBatch,
    joined: &mut JoinedDraft,
    states: [Roots; 3],
    runs: &BTreeMap<u64, u64>,
) -> Result<u64> {
    let [base, ours, theirs] = maps(batch, joined, states, Root::Evidence)?;
    if base == theirs {
        return Ok(0);
    }
    let known = known(batch, base, ours)?;
    let mut lanes: HashMap<Vec<u8>, u64> = HashMap::new();
    let (mut number, mut count) = (next_evidence(ours, &*batch)?, 0);
    for (there, id) in new_rows(batch, base, theirs)? {
        if known.contains_key(&id) {
            continue;
        }
        let mut here = NumbersHere { previous: 0, run: 0 };
        match read_evidence(&*batch, theirs, there, id) {
            Err(error) if error.kind().is_absence() => {}
            evidence => {
                let evidence = evidence?;
                if let Some(of) = evidence.run {
                    here.run = runs.get(&of.number).copied().unwrap_or(of.number);
                    let run = match read::<Run>(&*batch, of.run) {
                        Err(error) if error.kind().is_absence() => None,
                        run => Some(run?),
                    };
                    if let Some(run) = run {
                        let lane = lane_key(&lane_of(&run, &evidence));
                        let before = match lanes.get(&lane) {
                            Some(number) => Some(*number),
                            None => match ours.get(&*batch, &lane)? {
                                Some(row) => Some(memory_number(&row.bytes)?),
                                None => None,
                            },
                        };
                        here.previous = before.unwrap_or(0);
                        let newest = Value { refs: Vec::new(), bytes: memory_key(number) };
                        joined.rows(Root::Evidence).insert(lane.clone(), Some(newest));
                        lanes.insert(lane, number);
                    }
                }
            }
        }
        let rows = joined.rows(Root::Evidence);
        let row = Value { refs: vec![id], bytes: Vec::new() };
        rows.insert(memory_key(number), Some(row));
        rows.insert(NumbersHere::key(number), Some(here.value()));
        number = number_after(number)?;
        count += 1;
    }
    Ok(count)
}

fn join_claims(
    batch: &mut StoreBatch,
    joined: &mut JoinedDraft,
    states: [Roots; 3],
    dialog: &DialogJoined,
) -> Result<u64> {
    let [base, ours, theirs] = maps(batch, joined, states, Root::Claims)?;
    if base == theirs {
        return Ok(0);
    }
    let known = known(batch, base, ours)?;
    let (mut number, mut count) = (next_number(ours, &*batch)?, 0);
    let mut new = Vec::new();
    for (there, id) in new_rows(batch, base, theirs)? {
        if !known.contains_key(&id) {
            new.push((there, id));
        }
    }
    for (there, id) in new {
        let Some(row) = theirs.get(&*batch, &memory_key(there))? else { continue };
        // The memory that says it has another number here, if it came.
        let bytes = match &row.bytes[..] {
            [] => Vec::new(),
            bytes => match memory_number(bytes)? {
                number if number < dialog.since => bytes.to_vec(),
                number => dialog.numbers.get(&number).copied().map(memory_key).unwrap_or_default(),
            },
        };
        let row = Value { refs: vec![id], bytes };
        joined.rows(Root::Claims).insert(memory_key(number), Some(row));
        number = number_after(number)?;
        count += 1;
    }
    if count > 0 && ours.get(&*batch, FLOOR)?.is_some() {
        joined.rows(Root::Claims).insert(FLOOR.to_vec(), None);
    }
    Ok(count)
}

/// The maps of a root: the base's, ours as it is with the rows so far, and theirs.
fn maps(
    batch: &mut StoreBatch,
    joined: &JoinedDraft,
    [base, ours, theirs]: [Roots; 3],
    root: Root,
) -> Result<[Map; 3]> {
    Ok([base.map(root), joined.map(batch, ours, root)?, theirs.map(root)])
}

/// What a map has since its base, by the objects' ids.
fn known(objects: &impl Objects, base: Map, map: Map) -> Result<HashMap<ObjectId, u64>> {
    Ok(new_rows(objects, base, map)?.into_iter().map(|(number, id)| (id, number)).collect())
}

/// Rows by number that a map has and its base has not, in their order.
fn new_rows(objects: &impl Objects, base: Map, map: Map) -> Result<Vec<(u64, ObjectId)>> {
    let (mut rows, mut met) = (Vec::new(), HashSet::new());
    for change in base.diff(&map, objects) {
        let change = change?;
        let is_number = change.key.len() == 8 && change.key[..] <= LAST[..];
        if let (true, None, Some(row)) = (is_number, &change.before, &change.after)
            && let Some(id) = row.refs.first()
            && met.insert(*id)
        {
            rows.push((memory_number(&change.key)?, *id));
        }
    }
    Ok(rows)
}

fn next_of(objects: &impl Objects, runs: Map) -> Result<u64> {
    match runs.range_back(objects, Bound::Unbounded, Bound::Unbounded).next() {
        Some(row) => number_after(memory_number(&row?.0)?),
        None => Ok(1),
    }
}
