//! Anthropic Messages.
//!
//! Rules, from the API reference and the guides on tool use, extended thinking and prompt caching,
//! and from the errors that users report:
//! * `messages` alternate, the first is a user's; adjacent turns of one role are one message.
//! * The results of all calls of a turn are the first blocks of the next message.
//! * `thinking` and `redacted_thinking` stay where and as they were, and never end a message.
//! * A server's tool use and its result stand in the same message, or neither does.
//! * Newer models refuse a last message of the model's ("This model does not support assistant message
//!   prefill"): it is told, or a user's text put behind it if the options say so.
//! * Text is not blank, and a model's text does not end in white space.
//! * `input` and `input_schema` are objects; `tools` is there if the dialog holds calls.
//! * System turns at the head of the dialog go to `system`; later ones, which older models refuse
//!   as turns of their own, become marked texts of the user's.
//! * At most 4 blocks carry `cache_control`, none of them thinking. A cache keeps prefixes in the
//!   order tools, system, messages; it looks back 20 blocks from a mark, hence two on messages.

use std::collections::{HashMap, HashSet};

use super::dialect::{Dialect, Form};
use super::fields::add;
use super::media::base64;
use super::prompt::Prompt;
use super::repair::repair;
use super::request::{GO_ON, Mend, RenderOptions, Request, ended};
use super::spot::Spot;
use super::turn::{Block, SYSTEM_MARK, Speaker, Turn, into_text, take_head};
use crate::json::Json;
use crate::limits::CACHE_POINTS_MAX;

struct Message {
    assistant: bool,
    /// Each with the memory it is from.
    blocks: Vec<(u64, Json)>,
}

pub(super) fn render(prompt: &Prompt, options: &RenderOptions) -> Request {
    let repaired = repair(prompt, Dialect::Anthropic);
    let mut mends = repaired.mends;
    let mut turns = repaired.turns;
    let head = take_head(prompt, &mut turns);
    let mut system: Vec<Json> = head.into_iter().map(text_block).collect();

    let mut messages = Vec::new();
    for turn in turns {
        say(&mut messages, turn);
    }
    for message in messages.iter_mut().filter(|message| message.assistant) {
        settle(message, &mut mends);
    }
    let mut messages = merged(messages);

    let mut tools: Vec<Json> = repaired
        .tools
        .into_iter()
        .map(|tool| {
            if let Some(own) = tool.own {
                return own;
            }
            let mut sent = Json::object([("name", Json::from(tool.name))]);
            if !tool.description.trim().is_empty() {
                sent.set("description", Json::from(tool.description));
            }
            sent.set("input_schema", tool.schema);
            add(&mut sent, tool.beside);
            sent
        })
        .collect();

    end(&mut messages, options, &mut mends);
    let keep = if options.cache_points { 0 } else { CACHE_POINTS_MAX };
    let blocks = messages.iter_mut().flat_map(|message| &mut message.blocks);
    let blocks = blocks.map(|(memory, block)| (*memory, block));
    let others = tools.iter_mut().chain(&mut system).map(|block| (0, block));
    limit_marks(others.chain(blocks).collect(), keep, &mut mends);

    let mut cache_points = Vec::new();
    if options.cache_points {
        let at = tools.len().saturating_sub(1);
        mark(tools.last_mut(), || format!("tools/{at}"), &mut cache_points);
        let at = system.len().saturating_sub(1);
        mark(system.last_mut(), || format!("system/{at}"), &mut cache_points);
        mark_messages(&mut messages, &mut cache_points);
    }

    let mut body = Json::Object(Vec::new());
    for (key, items) in [("tools", tools), ("system", system)] {
        if !items.is_empty() {
            body.set(key, Json::Array(items));
        }
    }
    body.set("messages", Json::Array(messages.into_iter().map(Message::into_json).collect()));
    Request { dialect: Dialect::Anthropic, body, cache_points, mends }
}

impl Message {
    fn into_json(self) -> Json {
        let role = if self.assistant { "assistant" } else { "user" };
        let blocks = self.blocks.into_iter().map(|(_, block)| block).collect();
        Json::object([("role", Json::from(role)), ("content", Json::Array(blocks))])
    }
}

