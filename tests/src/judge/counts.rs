//! What a body says is counted, and no exact count leaves any of it out.

use partita::context::{CounterFor, Dialect, Prompt, RenderOptions};
use partita::tokens::{Count, TokenCounter};
use serde_json::Value;

/// A counter of bytes, whose sums are those of what is joined.
#[derive(Debug)]
struct Bytes;

impl TokenCounter for Bytes {
    fn id(&self) -> &str {
        "bytes"
    }

    fn count(&self, text: &str) -> Count {
        Count::exact(text.len() as u64)
    }
}

/// Returns what is wrong with the counts of a prompt's request in a dialect.
pub fn uncounted(prompt: &Prompt, dialect: Dialect) -> Vec<String> {
    let options = RenderOptions::default().with_cache_points(false);
    let body = prompt.render_with(dialect, &options).body.to_string();
    let body: Value = serde_json::from_str(&body).expect("a body is JSON");
    let own = prompt.count(&CounterFor::new(Bytes).with_dialect(dialect));
    let all = prompt.count(&Bytes);
    let hand = by_hand(&body);
    let mut found = Vec::new();
    if own.high() < hand {
        found.push(format!("{own}, and {hand} by hand"));
    }
    if all.high() < own.high() || all.low() > own.low() {
        found.push(format!("{own} is beyond {all} of all dialects"));
    }
    if own.is_exact()
        && let Some(odd) = beyond_rules(&body)
    {
        found.push(format!("{own} is exact, and {odd} has no rule"));
    }
    found
}

/// What names a field's choice, and addresses.
const STRUCTURE: [&str; 11] = [
    "type",
    "role",
    "media_type",
    "mimeType",
    "fileUri",
    "cache_control",
    "url",
    "image_url",
    "file_data",
    "status",
    "detail",
];

/// The bytes of all texts of a body that say something.
fn by_hand(body: &Value) -> u64 {
    let (mut sum, mut waiting) = (0, vec![("", body)]);
    while let Some((key, value)) = waiting.pop() {
        match value {
            Value::String(text) if !text.starts_with("data:") => sum += text.len() as u64,
            Value::Array(items) => waiting.extend(items.iter().map(|item| (key, item))),
            Value::Object(fields) => {
                let has = |key| value.get(key).is_some();
                let is_medium = value["type"] == "base64" || has("format") || has("mimeType");
                let told = fields.iter().filter(|(key, _)| {
                    let is_data = *key == "data" && is_medium;
                    !(is_data || STRUCTURE.contains(&key.as_str()))
                });
                waiting.extend(told.map(|(key, value)| (key.as_str(), value)));
            }
            _ => {}
        }
    }
    sum
}

/// Returns what of a body no published rule counts.
fn beyond_rules(body: &Value) -> Option<String> {
    const PLAIN: [&str; 10] = [
        "text",
        "tool_use",
        "tool_result",
        "function",
        "function_call",
        "input_text",
        "function_call_output",
        "message",
        "ephemeral",
        "object",
    ];
    const ODD: [&str; 12] = [
        "is_error",
        "citations",
        "thoughtSignature",
        "inlineData",
        "fileData",
        "executableCode",
        "codeExecutionResult",
        "toolCall",
        "toolResponse",
        "encrypted_content",
        "scheduling",
        "phase",
    ];
    // A schema is the tool's, and what a model wrote is its own.
    const WITHIN: [&str; 6] =
        ["parameters", "input_schema", "parametersJsonSchema", "input", "args", "arguments"];
    let is_list = |key: &str, value: &Value| key == "input" && value.is_array();
    let mut waiting = vec![body];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(items) => waiting.extend(items),
            Value::Object(fields) => {
                if let Some(odd) = fields.keys().find(|key| ODD.contains(&key.as_str())) {
                    return Some(odd.clone());
                }
                if let Some(kind) = value["type"].as_str().filter(|kind| !PLAIN.contains(kind)) {
                    return Some(kind.to_owned());
                }
                let inner = fields.iter();
                let inner = inner
                    .filter(|(key, value)| !WITHIN.contains(&key.as_str()) || is_list(key, value));
                waiting.extend(inner.map(|(_, value)| value));
            }
            _ => {}
        }
    }
    None
}
