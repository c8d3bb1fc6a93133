//! Reading the entries of a map in order, either way.

use std::ops::Bound;

use super::cursor::{Cursor, Seek};
use super::{Map, Value};
use crate::error::Result;
use crate::object::Objects;

/// The entries of a [`Map`] between two keys, ascending or descending.
///
/// Reads nodes as it goes. After an error it ends.
pub struct Range<'a, O: ?Sized> {
    map: Map,
    cursor: Cursor<'a, O>,
    from: Bound<Vec<u8>>,
    to: Bound<Vec<u8>>,
    back: bool,
    state: State,
}

#[derive(PartialEq)]
enum State {
    New,
    Running,
    Done,
}

impl<'a, O: Objects + ?Sized> Range<'a, O> {
    pub(super) fn new(
        map: Map,
        objects: &'a O,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        back: bool,
    ) -> Self {
        let (from, to) = (from.map(<[u8]>::to_vec), to.map(<[u8]>::to_vec));
        Range { map, cursor: Cursor::new(objects), from, to, back, state: State::New }
    }

    /// Goes to the first entry that the near bound admits.
    fn start(&mut self) -> Result<()> {
        let Some(root) = self.map.root() else { return Ok(()) };
        let near = if self.back { &self.to } else { &self.from };
        let seek = match near {
            Bound::Included(key) | Bound::Excluded(key) => Seek::Key(key),
            Bound::Unbounded if self.back => Seek::Last,
            Bound::Unbounded => Seek::First,
        };
        self.cursor.seek(root, 0, seek)?;
        let admits = self.cursor.key().is_some_and(|key| {
            if self.back { is_below(key, &self.to) } else { is_above(key, &self.from) }
        });
        if admits { Ok(()) } else { self.go_on() }
    }

    /// Goes to the next entry of a leaf.
    fn go_on(&mut self) -> Result<()> {
        if self.back {
            self.cursor.retreat();
            self.cursor.descend_to(0, Seek::Last)
        } else {
            self.cursor.advance();
            self.cursor.descend_to(0, Seek::First)
        }
    }

    fn step(&mut self) -> Result<Option<(Vec<u8>, Value)>> {
        match self.state {
            State::New => self.start()?,
            State::Running => self.go_on()?,
            State::Done => return Ok(None),
        }
        self.state = State::Running;
        let Some((node, at)) = self.cursor.entry() else { return Ok(None) };
        let key = node.key(at);
        if !is_above(key, &self.from) || !is_below(key, &self.to) {
            return Ok(None);
        }
        Ok(Some((key.to_vec(), Value::of(node, at))))
    }
}

fn is_above(key: &[u8], from: &Bound<Vec<u8>>) -> bool {
    match from {
        Bound::Included(from) => key >= &from[..],
        Bound::Excluded(from) => key > &from[..],
        Bound::Unbounded => true,
    }
}

fn is_below(key: &[u8], to: &Bound<Vec<u8>>) -> bool {
    match to {
        Bound::Included(to) => key <= &to[..],
        Bound::Excluded(to) => key < &to[..],
        Bound::Unbounded => true,
    }
}

impl<O: Objects + ?Sized> Iterator for Range<'_, O> {
    type Item = Result<(Vec<u8>, Value)>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.step().transpose();
        if !matches!(item, Some(Ok(_))) {
            self.state = State::Done;
        }
        item
    }
}

impl<O: Objects + ?Sized> std::iter::FusedIterator for Range<'_, O> {}

impl<O: ?Sized> std::fmt::Debug for Range<'_, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Range").field("map", &self.map).finish_non_exhaustive()
    }
}
