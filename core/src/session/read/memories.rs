//! Memories of a session: the dialog in its order.

use std::ops::Bound;

use crate::error::{Error, ErrorKind, Result, quoted};
use crate::id::{MemoryId, Prefix, ambiguous};
use crate::limits::CANDIDATES_MAX;
use crate::map::{Range, Value};
use crate::object::{Body, Bytes, Memory, Objects as _, Part, Role, origin_of, read};
use crate::session::line::keys::{memory_id, memory_key, memory_number};
use crate::session::read::snapshot::Snapshot;
use crate::store::Store;

/// A memory and its place in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryEntry {
    /// Counts from 1 in the session; never given twice, so an undo leaves a gap.
    pub number: u64,
    /// What the memory is called.
    pub id: MemoryId,
    /// The memory. Its long texts are contents: [`Store::read_body`] reads either.
    pub memory: Memory,
}

/// The memories of a snapshot in their order, from either end.
pub struct Memories<'a> {
    store: &'a Store,
    rows: Range<'a, Store>,
    fresh: Fresh,
}

/// Rows after which an iterator takes up what others committed.
const FRESH_ROWS: u32 = 64;

/// Lets an iterator take up what others committed, at its beginning and now and then.
#[derive(Debug, Default)]
pub(crate) struct Fresh(u32);

impl Fresh {
    pub(crate) fn step(&mut self, store: &Store) -> Result<()> {
        if self.0.is_multiple_of(FRESH_ROWS) {
            store.refresh()?;
        }
        self.0 = self.0.wrapping_add(1);
        Ok(())
    }
}

impl MemoryEntry {
    /// Returns it with all its bodies inline.
    ///
    /// # Errors
    /// As [`Store::read_body`].
    pub fn resolve(&self, store: &Store) -> Result<MemoryEntry> {
        Ok(MemoryEntry { memory: store.read_memory(&self.memory)?, ..self.clone() })
    }
}

impl Snapshot {
    /// Returns the memories, oldest first.
    ///
    /// ```
    /// use partita::{Memory, Store};
    /// let session = Store::in_memory()?.session("s")?;
    /// session.remember(Memory::user("one"))?;
    /// session.remember(Memory::assistant("two"))?;
    /// let latest = session.latest()?;
    /// let texts: Vec<String> = latest
    ///     .memories()
    ///     .map(|entry| Ok(entry?.memory.text().into_owned()))
    ///     .collect::<partita::Result<_>>()?;
    /// assert_eq!(texts, ["one", "two"]);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn memories(&self) -> Memories<'_> {
        let (from, to) = (Bound::Included(&[0; 8][..]), Bound::Unbounded);
        let rows = self.roots().memories().range(&self.store, from, to);
        Memories { store: &self.store, rows, fresh: Fresh::default() }
    }

    /// Returns the memories, newest first.
    pub fn memories_back(&self) -> Memories<'_> {
        let (from, to) = (Bound::Included(&[0; 8][..]), Bound::Unbounded);
        let rows = self.roots().memories().range_back(&self.store, from, to);
        Memories { store: &self.store, rows, fresh: Fresh::default() }
    }

    /// Returns the memories up to a number, newest first.
    pub(crate) fn memories_up_to(&self, number: u64) -> Memories<'_> {
        let last = memory_key(number);
        let (from, to) = (Bound::Included(&[0; 8][..]), Bound::Included(&last[..]));
        let rows = self.roots().memories().range_back(&self.store, from, to);
        Memories { store: &self.store, rows, fresh: Fresh::default() }
    }

    /// Returns the memory of a number.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub fn memory(&self, number: u64) -> Result<MemoryEntry> {
        self.store.refresh()?;
        let key = memory_key(number);
        let value = self
            .roots()
            .memories()
            .get(&self.store, &key)?
            .ok_or_else(|| Error::not_found(format!("no memory {number}")))?;
        entry(&self.store, &key, &value)
    }
}

/// The memories of a snapshot that hold a text, newest first.
#[derive(Debug)]
pub struct FoundMemories<'a> {
    memories: Memories<'a>,
    text: String,
    role: Option<Role>,
}

