//! The JSON lines of pi's sessions: a tree of entries, of which the newest is the leaf. Entries as in
//! `badlogic/pi-mono`, `packages/coding-agent/src/core/session-manager.ts`; messages as in
//! `packages/ai/src/types.ts`; what a model sees of pi's own ones as `convertToLlm` in
//! `packages/coding-agent/src/core/messages.ts` has it.

use std::io::BufRead;

use super::dialog::{Dialog, Told, blocks, memory, result};
use super::input::Lines;
use super::openai_chat::written;
use super::report::{Place, clip};
use super::transcript::Transcript;
use super::value::{count, leave, opaque, owned, text, thinking, time};
use super::{Format, anthropic, base, mcp, openai_responses};
use crate::error::Result;
use crate::json::Json;
use crate::object::{Memory, MemoryKind, ModelCall, Part, Role, Usage};

const FORMAT: Format = Format::Pi;
const PROVIDER: &str = "pi";

/// Reads lines.
pub(super) fn read(input: impl BufRead) -> Result<Vec<Transcript>> {
    let mut dialog = Dialog::new(FORMAT, "");
    let (mut lines, mut found) = (Lines::new(input), false);
    while let Some(line) = lines.next()? {
        let at = Place::Line(line.number);
        match line.json() {
            Ok(entry) => found |= take(&mut dialog, &entry, at),
            Err(why) => dialog.report().refuse(at, why),
        }
    }
    match found {
        true => Ok(vec![dialog.finish(false)]),
        false => Err(base::foreign(FORMAT, "no entry of a session in it")),
    }
}

/// Takes an entry; tells whether it is one.
fn take(dialog: &mut Dialog, entry: &Json, at: Place) -> bool {
    let Some(kind) = text(entry, "type") else {
        dialog.report().refuse(at, "no object with a `type`");
        return false;
    };
    if kind == "session" {
        leave(dialog.report(), "session", entry, &["type", "version", "id", "timestamp", "cwd"]);
        return true;
    }
    let id = text(entry, "id");
    let key = dialog.key(id, entry);
    if dialog.repeats(&key) {
        return true;
    }
    // The first version's entries have no names: each follows the one before it.
    let parent = text(entry, "parentId");
    let hangs = id.is_some() && entry.get("parentId").is_some();
    let told = Told { key, at, time: time(entry, "timestamp") };
    let said = match kind {
        "message" => message(dialog, entry.get("message").unwrap_or(&Json::Null), at),
        "custom_message" => {
            let parts = mcp::content(PROVIDER, entry.get("content"));
            Some((memory(Role::User, parts).with_actor(owned(entry, "customType")), None))
        }
        "branch_summary" => Some((Memory::user(owned(entry, "summary")), None)),
        "compaction" => {
            if hangs {
                dialog.hang_on(parent, at);
            }
            let summary = Memory::user(owned(entry, "summary"));
            compact(dialog, told, summary, text(entry, "firstKeptEntryId"));
            if let Some(id) = id {
                dialog.name(id);
            }
            return true;
        }
        "model_change" | "thinking_level_change" | "session_info" | "label" | "custom" => {
            let what = format!("entry {kind}");
            dialog.report().skip(&what, "a setting, or an extension's own");
            None
        }
        _ => {
            let what = format!("entry {}", clip(kind));
            dialog.report().skip(&what, "of a type that this version does not know");
            None
        }
    };
    match said {
        Some((memory, call)) => {
            if hangs {
                dialog.hang_on(parent, at);
            }
            dialog.say(told, memory, call);
            if let Some(id) = id {
                dialog.name(id);
            }
        }
        None => {
            if let Some(id) = id {
                dialog.name_like(id, parent);
            }
        }
    }
    true
}

