//! Messages of Amazon Bedrock's Converse API: lists, request bodies and responses. Shapes as in
//! `boto/botocore`, `botocore/data/bedrock-runtime/2023-09-30/service-2.json`.

use super::dialog::{Dialog, Told, memory, result};
use super::input::Source;
use super::listed::{Listed, conversations};
use super::openai_chat::written;
use super::report::{Place, clip};
use super::transcript::Transcript;
use super::value::{count, is_something, items, leave, media, opaque, owned, text, thinking};
use super::{Format, anthropic, base};
use crate::error::Result;
use crate::json::Json;
use crate::object::{Memory, ModelCall, Part, Role, Usage};

const FORMAT: Format = Format::Bedrock;
const PROVIDER: &str = "bedrock";

/// Reads a document, or lines.
pub(super) fn read(source: Source) -> Result<Vec<Transcript>> {
    let source = match source {
        // A response has its message further in.
        Source::Document(value) => Source::Document(answered(value)),
        lines @ Source::Lines(_) => lines,
    };
    let found = conversations(source, |value| value.get("role").is_some());
    match found.is_empty() {
        true => Err(base::foreign(FORMAT, "no messages in it")),
        false => Ok(found.into_iter().map(conversation).collect()),
    }
}

fn answered(mut value: Json) -> Json {
    let message = value.get("output").and_then(|output| output.get("message")).cloned();
    if let Some(message) = message.filter(|_| value.get("messages").is_none()) {
        value.set("messages", Json::Array(vec![message]));
    }
    value
}

fn conversation(listed: Listed) -> Transcript {
    let mut dialog = Dialog::new(FORMAT, &listed.name);
    for (at, why) in listed.bad {
        dialog.report().refuse(at, why);
    }
    let whole = &listed.whole;
    let system: Vec<_> =
        items(whole, "system").iter().filter_map(|block| text(block, "text")).collect();
    if !system.is_empty() {
        dialog.to.instructions = Some(system.join("\n\n"));
    }
    let tools = whole.get("toolConfig").map_or(&[][..], |config| items(config, "tools"));
    dialog.to.tools = tools.iter().filter_map(tool).collect();
    let known = ["messages", "system", "toolConfig", "output", "stopReason", "usage", "modelId"];
    leave(dialog.report(), "request", whole, &known);
    let last = listed.messages.len();
    for (number, (at, message)) in listed.messages.iter().enumerate() {
        let answer = whole.get("usage").filter(|_| number + 1 == last);
        let call = answer.map(|usage| ModelCall {
            provider: PROVIDER.to_owned(),
            stop: owned(whole, "stopReason"),
            usage: Usage {
                input: count(usage, "inputTokens"),
                output: count(usage, "outputTokens"),
                cache_read: count(usage, "cacheReadInputTokens"),
                cache_write: count(usage, "cacheWriteInputTokens"),
                reasoning: None,
            },
            ..ModelCall::new(owned(whole, "modelId"))
        });
        take(&mut dialog, message, Place::Message(*at), call);
    }
    dialog.finish(false)
}

/// Returns a tool as Anthropic writes it, which all of the package reads.
fn tool(tool: &Json) -> Option<Json> {
    let spec = tool.get("toolSpec")?;
    let schema = spec.get("inputSchema").and_then(|schema| schema.get("json"));
    let mut plain = Json::object([("name", Json::from(text(spec, "name")?))]);
    if let Some(description) = spec.get("description") {
        plain.set("description", description.clone());
    }
    plain.set("input_schema", schema.cloned().unwrap_or(Json::Object(Vec::new())));
    Some(plain)
}

fn take(dialog: &mut Dialog, message: &Json, at: Place, call: Option<ModelCall>) {
    let told = Told { key: dialog.key(None, message), at, time: None };
    let role = match text(message, "role") {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        other => {
            let what = format!("unknown role {:?}", clip(other.unwrap_or_default()));
            return dialog.report().refuse(at, what);
        }
    };
    leave(dialog.report(), "message", message, &["role", "content"]);
    let (mut memories, mut said): (Vec<Memory>, Vec<Part>) = (Vec::new(), Vec::new());
    if let Some(words) = text(message, "content") {
        said.push(Part::text(words));
    }
    for block in items(message, "content") {
        match block.get("toolResult").and_then(outcome) {
            Some(result) => memories.push(result),
            None if block.get("cachePoint").is_some() => {
                dialog.report().skip("cachePoint", "a dialog has no place for it");
            }
            None => said.push(part(block)),
        }
    }
    if !said.is_empty() || memories.is_empty() {
        memories.push(memory(role, said));
    }
    dialog.say_all(told, memories, call);
}

fn outcome(found: &Json) -> Option<Memory> {
    let failed = text(found, "status") == Some("error");
    let parts = items(found, "content").iter().map(|block| match block.get("json") {
        Some(value) => Part::text(value.to_string()),
        None => part(block),
    });
    Some(result(text(found, "toolUseId")?, failed, parts.collect()))
}

fn part(block: &Json) -> Part {
    let Some((kind, inner)) = block.as_object().and_then(|fields| fields.first()) else {
        return opaque(PROVIDER, block);
    };
    let found = match kind.as_str() {
        "text" => inner.as_str().map(Part::text),
        "toolUse" => {
            let (id, name) = (owned(inner, "toolUseId"), owned(inner, "name"));
            Some(Part::Call { id, name, arguments: written(inner.get("input")) })
        }
        "reasoningContent" => reasoning(inner),
        "image" => medium(inner, "image/"),
        "video" => medium(inner, "video/"),
        "document" => medium(inner, "application/"),
        "guardContent" => inner.get("text").and_then(|words| text(words, "text")).map(Part::text),
        "citationsContent" => {
            let texts = items(inner, "content").iter().filter_map(|one| text(one, "text"));
            let texts: Vec<_> = texts.collect();
            (!texts.is_empty()).then(|| Part::text(texts.join("")))
        }
        _ => None,
    };
    // A block without a type that this version does not know says nothing to anybody.
    found.unwrap_or_else(|| opaque(PROVIDER, block))
}

fn reasoning(inner: &Json) -> Option<Part> {
    if let Some(data) = text(inner, "redactedContent") {
        let kind = ("type", Json::from("redacted_thinking"));
        return Some(opaque(anthropic::PROVIDER, &Json::object([kind, ("data", data.into())])));
    }
    let thoughts = inner.get("reasoningText").filter(|thoughts| is_something(thoughts))?;
    thinking(&owned(thoughts, "text"), &owned(thoughts, "signature"))
}

/// Returns what is in a block whose bytes stand in it; the format is the end of its media type.
fn medium(inner: &Json, family: &str) -> Option<Part> {
    let source = inner.get("source")?;
    if let Some(words) = text(source, "text") {
        return Some(Part::text(words));
    }
    let format = text(inner, "format")?;
    let kind = match (family, format) {
        ("application/", "txt") => "text/plain".to_owned(),
        ("application/", "md") => "text/markdown".to_owned(),
        ("application/", "html" | "csv") => format!("text/{format}"),
        _ => format!("{family}{format}"),
    };
    media(&kind, text(source, "bytes")?)
}
