//! goose's sessions: JSON lines below a first one that tells of the session, or the document of
//! `goose session export --format json`. Contents as in `block/goose`,
//! `crates/goose/src/conversation/message.rs`, calls and results as `tool_result_serde.rs` writes
//! them.

use super::dialog::{Dialog, Told, blocks, memory, result};
use super::input::Source;
use super::openai_chat::written;
use super::report::{Place, clip};
use super::transcript::Transcript;
use super::value::{is_something, items, leave, opaque, owned, seconds, text, thinking};
use super::{Format, anthropic, base, mcp};
use crate::error::Result;
use crate::json::Json;
use crate::object::{Memory, Part, Role};

const FORMAT: Format = Format::Goose;
const PROVIDER: &str = "goose";

/// Reads a document, or lines.
pub(super) fn read(source: Source) -> Result<Vec<Transcript>> {
    let mut dialog = Dialog::new(FORMAT, "");
    let mut found = false;
    let is_ended = matches!(source, Source::Document(_));
    match source {
        Source::Document(value) => {
            let list = value.as_array().or_else(|| {
                ["conversation", "messages"].iter().find_map(|key| value.get(key)?.as_array())
            });
            let alone = std::slice::from_ref(&value);
            for (at, message) in (1..).zip(list.unwrap_or(alone)) {
                found |= take(&mut dialog, message, Place::Message(at));
            }
        }
        Source::Lines(lines) => {
            for (number, line) in lines {
                let at = Place::Line(number);
                match line {
                    Ok(value) => found |= take(&mut dialog, &value, at),
                    Err(why) => dialog.report().refuse(at, why),
                }
            }
        }
    }
    match found {
        true => Ok(vec![dialog.finish(is_ended)]),
        false => Err(base::foreign(FORMAT, "no message in it")),
    }
}

/// Takes a message; tells whether it is one, or the line that tells of the session.
fn take(dialog: &mut Dialog, message: &Json, at: Place) -> bool {
    let role = match text(message, "role") {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        None if message.get("working_dir").is_some() => {
            dialog.report().skip("session", "what goose says of it");
            return true;
        }
        other => {
            let what = format!("unknown role {:?}", clip(other.unwrap_or_default()));
            dialog.report().refuse(at, what);
            return false;
        }
    };
    // Pieces of a response may bear one id; each is a message.
    let id = text(message, "id");
    let named = dialog.key(id, message);
    let key = match dialog.is_known(&named) {
        true => format!("{named}.{}", dialog.number()),
        false => named,
    };
    dialog.repeats(&key);
    leave(dialog.report(), "message", message, &["id", "role", "created", "content", "metadata"]);
    let (mut said, mut results) = (Vec::new(), Vec::new());
    for block in blocks(message).iter() {
        match text(block, "type").unwrap_or_default() {
            "text" => said.push(Part::text(owned(block, "text"))),
            "thinking" => {
                said.extend(thinking(&owned(block, "thinking"), &owned(block, "signature")));
            }
            "reasoning" => said.extend(thinking(&owned(block, "text"), "")),
            "redactedThinking" => {
                let kind = ("type", Json::from("redacted_thinking"));
                let block = Json::object([kind, ("data", owned(block, "data").into())]);
                said.push(opaque(anthropic::PROVIDER, &block));
            }
            "toolRequest" | "frontendToolRequest" => said.push(call(block)),
            "toolResponse" => results.push(response(block)),
            "systemNotification"
            | "toolConfirmationRequest"
            | "actionRequired"
            | "confirmation"
            | "conversationCompacted" => {
                let what = format!("block {}", owned(block, "type"));
                dialog.report().skip(&what, "what is shown, to no model");
            }
            "contextLengthExceeded" | "summarizationRequested" => {
                said.push(Part::text(owned(block, "msg")));
            }
            _ => said.extend(mcp::content(PROVIDER, Some(&Json::Array(vec![block.clone()])))),
        }
    }
    let mut memories = results;
    if !said.is_empty() || memories.is_empty() && items(message, "content").is_empty() {
        memories.push(memory(role, said));
    }
    let unseen = message.get("metadata").and_then(|meta| meta.get("agentVisible"));
    let unseen = unseen.and_then(Json::as_bool) == Some(false);
    for (piece, memory) in memories.into_iter().enumerate() {
        let key = if piece == 0 { key.clone() } else { format!("{key}.{piece}") };
        let slot = dialog.say(Told { key, at, time: seconds(message, "created") }, memory, None);
        if unseen {
            dialog.hide(slot);
        }
    }
    true
}

fn call(block: &Json) -> Part {
    let call = block.get("toolCall").unwrap_or(&Json::Null);
    let value = call.get("value").unwrap_or(call);
    // A call that goose could not read has an error in its place.
    let arguments = match value.get("arguments").filter(|arguments| !arguments.is_null()) {
        Some(arguments) => written(Some(arguments)),
        None => written(call.get("error").or(Some(&Json::Object(Vec::new())))),
    };
    Part::Call { id: owned(block, "id"), name: owned(value, "name"), arguments }
}

fn response(block: &Json) -> Memory {
    let outcome = block.get("toolResult").unwrap_or(&Json::Null);
    let id = owned(block, "id");
    if let Some(error) = outcome.get("error").filter(|error| is_something(error)) {
        let words = error.as_str().map_or_else(|| error.to_string(), str::to_owned);
        return result(&id, true, vec![Part::text(words)]);
    }
    let value = outcome.get("value").unwrap_or(&Json::Null);
    let failed = value.get("isError").and_then(Json::as_bool) == Some(true);
    let content = value.get("content").or(Some(value).filter(|value| value.as_object().is_none()));
    result(&id, failed, mcp::content(PROVIDER, content))
}
