//! Lines of Responses items, as Codex records them, while it records them.
//!
//! A response is what the model does until an output, another voice or its count of tokens. It may
//! grow until its outputs are followed by something else, for the count comes before or behind them.

use super::base;
use super::input::Source;
use std::collections::{HashMap, HashSet};

use super::openai_responses::{self, is_item};
use super::recording::Recording;
use super::report::{Place, Report, clip};
use super::transcript::{Entry, Keys, Transcript};
use super::value::{items, leave, opaque, text};
use super::{Format, openai_chat};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::object::{Body, Memory, MemoryKind, ModelCall, Part, Role, Timestamp, Usage, clock};

/// Reads items of the Responses API from a document, or a session of Codex's from its lines.
pub(super) fn read(source: Source) -> Result<Vec<Transcript>> {
    let found = match source {
        Source::Document(value) => openai_responses::conversation(&value),
        Source::Lines(items) => lines(items),
    };
    Ok(vec![found.ok_or_else(|| base::foreign(Format::OpenAiResponses, "no items in it"))?])
}

const FORMAT: Format = Format::OpenAiResponses;

/// What begins a user's message that Codex itself wrote. A rollback counts none of them.
const CONTEXT: [&str; 7] = [
    "<environment_context>",
    "<user_instructions>",
    "# AGENTS.md instructions",
    "<turn_aborted>",
    "<user_shell_command>",
    "<skill>",
    "<subagent_notification>",
];

/// Takes lines that are items, or hold one each; none if no line is.
pub(super) fn lines(items: Vec<(u64, std::result::Result<Json, String>)>) -> Option<Transcript> {
    let mut reader = Reader::new();
    let mut found = false;
    for (number, item) in items {
        let at = Place::Line(number);
        match item {
            Ok(value) => found |= reader.line(&value, at),
            Err(why) => reader.to.report.refuse(at, why),
        }
    }
    found.then(|| reader.finish())
}

/// The response that more may come of.
struct Open {
    slot: usize,
    calls: HashSet<String>,
    /// Whether an output of its calls came.
    answered: bool,
    /// Whether its tokens were counted.
    counted: bool,
}

struct Reader {
    to: Transcript,
    keys: Keys,
    recording: Recording,
    /// Lines so far.
    lines: usize,
    time: Option<Timestamp>,
    open: Option<Open>,
    /// What the model did in a row: one memory in earlier versions.
    row: Vec<usize>,
    /// The response of a call.
    calls: HashMap<String, usize>,
    model: String,
    /// A count that came before the response that it is of.
    count: Option<Usage>,
    /// The tokens of the session by the newest count, which may be told twice.
    total: Option<Json>,
}

impl Reader {
    fn new() -> Self {
        Reader {
            to: Transcript::new(FORMAT),
            keys: Keys::new(""),
            recording: Recording::default(),
            lines: 0,
            time: None,
            open: None,
            row: Vec::new(),
            calls: HashMap::new(),
            model: String::new(),
            count: None,
            total: None,
        }
    }

    fn finish(mut self) -> Transcript {
        self.recording.finish(&mut self.to);
        self.to.finish()
    }

    /// Takes a line; tells whether it is one of these records.
    fn line(&mut self, line: &Json, at: Place) -> bool {
        self.lines += 1;
        let kind = text(line, "type").unwrap_or_default();
        self.time = text(line, "timestamp").and_then(clock::parse);
        let Some(payload) = line.get("payload") else {
            if is_item(line) {
                self.item(line, at, openai_responses::memory);
                return true;
            }
            // The first line of older records tells of the session and has no type.
            if text(line, "id").is_some() && self.keys.number() == 0 {
                self.session(line);
            } else {
                self.to.report.refuse(at, "no item: neither `type`, `role` nor `payload` in it");
            }
            return false;
        };
        leave(&mut self.to.report, "line", line, &["type", "payload", "timestamp"]);
        match kind {
            "response_item" => self.item(payload, at, memory),
            "session_meta" => self.session(payload),
            "compacted" => self.compacted(payload, at),
            "event_msg" => self.event(payload, at),
            kind => {
                if kind == "turn_context"
                    && let Some(model) = text(payload, "model")
                {
                    model.clone_into(&mut self.model);
                }
                let what = format!("line {}", clip(kind));
                self.to.report.skip(&what, "a dialog has no place for it");
            }
        }
        ["response_item", "session_meta", "event_msg", "turn_context"].contains(&kind)
    }

    fn session(&mut self, session: &Json) {
        let instructions = text(session, "instructions")
            .or_else(|| text(session.get("base_instructions")?, "text"))
            .filter(|text| !text.is_empty());
        if self.to.instructions.is_none() {
            self.to.instructions = instructions.map(str::to_owned);
        }
        let known = ["instructions", "base_instructions", "timestamp"];
        leave(&mut self.to.report, "session", session, &known);
    }

