//! The view of a recording: what its writer gave up goes out, and his summaries stand for what they
//! were made of.
//!
//! These edits name exact numbers, also those that the batch itself is about to give: such a batch
//! is committed on the state that it began with, or not at all.

use crate::error::Result;
use crate::id::MemoryId;
use crate::map::Map;
use crate::session::batch::Batch;
use crate::session::draft::memories::Encoded;
use crate::session::line::keys::{memory_id, memory_key, next_number};
use crate::session::line::marks;
use crate::session::line::marks::{Edit, FORGOTTEN, Laid, MEMORY, PINNED, SUMMARY};
use crate::session::line::roots::Roots;

impl Batch {
    /// The number of the batch's first memory, as long as nobody else comes first.
    pub(crate) fn first_memory(&self) -> Result<u64> {
        let memories = Roots::of(self.head.point()).memories();
        next_number(memories, self.session.store())
    }

    /// Takes memories out of the view, or brings them back, by their numbers alone. A pinned one
    /// stays, and so does one below a summary. Returns how many changed.
    pub(crate) fn set_out_of_view(
        &mut self,
        numbers: impl IntoIterator<Item = u64>,
        out: bool,
    ) -> Result<u64> {
        let store = self.session.store().clone();
        let (objects, view) = self.draft.view.open(&store)?;
        let mut edits: Vec<Edit> = Vec::new();
        for number in numbers {
            let key = marks::key(MEMORY, number);
            let value = view.get(objects, &key)?;
            let flags = value.map_or(Ok(0), |value| marks::memory_flags(&value))?;
            let new = if out { flags | FORGOTTEN } else { flags & !FORGOTTEN };
            let is_covered = || Laid::between(view, objects, number, number);
            if new != flags && flags & PINNED == 0 && is_covered()?.is_empty() {
                edits.push((key, marks::memory_value(new)));
            }
        }
        let changed = edits.len() as u64;
        if changed > 0 {
            self.draft.view.edit(&store, edits)?;
        }
        Ok(changed)
    }

    /// Lets a recorded summary stand for itself and what comes before it, from a number on. What is
    /// pinned stays in view: it covers what comes behind that. Tells whether anything changed.
    pub(crate) fn lay_recorded(&mut self, first: u64, number: u64) -> Result<bool> {
        let Some((memory, own)) = self.recorded(number)? else { return Ok(false) };
        let store = self.session.store().clone();
        let (objects, view) = self.draft.view.open(&store)?;
        let mut first = first;
        for laid in Laid::between(view, objects, first, number)? {
            match laid.flags & PINNED {
                0 => first = first.min(laid.first),
                _ => first = laid.last.saturating_add(1),
            }
        }
        for row in marks::rows(view, objects, MEMORY, first, number) {
            let (key, value) = row?;
            if marks::memory_flags(&value)? & PINNED != 0 {
                first = first.max(marks::number_of(&key)?.saturating_add(1));
            }
        }
        if first > number || !Laid::between(view, objects, number, number)?.is_empty() {
            return Ok(false);
        }
        if let Some(own) = own {
            self.draft.view.put_memory(&store, own)?;
        }
        self.cover(first, number, memory)?;
        Ok(true)
    }

    /// Takes a recorded summary off what it covers, where it still stands for that. Tells whether
    /// anything changed.
    pub(crate) fn take_off_recorded(&mut self, number: u64) -> Result<bool> {
        let Some((memory, _)) = self.recorded(number)? else { return Ok(false) };
        let store = self.session.store().clone();
        let (objects, view) = self.draft.view.open(&store)?;
        let mut edits: Vec<Edit> = Vec::new();
        for laid in Laid::between(view, objects, number, number)? {
            if (laid.last, laid.memory, laid.flags & PINNED) != (number, memory, 0) {
                continue;
            }
            edits.push((marks::key(SUMMARY, laid.first), None));
            for row in Map::new(laid.covered).prefix(objects, b"") {
                let (key, value) = row?;
                edits.push((key, Some(value)));
            }
        }
        let changes = !edits.is_empty();
        if changes {
            self.draft.view.edit(&store, edits)?;
        }
        Ok(changes)
    }

    /// The memory of a number, with its bytes where it is this batch's own.
    fn recorded(&self, number: u64) -> Result<Option<(MemoryId, Option<Encoded>)>> {
        let first = self.first_memory()?;
        if let Some(at) = number.checked_sub(first) {
            let own = self.draft.memories.as_slice();
            let own = usize::try_from(at).ok().and_then(|at| own.get(at));
            return Ok(own.map(|own| (own.id, Some(own.clone()))));
        }
        let memories = Roots::of(self.head.point()).memories();
        let value = memories.get(self.session.store(), &memory_key(number))?;
        value.map(|value| Ok((memory_id(&value)?, None))).transpose()
    }
}
