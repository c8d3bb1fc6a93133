//! Messages of Vercel's AI SDK: those for models (`ModelMessage`, and `CoreMessage` of version 4), and
//! those for pages (`UIMessage`), whose parts hold calls with what came of them. Shapes as in
//! `vercel/ai`, `packages/provider-utils/src/types/` and `packages/ai/src/ui/ui-messages.ts`.

use super::dialog::{Dialog, Told, memory, result};
use super::input::Source;
use super::listed::{Listed, conversations};
use super::openai_chat::written;
use super::report::{Place, Report, clip};
use super::transcript::Transcript;
use super::value::{
    data_url, image_at, is_something, items, leave, media, opaque, owned, text, thinking, time,
};
use super::{Format, anthropic, base};
use crate::error::Result;
use crate::json::Json;
use crate::object::{Memory, Part, Role};

const FORMAT: Format = Format::Vercel;
const PROVIDER: &str = "vercel";

/// Reads a document, or lines.
pub(super) fn read(source: Source) -> Result<Vec<Transcript>> {
    let found = conversations(source, |value| value.get("role").is_some());
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
    if let Some(system) = text(&listed.whole, "system") {
        dialog.to.instructions = Some(system.to_owned());
    }
    leave(dialog.report(), "conversation", &listed.whole, &["messages", "system", "id"]);
    for (at, message) in &listed.messages {
        take(&mut dialog, message, Place::Message(*at));
    }
    dialog.finish(false)
}

/// What a message says, and what its calls came to.
#[derive(Default)]
struct Turn {
    memories: Vec<Memory>,
    said: Vec<Part>,
    results: Vec<Memory>,
}

impl Turn {
    /// Ends a step: the next one is another response.
    fn end_step(&mut self, role: Role) {
        if !self.said.is_empty() {
            self.memories.push(memory(role, std::mem::take(&mut self.said)));
        }
        self.memories.append(&mut self.results);
    }
}

fn take(dialog: &mut Dialog, message: &Json, at: Place) {
    let key = dialog.key(text(message, "id"), message);
    if dialog.repeats(&key) {
        return;
    }
    let told = Told { key, at, time: time(message, "createdAt") };
    let role = match text(message, "role") {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("tool") => Role::Tool,
        Some("system") => {
            let parts = ["parts", "content"].iter().flat_map(|key| items(message, key));
            let words: Vec<_> = parts.filter_map(|part| text(part, "text")).collect();
            let words = text(message, "content").map_or_else(|| words.join("\n\n"), str::to_owned);
            return dialog.instruct(told, &words);
        }
        other => {
            let what = format!("unknown role {:?}", clip(other.unwrap_or_default()));
            return dialog.report().refuse(at, what);
        }
    };
    let mut turn = Turn::default();
    let parts = message.get("parts").and_then(Json::as_array);
    let content = message.get("content");
    let blocks = parts.or_else(|| content.and_then(Json::as_array)).unwrap_or_default();
    for block in blocks {
        let kind = text(block, "type").unwrap_or_default();
        if kind == "step-start" {
            turn.end_step(role);
        } else {
            part(dialog.report(), &mut turn, block, kind);
        }
    }
    // Earlier pages had the text, and calls, beside the parts.
    if blocks.is_empty() {
        turn.said.extend(text(message, "content").map(Part::text));
        for call in items(message, "toolInvocations") {
            invocation(&mut turn, call);
        }
    }
    for file in items(message, "experimental_attachments") {
        let url = text(file, "url").unwrap_or_default();
        turn.said.push(data_url(url).unwrap_or_else(|| image_at(url)));
    }
    let known = [
        "id",
        "role",
        "content",
        "parts",
        "createdAt",
        "toolInvocations",
        "revisionId",
        "experimental_attachments",
    ];
    leave(dialog.report(), "message", message, &known);
    turn.end_step(role);
    if turn.memories.is_empty() && blocks.is_empty() {
        turn.memories.push(memory(role, Vec::new()));
    }
    dialog.say_all(told, turn.memories, None);
}

fn part(report: &mut Report, turn: &mut Turn, block: &Json, kind: &str) {
    match kind {
        "text" => turn.said.push(Part::text(owned(block, "text"))),
        "reasoning" => {
            let words = text(block, "text").or_else(|| text(block, "reasoning"));
            let signature = ["providerOptions", "providerMetadata"]
                .iter()
                .find_map(|key| text(block.get(key)?.get("anthropic")?, "signature"));
            let signature = signature.or_else(|| text(block, "signature")).or_else(|| {
                items(block, "details").iter().find_map(|detail| text(detail, "signature"))
            });
            turn.said.extend(thinking(words.unwrap_or_default(), signature.unwrap_or_default()));
        }
        "redacted-reasoning" => {
            let kind = ("type", Json::from("redacted_thinking"));
            let block = Json::object([kind, ("data", owned(block, "data").into())]);
            turn.said.push(opaque(anthropic::PROVIDER, &block));
        }
        "image" | "file" => turn.said.push(file(block)),
        "tool-call" => turn.said.push(call(block)),
        "tool-result" => {
            let (failed, parts) = output(block);
            turn.results.push(result(&owned(block, "toolCallId"), failed, parts));
        }
        "tool-invocation" => invocation(turn, block.get("toolInvocation").unwrap_or(block)),
        "source"
        | "source-url"
        | "source-document"
        | "tool-approval-request"
        | "tool-approval-response" => {
            let what = format!("part {kind}");
            report.skip(&what, "what is shown, to no model");
        }
        kind if kind.starts_with("data-") => {
            report.skip("part data-*", "what is shown, to no model");
        }
        kind if kind == "dynamic-tool" || kind.starts_with("tool-") => invocation(turn, block),
        _ => turn.said.push(unknown(block)),
    }
}

