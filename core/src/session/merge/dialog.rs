//! Memories of another session behind a session's own: each once, in the order that they have there.

use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;

use crate::error::Result;
use crate::id::{MemoryId, OperationId};
use crate::map::Map;
use crate::object::{Objects, Operation};
use crate::session::draft::joined::JoinedDraft;
use crate::session::line::branch::{BranchRun, branch_of};
use crate::session::line::chain::{Link, number_after};
use crate::session::line::common::FORKS_LOOKED_AT;
use crate::session::line::keys::next_number;
use crate::session::line::keys::{FLOOR, memory_id, memory_key, memory_number, memory_value};
use crate::session::line::point::Point;
use crate::session::line::roots::{Root, Roots};

/// What tells a memory from all others: the session that it was said in, by its nonce, and its number
/// there.
type Place = (Vec<u8>, u64);

/// Whose memories a session's are, by their numbers: its own, and those of sessions that it was forked
/// from.
struct Owners(Vec<Owner>);

/// A session, and the number from which on memories are its own.
struct Owner {
    from: u64,
    nonce: Vec<u8>,
}

impl Owners {
    fn of(objects: &(impl Objects + ?Sized), session: OperationId) -> Result<Self> {
        let mut owners = Vec::new();
        let mut at: Option<Link<Operation>> = there(Link::read(objects, session.id()))?;
        for _ in 0..FORKS_LOOKED_AT {
            let Some(first) = at else { break };
            let from = match (first.value.forked_from, first.value.checkpoint) {
                (Some(_), Some(point)) => match there(Point::read(objects, point.id()))? {
                    Some(point) => next_number(Roots::of(Some(&point)).memories(), objects)?,
                    None => 0,
                },
                _ => 0,
            };
            owners.push(Owner { from, nonce: first.value.nonce.clone() });
            let origin = first.value.forked_from.filter(|_| from > 0);
            let origin: Option<Link<Operation>> = match origin {
                Some(origin) => there(Link::read(objects, origin.id()))?,
                None => None,
            };
            at = match origin {
                Some(origin) => match origin.value.session {
                    Some(id) => there(Link::read(objects, id.id()))?,
                    None => Some(origin),
                },
                None => None,
            };
        }
        Ok(Owners(owners))
    }

    fn nonce(&self, number: u64) -> &[u8] {
        let owner = self.0.iter().find(|owner| owner.from <= number);
        owner.or(self.0.last()).map_or(&[], |owner| &owner.nonce)
    }

    /// The place of a memory, and what its session was called where a merge brought it.
    fn place(
        &self,
        objects: &(impl Objects + ?Sized),
        branches: Map,
        number: u64,
    ) -> Result<(Place, Option<String>)> {
        Ok(match branch_of(objects, branches, number)? {
            Some(run) => ((run.nonce.clone(), run.number_there(number)), Some(run.name)),
            None => ((self.nonce(number).to_vec(), number), None),
        })
    }
}

fn there<T>(read: Result<T>) -> Result<Option<T>> {
    match read {
        Err(error) if error.kind().is_absence() => Ok(None),
        read => read.map(Some),
    }
}

/// A state of a session whose memories are looked at.
pub(super) struct Speaker<'a> {
    pub(super) session: OperationId,
    pub(super) name: &'a str,
    pub(super) memories: Map,
    pub(super) branches: Map,
}

/// What two sessions come from, for their memories.
pub(super) struct Ancestor {
    pub(super) memories: Map,
    pub(super) branches: Map,
    pub(super) line: Whose,
}

/// On whose line a state is.
pub(super) enum Whose {
    Ours,
    Theirs,
    /// That of a session with this nonce.
    Another(Vec<u8>),
}

/// What came of another session's memories.
#[derive(Debug, Default)]
pub(super) struct DialogJoined {
    /// Memories that came: their numbers there and here, and what they are.
    pub(super) came: Vec<(u64, u64, MemoryId)>,
    /// The numbers here of all that the other session has since the base: those that came, and those
    /// that were here already.
    pub(super) numbers: BTreeMap<u64, u64>,
    /// The number from which on memories are no longer the base's, on both sides.
    pub(super) since: u64,
}

