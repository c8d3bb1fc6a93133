//! What two states have in common: the point where their lines parted, and lines that both contain.

use std::collections::BTreeMap;

use crate::codec::malformed;
use crate::error::{Error, Result};
use crate::id::{CheckpointId, OperationId};
use crate::map::{Map, Value};
use crate::object::{Objects, Operation};
use crate::session::line::chain::{Link, Linked, there};
use crate::session::line::point::Point;
use crate::session::line::roots::{Root, Roots};

/// Forks behind one another that are looked at for lines in common: what lies further back is found by
/// the checkpoints themselves.
const FORKS_LOOKED_AT: usize = 1_024;

/// Where two lines parted, along their first parents.
#[derive(Clone, Debug)]
pub(crate) enum Parted {
    At(Point),
    /// They have nothing in common.
    Nowhere,
    /// What came before was trimmed, or is lost.
    Hidden,
}

/// Finds the newest checkpoint that is on both lines, in O(log n) steps.
pub(crate) fn parted(objects: &(impl Objects + ?Sized), a: &Point, b: &Point) -> Result<Parted> {
    let number = a.number().min(b.number());
    let (mut a, mut b) = match (back_to(objects, a, number)?, back_to(objects, b, number)?) {
        (Some(a), Some(b)) => (a, b),
        _ => return Ok(Parted::Hidden),
    };
    while a.id != b.id {
        // Jumps rest on numbers alone, so lines of one length jump to places of one number.
        if a.value.stored_jump().is_some()
            && b.value.stored_jump().is_some()
            && let (Some(far_a), Some(far_b)) =
                (there(a.jump(objects))?.flatten(), there(b.jump(objects))?.flatten())
            && far_a.number() == far_b.number()
            && far_a.id != far_b.id
        {
            (a, b) = (far_a, far_b);
            continue;
        }
        match (there(a.parent(objects))?.flatten(), there(b.parent(objects))?.flatten()) {
            (Some(before_a), Some(before_b)) => (a, b) = (before_a, before_b),
            _ => {
                let has_more = a.value.parent().is_some() || b.value.parent().is_some();
                return Ok(if has_more { Parted::Hidden } else { Parted::Nowhere });
            }
        }
    }
    Ok(Parted::At(a))
}

fn back_to(objects: &(impl Objects + ?Sized), point: &Point, number: u64) -> Result<Option<Point>> {
    Ok(there(point.clone().ancestor(objects, number))?.flatten())
}

/// Tells whether a state has another one on its line.
pub(crate) fn is_on(
    objects: &(impl Objects + ?Sized),
    line: &Point,
    other: &Point,
) -> Result<bool> {
    Ok(back_to(objects, line, other.number())?.is_some_and(|found| found.id == other.id))
}

/// Tells whether a state has another one on its line, or among what was merged into it.
pub(crate) fn contains(
    objects: &(impl Objects + ?Sized),
    state: &Point,
    other: &Point,
) -> Result<bool> {
    if is_on(objects, state, other)? {
        return Ok(true);
    }
    for (_, reach) in merged_rows(objects, Roots::of(Some(state)).map(Root::Merged))? {
        let line = there(Point::read(objects, reach.id.id()))?;
        if line.map(|line| is_on(objects, &line, other)).transpose()?.unwrap_or(false) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A session among those that a session was forked from.
pub(crate) struct Fork {
    /// The nonce of its first operation.
    pub(crate) nonce: Vec<u8>,
    /// The state that it began with; none where it began empty, or where nobody has that any more.
    pub(crate) from: Option<Point>,
}

/// A session, the one that it was forked from, and so on, as far as they are there.
pub(crate) fn forks(objects: &(impl Objects + ?Sized), session: OperationId) -> Result<Vec<Fork>> {
    let mut forks = Vec::new();
    let mut at: Option<Link<Operation>> = there(Link::read(objects, session.id()))?;
    for _ in 0..FORKS_LOOKED_AT {
        let Some(first) = at else { break };
        let from = match (first.value.forked_from, first.value.checkpoint) {
            (Some(_), Some(id)) => there(Point::read(objects, id.id()))?,
            _ => None,
        };
        forks.push(Fork { nonce: first.value.nonce.clone(), from });
        let Some(origin) = first.value.forked_from else { break };
        let origin: Option<Link<Operation>> = there(Link::read(objects, origin.id()))?;
        at = match origin {
            Some(origin) => match origin.value.session {
                Some(id) => there(Link::read(objects, id.id()))?,
                None => Some(origin),
            },
            None => None,
        };
    }
    Ok(forks)
}

/// How far a state contains a session's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    pub(crate) number: u64,
    pub(crate) id: CheckpointId,
}

/// The lines that a state contains, by the nonces of their sessions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known(pub(crate) BTreeMap<Vec<u8>, Reach>);

impl Known {
    /// The lines of a session's state: its own, those that it was forked from, and what was merged.
    pub(crate) fn of(
        objects: &(impl Objects + ?Sized),
        session: OperationId,
        point: &Point,
    ) -> Result<Self> {
        let mut known = Known::default();
        let mut reach = Reach { number: point.number(), id: point.checkpoint_id() };
        for fork in forks(objects, session)? {
            known.add(&fork.nonce, reach);
            let Some(from) = fork.from else { break };
            reach = Reach { number: from.number(), id: from.checkpoint_id() };
        }
        for (nonce, reach) in merged_rows(objects, Roots::of(Some(point)).map(Root::Merged))? {
            known.add(&nonce, reach);
        }
        Ok(known)
    }

    /// Adds a line, as far as it is known: the larger number counts.
    pub(crate) fn add(&mut self, nonce: &[u8], reach: Reach) {
        if nonce.is_empty() {
            return;
        }
        let known = self.0.entry(nonce.to_vec()).or_insert(reach);
        if reach.number > known.number {
            *known = reach;
        }
    }

    pub(crate) fn unite(&mut self, other: &Known) {
        for (nonce, reach) in &other.0 {
            self.add(nonce, *reach);
        }
    }

    /// The newest states that both contain, one a line.
    pub(crate) fn shared(&self, other: &Known) -> Vec<Reach> {
        let both = self.0.iter().filter_map(|(nonce, ours)| Some((ours, other.0.get(nonce)?)));
        both.map(|(ours, theirs)| if ours.number <= theirs.number { *ours } else { *theirs })
            .collect()
    }
}

/// The rows of a root `merged`.
fn merged_rows(objects: &(impl Objects + ?Sized), merged: Map) -> Result<Vec<(Vec<u8>, Reach)>> {
    let rows = merged.range(objects, std::ops::Bound::Unbounded, std::ops::Bound::Unbounded);
    rows.map(|row| {
        let (nonce, value) = row?;
        Ok((nonce, reach_of(&value)?))
    })
    .collect()
}

/// The value of a row of a root `merged`.
pub(crate) fn reach_value(reach: Reach) -> Value {
    Value { refs: vec![reach.id.id()], bytes: reach.number.to_be_bytes().to_vec() }
}

pub(crate) fn reach_of(value: &Value) -> Result<Reach> {
    let fault = || -> Error { malformed("a row of what was merged") };
    match (&value.refs[..], <[u8; 8]>::try_from(&value.bytes[..])) {
        ([id], Ok(number)) => {
            Ok(Reach { number: u64::from_be_bytes(number), id: CheckpointId::new(*id) })
        }
        _ => Err(fault()),
    }
}
