//! Transcripts: dialogs as other agents recorded them, on their way into a session.

use std::collections::{HashMap, HashSet};

use super::Format;
use super::report::{Place, Remarks, Report, clip};
use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::json::Json;
#[cfg(feature = "store")]
use crate::object::Canonical;
use crate::object::{Memory, ModelCall, Part};

/// What becomes of the view with a memory, which brings it. Memories are named by their origins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Turn {
    /// The summary that covers no more what came before it.
    pub(crate) off: Option<String>,
    /// What the recording's writer gave up.
    pub(crate) out: Vec<String>,
    /// What he came back to.
    pub(crate) back: Vec<String>,
    /// The summary that stands for what came before it.
    pub(crate) lay: Option<String>,
}

/// Dialogs that a message lists.
const LISTED: usize = 8;

/// One memory of a transcript, and the call of a model that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The memory. Its origin is the format's name, a colon and the key.
    pub memory: Memory,
    /// The model's call, where the source tells of it; not yet among the memory's links.
    pub call: Option<ModelCall>,
    /// What names it in its source, today and after the source has grown.
    pub key: String,
    /// Where the source has it.
    pub at: Place,
    /// Of a memory that a source writes piece by piece: the key up to each piece, and how many of
    /// the parts were there by then.
    pieces: Vec<(String, usize)>,
    /// Where the source has the pieces after the first.
    later: Vec<Place>,
    /// Keys of what an earlier version recorded it with, as one memory.
    pub(super) also: Vec<String>,
    /// Fields of its message with lists or objects in them that no reader took.
    pub(super) left: Vec<String>,
    /// What becomes of the view with it.
    pub(crate) turn: Option<Turn>,
}

impl Entry {
    pub(super) fn new(format: Format, key: String, at: Place, memory: Memory) -> Self {
        let memory = memory.with_origin(origin(format, &key));
        Entry {
            memory,
            call: None,
            key,
            at,
            pieces: Vec::new(),
            later: Vec::new(),
            also: Vec::new(),
            left: Vec::new(),
            turn: None,
        }
    }

    /// Appends parts that the source wrote later, under a key of their own.
    pub(super) fn grow(&mut self, format: Format, key: String, at: Place, parts: Vec<Part>) {
        self.later.push(at);
        let key = std::mem::replace(&mut self.key, key);
        self.pieces.push((key, self.memory.parts.len()));
        self.memory.parts.extend(parts);
        self.memory.origin = origin(format, &self.key);
    }

    /// Returns every place in the source that it is made of.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        std::iter::once(self.at).chain(self.later.iter().copied())
    }

    /// The origins that it has, and had at each of its pieces.
    pub(super) fn origins(&self) -> Vec<String> {
        let (format, _) = self.memory.origin.split_once(':').unwrap_or_default();
        let pieces = self.pieces.iter().map(|(key, _)| format!("{format}:{key}"));
        pieces.chain([self.memory.origin.clone()]).collect()
    }

    /// Returns the memory with a link to the call's node, and the call, which is to be stored too.
    #[cfg(feature = "store")]
    pub fn into_linked(self) -> (Memory, Option<ModelCall>) {
        match self.call {
            Some(call) => (self.memory.with_link(call.to_node().id()), Some(call)),
            None => (self.memory, None),
        }
    }
}

/// What a session lacks of an entry: all of it, or the parts that came after those it has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lacking<'a> {
    /// The whole entry.
    pub(crate) entry: &'a Entry,
    /// How many of its parts the session has, where it has an earlier form of it.
    known: Option<usize>,
}

