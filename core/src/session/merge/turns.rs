//! What turns left in another session: steps, which happened, and what goes with the dialog.

use std::collections::HashMap;

use crate::error::Result;
use crate::id::ObjectId;
use crate::map::{Map, MergeOutcome, Value};
use crate::session::draft::joined::JoinedDraft;
use crate::session::line::chain::number_after;
use crate::session::line::evidence::LAST;
use crate::session::line::keys::{FLOOR, memory_key, memory_number, next_number};
use crate::session::line::roots::{Root, Roots};
use crate::session::line::steps::is_turn_key;
use crate::session::merge::dialog::DialogJoined;
use crate::store::Batch as StoreBatch;

/// Adds the steps, proposals, findings and gates that the other session has and ours has not. Returns
/// the gates that both set differently: ours stay.
pub(super) fn join(
    batch: &mut StoreBatch,
    joined: &mut JoinedDraft,
    states: [Roots; 3],
    dialog: &DialogJoined,
) -> Result<Vec<String>> {
    join_steps(batch, joined, states)?;
    join_numbered(batch, joined, states, Root::Proposals, &|row| Ok(row.bytes.clone()))?;
    join_numbered(batch, joined, states, Root::Findings, &|row| {
        // The memory that says it has another number here, if it came.
        Ok(match &row.bytes[..] {
            [] => Vec::new(),
            bytes => match memory_number(bytes)? {
                number if number < dialog.since => bytes.to_vec(),
                number => dialog.numbers.get(&number).copied().map(memory_key).unwrap_or_default(),
            },
        })
    })?;
    join_gates(batch, joined, states)
}

fn maps(
    batch: &mut StoreBatch,
    joined: &JoinedDraft,
    [base, ours, theirs]: [Roots; 3],
    root: Root,
) -> Result<[Map; 3]> {
    Ok([base.map(root), joined.map(batch, ours, root)?, theirs.map(root)])
}

/// Unites steps by their ids: each row was made in one session, and goes on there. What was decided
/// about tools stays what it is here.
fn join_steps(batch: &mut StoreBatch, joined: &mut JoinedDraft, states: [Roots; 3]) -> Result<()> {
    let [base, ours, theirs] = maps(batch, joined, states, Root::Steps)?;
    if base == theirs {
        return Ok(());
    }
    let mut newest = crate::session::line::steps::all_turns(&*batch, ours)?
        .last()
        .map_or(0, |(_, row)| row.number);
    let changes: Vec<_> = base.merge(&ours, &theirs, &*batch).collect::<Result<_>>()?;
    for change in changes {
        let [ours, theirs] = &change.sides;
        let Some(theirs) = theirs else { continue };
        let row = match ours {
            // Another turn of the same number may be here.
            None if is_turn_key(&change.key) => {
                newest = number_after(newest)?;
                Value { bytes: newest.to_be_bytes().to_vec(), ..theirs.clone() }
            }
            None => theirs.clone(),
            Some(ours) if change.base.as_ref() == Some(ours) => {
                Value { bytes: ours.bytes.clone(), ..theirs.clone() }
            }
            Some(_) => continue,
        };
        joined.rows(Root::Steps).insert(change.key, Some(row));
    }
    Ok(())
}

/// Adds rows by number: those that are new behind ours, and what the other side added to those that
/// both come from where ours did nothing.
fn join_numbered(
    batch: &mut StoreBatch,
    joined: &mut JoinedDraft,
    states: [Roots; 3],
    root: Root,
    bytes: &dyn Fn(&Value) -> Result<Vec<u8>>,
) -> Result<()> {
    let [base, ours, theirs] = maps(batch, joined, states, root)?;
    if base == theirs {
        return Ok(());
    }
    let known = first_refs(batch, base, ours)?;
    let mut number = next_number(ours, &*batch)?;
    let mut came = false;
    let changes: Vec<_> = base.diff(&theirs, &*batch).collect::<Result<_>>()?;
    for change in changes {
        let is_number = change.key.len() == 8 && change.key[..] <= LAST[..];
        let (true, Some(row)) = (is_number, change.after) else { continue };
        if change.before.is_some() {
            if ours.get(&*batch, &change.key)? == change.before {
                joined.rows(root).insert(change.key, Some(row));
            }
            continue;
        }
        if row.refs.first().is_some_and(|id| known.contains_key(id)) {
            continue;
        }
        let row = Value { bytes: bytes(&row)?, ..row };
        joined.rows(root).insert(memory_key(number), Some(row));
        number = number_after(number)?;
        came = true;
    }
    if came && ours.get(&*batch, FLOOR)?.is_some() {
        joined.rows(root).insert(FLOOR.to_vec(), None);
    }
    Ok(())
}

/// What a map has since its base, by the first id of each row.
fn first_refs(batch: &StoreBatch, base: Map, map: Map) -> Result<HashMap<ObjectId, u64>> {
    let mut found = HashMap::new();
    for change in base.diff(&map, batch) {
        let change = change?;
        let id = change.after.as_ref().and_then(|row| row.refs.first().copied());
        if let (8, Some(id)) = (change.key.len(), id) {
            found.insert(id, memory_number(&change.key)?);
        }
    }
    Ok(found)
}

fn join_gates(
    batch: &mut StoreBatch,
    joined: &mut JoinedDraft,
    states: [Roots; 3],
) -> Result<Vec<String>> {
    let [base, ours, theirs] = maps(batch, joined, states, Root::Gates)?;
    let mut collided = Vec::new();
    let changes: Vec<_> = base.merge(&ours, &theirs, &*batch).collect::<Result<_>>()?;
    for change in changes {
        match change.outcome() {
            MergeOutcome::Clean(value) if value == change.sides[0].as_ref() => {}
            MergeOutcome::Clean(value) => {
                joined.rows(Root::Gates).insert(change.key.clone(), value.cloned());
            }
            MergeOutcome::Collision => {
                collided.push(String::from_utf8_lossy(&change.key).into_owned());
            }
        }
    }
    Ok(collided)
}
