//! `OpenAI` Chat Completions: <https://platform.openai.com/docs/api-reference/chat/create>.

use std::collections::HashSet;

use serde_json::Value;

use super::{Found, blank, is_base64, is_data_url, is_image_url, judge_tools, list, plain, text};

pub(super) fn judge(body: &Value, found: &mut Found) {
    for key in body.as_object().into_iter().flat_map(|body| body.keys()) {
        found.check(["tools", "messages"].contains(&key.as_str()), "field", key);
    }
    for tool in list(body, "tools") {
        let known = ["function", "custom"].contains(&text(tool, "type"));
        found.check(known, "tool-type", tool);
    }
    if body.get("tools").is_some() {
        found.check(!list(body, "tools").is_empty(), "tools-empty", "an empty list is refused");
    }
    let functions = list(body, "tools").iter().filter_map(|tool| tool.get("function"));
    judge_tools(functions, "parameters", 64, found);
    let messages = list(body, "messages");
    // The API takes a dialog that the model begins, but none in which nobody speaks.
    let spoken = messages.iter().any(|message| text(message, "role") != "system");
    found.check(spoken, "nobody-speaks", "all messages are the system's");
    let mut ids = HashSet::new();
    let mut waiting: HashSet<&str> = HashSet::new();
    for (at, message) in messages.iter().enumerate() {
        let role = text(message, "role");
        if role == "tool" {
            let id = text(message, "tool_call_id");
            found.check(waiting.remove(id), "result-without-call", format!("messages.{at} {id}"));
            found.check(is_said(&message["content"], role), "content", format!("messages.{at}"));
            continue;
        }
        for id in waiting.drain() {
            found.add("call-without-result", format!("{id} before messages.{at}"));
        }
        let calls = list(message, "tool_calls");
        if let Some(name) = message.get("name") {
            let name = name.as_str().unwrap_or("");
            let foreign = |letter: char| letter.is_whitespace() || "<|\\/>".contains(letter);
            let taken = !name.is_empty() && name.len() <= 64 && !name.contains(foreign);
            found.check(taken, "name", format!("messages.{at} {name:?}"));
        }
        match role {
            "system" | "user" => {
                found.check(calls.is_empty(), "call-role", format!("messages.{at}"));
                let said = is_said(&message["content"], role);
                found.check(said, "content", format!("messages.{at}"));
            }
            "assistant" => {
                let acts = !calls.is_empty() || !text(&message["audio"], "id").is_empty();
                let silent = message["content"].is_null() && acts;
                let said = silent || is_said(&message["content"], role);
                found.check(said, "content", format!("messages.{at}"));
            }
            _ => found.add("role", format!("messages.{at} {role:?}")),
        }
        for call in calls {
            let (id, function) = (text(call, "id"), &call["function"]);
            if text(call, "type") == "custom" {
                let custom = &call["custom"];
                found.check(
                    custom["input"].is_string(),
                    "arguments",
                    format!("of {id} are no text"),
                );
                found.check(plain(text(custom, "name"), 64), "call-name", &custom["name"]);
                found.check(ids.insert(id), "call-id-unique", format!("{id:?}"));
                waiting.insert(id);
                continue;
            }
            found.check(text(call, "type") == "function", "call-type", id);
            found.check(!id.is_empty() && id.len() <= 40, "call-id", format!("{id:?}"));
            found.check(ids.insert(id), "call-id-unique", format!("{id:?}"));
            found.check(plain(text(function, "name"), 64), "call-name", &function["name"]);
            let arguments = function["arguments"].as_str().map(serde_json::from_str::<Value>);
            let object = matches!(arguments, Some(Ok(Value::Object(_))));
            found.check(object, "arguments", format!("of {id} are no text of an object"));
            waiting.insert(id);
        }
        let has_tools = calls.is_empty() || !list(body, "tools").is_empty();
        found.check(has_tools, "tools-missing", "tools were called");
    }
    for id in waiting {
        found.add("call-without-result", format!("{id} at the end"));
    }
}

/// Tells whether content is a text, or parts that the role may have, none of them blank.
fn is_said(content: &Value, role: &str) -> bool {
    match content {
        Value::String(text) => !blank(text),
        Value::Array(parts) => !parts.is_empty() && parts.iter().all(|part| is_part(part, role)),
        _ => false,
    }
}

fn is_part(part: &Value, role: &str) -> bool {
    match (text(part, "type"), role) {
        ("text", _) => !blank(text(part, "text")),
        ("refusal", "assistant") => !blank(text(part, "refusal")),
        ("image_url", "user") => is_image_url(text(&part["image_url"], "url")),
        ("input_audio", "user") => {
            let audio = &part["input_audio"];
            ["wav", "mp3"].contains(&text(audio, "format")) && is_base64(text(audio, "data"))
        }
        ("file", "user") => {
            let file = &part["file"];
            let data = is_data_url(text(file, "file_data"), &["application/pdf"]);
            let sent = data && !text(file, "filename").is_empty();
            sent || !text(file, "file_id").is_empty()
        }
        _ => false,
    }
}
