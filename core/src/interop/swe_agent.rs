//! Trajectories of SWE-agent and mini-swe-agent: the `history` that the model saw.

use super::openai_chat::Reader;
use super::report::Place;
use super::transcript::{Entry, Transcript};
use super::value::{items, leave, owned, text};
use super::{Format, base};
use crate::error::Result;
use crate::json::Json;
use crate::object::{Body, Memory, Part, Role};

const FORMAT: Format = Format::SweAgent;

/// The actor of messages that were shown as an example, not done.
const DEMONSTRATION: &str = "demonstration";

/// Reads a `.traj`.
pub(super) fn read(document: &str) -> Result<Vec<Transcript>> {
    let value = Json::parse(document)?;
    let listed = |key: &str| value.get(key).and_then(Json::as_array);
    let Some(messages) = listed("history").or_else(|| listed("messages")) else {
        return Err(base::foreign(FORMAT, "neither `history` nor `messages` in it"));
    };
    let mut transcript = Transcript::new(FORMAT);
    let mut reader = Reader::new("");
    for (at, message) in messages.iter().enumerate() {
        take(&mut reader, &mut transcript, message, Place::Message(at as u64 + 1));
    }
    let report = &mut transcript.report;
    let steps = items(&value, "trajectory").len() as u64;
    if steps > 0 {
        report.skip_many("step", "the history has the same actions and observations", steps);
    }
    leave(report, "trajectory", &value, &["history", "messages", "trajectory"]);
    transcript.tools = items(&value, "tools").to_vec();
    Ok(vec![transcript.finish()])
}

fn take(reader: &mut Reader, to: &mut Transcript, message: &Json, at: Place) {
    let key = reader.key(message);
    let is_system = text(message, "role") == Some("system");
    if is_system
        && to.entries.is_empty()
        && to.instructions.is_none()
        && let Some(instructions) = only_text(message)
    {
        to.instructions = Some(instructions);
        return;
    }
    let plain = plain(message);
    match reader.memory(&mut to.report, &plain, at) {
        Err(error) => to.report.refuse(at, error.to_string()),
        Ok(mut memory) => {
            memory.parts.splice(0..0, thinking(message));
            memory.actor = match message.get("is_demo").and_then(Json::as_bool) {
                Some(true) => DEMONSTRATION.to_owned(),
                _ => owned(message, "agent"),
            };
            thought_alone(message, &mut memory);
            for key in ["thought", "action"] {
                if message.get(key).is_some_and(|value| !value.is_null()) {
                    to.report.skip(key, "part of the message or of its call");
                }
            }
            let known = [
                "role",
                "content",
                "name",
                "tool_calls",
                "tool_call_ids",
                "tool_call_id",
                "agent",
                "is_demo",
                "thought",
                "action",
                "thinking_blocks",
            ];
            leave(&mut to.report, "message", message, &known);
            to.push(Entry::new(FORMAT, key, at, memory));
        }
    }
}

fn only_text(message: &Json) -> Option<String> {
    match message.get("content")? {
        Json::String(text) => Some(text.clone()),
        Json::Array(blocks) => {
            let texts: Option<Vec<_>> = blocks.iter().map(|block| text(block, "text")).collect();
            texts.map(|texts| texts.join("\n\n"))
        }
        _ => None,
    }
}

/// Returns the message as OpenAI has it: role, content, calls and the call that it answers.
fn plain(message: &Json) -> Json {
    let Some(fields) = message.as_object() else { return message.clone() };
    let keep = ["role", "content", "tool_calls", "tool_call_id"];
    let fields = fields.iter().filter(|(key, _)| keep.contains(&key.as_str()));
    let mut plain = Json::Object(fields.cloned().collect());
    if let Some(call) = items(message, "tool_call_ids").first() {
        plain.set("tool_call_id", call.clone());
    } else if text(message, "role") == Some("tool") && plain.get("tool_call_id").is_none() {
        // A tool's message that answers no call is an observation, as in runs without calls.
        plain.set("role", Json::from("user"));
    }
    plain
}

fn thinking(message: &Json) -> Vec<Part> {
    let blocks = items(message, "thinking_blocks").iter();
    blocks.map(openai_thinking).collect()
}

/// Makes the part of a thinking block, as LiteLLM hands them on.
pub(super) fn openai_thinking(block: &Json) -> Part {
    match text(block, "thinking") {
        Some(thoughts) => Part::Thinking {
            text: Body::new(thoughts),
            signature: Body::new(owned(block, "signature")),
        },
        None => super::value::opaque(super::anthropic::PROVIDER, block),
    }
}

/// Takes the thought of a turn that has no content of its own.
fn thought_alone(message: &Json, memory: &mut Memory) {
    let says = |part: &Part| matches!(part, Part::Text(text) if *text != Body::new(""));
    let thought = text(message, "thought").filter(|thought| !thought.is_empty());
    if memory.role == Role::Assistant
        && !memory.parts.iter().any(says)
        && let Some(thought) = thought
    {
        memory.parts.retain(|part| !matches!(part, Part::Text(_)));
        memory.parts.insert(0, Part::text(thought));
    }
}
