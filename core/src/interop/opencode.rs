//! What `opencode export` writes: `info` of a session, and messages with their parts. Fields as in
//! `sst/opencode`, `packages/opencode/src/session/message-v2.ts`, and which of them a model sees as
//! in its `toModelMessages`.
//!
//! A message of the assistant holds the results of its calls, and with several steps several model
//! calls: each step becomes a memory, each result one of its own.

use super::dialog::{Dialog, Told, memory, result};
use super::openai_chat::written;
use super::report::{Place, clip};
use super::transcript::Transcript;
use super::value::{
    count, data_url, image_at, is_something, items, opaque, owned, text, thinking, time,
};
use super::{Format, base};
use crate::error::Result;
use crate::json::Json;
use crate::object::{Memory, ModelCall, Part, Role, Timestamp, Usage};

const FORMAT: Format = Format::OpenCode;
const PROVIDER: &str = "opencode";

/// Reads a document.
pub(super) fn read(document: &str) -> Result<Vec<Transcript>> {
    let value = Json::parse(document)?;
    let Some(messages) = value.get("messages").and_then(Json::as_array) else {
        return Err(base::foreign(FORMAT, "no `messages` in it"));
    };
    let mut dialog = Dialog::new(FORMAT, "");
    for (at, message) in (1..).zip(messages) {
        take(&mut dialog, message, Place::Message(at));
    }
    let revert = value.get("info").and_then(|info| info.get("revert"));
    if let Some(id) = revert.and_then(|revert| text(revert, "messageID")) {
        dialog.go_back_before(id);
    }
    Ok(vec![dialog.finish(true)])
}

fn take(dialog: &mut Dialog, message: &Json, at: Place) {
    let info = message.get("info").unwrap_or(&Json::Null);
    let key = dialog.key(text(info, "id"), message);
    if dialog.repeats(&key) {
        return;
    }
    let when = info.get("time").and_then(|times| time(times, "created"));
    let told = Told { key: key.clone(), at, time: when };
    let parts = items(message, "parts");
    match text(info, "role") {
        Some("user") => {
            if let Some(system) = text(info, "system").filter(|text| !text.is_empty()) {
                let key = format!("{key}.system");
                dialog.instruct(Told { key, at, time: when }, system);
            }
            user(dialog, told, parts);
        }
        Some("assistant") if info.get("summary").and_then(Json::as_bool) == Some(true) => {
            let words = parts.iter().filter(|part| text(part, "type") == Some("text"));
            let words: Vec<_> = words.filter_map(|part| text(part, "text")).collect();
            dialog.summarize(told, Memory::user(words.join("\n\n")));
        }
        Some("assistant") => assistant(dialog, told, info, parts),
        other => {
            let what = format!("unknown role {:?}", clip(other.unwrap_or_default()));
            dialog.report().refuse(at, what);
        }
    }
    if let Some(id) = text(info, "id") {
        dialog.name(id);
    }
}

fn user(dialog: &mut Dialog, told: Told, parts: &[Json]) {
    let mut said = Vec::new();
    for part in parts {
        let kind = text(part, "type").unwrap_or_default();
        let flag = |key: &str| part.get(key).and_then(Json::as_bool) == Some(true);
        match kind {
            "text" if flag("ignored") => dialog.report().skip("text", "shown to no model"),
            "text" => said.push(Part::text(owned(part, "text"))),
            "file" => said.extend(file(dialog, part)),
            "subtask" => said.push(Part::text(owned(part, "prompt"))),
            "compaction" => {
                return dialog.report().skip("compaction", "asks for the summary behind it");
            }
            "agent" => dialog.report().skip("agent", "a name that the text mentions"),
            _ => said.push(opaque(PROVIDER, part)),
        }
    }
    dialog.say(told, memory(Role::User, said), None);
}

