//! Compaction: summaries that stand for ranges of memories.

use crate::error::{Error, Result};
use crate::id::{MapId, MemoryId, ObjectId};
use crate::limits::MEMORY_PARTS_MAX;
use crate::map::{Map, Value};
use crate::object::{Body, Memory, MemoryKind, OperationKind, Part};
use crate::session::batch::Batch;
use crate::session::batch::report::ViewReport;
use crate::session::batch::select::{Among, Member, Unit};
use crate::session::batch::selector::Selector;
use crate::session::draft::memories::Encoded;
use crate::session::handle::Session;
use crate::session::line::keys::memory_key;
use crate::session::line::keys::memory_number;
use crate::session::line::marks;
use crate::session::line::marks::{Laid, MEMORY, SUMMARY};
use crate::session::line::roots::Roots;
use crate::session::read::memories::MemoryEntry;
use crate::session::read::view::linked;
use crate::store::Store;

/// Writes summaries: the host's, for the core calls no model.
///
/// A closure from memories to a text is one.
pub trait Summarizer {
    /// Returns a text that stands for these memories, in their order. All their bodies are inline.
    /// It must have no more bytes than they have.
    ///
    /// # Errors
    /// The host's own: then nothing changes.
    fn summarize(&self, memories: &[MemoryEntry]) -> Result<String>;
}

impl<F: Fn(&[MemoryEntry]) -> Result<String>> Summarizer for F {
    fn summarize(&self, memories: &[MemoryEntry]) -> Result<String> {
        self(memories)
    }
}

impl Batch {
    /// Lays a summary over each run of memories that are selected and in view, by whole
    /// exchanges. What they say stays, and [`expand`](Self::expand) brings it back. A pinned
    /// exchange is left out and ends a run; so does one that is not selected.
    ///
    /// # Errors
    /// As [`forget`](Self::forget). What the summarizer returns, `Invalid` if its text is empty
    /// or has more bytes than what it covers: then nothing changes.
    pub fn compact(
        &mut self,
        selector: &Selector,
        summarizer: &(impl Summarizer + ?Sized),
    ) -> Result<ViewReport> {
        let view = self.view()?;
        self.compact_in(view, selector, summarizer)
    }

    /// Lays summaries over what a selector stands for in a view that the batch has or had.
    pub(crate) fn compact_in(
        &mut self,
        view: Map,
        selector: &Selector,
        summarizer: &(impl Summarizer + ?Sized),
    ) -> Result<ViewReport> {
        let mut selection = self.select_in(view, selector, Among::View)?;
        let mut report = selection.report();
        let mut units = Vec::new();
        for unit in selection.units.drain(..) {
            match unit.is_pinned() {
                false => units.push(unit),
                true => report.pinned.extend(unit.numbers()),
            }
        }
        let mut runs: Vec<Vec<Unit>> = Vec::new();
        for unit in units {
            match runs.last_mut() {
                Some(run) if self.follows(run.last().map_or(0, Unit::last), unit.first())? => {
                    run.push(unit);
                }
                _ => runs.push(vec![unit]),
            }
        }
        // Every text comes first, so that a summarizer that fails has changed nothing.
        let mut summaries = Vec::new();
        for run in &runs {
            summaries.push(self.summarize(run, summarizer)?);
        }
        for (run, summary) in runs.iter().zip(summaries) {
            let first = run.first().map_or(0, Unit::first);
            let last = run.iter().map(Unit::last).max().unwrap_or(first);
            self.lay(first, last, summary)?;
            report.changed.extend(run.iter().flat_map(Unit::numbers));
        }
        Ok(report)
    }

