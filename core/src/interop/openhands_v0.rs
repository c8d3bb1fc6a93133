//! Events of OpenHands before its version 1: actions and observations, in a list, in a `trajectory`
//! or `history`, or one a line. Fields as in `All-Hands-AI/OpenHands`,
//! `openhands/events/serialization/event.py`; what a model sees of them as in
//! `openhands/memory/conversation_memory.py`.
//!
//! Actions of one response name it and become one memory. An observation answers the call that it
//! names, or that of its cause.

use std::collections::{HashMap, HashSet};

use super::dialog::{Dialog, Told, memory, result};
use super::input::Source;
use super::openai_chat::{self, written};
use super::report::Place;
use super::transcript::Transcript;
use super::value::{count, data_url, image_at, is_something, items, owned, text, thinking, time};
use super::{Format, base};
use crate::error::Result;
use crate::json::Json;
use crate::object::{Memory, MemoryKind, ModelCall, Part, Role, Usage};

const FORMAT: Format = Format::OpenHandsV0;

/// Reads a document, or lines: events, or a run each.
pub(super) fn read(source: Source) -> Result<Vec<Transcript>> {
    let (values, bad, by_line) = match source {
        Source::Document(Json::Array(events)) => (events, Vec::new(), false),
        Source::Document(value) => (vec![value], Vec::new(), false),
        Source::Lines(lines) => {
            let (mut values, mut bad) = (Vec::new(), Vec::new());
            for (number, line) in lines {
                match line {
                    Ok(value) => values.push(value),
                    Err(why) => bad.push((Place::Line(number), why)),
                }
            }
            (values, bad, true)
        }
    };
    let mut runs: Vec<(String, &[Json])> = Vec::new();
    if values.iter().any(is_event) {
        runs.push((String::new(), &values));
    } else {
        for (number, value) in (1..).zip(&values) {
            let list = ["trajectory", "history", "events"].iter().find_map(|key| {
                value.get(key)?.as_array().filter(|list| list.iter().any(is_event))
            });
            let name =
                text(value, "instance_id").map_or_else(|| format!("{number}"), str::to_owned);
            runs.extend(list.map(|list| (name, list)));
        }
        if let [only] = runs.as_mut_slice() {
            only.0.clear();
        }
    }
    let mut found: Vec<Transcript> = Vec::new();
    for (name, events) in runs {
        let mut reader = Reader::new(&name);
        for (number, event) in (1..).zip(events) {
            reader.event(event, Place::Message(number));
        }
        reader.close();
        found.push(reader.dialog.finish(!by_line));
    }
    match found.first_mut() {
        None => Err(base::foreign(FORMAT, "no event with an `action` or `observation` in it")),
        Some(first) => {
            for (at, why) in bad {
                first.report.refuse(at, why);
            }
            Ok(found)
        }
    }
}

fn is_event(value: &Json) -> bool {
    value.get("action").is_some() || value.get("observation").is_some()
}

struct Reader {
    dialog: Dialog,
    /// The call of an action, by its number.
    calls: HashMap<String, String>,
    /// The actions that are not the model's.
    others: HashSet<String>,
    /// The response that more actions may come of.
    open: Option<(String, Told, Memory, Option<ModelCall>)>,
}

impl Reader {
    fn new(name: &str) -> Self {
        let dialog = Dialog::new(FORMAT, name);
        Reader { dialog, calls: HashMap::new(), others: HashSet::new(), open: None }
    }

    /// Appends the response that was still coming.
    fn close(&mut self) {
        if let Some((_, told, memory, call)) = self.open.take() {
            self.dialog.say(told, memory, call);
        }
    }

    fn event(&mut self, event: &Json, at: Place) {
        let id = event.get("id").map(|id| match id {
            Json::String(id) => id.clone(),
            id => id.to_string(),
        });
        // Events are numbered from 0 in every run: the number alone names none.
        let key = self.dialog.key(None, event);
        let told = Told { key, at, time: time(event, "timestamp") };
        if let Some(action) = text(event, "action") {
            self.action(event, action, id.unwrap_or_default(), told);
        } else if let Some(seen) = text(event, "observation") {
            self.observation(event, seen, told);
        } else {
            self.dialog.report().refuse(at, "no event: neither `action` nor `observation` in it");
        }
    }