/// Takes the steps of a response: what the model did in each, then what its tools gave back.
fn assistant(dialog: &mut Dialog, told: Told, info: &Json, parts: &[Json]) {
    let steps = steps(parts);
    if steps.is_empty() {
        dialog.report().skip("response", "has no parts");
        return;
    }
    if let Some(error) = info.get("error").filter(|error| is_something(error)) {
        let what = format!("it ended with an error, {}", clip(text(error, "name").unwrap_or("")));
        dialog.report().mend(told.at, what);
    }
    // A response that is still being written waits, for its name is known then.
    let is_whole = ["error", "finish"].iter().any(|key| info.get(key).is_some_and(is_something))
        || info.get("time").is_none_or(|times| times.get("completed").is_some());
    let is_counted = parts.iter().any(|part| text(part, "type") == Some("step-finish"));
    for (number, step) in steps.iter().enumerate() {
        let key = match number {
            0 => told.key.clone(),
            _ => format!("{}.{number}", told.key),
        };
        let (mut said, mut results) = (Vec::new(), Vec::new());
        // One count of all steps is that of the last one.
        let is_last = number + 1 == steps.len();
        let mut counted = info.get("tokens").filter(|_| is_last && (!is_counted || number == 0));
        for part in step {
            match text(part, "type").unwrap_or_default() {
                "text" => said.push(Part::text(owned(part, "text"))),
                "reasoning" => {
                    let signature = part.get("metadata").and_then(|meta| meta.get("anthropic"));
                    let signature = signature.map(|meta| owned(meta, "signature"));
                    said.extend(thinking(&owned(part, "text"), &signature.unwrap_or_default()));
                }
                "tool" => {
                    let state = part.get("state").unwrap_or(&Json::Null);
                    let (id, name) = (owned(part, "callID"), owned(part, "tool"));
                    let arguments = written(state.get("input"));
                    said.push(Part::Call { id: id.clone(), name, arguments });
                    if let Some((failed, parts)) = outcome(state) {
                        let when = state.get("time").and_then(|times| time(times, "end"));
                        results.push((id.clone(), when, result(&id, failed, parts)));
                    }
                }
                "file" => said.extend(file(dialog, part)),
                "step-finish" if steps.len() > 1 => counted = part.get("tokens").or(counted),
                kind @ ("step-finish" | "snapshot" | "patch" | "retry") => {
                    let what = format!("part {kind}");
                    dialog.report().skip(&what, "the tool's own note");
                }
                _ => said.push(opaque(PROVIDER, part)),
            }
        }
        let call = ModelCall {
            provider: owned(info, "providerID"),
            stop: owned(info, "finish"),
            usage: usage(counted),
            ..ModelCall::new(owned(info, "modelID"))
        };
        let first = Told { key: key.clone(), ..told };
        if !said.is_empty() {
            let said = memory(Role::Assistant, said);
            match is_whole || number + 1 < steps.len() {
                true => dialog.say(first, said, Some(call)),
                false => dialog.say_open(first, said, Some(call)),
            };
        }
        for (call, when, memory) in results {
            let key = format!("{key}.{call}");
            dialog.say(Told { key, at: told.at, time: when.or(told.time) }, memory, None);
        }
    }
}

/// Takes a response's parts apart into steps: one begins where it is said, and where something is
/// said after a call had ended.
fn steps(parts: &[Json]) -> Vec<Vec<&Json>> {
    let mut steps: Vec<Vec<&Json>> = vec![Vec::new()];
    let mut ended: Option<Timestamp> = None;
    for part in parts {
        let times = |key: &str| part.get("time").and_then(|times| time(times, key));
        let is_later = match (text(part, "type"), ended) {
            (Some("step-start"), _) => true,
            (Some("text" | "reasoning"), Some(ended)) => {
                times("start").is_none_or(|start| start >= ended)
            }
            _ => false,
        };
        if is_later {
            steps.push(Vec::new());
            ended = None;
        }
        let state = part.get("state").filter(|_| text(part, "type") == Some("tool"));
        if let Some(state) = state.filter(|state| outcome(state).is_some()) {
            let end = state.get("time").and_then(|times| time(times, "end"));
            ended = ended.max(Some(end.unwrap_or(Timestamp::from_millis(0))));
        }
        if let Some(step) = steps.last_mut().filter(|_| text(part, "type") != Some("step-start")) {
            step.push(part);
        }
    }
    steps.retain(|step| !step.is_empty());
    steps
}

/// Returns whether a call failed and what it gave back; none if it did not end.
fn outcome(state: &Json) -> Option<(bool, Vec<Part>)> {
    match text(state, "status")? {
        "completed" => {
            let mut parts = vec![Part::text(owned(state, "output"))];
            let files = items(state, "attachments").iter();
            parts.extend(files.filter_map(|file| data_url(text(file, "url")?)));
            Some((false, parts))
        }
        "error" => Some((true, vec![Part::text(owned(state, "error"))])),
        _ => None,
    }
}

fn file(dialog: &mut Dialog, part: &Json) -> Option<Part> {
    let (url, mime) = (text(part, "url").unwrap_or_default(), text(part, "mime").unwrap_or(""));
    let is_text = matches!(mime, "text/plain" | "application/x-directory");
    let is_address = url.starts_with("http://") || url.starts_with("https://");
    match data_url(url) {
        Some(media) if !is_text => Some(media),
        _ if is_text => {
            dialog.report().skip("file", "its text stands beside it");
            None
        }
        _ if is_address && mime.starts_with("image/") => Some(image_at(url)),
        _ => Some(opaque(PROVIDER, part)),
    }
}

fn usage(tokens: Option<&Json>) -> Usage {
    let Some(tokens) = tokens else { return Usage::default() };
    let cached = |key: &str| tokens.get("cache").and_then(|cache| count(cache, key));
    let reasoning = count(tokens, "reasoning");
    Usage {
        input: count(tokens, "input"),
        // opencode counts thoughts apart from the output.
        output: count(tokens, "output").map(|count| count.saturating_add(reasoning.unwrap_or(0))),
        cache_read: cached("read"),
        cache_write: cached("write"),
        reasoning,
    }
}
