//! The export of ChatGPT, `conversations.json`: each conversation a tree of messages, `mapping`, of
//! which `current_node` ends the branch that is shown. OpenAI does not publish it; shapes as
//! `pionxzh/chatgpt-exporter`, `src/api.ts`, has them.
//!
//! The messages stand in the order of time; a branch that was left is out of view. Calls have no
//! ids: a tool's message answers the nearest call above it.

use std::collections::{HashMap, HashSet};

use super::dialog::{Dialog, Told, memory, result};
use super::report::{Place, clip};
use super::transcript::Transcript;
use super::value::{data_url, is_something, items, opaque, owned, seconds, text, thinking};
use super::{Format, base};
use crate::error::Result;
use crate::json::Json;
use crate::object::{Body, Memory, ModelCall, Part, Role};

const FORMAT: Format = Format::ChatGpt;
const PROVIDER: &str = "chatgpt";

/// Reads a document: a conversation, or a list of them.
pub(super) fn read(document: &str) -> Result<Vec<Transcript>> {
    let value = Json::parse(document)?;
    let alone = std::slice::from_ref(&value);
    let all = value.as_array().unwrap_or(alone);
    let trees: Vec<&Json> = all.iter().filter(|one| is_tree(one)).collect();
    if trees.is_empty() {
        return Err(base::foreign(FORMAT, "no conversation with a `mapping` in it"));
    }
    let several = trees.len() > 1;
    Ok(trees.into_iter().map(|tree| conversation(tree, several)).collect())
}

fn is_tree(value: &Json) -> bool {
    value.get("mapping").is_some_and(|mapping| mapping.as_object().is_some())
}

fn conversation(tree: &Json, several: bool) -> Transcript {
    let mut dialog = Dialog::new(FORMAT, "");
    let nodes = tree.get("mapping").and_then(Json::as_object).unwrap_or_default();
    let model = owned(tree, "default_model_slug");
    let mut calls = HashMap::new();
    for (number, node) in (1..).zip(ordered(nodes)) {
        take(&mut dialog, node, &model, &mut calls, Place::Message(number));
    }
    if let Some(current) = text(tree, "current_node").filter(|_| !dialog.is_empty()) {
        dialog.hang_on(Some(current), Place::Message(nodes.len() as u64));
    }
    let mut transcript = dialog.finish(true);
    if several {
        transcript.name = text(tree, "title").unwrap_or("untitled").to_owned();
    }
    transcript
}

struct Node<'a> {
    id: &'a str,
    parent: Option<&'a str>,
    message: &'a Json,
}

/// Returns the nodes in the order of time, none before its parent.
fn ordered(nodes: &[(String, Json)]) -> Vec<Node<'_>> {
    let known: HashMap<&str, &Json> = nodes.iter().map(|(id, node)| (id.as_str(), node)).collect();
    let mut children: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut open: Vec<(&str, f64)> = Vec::new();
    for (id, node) in nodes.iter().rev() {
        match text(node, "parent").filter(|parent| known.contains_key(parent)) {
            Some(parent) => children.entry(parent).or_default().push(id),
            None => open.push((id, 0.0)),
        }
    }
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    while let Some((id, before)) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let node = known[id];
        let message = node.get("message").unwrap_or(&Json::Null);
        let time = seconds(message, "create_time")
            .map_or(before, |time| before.max(time.as_millis() as f64));
        let parent = text(node, "parent").filter(|parent| known.contains_key(parent));
        found.push((time, Node { id, parent, message }));
        open.extend(children.remove(id).unwrap_or_default().into_iter().map(|id| (id, time)));
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.into_iter().map(|(_, node)| node).collect()
}