/// Takes a compaction: what stands before the first entry that was kept is given up, or, where none
/// is named, its summary stands for all.
pub(super) fn compact(dialog: &mut Dialog, told: Told, summary: Memory, kept: Option<&str>) {
    match kept.is_some_and(|id| dialog.begin_with(id)) {
        true => {
            let at = told.at;
            dialog.say(told, summary.with_kind(MemoryKind::Summary), None);
            let what = "a compaction: its summary stands behind what was kept";
            dialog.report().mend(at, what);
        }
        false => dialog.summarize(told, summary),
    }
}

fn message(dialog: &mut Dialog, message: &Json, at: Place) -> Option<(Memory, Option<ModelCall>)> {
    let flag = |key: &str| message.get(key).and_then(Json::as_bool) == Some(true);
    let content = || mcp::content(PROVIDER, message.get("content"));
    let when = time(message, "timestamp");
    let (mut memory, call) = match text(message, "role") {
        Some("user") => (memory(Role::User, content()), None),
        Some("custom" | "hookMessage") => {
            (memory(Role::User, content()).with_actor(owned(message, "customType")), None)
        }
        Some("assistant") => {
            let all = blocks(message);
            let parts = all.iter().filter_map(|one| part(message, one));
            (memory(Role::Assistant, parts.collect()), Some(model_call(message)))
        }
        Some("toolResult") => {
            leave(dialog.report(), "result", message, &RESULT);
            (result(&owned(message, "toolCallId"), flag("isError"), content()), None)
        }
        Some("bashExecution") => {
            let text = format!("Ran `{}`\n{}", owned(message, "command"), owned(message, "output"));
            let kind =
                if flag("excludeFromContext") { MemoryKind::Note } else { MemoryKind::Message };
            (Memory::user(text).with_kind(kind), None)
        }
        Some("branchSummary" | "compactionSummary") => {
            (Memory::user(owned(message, "summary")).with_kind(MemoryKind::Summary), None)
        }
        other => {
            let what = format!("unknown role {:?}", clip(other.unwrap_or_default()));
            dialog.report().refuse(at, what);
            return None;
        }
    };
    memory.time = when;
    Some((memory, call))
}

/// Fields of a result that are taken; its details are pi's own.
const RESULT: [&str; 6] = ["role", "toolCallId", "toolName", "content", "isError", "timestamp"];

fn part(message: &Json, block: &Json) -> Option<Part> {
    Some(match text(block, "type") {
        Some("text") => Part::text(owned(block, "text")),
        Some("thinking") => {
            let signature = owned(block, "thinkingSignature");
            let is_openai = text(message, "api").is_some_and(|api| api.contains("responses"));
            if block.get("redacted").and_then(Json::as_bool) == Some(true) {
                let kind = ("type", Json::from("redacted_thinking"));
                opaque(anthropic::PROVIDER, &Json::object([kind, ("data", signature.into())]))
            } else {
                // Of the Responses API the signature is the whole item of reasoning.
                match Json::parse(&signature)
                    .ok()
                    .filter(|item| is_openai && item.get("type").is_some())
                {
                    Some(item) => opaque(openai_responses::PROVIDER, &item),
                    None => return thinking(&owned(block, "thinking"), &signature),
                }
            }
        }
        Some("toolCall") => {
            let (id, name) = (owned(block, "id"), owned(block, "name"));
            Part::Call { id, name, arguments: written(block.get("arguments")) }
        }
        _ => mcp::content(PROVIDER, Some(&Json::Array(vec![block.clone()]))).pop()?,
    })
}

fn model_call(message: &Json) -> ModelCall {
    let usage = message.get("usage").unwrap_or(&Json::Null);
    ModelCall {
        provider: owned(message, "provider"),
        response: owned(message, "responseId"),
        stop: owned(message, "stopReason"),
        usage: Usage {
            input: count(usage, "input"),
            output: count(usage, "output"),
            cache_read: count(usage, "cacheRead"),
            cache_write: count(usage, "cacheWrite"),
            reasoning: None,
        },
        ..ModelCall::new(owned(message, "model"))
    }
}
