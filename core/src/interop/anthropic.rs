//! Messages of Anthropic's Messages API: lists, request bodies and responses.

use super::report::{Place, Report, clip};
use super::transcript::{Entry, Keys, Transcript};
use super::understood::{left, named};
use super::value::{beside, items, leave, media, only, opaque, owned, text, undecoded};
use super::{Format, base};
use crate::context::{Dialect, Target};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::object::{Body, Memory, ModelCall, Part, Role, Usage};

pub(super) const PROVIDER: &str = "anthropic";
const DIALECT: Dialect = Dialect::Anthropic;

/// Fields of a message: those that are taken, then those that say nothing of what is in it.
const KNOWN: [&str; 11] = [
    "role",
    "content",
    "id",
    "type",
    "model",
    "usage",
    "stop_reason",
    "stop_sequence",
    "container",
    "context_management",
    "metadata",
];

/// Reads a document.
pub(super) fn read(document: &str) -> Result<Vec<Transcript>> {
    let value = Json::parse(document)?;
    let found = conversation(&value);
    let found = found.ok_or_else(|| base::foreign(Format::Anthropic, "no messages in it"))?;
    Ok(vec![found])
}

/// Takes a list of messages, a request's body or a response; none if it is neither.
pub(super) fn conversation(value: &Json) -> Option<Transcript> {
    let single = std::slice::from_ref(value);
    let messages = match (value.as_array(), value.get("messages").and_then(Json::as_array)) {
        (Some(messages), _) | (None, Some(messages)) => messages,
        (None, None) if value.get("role").is_some() => single,
        (None, None) => return None,
    };
    if !messages.is_empty() && !messages.iter().any(|message| message.get("role").is_some()) {
        return None;
    }
    let mut transcript = Transcript::new(Format::Anthropic);
    let mut keys = Keys::new("");
    for (at, message) in messages.iter().enumerate() {
        take(&mut transcript, message, keys.next(message), Place::Message(at as u64 + 1));
    }
    if value.get("messages").is_some() {
        transcript.instructions = system(&mut transcript.report, value.get("system"));
        transcript.tools = items(value, "tools").to_vec();
        let known = ["messages", "system", "tools"];
        leave(&mut transcript.report, "request", value, &known);
    }
    Some(transcript.finish())
}

/// Takes a response's body, and the call that made it; none if it is none.
pub(super) fn response(value: &Json) -> Option<(Transcript, ModelCall)> {
    value.get("role").and(value.get("content"))?;
    let mut transcript = Transcript::new(Format::Anthropic);
    take(&mut transcript, value, Keys::new("").next(value), Place::Message(1));
    Some((transcript, call(value).unwrap_or_default()))
}

fn take(to: &mut Transcript, message: &Json, key: String, at: Place) {
    match memories(&mut to.report, message, at) {
        Err(error) => to.report.refuse(at, error.to_string()),
        Ok(memories) => {
            for (piece, memory) in memories.into_iter().enumerate() {
                let key = if piece == 0 { key.clone() } else { format!("{key}.{piece}") };
                let mut entry = Entry::new(Format::Anthropic, key, at, memory);
                entry.left = left(message, &KNOWN);
                if entry.memory.role == Role::Assistant {
                    entry.call = call(message);
                }
                to.push(entry);
            }
        }
    }
}

/// Returns the texts of a request's system field, with an empty line between blocks.
fn system(report: &mut Report, system: Option<&Json>) -> Option<String> {
    match system? {
        Json::String(text) => Some(text.clone()),
        Json::Array(blocks) => {
            let texts: Vec<_> = blocks.iter().filter_map(|block| text(block, "text")).collect();
            for block in blocks {
                leave(report, "system", block, &["type", "text"]);
            }
            if blocks.len() > 1 {
                let count = blocks.len();
                report.mend(Place::Message(1), format!("{count} blocks of instructions joined"));
            }
            Some(texts.join("\n\n")).filter(|_| !texts.is_empty())
        }
        _ => None,
    }
}

/// Returns the call that made a message, where the message is a response.
pub(super) fn call(message: &Json) -> Option<ModelCall> {
    let model = text(message, "model").filter(|model| *model != "<synthetic>")?;
    Some(ModelCall {
        provider: PROVIDER.to_owned(),
        response: owned(message, "id"),
        stop: owned(message, "stop_reason"),
        usage: usage(message.get("usage")),
        ..ModelCall::new(model)
    })
}

fn usage(usage: Option<&Json>) -> Usage {
    let count = |key: &str| usage?.get(key)?.as_u64();
    Usage {
        input: count("input_tokens"),
        output: count("output_tokens"),
        cache_read: count("cache_read_input_tokens"),
        cache_write: count("cache_creation_input_tokens"),
        reasoning: None,
    }
}