    fn say(&mut self, told: Told, memory: Memory) {
        self.close();
        self.dialog.say(told, memory, None);
    }

    fn action(&mut self, event: &Json, action: &str, id: String, told: Told) {
        let args = event.get("args").unwrap_or(&Json::Null);
        let is_user = text(event, "source") == Some("user");
        match action {
            "system" => {
                self.close();
                let tools = items(args, "tools");
                if !tools.is_empty() {
                    self.dialog.to.tools = tools.to_vec();
                }
                self.dialog.instruct(told, text(args, "content").unwrap_or_default());
            }
            "message" => {
                let words = text(args, "content").or_else(|| text(event, "message"));
                let mut parts: Vec<Part> = thoughts(args).into_iter().collect();
                parts.push(Part::text(words.unwrap_or_default()));
                let images = items(args, "image_urls").iter().filter_map(Json::as_str);
                parts.extend(images.map(image_at));
                let role = if is_user { Role::User } else { Role::Assistant };
                let call = if is_user { None } else { model_call(event) };
                self.close();
                self.dialog.say(told, memory(role, parts), call);
            }
            "finish" | "reject" => {
                let words = ["final_thought", "thought"].iter().find_map(|key| words(args, key));
                let words = words.or_else(|| text(event, "message").map(str::to_owned));
                let role = if is_user { Role::User } else { Role::Assistant };
                self.say(told, Memory::message(role, words.unwrap_or_default()));
            }
            "condensation" | "summarize" => match text(args, "summary") {
                Some(summary) if !summary.is_empty() => {
                    let summary = Memory::user(summary).with_kind(MemoryKind::Summary);
                    self.say(told, summary);
                }
                _ => self.dialog.report().skip("condensation", "has no summary"),
            },
            "recall"
            | "null"
            | "start"
            | "pause"
            | "resume"
            | "stop"
            | "change_agent_state"
            | "condensation_request" => {
                self.others.insert(id);
                self.dialog.report().skip("action of the host", "tells how the run was getting on");
            }
            _ if is_user => {
                self.others.insert(id);
                let what = ["command", "code", "path"].iter().find_map(|key| text(args, key));
                let what = what.map_or_else(|| args.to_string(), str::to_owned);
                self.say(told, Memory::user(format!("The user ran {action}:\n{what}")));
            }
            _ => self.call(event, action, args, id, told),
        }
    }

    /// Takes what the model does: it joins the response that it names.
    fn call(&mut self, event: &Json, action: &str, args: &Json, id: String, told: Told) {
        let meta = event.get("tool_call_metadata").filter(|meta| is_something(meta));
        let call = meta.and_then(|meta| text(meta, "tool_call_id")).map(str::to_owned);
        let call = call.unwrap_or_else(|| format!("event-{id}"));
        let name = meta.and_then(|meta| text(meta, "function_name")).unwrap_or(action).to_owned();
        let response = meta.and_then(|meta| meta.get("model_response"));
        let asked = response.and_then(message).and_then(|message| {
            let calls = items(message, "tool_calls").iter();
            let mut calls = calls.filter(|one| text(one, "id") == Some(&call));
            calls.next()?.get("function")?.get("arguments")
        });
        let arguments = match asked {
            Some(asked) => written(Some(asked)),
            None => {
                let own = args.as_object().unwrap_or_default().iter();
                let own =
                    own.filter(|(key, value)| !HOST.contains(&key.as_str()) && is_something(value));
                written(Some(&Json::Object(own.cloned().collect())))
            }
        };
        self.calls.insert(id, call.clone());
        let part = Part::Call { id: call, name, arguments };
        let response_id = response.and_then(|response| text(response, "id")).unwrap_or_default();
        if let Some((open, _, memory, _)) = &mut self.open
            && !response_id.is_empty()
            && open == response_id
        {
            memory.parts.push(part);
            return;
        }
        self.close();
        let mut parts: Vec<Part> = thoughts(args).into_iter().collect();
        let beside = response.and_then(message);
        if parts.is_empty() {
            let thought = beside.and_then(|message| text(message, "reasoning_content"));
            parts.extend(thought.and_then(|thought| thinking(thought, "")));
        }
        let said = words(args, "thought").or_else(|| beside.map(|said| owned(said, "content")));
        parts.extend(said.filter(|said| !said.is_empty()).map(Part::text));
        parts.push(part);
        let made = memory(Role::Assistant, parts);
        self.open = Some((response_id.to_owned(), told, made, model_call(event)));
    }

