//! `OpenAI` Responses.
//!
//! Rules, from the API reference, the guide on reasoning, and the errors that users report:
//! * `input` is a flat list. A `function_call` and its `function_call_output` are both in it, the
//!   call first; so are the calls and outputs of the provider's other tools, which are opaque here.
//! * A `reasoning` item goes back with its `encrypted_content` (nothing is stored), as it came, and
//!   what the model said or called next follows it.
//! * `arguments` is a string. `output` is a string, or parts where there are media.
//! * A failed tool has no flag: its text begins with `[the tool failed]`.
//! * The host's instructions are `instructions`; sandbox and system memories are `developer`
//!   messages where they stand.

use std::collections::{HashMap, HashSet};

use super::dialect::{Dialect, Form, Spot};
use super::media::data_url;
use super::pair::{CallKey, Half, half};
use super::prompt::Prompt;
use super::repair::{BEGINNING, BEGUN, repair};
use super::request::{Mend, Request};
use super::turn::{Block, Origin, Speaker, Turn, joined_text};
use crate::json::Json;

/// An item, with the memory it is from.
type Item = (u64, Json);

pub(super) fn render(prompt: &Prompt) -> Request {
    let repaired = repair(prompt, Dialect::OpenAiResponses);
    let mut mends = repaired.mends;
    let mut items: Vec<Item> = Vec::new();
    if !prompt.sandbox.trim().is_empty() {
        items.push((0, message("developer", Json::from(prompt.sandbox.as_str()))));
    }
    for turn in repaired.turns {
        say(&mut items, turn);
    }
    let lone = lone_items(&items);
    leave_out(&mut items, &lone, "its counterpart is missing, or it comes twice", &mut mends);
    let bare = bare_reasoning(&items);
    leave_out(&mut items, &bare, "nothing of the model's follows it", &mut mends);
    begin(&mut items, &mut mends);

    let mut body = Json::Object(Vec::new());
    if !repaired.tools.is_empty() {
        let tools = repaired.tools.into_iter().map(|tool| {
            let mut sent =
                Json::object([("type", Json::from("function")), ("name", Json::from(tool.name))]);
            if !tool.description.trim().is_empty() {
                sent.set("description", Json::from(tool.description));
            }
            sent.set("parameters", tool.schema);
            sent.set("strict", Json::Bool(false));
            sent
        });
        body.set("tools", Json::Array(tools.collect()));
    }
    if !prompt.instructions.trim().is_empty() {
        body.set("instructions", Json::from(prompt.instructions.as_str()));
    }
    body.set("input", Json::Array(items.into_iter().map(|(_, item)| item).collect()));
    Request { dialect: Dialect::OpenAiResponses, body, cache_points: Vec::new(), mends }
}

fn say(items: &mut Vec<Item>, turn: Turn<'_>) {
    let number = match turn.origin {
        Origin::Memory(number) => number,
        Origin::File(_) | Origin::Placeholder => 0,
    };
    match turn.speaker {
        Speaker::System => {
            items.push((number, message("developer", Json::from(joined_text(&turn.blocks)))));
        }
        Speaker::User => {
            let mut parts = Vec::new();
            for block in turn.blocks {
                match block {
                    // Content of the message, or an item of its own.
                    Block::Opaque(part) if kind(&part).starts_with("input_") => parts.push(part),
                    Block::Opaque(item) => {
                        if !parts.is_empty() {
                            let parts = Json::Array(std::mem::take(&mut parts));
                            items.push((number, message("user", parts)));
                        }
                        items.push((number, item));
                    }
                    block => parts.extend(part(block)),
                }
            }
            if !parts.is_empty() {
                items.push((number, message("user", Json::Array(parts))));
            }
        }
        Speaker::Assistant => {
            for block in turn.blocks {
                let item = match block {
                    Block::Text(text) => message("assistant", Json::from(text)),
                    Block::Call { id, name, written, .. } => Json::object([
                        ("type", Json::from("function_call")),
                        ("call_id", Json::from(id)),
                        ("name", Json::from(name)),
                        ("arguments", Json::from(written.into_owned())),
                    ]),
                    Block::Opaque(item) => item,
                    Block::Thinking { .. } | Block::Media { .. } => continue,
                };
                items.push((number, item));
            }
        }
        Speaker::Result { call, .. } => {
            let output = if turn.blocks.iter().any(|block| matches!(block, Block::Media { .. })) {
                Json::Array(turn.blocks.into_iter().filter_map(part).collect())
            } else {
                Json::from(joined_text(&turn.blocks))
            };
            let item = Json::object([
                ("type", Json::from("function_call_output")),
                ("call_id", Json::from(call)),
                ("output", output),
            ]);
            items.push((number, item));
        }
    }
}