impl<'a> Lacking<'a> {
    /// Returns the parts that the session lacks.
    pub(crate) fn parts(&self) -> &'a [Part] {
        &self.entry.memory.parts[self.known.unwrap_or(0)..]
    }

    /// Returns the memory that is to be recorded.
    pub(crate) fn to_memory(self) -> Memory {
        let Memory { origin, actor, time, role, kind, links, .. } = &self.entry.memory;
        Memory {
            origin: origin.clone(),
            actor: actor.clone(),
            time: *time,
            role: *role,
            kind: *kind,
            parts: self.parts().to_vec(),
            links: links.clone(),
        }
    }

    fn to_entry(self) -> Entry {
        let Entry { call, key, at, pieces, later, also, left, turn, .. } = self.entry;
        Entry {
            memory: self.to_memory(),
            call: call.clone(),
            key: key.clone(),
            at: *at,
            pieces: if self.known.is_some() { Vec::new() } else { pieces.clone() },
            later: later.clone(),
            also: also.clone(),
            left: left.clone(),
            turn: turn.clone(),
        }
    }
}

fn origin(format: Format, key: &str) -> String {
    format!("{}:{key}", format.name())
}

/// A dialog as its source has it: read wholly, before any of it is used.
///
/// A source that still grows may end in the middle of a response. That one and all behind it wait:
/// they are counted in the report and are no entries, until the source shows that the response
/// ended or [`ended`](Self::ended) says that nothing more comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// What tells it from the others of its source: empty for the only or main one, the number of
    /// a conversation, or the name of a sub-agent.
    pub name: String,
    /// What it holds and is settled, in order.
    pub entries: Vec<Entry>,
    /// The instructions that it began with.
    pub instructions: Option<String>,
    /// The tools it had, as its provider writes them.
    pub tools: Vec<Json>,
    /// What became of everything in the source.
    pub report: Report,
    format: Format,
    /// What waits for a response to end, in order behind the entries.
    pub(super) waiting: Vec<Entry>,
    /// What becomes of the view at the end.
    pub(crate) last_turn: Option<Turn>,
    /// Whether nothing more comes.
    pub(crate) is_ended: bool,
}

/// All dialogs of one source; the main one first.
///
/// ```
/// use partita::interop::read;
/// let text = r#"[{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello."}]"#;
/// let source = read(text.as_bytes(), None)?;
/// let entries = source.transcripts[0].new_entries(|origin| origin.is_empty());
/// assert_eq!(entries[1].memory.text(), "Hello.");
/// # Ok::<(), partita::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcripts {
    /// How it was written.
    pub format: Format,
    /// At least one.
    pub transcripts: Vec<Transcript>,
    /// Whether a dialog is taken of which the most was refused.
    pub(super) is_partial: bool,
}

impl Transcripts {
    /// Takes what waits in each of its dialogs as it is, as [`Transcript::ended`] does.
    #[must_use]
    pub fn ended(mut self) -> Self {
        self.transcripts = self.transcripts.into_iter().map(Transcript::ended).collect();
        self
    }

    /// Takes also a dialog of which more messages were refused than can be kept; without it
    /// [`choose`](Self::choose) refuses such a one.
    ///
    /// ```
    /// use partita::interop::{Format, read};
    /// let text = r#"[{"role": "user", "content": "a"}, {"role": "x"}, {"role": "y"}]"#;
    /// let source = read(text.as_bytes(), Some(Format::OpenAiChat))?;
    /// let error = source.choose(None).unwrap_err().to_string();
    /// assert!(error.starts_with("2 of 3 messages were refused, the first in message 2"));
    /// assert_eq!(source.partial().choose(None)?, 0);
    /// # Ok::<(), partita::Error>(())
    /// ```
    #[must_use]
    pub fn partial(mut self) -> Self {
        self.is_partial = true;
        self
    }