/// Puts a turn at the end: into the last message where that is of the same role.
fn say(messages: &mut Vec<Message>, turn: Turn<'_>) {
    let assistant = turn.speaker == Speaker::Assistant;
    let number = turn.origin.memory();
    let blocks: Vec<Json> = match turn.speaker {
        Speaker::System => {
            vec![text_block(SYSTEM_MARK.to_owned() + &into_text(turn.blocks))]
        }
        Speaker::User | Speaker::Assistant => blocks(turn.blocks),
        Speaker::Result { call, error, fields } => {
            let content = blocks(turn.blocks);
            let mut result = Json::object([
                ("type", Json::from("tool_result")),
                ("tool_use_id", Json::from(call)),
                ("content", Json::Array(content)),
            ]);
            if error {
                result.set("is_error", Json::Bool(true));
            }
            add(&mut result, fields);
            vec![result]
        }
    };
    let blocks = blocks.into_iter().map(|block| (number, block));
    match messages.last_mut() {
        Some(last) if last.assistant == assistant => last.blocks.extend(blocks),
        _ => messages.push(Message { assistant, blocks: blocks.collect() }),
    }
}

fn text_block(text: String) -> Json {
    Json::object([("type", Json::from("text")), ("text", Json::from(text))])
}

/// Writes blocks, each with the fields that stand before it.
fn blocks(blocks: Vec<Block<'_>>) -> Vec<Json> {
    let mut written = Vec::new();
    let mut fields = None;
    for next in blocks {
        if let Block::Fields(found) = next {
            fields = Some(found);
            continue;
        }
        let mut block = block(next);
        add(&mut block, fields.take());
        written.push(block);
    }
    written
}

fn block(block: Block<'_>) -> Json {
    match block {
        Block::Text(text) => text_block(text),
        Block::Thinking { text, signature } => Json::object([
            ("type", Json::from("thinking")),
            ("thinking", Json::from(text)),
            ("signature", Json::from(signature)),
        ]),
        Block::Call { id, name, arguments, .. } => Json::object([
            ("type", Json::from("tool_use")),
            ("id", Json::from(id)),
            ("name", Json::from(name)),
            ("input", arguments),
        ]),
        Block::Media { media_type, bytes } => medium(media_type, bytes),
        Block::Opaque(block) | Block::Fields(block) => block,
    }
}

fn medium(media_type: &str, bytes: &[u8]) -> Json {
    let form = Dialect::Anthropic.form(media_type, Spot::User);
    let (kind, source, data) = match form {
        Some(Form::Document) => ("document", "base64", base64(bytes)),
        Some(Form::PlainText) => ("document", "text", String::from_utf8_lossy(bytes).into_owned()),
        _ => ("image", "base64", base64(bytes)),
    };
    let source = Json::object([
        ("type", Json::from(source)),
        ("media_type", Json::from(media_type)),
        ("data", Json::from(data)),
    ]);
    Json::object([("type", Json::from(kind)), ("source", source)])
}

/// Takes out of a model's message what may not stand alone or at its end.
fn settle(message: &mut Message, mends: &mut Vec<Mend>) {
    let lone = lone_server_blocks(message);
    let mut at = 0;
    message.blocks.retain(|(memory, block)| {
        let keep = !lone.contains(&at);
        at += 1;
        if !keep {
            let what = format!("a {} block left out: its counterpart is missing", kind(block));
            mends.push(Mend { memory: *memory, what });
        }
        keep
    });
    while let Some((memory, block)) = message.blocks.last()
        && is_thinking(block)
    {
        let what = "thinking left out: nothing of the model's follows it".to_owned();
        mends.push(Mend { memory: *memory, what });
        message.blocks.pop();
    }
}

/// Returns the places of server tool uses without a later result in the message, of results
/// without an earlier use, and of what comes twice.
fn lone_server_blocks(message: &Message) -> HashSet<usize> {
    let (mut uses, mut lone) = (HashMap::new(), HashSet::new());
    let mut seen = HashSet::new();
    for (at, (_, block)) in message.blocks.iter().enumerate() {
        let text = |key: &str| block.get(key).and_then(Json::as_str).unwrap_or("").to_owned();
        match kind(block) {
            "server_tool_use" | "mcp_tool_use" => {
                if seen.insert(text("id")) {
                    uses.insert(text("id"), at);
                } else {
                    lone.insert(at);
                }
            }
            result
                if result.ends_with("_tool_result")
                    && uses.remove(&text("tool_use_id")).is_none() =>
            {
                lone.insert(at);
            }
            _ => {}
        }
    }
    lone.extend(uses.into_values());
    lone
}

