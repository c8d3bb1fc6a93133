//! Messages of OpenAI's Chat Completions: lists, request and response bodies, lists and lines of
//! conversations.

use super::input::Source;
use super::report::{Place, Report, clip};
use super::transcript::{Entry, Keys, Transcript};
use super::understood::left;
use super::value::{
    beside, data_url, is_pdf, is_something, items, leave, media, only, opaque, owned, text,
    undecoded,
};
use super::{Format, base};
use crate::context::{Dialect, Target};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::object::{Body, Memory, ModelCall, Part, Role, Usage};

/// Whose opaque blocks these are: the dialect that takes them back.
pub(super) const PROVIDER: &str = "openai-chat";
const DIALECT: Dialect = Dialect::OpenAiChat;
/// Who serves the models.
pub(super) const SERVICE: &str = "openai";

/// Fields of a message that are taken, or say nothing of what is in it.
const KNOWN: [&str; 17] = [
    "role",
    "content",
    "name",
    "reasoning_content",
    "reasoning",
    "reasoning_details",
    "refusal",
    "audio",
    "tool_calls",
    "tool_call_id",
    "function_call",
    "annotations",
    "metadata",
    "usage",
    "provider_specific_fields",
    "thinking_blocks",
    "extra",
];

/// Fields of a response that are taken, or say nothing of what is in it.
const RESPONSE: [&str; 8] =
    ["id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier"];

/// Reads a document, or a document a line.
pub(super) fn read(source: Source) -> Result<Vec<Transcript>> {
    let found = match source {
        Source::Document(value) => conversations(&value),
        Source::Lines(items) => lines(items),
    };
    if found.is_empty() {
        return Err(base::foreign(Format::OpenAiChat, "no messages in it"));
    }
    Ok(found)
}

/// Takes lines that are conversations, or messages of one.
fn lines(lines: Vec<(u64, std::result::Result<Json, String>)>) -> Vec<Transcript> {
    let (mut items, mut bad) = (Vec::new(), Vec::new());
    for (at, (number, line)) in (1..).zip(lines) {
        match line {
            Ok(value) => items.push((at, value)),
            Err(why) => bad.push((Place::Line(number), why)),
        }
    }
    let mut found = if items.iter().any(|(_, item)| speaks(item)) {
        let messages = items.iter().map(|(at, message)| (*at, message));
        vec![conversation("", &Json::Null, messages)]
    } else {
        several(items.iter().map(|(at, item)| (*at, item)))
    };
    if let Some(first) = found.first_mut() {
        for (at, why) in bad {
            first.report.refuse(at, why);
        }
    }
    found
}

/// Returns the conversations of a value: one, or those of a list, named by their numbers.
pub(super) fn conversations(value: &Json) -> Vec<Transcript> {
    match messages_of(value) {
        Some(messages) => vec![conversation("", value, (1..).zip(messages))],
        None => several((1..).zip(value.as_array().unwrap_or_default())),
    }
}

/// Returns the conversations of a list.
fn several<'a>(items: impl Iterator<Item = (u64, &'a Json)>) -> Vec<Transcript> {
    let mut found = Vec::new();
    let mut strays = Vec::new();
    for (at, item) in items {
        match messages_of(item) {
            Some(messages) => {
                found.push(conversation(&at.to_string(), item, (1..).zip(messages)));
            }
            None => strays.push(Place::Message(at)),
        }
    }
    if let Some(first) = found.first_mut() {
        for at in strays {
            first.report.refuse(at, "no conversation: neither `messages` nor `traj` in it");
        }
    }
    found
}

fn speaks(item: &Json) -> bool {
    item.get("role").is_some()
}

/// Returns the messages of a list, a body, a response or a recorded conversation.
fn messages_of(value: &Json) -> Option<&[Json]> {
    if let Some(items) = value.as_array() {
        return Some(items).filter(|items| items.iter().any(speaks));
    }
    ["messages", "traj", "choices"].iter().find_map(|key| value.get(key)?.as_array())
}