fn message(role: &str, content: Json) -> Json {
    Json::object([
        ("type", Json::from("message")),
        ("role", Json::from(role)),
        ("content", content),
    ])
}

fn part(block: Block<'_>) -> Option<Json> {
    match block {
        Block::Text(text) => {
            Some(Json::object([("type", Json::from("input_text")), ("text", Json::from(text))]))
        }
        Block::Media { media_type, bytes } => Some(medium(media_type, bytes)),
        Block::Thinking { .. } | Block::Call { .. } | Block::Opaque(_) => None,
    }
}

fn medium(media_type: &str, bytes: &[u8]) -> Json {
    let data = Json::from(data_url(media_type, bytes));
    match Dialect::OpenAiResponses.form(media_type, Spot::User) {
        Some(Form::Document) => Json::object([
            ("type", Json::from("input_file")),
            ("filename", Json::from("document.pdf")),
            ("file_data", data),
        ]),
        _ => Json::object([
            ("type", Json::from("input_image")),
            ("detail", Json::from("auto")),
            ("image_url", data),
        ]),
    }
}

fn leave_out(items: &mut Vec<Item>, places: &HashSet<usize>, why: &str, mends: &mut Vec<Mend>) {
    let mut at = 0;
    items.retain(|(memory, item)| {
        let keep = !places.contains(&at);
        at += 1;
        if !keep {
            let what = format!("a {} item left out: {why}", kind(item));
            mends.push(Mend { memory: *memory, what });
        }
        keep
    });
}

/// Puts a user's message in where all that was said was left out.
fn begin(items: &mut Vec<Item>, mends: &mut Vec<Mend>) {
    let is_host = |item: &Json| item.get("role").and_then(Json::as_str) == Some("developer");
    if items.iter().any(|(_, item)| !is_host(item)) {
        return;
    }
    let text = Json::object([("type", Json::from("input_text")), ("text", Json::from(BEGINNING))]);
    items.push((0, message("user", Json::Array(vec![text]))));
    mends.push(Mend { memory: 0, what: BEGUN.to_owned() });
}

/// Returns the places of opaque calls without an output, of outputs without an earlier call, and
/// of what has an id that was used before: its call's, or its own.
fn lone_items(items: &[Item]) -> HashSet<usize> {
    let mut lone = HashSet::new();
    let mut open: HashMap<CallKey, usize> = HashMap::new();
    let mut seen = HashSet::new();
    let mut own = HashSet::new();
    for (at, (_, item)) in items.iter().enumerate() {
        let id = item.get("id").and_then(Json::as_str).unwrap_or("");
        if !id.is_empty() && !own.insert(id) {
            lone.insert(at);
            continue;
        }
        let is_lone = match half(item) {
            Some(Half::Output(key)) => open.remove(&key).is_none(),
            Some(Half::Call(key)) => {
                let is_new = seen.insert(key.1.clone());
                if is_new {
                    open.insert(key, at);
                }
                !is_new
            }
            None => NEEDS_OUTPUT.contains(&kind(item)),
        };
        if is_lone {
            lone.insert(at);
        }
    }
    lone.extend(open.into_values());
    lone
}

/// Opaque calls of tools that the host runs: without a `call_id` no output can answer them.
const NEEDS_OUTPUT: [&str; 5] =
    ["computer_call", "local_shell_call", "shell_call", "apply_patch_call", "custom_tool_call"];

/// Returns the places of reasoning that nothing of the model's follows.
fn bare_reasoning(items: &[Item]) -> HashSet<usize> {
    let mut bare = HashSet::new();
    let mut followed = false;
    for (at, (_, item)) in items.iter().enumerate().rev() {
        followed = match kind(item) {
            "reasoning" if !followed => {
                bare.insert(at);
                false
            }
            "reasoning" => true,
            "message" => item.get("role").and_then(Json::as_str) == Some("assistant"),
            kind => kind.ends_with("_call"),
        };
    }
    bare
}

fn kind(item: &Json) -> &str {
    item.get("type").and_then(Json::as_str).unwrap_or("")
}
