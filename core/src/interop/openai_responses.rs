//! Items of OpenAI's Responses API: lists, request and response bodies. Lines of them are `codex`'s.
//!
//! The list is flat. What a model did in a row (reasoning, words, calls) is one memory, so that its
//! parallel calls are one turn's; each output is a memory of its own. Items and parts that have no
//! counterpart here stay whole, for their provider.

use super::report::{Place, Report, clip};
use super::transcript::{Entry, Keys, Transcript};
use super::value::{
    beside, data_url, is_pdf, is_something, items, leave, only, opaque, owned, text, undecoded,
};
use super::{Format, openai_chat};
use crate::context::{Dialect, Target};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::object::{Memory, ModelCall, Part, Role, Usage};

const FORMAT: Format = Format::OpenAiResponses;
pub(super) const PROVIDER: &str = "openai-responses";
const DIALECT: Dialect = Dialect::OpenAiResponses;

/// Takes a list of items, a request's body or a response; none if it is neither.
pub(super) fn conversation(value: &Json) -> Option<Transcript> {
    let mut reader = Reader::new();
    let whole = |key| value.get(key).and_then(Json::as_array);
    let list = value.as_array().or_else(|| whole("input")).or_else(|| whole("output"));
    if let Some(list) = list {
        if !list.is_empty() && !list.iter().any(is_item) {
            return None;
        }
        for (at, item) in list.iter().enumerate() {
            reader.item(item, Place::Message(at as u64 + 1));
        }
    } else {
        let words = text(value, "input")?;
        let item = Json::object([("role", Json::from("user")), ("content", Json::from(words))]);
        reader.item(&item, Place::Message(1));
    }
    if value.as_object().is_some() {
        reader.body(value);
    }
    Some(reader.finish())
}

/// Takes a response's body, and the call that made it; none if it is none.
pub(super) fn response(value: &Json) -> Option<(Transcript, ModelCall)> {
    let mut reader = Reader::new();
    for (at, item) in value.get("output").and_then(Json::as_array)?.iter().enumerate() {
        reader.item(item, Place::Message(at as u64 + 1));
    }
    reader.end_turn();
    Some((reader.to, call(value)))
}

pub(super) fn is_item(value: &Json) -> bool {
    text(value, "type").is_some() || text(value, "role").is_some()
}

struct Reader {
    to: Transcript,
    keys: Keys,
    /// What the model does, as long as nobody else comes in.
    turn: Option<Entry>,
}

impl Reader {
    fn new() -> Self {
        Reader { to: Transcript::new(FORMAT), keys: Keys::new(""), turn: None }
    }

    fn finish(mut self) -> Transcript {
        self.end_turn();
        self.to.finish()
    }

    fn end_turn(&mut self) {
        if let Some(entry) = self.turn.take() {
            self.to.push(entry);
        }
    }

    /// Takes what stands beside the items.
    fn body(&mut self, value: &Json) {
        let instructions = text(value, "instructions").filter(|text| !text.is_empty());
        self.to.instructions = instructions.map(str::to_owned);
        self.to.tools = items(value, "tools").to_vec();
        let mut known = vec!["instructions", "input", "tools"];
        if value.get("input").is_none() {
            self.end_turn();
            let is_model = |entry: &&mut Entry| entry.memory.role == Role::Assistant;
            if let Some(entry) = self.to.entries.iter_mut().rev().find(is_model) {
                entry.call = Some(call(value));
            }
            known.extend(["output", "id", "object", "model", "status", "usage"]);
        } else if value.get("output").is_some_and(is_something) {
            self.to.report.mend(Place::Message(1), "input beside output: only the input was read");
        }
        leave(&mut self.to.report, "request", value, &known);
    }

    /// Takes an item: it joins the model's turn, becomes a memory, or is refused.
    fn item(&mut self, item: &Json, at: Place) {
        let key = self.keys.next(item);
        match memory(&mut self.to.report, item, at) {
            Err(error) => self.to.report.refuse(at, error.to_string()),
            Ok(memory) if memory.role == Role::Assistant => match &mut self.turn {
                Some(entry) => entry.grow(FORMAT, key, at, memory.parts),
                None => self.turn = Some(Entry::new(FORMAT, key, at, memory)),
            },
            Ok(memory) => {
                self.end_turn();
                self.to.push(Entry::new(FORMAT, key, at, memory));
            }
        }
    }
}

