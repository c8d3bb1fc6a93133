//! From a selector to whole exchanges and summaries.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::context::exchanges;
use crate::error::{Error, ErrorKind, Result};
use crate::id::{ObjectId, Prefix, ambiguous};
use crate::limits::CANDIDATES_MAX;
use crate::map::Map;
use crate::object::{Body, Memory, Part, Role, Timestamp, read};
use crate::session::batch::Batch;
use crate::session::batch::report::ViewReport;
use crate::session::batch::selector::Selector;
use crate::session::line::keys::{memory_id, memory_key, memory_number, next_number};
use crate::session::line::marks;
use crate::session::line::marks::{FORGOTTEN, Laid, MEMORY, PINNED, SUMMARY};
use crate::session::line::point::Head;
use crate::session::line::roots::Roots;
use crate::session::line::timeline::Timeline;
use crate::session::read::memories::{MemoryEntry, holds_text};
use crate::store::{Batch as StoreBatch, Store};

/// Memories beyond a selection that are read on either side, to find where its exchanges end. From
/// there it goes on to the next memory that neither calls a tool nor answers a call: no tool loop
/// goes past one, and no call further away is taken to be answered here.
const NEIGHBOURS: usize = 16;

/// Memories out of view that are passed over on either side, in search of neighbours.
const PASSED_MAX: usize = 4_096;

/// Which memories make up exchanges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Among {
    /// Those in view: what a model is sent, and what a plan groups.
    View,
    /// Forgotten ones too: what comes back, comes back whole.
    All,
}

/// A memory or summary of an exchange, as far as the view is concerned.
#[derive(Debug)]
pub(crate) enum Member {
    Memory(MemoryEntry, u8),
    /// A summary with its memory, unless that was purged.
    Summary(Laid, Option<MemoryEntry>),
}

impl Member {
    /// Its number; of a summary the first that it covers.
    pub(crate) fn number(&self) -> u64 {
        match self {
            Member::Memory(entry, _) => entry.number,
            Member::Summary(laid, _) => laid.first,
        }
    }

    fn last(&self) -> u64 {
        match self {
            Member::Memory(entry, _) => entry.number,
            Member::Summary(laid, _) => laid.last,
        }
    }

    pub(crate) fn flags(&self) -> u8 {
        match self {
            Member::Memory(_, flags) => *flags,
            Member::Summary(laid, _) => laid.flags,
        }
    }

    fn memory(&self) -> Option<&Memory> {
        match self {
            Member::Memory(entry, _) => Some(&entry.memory),
            Member::Summary(_, entry) => entry.as_ref().map(|entry| &entry.memory),
        }
    }
}

/// What is taken into the view and out of it as a whole: an exchange, with the summaries in it.
#[derive(Debug)]
pub(crate) struct Unit {
    /// In the order of their numbers; one at the least.
    pub(crate) members: Vec<Member>,
}

impl Unit {
    pub(crate) fn first(&self) -> u64 {
        self.members.first().map_or(0, Member::number)
    }

    pub(crate) fn last(&self) -> u64 {
        self.members.iter().map(Member::last).max().unwrap_or(0)
    }

    pub(crate) fn numbers(&self) -> impl Iterator<Item = u64> {
        self.members.iter().map(Member::number)
    }

    pub(crate) fn is_pinned(&self) -> bool {
        self.members.iter().any(|member| member.flags() & PINNED != 0)
    }
}

/// What a selector stands for.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    pub(crate) named: BTreeSet<u64>,
    /// In the order of their numbers.
    pub(crate) units: Vec<Unit>,
}

impl Selection {
    pub(crate) fn report(&self) -> ViewReport {
        let mut report =
            ViewReport { named: self.named.iter().copied().collect(), ..ViewReport::default() };
        for member in self.units.iter().flat_map(|unit| &unit.members) {
            match member {
                Member::Summary(laid, _) => report.summaries.push((laid.first, laid.last)),
                Member::Memory(entry, _) if self.named.contains(&entry.number) => {}
                Member::Memory(entry, _) => report.widened.push(entry.number),
            }
        }
        report
    }
}