/// Makes the memories of a message: what tools returned and what the user says are apart.
///
/// # Errors
/// `Invalid`, saying what the message lacks.
pub(super) fn memories(report: &mut Report, message: &Json, at: Place) -> Result<Vec<Memory>> {
    let role = match text(message, "role") {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("system") => Role::System,
        Some(other) => return Err(Error::invalid(format!("unknown role {:?}", clip(other)))),
        None => return Err(Error::invalid("no role")),
    };
    leave(report, "message", message, &KNOWN[..8]);
    if message.get("content").is_none()
        && let Some(why) = named(left(message, &KNOWN))
    {
        return Err(Error::invalid(why));
    }
    let blocks = parts(report, message.get("content"), at)?;
    Ok(by_speaker(role, blocks))
}

/// Makes the memories of a message: results are a tool's, all else is of the message's role.
pub(super) fn by_speaker(role: Role, blocks: Vec<(Vec<Part>, bool)>) -> Vec<Memory> {
    let mut memories: Vec<Memory> = Vec::new();
    for (parts, is_result) in blocks {
        let role = if is_result && role == Role::User { Role::Tool } else { role };
        match memories.last_mut() {
            Some(memory) if memory.role == role => memory.parts.extend(parts),
            _ => memories.push(Memory { parts, ..Memory::message(role, "") }),
        }
    }
    if memories.is_empty() {
        memories.push(Memory { parts: Vec::new(), ..Memory::message(role, "") });
    }
    memories
}

/// Returns the parts of each block of a content, and whether it is a result.
pub(super) fn parts(
    report: &mut Report,
    content: Option<&Json>,
    at: Place,
) -> Result<Vec<(Vec<Part>, bool)>> {
    match content {
        Some(Json::String(text)) => Ok(vec![(vec![Part::text(text)], false)]),
        Some(Json::Array(blocks)) => {
            let blocks = blocks.iter().map(|block| match text(block, "type") {
                Some("tool_result") => result(report, block, at)
                    .map_or_else(|| (vec![opaque(PROVIDER, block)], false), |parts| (parts, true)),
                _ => (part(report, block, at), false),
            });
            Ok(blocks.collect())
        }
        None | Some(Json::Null) => Err(Error::invalid("no content")),
        Some(_) => Err(Error::invalid("a content that is neither text nor a list")),
    }
}

/// Returns a result and the parts that are in it.
fn result(report: &mut Report, block: &Json, at: Place) -> Option<Vec<Part>> {
    let call = text(block, "tool_use_id")?.to_owned();
    let known = ["type", "tool_use_id", "content", "is_error"];
    let beside = beside(report, DIALECT, Target::Result, "tool_result", block, &known);
    let mut parts = match block.get("content") {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::String(text)) => vec![Part::text(text)],
        Some(Json::Array(blocks)) => {
            blocks.iter().flat_map(|block| part(report, block, at)).collect()
        }
        Some(other) => vec![opaque(PROVIDER, other)],
    };
    let error = block.get("is_error").and_then(Json::as_bool).unwrap_or(false);
    parts.insert(0, Part::Result { call, error, parts: parts.len() as u64 });
    parts.splice(0..0, beside);
    Some(parts)
}

/// Makes the part of one block, behind what its provider has beside it; what it does not know it keeps
/// as it came.
pub(super) fn part(report: &mut Report, block: &Json, at: Place) -> Vec<Part> {
    let kind = text(block, "type").unwrap_or_default();
    let (before, part) = match kind {
        "text" => {
            let Some(words) = text(block, "text") else { return vec![opaque(PROVIDER, block)] };
            let known = ["type", "text"];
            let beside = beside(report, DIALECT, Target::Text, "text", block, &known);
            (beside, Part::text(words))
        }
        "thinking" if only(block, &["type", "thinking", "signature"]) => {
            let text = Body::new(owned(block, "thinking"));
            (None, Part::Thinking { text, signature: Body::new(owned(block, "signature")) })
        }
        "tool_use" => {
            let (Some(id), Some(name)) = (text(block, "id"), text(block, "name")) else {
                return vec![opaque(PROVIDER, block)];
            };
            let known = ["type", "id", "name", "input"];
            let beside = beside(report, DIALECT, Target::Call, "tool_use", block, &known);
            let arguments = super::openai_chat::written(block.get("input"));
            (beside, Part::Call { id: id.to_owned(), name: name.to_owned(), arguments })
        }
        "image" | "document" if only(block, &["type", "source", "cache_control"]) => {
            (None, decoded(report, block, at).unwrap_or_else(|| opaque(PROVIDER, block)))
        }
        _ => (None, opaque(PROVIDER, block)),
    };
    before.into_iter().chain([part]).collect()
}

fn decoded(report: &mut Report, block: &Json, at: Place) -> Option<Part> {
    let source = block.get("source")?;
    let plain = only(source, &["type", "media_type", "data"]);
    if text(source, "type") != Some("base64") || !plain {
        return None;
    }
    leave(report, "media", block, &["type", "source"]);
    let part = media(text(source, "media_type")?, text(source, "data")?);
    if part.is_none() {
        undecoded(report, at, "media");
    }
    part
}
