//! An independent judge of request bodies, one a dialect, written from the APIs' documentation and
//! from the errors they return. It shares no code with the renderer.

mod anthropic;
mod gemini;
mod openai_chat;
mod openai_responses;

use std::collections::HashSet;

use serde_json::Value;

/// Returns each rule of the API that a body breaks, each as `rule: where and what`.
///
/// The dialect is `anthropic`, `openai-chat`, `openai-responses` or `gemini`.
pub fn violations(dialect: &str, body: &Value) -> Vec<String> {
    let mut found = Found::default();
    match dialect {
        "anthropic" => anthropic::judge(body, &mut found),
        "openai-chat" => openai_chat::judge(body, &mut found),
        "openai-responses" => openai_responses::judge(body, &mut found),
        "gemini" => gemini::judge(body, &mut found),
        other => found.add("dialect", format!("{other} is not known")),
    }
    found.0
}

#[derive(Default)]
struct Found(Vec<String>);

impl Found {
    fn add(&mut self, rule: &str, what: impl std::fmt::Display) {
        self.0.push(format!("{rule}: {what}"));
    }

    fn check(&mut self, holds: bool, rule: &str, what: impl std::fmt::Display) {
        if !holds {
            self.add(rule, what);
        }
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn blank(value: &str) -> bool {
    value.chars().all(char::is_whitespace)
}

/// `^[a-zA-Z0-9_-]{1,MOST}$`
fn plain(value: &str, most: usize) -> bool {
    !value.is_empty()
        && value.len() <= most
        && value.bytes().all(|b| b == b'_' || b == b'-' || b.is_ascii_alphanumeric())
}

fn is_base64(value: &str) -> bool {
    let body = value.trim_end_matches('=');
    !body.is_empty()
        && value.len().is_multiple_of(4)
        && value.len() - body.len() <= 2
        && body.bytes().all(|b| b == b'+' || b == b'/' || b.is_ascii_alphanumeric())
}

fn is_data_url(value: &str, types: &[&str]) -> bool {
    let Some(rest) = value.strip_prefix("data:") else { return false };
    let Some((media_type, data)) = rest.split_once(";base64,") else { return false };
    types.contains(&media_type) && is_base64(data)
}

/// Tells whether a text is the address of an image, or holds one.
fn is_image_url(value: &str) -> bool {
    value.starts_with("https://") || value.starts_with("http://") || is_data_url(value, &IMAGES)
}

const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// Judges the function tools of a list, whose names have that many letters at most; `schema` is where the parameters' schema stands.
fn judge_tools<'a>(
    tools: impl Iterator<Item = &'a Value>,
    schema: &str,
    most: usize,
    found: &mut Found,
) {
    let mut names = HashSet::new();
    for tool in tools {
        let name = text(tool, "name");
        found.check(plain(name, most), "tool-name", format!("{name:?}"));
        found.check(names.insert(name.to_owned()), "tool-unique", format!("{name:?}"));
        let is_object = tool.get(schema).is_some_and(|it| text(it, "type") == "object");
        found.check(is_object, "tool-schema", format!("of {name:?} is no object's"));
        if let Some(description) = tool.get("description") {
            let said = description.as_str().is_some_and(|text| !blank(text));
            found.check(said, "tool-description", format!("of {name:?}"));
        }
    }
}