    /// Returns the index of the dialog that is meant, by its number from 1; without one that of the
    /// main dialog, if there is one, or of the only one.
    ///
    /// # Errors
    /// `Invalid` if there is no such dialog, if there are several to choose from, each of which it
    /// names, if nothing of it can be kept, or, unless it is [`partial`](Self::partial), if more of
    /// its messages were refused than can be kept.
    ///
    /// ```
    /// use partita::interop::read;
    /// let text = r#"[{"messages": [{"role": "user", "content": "a"}]},
    ///               {"messages": [{"role": "user", "content": "b"}]}]"#;
    /// let source = read(text.as_bytes(), None)?;
    /// assert_eq!(source.choose(Some(2))?, 1);
    /// let error = source.choose(None).unwrap_err().to_string();
    /// assert!(error.ends_with("none of them is named: 1 (1, 1 memory), 2 (2, 1 memory)"));
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn choose(&self, number: Option<usize>) -> Result<usize> {
        let all = &self.transcripts;
        let count = all.len();
        let at = match number {
            Some(number) if (1..=count).contains(&number) => number - 1,
            Some(number) => {
                let listed = self.listed();
                return Err(Error::invalid(format!("no conversation {number}: {listed}")));
            }
            // Beside the main one there are but those of its sub-agents.
            None if count == 1 || all.first().is_some_and(|one| one.name.is_empty()) => 0,
            None => {
                let listed = self.listed();
                return Err(Error::invalid(format!(
                    "{count} conversations, and none of them is named: {listed}"
                )));
            }
        };
        let report = &all[at].report;
        let (kept, refused) = (report.kept + report.waiting.count, report.refused.count);
        let first = report.refused.first.first();
        match (kept, first) {
            (0, Some(first)) => Err(Error::invalid(format!(
                "no memory that can be kept: {refused} refused, the first in {first}"
            ))),
            (0, None) => Err(Error::invalid("no memory that can be kept")),
            (_, Some(first)) if refused > kept && !self.is_partial => {
                let all = refused + kept;
                Err(Error::invalid(format!(
                    "{refused} of {all} messages were refused, the first in {first}; the rest is \
                     taken only where `partial` is asked for"
                )))
            }
            _ => Ok(at),
        }
    }

    fn listed(&self) -> String {
        let row = |(at, one): (usize, &Transcript)| {
            let name = if one.name.is_empty() { "the main one" } else { &one.name };
            let kept = match one.report.kept {
                1 => "1 memory".to_owned(),
                kept => format!("{kept} memories"),
            };
            format!("{} ({}, {kept})", at + 1, clip(name))
        };
        let mut rows: Vec<String> =
            self.transcripts.iter().enumerate().take(LISTED).map(row).collect();
        if self.transcripts.len() > LISTED {
            rows.push(format!("{} more", self.transcripts.len() - LISTED));
        }
        rows.join(", ")
    }
}

impl Transcript {
    /// Returns how it was written.
    pub fn format(&self) -> Format {
        self.format
    }

    pub(super) fn new(format: Format) -> Self {
        Transcript {
            name: String::new(),
            entries: Vec::new(),
            instructions: None,
            tools: Vec::new(),
            report: Report::default(),
            format,
            waiting: Vec::new(),
            last_turn: None,
            is_ended: false,
        }
    }

    /// Takes what waits as it is: the source is complete, nothing more comes.
    ///
    /// ```
    /// use partita::interop::{Format, read};
    /// let line = r#"{"type":"assistant","uuid":"a","parentUuid":null,"sessionId":"s","message":
    ///     {"id":"m","role":"assistant","model":"x","content":[{"type":"text","text":"I lo"}]}}"#;
    /// let source = read(line.replace('\n', "").as_bytes(), Some(Format::ClaudeCode))?;
    /// let transcript = source.transcripts.into_iter().next().unwrap();
    /// assert_eq!((transcript.entries.len(), transcript.report.waiting.count), (0, 1));
    /// assert_eq!(transcript.ended().entries.len(), 1);
    /// # Ok::<(), partita::Error>(())
    /// ```
    #[must_use]
    pub fn ended(mut self) -> Self {
        self.entries.append(&mut self.waiting);
        self.report.kept = self.entries.len() as u64;
        self.report.waiting = Remarks::default();
        self.is_ended = true;
        self
    }

    /// Appends a memory, if it keeps the limits; else it is refused.
    pub(super) fn push(&mut self, entry: Entry) {
        self.take(entry, false);
    }

    /// Appends a memory that is settled or waits; one that is refused comes back.
    pub(super) fn take(&mut self, entry: Entry, waits: bool) -> Option<Entry> {
        if let Some(fault) = fault(&entry) {
            self.report.refuse(entry.at, fault);
            return Some(entry);
        }
        match waits {
            true => self.waiting.push(entry),
            false => self.entries.push(entry),
        }
        None
    }