/// Keeps a part that this version does not know. Its type is nobody's, so that alone it is refused.
fn unknown(block: &Json) -> Part {
    opaque(super::openai_chat::PROVIDER, block)
}

fn call(block: &Json) -> Part {
    let arguments = block.get("input").or_else(|| block.get("args"));
    Part::Call {
        id: owned(block, "toolCallId"),
        name: owned(block, "toolName"),
        arguments: written(arguments.or(Some(&Json::Object(Vec::new())))),
    }
}

/// Takes a call of a page's message: a tool's part says what came of it.
fn invocation(turn: &mut Turn, block: &Json) {
    let state = text(block, "state").unwrap_or_default();
    let kind = text(block, "type").unwrap_or_default();
    let (id, mut said) = (owned(block, "toolCallId"), call(block));
    if let (Part::Call { name, .. }, Some(tool)) = (&mut said, kind.strip_prefix("tool-"))
        && name.is_empty()
    {
        tool.clone_into(name);
    }
    turn.said.push(said);
    let plain = |value: &Json| match value {
        Json::String(text) => vec![Part::text(text)],
        value => vec![Part::text(value.to_string())],
    };
    match state {
        "output-available" | "result" => {
            let value = block.get("output").or_else(|| block.get("result"));
            turn.results.push(result(&id, false, value.map(plain).unwrap_or_default()));
        }
        "output-error" => {
            let parts = vec![Part::text(owned(block, "errorText"))];
            turn.results.push(result(&id, true, parts));
        }
        "output-denied" => {
            turn.results.push(result(&id, true, vec![Part::text("denied by the user")]));
        }
        _ => {}
    }
}

/// Returns whether a tool's output tells of a failure, and its parts.
fn output(block: &Json) -> (bool, Vec<Part>) {
    let as_text = |value: &Json| match value {
        Json::String(text) => Part::text(text),
        value => Part::text(value.to_string()),
    };
    let flagged = block.get("isError").and_then(Json::as_bool) == Some(true);
    let Some(output) = block.get("output").filter(|output| output.get("type").is_some()) else {
        let content = items(block, "experimental_content");
        if !content.is_empty() {
            return (flagged, content.iter().map(shown).collect());
        }
        let value = block.get("result").or_else(|| block.get("output"));
        return (flagged, value.map(as_text).into_iter().collect());
    };
    let kind = text(output, "type").unwrap_or_default();
    let value = output.get("value");
    let parts = match (kind, value) {
        ("content", Some(Json::Array(blocks))) => blocks.iter().map(shown).collect(),
        ("execution-denied", _) => vec![Part::text(text(output, "reason").unwrap_or("denied"))],
        (_, value) => value.map(as_text).into_iter().collect(),
    };
    (flagged || matches!(kind, "error-text" | "error-json" | "execution-denied"), parts)
}

/// Returns the part of a block of a tool's output.
fn shown(block: &Json) -> Part {
    match text(block, "type") {
        Some("text") => Part::text(owned(block, "text")),
        _ => file(block),
    }
}

/// Returns an image or a file, by its bytes or its address.
fn file(block: &Json) -> Part {
    let kinds = ["mediaType", "mimeType", "contentType"];
    let kind = kinds.iter().find_map(|key| text(block, key));
    // Newer versions say in an object whether these are bytes or an address.
    let inner = block.get("data").filter(|data| data.as_object().is_some()).unwrap_or(block);
    let held = ["data", "image", "url"].iter().find_map(|key| text(inner, key));
    let Some(held) = held.filter(|held| is_something(&Json::from(*held))) else {
        return opaque(PROVIDER, block);
    };
    let is_image = kind.is_some_and(|kind| kind.starts_with("image/"))
        || text(block, "type").is_some_and(|kind| kind.starts_with("image"))
        || block.get("image").is_some();
    let is_address = held.starts_with("http://") || held.starts_with("https://");
    data_url(held)
        .or_else(|| (is_address && is_image).then(|| image_at(held)))
        .or_else(|| (!is_address).then(|| media(kind.or(sniffed(held))?, held)).flatten())
        .unwrap_or_else(|| opaque(PROVIDER, block))
}

/// Tells the type of an image by the first letters of its base64; the SDK does so, too.
fn sniffed(data: &str) -> Option<&'static str> {
    let kinds = [
        ("iVBORw", "image/png"),
        ("/9j/", "image/jpeg"),
        ("R0lG", "image/gif"),
        ("UklGR", "image/webp"),
    ];
    kinds.into_iter().find(|(begins, _)| data.starts_with(begins)).map(|(_, kind)| kind)
}
