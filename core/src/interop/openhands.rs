//! Events of OpenHands, one a line or in a list; its raw messages are those of `openai_chat`.

use std::collections::{HashMap, HashSet};
use std::io::BufRead;

use super::input::Lines;
use super::openai_chat::{self, written};
use super::recording::Recording;
use super::report::{Place, clip};
use super::swe_agent::openai_thinking;
use super::transcript::{Entry, Transcript};
use super::value::{data_url, is_something, items, leave, opaque, owned, text};
use super::{Format, base};
use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::json::Json;
use crate::limits::DOCUMENT_BYTES_MAX;
use crate::object::{Body, Memory, MemoryKind, ModelCall, Part, Role, clock};

const FORMAT: Format = Format::OpenHands;
const PROVIDER: &str = "openhands";

/// Reads events, one a line; or a document that is a list of events or of raw messages.
pub(super) fn read(input: impl BufRead) -> Result<Vec<Transcript>> {
    let mut reader = Reader::new();
    let mut lines = Lines::new(input);
    let mut document = String::new();
    let mut is_first = true;
    while let Some(line) = lines.next()? {
        let number = line.number;
        // A document is told by its first line, which holds no whole event.
        let is_first = std::mem::replace(&mut is_first, false);
        let begins = |text: &&str| text.trim_start().starts_with('[');
        if !document.is_empty() || is_first && line.text.as_ref().is_ok_and(begins) {
            let text = line.text.map_err(|why| {
                Error::invalid(format!("line {number}: {why}, in a document; convert the file"))
            })?;
            if document.len() + text.len() > DOCUMENT_BYTES_MAX {
                return Err(Error::invalid(format!(
                    "line {number}: the list is longer than {DOCUMENT_BYTES_MAX} bytes, the most \
                     that is read"
                )));
            }
            document.push_str(text);
            continue;
        }
        let at = Place::Line(number);
        match (line.json(), line.text) {
            (Ok(event), Ok(line)) => {
                if text(&event, "kind").is_none()
                    && let Some(error) = base::mixed(FORMAT, number, line)
                {
                    return Err(error);
                }
                reader.event(&event, at);
            }
            (Err(why), _) | (_, Err(why)) => reader.transcript.report.refuse(at, why),
        }
    }
    if !document.is_empty() {
        let list = Json::parse(&document)?;
        let events = list.as_array().unwrap_or_default();
        if !events.is_empty() && events.iter().all(|event| event.get("role").is_some()) {
            return Ok(openai_chat::conversations(&list));
        }
        for (at, event) in events.iter().enumerate() {
            reader.event(event, Place::Message(at as u64 + 1));
        }
        // A list has an end.
        reader.close();
    }
    if !reader.found {
        return Err(base::foreign(FORMAT, "no event with a `kind` in it"));
    }
    Ok(vec![reader.finish()])
}

struct Reader {
    transcript: Transcript,
    recording: Recording,
    seen: HashSet<String>,
    /// The memories of the response of an id: several where something came between its events.
    responses: HashMap<String, Vec<usize>>,
    /// The response that more may come of, and its calls.
    open: Option<(String, HashSet<String>)>,
    joined: Vec<Place>,
    model: String,
    found: bool,
}

impl Reader {
    fn new() -> Self {
        Reader {
            transcript: Transcript::new(FORMAT),
            recording: Recording::default(),
            seen: HashSet::new(),
            responses: HashMap::new(),
            open: None,
            joined: Vec::new(),
            model: String::new(),
            found: false,
        }
    }

    fn event(&mut self, event: &Json, at: Place) {
        let report = &mut self.transcript.report;
        let Some(kind) = text(event, "kind") else {
            report.refuse(at, "no object with a `kind`");
            return;
        };
        self.found = true;
        let key = match text(event, "id") {
            Some(id) => id.to_owned(),
            None => format!("event-{:.16}", ObjectId::of_content(event.to_string().as_bytes())),
        };
        if !self.seen.insert(key.clone()) {
            report.skip("event", "repeats an earlier event's id");
            return;
        }
        match kind {
            "SystemPromptEvent" => self.system(event, key, at),
            "MessageEvent" => self.message(event, key, at),
            "ActionEvent" => self.action(event, key, at),
            "ObservationEvent" => {
                let observation = event.get("observation").unwrap_or(&Json::Null);
                let parts = observed(observation);
                let error = observation.get("is_error").and_then(Json::as_bool) == Some(true);
                self.result(event, key, at, error, parts);
            }
            "UserRejectObservation" => {
                let reason = text(event, "rejection_reason").unwrap_or("rejected by the user");
                self.result(event, key, at, true, vec![Part::text(reason)]);
            }
            "AgentErrorEvent" => {
                let error = owned(event, "error");
                self.result(event, key, at, true, vec![Part::text(error)]);
            }
            "Condensation" | "CondensationSummaryEvent" => self.summary(event, key, at),
            "ConversationStateUpdateEvent" => {
                report.skip(kind, "the state of the host");
                self.note_model(event);
                let rests = ["finished", "idle", "paused", "stuck", "error"];
                if text(event, "key") == Some("execution_status")
                    && text(event, "value").is_some_and(|status| rests.contains(&status))
                {
                    self.close();
                }
            }
            "CondensationRequest" | "PauseEvent" | "TokenEvent" | "ConversationErrorEvent" => {
                report.skip(kind, "tells how the run was getting on");
            }
            _ => report.skip(kind, "of a kind that this version does not know"),
        }
    }