fn take<'a>(
    dialog: &mut Dialog,
    node: Node<'a>,
    model: &str,
    calls: &mut HashMap<&'a str, String>,
    at: Place,
) {
    // A call is open for what hangs on it.
    let call = node.parent.and_then(|parent| calls.get(parent)).cloned();
    let message = node.message;
    let content = message.get("content").unwrap_or(&Json::Null);
    let author = message.get("author").unwrap_or(&Json::Null);
    let told = Told { key: node.id.to_owned(), at, time: seconds(message, "create_time") };
    let recipient = text(message, "recipient").unwrap_or("all");
    let mut open = None;
    let said = match text(author, "role") {
        None if message.is_null() => None,
        Some("system") => match words(content) {
            words if words.trim().is_empty() => None,
            words => Some(Memory::system(words)),
        },
        Some("user") => Some(memory(Role::User, parts(dialog, content))),
        Some("assistant") if recipient == "all" => match text(content, "content_type") {
            Some("reasoning_recap") => {
                dialog.report().skip("reasoning_recap", "says how long it thought");
                None
            }
            _ => Some(memory(Role::Assistant, parts(dialog, content))),
        },
        Some("assistant") => {
            let id = format!("call-{}", node.id);
            open = Some(id.clone());
            let arguments = Body::new(arguments(&words(content)));
            let part = Part::Call { id, name: recipient.to_owned(), arguments };
            Some(memory(Role::Assistant, vec![part]))
        }
        Some("tool") => {
            let parts = parts(dialog, content);
            match call.clone() {
                Some(call) => Some(result(&call, false, parts)),
                None => Some(memory(Role::User, parts).with_actor(owned(author, "name"))),
            }
        }
        other => {
            let what = format!("unknown role {:?}", clip(other.unwrap_or_default()));
            dialog.report().refuse(at, what);
            None
        }
    };
    let is_answer = matches!(text(author, "role"), Some("tool"));
    if let Some(call) = open.or_else(|| call.filter(|_| said.is_none() || is_answer)) {
        calls.insert(node.id, call);
    }
    let Some(said) = said.filter(|said| !said.parts.is_empty()) else {
        return dialog.name_like(node.id, node.parent);
    };
    dialog.hang_on(node.parent, at);
    match said.role {
        Role::System => dialog.instruct(told, &said.text()),
        role => {
            let slug = message.get("metadata").and_then(|meta| text(meta, "model_slug"));
            let made = ModelCall {
                provider: "openai".to_owned(),
                ..ModelCall::new(slug.unwrap_or(model))
            };
            let made = Some(made).filter(|made| role == Role::Assistant && !made.model.is_empty());
            let slot = dialog.say(told, said, made);
            let weight = message.get("weight").map(Json::to_string);
            if weight.is_some_and(|weight| weight.parse() == Ok(0.0)) {
                dialog.hide(slot);
            }
        }
    }
    match dialog.is_empty() {
        true => dialog.name_like(node.id, node.parent),
        false => dialog.name(node.id),
    }
}

/// Returns what a tool is called with: an object as it is, other text as the field `input`.
fn arguments(words: &str) -> String {
    match Json::parse(words) {
        Ok(value) if value.as_object().is_some() => words.to_owned(),
        _ => Json::object([("input", Json::from(words))]).to_string(),
    }
}

/// Returns the words of a content.
fn words(content: &Json) -> String {
    let parts = items(content, "parts").iter().filter_map(|part| {
        part.as_str().or_else(|| text(part, "text")).filter(|words| !words.is_empty())
    });
    let parts: Vec<_> = parts.collect();
    let beside = ["text", "result", "user_profile", "user_instructions", "model_set_context"];
    let beside = beside.iter().filter_map(|key| text(content, key));
    let beside: Vec<_> = beside.filter(|words| !words.is_empty()).collect();
    [parts, beside].concat().join("\n\n")
}

fn parts(dialog: &mut Dialog, content: &Json) -> Vec<Part> {
    let thoughts = items(content, "thoughts").iter().filter_map(|thought| {
        let texts = [text(thought, "summary"), text(thought, "content")];
        let texts: Vec<_> = texts.into_iter().flatten().filter(|text| !text.is_empty()).collect();
        thinking(&texts.join("\n"), "")
    });
    let mut parts: Vec<Part> = thoughts.collect();
    let words = words(content);
    if !words.is_empty() {
        parts.push(Part::text(words));
    }
    for part in items(content, "parts") {
        let is_text = part.as_str().is_some() || text(part, "text").is_some();
        if is_text || !is_something(part) {
            continue;
        }
        // Some exporters put the bytes in the pointer's place.
        match text(part, "asset_pointer").and_then(data_url) {
            Some(media) => parts.push(media),
            None => {
                let kind = text(part, "content_type").unwrap_or("part");
                dialog.report().skip(kind, "only its name is in the file; its bytes stand beside");
                parts.push(opaque(PROVIDER, &with_type(part)));
            }
        }
    }
    parts
}

/// Gives a block a type, as every known block has one.
fn with_type(part: &Json) -> Json {
    let mut block = part.clone();
    if block.get("type").is_none() {
        let kind = text(part, "content_type").unwrap_or("part").to_owned();
        block.set("type", Json::from(kind));
    }
    block
}