impl Snapshot {
    /// Returns a page of memories: those from a number on, oldest first.
    pub fn memories_from(&self, number: u64) -> Memories<'_> {
        let from = memory_key(number.max(1));
        let (from, to) = (Bound::Included(&from[..]), Bound::Unbounded);
        let rows = self.roots().memories().range(&self.store, from, to);
        Memories { store: &self.store, rows, fresh: Fresh::default() }
    }

    /// Returns a page of memories: those before a number, newest first.
    pub fn memories_before(&self, number: u64) -> Memories<'_> {
        let to = memory_key(number.max(1));
        let (from, to) = (Bound::Included(&[0; 8][..]), Bound::Excluded(&to[..]));
        let rows = self.roots().memories().range_back(&self.store, from, to);
        Memories { store: &self.store, rows, fresh: Fresh::default() }
    }

    /// Returns the memories that hold a text, whatever the case of its letters, newest first; with
    /// a role, only its. Texts, thoughts, and the names and arguments of calls are looked at, each
    /// by itself. Reads every memory on its way.
    ///
    /// ```
    /// use partita::{Memory, Role};
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.remember(Memory::user("The Parser drops a token."))?;
    /// session.remember(Memory::assistant("Which parser?"))?;
    /// let latest = session.latest()?;
    /// let numbers: Vec<u64> = latest
    ///     .search("PARSER", None)
    ///     .map(|entry| Ok(entry?.number))
    ///     .collect::<partita::Result<_>>()?;
    /// assert_eq!(numbers, [2, 1]);
    /// assert_eq!(latest.search("parser", Some(Role::User)).count(), 1);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn search(&self, text: &str, role: Option<Role>) -> FoundMemories<'_> {
        FoundMemories { memories: self.memories_back(), text: text.to_lowercase(), role }
    }

    /// Returns a page of what [`search`](Self::search) finds: the memories before a number.
    pub fn search_before(&self, number: u64, text: &str, role: Option<Role>) -> FoundMemories<'_> {
        FoundMemories { memories: self.memories_before(number), ..self.search(text, role) }
    }
}