/// Makes the memory of an item.
///
/// # Errors
/// `Invalid`, saying what the item lacks.
pub(super) fn memory(report: &mut Report, item: &Json, at: Place) -> Result<Memory> {
    if item.as_object().is_none() {
        return Err(Error::invalid("no object"));
    }
    let of = |role: Role, parts: Vec<Part>| Ok(Memory { parts, ..Memory::message(role, "") });
    let needs = |key: &str| {
        text(item, key).ok_or_else(|| {
            let kind = clip(text(item, "type").unwrap_or_default());
            Error::invalid(format!("an item {kind} without `{key}`"))
        })
    };
    let kind = text(item, "type").unwrap_or("message");
    match kind {
        "message" => {
            let role = match needs("role")? {
                "system" => Role::System,
                "developer" => {
                    report.mend(at, "the developer's message became a system message");
                    Role::System
                }
                "user" => Role::User,
                "assistant" => Role::Assistant,
                other => return Err(Error::invalid(format!("unknown role {:?}", clip(other)))),
            };
            let mut parts = content(report, item.get("content"), at)?;
            let known = ["type", "role", "content"];
            match header(item).filter(|_| role == Role::Assistant) {
                Some(header) => {
                    let known = known.into_iter().chain(HEADER).collect::<Vec<_>>();
                    leave(report, "message", item, &known);
                    parts.insert(0, header);
                }
                None => leave(report, "message", item, &known),
            }
            of(role, parts)
        }
        "function_call" => {
            let (id, name) = (needs("call_id")?.to_owned(), needs("name")?.to_owned());
            let known = ["type", "call_id", "name", "arguments"];
            let beside = beside(report, DIALECT, Target::Call, kind, item, &known);
            let arguments = openai_chat::written(item.get("arguments"));
            let call = Part::Call { id, name, arguments };
            of(Role::Assistant, beside.into_iter().chain([call]).collect())
        }
        "function_call_output" => {
            let call = needs("call_id")?.to_owned();
            let known = ["type", "call_id", "output"];
            let beside = beside(report, DIALECT, Target::Result, kind, item, &known);
            let mut parts = content(report, item.get("output"), at)?;
            parts.insert(0, Part::Result { call, error: false, parts: parts.len() as u64 });
            parts.splice(0..0, beside);
            of(Role::Tool, parts)
        }
        // What the host says to a tool's call that only the provider understands.
        kind if kind.ends_with("_output") => of(Role::Tool, vec![opaque(PROVIDER, item)]),
        "mcp_approval_response" => of(Role::User, vec![opaque(PROVIDER, item)]),
        _ => of(Role::Assistant, vec![opaque(PROVIDER, item)]),
    }
}

/// Returns the parts of a message's content or of an output.
pub(super) fn content(report: &mut Report, content: Option<&Json>, at: Place) -> Result<Vec<Part>> {
    match content {
        None | Some(Json::Null) => Err(Error::invalid("no content")),
        Some(Json::String(text)) => Ok(vec![Part::text(text)]),
        Some(Json::Array(parts)) => {
            Ok(parts.iter().flat_map(|item| part(report, item, at)).collect())
        }
        Some(_) => Err(Error::invalid("a content that is neither text nor a list")),
    }
}

/// What the texts of an assistant's message have in common.
const HEADER: [&str; 3] = ["id", "status", "phase"];

/// Keeps what the texts of a message have in common, where the API tells them apart by it: in a block
/// ahead of them.
fn header(item: &Json) -> Option<Part> {
    let holds = |key: &str| item.get(key).is_some_and(is_something);
    let is_special = |part: &Json| {
        text(part, "type") == Some("refusal") || !items(part, "annotations").is_empty()
    };
    let told = holds("phase") || holds("id") && items(item, "content").iter().any(is_special);
    if !told {
        return None;
    }
    let mut block = Json::object([("type", Json::from("message"))]);
    for key in HEADER.into_iter().filter(|key| holds(key)) {
        block.set(key, item.get(key).cloned().unwrap_or(Json::Null));
    }
    let parts = items(item, "content").len().max(1);
    block.set("parts", Json::Number(parts.to_string()));
    Some(opaque(PROVIDER, &block))
}

/// Makes the part of an item's content, behind what its provider has beside it.
fn part(report: &mut Report, item: &Json, at: Place) -> Vec<Part> {
    let kind = text(item, "type").unwrap_or_default();
    let whole = || vec![opaque(PROVIDER, item)];
    let (url, known): (_, &[&str]) = match kind {
        "input_text" | "output_text" | "text" => {
            let Some(words) = text(item, "text") else { return whole() };
            let known = ["type", "text"];
            let beside = beside(report, DIALECT, Target::Text, kind, item, &known);
            return beside.into_iter().chain([Part::text(words)]).collect();
        }
        "input_image" => (text(item, "image_url"), &["type", "image_url", "detail"]),
        "input_file" => {
            let url = text(item, "file_data");
            (url.filter(|url| is_pdf(url)), &["type", "file_data", "filename"])
        }
        _ => (None, &[]),
    };
    let Some(url) = url.filter(|_| only(item, known)) else { return whole() };
    match data_url(url) {
        Some(media) => {
            let detail = if text(item, "detail") == Some("auto") { "detail" } else { "" };
            let known = ["type", "image_url", "file_data", detail];
            let beside = beside(report, DIALECT, Target::Media, kind, item, &known);
            beside.into_iter().chain([media]).collect()
        }
        None => {
            if url.starts_with("data:") {
                undecoded(report, at, kind);
            }
            whole()
        }
    }
}

/// Returns the call that made a response.
fn call(response: &Json) -> ModelCall {
    ModelCall {
        provider: openai_chat::SERVICE.to_owned(),
        response: owned(response, "id"),
        stop: owned(response, "status"),
        usage: usage(response.get("usage")),
        ..ModelCall::new(owned(response, "model"))
    }
}

/// Returns the counts of a response, its cached tokens taken out of its input.
fn usage(usage: Option<&Json>) -> Usage {
    let count = |key: &str| usage?.get(key)?.as_u64();
    let detail = |of: &str, key: &str| usage?.get(of)?.get(key)?.as_u64();
    let cache_read = detail("input_tokens_details", "cached_tokens");
    Usage {
        input: count("input_tokens").map(|all| all.saturating_sub(cache_read.unwrap_or(0))),
        output: count("output_tokens"),
        cache_read,
        cache_write: None,
        reasoning: detail("output_tokens_details", "reasoning_tokens"),
    }
}
