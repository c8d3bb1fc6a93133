//! What is in view, of two sessions: what one changed of the dialog that both have, rules, and how the
//! memories that came stand.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::error::Result;
use crate::id::MapId;
use crate::map::{Map, MergeOutcome, Value};
use crate::object::Objects;
use crate::session::draft::joined::JoinedDraft;
use crate::session::line::chain::number_after;
use crate::session::line::glob::ViewRule;
use crate::session::line::marks::{
    self, FORGOTTEN, Laid, MEMORY, PINNED, RULE, SUMMARY, memory_flags, memory_value, next_in,
    number_of, rules,
};
use crate::session::line::roots::Root;
use crate::session::merge::dialog::DialogJoined;
use crate::store::Batch as StoreBatch;

/// The views of a base and of two sides, files apart.
pub(super) struct Views {
    pub(super) base: Map,
    pub(super) ours: Map,
    pub(super) theirs: Map,
}

/// Takes what the other side changed in the view of memories that both have. Returns the memories whose
/// pins both changed.
pub(super) fn join_shared(
    batch: &StoreBatch,
    joined: &mut JoinedDraft,
    views: &Views,
    since: u64,
) -> Result<Vec<u64>> {
    let mut unlike = Vec::new();
    let mut edits = Vec::new();
    for change in views.base.merge(&views.ours, &views.theirs, batch) {
        let change = change?;
        let is_shared = matches!(change.key.first(), Some(&(MEMORY | SUMMARY)))
            && number_of(&change.key)? < since;
        if !is_shared || change.sides[0] == change.sides[1] {
            continue;
        }
        match change.outcome() {
            MergeOutcome::Clean(value) if value != change.sides[0].as_ref() => {
                edits.push((change.key.clone(), value.cloned()));
            }
            MergeOutcome::Clean(_) => {}
            MergeOutcome::Collision if change.key[0] == MEMORY => {
                let pin = |value: &Option<Value>| -> Result<u8> {
                    Ok(value.as_ref().map_or(Ok(0), memory_flags)? & PINNED)
                };
                if pin(&change.sides[0])? != pin(&change.sides[1])? {
                    unlike.push(number_of(&change.key)?);
                }
            }
            MergeOutcome::Collision => {}
        }
    }
    for (key, value) in edits {
        // Summaries never overlap, and nothing below one is touched: ours stay as they are.
        let number = number_of(&key)?;
        let last = match (key[0], &value) {
            (SUMMARY, Some(value)) => Laid::from_row(&key, value)?.last,
            _ => number,
        };
        // What is pinned here stays as it is, and that is told.
        let mut pinned = false;
        for row in marks::rows(views.ours, batch, MEMORY, number, last) {
            let (at, value) = row?;
            if memory_flags(&value)? & PINNED != 0 && at != key {
                pinned = true;
                unlike.push(number_of(&at)?);
            }
        }
        let is_free = !pinned
            && last < since
            && Laid::between(views.ours, batch, number, last)?
                .iter()
                .all(|laid| key[0] == SUMMARY && laid.first == number && laid.last >= last);
        if is_free {
            joined.rows(Root::View).insert(key, value);
        }
    }
    Ok(unlike)
}

/// Appends the rules that the other side made, and takes away those that it took away.
pub(super) fn join_rules(
    batch: &StoreBatch,
    joined: &mut JoinedDraft,
    views: &Views,
) -> Result<()> {
    let list = |view: Map| -> Result<Vec<ViewRule>> {
        Ok(rules(view, batch)?.into_iter().map(|(_, rule)| rule).collect())
    };
    let (base, ours) = (list(views.base)?, list(views.ours)?);
    let theirs = list(views.theirs)?;
    for (key, rule) in rules(views.ours, batch)? {
        if base.contains(&rule) && !theirs.contains(&rule) {
            joined.rows(Root::View).insert(key, None);
        }
    }
    let mut number = next_in(views.ours, batch, RULE)?;
    for row in marks::rows(views.theirs, batch, RULE, 0, u64::MAX) {
        let (_, value) = row?;
        let rule = marks::rule_of(&value)?;
        if !base.contains(&rule) && !ours.contains(&rule) {
            joined.rows(Root::View).insert(marks::key(RULE, number), Some(value));
            number = number_after(number)?;
        }
    }
    Ok(())
}

/// Takes the memories that came out of view.
pub(super) fn put_away(joined: &mut JoinedDraft, dialog: &DialogJoined) {
    for (_, number, _) in &dialog.came {
        joined.rows(Root::View).insert(marks::key(MEMORY, *number), memory_value(FORGOTTEN));
    }
}

/// Lets the memories that came stand in view as they do in the other session.
pub(super) fn stand_as_there(
    batch: &mut StoreBatch,
    joined: &mut JoinedDraft,
    theirs: Map,
    dialog: &DialogJoined,
) -> Result<()> {
    let moved: BTreeMap<u64, u64> =
        dialog.came.iter().map(|(there, here, _)| (*there, *here)).collect();
    let (Some((first, _)), Some((last, _))) = (moved.first_key_value(), moved.last_key_value())
    else {
        return Ok(());
    };
    let mut rows = Vec::new();
    for laid in Laid::between(theirs, batch, *first, *last)? {
        rows.push((marks::key(SUMMARY, laid.first), laid.to_value()));
    }
    for row in marks::rows(theirs, batch, MEMORY, *first, *last) {
        rows.push(row?);
    }
    for (key, value) in renumbered(batch, rows, &moved)? {
        joined.rows(Root::View).insert(key, Some(value));
    }
    Ok(())
}

/// Rows of memories and summaries with the numbers that they have here. What concerns none of these
/// memories is left out; a summary of more stands for these alone.
fn renumbered(
    batch: &mut StoreBatch,
    rows: Vec<(Vec<u8>, Value)>,
    moved: &BTreeMap<u64, u64>,
) -> Result<Vec<(Vec<u8>, Value)>> {
    let mut here = Vec::new();
    for (key, value) in rows {
        if key.first() == Some(&MEMORY) {
            if let Some(number) = moved.get(&number_of(&key)?) {
                here.push((marks::key(MEMORY, *number), value));
            }
            continue;
        }
        let laid = Laid::from_row(&key, &value)?;
        let mut within = moved.range(laid.first..=laid.last).map(|(_, here)| *here);
        let Some(first) = within.next() else { continue };
        let last = within.next_back().unwrap_or(first);
        let covered = match laid.covered {
            Some(map) => {
                let below = all(batch, Map::new(Some(map)))?;
                let below = renumbered(batch, below, moved)?;
                let below = below.into_iter().map(|(key, value)| (key, Some(value)));
                batch.edit_map(Map::EMPTY, below.collect())?.root().map(|id| MapId::new(id.id()))
            }
            None => None,
        };
        let laid = Laid { first, last, covered, ..laid };
        here.push((marks::key(SUMMARY, first), laid.to_value()));
    }
    Ok(here)
}

fn all(objects: &impl Objects, map: Map) -> Result<Vec<(Vec<u8>, Value)>> {
    map.range(objects, Bound::Unbounded, Bound::Unbounded).collect()
}
