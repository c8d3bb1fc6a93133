//! The JSON lines of Copilot CLI's sessions, `events.jsonl`. Events as in `github/copilot-sdk`,
//! `nodejs/src/generated/session-events.ts`.
//!
//! What a sub-agent does bears its name, or that of the call that began it, and is a dialog of its
//! own.

use std::collections::HashMap;
use std::io::BufRead;

use super::dialog::{Dialog, Told, memory, result};
use super::input::Lines;
use super::openai_chat::written;
use super::report::{Place, clip};
use super::transcript::Transcript;
use super::value::{count, is_something, items, media, opaque, owned, text, thinking, time};
use super::{Format, base};
use crate::error::Result;
use crate::json::Json;
use crate::object::{Memory, ModelCall, Part, Role, Usage};

const FORMAT: Format = Format::Copilot;
const PROVIDER: &str = "copilot";

/// Reads lines: the main dialog first, then each sub-agent's.
pub(super) fn read(input: impl BufRead) -> Result<Vec<Transcript>> {
    let mut reader = Reader { dialogs: vec![Dialog::new(FORMAT, "")], ..Reader::default() };
    let mut lines = Lines::new(input);
    while let Some(line) = lines.next()? {
        let at = Place::Line(line.number);
        match line.json() {
            Ok(event) => reader.event(&event, at),
            Err(why) => reader.dialogs[0].report().refuse(at, why),
        }
    }
    match reader.found {
        true => Ok(reader.dialogs.into_iter().map(|dialog| dialog.finish(false)).collect()),
        false => Err(base::foreign(FORMAT, "no event with `type` and `data` in it")),
    }
}

#[derive(Default)]
struct Reader {
    /// The main one, then those of sub-agents.
    dialogs: Vec<Dialog>,
    agents: HashMap<String, usize>,
    model: String,
    found: bool,
}

impl Reader {
    fn event(&mut self, event: &Json, at: Place) {
        let (Some(kind), Some(data)) = (text(event, "type"), event.get("data")) else {
            return self.dialogs[0].report().refuse(at, "no object with `type` and `data`");
        };
        self.found = true;
        let agent = text(event, "agentId").or_else(|| text(data, "parentToolCallId"));
        let number = self.number_of(agent.filter(|agent| !agent.is_empty()));
        if let Some(model) = ["selectedModel", "newModel"].iter().find_map(|key| text(data, key)) {
            model.clone_into(&mut self.model);
        }
        let dialog = &mut self.dialogs[number];
        let id = text(event, "id");
        let key = dialog.key(id, event);
        if dialog.repeats(&key) {
            return;
        }
        let told = Told { key, at, time: time(event, "timestamp") };
        match kind {
            "user.message" => user(dialog, told, data),
            "assistant.message" => assistant(dialog, told, data, &self.model),
            "system.message" => dialog.instruct(told, text(data, "content").unwrap_or_default()),
            "tool.execution_complete" => outcome(dialog, told, data),
            "skill.invoked" | "system.notification" => {
                let actor = text(data, "name").unwrap_or("copilot").to_owned();
                dialog.say(told, Memory::note(owned(data, "content")).with_actor(actor), None);
            }
            "session.compaction_complete" => match text(data, "summaryContent") {
                Some(summary) if !summary.trim().is_empty() => {
                    dialog.summarize(told, Memory::user(summary));
                }
                _ => dialog.report().skip(kind, "has no summary; the dialog is kept whole"),
            },
            "session.context_cleared" => {
                dialog.hang_on(None, at);
                dialog.report().mend(at, "the context was cleared");
            }
            "session.snapshot_rewind" => {
                let back = text(data, "upToEventId").unwrap_or_default();
                if !dialog.go_back_before(back) {
                    let what = format!("a rewind to {}, which is not there", clip(back));
                    dialog.report().mend(at, what);
                }
            }
            "tool.execution_start" => dialog.report().skip(kind, "the message has the call"),
            _ => dialog.report().skip(kind, "tells how the session was getting on"),
        }
        if let Some(id) = id {
            dialog.name(id);
        }
    }

