//! Dialogs that come message by message, each whole: what the readers of most formats share.
//!
//! A message hangs behind the newest, or on one that it names. Where it hangs on an earlier one it
//! gives up what began after that, as in every recording.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::Format;
use super::recording::Recording;
use super::report::{Place, Report, clip};
use super::transcript::{Entry, Keys, Transcript};
use super::understood::left;
use super::value::items;
use crate::json::Json;
use crate::object::{Memory, MemoryKind, ModelCall, Part, Role, Timestamp};

/// What a message is, beside its memory.
#[derive(Debug)]
pub(super) struct Told {
    /// What names it in its source.
    pub(super) key: String,
    pub(super) at: Place,
    pub(super) time: Option<Timestamp>,
}

/// A dialog in the making.
pub(super) struct Dialog {
    pub(super) to: Transcript,
    format: Format,
    prefix: String,
    keys: Keys,
    seen: HashSet<String>,
    recording: Recording,
    /// Where messages hang that have names: the node, and the place at which that began.
    places: HashMap<String, (Option<usize>, usize)>,
    /// Messages so far: the order in which nodes begin.
    count: usize,
    /// What the newest message holds that no reader takes.
    left: Vec<String>,
}

/// Fields of lists and objects that one format or another takes, or that say nothing of a dialog.
const TAKEN: [&str; 30] = [
    "parts",
    "message",
    "data",
    "info",
    "item",
    "args",
    "extras",
    "metadata",
    "meta",
    "state",
    "usage",
    "kwargs",
    "tool_call_metadata",
    "llm_metrics",
    "response_metadata",
    "additional_kwargs",
    "usage_metadata",
    "tool_calls",
    "invalid_tool_calls",
    "tool_call_chunks",
    "toolRequests",
    "toolInvocations",
    "attachments",
    "experimental_attachments",
    "observation",
    "metrics",
    "extra",
    "details",
    "id",
    "time",
];

/// Names what a message holds that no reader takes: fields, or a content of no known shape.
fn held(message: &Json) -> Vec<String> {
    let within = ["message", "data", "kwargs"].into_iter().filter_map(|key| message.get(key));
    let all = std::iter::once(message).chain(within);
    all.flat_map(|value| {
        let mut names = left(value, &TAKEN);
        let is_list = |content: &Json| content.as_array().is_some();
        if value.get("content").is_some_and(is_list) {
            names.retain(|name| name != "a field content");
        }
        names
    })
    .collect()
}

impl Dialog {
    /// Begins the only or main dialog of a source, or one with a name.
    pub(super) fn new(format: Format, name: &str) -> Self {
        let mut to = Transcript::new(format);
        to.name = name.to_owned();
        let prefix = if name.is_empty() { String::new() } else { format!("{name}/") };
        Dialog {
            to,
            format,
            keys: Keys::new(&prefix),
            prefix,
            seen: HashSet::new(),
            recording: Recording::default(),
            places: HashMap::new(),
            count: 0,
            left: Vec::new(),
        }
    }

    pub(super) fn report(&mut self) -> &mut Report {
        &mut self.to.report
    }

    /// Returns the key of a message: its name in the source, else its number and digest.
    pub(super) fn key(&mut self, id: Option<&str>, message: &Json) -> String {
        let numbered = self.keys.next(message);
        self.left = held(message);
        match id.filter(|id| !id.is_empty()) {
            Some(id) => format!("{}{id}", self.prefix),
            None => numbered,
        }
    }

    /// Tells whether a message was there before, and counts it if so.
    pub(super) fn repeats(&mut self, key: &str) -> bool {
        let repeats = !self.seen.insert(key.to_owned());
        if repeats {
            self.to.report.skip("message", "repeats an earlier one's id");
        }
        repeats
    }

    /// Tells whether a key was there before.
    pub(super) fn is_known(&self, key: &str) -> bool {
        self.seen.contains(key)
    }

    /// The number of the newest message, from 1.
    pub(super) fn number(&self) -> u64 {
        self.keys.number()
    }

    /// Takes instructions: those of the beginning, or a system message.
    pub(super) fn instruct(&mut self, told: Told, text: &str) {
        if self.to.instructions.is_none() && self.recording.is_empty() {
            self.to.instructions = Some(text.to_owned());
        } else if self.to.instructions.as_deref() == Some(text) {
            self.to.report.skip("system message", "repeats the instructions");
        } else {
            self.say(told, Memory::system(text), None);
        }
    }

    /// Appends a memory behind the newest and returns its slot.
    pub(super) fn say(&mut self, told: Told, memory: Memory, call: Option<ModelCall>) -> usize {
        let slot = self.say_open(told, memory, call);
        self.recording.close(slot);
        slot
    }

