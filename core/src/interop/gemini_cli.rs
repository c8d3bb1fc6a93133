//! Chats of Gemini CLI: a document, or lines.
//!
//! The shapes are those of their writer (google-gemini/gemini-cli,
//! `packages/core/src/services/chatRecordingService.ts` and `chatRecordingTypes.ts`): a head with
//! `sessionId` and `projectHash`, and messages. In lines a message that comes again takes the place
//! of what it was, `$rewindTo` takes away the message of that id and all behind it, and `$set` with
//! `messages` replaces all. A message's `toolCalls` hold the calls and, as parts, what came back.

use super::input::Source;
use super::{base, gemini};
use std::collections::HashSet;

use super::Format;
use super::gemini::{Reader, SERVICE};
use super::report::{Place, clip};
use super::transcript::{Entry, Transcript};
use super::value::{is_something, items, leave, owned, text};
use crate::json::Json;
use crate::object::{Body, Memory, ModelCall, Part, Role, Usage, clock};

/// Reads contents of the Gemini API from a document, or a chat of Gemini CLI's from either.
pub(super) fn read(source: Source) -> crate::error::Result<Vec<Transcript>> {
    let found = match source {
        Source::Document(value) if value.get("projectHash").is_some() => Some(chat(&value)),
        Source::Document(value) => gemini::conversation(&value),
        Source::Lines(of) => lines(of),
    };
    let what = "no contents in it";
    Ok(vec![found.ok_or_else(|| base::foreign(Format::Gemini, what))?])
}

const FORMAT: Format = Format::Gemini;

/// Reads a chat that is one document.
pub(super) fn chat(document: &Json) -> Transcript {
    let mut chat = Chat::default();
    chat.replace(items(document, "messages"), |at| Place::Message(at as u64 + 1));
    chat.finish()
}

/// Reads the lines of a chat; none if no line is one of it.
pub(super) fn lines(lines: Vec<(u64, std::result::Result<Json, String>)>) -> Option<Transcript> {
    let mut chat = Chat::default();
    let mut found = false;
    for (number, line) in lines {
        let at = Place::Line(number);
        match line {
            Ok(line) => found |= chat.line(&line, at),
            Err(why) => chat.refused.push((at, why)),
        }
    }
    found.then(|| chat.finish())
}

/// The messages as they stand after the lines so far.
#[derive(Default)]
struct Chat {
    messages: Vec<(Place, Json)>,
    rewound: u64,
    refused: Vec<(Place, String)>,
}

impl Chat {
    fn replace(&mut self, messages: &[Json], at: impl Fn(usize) -> Place) {
        self.messages = messages.iter().enumerate().map(|(n, one)| (at(n), one.clone())).collect();
    }

    /// Takes a line; tells whether it is one of a chat.
    fn line(&mut self, line: &Json, at: Place) -> bool {
        let id_of = |message: &Json| owned(message, "id");
        if let Some(id) = text(line, "$rewindTo") {
            let from = self.messages.iter().position(|(_, message)| id_of(message) == id);
            let gone = self.messages.drain(from.unwrap_or(0)..).count();
            self.rewound += gone as u64;
        } else if let Some(set) = line.get("$set") {
            if let Some(messages) = set.get("messages").and_then(Json::as_array) {
                self.replace(messages, |_| at);
            }
        } else if text(line, "id").is_some() {
            let id = id_of(line);
            match self.messages.iter_mut().find(|(_, message)| id_of(message) == id) {
                Some((_, message)) => *message = line.clone(),
                None => self.messages.push((at, line.clone())),
            }
        } else {
            return line.get("projectHash").is_some();
        }
        true
    }

    fn finish(self) -> Transcript {
        let mut to = Transcript::new(FORMAT);
        for (at, why) in self.refused {
            to.report.refuse(at, why);
        }
        if self.rewound > 0 {
            let why = "the user went back before it, and the chat goes on without";
            to.report.skip_many("message", why, self.rewound);
        }
        // Newer chats have the responses among the messages too.
        let told: HashSet<String> =
            self.messages.iter().flat_map(|(_, it)| responses(it)).collect();
        let mut reader = Reader::default();
        for (at, message) in &self.messages {
            take(&mut to, &mut reader, &told, message, *at);
        }
        to.finish()
    }
}

/// The ids of the calls that a message's content responds to.
fn responses(message: &Json) -> Vec<String> {
    let parts = items(message, "content").iter();
    parts.filter_map(|part| Some(owned(part.get("functionResponse")?, "id"))).collect()
}

