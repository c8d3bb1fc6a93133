//! Memories of another session behind a session's own: each once, in the order that they have there.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;

use crate::error::Result;
use crate::id::{MemoryId, OperationId};
use crate::map::{Map, Value};
use crate::object::Objects;
use crate::session::draft::joined::JoinedDraft;
use crate::session::handle::Session;
use crate::session::line::branch::{BranchRun, branch_of};
use crate::session::line::chain::number_after;
use crate::session::line::common::forks;
use crate::session::line::keys::next_number;
use crate::session::line::keys::{FLOOR, memory_id, memory_key, memory_number, memory_value};
use crate::session::line::roots::{Root, Roots};

/// What tells a memory from all others: the session that it was said in, by its nonce, and its number
/// there.
type Place = (Vec<u8>, u64);

/// Whose memories a session's are, by their numbers: its own, and those of sessions that it was forked
/// from.
struct Owners(Vec<Owner>);

/// A session, and the number from which on memories are its own.
#[derive(PartialEq)]
struct Owner {
    from: u64,
    nonce: Vec<u8>,
}

impl Owners {
    fn of(objects: &(impl Objects + ?Sized), session: OperationId) -> Result<Self> {
        let mut owners = Vec::new();
        for fork in forks(objects, session)? {
            let from = match &fork.from {
                Some(point) => next_number(Roots::of(Some(point)).memories(), objects)?,
                None => 0,
            };
            owners.push(Owner { from, nonce: fork.nonce });
            if from == 0 {
                break;
            }
        }
        Ok(Owners(owners))
    }

    fn nonce(&self, number: u64) -> &[u8] {
        let owner = self.0.iter().find(|owner| owner.from <= number);
        owner.or(self.0.last()).map_or(&[], |owner| &owner.nonce)
    }

    /// The first number from which on two do not have the same owners; none where they have none in
    /// common.
    fn parted(&self, other: &Owners) -> Option<u64> {
        let both = self.0.iter().rev().zip(other.0.iter().rev());
        let same = both.take_while(|(one, other)| one == other).count();
        if same == 0 {
            return None;
        }
        let rest =
            |owners: &[Owner]| owners[..owners.len() - same].iter().map(|owner| owner.from).min();
        Some(rest(&self.0).into_iter().chain(rest(&other.0)).min().unwrap_or(u64::MAX))
    }
}

/// A state of a session whose memories are looked at.
pub(super) struct Speaker<'a> {
    pub(super) session: OperationId,
    pub(super) name: &'a str,
    pub(super) memories: Map,
    pub(super) branches: Map,
}

