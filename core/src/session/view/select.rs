//! From a selector to whole exchanges and summaries.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::entry::{self, FORGOTTEN, Laid, MEMORY, PINNED, SUMMARY};
use super::report::ViewReport;
use super::selector::Selector;
use crate::context::exchanges;
use crate::error::{Error, ErrorKind, Result};
use crate::id::{ObjectId, Prefix, ambiguous};
use crate::limits::CANDIDATES_MAX;
use crate::map::Map;
use crate::object::{Body, Memory, Part, Role, Timestamp, read};
use crate::session::MemoryEntry;
use crate::session::batch::Batch;
use crate::session::build::{memory_id, memory_key, memory_number, next_memory};
use crate::session::head::Head;
use crate::session::memories::holds_text;
use crate::session::roots::Roots;
use crate::session::timeline::Timeline;
use crate::store::{Batch as StoreBatch, Store};

/// Memories beyond a selection that are read on either side, to find where its exchanges end. From
/// there it goes on to the next memory that neither calls a tool nor answers a call: no tool loop
/// goes past one, and no call further away is taken to be answered here.
const NEIGHBOURS: usize = 16;

/// A memory of an exchange, as far as the view is concerned.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) entry: MemoryEntry,
    pub(super) flags: u8,
}

/// What is taken into the view and out of it as a whole.
#[derive(Debug)]
pub(super) enum Unit {
    Exchange(Vec<Member>),
    Summary(Laid),
}

impl Unit {
    pub(super) fn first(&self) -> u64 {
        match self {
            Unit::Exchange(members) => members.first().map_or(0, |member| member.entry.number),
            Unit::Summary(laid) => laid.first,
        }
    }

    pub(super) fn last(&self) -> u64 {
        match self {
            Unit::Exchange(members) => members.last().map_or(0, |member| member.entry.number),
            Unit::Summary(laid) => laid.last,
        }
    }

    fn any(&self, flag: u8) -> bool {
        match self {
            Unit::Exchange(members) => members.iter().any(|member| member.flags & flag != 0),
            Unit::Summary(laid) => laid.flags & flag != 0,
        }
    }

    pub(super) fn is_pinned(&self) -> bool {
        self.any(PINNED)
    }

    /// Tells whether none of it is in view.
    pub(super) fn is_forgotten(&self) -> bool {
        match self {
            Unit::Exchange(members) => members.iter().all(|member| member.flags & FORGOTTEN != 0),
            Unit::Summary(laid) => laid.flags & FORGOTTEN != 0,
        }
    }
}

/// What a selector stands for.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) named: BTreeSet<u64>,
    /// In the order of their numbers.
    pub(super) units: Vec<Unit>,
}

impl Selection {
    pub(super) fn report(&self) -> ViewReport {
        let mut report =
            ViewReport { named: self.named.iter().copied().collect(), ..ViewReport::default() };
        for unit in &self.units {
            match unit {
                Unit::Exchange(members) => {
                    let numbers = members.iter().map(|member| member.entry.number);
                    report.widened.extend(numbers.filter(|number| !self.named.contains(number)));
                }
                Unit::Summary(laid) => report.summaries.push((laid.first, laid.last)),
            }
        }
        report
    }
}

impl Batch {
    /// What a selector stands for, in the view as the batch leaves it.
    pub(super) fn select(&mut self, selector: &Selector) -> Result<Selection> {
        let memories = Roots::of(self.head.point()).memories();
        let store = self.session.store().clone();
        let (objects, view) = self.draft.view.open(&store)?;
        let look = Look { store: &store, objects, memories, view };
        match selector {
            Selector::Number(number) => {
                if memories.get(&store, &memory_key(*number))?.is_none() {
                    return Err(Error::not_found(format!("no memory {number}")));
                }
                look.around(*number, *number)
            }
            Selector::Range(first, last) => {
                let (from, to) = (memory_key((*first).max(1)), memory_key(*last));
                let (from, to) = (Bound::Included(&from[..]), Bound::Included(&to[..]));
                if first > last || memories.range(&store, from, to).next().is_none() {
                    return Err(Error::not_found(format!("no memory in {first}..{last}")));
                }
                look.around(*first, *last)
            }
            Selector::Id(prefix) => {
                let number = look.by_id(prefix)?;
                look.around(number, number)
            }
            Selector::Role(role) => look.among(|entry| Ok(entry.memory.role == *role)),
            Selector::Text(text) => {
                let text = text.to_lowercase();
                look.among(|entry| holds_text(&store, &entry.memory, &text))
            }
            Selector::Before(time) => {
                let mut times =
                    Times { head: &self.head, store: &store, asked: 0, until: 0, time: None };
                look.among(|entry| Ok(times.of(entry)? < *time))
            }
        }
    }
}

