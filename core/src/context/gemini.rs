//! Gemini: `generateContent` of the Gemini API.
//!
//! Rules, from the API reference, the guides on function calling and thought signatures, Gemini CLI, and
//! the errors that users report:
//! * `contents` alternate between `user` and `model`, the first is a user's; what one says in a row is
//!   one content.
//! * The responses to all function calls of a content are the first parts of the next, as many as the
//!   calls and in their order. Media of a result are parts behind them, unless they came in a response.
//! * A call's `id` is optional; calls that came without one go back without.
//! * A `thoughtSignature` stays in the part that it came with, on the call or text behind it here.
//! * `response` is an object: `output` holds what the tool said, `error` what a failed one did.
//! * Schemas go out as `parametersJsonSchema`, for `parameters` takes no whole JSON schema.
//! * System turns at the head go to `systemInstruction`; later ones become marked texts of the user's.
//! * Newer models refuse a last content of the model's: it is told, or a user's text put behind it.

use std::collections::HashMap;

use super::dialect::Dialect;
use super::fields::add;
use super::media::base64;
use super::prompt::Prompt;
use super::repair::repair;
use super::request::{GO_ON, Mend, RenderOptions, Request, ended};
use super::turn::{Block, SYSTEM_MARK, SentTool, Speaker, Turn, into_text, take_head};
use crate::json::Json;

/// Begins the ids of calls that came without one; they go out without.
pub(crate) const NO_ID: &str = "gemini-call-";

struct Content {
    model: bool,
    /// Each with the memory it is from.
    parts: Vec<(u64, Json)>,
}

pub(super) fn render(prompt: &Prompt, options: &RenderOptions) -> Request {
    let repaired = repair(prompt, Dialect::Gemini);
    let mut mends = repaired.mends;
    let mut turns = repaired.turns;
    let head = take_head(prompt, &mut turns);
    let system: Vec<Json> = head.into_iter().map(text_part).collect();

    let mut contents: Vec<Content> = Vec::new();
    let mut names = HashMap::new();
    for turn in turns {
        say(&mut contents, turn, &mut names);
    }
    if let Some(last) = contents.last().filter(|last| last.model) {
        let memory = last.parts.last().map_or(0, |(memory, _)| *memory);
        mends.push(Mend { memory, what: ended(options).to_owned() });
        if options.end_with_user {
            contents.push(Content { model: false, parts: vec![(0, text_part(GO_ON.to_owned()))] });
        }
    }

    let mut body = Json::Object(Vec::new());
    let tools = tools(repaired.tools);
    if !tools.is_empty() {
        body.set("tools", Json::Array(tools));
    }
    if !system.is_empty() {
        body.set("systemInstruction", Json::object([("parts", Json::Array(system))]));
    }
    body.set("contents", Json::Array(contents.into_iter().map(Content::into_json).collect()));
    Request { dialect: Dialect::Gemini, body, cache_points: Vec::new(), mends }
}

impl Content {
    fn into_json(self) -> Json {
        let role = if self.model { "model" } else { "user" };
        let parts = self.parts.into_iter().map(|(_, part)| part).collect();
        Json::object([("role", Json::from(role)), ("parts", Json::Array(parts))])
    }
}

/// The functions are one tool, each tool of the provider's its own.
fn tools(sent: Vec<SentTool<'_>>) -> Vec<Json> {
    let (mut declared, mut own) = (Vec::new(), Vec::new());
    for tool in sent {
        if let Some(tool) = tool.own {
            own.push(tool);
            continue;
        }
        let mut function = Json::object([("name", Json::from(tool.name))]);
        if !tool.description.trim().is_empty() {
            function.set("description", Json::from(tool.description));
        }
        function.set("parametersJsonSchema", tool.schema);
        add(&mut function, tool.beside);
        declared.push(function);
    }
    let functions = (!declared.is_empty())
        .then(|| Json::object([("functionDeclarations", Json::Array(declared))]));
    functions.into_iter().chain(own).collect()
}