    /// Takes an item: it joins the model's response, becomes a memory, or is refused.
    fn item(
        &mut self,
        item: &Json,
        at: Place,
        memory: fn(&mut Report, &Json, Place) -> Result<Memory>,
    ) {
        let key = self.keys.next(item);
        match memory(&mut self.to.report, item, at) {
            Err(error) => self.to.report.refuse(at, error.to_string()),
            Ok(memory) if memory.role == Role::Assistant => self.piece(key, at, memory),
            Ok(memory) => self.whole(key, at, memory),
        }
    }

    fn piece(&mut self, key: String, at: Place, memory: Memory) {
        let calls = memory.parts.iter().filter_map(|part| match part {
            Part::Call { id, .. } => Some(id.clone()),
            _ => None,
        });
        let calls: HashSet<String> = calls.collect();
        if self.open.as_ref().is_some_and(|open| open.answered) {
            self.close();
        }
        if let Some(open) = &mut self.open {
            self.calls.extend(calls.iter().map(|call| (call.clone(), open.slot)));
            open.calls.extend(calls);
            self.recording.entry(open.slot).grow(FORMAT, key.clone(), at, memory.parts);
        } else {
            let count = self.count.take();
            let mut entry =
                Entry::new(FORMAT, key.clone(), at, Memory { time: self.time, ..memory });
            if count.is_some() || !self.model.is_empty() {
                let usage = count.unwrap_or_default();
                let provider = openai_chat::SERVICE.to_owned();
                entry.call = Some(ModelCall { provider, usage, ..ModelCall::new(&*self.model) });
            }
            let slot = self.recording.add(&mut self.to.report, entry, self.lines, true).0;
            self.calls.extend(calls.iter().map(|call| (call.clone(), slot)));
            let counted = count.is_some();
            self.open = Some(Open { slot, calls, answered: false, counted });
        }
        let slot = self.open.as_ref().map(|open| open.slot);
        for earlier in self.row.iter().filter(|earlier| Some(**earlier) != slot) {
            self.recording.entry(*earlier).also.push(key.clone());
        }
        if self.row.last() != slot.as_ref() {
            self.row.extend(slot);
        }
    }

    /// Takes what others say: outputs of the response's calls do not end it.
    fn whole(&mut self, key: String, at: Place, memory: Memory) {
        self.row.clear();
        let call = memory.parts.iter().find_map(|part| match part {
            Part::Result { call, .. } => Some(call),
            _ => None,
        });
        let of = call.and_then(|call| self.calls.get(call)).copied();
        match (&mut self.open, call) {
            (Some(open), Some(call)) if open.calls.contains(call) => open.answered = true,
            _ => self.close(),
        }
        if memory.role == Role::User {
            self.count = None;
        }
        let entry = Entry::new(FORMAT, key, at, Memory { time: self.time, ..memory });
        match of.map(|slot| self.recording.node_of(slot)) {
            Some(node) => {
                self.recording.attach(node, entry, false);
            }
            None => {
                self.recording.add(&mut self.to.report, entry, self.lines, false);
            }
        }
    }

    /// Settles the response that was still coming.
    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.recording.close(open.slot);
        }
    }

    fn event(&mut self, event: &Json, at: Place) {
        match text(event, "type").unwrap_or_default() {
            "token_count" => {
                self.count(event.get("info").unwrap_or(&Json::Null));
            }
            "thread_rolled_back" => {
                self.close();
                self.row.clear();
                let turns = event.get("num_turns").and_then(Json::as_u64).unwrap_or(0);
                self.roll_back(usize::try_from(turns).unwrap_or(usize::MAX));
                self.to.report.mend(at, format!("{turns} turns were rolled back"));
                return;
            }
            "task_complete" | "turn_complete" | "turn_aborted" => self.close(),
            _ => {}
        }
        self.to.report.skip("line event_msg", "what is shown; the items say it too");
    }

    /// Takes a count of tokens: it comes behind the response that it is of, and in earlier records
    /// before it.
    fn count(&mut self, info: &Json) {
        let Some(usage) = info.get("last_token_usage") else { return };
        let total = info.get("total_token_usage");
        if total.is_some() && total == self.total.as_ref() {
            return;
        }
        self.total = total.cloned();
        let usage = usage_of(usage);
        match &mut self.open {
            Some(open) if !open.counted => {
                let provider = openai_chat::SERVICE.to_owned();
                let call = ModelCall { provider, usage, ..ModelCall::new(&*self.model) };
                self.recording.entry(open.slot).call = Some(call);
                self.close();
            }
            _ => {
                self.close();
                self.count = Some(usage);
            }
        }
    }

    /// Goes back to before the user's newest messages.
    fn roll_back(&mut self, turns: usize) {
        let begins = |entry: &Entry| {
            let memory = &entry.memory;
            let words = memory.text();
            memory.role == Role::User
                && memory.kind == MemoryKind::Message
                && !CONTEXT.iter().any(|start| words.trim_start().starts_with(start))
        };
        let dialog = self.recording.dialog().rev().filter(|(_, entry)| begins(entry));
        let to = dialog.take(turns).last().map(|(at, _)| at);
        if let Some(at) = to {
            self.recording.go_back(at);
        }
    }

    /// Takes a compaction: its summary stands for all before it.
    fn compacted(&mut self, payload: &Json, at: Place) {
        self.close();
        self.row.clear();
        let Some(memory) = summary(&mut self.to.report, payload, at) else {
            self.to.report.skip("line compacted", "holds no summary; the dialog is kept whole");
            return;
        };
        let key = self.keys.beside("compacted", payload);
        let memory = Memory { time: self.time, ..memory.with_kind(MemoryKind::Summary) };
        let entry = Entry::new(FORMAT, key, at, memory);
        let (slot, node) = self.recording.add(&mut self.to.report, entry, self.lines, false);
        self.recording.summarize(slot, node);
        self.to.report.mend(at, "a compaction: its summary stands for what came before it");
    }
}

