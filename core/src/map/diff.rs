//! What differs between two maps.

use std::cmp::Ordering;

use super::cursor::{Cursor, Seek};
use super::{Map, MapChange, Value};
use crate::error::Result;
use crate::object::Objects;

/// The keys whose values differ between two [`Map`]s, ascending.
///
/// Subtrees that both have are skipped unread, so the cost follows the number of changes. After
/// an error it ends.
pub struct Diff<'a, O: ?Sized> {
    maps: [Map; 2],
    before: Cursor<'a, O>,
    after: Cursor<'a, O>,
    started: bool,
    done: bool,
}

impl<'a, O: Objects + ?Sized> Diff<'a, O> {
    pub(super) fn new(before: Map, after: Map, objects: &'a O) -> Self {
        Diff {
            maps: [before, after],
            before: Cursor::new(objects),
            after: Cursor::new(objects),
            started: false,
            done: before == after,
        }
    }

    fn start(&mut self) -> Result<()> {
        self.started = true;
        for (cursor, map) in [&mut self.before, &mut self.after].into_iter().zip(self.maps) {
            if let Some(root) = map.root() {
                cursor.enter(root, Seek::First)?;
            }
        }
        Ok(())
    }

    /// Moves the side that is behind. Where both stand at the same key, equal ids skip a subtree;
    /// else the higher side goes down, so that both come to compare nodes of one level.
    fn step(&mut self) -> Result<Option<MapChange>> {
        if !self.started {
            self.start()?;
        }
        loop {
            let order = match (self.before.key(), self.after.key()) {
                (None, None) => return Ok(None),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(before), Some(after)) => before.cmp(after),
            };
            let levels = (self.before.level(), self.after.level());
            match order {
                Ordering::Less if levels.0 > Some(0) => self.before.descend(Seek::First)?,
                Ordering::Greater if levels.1 > Some(0) => self.after.descend(Seek::First)?,
                Ordering::Less => {
                    let (key, value) = take(&mut self.before);
                    return Ok(Some(MapChange { key, before: Some(value), after: None }));
                }
                Ordering::Greater => {
                    let (key, value) = take(&mut self.after);
                    return Ok(Some(MapChange { key, before: None, after: Some(value) }));
                }
                Ordering::Equal if levels.0 > levels.1 => self.before.descend(Seek::First)?,
                Ordering::Equal if levels.0 < levels.1 => self.after.descend(Seek::First)?,
                Ordering::Equal if same(&self.before, &self.after) => {
                    self.before.advance();
                    self.after.advance();
                }
                Ordering::Equal if levels.0 > Some(0) => {
                    self.before.descend(Seek::First)?;
                    self.after.descend(Seek::First)?;
                }
                Ordering::Equal => {
                    let (key, before) = take(&mut self.before);
                    let (_, after) = take(&mut self.after);
                    return Ok(Some(MapChange { key, before: Some(before), after: Some(after) }));
                }
            }
        }
    }
}

/// Tells whether two entries with the same key have the same child or value.
fn same<O: Objects + ?Sized>(before: &Cursor<'_, O>, after: &Cursor<'_, O>) -> bool {
    match (before.entry(), after.entry()) {
        (Some((a, at)), Some((b, bt))) => a.refs(at) == b.refs(bt) && a.bytes(at) == b.bytes(bt),
        _ => false,
    }
}

fn take<O: Objects + ?Sized>(cursor: &mut Cursor<'_, O>) -> (Vec<u8>, Value) {
    let (node, at) = cursor.entry().expect("a side with a key has an entry");
    let taken = (node.key(at).to_vec(), Value::of(node, at));
    cursor.advance();
    taken
}

impl<O: Objects + ?Sized> Iterator for Diff<'_, O> {
    type Item = Result<MapChange>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let item = self.step().transpose();
        self.done = !matches!(item, Some(Ok(_)));
        item
    }
}

impl<O: Objects + ?Sized> std::iter::FusedIterator for Diff<'_, O> {}

impl<O: ?Sized> std::fmt::Debug for Diff<'_, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Diff").field("maps", &self.maps).finish_non_exhaustive()
    }
}
