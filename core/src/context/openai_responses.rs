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

use super::dialect::{Dialect, Form};
use super::fields::add;
use super::media::data_url;
use super::name::digits;
use super::pair::{CallKey, Half, half};
use super::prompt::Prompt;
use super::repair::{BEGINNING, BEGUN, repair};
use super::request::{Mend, Request};
use super::spot::Spot;
use super::turn::{Block, Speaker, Turn, into_text};
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
    let mut ids = Ids::default();
    for turn in repaired.turns {
        say(&mut items, turn, &mut ids);
    }
    let lone = lone_items(&items);
    leave_out(&mut items, &lone, "its counterpart is missing, or it comes twice", &mut mends);
    let bare = bare_reasoning(&items);
    leave_out(&mut items, &bare, "nothing of the model's follows it", &mut mends);
    begin(&mut items, &mut mends);

    let mut body = Json::Object(Vec::new());
    if !repaired.tools.is_empty() {
        let tools = repaired.tools.into_iter().map(|tool| {
            if let Some(own) = tool.own {
                return own;
            }
            let mut sent =
                Json::object([("type", Json::from("function")), ("name", Json::from(tool.name))]);
            if !tool.description.trim().is_empty() {
                sent.set("description", Json::from(tool.description));
            }
            sent.set("parameters", tool.schema);
            sent.set("strict", Json::Bool(false));
            add(&mut sent, tool.beside);
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

fn say(items: &mut Vec<Item>, turn: Turn<'_>, ids: &mut Ids) {
    let number = turn.origin.memory();
    match turn.speaker {
        Speaker::System => {
            items.push((number, message("developer", Json::from(into_text(turn.blocks)))));
        }
        Speaker::User => {
            let mut parts = Vec::new();
            let mut fields = None;
            for block in turn.blocks {
                match block {
                    Block::Fields(found) => fields = Some(found),
                    // Content of the message, or an item of its own.
                    Block::Opaque(part) if kind(&part).starts_with("input_") => {
                        parts.push(detailed(part));
                    }
                    Block::Opaque(item) => {
                        if !parts.is_empty() {
                            let parts = Json::Array(std::mem::take(&mut parts));
                            items.push((number, message("user", parts)));
                        }
                        items.push((number, item));
                    }
                    block => parts.extend(part(block).map(|part| with(part, fields.take()))),
                }
            }
            if !parts.is_empty() {
                items.push((number, message("user", Json::Array(parts))));
            }
        }
        Speaker::Assistant => {
            let mut said = Said { number, header: None, left: 0, content: Vec::new() };
            let mut fields = None;
            for block in turn.blocks {
                let mut item = match block {
                    Block::Fields(found) => {
                        fields = Some(found);
                        continue;
                    }
                    Block::Text(text) => {
                        said.text(items, text, fields.take());
                        said.count(items, ids);
                        continue;
                    }
                    Block::Opaque(block) if kind(&block) == "refusal" => {
                        said.content.push(block);
                        said.count(items, ids);
                        continue;
                    }
                    Block::Opaque(block) if kind(&block) == "message" => {
                        said.end(items, ids);
                        said.left = block.get("parts").and_then(Json::as_u64).unwrap_or(0);
                        said.header = Some(block);
                        continue;
                    }
                    Block::Call { id, name, written, .. } => Json::object([
                        ("type", Json::from("function_call")),
                        ("call_id", Json::from(id)),
                        ("name", Json::from(name)),
                        ("arguments", Json::from(written.into_owned())),
                    ]),
                    Block::Opaque(item) => item,
                    Block::Thinking { .. } | Block::Media { .. } => continue,
                };
                said.end(items, ids);
                add(&mut item, fields.take());
                items.push((number, item));
            }
            said.end(items, ids);
        }
        Speaker::Result { call, fields, .. } => {
            let of_parts =
                |block: &Block<'_>| matches!(block, Block::Media { .. } | Block::Opaque(_));
            let output = if turn.blocks.iter().any(of_parts) {
                let (mut parts, mut fields) = (Vec::new(), None);
                for block in turn.blocks {
                    match block {
                        Block::Fields(found) => fields = Some(found),
                        Block::Opaque(part) => parts.push(detailed(part)),
                        block => parts.extend(part(block).map(|part| with(part, fields.take()))),
                    }
                }
                Json::Array(parts)
            } else {
                Json::from(into_text(turn.blocks))
            };
            let mut item = Json::object([
                ("type", Json::from("function_call_output")),
                ("call_id", Json::from(call)),
                ("output", output),
            ]);
            add(&mut item, fields);
            items.push((number, item));
        }
    }
}

/// A message of the model's on its way: what its texts have in common, and its parts.
struct Said {
    number: u64,
    header: Option<Json>,
    /// How many of its parts are still to come, where that is known.
    left: u64,
    content: Vec<Json>,
}

impl Said {
    /// Takes a text: a message of its own, unless there is something that only parts can say.
    fn text(&mut self, items: &mut Vec<Item>, text: String, fields: Option<Json>) {
        if self.header.is_none() && self.content.is_empty() && fields.is_none() {
            items.push((self.number, message("assistant", Json::from(text))));
            return;
        }
        let mut part = Json::object([
            ("type", Json::from("output_text")),
            ("text", Json::from(text)),
            ("annotations", Json::Array(Vec::new())),
        ]);
        add(&mut part, fields);
        self.content.push(part);
    }

    /// Ends the message behind its last part.
    fn count(&mut self, items: &mut Vec<Item>, ids: &mut Ids) {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 && self.header.is_some() {
            self.end(items, ids);
        }
    }

    /// Ends the message, which needs an id and a status if it has parts.
    fn end(&mut self, items: &mut Vec<Item>, ids: &mut Ids) {
        let (header, content) = (self.header.take(), std::mem::take(&mut self.content));
        if content.is_empty() {
            return;
        }
        let of = |key: &str| header.as_ref().and_then(|header| header.get(key)).cloned();
        let plain = |part: &Json| {
            kind(part) == "output_text"
                && part.get("logprobs").is_none()
                && part.get("annotations").and_then(Json::as_array) == Some(&[])
        };
        let text = content.first().filter(|part| content.len() == 1 && plain(part));
        let mut item = match (text.and_then(|part| part.get("text")), of("id")) {
            (Some(text), None) => message("assistant", text.clone()),
            (_, id) => {
                let id = ids.assign(id.as_ref().and_then(Json::as_str), &content, items.len());
                Json::object([
                    ("type", Json::from("message")),
                    ("id", Json::from(id)),
                    ("role", Json::from("assistant")),
                    ("status", of("status").unwrap_or_else(|| Json::from("completed"))),
                    ("content", Json::Array(content)),
                ])
            }
        };
        if let Some(phase) = of("phase") {
            item.set("phase", phase);
        }
        items.push((self.number, item));
    }
}

/// Ids of messages: the API takes those that begin with `msg`, each once.
#[derive(Default)]
struct Ids(HashSet<String>);

impl Ids {
    fn assign(&mut self, id: Option<&str>, content: &[Json], at: usize) -> String {
        const DIGITS: usize = 24;
        if let Some(id) = id.filter(|id| id.starts_with("msg"))
            && self.0.insert(id.to_owned())
        {
            return id.to_owned();
        }
        let seed = format!("{at} {}", Json::Array(content.to_vec()));
        let made = format!("msg_{}", digits(seed.as_bytes(), DIGITS));
        self.0.insert(made.clone());
        made
    }
}

/// An image without the field that the API's types require of it.
fn detailed(mut part: Json) -> Json {
    if kind(&part) == "input_image" && part.get("detail").is_none() {
        part.set("detail", Json::from("auto"));
    }
    part
}

/// Sets the fields of a medium that its type has.
fn with(mut part: Json, fields: Option<Json>) -> Json {
    let known = match kind(&part) {
        "input_image" => "detail",
        "input_file" => "filename",
        _ => return part,
    };
    if let Some(value) = fields.as_ref().and_then(|fields| fields.get(known)) {
        part.set(known, value.clone());
    }
    part
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
        Block::Thinking { .. } | Block::Call { .. } => None,
        Block::Opaque(_) | Block::Fields(_) => None,
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
        // The output of a local shell bears its call's.
        let id = if kind(item).ends_with("_output") { "" } else { text(item, "id") };
        if !id.is_empty() && kind(item) != "item_reference" && !own.insert(id) {
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
            None if kind(item) == "mcp_approval_response" => {
                !own.contains(text(item, "approval_request_id"))
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
            "message" => text(item, "role") == "assistant",
            "mcp_list_tools" | "mcp_approval_request" | "program" => true,
            kind => kind.ends_with("_call"),
        };
    }
    bare
}

fn kind(item: &Json) -> &str {
    text(item, "type")
}

fn text<'a>(item: &'a Json, key: &str) -> &'a str {
    item.get(key).and_then(Json::as_str).unwrap_or("")
}