/// Makes the memory of an item, in which what Codex's own tools are called with is a call.
fn memory(report: &mut Report, item: &Json, at: Place) -> Result<Memory> {
    let kind = text(item, "type").unwrap_or_default();
    let id = text(item, "call_id");
    let made = match (kind, id) {
        ("custom_tool_call", Some(id)) => text(item, "name").zip(item.get("input")).map(|pair| {
            let (name, input) = pair;
            leave(report, kind, item, &["type", "call_id", "name", "input"]);
            let arguments = Json::object([("input", input.clone())]).to_string();
            call(id, name, &arguments)
        }),
        ("local_shell_call", id) => {
            id.or_else(|| text(item, "id")).zip(item.get("action")).map(|pair| {
                let (id, action) = pair;
                leave(report, kind, item, &["type", "call_id", "id", "action"]);
                call(id, "local_shell", &action.to_string())
            })
        }
        (
            "custom_tool_call_output" | "function_call_output" | "local_shell_call_output",
            Some(id),
        ) => {
            leave(report, kind, item, &["type", "call_id", "output", "name"]);
            let (mut parts, error) = output(report, item.get("output"), at)?;
            let head = Part::Result { call: id.to_owned(), error, parts: parts.len() as u64 };
            parts.insert(0, head);
            Some(Memory { parts, ..Memory::message(Role::Tool, "") })
        }
        _ => None,
    };
    match made {
        Some(memory) => Ok(memory),
        None => openai_responses::memory(report, item, at),
    }
}

fn call(id: &str, name: &str, arguments: &str) -> Memory {
    let (id, name) = (id.to_owned(), name.to_owned());
    let parts = vec![Part::Call { id, name, arguments: Body::new(arguments) }];
    Memory { parts, ..Memory::message(Role::Assistant, "") }
}

/// Returns the parts of an output, and whether it tells of a failure.
fn output(report: &mut Report, output: Option<&Json>, at: Place) -> Result<(Vec<Part>, bool)> {
    let Some(object) = output.filter(|output| output.as_object().is_some()) else {
        return Ok((openai_responses::content(report, output, at)?, false));
    };
    let failed = object.get("success").and_then(Json::as_bool) == Some(false);
    let inner = object.get("content_items").filter(|items| items.as_array().is_some());
    match inner.or_else(|| object.get("content")) {
        Some(content) => {
            leave(report, "output", object, &["content", "content_items", "success"]);
            Ok((openai_responses::content(report, Some(content), at)?, failed))
        }
        None if object.as_object().is_some_and(<[_]>::is_empty) => {
            Err(Error::invalid("no content"))
        }
        None => Ok((vec![Part::text(object.to_string())], failed)),
    }
}

/// Returns the summary of a compaction: its message; or where the provider keeps it to itself, that
/// block behind the words that were kept.
fn summary(report: &mut Report, payload: &Json, at: Place) -> Option<Memory> {
    if let Some(words) = text(payload, "message").filter(|words| !words.trim().is_empty()) {
        return Some(Memory::user(words));
    }
    let (mut kept, mut blocks) = (Vec::new(), Vec::new());
    for item in items(payload, "replacement_history") {
        match text(item, "type") {
            Some("compaction" | "compaction_summary") => {
                blocks.push(opaque(openai_responses::PROVIDER, item));
            }
            _ => {
                let Ok(memory) = openai_responses::memory(report, item, at) else { continue };
                let words = memory.text();
                if !words.trim().is_empty() {
                    kept.push(format!("{}: {words}", memory.role.name()));
                }
            }
        }
    }
    if kept.is_empty() && blocks.is_empty() {
        return None;
    }
    let mut parts = Vec::new();
    if !kept.is_empty() {
        parts.push(Part::text(kept.join("\n\n")));
    }
    parts.extend(blocks);
    Some(Memory { parts, ..Memory::message(Role::User, "") })
}

fn usage_of(usage: &Json) -> Usage {
    let count = |key: &str| usage.get(key).and_then(Json::as_u64);
    let cache_read = count("cached_input_tokens");
    Usage {
        input: count("input_tokens").map(|all| all.saturating_sub(cache_read.unwrap_or(0))),
        output: count("output_tokens"),
        cache_read,
        cache_write: None,
        reasoning: count("reasoning_output_tokens"),
    }
}
