//! Messages of LangChain as `messages_to_dict`, `dumpd` and `model_dump` write them. Shapes as in
//! `langchain-ai/langchain`, `libs/core/langchain_core/messages/` and `.../load/dump.py`.
//!
//! A message's blocks are its provider's, or LangChain's own; its calls stand in `tool_calls`, and
//! blocks that repeat them are passed over.

use std::collections::HashSet;

use super::dialog::{Dialog, Told, memory, result};
use super::input::Source;
use super::listed::{Listed, conversations};
use super::openai_chat::{self, written};
use super::report::{Place, Report, clip};
use super::transcript::Transcript;
use super::value::{
    count, image_at, is_something, items, leave, media, opaque, owned, text, thinking,
};
use super::{Format, anthropic, base};
use crate::error::Result;
use crate::json::Json;
use crate::object::{ModelCall, Part, Role, Usage};

const FORMAT: Format = Format::LangChain;

/// Reads a document, or lines.
pub(super) fn read(source: Source) -> Result<Vec<Transcript>> {
    let source = match source {
        // A prompt, or a state, that was dumped has its messages further in.
        Source::Document(value) => Source::Document(match value.get("kwargs") {
            Some(inner) if inner.get("messages").is_some() => inner.clone(),
            _ => value,
        }),
        lines @ Source::Lines(_) => lines,
    };
    let found = conversations(source, |value| kind_of(value).is_some());
    match found.is_empty() {
        true => Err(base::foreign(FORMAT, "no messages in it")),
        false => Ok(found.into_iter().map(conversation).collect()),
    }
}

fn conversation(listed: Listed) -> Transcript {
    let mut dialog = Dialog::new(FORMAT, &listed.name);
    for (at, why) in listed.bad {
        dialog.report().refuse(at, why);
    }
    leave(dialog.report(), "conversation", &listed.whole, &["messages"]);
    for (at, message) in &listed.messages {
        take(&mut dialog, message, Place::Message(*at));
    }
    dialog.finish(false)
}

/// Returns what a message is, in the words of its type or of its class.
fn kind_of(message: &Json) -> Option<String> {
    if message.get("lc").is_some() {
        let class = items(message, "id").last()?.as_str()?;
        let class = class.strip_suffix("Chunk").unwrap_or(class);
        return class.strip_suffix("Message").map(str::to_lowercase);
    }
    let kind = text(message, "type").filter(|_| {
        message.get("data").is_some_and(|data| data.get("content").is_some())
            || message.get("content").is_some()
    })?;
    let kind = kind.strip_suffix("MessageChunk").unwrap_or(kind);
    Some(kind.to_lowercase())
}

/// Returns the fields of a message, wherever they stand.
fn fields_of(message: &Json) -> &Json {
    let inner = if message.get("lc").is_some() { "kwargs" } else { "data" };
    message.get(inner).filter(|inner| inner.as_object().is_some()).unwrap_or(message)
}

fn take(dialog: &mut Dialog, message: &Json, at: Place) {
    let fields = fields_of(message);
    let key = dialog.key(text(fields, "id"), message);
    // A streamed response and its tools may bear one id.
    let key = match dialog.is_known(&key) {
        true => format!("{key}.{}", dialog.number()),
        false => key,
    };
    dialog.repeats(&key);
    let told = Told { key, at, time: None };
    let kind = kind_of(message).unwrap_or_default();
    let role = match kind.as_str() {
        "chat" => owned(fields, "role"),
        kind => kind.to_owned(),
    };
    let mut seen = HashSet::new();
    let calls = calls(fields, &mut seen);
    let parts = content(dialog.report(), fields.get("content"), &seen);
    let actor = owned(fields, "name");
    match role.as_str() {
        "human" | "user" => {
            dialog.say(told, memory(Role::User, parts).with_actor(actor), None);
        }
        "system" | "developer" => {
            let words = memory(Role::System, parts).text().into_owned();
            dialog.instruct(told, &words);
        }
        "ai" | "assistant" => {
            let mut said: Vec<Part> = Vec::new();
            let beside = fields.get("additional_kwargs");
            let thoughts = beside.and_then(|beside| text(beside, "reasoning_content"));
            said.extend(thoughts.and_then(|thoughts| thinking(thoughts, "")));
            said.extend(parts);
            said.extend(calls);
            let memory = memory(Role::Assistant, said).with_actor(actor);
            dialog.say(told, memory, model_call(fields));
        }
        "tool" => match text(fields, "tool_call_id") {
            Some(call) => {
                let failed = text(fields, "status") == Some("error");
                dialog.say(told, result(call, failed, parts), None);
            }
            None => return dialog.report().refuse(at, "a tool's message without `tool_call_id`"),
        },
        "function" => {
            let call = format!("function-{actor}");
            dialog.say(told, result(&call, false, parts), None);
        }
        other => {
            let what = format!("unknown type {:?}", clip(other));
            return dialog.report().refuse(at, what);
        }
    }
    let known = [
        "content",
        "type",
        "name",
        "id",
        "tool_calls",
        "invalid_tool_calls",
        "example",
        "usage_metadata",
        "response_metadata",
        "additional_kwargs",
        "tool_call_id",
        "status",
        "role",
        "tool_call_chunks",
        "data",
        "lc",
        "kwargs",
    ];
    leave(dialog.report(), "message", fields, &known);
}