impl Batch {
    /// What a selector stands for, in the view as the batch leaves it.
    pub(crate) fn select(&mut self, selector: &Selector, among: Among) -> Result<Selection> {
        let view = self.view()?;
        self.select_in(view, selector, among)
    }

    /// The view as the batch leaves it so far.
    pub(crate) fn view(&mut self) -> Result<Map> {
        Ok(self.draft.view.open(&self.session.store().clone())?.1)
    }

    /// What a selector stands for, in a view that the batch has or had.
    pub(crate) fn select_in(
        &mut self,
        view: Map,
        selector: &Selector,
        among: Among,
    ) -> Result<Selection> {
        let memories = Roots::of(self.head.point()).memories();
        let store = self.session.store().clone();
        let (objects, _) = self.draft.view.open(&store)?;
        let look = Look { store: &store, objects, memories, view, among };
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
    among: Among,
}

/// What stands under a number.
enum Standing {
    /// A member of the sequence that exchanges are made of.
    In(Box<Member>),
    /// Something out of view: its number, of a summary the first that it covers.
    Out(u64),
}

impl Look<'_> {
    /// The exchanges and summaries of a range of numbers. Reads those and their neighbours.
    fn around(&self, first: u64, last: u64) -> Result<Selection> {
        let mut selection = Selection::default();
        let mut members = self.before(first)?;
        let over = members.last().filter(|member| first <= member.last());
        selection.named.extend(over.map(Member::number));
        let mut next = over.map_or(Some(first), |member| member.last().checked_add(1));
        let (mut beyond, mut passed) = (0, 0);
        while let Some(from) = next.take() {
            let from = memory_key(from);
            for row in self.memories.range(self.store, Bound::Included(&from), Bound::Unbounded) {
                let (key, value) = row?;
                let number = memory_number(&key)?;
                let is_named = (first..=last).contains(&number);
                match self.standing(number, &value)? {
                    None => {}
                    Some(Standing::Out(begins)) => {
                        if is_named {
                            selection.named.insert(begins);
                        }
                        passed += usize::from(number > last);
                    }
                    Some(Standing::In(member)) => {
                        let (stops, ends) = (is_neutral(&member), member.last());
                        if member.number() <= last && first <= ends {
                            selection.named.insert(member.number());
                        }
                        beyond += usize::from(member.number() > last);
                        let is_summary = matches!(*member, Member::Summary(..));
                        members.push(*member);
                        if stops && beyond >= NEIGHBOURS {
                            break;
                        }
                        if is_summary {
                            next = ends.checked_add(1);
                            break;
                        }
                    }
                }
                if passed > PASSED_MAX {
                    break;
                }
            }
        }
        Ok(Self::units(members, selection))
    }

    /// The members before a number, or those that end with the summary over it.
    fn before(&self, first: u64) -> Result<Vec<Member>> {
        let mut members = Vec::new();
        let mut passed = 0;
        // A summary over the number itself is found from below.
        let over = Laid::between(self.view, self.objects, first, first)?;
        let mut end = Some(first);
        if let Some(laid) = over.into_iter().next().filter(|laid| laid.first < first) {
            end = Some(laid.first);
            members.extend(self.summary(laid)?);
        }
        while let Some(before) = end.take() {
            let (from, to) = (Bound::Included(&[0; 8][..]), memory_key(before));
            for row in self.memories.range_back(self.store, from, Bound::Excluded(&to)) {
                let (key, value) = row?;
                let number = memory_number(&key)?;
                match self.standing(number, &value)? {
                    None => {}
                    Some(Standing::Out(begins)) => {
                        passed += 1;
                        if begins < number {
                            end = Some(begins);
                            break;
                        }
                    }
                    Some(Standing::In(member)) => {
                        let (stops, begins) = (is_neutral(&member), member.number());
                        let is_summary = matches!(*member, Member::Summary(..));
                        members.push(*member);
                        if stops && members.len() >= NEIGHBOURS {
                            break;
                        }
                        if is_summary {
                            end = Some(begins);
                            break;
                        }
                    }
                }
                if passed > PASSED_MAX {
                    break;
                }
            }
        }
        members.reverse();
        Ok(members)
    }

