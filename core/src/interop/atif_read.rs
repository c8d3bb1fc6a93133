//! The import of ATIF, harbor's Agent Trajectory Interchange Format, versions 1.0 to 1.8: fields as its
//! schema on PyPI (`atif` 1.8.0) has them.
//!
//! A step is a message; its observation's results are memories of their own. What `to_atif` puts
//! into `extra` comes back from there.

use super::dialog::{Dialog, Told, memory, result};
use super::openai_chat::written;
use super::report::{Place, clip};
use super::transcript::Transcript;
use super::value::{count, data_url, image_at, items, leave, opaque, owned, text, thinking, time};
use super::{Format, base};
use crate::error::Result;
use crate::json::Json;
use crate::object::{Body, Memory, MemoryKind, ModelCall, Part, Role, Usage};

const FORMAT: Format = Format::Atif;
const PROVIDER: &str = "atif";

/// Reads a document.
pub(super) fn read(document: &str) -> Result<Vec<Transcript>> {
    let value = Json::parse(document)?;
    if value.get("steps").and_then(Json::as_array).is_none() {
        return Err(base::foreign(FORMAT, "no `steps` in it"));
    }
    let mut found = vec![trajectory("", &value)];
    for (at, inner) in (1..).zip(items(&value, "subagent_trajectories")) {
        let name = ["trajectory_id", "session_id"].iter().find_map(|key| text(inner, key));
        found.push(trajectory(&name.map_or_else(|| format!("{at}"), str::to_owned), inner));
    }
    Ok(found)
}

fn trajectory(name: &str, value: &Json) -> Transcript {
    let mut dialog = Dialog::new(FORMAT, name);
    let agent = value.get("agent").unwrap_or(&Json::Null);
    dialog.to.tools = items(agent, "tool_definitions").to_vec();
    let model = owned(agent, "model_name");
    for (at, step) in (1..).zip(items(value, "steps")) {
        take(&mut dialog, step, &model, Place::Message(at));
    }
    let known = [
        "schema_version",
        "session_id",
        "agent",
        "steps",
        "subagent_trajectories",
        "trajectory_id",
    ];
    leave(dialog.report(), "trajectory", value, &known);
    dialog.finish(true)
}

fn take(dialog: &mut Dialog, step: &Json, model: &str, at: Place) {
    let key = dialog.key(None, step);
    let role = match text(step, "source") {
        Some("agent") => Role::Assistant,
        Some("user") => Role::User,
        Some("system") => Role::System,
        other => {
            let what = format!("unknown source {:?}", clip(other.unwrap_or_default()));
            return dialog.report().refuse(at, what);
        }
    };
    let known = [
        "step_id",
        "timestamp",
        "source",
        "model_name",
        "message",
        "reasoning_content",
        "tool_calls",
        "observation",
        "metrics",
        "extra",
    ];
    leave(dialog.report(), "step", step, &known);
    let told = |key: String| Told { key, at, time: time(step, "timestamp") };
    let extra = step.get("extra").unwrap_or(&Json::Null);
    let mut parts = thoughts(step, extra);
    parts.extend(content(step.get("message")));
    parts.extend(blocks(extra));
    let calls: Vec<Part> = items(step, "tool_calls").iter().map(call).collect();
    let names: Vec<String> = calls.iter().filter_map(id_of).collect();
    parts.extend(calls);
    // Every step has a message; beside something else a blank one says nothing.
    if parts.len() > 1 {
        parts.retain(|part| *part != Part::text(""));
    }
    let results = step.get("observation").map_or(&[][..], |seen| items(seen, "results"));
    // What no call asked for stands in a step that says nothing.
    let says = parts.iter().any(|part| !matches!(part, Part::Text(text) if *text == Body::new("")));
    if role == Role::System && extra.get("kind").is_none() && says {
        let words = memory(role, parts).text().into_owned();
        dialog.instruct(told(key.clone()), &words);
    } else if says || results.is_empty() {
        let said = with_extra(memory(role, parts), extra);
        let call = if role == Role::Assistant { model_call(step, model) } else { None };
        dialog.say(told(key.clone()), said, call);
    }
    for (number, found) in results.iter().enumerate() {
        let extra = found.get("extra").unwrap_or(&Json::Null);
        let of = text(found, "source_call_id").or_else(|| text(extra, "source_call_id"));
        let alone = || (names.len() == results.len()).then(|| names[number].as_str());
        let mut parts = content(found.get("content"));
        parts.retain(|part| *part != Part::text(""));
        parts.extend(blocks(extra));
        let error = extra.get("is_error").and_then(Json::as_bool) == Some(true);
        let said = match of.or_else(alone) {
            Some(call) => result(call, error, parts),
            None => memory(Role::User, parts),
        };
        leave(dialog.report(), "result", found, &["source_call_id", "content", "extra"]);
        let when = time(extra, "timestamp").or_else(|| time(step, "timestamp"));
        let told = Told { key: format!("{key}.{number}"), at, time: when };
        dialog.say(told, with_extra(said, extra), None);
    }
}

