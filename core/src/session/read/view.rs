//! The view of a snapshot, for reading.

use crate::id::MapId;
use crate::object::{Kind, Objects};
use std::collections::BTreeMap;
use std::ops::Bound;

use crate::error::{ErrorKind, Result};
use crate::id::{IterationId, MemoryId, ObjectId};
use crate::map::{Map, MapChange, Range, Value};
use crate::object::{Entry, FilePath, Iteration, Memory, read};
use crate::session::line::glob::ViewRule;
use crate::session::line::keys::{memory_id, memory_key, memory_number};
use crate::session::line::marks;
use crate::session::line::marks::{
    FILE, FORGOTTEN, FileRows, Laid, MEMORY, PINNED, Pair, SUMMARY, TRIMMED, ViewMaps, pairs, rules,
};
use crate::session::read::memories::{Fresh, MemoryEntry};
use crate::session::read::snapshot::Snapshot;
use crate::store::Store;

/// What of a snapshot's memories and files is in context.
///
/// ```
/// use partita::{Memory, Selector};
/// use partita::view::MemoryState;
/// let session = partita::Store::in_memory()?.session("s")?;
/// session.remember(Memory::user("one"))?;
/// session.remember(Memory::assistant("two"))?;
/// session.write("a.txt", "1")?;
/// session.forget(&Selector::Number(1))?;
/// let latest = session.latest()?;
/// let memories: Vec<_> = latest.view().memories().collect::<partita::Result<_>>()?;
/// assert_eq!((memories[0].number, memories[0].state), (2, MemoryState::Full));
/// let files: Vec<_> = latest.view().files().collect::<partita::Result<_>>()?;
/// assert_eq!((files[0].path.to_string(), files[0].number), ("a.txt".into(), 1));
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Debug)]
pub struct View<'a> {
    pub(crate) store: &'a Store,
    memories: Map,
    view: Map,
    recent: Map,
}

impl Snapshot {
    /// Returns what of memories and files is in context.
    pub fn view(&self) -> View<'_> {
        let roots = self.roots();
        let ViewMaps { all, recent } = roots.view();
        View { store: &self.store, memories: roots.memories(), view: all, recent }
    }
}

/// How a memory stands in the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemoryState {
    /// As it is.
    Full,
    /// With the results of tools shortened.
    Trimmed,
    /// It is a summary that stands for a range of memories.
    Summary {
        /// The last number that it covers; the first is its own.
        last: u64,
    },
    /// It is not in view.
    Forgotten,
}

impl MemoryState {
    /// Returns the name that listings show.
    pub fn name(self) -> &'static str {
        match self {
            MemoryState::Full => "full",
            MemoryState::Trimmed => "trimmed",
            MemoryState::Summary { .. } => "summary",
            MemoryState::Forgotten => "forgotten",
        }
    }
}

/// A memory in view.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ViewMemory {
    /// Its number; of a summary the first number that it covers.
    pub number: u64,
    /// What the memory is called.
    pub id: MemoryId,
    /// The memory; [`Store::read_memory`] puts its long texts in.
    pub memory: Memory,
    /// How it stands in the view.
    pub state: MemoryState,
    /// Whether nothing else may touch it.
    pub pinned: bool,
}

/// A file in view.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ViewFile {
    /// Where it is.
    pub path: FilePath,
    /// The number of the iteration.
    pub number: u64,
    /// The iteration.
    pub iteration: IterationId,
    /// What is there.
    pub entry: Entry,
    /// The number of the newest memory when it came into view; 0 before the first.
    pub after: u64,
    /// Whether nothing else may touch it.
    pub pinned: bool,
}