/// Returns the calls of a response, each once, and those that could not be read as they were written.
fn calls(fields: &Json, seen: &mut HashSet<String>) -> Vec<Part> {
    let mut parts = Vec::new();
    for call in items(fields, "tool_calls").iter().chain(items(fields, "invalid_tool_calls")) {
        let id = owned(call, "id");
        seen.insert(id.clone());
        parts.push(Part::Call {
            id,
            name: owned(call, "name"),
            arguments: written(call.get("args")),
        });
    }
    let beside = fields.get("additional_kwargs");
    for call in beside.map_or(&[][..], |beside| items(beside, "tool_calls")) {
        let id = owned(call, "id");
        if let Some(function) = call.get("function").filter(|_| seen.insert(id.clone())) {
            let arguments = written(function.get("arguments"));
            parts.push(Part::Call { id, name: owned(function, "name"), arguments });
        }
    }
    if let Some(function) = beside.and_then(|beside| beside.get("function_call")) {
        let name = owned(function, "name");
        let id = format!("function-{name}");
        if is_something(function) && seen.insert(id.clone()) {
            parts.push(Part::Call { id, name, arguments: written(function.get("arguments")) });
        }
    }
    parts
}

fn content(report: &mut Report, content: Option<&Json>, calls: &HashSet<String>) -> Vec<Part> {
    match content {
        Some(Json::String(text)) if text.is_empty() => Vec::new(),
        Some(Json::String(text)) => vec![Part::text(text)],
        Some(Json::Array(blocks)) => {
            blocks.iter().flat_map(|block| parts_of(report, block, calls)).collect()
        }
        None | Some(Json::Null) => Vec::new(),
        Some(other) => vec![Part::text(other.to_string())],
    }
}

/// Reads a block: one of LangChain's own, else one as Anthropic has it, with what stands beside it.
fn parts_of(report: &mut Report, block: &Json, calls: &HashSet<String>) -> Vec<Part> {
    let own = [
        "text",
        "tool_use",
        "tool_call",
        "function_call",
        "input_json_delta",
        "reasoning",
        "image",
        "audio",
        "file",
        "video",
        "image_url",
        "input_audio",
    ];
    let kind = text(block, "type").unwrap_or_default();
    let is_sourced = block.get("source").is_some();
    if block.as_str().is_some() || own.contains(&kind) && !(is_sourced && is_medium(kind)) {
        return part(report, block, calls).into_iter().collect();
    }
    anthropic::part(report, block, Place::Message(0))
}

fn is_medium(kind: &str) -> bool {
    matches!(kind, "image" | "audio" | "file" | "video")
}

fn part(report: &mut Report, block: &Json, calls: &HashSet<String>) -> Option<Part> {
    if let Some(words) = block.as_str() {
        return Some(Part::text(words));
    }
    let place = Place::Message(0);
    match text(block, "type").unwrap_or_default() {
        "text" => Some(Part::text(owned(block, "text"))),
        kind @ ("tool_use" | "tool_call" | "function_call" | "input_json_delta") => {
            let id = text(block, "id").or_else(|| text(block, "call_id"));
            if kind == "input_json_delta" || id.is_some_and(|id| calls.contains(id)) {
                report.skip(kind, "stands among the message's calls");
                return None;
            }
            let arguments = ["input", "args", "arguments"].iter().find_map(|key| block.get(key));
            let (id, name) = (id.unwrap_or_default().to_owned(), owned(block, "name"));
            Some(Part::Call { id, name, arguments: written(arguments) })
        }
        "reasoning" => {
            let signature = block.get("extras").map(|extras| owned(extras, "signature"));
            let summary = items(block, "summary").iter().filter_map(|one| text(one, "text"));
            let summary: Vec<_> = summary.collect();
            let words =
                text(block, "reasoning").map_or_else(|| summary.join("\n\n"), str::to_owned);
            match block.get("encrypted_content").is_some_and(is_something) {
                true => Some(opaque(super::openai_responses::PROVIDER, block)),
                false => thinking(&words, &signature.unwrap_or_default()),
            }
        }
        kind if is_medium(kind) => {
            let kind = text(block, "mime_type").unwrap_or("image/png");
            let data = text(block, "base64").or_else(|| text(block, "data"));
            let decoded = data.and_then(|data| media(kind, data));
            let url = text(block, "url").map(image_at);
            Some(decoded.or(url).unwrap_or_else(|| opaque(openai_chat::PROVIDER, block)))
        }
        "image_url" | "input_audio" => {
            // The address may stand alone, without an object around it.
            match text(block, "image_url") {
                Some(url) => Some(image_at(url)),
                None => {
                    let list = Json::Array(vec![block.clone()]);
                    openai_chat::content(report, Some(&list), place).ok()?.pop()
                }
            }
        }
        _ => None,
    }
}

fn model_call(fields: &Json) -> Option<ModelCall> {
    let told = fields.get("response_metadata").unwrap_or(&Json::Null);
    let usage = fields.get("usage_metadata").filter(|usage| is_something(usage));
    let model = ["model_name", "model", "model_id"].iter().find_map(|key| text(told, key));
    if model.is_none() && usage.is_none() {
        return None;
    }
    let counted = |key: &str| usage.and_then(|usage| count(usage, key));
    let detail = |of: &str, key: &str| count(usage?.get(of)?, key);
    let cache_read = detail("input_token_details", "cache_read");
    let cache_write = detail("input_token_details", "cache_creation");
    let cached = cache_read.unwrap_or(0).saturating_add(cache_write.unwrap_or(0));
    let stop = ["stop_reason", "finish_reason"].iter().find_map(|key| text(told, key));
    Some(ModelCall {
        provider: owned(told, "model_provider"),
        response: owned(told, "id"),
        stop: stop.unwrap_or_default().to_owned(),
        usage: Usage {
            input: counted("input_tokens").map(|all| all.saturating_sub(cached)),
            output: counted("output_tokens"),
            cache_read,
            cache_write,
            reasoning: detail("output_token_details", "reasoning"),
        },
        ..ModelCall::new(model.unwrap_or_default())
    })
}