    /// A summary as a member, if it is in the sequence.
    fn summary(&self, laid: Laid) -> Result<Option<Member>> {
        if self.among == Among::View && laid.flags & FORGOTTEN != 0 {
            return Ok(None);
        }
        let entry = summary_entry(self.objects, &laid)?;
        Ok(Some(Member::Summary(laid, entry)))
    }

    /// What stands under a number; nothing where the memory was purged.
    fn standing(&self, number: u64, value: &crate::map::Value) -> Result<Option<Standing>> {
        if let Some(laid) = Laid::between(self.view, self.objects, number, number)?.pop() {
            let begins = laid.first;
            let member = self.summary(laid)?;
            let standing = |member| Standing::In(Box::new(member));
            return Ok(Some(member.map_or(Standing::Out(begins), standing)));
        }
        let flags = match self.view.get(self.objects, &marks::key(MEMORY, number))? {
            Some(value) => marks::memory_flags(&value)?,
            None => 0,
        };
        if self.among == Among::View && flags & FORGOTTEN != 0 {
            return Ok(Some(Standing::Out(number)));
        }
        let entry = self.entry(&memory_key(number), value)?;
        Ok(entry.map(|entry| Standing::In(Box::new(Member::Memory(entry, flags)))))
    }

    /// The exchanges and summaries that hold what a test picks, among all in their own right.
    fn among(&self, mut picks: impl FnMut(&MemoryEntry) -> Result<bool>) -> Result<Selection> {
        let mut selection = Selection::default();
        let mut members: Vec<Member> = Vec::new();
        let laids = Laid::between(self.view, self.objects, 0, u64::MAX)?;
        let mut flags = BTreeMap::new();
        for row in marks::rows(self.view, self.objects, MEMORY, 0, u64::MAX) {
            let (key, value) = row?;
            flags.insert(marks::number_of(&key)?, marks::memory_flags(&value)?);
        }
        let from = Bound::Included(&[0; 8][..]);
        for row in self.memories.range(self.store, from, Bound::Unbounded) {
            let (key, value) = row?;
            let number = memory_number(&key)?;
            if over(&laids, number).is_some() {
                continue;
            }
            let Some(entry) = self.entry(&key, &value)? else { continue };
            if picks(&entry)? {
                selection.named.insert(number);
            }
            let flags = flags.get(&number).copied().unwrap_or(0);
            if self.among == Among::All || flags & FORGOTTEN == 0 {
                members.push(Member::Memory(entry, flags));
            }
        }
        for laid in laids {
            let entry = summary_entry(self.objects, &laid)?;
            if let Some(entry) = &entry
                && picks(entry)?
            {
                selection.named.insert(laid.first);
            }
            if self.among == Among::All || laid.flags & FORGOTTEN == 0 {
                members.push(Member::Summary(laid, entry));
            }
        }
        members.sort_by_key(Member::number);
        Ok(Self::units(members, selection))
    }

    /// Cuts members, in the order of their numbers, into exchanges, and keeps those with a named one.
    fn units(members: Vec<Member>, mut selection: Selection) -> Selection {
        let blank = Memory::note("");
        let ranges = exchanges(members.iter().map(|member| member.memory().unwrap_or(&blank)));
        let mut members = members.into_iter();
        for range in ranges {
            let unit = Unit { members: members.by_ref().take(range.len()).collect() };
            if unit.numbers().any(|number| selection.named.contains(&number)) {
                selection.units.push(unit);
            }
        }
        selection
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
        for row in marks::rows(self.view, self.objects, SUMMARY, 0, u64::MAX) {
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
pub(crate) fn summary_entry(objects: &StoreBatch, laid: &Laid) -> Result<Option<MemoryEntry>> {
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

/// Tells whether no tool loop goes past a member.
fn is_neutral(member: &Member) -> bool {
    let Some(memory) = member.memory() else { return true };
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
        let next = |point: &_| next_number(Roots::of(Some(point)).memories(), self.store);
        let made = newest.earliest(self.store, |point| Ok(next(point)? > entry.number))?;
        (self.asked, self.until) = (entry.number, next(&made)?);
        let time = Timeline::new(self.head).time(self.store, &made)?;
        self.time = Some(time);
        Ok(time)
    }
}