/// Takes a response's body, and the call that made it; none if it is none.
pub(super) fn response(value: &Json) -> Option<(Transcript, ModelCall)> {
    let choices = value.get("choices").and_then(Json::as_array)?;
    let mut transcript = Transcript::new(Format::OpenAiChat);
    Reader::new("").response(&mut transcript, value, choices.iter());
    leave(&mut transcript.report, "response", value, &RESPONSE);
    let choice = choices.first()?;
    leave(&mut transcript.report, "choice", choice, &["index", "message", "finish_reason"]);
    Some((transcript, call(value, choice)))
}

fn call(response: &Json, choice: &Json) -> ModelCall {
    ModelCall {
        provider: SERVICE.to_owned(),
        response: owned(response, "id"),
        stop: owned(choice, "finish_reason"),
        usage: usage(response.get("usage")),
        ..ModelCall::new(owned(response, "model"))
    }
}

fn conversation<'a>(
    name: &str,
    whole: &Json,
    messages: impl Iterator<Item = (u64, &'a Json)>,
) -> Transcript {
    let mut transcript = Transcript::new(Format::OpenAiChat);
    transcript.name = name.to_owned();
    let prefix = if name.is_empty() { String::new() } else { format!("{name}/") };
    let mut reader = Reader::new(&prefix);
    if whole.get("choices").is_some() && whole.get("messages").is_none() {
        reader.response(&mut transcript, whole, messages.map(|(_, choice)| choice));
        return transcript.finish();
    }
    for (at, message) in messages {
        reader.message(&mut transcript, message, Place::Message(at));
    }
    let functions = items(whole, "functions").iter().map(|function| {
        Json::object([("type", Json::from("function")), ("function", function.clone())])
    });
    transcript.tools = items(whole, "tools").iter().cloned().chain(functions).collect();
    let known = ["messages", "traj", "tools", "functions"];
    leave(&mut transcript.report, "conversation", whole, &known);
    transcript.finish()
}

/// Reads messages in their order, for a `function` answers the last call without an id.
#[derive(Debug, Default)]
pub(super) struct Reader {
    keys: Keys,
    /// Calls of the old form that wait for their result: the function and the id that it was given.
    functions: Vec<(String, String)>,
}

impl Reader {
    /// Begins a dialog, whose keys may have a prefix.
    pub(super) fn new(prefix: &str) -> Self {
        Reader { keys: Keys::new(prefix), ..Reader::default() }
    }

    /// Returns the key of the next message.
    pub(super) fn key(&mut self, message: &Json) -> String {
        self.keys.next(message)
    }

    /// Takes one message: it becomes an entry, the instructions, or a refusal.
    pub(super) fn message(&mut self, to: &mut Transcript, message: &Json, at: Place) {
        let key = self.keys.next(message);
        let role = text(message, "role").unwrap_or_default();
        let is_first = to.entries.is_empty() && to.instructions.is_none();
        if is_first
            && matches!(role, "system" | "developer")
            && let Some(instructions) = plain_text(message.get("content"))
        {
            leave(&mut to.report, "message", message, &["role", "content"]);
            if role == "developer" {
                to.report.mend(at, "the developer's message became the instructions");
            }
            to.instructions = Some(instructions);
            return;
        }
        match self.memory(&mut to.report, message, at) {
            Ok(memory) => {
                let mut entry = Entry::new(Format::OpenAiChat, key, at, memory);
                entry.left = left(message, &KNOWN);
                to.push(entry);
            }
            Err(error) => to.report.refuse(at, error.to_string()),
        }
    }