impl Iterator for FoundMemories<'_> {
    type Item = Result<MemoryEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (key, value) = match self.memories.rows.next()? {
                Ok(row) => row,
                Err(error) => return Some(Err(error)),
            };
            let store = self.memories.store;
            if let Err(error) = self.memories.fresh.step(store) {
                return Some(Err(error));
            }
            // Most memories cannot hold the text, by what the catalogue knows of them.
            match memory_id(&value) {
                Ok(id) if !store.catalogue().may_contain(id, &self.text) => continue,
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
            let entry = match entry(store, &key, &value) {
                Ok(entry) => entry,
                // A purged memory holds no text.
                Err(error) if error.kind() == ErrorKind::Purged => continue,
                Err(error) => return Some(Err(error)),
            };
            sign(store, &entry);
            if self.role.is_some_and(|role| role != entry.memory.role) {
                continue;
            }
            match holds_text(self.memories.store, &entry.memory, &self.text) {
                Ok(false) => {}
                Ok(true) => return Some(Ok(entry)),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Lets the catalogue know a memory, for the next search, if all its texts can be read.
fn sign(store: &Store, entry: &MemoryEntry) {
    if store.catalogue().has_signature(entry.id) {
        return;
    }
    let mut texts = Vec::new();
    for part in &entry.memory.parts {
        let body = match part {
            Part::Text(body) | Part::Thinking { text: body, .. } => body,
            Part::Call { name, arguments, .. } => {
                texts.push(name.clone());
                arguments
            }
            _ => continue,
        };
        match store.read_body(body) {
            Ok(bytes) => texts.push(String::from_utf8_lossy(&bytes).into_owned()),
            Err(_) => return,
        }
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    store.catalogue().set_signature(entry.id, &texts);
}

/// Tells whether a memory holds a text in lower case. A body that was purged holds nothing.
pub(crate) fn holds_text(store: &Store, memory: &Memory, text: &str) -> Result<bool> {
    let holds = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_lowercase().contains(text);
    for part in &memory.parts {
        let body = match part {
            Part::Text(body) | Part::Thinking { text: body, .. } => body,
            Part::Call { name, arguments, .. } if !holds(name.as_bytes()) => arguments,
            Part::Call { .. } => return Ok(true),
            _ => continue,
        };
        match store.read_body(body) {
            Ok(bytes) if holds(&bytes) => return Ok(true),
            Err(error) if error.kind() != ErrorKind::Purged => return Err(error),
            _ => {}
        }
    }
    Ok(false)
}

impl Snapshot {
    /// Returns the memory that a text names: its number, or `id:` and at least four of its id's
    /// digits. One that was purged is named too.
    ///
    /// # Errors
    /// `NotFound` if there is none, `Ambiguous` if several match, `Invalid` for a text of neither
    /// form.
    pub fn memory_id(&self, spec: &str) -> Result<MemoryId> {
        let memories = self.roots().memories();
        if let Ok(number) = spec.parse::<u64>() {
            let value = memories.get(&self.store, &memory_key(number))?;
            let value = value.ok_or_else(|| Error::not_found(format!("no memory {number}")))?;
            return memory_id(&value);
        }
        let digits = spec.strip_prefix("id:").ok_or_else(|| {
            let shown = quoted(spec);
            Error::invalid(format!("{shown} names no memory: give a number or id:PREFIX"))
        })?;
        let prefix: Prefix = digits
            .parse()
            .map_err(|error: Error| error.context(format!("memory {}", quoted(spec))))?;
        let mut found = Vec::new();
        let (from, to) = (Bound::Included(&[0; 8][..]), Bound::Unbounded);
        for row in memories.range(&self.store, from, to) {
            let id = memory_id(&row?.1)?.id();
            if prefix.matches(&id) && !found.contains(&id) {
                found.push(id);
            }
        }
        match found[..] {
            [] => Err(Error::not_found(format!("no memory {prefix}"))),
            [id] => Ok(MemoryId::new(id)),
            _ => {
                found.sort();
                let more = found.len() > CANDIDATES_MAX;
                found.truncate(CANDIDATES_MAX);
                Err(ambiguous(&prefix, &found, more))
            }
        }
    }
}

impl Store {
    /// Returns the bytes of a memory's part, inline or a content.
    ///
    /// # Errors
    /// `NotFound` if the content is not there, `Corrupt` if it is damaged.
    pub fn read_body(&self, body: &Body) -> Result<Bytes> {
        match body {
            Body::Inline(bytes) => Bytes::copy(bytes),
            Body::Content(content) => self.read_content(*content),
        }
    }

    /// Returns a memory with all its bodies inline, as it was before it was stored.
    ///
    /// # Errors
    /// As [`read_body`](Self::read_body).
    pub fn read_memory(&self, memory: &Memory) -> Result<Memory> {
        let mut memory = memory.clone();
        for body in memory.parts.iter_mut().flat_map(|part| part.bodies_mut()) {
            if let Body::Content(content) = body {
                *body = Body::Inline(self.read_content(*content)?.into_vec()?);
            }
        }
        Ok(memory)
    }
}

fn entry(store: &Store, key: &[u8], value: &Value) -> Result<MemoryEntry> {
    let id = memory_id(value)?;
    Ok(MemoryEntry { number: memory_number(key)?, id, memory: read(store, id.id())? })
}

impl Memories<'_> {
    /// Goes through the ids alone, without reading the memories.
    pub(crate) fn ids(self) -> impl Iterator<Item = Result<MemoryId>> {
        self.rows.map(|row| memory_id(&row?.1))
    }

    /// Goes through where each memory came from, and its number, without reading more of it.
    pub(crate) fn origins(self) -> impl Iterator<Item = Result<(String, u64)>> {
        let Memories { store, rows, mut fresh } = self;
        rows.map(move |row| {
            let (key, value) = row?;
            fresh.step(store)?;
            let id = memory_id(&value)?.id();
            let origin = origin_of(&*store.read_node(&id)?);
            let origin = origin.map_err(|error| error.context(format!("object {id:.10}")))?;
            Ok((origin, memory_number(&key)?))
        })
    }
}

impl Iterator for Memories<'_> {
    type Item = Result<MemoryEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.next()?;
        Some(row.and_then(|(key, value)| {
            self.fresh.step(self.store)?;
            entry(self.store, &key, &value)
        }))
    }
}

impl std::fmt::Debug for Memories<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memories").finish_non_exhaustive()
    }
}