/// Merges adjacent messages of one role again, after some lost all they had.
fn merged(messages: Vec<Message>) -> Vec<Message> {
    let mut kept: Vec<Message> = Vec::new();
    for message in messages.into_iter().filter(|message| !message.blocks.is_empty()) {
        match kept.last_mut() {
            Some(last) if last.assistant == message.assistant => last.blocks.extend(message.blocks),
            _ => kept.push(message),
        }
    }
    kept
}

/// Tells of a last turn that is the model's, or puts a user's behind it.
fn end(messages: &mut Vec<Message>, options: &RenderOptions, mends: &mut Vec<Mend>) {
    let Some(last) = messages.last().filter(|last| last.assistant) else { return };
    let memory = last.blocks.last().map_or(0, |(memory, _)| *memory);
    mends.push(Mend { memory, what: ended(options).to_owned() });
    if options.end_with_user {
        messages
            .push(Message { assistant: false, blocks: vec![(0, text_block(GO_ON.to_owned()))] });
    }
}

/// Takes out marks that the blocks came with: all but the newest, and a lifetime that is longer than
/// that of a mark before it.
fn limit_marks(blocks: Vec<(u64, &mut Json)>, keep: usize, mends: &mut Vec<Mend>) {
    let mut marked: Vec<(u64, &mut Json)> = Vec::new();
    for (memory, block) in blocks {
        find_marks(block, memory, &mut marked);
    }
    let over = marked.len().saturating_sub(keep);
    let (mut short, mut told) = (false, HashSet::new());
    for (at, (memory, block)) in marked.into_iter().enumerate() {
        let ttl = block.get("cache_control").and_then(|mark| mark.get("ttl"));
        let long = ttl.and_then(Json::as_str) == Some("1h");
        let what = if at < over {
            if let Json::Object(fields) = block {
                fields.retain(|(key, _)| key != "cache_control");
            }
            "cache_control left out: the request marks its own, or has four behind it"
        } else if long && short {
            mark(Some(block), String::new, &mut Vec::new());
            "cache_control made short-lived: a short-lived one stands before it"
        } else {
            short |= !long;
            continue;
        };
        if told.insert((memory, what)) {
            mends.push(Mend { memory, what: what.to_owned() });
        }
    }
}

/// Finds the marked blocks in a block, in their order.
fn find_marks<'b>(value: &'b mut Json, memory: u64, found: &mut Vec<(u64, &'b mut Json)>) {
    if value.get("cache_control").is_some() && kind(value) != "tool_result" {
        found.push((memory, value));
        return;
    }
    match value {
        Json::Array(items) => {
            items.iter_mut().for_each(|item| find_marks(item, memory, found));
        }
        Json::Object(fields) => {
            let inner = fields.iter_mut();
            let inner = inner.filter(|(key, _)| matches!(key.as_str(), "content" | "source"));
            inner.for_each(|(_, value)| find_marks(value, memory, found));
        }
        _ => {}
    }
}

/// Marks the newest messages: the end, and the end of the user's message before, which was the
/// end of the request before.
fn mark_messages(messages: &mut [Message], points: &mut Vec<String>) {
    let last = messages.len().saturating_sub(1);
    let before = (0..last).rev().find(|&at| !messages[at].assistant);
    for at in before.into_iter().chain((!messages.is_empty()).then_some(last)) {
        let blocks = &mut messages[at].blocks;
        let Some(place) = blocks.iter().rposition(|(_, block)| may_be_marked(block)) else {
            continue;
        };
        let path = || format!("messages/{at}/content/{place}");
        mark(blocks.get_mut(place).map(|(_, block)| block), path, points);
    }
}

fn mark(block: Option<&mut Json>, path: impl FnOnce() -> String, points: &mut Vec<String>) {
    if let Some(block) = block {
        let kind = Json::object([("type", Json::from("ephemeral"))]);
        block.set("cache_control", kind);
        points.push(path());
    }
}

/// Opaque blocks stay as they are, and thinking takes no mark.
fn may_be_marked(block: &Json) -> bool {
    matches!(kind(block), "text" | "tool_use" | "tool_result") && block.get("citations").is_none()
}

fn is_thinking(block: &Json) -> bool {
    matches!(kind(block), "thinking" | "redacted_thinking")
}

fn kind(block: &Json) -> &str {
    block.get("type").and_then(Json::as_str).unwrap_or("")
}