    fn number_of(&mut self, agent: Option<&str>) -> usize {
        let Some(agent) = agent else { return 0 };
        *self.agents.entry(agent.to_owned()).or_insert_with(|| {
            self.dialogs.push(Dialog::new(FORMAT, agent));
            self.dialogs.len() - 1
        })
    }
}

fn user(dialog: &mut Dialog, told: Told, data: &Json) {
    let mut parts = vec![Part::text(owned(data, "content"))];
    for attachment in items(data, "attachments") {
        let decoded = text(attachment, "mimeType").zip(text(attachment, "data"));
        match decoded.and_then(|(kind, data)| media(kind, data)) {
            Some(media) => parts.push(media),
            None => {
                let kind = text(attachment, "type").unwrap_or_default();
                let what = format!("attachment {}", clip(kind));
                dialog.report().skip(&what, "its bytes are not in the file");
            }
        }
    }
    if text(data, "transformedContent").is_some_and(|sent| Some(sent) != text(data, "content")) {
        dialog.report().skip("transformedContent", "what copilot puts around the user's words");
    }
    dialog.say(told, memory(Role::User, parts), None);
}

fn assistant(dialog: &mut Dialog, told: Told, data: &Json, model: &str) {
    let mut parts: Vec<Part> = thinking(&owned(data, "reasoningText"), "").into_iter().collect();
    let sealed = ["reasoningOpaque", "encryptedContent"];
    if sealed.iter().any(|key| data.get(key).is_some_and(is_something)) {
        dialog.report().skip("sealed reasoning", "only copilot's own service takes it back");
    }
    let words = text(data, "content").filter(|words| !words.is_empty());
    parts.extend(words.map(Part::text));
    for request in items(data, "toolRequests") {
        let (id, name) = (owned(request, "toolCallId"), owned(request, "name"));
        let arguments = match request.get("arguments") {
            // A tool of free text.
            Some(Json::String(input)) if Json::parse(input).is_err() => {
                written(Some(&Json::object([("input", Json::from(input.as_str()))])))
            }
            arguments => written(arguments),
        };
        parts.push(Part::Call { id, name, arguments });
    }
    if parts.is_empty() && words_only(data) {
        return dialog.report().skip("assistant.message", "says and calls nothing");
    }
    let call = ModelCall {
        response: owned(data, "apiCallId"),
        request: owned(data, "requestId"),
        usage: Usage { output: count(data, "outputTokens"), ..Usage::default() },
        ..ModelCall::new(text(data, "model").unwrap_or(model))
    };
    dialog.say(told, memory(Role::Assistant, parts), Some(call));
}

/// Tells whether a message has a content at all, be it blank.
fn words_only(data: &Json) -> bool {
    data.get("content").is_some()
}

fn outcome(dialog: &mut Dialog, told: Told, data: &Json) {
    let failed = data.get("success").and_then(Json::as_bool) == Some(false);
    let found = data.get("result");
    let error = data.get("error").and_then(|error| text(error, "message").or(error.as_str()));
    let words = match found.and_then(|found| text(found, "content").or(found.as_str())) {
        Some(words) => Some(words.to_owned()),
        None => error.map(str::to_owned).or_else(|| found.map(Json::to_string)),
    };
    let mut parts: Vec<Part> = words.into_iter().map(Part::text).collect();
    for block in found.map_or(&[][..], |found| items(found, "binaryResultsForLlm")) {
        let decoded = text(block, "mimeType").zip(text(block, "data"));
        let decoded = decoded.and_then(|(kind, data)| media(kind, data));
        parts.push(decoded.unwrap_or_else(|| opaque(PROVIDER, block)));
    }
    if data.get("isUserRequested").and_then(Json::as_bool) == Some(true) {
        let kind = crate::object::MemoryKind::Note;
        dialog.say(told, memory(Role::User, parts).with_kind(kind), None);
        return;
    }
    let Some(call) = text(data, "toolCallId") else {
        return dialog.report().refuse(told.at, "a result without `toolCallId`");
    };
    dialog.say(told, result(call, failed, parts), None);
}