fn take(
    to: &mut Transcript,
    reader: &mut Reader,
    told: &HashSet<String>,
    message: &Json,
    at: Place,
) {
    let role = match text(message, "type") {
        Some("user") => Role::User,
        Some("gemini") => Role::Assistant,
        Some(kind @ ("info" | "error" | "warning")) => {
            to.report.skip(kind, "the program said it, not the dialog");
            return;
        }
        kind => {
            let kind = clip(kind.unwrap_or_default());
            to.report.refuse(at, format!("unknown type of message {kind:?}"));
            return;
        }
    };
    let known = [
        "id",
        "timestamp",
        "type",
        "content",
        "displayContent",
        "thoughts",
        "tokens",
        "model",
        "toolCalls",
    ];
    leave(&mut to.report, "message", message, &known);
    let (id, time) = (owned(message, "id"), text(message, "timestamp").and_then(clock::parse));
    let content = message.get("content").filter(|content| is_something(content));
    let said = content.map_or_else(Vec::new, |content| reader.parts(&mut to.report, content, at));
    let (mut own, mut results) = (thoughts(message), Vec::new());
    for (parts, is_result) in said {
        if is_result { &mut results } else { &mut own }.extend(parts);
    }
    let memory = |role, parts| Memory { parts, time, ..Memory::message(role, "") };
    if !results.is_empty() {
        let key = format!("{id}.results");
        to.push(Entry::new(FORMAT, key, at, memory(Role::Tool, results)));
    }
    let in_content: HashSet<String> = own.iter().filter_map(call_id).collect();
    let mut entry = Entry::new(FORMAT, id.clone(), at, memory(role, own));
    let mut answers = Vec::new();
    for (number, call) in items(message, "toolCalls").iter().enumerate() {
        let call_id = match text(call, "id").filter(|id| !id.is_empty()) {
            Some(call_id) => call_id.to_owned(),
            None => format!("{id}-{number}"),
        };
        if !in_content.contains(&call_id) {
            let arguments = call.get("args").map_or_else(|| "{}".to_owned(), Json::to_string);
            let part = Part::Call {
                id: call_id.clone(),
                name: owned(call, "name"),
                arguments: Body::new(arguments),
            };
            // A chat that goes on appends calls to its last message.
            entry.grow(FORMAT, format!("{id}.{call_id}"), at, vec![part]);
        }
        if !told.contains(&call_id)
            && let Some(parts) = result(to, reader, call, &call_id, at)
        {
            let key = format!("{id}.{call_id}.result");
            answers.push(Entry::new(FORMAT, key, at, memory(Role::Tool, parts)));
        }
    }
    entry.call = (role == Role::Assistant).then(|| model_call(message)).flatten();
    if !entry.memory.parts.is_empty() {
        to.push(entry);
    }
    answers.into_iter().for_each(|answer| to.push(answer));
}

fn call_id(part: &Part) -> Option<String> {
    match part {
        Part::Call { id, .. } => Some(id.clone()),
        _ => None,
    }
}

/// The program's summaries of what the model thought.
fn thoughts(message: &Json) -> Vec<Part> {
    let thoughts = items(message, "thoughts").iter().map(|thought| {
        let (subject, words) = (owned(thought, "subject"), owned(thought, "description"));
        let parts = [subject, words];
        let words: Vec<_> = parts.iter().filter(|words| !words.is_empty()).collect();
        words.iter().map(|words| words.as_str()).collect::<Vec<_>>().join(": ")
    });
    let said = thoughts.filter(|words| !words.is_empty());
    said.map(|words| Part::Thinking { text: Body::new(words), signature: Body::new("") }).collect()
}

/// Returns what came back of a call: its parts are responses, or words of the tool's alone.
fn result(
    to: &mut Transcript,
    reader: &mut Reader,
    call: &Json,
    id: &str,
    at: Place,
) -> Option<Vec<Part>> {
    let result = call.get("result").filter(|result| is_something(result))?;
    let failed = matches!(text(call, "status"), Some("error" | "cancelled"));
    let (mut answered, mut beside) = (Vec::new(), Vec::new());
    for (parts, is_result) in reader.parts(&mut to.report, result, at) {
        if is_result { &mut answered } else { &mut beside }.extend(parts);
    }
    let first = answered.iter().position(|part| matches!(part, Part::Result { .. }));
    match first {
        Some(first) => {
            let all = answered.len();
            if let Part::Result { call, error, parts } = &mut answered[first] {
                id.clone_into(call);
                *error |= failed;
                if first + 1 + *parts as usize == all {
                    *parts += beside.len() as u64;
                }
            }
            answered.extend(beside);
            Some(answered)
        }
        None => {
            let parts = beside.len() as u64;
            beside.insert(0, Part::Result { call: id.to_owned(), error: failed, parts });
            Some(beside)
        }
    }
}

fn model_call(message: &Json) -> Option<ModelCall> {
    let model = text(message, "model").filter(|model| !model.is_empty())?;
    let count = |key: &str| message.get("tokens")?.get(key)?.as_u64();
    let (cached, thoughts) = (count("cached"), count("thoughts"));
    Some(ModelCall {
        provider: SERVICE.to_owned(),
        usage: Usage {
            input: count("input").map(|all| all.saturating_sub(cached.unwrap_or(0))),
            output: count("output").map(|output| output.saturating_add(thoughts.unwrap_or(0))),
            cache_read: cached,
            cache_write: None,
            reasoning: thoughts,
        },
        ..ModelCall::new(model)
    })
}
