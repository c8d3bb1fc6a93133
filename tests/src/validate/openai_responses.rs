//! `OpenAI` Responses: <https://platform.openai.com/docs/api-reference/responses/create>.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{Found, blank, is_data_url, is_image_url, judge_tools, list, plain, text};

/// The kinds of tools, most of which the provider runs.
const TOOLS: [&str; 10] = [
    "function",
    "custom",
    "web_search",
    "file_search",
    "computer",
    "mcp",
    "code_interpreter",
    "image_generation",
    "local_shell",
    "shell",
];

pub(super) fn judge(body: &Value, found: &mut Found) {
    for key in body.as_object().into_iter().flat_map(|body| body.keys()) {
        let known = ["tools", "instructions", "input"].contains(&key.as_str());
        found.check(known, "field", key);
    }
    if let Some(instructions) = body.get("instructions") {
        let said = instructions.as_str().is_some_and(|text| !blank(text));
        found.check(said, "instructions", instructions);
    }
    for tool in list(body, "tools") {
        found.check(TOOLS.contains(&text(tool, "type")), "tool-type", tool);
    }
    let functions = list(body, "tools").iter().filter(|tool| text(tool, "type") == "function");
    judge_tools(functions, "parameters", 64, found);
    let items = list(body, "input");
    found.check(!items.is_empty(), "input", "at least one item is required");
    let spoken = items.iter().any(|item| text(item, "role") != "developer");
    found.check(spoken, "nobody-speaks", "all items are the developer's");

    let mut calls: HashMap<(&str, &str), bool> = HashMap::new();
    let (mut ids, mut own_ids) = (HashSet::new(), HashSet::new());
    for (at, item) in items.iter().enumerate() {
        let (kind, mut id) = (text(item, "type"), text(item, "call_id"));
        // The reference names the call by the output's own id.
        if kind == "local_shell_call_output" && id.is_empty() {
            id = text(item, "id");
        }
        let own = text(item, "id");
        found.check(own.is_empty() || own_ids.insert(own), "item-id-unique", own);
        match kind {
            "message" => judge_message(item, at, found),
            "reasoning" => {
                let sealed = !text(item, "encrypted_content").is_empty();
                found.check(sealed, "reasoning-encrypted", format!("input.{at}"));
                found.check(
                    is_followed(&items[at + 1..]),
                    "reasoning-followed",
                    format!("input.{at}"),
                );
            }
            "function_call" => {
                found.check(!id.is_empty() && id.len() <= 64, "call-id", format!("{id:?}"));
                found.check(plain(text(item, "name"), 64), "call-name", &item["name"]);
                let arguments = item["arguments"].as_str().map(serde_json::from_str::<Value>);
                let object = matches!(arguments, Some(Ok(Value::Object(_))));
                found.check(object, "arguments", format!("of {id} are no text of an object"));
                let has_tools = !list(body, "tools").is_empty();
                found.check(has_tools, "tools-missing", "tools were called");
            }
            "function_call_output" => {
                found.check(is_output(&item["output"]), "output", format!("input.{at}"));
            }
            "" => found.add("item-type", format!("input.{at}")),
            _ => {}
        }
        if let Some(call) = kind.strip_suffix("_output") {
            match calls.get_mut(&(call, id)) {
                Some(answered) if !*answered => *answered = true,
                Some(_) => found.add("result-twice", id),
                None => found.add("result-without-call", id),
            }
        } else if !id.is_empty() {
            found.check(ids.insert(id), "call-id-unique", id);
            calls.insert((kind, id), false);
        }
    }
    for ((_, id), _) in calls.into_iter().filter(|(_, answered)| !answered) {
        found.add("call-without-result", id);
    }
}

fn judge_message(item: &Value, at: usize, found: &mut Found) {
    let role = text(item, "role");
    found.check(["user", "assistant", "developer"].contains(&role), "role", role);
    let said = match &item["content"] {
        Value::String(text) => !blank(text),
        Value::Array(parts) if role == "assistant" => {
            let identified =
                text(item, "id").starts_with("msg") && !text(item, "status").is_empty();
            identified && !parts.is_empty() && parts.iter().all(is_said)
        }
        Value::Array(parts) => role == "user" && !parts.is_empty() && parts.iter().all(is_input),
        _ => false,
    };
    found.check(said, "content", format!("input.{at}"));
}

fn is_said(part: &Value) -> bool {
    match text(part, "type") {
        "output_text" => !blank(text(part, "text")) && part["annotations"].is_array(),
        "refusal" => !blank(text(part, "refusal")),
        _ => false,
    }
}

fn is_output(output: &Value) -> bool {
    match output {
        Value::String(text) => !blank(text),
        Value::Array(parts) => !parts.is_empty() && parts.iter().all(is_input),
        _ => false,
    }
}

fn is_input(part: &Value) -> bool {
    match text(part, "type") {
        "input_text" => !blank(text(part, "text")),
        "input_image" => {
            ["low", "high", "auto"].contains(&text(part, "detail"))
                && (is_image_url(text(part, "image_url")) || !text(part, "file_id").is_empty())
        }
        "input_file" => {
            let data = is_data_url(text(part, "file_data"), &["application/pdf"]);
            let sent = data && !text(part, "filename").is_empty();
            sent || ["file_id", "file_url"].iter().any(|key| !text(part, key).is_empty())
        }
        _ => false,
    }
}

/// Tells whether what the model did next comes after reasoning.
fn is_followed(rest: &[Value]) -> bool {
    match rest.iter().find(|item| text(item, "type") != "reasoning") {
        Some(item) => text(item, "role") == "assistant" || text(item, "type").ends_with("_call"),
        None => false,
    }
}
