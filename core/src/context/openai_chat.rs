//! `OpenAI` Chat Completions.
//!
//! Rules, from the API reference and the errors that users report:
//! * A message with `tool_calls` is followed at once by one `tool` message for each id.
//! * `arguments` is a string; `content` is null where a model's turn only calls.
//! * `tool` messages hold text alone, so their media follow in a user's message.
//! * A failed tool has no flag: its text begins with `[the tool failed]`.
//! * A message of the system, a user or the model may have a `name`; a tool's has none.
//! * Instructions, sandbox and system memories are `system` messages where they stand.

use super::dialect::{Dialect, Form};
use super::fields::add;
use super::media::{base64, data_url};
use super::prompt::Prompt;
use super::repair::repair;
use super::request::{Mend, Request};
use super::spot::Spot;
use super::turn::{Block, Speaker, Turn, into_text};
use crate::json::Json;

pub(super) fn render(prompt: &Prompt) -> Request {
    let repaired = repair(prompt, Dialect::OpenAiChat);
    let system = [&prompt.instructions, &prompt.sandbox];
    let mut messages: Vec<Json> = system
        .into_iter()
        .filter(|text| !text.trim().is_empty())
        .map(|text| message("system", Json::from(text.as_str())))
        .collect();
    let (mut turns, mut mends) = (repaired.turns, repaired.mends);
    turns.iter_mut().for_each(|turn| one_audio(turn, &mut mends));
    messages.extend(turns.into_iter().map(turn));
    let mut body = Json::Object(Vec::new());
    if !repaired.tools.is_empty() {
        let tools = repaired.tools.into_iter().map(|tool| {
            if let Some(own) = tool.own {
                return own;
            }
            let mut function = Json::object([("name", Json::from(tool.name))]);
            if !tool.description.trim().is_empty() {
                function.set("description", Json::from(tool.description));
            }
            function.set("parameters", tool.schema);
            add(&mut function, tool.beside);
            Json::object([("type", Json::from("function")), ("function", function)])
        });
        body.set("tools", Json::Array(tools.collect()));
    }
    body.set("messages", Json::Array(messages));
    Request { dialect: Dialect::OpenAiChat, body, cache_points: Vec::new(), mends }
}

/// Leaves the last audio of a turn: a message has one.
fn one_audio(turn: &mut Turn<'_>, mends: &mut Vec<Mend>) {
    let is_audio = |block: &Block<'_>| matches!(block, Block::Opaque(it) if kind(it) == "audio");
    let Some(last) = turn.blocks.iter().rposition(is_audio) else { return };
    let (mut at, memory) = (0, turn.origin.memory());
    turn.blocks.retain(|block| {
        let keep = at >= last || !is_audio(block);
        at += 1;
        if !keep {
            let what = "an audio block left out: a message has one, the last".to_owned();
            mends.push(Mend { memory, what });
        }
        keep
    });
}

fn message(role: &str, content: Json) -> Json {
    Json::object([("role", Json::from(role)), ("content", content)])
}

fn turn(mut turn: Turn<'_>) -> Json {
    let name = turn.name.take();
    let mut message = nameless(turn);
    if let Some(name) = name {
        message.set("name", Json::from(name));
    }
    message
}

fn nameless(turn: Turn<'_>) -> Json {
    match turn.speaker {
        Speaker::System => message("system", Json::from(into_text(turn.blocks))),
        Speaker::User => message("user", content(turn.blocks)),
        Speaker::Result { call, .. } => Json::object([
            ("role", Json::from("tool")),
            ("tool_call_id", Json::from(call)),
            ("content", Json::from(into_text(turn.blocks))),
        ]),
        Speaker::Assistant => {
            let (mut said, mut calls, mut audio) = (Vec::new(), Vec::new(), None);
            let mut fields = None;
            for block in turn.blocks {
                match block {
                    Block::Fields(found) => fields = Some(found),
                    block @ Block::Call { .. } => calls.extend(call(block, fields.take())),
                    Block::Opaque(block) if kind(&block) == "audio" => {
                        audio = block.get("audio").cloned();
                    }
                    block => {
                        said.extend(fields.take().map(Block::Fields));
                        said.push(block);
                    }
                }
            }
            let content = if said.is_empty() { Json::Null } else { content(said) };
            let mut message = message("assistant", content);
            if let Some(audio) = audio {
                message.set("audio", audio);
            }
            if !calls.is_empty() {
                message.set("tool_calls", Json::Array(calls));
            }
            message
        }
    }
}

/// One text where there is nothing else, parts otherwise.
fn content(blocks: Vec<Block<'_>>) -> Json {
    if blocks.iter().all(|block| matches!(block, Block::Text(_))) {
        return Json::from(into_text(blocks));
    }
    let (mut parts, mut fields) = (Vec::new(), None);
    for block in blocks {
        match block {
            Block::Fields(found) => fields = Some(found),
            block => parts.extend(part(block).map(|part| with(part, fields.take()))),
        }
    }
    Json::Array(parts)
}

/// Sets the fields of a medium, which stand where its bytes are.
fn with(mut part: Json, fields: Option<Json>) -> Json {
    let kind = kind(&part).to_owned();
    let known = match kind.as_str() {
        "image_url" => "detail",
        "file" => "filename",
        _ => return part,
    };
    if let (Some(inner), Some(value)) =
        (part.get_mut(&kind), fields.as_ref().and_then(|fields| fields.get(known)))
    {
        inner.set(known, value.clone());
    }
    part
}

fn kind(block: &Json) -> &str {
    block.get("type").and_then(Json::as_str).unwrap_or("")
}

fn part(block: Block<'_>) -> Option<Json> {
    match block {
        Block::Text(text) => Some(typed("text", Json::from(text))),
        Block::Media { media_type, bytes } => Some(medium(media_type, bytes)),
        Block::Opaque(block) => Some(block),
        Block::Thinking { .. } | Block::Call { .. } | Block::Fields(_) => None,
    }
}

fn typed(kind: &str, value: Json) -> Json {
    Json::object([("type", Json::from(kind)), (kind, value)])
}

fn medium(media_type: &str, bytes: &[u8]) -> Json {
    match Dialect::OpenAiChat.form(media_type, Spot::User) {
        Some(Form::Audio(format)) => {
            let data = [("data", Json::from(base64(bytes))), ("format", Json::from(format))];
            typed("input_audio", Json::object(data))
        }
        Some(Form::Document) => {
            let name = ("filename", Json::from("document.pdf"));
            let data = ("file_data", Json::from(data_url(media_type, bytes)));
            typed("file", Json::object([name, data]))
        }
        _ => {
            let url = Json::object([("url", Json::from(data_url(media_type, bytes)))]);
            typed("image_url", url)
        }
    }
}

fn call(block: Block<'_>, fields: Option<Json>) -> Option<Json> {
    let Block::Call { id, name, written, .. } = block else { return None };
    if fields.is_some_and(|fields| fields.get("custom").is_some()) {
        let input = Json::from(written.into_owned());
        let custom = Json::object([("name", Json::from(name)), ("input", input)]);
        return Some(Json::object([
            ("id", Json::from(id)),
            ("type", Json::from("custom")),
            ("custom", custom),
        ]));
    }
    let function =
        Json::object([("name", Json::from(name)), ("arguments", Json::from(written.into_owned()))]);
    Some(Json::object([
        ("id", Json::from(id)),
        ("type", Json::from("function")),
        ("function", function),
    ]))
}