    /// Returns the entries that a session has not got, which knows the origins of its memories.
    ///
    /// Of a memory that has grown since, only the new parts are returned, as a memory of their own
    /// with the same call.
    pub fn new_entries(&self, known: impl Fn(&str) -> bool) -> Vec<Entry> {
        self.lacking(known).into_iter().map(Lacking::to_entry).collect()
    }

    /// As [`new_entries`](Self::new_entries), without copying them.
    pub(crate) fn lacking(&self, known: impl Fn(&str) -> bool) -> Vec<Lacking<'_>> {
        let is_known = |key: &str| known(&origin(self.format, key));
        let lacking = |entry: &'_ Entry| {
            let has = known(&entry.memory.origin) || entry.also.iter().any(|key| is_known(key));
            let piece = entry.pieces.iter().rev().find(|(key, _)| is_known(key));
            let known = piece.map(|(_, parts)| *parts);
            let is_empty = known.is_some_and(|known| known >= entry.memory.parts.len());
            (!has && !is_empty).then_some(known)
        };
        let entries = self.entries.iter();
        entries.filter_map(|entry| Some(Lacking { entry, known: lacking(entry)? })).collect()
    }

    /// Counts what was kept, and remarks on calls and results that are not pairs.
    pub(super) fn finish(mut self) -> Self {
        self.report.kept = self.entries.len() as u64;
        self.report.wait(self.waiting.iter().map(|entry| entry.at));
        let mut open: HashMap<String, Vec<Place>> = HashMap::new();
        let mut answered: HashSet<String> = HashSet::new();
        let mut order = Vec::new();
        for entry in self.entries.iter().chain(&self.waiting) {
            for part in &entry.memory.parts {
                match part {
                    Part::Call { id, .. } => {
                        open.entry(id.clone()).or_default().push(entry.at);
                        order.push(id.clone());
                    }
                    Part::Result { call, .. } => {
                        let waits = open.get_mut(call).is_some_and(|calls| calls.pop().is_some());
                        let before = !answered.insert(call.clone());
                        let what = match (waits, before) {
                            (true, _) => continue,
                            (false, true) => "is a second result",
                            (false, false) => "has no call",
                        };
                        let text = format!("the result of {} {what}; kept", clip(call));
                        self.report.mend(entry.at, text);
                    }
                    _ => {}
                }
            }
        }
        for id in order {
            if let Some(at) = open.get_mut(&id).and_then(Vec::pop) {
                self.report.mend(at, format!("the call {} has no result; kept", clip(&id)));
            }
        }
        self
    }
}

fn fault(entry: &Entry) -> Option<String> {
    let call = entry.call.as_ref().and_then(|call| call.validate().err());
    entry.memory.validate().err().or(call).map(|error| error.to_string())
}

/// Names messages that have no id of their own: by their number, and by a digest of them and of all
/// before them. So a dialog that has grown keeps its names, and two dialogs that begin otherwise
/// share none.
#[derive(Debug, Default)]
pub(super) struct Keys {
    prefix: String,
    last: Vec<u8>,
    number: u64,
}

impl Keys {
    /// Begins a dialog; the prefix may tell it from others of its source.
    pub(super) fn new(prefix: &str) -> Self {
        Keys { prefix: prefix.to_owned(), ..Keys::default() }
    }

    /// Returns the next message's key.
    pub(super) fn next(&mut self, message: &Json) -> String {
        self.number += 1;
        self.last.extend_from_slice(message.to_string().as_bytes());
        let digest = ObjectId::of_content(&self.last);
        self.last = digest.as_bytes().to_vec();
        format!("{}{}-{digest:.16}", self.prefix, self.number)
    }

    /// Returns the key of what stands behind the messages so far and is none of them.
    pub(super) fn beside(&self, what: &str, value: &Json) -> String {
        let mut bytes = self.last.clone();
        bytes.extend_from_slice(value.to_string().as_bytes());
        let digest = ObjectId::of_content(&bytes);
        format!("{}{}-{what}-{digest:.16}", self.prefix, self.number)
    }

    /// Returns the number of the message whose key came last, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}