impl<'a> View<'a> {
    /// Returns the memories in view in their order, summaries in place of what they cover.
    /// Purged ones are left out.
    pub fn memories(&self) -> ViewMemories<'a> {
        ViewMemories {
            view: View { ..*self },
            next: Some(1),
            forgotten: false,
            rows: None,
            fresh: Fresh::default(),
        }
    }

    /// Returns the memories in view from a number on. It must not be one that a summary covers,
    /// other than the first.
    pub(crate) fn memories_from(&self, number: u64) -> ViewMemories<'a> {
        ViewMemories { next: Some(number.max(1)), ..self.memories() }
    }

    /// Returns the memories that are not covered by a summary, forgotten ones included.
    pub fn memories_and_forgotten(&self) -> ViewMemories<'a> {
        ViewMemories { forgotten: true, ..self.memories() }
    }

    /// Returns the files in view, in the order in which they came into it.
    pub fn files(&self) -> ViewFiles<'a> {
        ViewFiles { store: self.store, rows: self.maps().files(self.store) }
    }

    fn maps(&self) -> ViewMaps {
        ViewMaps { all: self.view, recent: self.recent }
    }

    /// Returns the patterns that hide and show files, oldest first: the last that matches counts.
    ///
    /// # Errors
    /// `Corrupt` if the view cannot be read.
    pub fn rules(&self) -> Result<Vec<ViewRule>> {
        Ok(rules(self.view, self.store)?.into_iter().map(|(_, rule)| rule).collect())
    }

    /// Tells how a memory of a number stands in the view, and whether it is pinned; a summary
    /// that covers it stands for it.
    ///
    /// # Errors
    /// `Corrupt` if the view cannot be read.
    pub fn state(&self, number: u64) -> Result<(MemoryState, bool)> {
        if let [laid] = &Laid::between(self.view, self.store, number, number)?[..] {
            return Ok((laid_state(laid), laid.flags & PINNED != 0));
        }
        let value = self.view.get(self.store, &marks::key(MEMORY, number))?;
        let flags = value.map_or(Ok(0), |value| marks::memory_flags(&value))?;
        Ok((state(flags), flags & PINNED != 0))
    }

    /// Returns the summary that stands for the memory of a number, unless there is none or it was
    /// purged.
    ///
    /// # Errors
    /// `Corrupt` if the view cannot be read.
    pub fn summary_of(&self, number: u64) -> Result<Option<ViewMemory>> {
        self.store.refresh()?;
        let laid = Laid::between(self.view, self.store, number, number)?;
        let Some(laid) = laid.first() else { return Ok(None) };
        let memory = match read(self.store, laid.memory.id()) {
            Ok(memory) => memory,
            Err(error) if error.kind() == ErrorKind::Purged => return Ok(None),
            Err(error) => return Err(error),
        };
        let pinned = laid.flags & PINNED != 0;
        let state = laid_state(laid);
        Ok(Some(ViewMemory { number: laid.first, id: laid.memory, memory, state, pinned }))
    }

    /// Returns the ids that a summary in view relies on: calls, results and checks that it
    /// covers.
    ///
    /// # Errors
    /// `Corrupt` if its list cannot be read.
    pub fn relies_on(&self, summary: &Memory) -> Result<Vec<ObjectId>> {
        linked(self.store, summary)
    }

    /// Returns how many files are in view, without reading their iterations.
    ///
    /// # Errors
    /// `Corrupt` if the view cannot be read.
    pub fn file_count(&self) -> Result<u64> {
        Ok(pairs(self.maps(), self.store)?.len() as u64)
    }
}

fn state(flags: u8) -> MemoryState {
    match flags {
        flags if flags & FORGOTTEN != 0 => MemoryState::Forgotten,
        flags if flags & TRIMMED != 0 => MemoryState::Trimmed,
        _ => MemoryState::Full,
    }
}

fn laid_state(laid: &Laid) -> MemoryState {
    match laid.flags & FORGOTTEN {
        0 => MemoryState::Summary { last: laid.last },
        _ => MemoryState::Forgotten,
    }
}

/// The memories in view, in their order.
pub struct ViewMemories<'a> {
    view: View<'a>,
    /// The number from which on to go on; none at the end.
    next: Option<u64>,
    forgotten: bool,
    /// Memories up to the next summary, that summary, and the flags of the memories on the way.
    rows: Option<Stretch<'a>>,
    fresh: Fresh,
}

struct Stretch<'a> {
    rows: Range<'a, Store>,
    flags: BTreeMap<u64, u8>,
    /// Numbers up to this one have their flags read.
    read_to: u64,
    laid: Option<Laid>,
}

/// Numbers whose flags are read at a time.
const FLAGS_READ: u64 = 1_024;

impl<'a> ViewMemories<'a> {
    fn step(&mut self) -> Result<Option<ViewMemory>> {
        self.fresh.step(self.view.store)?;
        while let Some(next) = self.next {
            if self.rows.is_none() {
                self.rows = Some(self.stretch(next)?);
            }
            let Some(stretch) = &mut self.rows else { continue };
            if let Some(row) = stretch.rows.next() {
                let (key, value) = row?;
                let number = memory_number(&key)?;
                if number > stretch.read_to {
                    stretch.read_to = number.saturating_add(FLAGS_READ);
                    stretch.flags.clear();
                    let (view, store) = (self.view.view, self.view.store);
                    for row in marks::rows(view, store, MEMORY, number, stretch.read_to) {
                        let (key, value) = row?;
                        let flags = marks::memory_flags(&value)?;
                        stretch.flags.insert(marks::number_of(&key)?, flags);
                    }
                }
                let flags = stretch.flags.get(&number).copied().unwrap_or(0);
                if flags & FORGOTTEN != 0 && !self.forgotten {
                    continue;
                }
                let id = memory_id(&value)?;
                if let Some(memory) = self.memory(id)? {
                    let (state, pinned) = (state(flags), flags & PINNED != 0);
                    return Ok(Some(ViewMemory { number, id, memory, state, pinned }));
                }
                continue;
            }
            let laid = stretch.laid.take();
            self.rows = None;
            self.next = laid.as_ref().and_then(|laid| laid.last.checked_add(1));
            let Some(laid) = laid else { continue };
            if laid.flags & FORGOTTEN != 0 && !self.forgotten {
                continue;
            }
            if let Some(memory) = self.memory(laid.memory)? {
                return Ok(Some(ViewMemory {
                    number: laid.first,
                    id: laid.memory,
                    memory,
                    state: laid_state(&laid),
                    pinned: laid.flags & PINNED != 0,
                }));
            }
        }
        Ok(None)
    }

