//! What two maps made of a third.

use std::cmp::Ordering;
use std::iter::Peekable;

use super::{Diff, Map, MapChange, Value};
use crate::error::Result;
use crate::object::Objects;

/// A key to which at least one of two maps gave another value than the map that both come from.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeChange {
    /// The key.
    pub key: Vec<u8>,
    /// Its value in the map that both come from.
    pub base: Option<Value>,
    /// Its values in the two maps.
    pub sides: [Option<Value>; 2],
}

/// What becomes of a key in a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeOutcome<'a> {
    /// The value that one side gave it, or both; none where it goes.
    Clean(Option<&'a Value>),
    /// Each side gave it another value.
    Collision,
}

impl MergeChange {
    /// Tells what becomes of the key: a side that left it alone gives way to the other.
    pub fn outcome(&self) -> MergeOutcome<'_> {
        let [ours, theirs] = &self.sides;
        if ours == theirs || *theirs == self.base {
            MergeOutcome::Clean(ours.as_ref())
        } else if *ours == self.base {
            MergeOutcome::Clean(theirs.as_ref())
        } else {
            MergeOutcome::Collision
        }
    }
}

/// The keys that two [`Map`]s changed since a third, ascending.
///
/// Subtrees that are the third's are skipped unread, so the cost follows the number of changes.
/// After an error it ends.
pub struct Merge<'a, O: Objects + ?Sized> {
    sides: [Peekable<Diff<'a, O>>; 2],
    is_over: bool,
}

impl<'a, O: Objects + ?Sized> Merge<'a, O> {
    pub(super) fn new(base: Map, sides: [Map; 2], objects: &'a O) -> Self {
        Merge { sides: sides.map(|side| base.diff(&side, objects).peekable()), is_over: false }
    }

    /// Takes the change of the key that comes first, of one side or of both.
    fn step(&mut self) -> Result<Option<MergeChange>> {
        let [ours, theirs] = &mut self.sides;
        let order = match (ours.peek(), theirs.peek()) {
            (None, None) => return Ok(None),
            (Some(Ok(ours)), Some(Ok(theirs))) => ours.key.cmp(&theirs.key),
            (Some(Err(_)), _) | (Some(_), None) => Ordering::Less,
            (_, Some(Err(_))) | (None, Some(_)) => Ordering::Greater,
        };
        let ours = if order.is_le() { ours.next().transpose()? } else { None };
        let theirs = if order.is_ge() { theirs.next().transpose()? } else { None };
        Ok(match (ours, theirs) {
            (Some(MapChange { key, before, after }), theirs) => {
                let theirs = theirs.map_or_else(|| before.clone(), |change| change.after);
                Some(MergeChange { key, base: before, sides: [after, theirs] })
            }
            (None, Some(MapChange { key, before, after })) => {
                Some(MergeChange { key, sides: [before.clone(), after], base: before })
            }
            (None, None) => None,
        })
    }
}

impl<O: Objects + ?Sized> Iterator for Merge<'_, O> {
    type Item = Result<MergeChange>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let item = self.step().transpose();
        self.is_over = !matches!(item, Some(Ok(_)));
        item
    }
}

impl<O: Objects + ?Sized> std::iter::FusedIterator for Merge<'_, O> {}

impl<O: Objects + ?Sized> std::fmt::Debug for Merge<'_, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Merge").field("is_over", &self.is_over).finish_non_exhaustive()
    }
}
