//! Gemini: <https://ai.google.dev/api/generate-content>, <https://ai.google.dev/api/caching#Content> and
//! the guides on function calling and thought signatures.

use std::collections::HashSet;

use serde_json::Value;

use super::{Found, blank, is_base64, list, text};

const DATA: [&str; 9] = [
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
];

pub(super) fn judge(body: &Value, found: &mut Found) {
    for key in body.as_object().into_iter().flat_map(|body| body.keys()) {
        let known = ["tools", "systemInstruction", "contents"].contains(&key.as_str());
        found.check(known, "field", key);
    }
    if body.get("tools").is_some() {
        found.check(!list(body, "tools").is_empty(), "tools-empty", "an empty list says nothing");
    }
    judge_functions(body, found);
    for part in list(&body["systemInstruction"], "parts") {
        found.check(!blank(text(part, "text")), "system", part);
    }
    let contents = list(body, "contents");
    found.check(!contents.is_empty(), "contents", "at least one is required");
    let mut ids = HashSet::new();
    let mut waiting: Vec<(&str, &str)> = Vec::new();
    let mut role = "model";
    for (at, content) in contents.iter().enumerate() {
        let speaks = text(content, "role");
        found.check(["user", "model"].contains(&speaks), "role", format!("{at} {speaks:?}"));
        if at == 0 {
            found.check(speaks == "user", "first-user", speaks);
        } else {
            found.check(speaks != role, "alternation", format!("{at} {speaks:?} again"));
        }
        role = speaks;
        let parts = list(content, "parts");
        found.check(!parts.is_empty(), "parts", format!("{at} has none"));
        let responses = parts.iter().take_while(|part| part.get("functionResponse").is_some());
        let responses: Vec<_> = responses.map(|part| pair(&part["functionResponse"])).collect();
        let counted = parts.iter().filter(|part| part.get("functionResponse").is_some()).count();
        found.check(counted == responses.len(), "responses-first", format!("contents.{at}"));
        found.check(
            responses == waiting,
            "responses-pair",
            format!("contents.{at}: {responses:?} to {waiting:?}"),
        );
        waiting.clear();
        for part in parts {
            judge_part(part, speaks, at, found);
            if let Some(call) = part.get("functionCall") {
                let (id, name) = pair(call);
                found.check(speaks == "model", "call-role", format!("contents.{at} {name}"));
                found.check(is_name(name), "call-name", format!("{name:?}"));
                found.check(id.is_empty() || ids.insert(id), "call-id-unique", id);
                found.check(
                    call["args"].is_object(),
                    "arguments",
                    format!("of {name} are no object"),
                );
                waiting.push((id, name));
            }
        }
    }
    for (id, name) in waiting {
        found.add("call-without-response", format!("{id} {name} at the end"));
    }
}

fn pair(half: &Value) -> (&str, &str) {
    (text(half, "id"), text(half, "name"))
}

fn judge_functions(body: &Value, found: &mut Found) {
    let mut names = HashSet::new();
    for tool in list(body, "tools") {
        for function in list(tool, "functionDeclarations") {
            let name = text(function, "name");
            found.check(is_name(name), "tool-name", format!("{name:?}"));
            found.check(names.insert(name), "tool-unique", format!("{name:?}"));
            let schema = &function["parametersJsonSchema"];
            found.check(text(schema, "type") == "object", "tool-schema", format!("of {name:?}"));
            if let Some(description) = function.get("description") {
                let said = description.as_str().is_some_and(|text| !blank(text));
                found.check(said, "tool-description", format!("of {name:?}"));
            }
        }
    }
}

/// Begins with a letter or `_`, goes on with letters, digits, `_`, `.`, `:` and `-`, 63 in all.
fn is_name(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|b| b == b'_' || b.is_ascii_alphabetic());
    let rest = |b: u8| b.is_ascii_alphanumeric() || b"_.:-".contains(&b);
    first && name.len() <= 63 && name.bytes().all(rest)
}

fn judge_part(part: &Value, speaks: &str, at: usize, found: &mut Found) {
    let here = format!("contents.{at}");
    let held: Vec<_> = DATA.into_iter().filter(|key| part.get(key).is_some()).collect();
    let [kind] = held[..] else {
        found.add("part", format!("{here} holds {held:?}"));
        return;
    };
    let inner = &part[kind];
    let signed = part.get("thoughtSignature").is_some();
    match kind {
        "text" => {
            let said = signed || !blank(text(part, "text"));
            found.check(said, "blank-text", &here);
        }
        "inlineData" => {
            let sent = !text(inner, "mimeType").is_empty() && is_base64(text(inner, "data"));
            found.check(sent, "media", &here);
        }
        "fileData" => found.check(!text(inner, "fileUri").is_empty(), "media", &here),
        "functionResponse" => {
            found.check(speaks == "user", "response-role", &here);
            found.check(inner["response"].is_object(), "response", &here);
        }
        "executableCode" | "codeExecutionResult" => {
            found.check(speaks == "model", "code-role", &here);
        }
        _ => {}
    }
    if signed || part.get("thought").is_some() {
        found.check(speaks == "model", "thought-role", &here);
        found.check(kind != "functionResponse", "thought-place", &here);
    }
    if let Some(signature) = part.get("thoughtSignature") {
        let whole = signature.as_str().is_some_and(|text| !text.is_empty());
        found.check(whole, "thought-signature", &here);
    }
}