    /// Makes the memory of a message.
    ///
    /// # Errors
    /// `Invalid`, saying what the message lacks.
    pub(super) fn memory(
        &mut self,
        report: &mut Report,
        message: &Json,
        at: Place,
    ) -> Result<Memory> {
        let invalid = |what: &str| Err(Error::invalid(what));
        if message.as_object().is_none() {
            return invalid("no object");
        }
        let Some(name) = text(message, "role") else {
            return invalid("no role");
        };
        let role = match name {
            "system" | "developer" => Role::System,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "tool" | "function" => Role::Tool,
            other => return Err(Error::invalid(format!("unknown role {:?}", clip(other)))),
        };
        let mut parts = content(report, message.get("content"), at)?;
        let mut known = vec!["role", "content", "name"];
        match name {
            "developer" => report.mend(at, "the developer's message became a system message"),
            "assistant" => {
                parts.splice(0..0, thoughts(message));
                parts.extend(self.calls(report, message, at)?);
                known.extend(["reasoning_content", "reasoning", "refusal", "audio"]);
                known.extend(["tool_calls", "function_call"]);
            }
            "tool" => {
                let Some(call) = text(message, "tool_call_id") else {
                    return invalid("a tool's message without `tool_call_id`");
                };
                parts.insert(0, result(call, parts.len()));
                known.push("tool_call_id");
            }
            "function" => {
                let function = owned(message, "name");
                let waits = self.functions.iter().position(|(name, _)| *name == function);
                let call = match waits {
                    Some(at) => self.functions.remove(at).1,
                    None => format!("function-{function}"),
                };
                report.mend(at, "a function's message became a tool's");
                parts.insert(0, result(&call, parts.len()));
            }
            _ => {}
        }
        leave(report, "message", message, &known);
        let memory = Memory { parts, ..Memory::message(role, "") };
        Ok(memory.with_actor(owned(message, "name")))
    }

    /// Returns what an assistant's message holds beside its content.
    fn calls(&mut self, report: &mut Report, message: &Json, at: Place) -> Result<Vec<Part>> {
        let mut parts = Vec::new();
        for key in ["refusal", "audio"] {
            if let Some(value) = message.get(key).filter(|value| is_something(value)) {
                let block = Json::object([("type", Json::from(key)), (key, value.clone())]);
                parts.push(opaque(PROVIDER, &block));
            }
        }
        for call in items(message, "tool_calls") {
            let Some(id) = text(call, "id") else {
                return Err(Error::invalid("a tool call without `id`"));
            };
            let function = call.get("function");
            let (function, arguments) = match (function, call.get("custom")) {
                (Some(function), _) => (function, "arguments"),
                (None, Some(custom)) => {
                    report.mend(at, format!("the custom call {} became a call", clip(id)));
                    let mark = Json::object([("custom", Json::Bool(true))]);
                    parts.push(opaque(PROVIDER, &mark));
                    (custom, "input")
                }
                (None, None) => return Err(Error::invalid("a tool call without `function`")),
            };
            let arguments = written(function.get(arguments));
            let (id, name) = (id.to_owned(), owned(function, "name"));
            parts.push(Part::Call { id, name, arguments });
            leave(report, "tool call", call, &["id", "type", "function", "custom", "index"]);
        }
        if let Some(function) = message.get("function_call").filter(|call| is_something(call)) {
            let number = self.keys.number();
            let (id, name) = (format!("function-{number}"), owned(function, "name"));
            report.mend(at, format!("a function call without an id was given the id {id}"));
            self.functions.push((name.clone(), id.clone()));
            let arguments = written(function.get("arguments"));
            parts.push(Part::Call { id, name, arguments });
        }
        Ok(parts)
    }

    /// Takes the message of a response's first choice, and the call that made it.
    fn response<'a>(
        &mut self,
        to: &mut Transcript,
        whole: &Json,
        choices: impl Iterator<Item = &'a Json>,
    ) {
        for (at, choice) in choices.enumerate() {
            let place = Place::Message(at as u64 + 1);
            match choice.get("message") {
                Some(message) if at == 0 => {
                    self.message(to, message, place);
                    if let Some(entry) = to.entries.last_mut() {
                        entry.call = Some(call(whole, choice));
                    }
                }
                Some(_) => to.report.skip("choice", "a dialog goes on from the first choice"),
                None => to.report.refuse(place, "a choice without `message`"),
            }
        }
    }
}