/// Puts a turn at the end: into the last content where that is of the same role.
fn say(contents: &mut Vec<Content>, turn: Turn<'_>, names: &mut HashMap<String, String>) {
    let model = turn.speaker == Speaker::Assistant;
    let number = turn.origin.memory();
    let parts = match turn.speaker {
        Speaker::System => {
            vec![text_part(SYSTEM_MARK.to_owned() + &into_text(turn.blocks))]
        }
        Speaker::User | Speaker::Assistant => parts(turn.blocks, names),
        Speaker::Result { call, error, fields } => {
            vec![response(&call, error, fields, turn.blocks, names)]
        }
    };
    let parts = parts.into_iter().map(|part| (number, part));
    match contents.last_mut() {
        Some(last) if last.model == model => last.parts.extend(parts),
        _ => contents.push(Content { model, parts: parts.collect() }),
    }
}

fn text_part(text: String) -> Json {
    Json::object([("text", Json::from(text))])
}

fn parts(blocks: Vec<Block<'_>>, names: &mut HashMap<String, String>) -> Vec<Json> {
    let mut parts = Vec::new();
    let mut fields = None;
    for block in blocks {
        let mut part = match block {
            Block::Fields(found) => {
                fields = Some(found);
                continue;
            }
            Block::Text(text) => text_part(text),
            Block::Thinking { text, .. } => text_part(text.to_owned()),
            Block::Call { id, name, arguments, .. } => {
                let mut call = Json::Object(Vec::new());
                set_id(&mut call, &id);
                call.set("name", Json::from(name.as_str()));
                call.set("args", arguments);
                names.insert(id, name);
                Json::object([("functionCall", call)])
            }
            Block::Media { media_type, bytes } => medium(media_type, bytes),
            Block::Opaque(part) => part,
        };
        add(&mut part, fields.take());
        parts.push(part);
    }
    parts
}

fn set_id(to: &mut Json, id: &str) {
    if !id.starts_with(NO_ID) {
        to.set("id", Json::from(id));
    }
}

fn medium(media_type: &str, bytes: &[u8]) -> Json {
    let data = [("mimeType", Json::from(media_type)), ("data", Json::from(base64(bytes)))];
    Json::object([("inlineData", Json::object(data))])
}

/// Writes the response to a call.
///
/// The field `response` says that the tool returned an object, `parts` that its media were in the
/// response; both are ours, the others the API's.
fn response(
    call: &str,
    error: bool,
    fields: Option<Json>,
    blocks: Vec<Block<'_>>,
    names: &HashMap<String, String>,
) -> Json {
    let (texts, others): (Vec<_>, Vec<_>) =
        blocks.into_iter().partition(|block| matches!(block, Block::Text(_)));
    let text = into_text(texts);
    let media: Vec<Json> = others
        .into_iter()
        .filter_map(|block| match block {
            Block::Media { media_type, bytes } => Some(medium(media_type, bytes)),
            Block::Opaque(part) => Some(part),
            _ => None,
        })
        .collect();
    let marked = |key: &str| fields.as_ref().is_some_and(|fields| fields.get(key).is_some());
    let object =
        Json::parse(&text).ok().filter(|it| marked("response") && it.as_object().is_some());
    let said = object.unwrap_or_else(|| {
        let key = if error { "error" } else { "output" };
        Json::object([(key, Json::from(text))])
    });
    let mut response = Json::Object(Vec::new());
    set_id(&mut response, call);
    response.set("name", Json::from(names.get(call).map_or("", String::as_str)));
    response.set("response", said);
    if !media.is_empty() {
        response.set("parts", Json::Array(media));
    }
    for key in ["willContinue", "scheduling"] {
        if let Some(value) = fields.as_ref().and_then(|fields| fields.get(key)) {
            response.set(key, value.clone());
        }
    }
    Json::object([("functionResponse", response)])
}