    /// Appends a memory that more may come of, until it is [closed](Self::close).
    pub(super) fn say_open(
        &mut self,
        told: Told,
        memory: Memory,
        call: Option<ModelCall>,
    ) -> usize {
        self.count += 1;
        let time = told.time.or(memory.time);
        let mut entry = Entry::new(self.format, told.key, told.at, Memory { time, ..memory });
        entry.call = call;
        entry.left.clone_from(&self.left);
        self.recording.add(&mut self.to.report, entry, self.count, true).0
    }

    /// Settles a memory, with what its model call turned out to be.
    pub(super) fn close(&mut self, slot: usize, call: Option<ModelCall>) {
        if let Some(call) = call {
            self.recording.entry(slot).call = Some(call);
        }
        self.recording.close(slot);
    }

    /// Appends the memories of one message: the first under its key, the others beside it.
    pub(super) fn say_all(&mut self, told: Told, memories: Vec<Memory>, call: Option<ModelCall>) {
        let mut call = call;
        for (piece, memory) in memories.into_iter().enumerate() {
            let key = if piece == 0 { told.key.clone() } else { format!("{}.{piece}", told.key) };
            let call = if memory.role == Role::Assistant { call.take() } else { None };
            self.say(Told { key, ..told }, memory, call);
        }
    }

    /// Appends a summary that stands for all before it.
    pub(super) fn summarize(&mut self, told: Told, memory: Memory) {
        let at = told.at;
        let slot = self.say(told, memory.with_kind(MemoryKind::Summary), None);
        self.recording.summarize(slot, self.recording.node_of(slot));
        self.to.report.mend(at, "a compaction: its summary stands for what came before it");
    }

    /// Takes a memory out of the view that the source shows to no model.
    pub(super) fn hide(&mut self, slot: usize) {
        self.recording.hide(slot);
    }

    /// Gives up all in the dialog that began before a named message. False if it is not there.
    pub(super) fn begin_with(&mut self, id: &str) -> bool {
        match self.places.get(id) {
            Some((Some(node), _)) => self.recording.begin_with(*node),
            _ => false,
        }
    }

    /// Goes to where the next message hangs: behind the one that it names, or, with `None`, at the
    /// beginning. One that is not there is taken for the newest.
    pub(super) fn hang_on(&mut self, parent: Option<&str>, at: Place) {
        let Some(parent) = parent else { return self.recording.go_on_behind(None, 0) };
        match self.places.get(parent) {
            Some(&(Some(node), began)) => self.recording.go_on_behind(Some(node), began),
            Some((None, _)) => self.recording.go_on_behind(None, 0),
            None if self.count > 0 => {
                let what = format!("its parent {} is missing; put after the newest", clip(parent));
                self.to.report.mend(at, what);
            }
            None => {}
        }
    }

    /// Names what stands here: the newest message, or what hangs on it and says nothing itself.
    pub(super) fn name(&mut self, id: &str) {
        let place = (self.recording.tip(), self.count);
        self.places.insert(id.to_owned(), place);
    }

    /// Names what says nothing and hangs on a named message.
    pub(super) fn name_like(&mut self, id: &str, parent: Option<&str>) {
        let newest = (self.recording.tip(), self.count);
        let place = match parent {
            Some(parent) => self.places.get(parent).copied().unwrap_or(newest),
            None => (None, 0),
        };
        self.places.insert(id.to_owned(), place);
    }

    /// Gives up what began with a named message. False if it is not there.
    pub(super) fn go_back_before(&mut self, id: &str) -> bool {
        let Some(&(Some(node), _)) = self.places.get(id) else { return false };
        let at = self.recording.place_in_dialog(node);
        if let Some(at) = at {
            self.recording.go_back(at);
        }
        at.is_some()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.recording.is_empty()
    }

    /// Makes the transcript; `is_ended` of a source that is complete.
    pub(super) fn finish(mut self, is_ended: bool) -> Transcript {
        self.recording.finish(&mut self.to);
        self.to.is_ended = is_ended;
        self.to.finish()
    }
}

/// Makes the memory of what a tool gave back.
pub(super) fn result(call: &str, error: bool, mut parts: Vec<Part>) -> Memory {
    parts.insert(0, Part::Result { call: call.to_owned(), error, parts: parts.len() as u64 });
    Memory { parts, ..Memory::message(Role::Tool, "") }
}

/// Returns the blocks of a content; a content that is a text is one block.
pub(super) fn blocks(message: &Json) -> Cow<'_, [Json]> {
    match message.get("content") {
        Some(Json::String(text)) => {
            let kind = ("type", Json::from("text"));
            Cow::Owned(vec![Json::object([kind, ("text", Json::from(text.as_str()))])])
        }
        _ => Cow::Borrowed(items(message, "content")),
    }
}

/// Makes a memory of parts.
pub(super) fn memory(role: Role, parts: Vec<Part>) -> Memory {
    Memory { parts, ..Memory::message(role, "") }
}