    /// Adds an entry with the event's time; what was still coming has ended.
    fn add(&mut self, event: &Json, key: String, at: Place, memory: Memory) -> usize {
        self.close();
        self.append(event, key, at, memory, false)
    }

    fn append(
        &mut self,
        event: &Json,
        key: String,
        at: Place,
        mut memory: Memory,
        open: bool,
    ) -> usize {
        memory.time = text(event, "timestamp").and_then(clock::parse);
        let entry = Entry::new(FORMAT, key, at, memory);
        self.recording.add(&mut self.transcript.report, entry, 0, open).0
    }

    /// Settles the response that was still coming.
    fn close(&mut self) {
        if let Some((id, _)) = self.open.take()
            && let Some(slot) = self.responses[&id].last()
        {
            self.recording.close(*slot);
        }
    }

    fn system(&mut self, event: &Json, key: String, at: Place) {
        let prompt = |key: &str| event.get(key).and_then(|prompt| text(prompt, "text"));
        let texts: Vec<_> =
            ["system_prompt", "dynamic_context"].into_iter().filter_map(prompt).collect();
        let instructions = texts.join("\n\n");
        let tools = items(event, "tools");
        if !tools.is_empty() {
            self.transcript.tools = tools.to_vec();
        }
        if self.transcript.instructions.is_none() && self.recording.is_empty() {
            self.transcript.instructions = Some(instructions);
        } else {
            self.add(event, key, at, Memory::system(instructions));
        }
    }

    fn message(&mut self, event: &Json, key: String, at: Place) {
        let report = &mut self.transcript.report;
        let Some(message) = event.get("llm_message") else {
            report.refuse(at, "a message without `llm_message`");
            return;
        };
        let role = match text(message, "role") {
            Some("system") => Role::System,
            Some("user") => Role::User,
            Some("assistant") => Role::Assistant,
            Some("tool") => Role::Tool,
            other => {
                report.refuse(at, format!("unknown role {:?}", clip(other.unwrap_or(""))));
                return;
            }
        };
        let mut parts = thoughts(message);
        match message.get("content") {
            Some(Json::String(text)) => parts.push(Part::text(text)),
            _ => parts.extend(items(message, "content").iter().flat_map(content)),
        }
        parts.extend(items(message, "tool_calls").iter().map(call));
        if let Some(call) = text(message, "tool_call_id") {
            let result =
                Part::Result { call: call.to_owned(), error: false, parts: parts.len() as u64 };
            parts.insert(0, result);
        }
        let memory = Memory { parts, ..Memory::message(role, "") };
        let memory = memory.with_actor(owned(event, "sender"));
        let slot = self.add(event, key, at, memory);
        if role == Role::Assistant {
            self.recording.entry(slot).call = model_call(event, &self.model);
        }
    }

    fn action(&mut self, event: &Json, key: String, at: Place) {
        let mut parts = thoughts(event);
        parts.extend(items(event, "thought").iter().flat_map(content));
        if let Some(tool_call) = event.get("tool_call").filter(|call| is_something(call)) {
            parts.push(call(tool_call));
        } else {
            let arguments = written(event.get("action"));
            let (id, name) = (owned(event, "tool_call_id"), owned(event, "tool_name"));
            parts.push(Part::Call { id, name, arguments });
        }
        let report = &mut self.transcript.report;
        if event.get("action").is_some_and(is_something) {
            report.skip("action", "the call's arguments, read by the host");
        }
        let known = [
            "id",
            "timestamp",
            "source",
            "kind",
            "thought",
            "reasoning_content",
            "thinking_blocks",
            "responses_reasoning_item",
            "action",
            "tool_name",
            "tool_call_id",
            "tool_call",
            "llm_response_id",
        ];
        leave(report, "action", event, &known);
        let response = text(event, "llm_response_id").filter(|response| !response.is_empty());
        let calls: Vec<String> = parts.iter().filter_map(called).collect();
        if let (Some(response), Some((id, open))) = (response, &mut self.open)
            && response == id
            && let Some(&slot) = self.responses[id].last()
        {
            open.extend(calls);
            self.joined.push(self.recording.at(slot));
            self.recording.entry(slot).grow(FORMAT, key, at, parts);
            return;
        }
        self.close();
        let memory = Memory { parts, ..Memory::message(Role::Assistant, "") };
        let slot = self.append(event, key.clone(), at, memory, response.is_some());
        self.recording.entry(slot).call = model_call(event, &self.model);
        if let Some(response) = response {
            let slots = self.responses.entry(response.to_owned()).or_default();
            if !slots.is_empty() {
                let what = "an event of a response that had ended; kept as a memory of its own";
                self.transcript.report.mend(at, what);
            }
            for earlier in slots.iter() {
                self.recording.entry(*earlier).also.push(key.clone());
            }
            slots.push(slot);
            self.open = Some((response.to_owned(), calls.into_iter().collect()));
        }
    }