    /// Tells whether nothing between two numbers is in view.
    fn follows(&mut self, last: u64, next: u64) -> Result<bool> {
        let (from, to) = (memory_key(last.saturating_add(1)), memory_key(next));
        if from >= to {
            return Ok(true);
        }
        let store = self.session.store().clone();
        let memories = Roots::of(self.head.point()).memories();
        let (objects, view) = self.draft.view.open(&store)?;
        let bounds = (std::ops::Bound::Included(&from[..]), std::ops::Bound::Excluded(&to[..]));
        for row in memories.range(&store, bounds.0, bounds.1) {
            let number = memory_number(&row?.0)?;
            let over = Laid::between(view, objects, number, number)?;
            let flags = match over.first() {
                Some(laid) => laid.flags,
                None => match view.get(objects, &marks::key(MEMORY, number))? {
                    Some(value) => marks::memory_flags(&value)?,
                    None => 0,
                },
            };
            if flags & marks::FORGOTTEN == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Asks for the summary of a run: a memory whose links are what it relies on.
    fn summarize(
        &mut self,
        run: &[Unit],
        summarizer: &(impl Summarizer + ?Sized),
    ) -> Result<Encoded> {
        let store = self.session.store().clone();
        let mut memories = Vec::new();
        let mut relies_on = Vec::new();
        for member in run.iter().flat_map(|unit| &unit.members) {
            match member {
                Member::Memory(entry, _) => {
                    if is_relied_on(&entry.memory) {
                        relies_on.push(entry.id.id());
                    }
                    memories.push(entry.resolve(&store)?);
                }
                Member::Summary(_, Some(entry)) => {
                    let (objects, _) = self.draft.view.open(&store)?;
                    relies_on.extend(linked(objects, &entry.memory)?);
                    let memory = self.resolve_drafted(&store, &entry.memory)?;
                    memories.push(MemoryEntry { memory, ..entry.clone() });
                }
                Member::Summary(_, None) => {}
            }
        }
        self.summary_of(&memories, relies_on, summarizer)
    }

    /// Asks for a summary of memories, which links to what it relies on.
    pub(crate) fn summary_of(
        &mut self,
        memories: &[MemoryEntry],
        mut relies_on: Vec<ObjectId>,
        summarizer: &(impl Summarizer + ?Sized),
    ) -> Result<Encoded> {
        let store = self.session.store().clone();
        let text = summarizer.summarize(memories)?;
        let covered: usize = memories.iter().map(|entry| bytes_of(&entry.memory)).sum();
        if text.is_empty() {
            return Err(Error::invalid("the summary is empty"));
        }
        if text.len() > covered {
            return Err(Error::invalid(format!(
                "the summary has {} bytes, what it covers has {covered}",
                text.len()
            )));
        }
        let mut seen = std::collections::HashSet::new();
        relies_on.retain(|id| seen.insert(*id));
        let links = match relies_on.len() > MEMORY_PARTS_MAX {
            true => vec![self.listed(&store, relies_on)?],
            false => relies_on,
        };
        let summary = Memory { links, ..Memory::user(text).with_kind(MemoryKind::Summary) };
        Ok(self.draft.encode(&mut self.batch, summary)?.1)
    }

    /// A memory with its bodies inline, also where they are this batch's own.
    fn resolve_drafted(&self, store: &Store, memory: &Memory) -> Result<Memory> {
        let mut memory = memory.clone();
        for body in memory.parts.iter_mut().flat_map(|part| part.bodies_mut()) {
            if let Body::Content(content) = body {
                let bytes = match self.draft.content(*content) {
                    Some(bytes) => bytes,
                    None => store.read_content(*content)?,
                };
                *body = Body::Inline(bytes.into_vec()?);
            }
        }
        Ok(memory)
    }

    /// A list of ids that is too long for a memory's links, as a map.
    fn listed(&mut self, store: &Store, ids: Vec<ObjectId>) -> Result<ObjectId> {
        let rows = ids.into_iter().enumerate().map(|(at, id)| {
            let value = Value { refs: vec![id], bytes: Vec::new() };
            ((at as u64).to_be_bytes().to_vec(), Some(value))
        });
        let edited = Map::EMPTY.edit(store, rows)?;
        let map = self.draft.view.put_map(store, edited)?;
        Ok(map.root().expect("a map of entries has a root").id())
    }

    /// Lays a new summary over a range.
    fn lay(&mut self, first: u64, last: u64, summary: Encoded) -> Result<()> {
        let store = self.session.store().clone();
        let memory = summary.id;
        self.draft.view.put_memory(&store, summary)?;
        self.cover(first, last, memory)
    }

    /// Lets a memory that is stored stand for a range, and puts away what the view holds of it.
    pub(crate) fn cover(&mut self, first: u64, last: u64, memory: MemoryId) -> Result<()> {
        let store = self.session.store().clone();
        let (objects, view) = self.draft.view.open(&store)?;
        let mut away = Vec::new();
        for section in [MEMORY, SUMMARY] {
            for row in marks::rows(view, objects, section, first, last) {
                away.push(row?);
            }
        }
        let mut edits: Vec<(Vec<u8>, Option<Value>)> =
            away.iter().map(|(key, _)| (key.clone(), None)).collect();
        let rows = away.into_iter().map(|(key, value)| (key, Some(value)));
        let edited = Map::EMPTY.edit(objects, rows)?;
        let covered: Option<MapId> = self.draft.view.put_map(&store, edited)?.root();
        let laid = Laid { first, last, memory, covered, flags: 0 };
        edits.push((marks::key(SUMMARY, first), Some(laid.to_value())));
        self.draft.view.rest_on(first, last);
        self.draft.view.edit(&store, edits)
    }
}

/// Tells whether a summary of a memory rests on it: a call, a result, a check.
pub(crate) fn is_relied_on(memory: &Memory) -> bool {
    memory.kind == MemoryKind::Validation
        || memory.parts.iter().any(|part| matches!(part, Part::Call { .. } | Part::Result { .. }))
}

fn bytes_of(memory: &Memory) -> usize {
    let bodies = memory.parts.iter().flat_map(Part::bodies);
    bodies.filter_map(Body::as_inline).map(<[u8]>::len).sum()
}

impl Session {
    /// Lays a summary over each run of memories that are selected and in view, as one durable
    /// operation. What they say stays, and [`expand`](Self::expand) brings it back. The summary
    /// links to the calls, results and checks that it covers.
    ///
    /// # Errors
    /// As [`Batch::compact`]; `Conflict` if another writer changed those memories' part in the
    /// view meanwhile.
    ///
    /// ```
    /// use partita::{Memory, Selector};
    /// use partita::history::MemoryEntry;
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.remember(Memory::user("Please look at the parser."))?;
    /// session.remember(Memory::assistant("It drops the last token, I think."))?;
    /// let summarizer = |_: &[MemoryEntry]| Ok("The parser drops a token.".to_owned());
    /// session.compact(&Selector::Range(1, 2), &summarizer)?;
    /// assert_eq!(session.latest()?.view().memories().count(), 1);
    /// session.expand(&Selector::Number(2))?;
    /// assert_eq!(session.latest()?.view().memories().count(), 2);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn compact(
        &self,
        selector: &Selector,
        summarizer: &(impl Summarizer + ?Sized),
    ) -> Result<ViewReport> {
        self.edit_view(OperationKind::Compact, selector, |batch| {
            batch.compact(selector, summarizer)
        })
    }
}