    fn observation(&mut self, event: &Json, seen: &str, told: Told) {
        if matches!(seen, "null" | "agent_state_changed" | "recall" | "condense") {
            let what = format!("observation {seen}");
            return self.dialog.report().skip(&what, "tells how the run was getting on");
        }
        let extras = event.get("extras").unwrap_or(&Json::Null);
        let mut parts = vec![Part::text(owned(event, "content"))];
        parts.extend(text(extras, "screenshot").and_then(data_url));
        let cause = event.get("cause").map(Json::to_string).unwrap_or_default();
        let meta = event.get("tool_call_metadata");
        let call = meta.and_then(|meta| text(meta, "tool_call_id"));
        let call = call.or_else(|| self.calls.get(&cause).map(String::as_str)).map(str::to_owned);
        let failed = event.get("success").and_then(Json::as_bool) == Some(false)
            || matches!(seen, "error" | "user_rejected");
        // The results of one response's calls do not end it, but they follow it.
        self.close();
        let memory = match call {
            Some(call) if !self.others.contains(&cause) => result(&call, failed, parts),
            _ => memory(Role::User, parts),
        };
        self.dialog.say(told, memory, None);
    }
}

/// Arguments of an action that are the host's own.
const HOST: [&str; 9] = [
    "thought",
    "confirmation_state",
    "security_risk",
    "hidden",
    "is_confirmed",
    "blocking",
    "keep_prompt",
    "include_extra",
    "impl_source",
];

/// Returns a thought, which newer records write as an object.
fn words(args: &Json, key: &str) -> Option<String> {
    let value = args.get(key)?;
    let words = value.as_str().or_else(|| text(value, "text"))?;
    (!words.is_empty()).then(|| words.to_owned())
}

fn thoughts(args: &Json) -> Option<Part> {
    thinking(text(args.get("thought")?, "reasoning_content")?, "")
}

/// Returns the message of a response that the host kept.
fn message(response: &Json) -> Option<&Json> {
    items(response, "choices").first()?.get("message")
}

/// Returns the call of a model, with what it cost where the event tells of it.
fn model_call(event: &Json) -> Option<ModelCall> {
    let response = event.get("tool_call_metadata").and_then(|meta| meta.get("model_response"));
    let id = response.map(|response| owned(response, "id")).unwrap_or_default();
    let metrics = event.get("llm_metrics");
    let counted = metrics.map_or(&[][..], |metrics| items(metrics, "token_usages"));
    let own = counted.iter().find(|one| !id.is_empty() && text(one, "response_id") == Some(&id));
    let usage = match (own, response) {
        (Some(own), _) => {
            let cache_read = count(own, "cache_read_tokens");
            let cache_write = count(own, "cache_write_tokens");
            let cached = cache_read.unwrap_or(0).saturating_add(cache_write.unwrap_or(0));
            Usage {
                input: count(own, "prompt_tokens").map(|all| all.saturating_sub(cached)),
                output: count(own, "completion_tokens"),
                cache_read,
                cache_write,
                reasoning: None,
            }
        }
        (None, Some(response)) => openai_chat::usage(response.get("usage")),
        (None, None) => return None,
    };
    let model = own.map(|own| owned(own, "model")).filter(|model| !model.is_empty());
    let model = model.or_else(|| response.map(|response| owned(response, "model")));
    Some(ModelCall { response: id, usage, ..ModelCall::new(model.unwrap_or_default()) })
}