/// Adds the memories that the other session has and ours has not, and never had: what ours took back
/// since does not come back.
pub(super) fn join(
    objects: &impl Objects,
    joined: &mut JoinedDraft,
    base: &Ancestor,
    ours: &Speaker<'_>,
    theirs: &Speaker<'_>,
) -> Result<DialogJoined> {
    let [ours_since, theirs_since] = [
        Since::of(objects, base.memories, ours.memories)?,
        Since::of(objects, base.memories, theirs.memories)?,
    ];
    let changed = [&ours_since, &theirs_since].into_iter().filter_map(Since::first).min();
    let next = next_number(base.memories, objects)?;
    let since = changed.map_or(next, |number| number.min(next));
    let mut dialog = DialogJoined { since, ..Default::default() };
    let Since { new, gone } = theirs_since;
    if new.is_empty() {
        return Ok(dialog);
    }
    let owners = Owners::of(objects, ours.session)?;
    let their_owners = Owners::of(objects, theirs.session)?;
    let mut known: BTreeMap<Place, u64> = BTreeMap::new();
    // What the other has under another number than the base may be here under any from there on.
    let first = new.first().map_or(0, |(number, _)| *number);
    let first = ours_since.new.first().map_or(first, |(number, _)| first.min(*number));
    let here = from(objects, ours.memories, first)?;
    for (number, _) in &here {
        known.insert(owners.place(objects, ours.branches, *number)?.0, *number);
    }
    // So is what the base has and the other has no longer under its number.
    let mut before = HashSet::new();
    for number in gone {
        let place = match &base.line {
            Whose::Ours => owners.place(objects, base.branches, number)?.0,
            Whose::Theirs => their_owners.place(objects, base.branches, number)?.0,
            Whose::Another(nonce) => match branch_of(objects, base.branches, number)? {
                Some(run) => (run.nonce.clone(), run.number_there(number)),
                None => (nonce.clone(), number),
            },
        };
        before.insert(place);
    }
    // Two that have nothing in common may still begin with the same dialog: imports of one transcript.
    let mut alike = HashSet::new();
    if base.memories.root().is_none() {
        let both = here.iter().zip(&new).take_while(|((_, ours), (_, theirs))| ours == theirs);
        for ((ours, _), (theirs, _)) in both {
            dialog.numbers.insert(*theirs, *ours);
            alike.insert(*theirs);
        }
    }
    let mut number = next_number(ours.memories, objects)?;
    let mut runs: Vec<BranchRun> = Vec::new();
    for (theirs_number, id) in new.into_iter().filter(|(number, _)| !alike.contains(number)) {
        let (place, name) = their_owners.place(objects, theirs.branches, theirs_number)?;
        if let Some(ours) = known.get(&place) {
            dialog.numbers.insert(theirs_number, *ours);
            continue;
        }
        if before.contains(&place) {
            continue;
        }
        dialog.numbers.insert(theirs_number, number);
        dialog.came.push((theirs_number, number, id));
        joined.rows(Root::Memories).insert(memory_key(number), Some(memory_value(id.id())));
        extend(&mut runs, number, place, name.as_deref().unwrap_or(theirs.name));
        number = number_after(number)?;
    }
    if !dialog.came.is_empty() && ours.memories.get(objects, FLOOR)?.is_some() {
        joined.rows(Root::Memories).insert(FLOOR.to_vec(), None);
    }
    add_runs(joined, runs);
    Ok(dialog)
}

/// Says where memories come from that keep their numbers, because their state becomes ours as it is.
/// Returns how many there are that ours has not under these numbers.
pub(super) fn take_over(
    objects: &impl Objects,
    joined: &mut JoinedDraft,
    [memories, branches]: [Map; 2],
    theirs: &Speaker<'_>,
) -> Result<u64> {
    let new = Since::of(objects, memories, theirs.memories)?.new;
    let owners = Owners::of(objects, theirs.session)?;
    let mut places: BTreeMap<u64, (Place, String)> = BTreeMap::new();
    for (number, _) in &new {
        if branch_of(objects, theirs.branches, *number)?.is_none() {
            let place = (owners.nonce(*number).to_vec(), *number);
            places.insert(*number, (place, theirs.name.to_owned()));
        }
    }
    // What a merge brought here from there was said there.
    let is_new: HashSet<u64> = new.iter().map(|(number, _)| *number).collect();
    for change in branches.diff(&theirs.branches, objects) {
        let change = change?;
        let Some(row) = &change.before else { continue };
        let run = BranchRun::of_row(&change.key, row)?;
        for number in (run.first..=run.last).filter(|number| !is_new.contains(number)) {
            let is_there = theirs.memories.get(objects, &memory_key(number))?.is_some();
            if is_there && branch_of(objects, theirs.branches, number)?.is_none() {
                let place = (run.nonce.clone(), run.number_there(number));
                places.insert(number, (place, run.name.clone()));
            }
        }
    }
    let mut runs = Vec::new();
    for (number, (place, name)) in places {
        extend(&mut runs, number, place, &name);
    }
    add_runs(joined, runs);
    Ok(new.len() as u64)
}

/// Adds a memory to runs: to the last one where it goes on.
fn extend(runs: &mut Vec<BranchRun>, number: u64, (nonce, there): Place, name: &str) {
    match runs.last_mut() {
        Some(run)
            if run.last + 1 == number
                && run.number_there(number) == there
                && run.nonce == nonce
                && run.name == name =>
        {
            run.last = number;
        }
        _ => runs.push(BranchRun { first: number, last: number, there, nonce, name: name.into() }),
    }
}

fn add_runs(joined: &mut JoinedDraft, runs: Vec<BranchRun>) {
    for run in runs {
        joined.rows(Root::Branches).insert(memory_key(run.first), Some(run.value()));
    }
}

/// How the memories of a state differ from those of its base, in their order.
#[derive(Debug, Default)]
struct Since {
    /// Those that the state has and its base has not, under their numbers.
    new: Vec<(u64, MemoryId)>,
    /// The numbers of those that the base has, and the state not under the same ones.
    gone: Vec<u64>,
}

impl Since {
    fn of(objects: &impl Objects, base: Map, memories: Map) -> Result<Self> {
        let mut since = Since::default();
        if base.root().is_none() {
            since.new = from(objects, memories, 0)?;
            return Ok(since);
        }
        for change in base.diff(&memories, objects) {
            let change = change?;
            if change.key == FLOOR {
                continue;
            }
            let number = memory_number(&change.key)?;
            if change.before.is_some() {
                since.gone.push(number);
            }
            if let Some(value) = change.after {
                since.new.push((number, memory_id(&value)?));
            }
        }
        Ok(since)
    }

    /// The first number that differs.
    fn first(&self) -> Option<u64> {
        let new = self.new.first().map(|(number, _)| *number);
        new.into_iter().chain(self.gone.first().copied()).min()
    }
}

/// The memories of a state from a number on.
fn from(objects: &impl Objects, memories: Map, number: u64) -> Result<Vec<(u64, MemoryId)>> {
    let key = memory_key(number);
    let rows = memories.range(objects, Bound::Included(&key), Bound::Unbounded);
    rows.map(|row| {
        let (key, value) = row?;
        Ok((memory_number(&key)?, memory_id(&value)?))
    })
    .collect()
}