impl<'a> Speaker<'a> {
    pub(super) fn of(session: &'a Session, memories: Map, branches: Map) -> Self {
        Speaker { session: session.id(), name: session.name(), memories, branches }
    }
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
    /// That of a session with this nonce, on whose line memories below two numbers are ours and theirs.
    Another {
        nonce: Vec<u8>,
        below: [u64; 2],
    },
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
    let mut dialog =
        DialogJoined { since: next_number(base.memories, objects)?, ..Default::default() };
    let sides = [ours.memories, theirs.memories];
    if sides == [base.memories; 2] {
        return Ok(dialog);
    }
    let owners = [Owners::of(objects, ours.session)?, Owners::of(objects, theirs.session)?];
    // Where two have no owner in common, equal memories under equal numbers are those of two imports.
    let mut first = owners[0].parted(&owners[1]).unwrap_or(u64::MAX);
    for side in sides {
        first = first.min(first_unlike(objects, base.memories, side)?);
    }
    let (ours_said, theirs_said) = (
        said(objects, [ours.memories, ours.branches], |number| owners[0].nonce(number), first)?,
        said(objects, [theirs.memories, theirs.branches], |number| owners[1].nonce(number), first)?,
    );
    let owner = |number: u64| match &base.line {
        Whose::Ours => owners[0].nonce(number),
        Whose::Theirs => owners[1].nonce(number),
        Whose::Another { below: [_, theirs], .. } if number < *theirs => owners[1].nonce(number),
        Whose::Another { below: [ours, _], .. } if number < *ours => owners[0].nonce(number),
        Whose::Another { nonce, .. } => &nonce[..],
    };
    let before = said(objects, [base.memories, base.branches], owner, first)?;
    dialog.since = dialog.since.min(first_moved([&before, &ours_said, &theirs_said]));
    let known: HashMap<&Place, u64> =
        ours_said.iter().map(|(number, said)| (&said.place, *number)).collect();
    let before: HashSet<&Place> = before.values().map(|said| &said.place).collect();
    // Two that have nothing in common may still begin with the same dialog: imports of one transcript.
    let mut alike = HashSet::new();
    if base.memories.root().is_none() {
        let both = ours_said.iter().zip(&theirs_said);
        for ((ours, _), (theirs, _)) in
            both.take_while(|((one, ours), (other, theirs))| one == other && ours.id == theirs.id)
        {
            dialog.numbers.insert(*theirs, *ours);
            alike.insert(*theirs);
        }
    }
    let mut number = next_number(ours.memories, objects)?;
    let mut runs: Vec<BranchRun> = Vec::new();
    for (theirs_number, said) in theirs_said.iter().filter(|(number, _)| !alike.contains(*number)) {
        if let Some(ours) = known.get(&said.place) {
            dialog.numbers.insert(*theirs_number, *ours);
            continue;
        }
        if before.contains(&said.place) {
            continue;
        }
        dialog.numbers.insert(*theirs_number, number);
        dialog.came.push((*theirs_number, number, said.id));
        joined.rows(Root::Memories).insert(memory_key(number), Some(memory_value(said.id.id())));
        extend(&mut runs, number, said.place.clone(), said.name.as_deref().unwrap_or(theirs.name));
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
    ours: &Speaker<'_>,
    theirs: &Speaker<'_>,
) -> Result<u64> {
    let owners = [Owners::of(objects, ours.session)?, Owners::of(objects, theirs.session)?];
    let first = owners[0].parted(&owners[1]).unwrap_or(0);
    let mut runs = Vec::new();
    for (number, _) in from(objects, theirs.memories, first)? {
        let nonce = owners[1].nonce(number);
        if nonce != owners[0].nonce(number)
            && branch_of(objects, theirs.branches, number)?.is_none()
        {
            extend(&mut runs, number, (nonce.to_vec(), number), theirs.name);
        }
    }
    add_runs(joined, runs);
    // A number that was given here is given to nothing else here.
    let next = next_number(ours.memories, objects)?;
    if next > next_number(theirs.memories, objects)? {
        let floor = Value { refs: Vec::new(), bytes: memory_key(next) };
        joined.rows(Root::Memories).insert(FLOOR.to_vec(), Some(floor));
    }
    Ok(since(objects, ours.memories, theirs.memories)?.len() as u64)
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

/// A memory, by where it was said.
struct Said {
    id: MemoryId,
    place: Place,
    /// What its session was called, where a merge brought it.
    name: Option<String>,
}

/// The memories of a state from a number on. Those that no merge brought have their owners.
fn said<'a>(
    objects: &impl Objects,
    [memories, branches]: [Map; 2],
    owner: impl Fn(u64) -> &'a [u8],
    first: u64,
) -> Result<BTreeMap<u64, Said>> {
    let mut all = BTreeMap::new();
    for (number, id) in from(objects, memories, first)? {
        let (place, name) = match branch_of(objects, branches, number)? {
            Some(run) => ((run.nonce.clone(), run.number_there(number)), Some(run.name)),
            None => ((owner(number).to_vec(), number), None),
        };
        all.insert(number, Said { id, place, name });
    }
    Ok(all)
}

/// The first number that does not mean the same memory to all.
fn first_moved(all: [&BTreeMap<u64, Said>; 3]) -> u64 {
    let place = |of: &BTreeMap<u64, Said>, number| of.get(number).map(|said| said.place.clone());
    let numbers = all.iter().flat_map(|said| said.keys());
    let moved = numbers.filter(|number| {
        let [one, rest @ ..] = all.map(|said| place(said, number));
        rest.iter().any(|other| *other != one)
    });
    moved.copied().min().unwrap_or(u64::MAX)
}

/// The first number under which two states do not have the same memory.
fn first_unlike(objects: &impl Objects, base: Map, memories: Map) -> Result<u64> {
    for change in base.diff(&memories, objects) {
        let change = change?;
        if change.key != FLOOR {
            return memory_number(&change.key);
        }
    }
    Ok(u64::MAX)
}

/// The memories that a state has and its base has not, in their order.
fn since(objects: &impl Objects, base: Map, memories: Map) -> Result<Vec<(u64, MemoryId)>> {
    let mut new = Vec::new();
    if base.root().is_none() {
        return from(objects, memories, 0);
    }
    for change in base.diff(&memories, objects) {
        let change = change?;
        if let Some(value) = change.after.filter(|_| change.key != FLOOR) {
            new.push((memory_number(&change.key)?, memory_id(&value)?));
        }
    }
    Ok(new)
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