/// Returns the counts of a response, its cached tokens taken out of its input.
pub(super) fn usage(usage: Option<&Json>) -> Usage {
    let Some(usage) = usage else { return Usage::default() };
    let detail = |of: &str, key: &str| usage.get(of)?.get(key)?.as_u64();
    let cache_read = detail("prompt_tokens_details", "cached_tokens");
    let prompt = usage.get("prompt_tokens").and_then(Json::as_u64);
    Usage {
        input: prompt.map(|prompt| prompt.saturating_sub(cache_read.unwrap_or(0))),
        output: usage.get("completion_tokens").and_then(Json::as_u64),
        cache_read,
        cache_write: None,
        reasoning: detail("completion_tokens_details", "reasoning_tokens"),
    }
}

fn result(call: &str, parts: usize) -> Part {
    Part::Result { call: call.to_owned(), error: false, parts: parts as u64 }
}

/// Returns the arguments as the model wrote them: a text as it is, an object as its JSON.
pub(super) fn written(arguments: Option<&Json>) -> Body {
    match arguments {
        None | Some(Json::Null) => Body::new(""),
        Some(Json::String(text)) => Body::new(text),
        Some(value) => Body::new(value.to_string()),
    }
}

fn thoughts(message: &Json) -> Option<Part> {
    let thoughts = text(message, "reasoning_content").or_else(|| text(message, "reasoning"));
    let thoughts = thoughts.filter(|thoughts| !thoughts.is_empty())?;
    Some(Part::Thinking { text: Body::new(thoughts), signature: Body::new("") })
}

/// Returns a content that is nothing but text.
fn plain_text(content: Option<&Json>) -> Option<String> {
    match content? {
        Json::String(text) => Some(text.clone()),
        Json::Array(items) if items.len() == 1 => {
            { text(&items[0], "text").filter(|_| text(&items[0], "type") == Some("text")) }
                .map(str::to_owned)
        }
        _ => None,
    }
}

/// Returns the parts of a message's content.
pub(super) fn content(report: &mut Report, content: Option<&Json>, at: Place) -> Result<Vec<Part>> {
    match content {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(Json::String(text)) => Ok(vec![Part::text(text)]),
        Some(Json::Array(items)) => {
            Ok(items.iter().flat_map(|item| content_part(report, item, at)).collect())
        }
        Some(_) => Err(Error::invalid("a content that is neither text nor a list")),
    }
}

/// Makes the part of an item, behind what its provider has beside it.
fn content_part(report: &mut Report, item: &Json, at: Place) -> Vec<Part> {
    let kind = text(item, "type").unwrap_or_default();
    let inner = item.get(kind);
    let mut before = None;
    let part = match (kind, item, inner) {
        (_, Json::String(text), _) => Part::text(text),
        ("text", _, Some(Json::String(text))) => {
            leave(report, "text", item, &["type", "text"]);
            Part::text(text)
        }
        ("image_url", _, Some(image)) if only(image, &["url", "detail"]) => {
            let url = text(image, "url").unwrap_or_default();
            match data_url(url) {
                Some(media) => {
                    before = beside(report, DIALECT, Target::Media, "image", image, &["url"]);
                    media
                }
                None => {
                    if url.starts_with("data:") {
                        undecoded(report, at, "image");
                    }
                    opaque(PROVIDER, item)
                }
            }
        }
        ("input_audio", _, Some(audio)) if only(audio, &["data", "format"]) => {
            let media_type = match text(audio, "format") {
                Some("wav") => Some("audio/wav"),
                Some("mp3") => Some("audio/mpeg"),
                _ => None,
            };
            let data = text(audio, "data").unwrap_or_default();
            let decoded = media_type.and_then(|media_type| media(media_type, data));
            decoded.unwrap_or_else(|| {
                undecoded(report, at, "audio");
                opaque(PROVIDER, item)
            })
        }
        ("file", _, Some(file)) if only(file, &["file_data", "filename"]) => {
            let url = text(file, "file_data").unwrap_or_default();
            match data_url(url).filter(|_| is_pdf(url)) {
                Some(media) => {
                    let known = ["file_data"];
                    before = beside(report, DIALECT, Target::Media, "file", file, &known);
                    media
                }
                None => opaque(PROVIDER, item),
            }
        }
        _ => opaque(PROVIDER, item),
    };
    before.into_iter().chain([part]).collect()
}