fn thoughts(step: &Json, extra: &Json) -> Vec<Part> {
    let signed = items(extra, "thinking").iter();
    let signed: Vec<Part> =
        signed.filter_map(|one| thinking(&owned(one, "text"), &owned(one, "signature"))).collect();
    match signed.is_empty() {
        true => thinking(&owned(step, "reasoning_content"), "").into_iter().collect(),
        false => signed,
    }
}

/// Returns the parts of a message or of what a tool gave back.
fn content(content: Option<&Json>) -> Vec<Part> {
    match content {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::String(text)) => vec![Part::text(text)],
        Some(Json::Array(parts)) => parts.iter().map(part).collect(),
        Some(other) => vec![Part::text(other.to_string())],
    }
}

fn part(part: &Json) -> Part {
    if let Some(words) = text(part, "text") {
        return Part::text(words);
    }
    let path = part.get("source").and_then(|source| text(source, "path")).unwrap_or_default();
    let is_address = path.starts_with("http://") || path.starts_with("https://");
    match (data_url(path), text(part, "type")) {
        (Some(media), _) => media,
        (None, Some("image")) if is_address => image_at(path),
        _ => opaque(PROVIDER, part),
    }
}

/// Returns what an export put aside, for its provider.
fn blocks(extra: &Json) -> Vec<Part> {
    let blocks = items(extra, "blocks").iter().filter_map(|block| {
        match (text(block, "provider"), block.get("block"), text(block, "media")) {
            (Some(provider), Some(inner), _) => {
                let content = match inner {
                    Json::String(text) => Body::new(text),
                    other => Body::new(other.to_string()),
                };
                Some(Part::Opaque { provider: provider.to_owned(), content })
            }
            (_, _, Some(url)) => data_url(url),
            _ => block.get("thinking").and_then(Json::as_str).and_then(|text| thinking(text, "")),
        }
    });
    blocks.collect()
}

fn call(call: &Json) -> Part {
    // Arguments that are no object stand beside the call.
    let odd = call.get("extra").and_then(|extra| extra.get("arguments"));
    let arguments = written(odd.or_else(|| call.get("arguments")));
    Part::Call { id: owned(call, "tool_call_id"), name: owned(call, "function_name"), arguments }
}

fn id_of(part: &Part) -> Option<String> {
    match part {
        Part::Call { id, .. } => Some(id.clone()),
        _ => None,
    }
}

fn with_extra(mut memory: Memory, extra: &Json) -> Memory {
    let kinds =
        [MemoryKind::Message, MemoryKind::Note, MemoryKind::Validation, MemoryKind::Summary];
    if let Some(kind) = kinds.into_iter().find(|kind| text(extra, "kind") == Some(kind.name())) {
        memory.kind = kind;
    }
    memory.with_actor(owned(extra, "actor"))
}

fn model_call(step: &Json, model: &str) -> Option<ModelCall> {
    let model = text(step, "model_name").unwrap_or(model);
    let metrics = step.get("metrics");
    if model.is_empty() && metrics.is_none() {
        return None;
    }
    let counted = |key: &str| metrics.and_then(|metrics| count(metrics, key));
    let beside = |key: &str| {
        metrics.and_then(|metrics| metrics.get("extra")).and_then(|extra| count(extra, key))
    };
    let (cache_read, cache_write) = (counted("cached_tokens"), beside("cache_write_tokens"));
    let cached = cache_read.unwrap_or(0).saturating_add(cache_write.unwrap_or(0));
    let usage = Usage {
        input: counted("prompt_tokens").map(|all| all.saturating_sub(cached)),
        output: counted("completion_tokens"),
        cache_read,
        cache_write,
        reasoning: beside("reasoning_tokens"),
    };
    Some(ModelCall { usage, ..ModelCall::new(model) })
}