    /// The memories from a number on, up to the next summary.
    fn stretch(&self, next: u64) -> Result<Stretch<'a>> {
        let View { store, memories, view, .. } = self.view;
        let laid = match marks::rows(view, store, SUMMARY, next, u64::MAX).next() {
            Some(row) => {
                let (key, value) = row?;
                Some(Laid::from_row(&key, &value)?)
            }
            None => None,
        };
        let from = memory_key(next);
        let end = laid.as_ref().map(|laid| memory_key(laid.first));
        let to = match &end {
            Some(end) => Bound::Excluded(&end[..]),
            None => Bound::Unbounded,
        };
        let rows = memories.range(store, Bound::Included(&from), to);
        Ok(Stretch { rows, flags: BTreeMap::new(), read_to: 0, laid })
    }

    fn memory(&self, id: MemoryId) -> Result<Option<Memory>> {
        match read(self.view.store, id.id()) {
            Ok(memory) => Ok(Some(memory)),
            Err(error) if error.kind() == ErrorKind::Purged => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Iterator for ViewMemories<'_> {
    type Item = Result<ViewMemory>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        if step.is_err() && self.rows.is_none() {
            self.next = None;
        }
        step.transpose()
    }
}

/// The files in view, in the order in which they came into it.
pub struct ViewFiles<'a> {
    store: &'a Store,
    rows: FileRows<'a, Store>,
}

impl Iterator for ViewFiles<'_> {
    type Item = Result<ViewFile>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.next()?;
        Some(row.and_then(|(_, value)| view_file(self.store, &value)))
    }
}

fn view_file(store: &Store, value: &Value) -> Result<ViewFile> {
    let pair = Pair::from_value(value)?;
    let iteration: Iteration = read(store, pair.iteration.id())?;
    Ok(ViewFile {
        path: iteration.path,
        number: iteration.number,
        iteration: pair.iteration,
        entry: iteration.entry,
        after: pair.after,
        pinned: pair.flags & PINNED != 0,
    })
}

/// What differs between two views, at one key.
#[derive(Debug)]
pub(crate) enum ViewChange {
    /// Memories of these numbers stand otherwise in the view.
    Memories { first: u64, last: u64 },
    /// A file came, went, or was pinned.
    File { before: Option<Box<ViewFile>>, after: Option<Box<ViewFile>> },
    /// A rule, which changes nothing by itself.
    Rule,
}

pub(crate) fn view_change(store: &Store, change: &MapChange) -> Result<ViewChange> {
    let MapChange { key, before, after } = change;
    let number = marks::number_of(key)?;
    Ok(match key.first() {
        Some(&MEMORY) => ViewChange::Memories { first: number, last: number },
        Some(&SUMMARY) => {
            let mut last = number;
            for value in before.iter().chain(after) {
                last = last.max(Laid::from_row(key, value)?.last);
            }
            ViewChange::Memories { first: number, last }
        }
        Some(&FILE) => ViewChange::File {
            before: before
                .as_ref()
                .map(|value| view_file(store, value).map(Box::new))
                .transpose()?,
            after: after.as_ref().map(|value| view_file(store, value).map(Box::new)).transpose()?,
        },
        _ => ViewChange::Rule,
    })
}

impl ViewMemory {
    /// Returns it as an entry, such as a listing of all memories has.
    pub fn to_entry(&self) -> MemoryEntry {
        MemoryEntry { number: self.number, id: self.id, memory: self.memory.clone() }
    }
}

impl std::fmt::Debug for ViewMemories<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ViewMemories").field("next", &self.next).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ViewFiles<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ViewFiles").finish_non_exhaustive()
    }
}

/// The ids that a summary relies on.
pub(crate) fn linked(objects: &impl Objects, summary: &Memory) -> Result<Vec<ObjectId>> {
    let [link] = summary.links[..] else { return Ok(summary.links.clone()) };
    let node = objects.get_node(&link)?;
    if node.is_none_or(|node| node.kind != Kind::MAP) {
        return Ok(vec![link]);
    }
    let rows = Map::new(Some(MapId::new(link))).prefix(objects, b"");
    let mut ids = Vec::new();
    for row in rows {
        ids.extend(row?.1.refs);
    }
    Ok(ids)
}
