//! Amp's threads, a document each. Amp is not published; fields as `jonathan-kellerai/
//! cross_agent_session_resumer`, `src/providers/amp.rs`, and `noamsto/houston`,
//! `docs/AMP_AGENT_SUPPORT.md`, found them: blocks as Anthropic has them, with results of its own.

use super::dialog::{Dialog, Told, blocks, memory, result};
use super::openai_chat::written;
use super::report::{Place, Report, clip};
use super::transcript::Transcript;
use super::value::{
    count, image_at, is_something, items, leave, media, opaque, owned, text, thinking, time,
};
use super::{Format, anthropic, base};
use crate::error::Result;
use crate::json::Json;
use crate::object::{Memory, ModelCall, Part, Role, Usage};

const FORMAT: Format = Format::Amp;
const PROVIDER: &str = "amp";

/// Reads a document.
pub(super) fn read(document: &str) -> Result<Vec<Transcript>> {
    let value = Json::parse(document)?;
    let Some(messages) = value.get("messages").and_then(Json::as_array) else {
        return Err(base::foreign(FORMAT, "no `messages` in it"));
    };
    let mut dialog = Dialog::new(FORMAT, "");
    let thread = owned(&value, "id");
    for (at, message) in (1..).zip(messages) {
        take(&mut dialog, &thread, message, Place::Message(at));
    }
    leave(dialog.report(), "thread", &value, &["v", "id", "messages", "created", "title"]);
    Ok(vec![dialog.finish(false)])
}

fn take(dialog: &mut Dialog, thread: &str, message: &Json, at: Place) {
    let id = message.get("messageId").map(|id| match id {
        Json::String(id) => format!("{thread}/{id}"),
        other => format!("{thread}/{other}"),
    });
    let key = dialog.key(id.as_deref(), message);
    if dialog.repeats(&key) {
        return;
    }
    let when = message.get("meta").and_then(|meta| time(meta, "sentAt"));
    let told = Told { key, at, time: when };
    let role = match text(message, "role") {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("info") => return info(dialog, told, message),
        other => {
            let what = format!("unknown role {:?}", clip(other.unwrap_or_default()));
            return dialog.report().refuse(at, what);
        }
    };
    let known = ["role", "messageId", "content", "meta", "usage", "state"];
    leave(dialog.report(), "message", message, &known);
    let (mut said, mut results) = (Vec::new(), Vec::new());
    for block in blocks(message).iter() {
        match text(block, "type") {
            Some("tool_result") => results.extend(outcome(block)),
            _ => said.extend(part(dialog.report(), block)),
        }
    }
    if !said.is_empty() || results.is_empty() && items(message, "content").is_empty() {
        results.push(memory(role, said));
    }
    let call = message.get("usage").filter(|usage| is_something(usage)).map(|usage| ModelCall {
        stop: message.get("state").map_or_else(String::new, |state| owned(state, "stopReason")),
        usage: Usage {
            input: count(usage, "inputTokens"),
            output: count(usage, "outputTokens"),
            cache_read: count(usage, "cacheReadInputTokens"),
            cache_write: count(usage, "cacheCreationInputTokens"),
            reasoning: None,
        },
        ..ModelCall::new(owned(usage, "model"))
    });
    // What is still being written waits, for its name is known then.
    let state = message.get("state").and_then(|state| text(state, "type"));
    match (results.pop(), state) {
        (Some(said), Some("running" | "streaming")) if results.is_empty() => {
            dialog.say_open(told, said, call);
        }
        (Some(last), _) => {
            results.push(last);
            dialog.say_all(told, results, call);
        }
        (None, _) => {}
    }
}

/// Takes what Amp says itself: a summary stands for all before it.
fn info(dialog: &mut Dialog, told: Told, message: &Json) {
    let summary = items(message, "content").iter().find_map(|block| {
        text(block.get("summary")?, "summary").filter(|_| text(block, "type") == Some("summary"))
    });
    match summary {
        Some(words) => dialog.summarize(told, Memory::user(words)),
        None => {
            let blocks = items(message, "content").iter();
            let words: Vec<_> = blocks.filter_map(|block| text(block, "text")).collect();
            match words.is_empty() {
                true => dialog.report().skip("message info", "what is shown, to no model"),
                false => {
                    dialog.say(told, Memory::note(words.join("\n\n")), None);
                }
            }
        }
    }
}

fn part(report: &mut Report, block: &Json) -> Option<Part> {
    match text(block, "type") {
        Some("text") => Some(Part::text(owned(block, "text"))),
        Some("thinking") => {
            // Only Anthropic takes its own signature back.
            let provider = text(block, "provider").unwrap_or(anthropic::PROVIDER);
            let is_own = provider == anthropic::PROVIDER;
            let signature = if is_own { owned(block, "signature") } else { String::new() };
            leave(report, "thinking", block, &["type", "thinking", "signature", "provider"]);
            thinking(&owned(block, "thinking"), &signature)
        }
        Some("redacted_thinking") => Some(opaque(anthropic::PROVIDER, block)),
        Some("tool_use") => {
            let (id, name) = (owned(block, "id"), owned(block, "name"));
            Some(Part::Call { id, name, arguments: written(block.get("input")) })
        }
        Some("image") => {
            let source = block.get("source").unwrap_or(&Json::Null);
            let kind = text(source, "mediaType").or_else(|| text(source, "media_type"));
            let data = kind.zip(text(source, "data"));
            let decoded = data.and_then(|(kind, data)| media(kind, data));
            let address = || text(source, "url").map(image_at);
            Some(decoded.or_else(address).unwrap_or_else(|| opaque(PROVIDER, block)))
        }
        _ => Some(opaque(PROVIDER, block)),
    }
}

/// Returns what a call came to; none while it runs.
fn outcome(block: &Json) -> Option<Memory> {
    let call = ["toolUseID", "tool_use_id"].iter().find_map(|key| text(block, key))?;
    let run = block.get("run").unwrap_or(block);
    let status = text(run, "status").unwrap_or("done");
    let words = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let parts = match status {
        "done" => match run.get("result").or_else(|| run.get("content")) {
            Some(Json::Array(blocks)) if blocks.iter().all(|one| one.get("type").is_some()) => {
                let mut unseen = Report::default();
                blocks.iter().filter_map(|one| part(&mut unseen, one)).collect()
            }
            Some(value) => {
                let output = text(value, "output").or_else(|| text(value, "content"));
                let code = value.get("exitCode").filter(|code| code.as_u64() != Some(0));
                let mut said = output.map_or_else(|| words(value), str::to_owned);
                if let (Some(_), Some(code)) = (output, code) {
                    said.push_str(&format!("\nexit code {code}"));
                }
                vec![Part::text(said)]
            }
            None => Vec::new(),
        },
        "in-progress" | "queued" | "blocked-on-user" => return None,
        other => {
            let error = run.get("error");
            let why = error.and_then(|error| text(error, "message")).map(str::to_owned);
            let why = why.or_else(|| error.map(words)).or_else(|| run.get("reason").map(words));
            vec![Part::text(why.unwrap_or_else(|| other.to_owned()))]
        }
    };
    Some(result(call, status != "done", parts))
}