    fn result(&mut self, event: &Json, key: String, at: Place, error: bool, parts: Vec<Part>) {
        let Some(call) = text(event, "tool_call_id") else {
            self.transcript.report.refuse(at, "a result without `tool_call_id`");
            return;
        };
        let head = Part::Result { call: call.to_owned(), error, parts: parts.len() as u64 };
        // A result of the response's own call does not end it.
        if !self.open.as_ref().is_some_and(|(_, calls)| calls.contains(call)) {
            self.close();
        }
        let parts = std::iter::once(head).chain(parts).collect();
        let memory = Memory { parts, ..Memory::message(Role::Tool, "") };
        self.append(event, key, at, memory, false);
    }

    fn summary(&mut self, event: &Json, key: String, at: Place) {
        let report = &mut self.transcript.report;
        let forgotten = items(event, "forgotten_event_ids").len() as u64;
        if forgotten > 0 {
            let why = "what the host had forgotten is kept";
            report.skip_many("forgotten event", why, forgotten);
        }
        match text(event, "summary") {
            Some(summary) => {
                let memory = Memory::user(summary).with_kind(MemoryKind::Summary);
                self.add(event, key, at, memory);
            }
            None => report.skip("Condensation", "has no summary"),
        }
    }

    /// Keeps the name of the model that the host says it uses.
    fn note_model(&mut self, event: &Json) {
        let usage = event.get("value").and_then(|value| value.get("usage_to_metrics"));
        let metrics = usage.and_then(|usage| usage.get("agent").or(usage.get("default")));
        if let Some(model) = metrics.and_then(|metrics| text(metrics, "model_name")) {
            model.clone_into(&mut self.model);
        }
    }

    fn finish(mut self) -> Transcript {
        if let Some(&first) = self.joined.iter().min() {
            let count = self.joined.len();
            let what = format!("{count} events, from here on, joined to the response they are of");
            self.transcript.report.mend(first, what);
        }
        self.recording.finish(&mut self.transcript);
        self.transcript.finish()
    }
}

/// Returns the call of a response that has an id. What it cost the host only sums up.
fn model_call(event: &Json, model: &str) -> Option<ModelCall> {
    let response = text(event, "llm_response_id").filter(|response| !response.is_empty())?;
    Some(ModelCall { response: response.to_owned(), ..ModelCall::new(model) })
}

/// The id of a call.
fn called(part: &Part) -> Option<String> {
    match part {
        Part::Call { id, .. } => Some(id.clone()),
        _ => None,
    }
}

fn call(call: &Json) -> Part {
    let inner = call.get("function").unwrap_or(call);
    Part::Call {
        id: owned(call, "id"),
        name: owned(inner, "name"),
        arguments: written(inner.get("arguments")),
    }
}

/// Returns what the model thought: blocks with their signature, or else the plain text.
fn thoughts(event: &Json) -> Vec<Part> {
    let mut parts: Vec<_> = items(event, "thinking_blocks").iter().map(openai_thinking).collect();
    let plain = text(event, "reasoning_content").filter(|thoughts| !thoughts.is_empty());
    if parts.is_empty()
        && let Some(thoughts) = plain
    {
        parts.push(Part::Thinking { text: Body::new(thoughts), signature: Body::new("") });
    }
    if let Some(item) = event.get("responses_reasoning_item").filter(|item| is_something(item)) {
        parts.push(opaque(openai_chat::PROVIDER, item));
    }
    parts
}

/// Returns the parts of one block of content: a text, or the images in it.
fn content(block: &Json) -> Vec<Part> {
    if let Some(words) = text(block, "text").or_else(|| block.as_str()) {
        return vec![Part::text(words)];
    }
    let images = items(block, "image_urls");
    let decoded: Option<Vec<_>> = images.iter().map(|url| data_url(url.as_str()?)).collect();
    match decoded {
        Some(parts) if !parts.is_empty() => parts,
        _ => vec![opaque(PROVIDER, block)],
    }
}

/// Returns the parts of an observation; one without content is kept as it came.
fn observed(observation: &Json) -> Vec<Part> {
    match observation.get("content") {
        Some(Json::String(text)) => vec![Part::text(text)],
        Some(Json::Array(blocks)) => blocks.iter().flat_map(content).collect(),
        _ => vec![opaque(PROVIDER, observation)],
    }
}