/// Where selections are looked up.
struct Look<'a> {
    store: &'a Store,
    objects: &'a StoreBatch,
    memories: Map,
    view: Map,
}

impl Look<'_> {
    /// The exchanges and summaries of a range of numbers. Reads those and their neighbours.
    fn around(&self, first: u64, last: u64) -> Result<Selection> {
        let mut entries = Vec::new();
        let end = memory_key(first);
        let from = Bound::Included(&[0; 8][..]);
        let mut beyond = 0;
        for row in self.memories.range_back(self.store, from, Bound::Excluded(&end)) {
            let (key, value) = row?;
            let Some(entry) = self.entry(&key, &value)? else { continue };
            let stops = is_neutral(&entry.memory);
            entries.push(entry);
            beyond += 1;
            if stops && beyond >= NEIGHBOURS {
                break;
            }
        }
        entries.reverse();
        beyond = 0;
        for row in self.memories.range(self.store, Bound::Included(&end), Bound::Unbounded) {
            let (key, value) = row?;
            let Some(entry) = self.entry(&key, &value)? else { continue };
            let (stops, number) = (is_neutral(&entry.memory), entry.number);
            entries.push(entry);
            beyond += usize::from(number > last);
            if stops && beyond >= NEIGHBOURS {
                break;
            }
        }
        let laids = Laid::between(
            self.view,
            self.objects,
            entries.first().map_or(first, |entry| entry.number.min(first)),
            entries.last().map_or(last, |entry| entry.number.max(last)),
        )?;
        let named = |number| (first..=last).contains(&number);
        self.units(entries, laids, named, |laid| laid.first <= last && first <= laid.last)
    }

    /// The exchanges and summaries that hold what a test picks, among all in their own right.
    fn among(&self, mut picks: impl FnMut(&MemoryEntry) -> Result<bool>) -> Result<Selection> {
        let mut entries = Vec::new();
        let from = Bound::Included(&[0; 8][..]);
        for row in self.memories.range(self.store, from, Bound::Unbounded) {
            let (key, value) = row?;
            entries.extend(self.entry(&key, &value)?);
        }
        let laids = Laid::between(self.view, self.objects, 0, u64::MAX)?;
        let (mut picked, mut picked_laids) = (BTreeSet::new(), BTreeSet::new());
        for entry in &entries {
            if over(&laids, entry.number).is_none() && picks(entry)? {
                picked.insert(entry.number);
            }
        }
        for laid in &laids {
            if let Some(entry) = summary_entry(self.objects, laid)?
                && picks(&entry)?
            {
                picked_laids.insert(laid.first);
            }
        }
        let named = |number| picked.contains(&number);
        self.units(entries, laids, named, |laid| picked_laids.contains(&laid.first))
    }

    fn units(
        &self,
        entries: Vec<MemoryEntry>,
        laids: Vec<Laid>,
        named: impl Fn(u64) -> bool,
        named_laid: impl Fn(&Laid) -> bool,
    ) -> Result<Selection> {
        let mut selection = Selection::default();
        for laid in laids.iter().filter(|laid| named_laid(laid)) {
            selection.named.insert(laid.first);
            selection.units.push(Unit::Summary(laid.clone()));
        }
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return Ok(selection);
        };
        let mut flags = BTreeMap::new();
        for row in entry::rows(self.view, self.objects, MEMORY, first.number, last.number) {
            let (key, value) = row?;
            flags.insert(entry::number_of(&key)?, entry::memory_flags(&value)?);
        }
        let ranges = exchanges(entries.iter().map(|entry| &entry.memory));
        let mut entries = entries.into_iter();
        for range in ranges {
            let entries = entries.by_ref().take(range.len());
            let members: Vec<Member> = entries
                .filter(|entry| over(&laids, entry.number).is_none())
                .map(|entry| Member {
                    flags: flags.get(&entry.number).copied().unwrap_or(0),
                    entry,
                })
                .collect();
            let before = selection.named.len();
            let numbers = members.iter().map(|member| member.entry.number);
            selection.named.extend(numbers.filter(|number| named(*number)));
            if selection.named.len() > before {
                selection.units.push(Unit::Exchange(members));
            }
        }
        selection.units.sort_by_key(Unit::first);
        Ok(selection)
    }

    /// The memory of a row, unless it was purged: then there is nothing to forget.
    fn entry(&self, key: &[u8], value: &crate::map::Value) -> Result<Option<MemoryEntry>> {
        let id = memory_id(value)?;
        let number = memory_number(key)?;
        match read(self.store, id.id()) {
            Ok(mut memory) => {
                self.read_opaque(&mut memory)?;
                Ok(Some(MemoryEntry { number, id, memory }))
            }
            Err(error) if error.kind() == ErrorKind::Purged => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads long blocks that only their provider understands: one may be the output of a call.
    fn read_opaque(&self, memory: &mut Memory) -> Result<()> {
        for part in &mut memory.parts {
            let Part::Opaque { content: body @ Body::Content(_), .. } = part else { continue };
            match self.store.read_body(body) {
                Ok(bytes) => *body = Body::Inline(bytes.to_vec()),
                Err(error) if error.kind() == ErrorKind::Purged => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The number of a memory by its id, or of the first that a summary covers.
    fn by_id(&self, prefix: &Prefix) -> Result<u64> {
        let mut found: BTreeMap<ObjectId, u64> = BTreeMap::new();
        let from = Bound::Included(&[0; 8][..]);
        for row in self.memories.range(self.store, from, Bound::Unbounded) {
            let (key, value) = row?;
            let id = memory_id(&value)?.id();
            if prefix.matches(&id) {
                found.insert(id, memory_number(&key)?);
            }
        }
        for row in entry::rows(self.view, self.objects, SUMMARY, 0, u64::MAX) {
            let (key, value) = row?;
            let laid = Laid::from_row(&key, &value)?;
            if prefix.matches(&laid.memory.id()) {
                found.insert(laid.memory.id(), laid.first);
            }
        }
        match found.len() {
            0 => Err(Error::not_found(format!("no memory {prefix}"))),
            1 => Ok(found.into_values().next().unwrap_or(0)),
            count => {
                let mut ids: Vec<ObjectId> = found.into_keys().collect();
                ids.truncate(CANDIDATES_MAX);
                Err(ambiguous(prefix, &ids, count > CANDIDATES_MAX))
            }
        }
    }
}

/// The summary as a memory, unless it was purged.
pub(super) fn summary_entry(objects: &StoreBatch, laid: &Laid) -> Result<Option<MemoryEntry>> {
    match read(objects, laid.memory.id()) {
        Ok(memory) => Ok(Some(MemoryEntry { number: laid.first, id: laid.memory, memory })),
        Err(error) if error.kind() == ErrorKind::Purged => Ok(None),
        Err(error) => Err(error),
    }
}

/// The summary that stands over a number.
fn over(laids: &[Laid], number: u64) -> Option<&Laid> {
    let at = laids.partition_point(|laid| laid.first <= number);
    laids[..at].last().filter(|laid| number <= laid.last)
}

/// Tells whether no tool loop goes past a memory.
fn is_neutral(memory: &Memory) -> bool {
    !memory.parts.iter().any(|part| match part {
        Part::Call { .. } => memory.role == Role::Assistant,
        // Perhaps a call or an output that only its provider understands.
        Part::Result { .. } | Part::Opaque { .. } => true,
        _ => false,
    })
}

/// When memories came, for such as have no time of their own.
struct Times<'a> {
    head: &'a Head,
    store: &'a Store,
    /// Numbers from this one on and below the next came with the checkpoint that was found last.
    asked: u64,
    until: u64,
    time: Option<Timestamp>,
}

impl Times<'_> {
    fn of(&mut self, entry: &MemoryEntry) -> Result<Timestamp> {
        if let Some(time) = entry.memory.time {
            return Ok(time);
        }
        if let Some(time) = self.time.filter(|_| (self.asked..self.until).contains(&entry.number)) {
            return Ok(time);
        }
        let Some(newest) = self.head.point.clone() else {
            return Ok(Timestamp::from_millis(i64::MIN));
        };
        let next = |point: &_| next_memory(Roots::of(Some(point)).memories(), self.store);
        let made = newest.earliest(self.store, |point| Ok(next(point)? > entry.number))?;
        (self.asked, self.until) = (entry.number, next(&made)?);
        let time = Timeline::new(self.head).time(self.store, &made)?;
        self.time = Some(time);
        Ok(time)
    }
}
