//! How one format is told from another, by the keys of a file's first bytes.

use super::format::Format;
use super::keys::Keys;
use super::report::clip;

/// Tells a file of a format by its keys.
type IsTold = fn(&Keys<'_>) -> bool;

/// How each format is told whose files have marks of their own, in the order in which they are asked.
const TOLD: [(Format, IsTold); 12] = [
    (Format::Atif, is_atif),
    (Format::CodexExec, is_codex_exec),
    (Format::Copilot, is_copilot),
    (Format::Pi, is_pi),
    (Format::Goose, is_goose),
    (Format::OpenCode, is_opencode),
    (Format::OpenHandsV0, is_openhands_v0),
    (Format::Amp, is_amp),
    (Format::ChatGpt, is_chatgpt),
    (Format::LangChain, is_langchain),
    (Format::Bedrock, is_bedrock),
    (Format::Vercel, is_vercel),
];

/// Keys that a file of a format has, for one that is of none: which it resembles, and why not.
const MARKS: [(Format, &[&str]); Format::ALL.len()] = [
    (Format::ClaudeCode, &["type", "uuid", "parentUuid", "message"]),
    (Format::OpenAiChat, &["role", "content", "messages"]),
    (Format::OpenAiResponses, &["type", "payload", "input"]),
    (Format::Anthropic, &["role", "content", "messages", "system"]),
    (Format::SweAgent, &["trajectory", "history", "environment"]),
    (Format::OpenHands, &["kind", "source", "timestamp"]),
    (Format::Atif, &["schema_version", "steps", "agent"]),
    (Format::OpenCode, &["info", "messages", "parts", "sessionID"]),
    (Format::OpenHandsV0, &["action", "observation", "source", "args"]),
    (Format::Pi, &["type", "id", "parentId", "message"]),
    (Format::Goose, &["working_dir", "role", "created", "content"]),
    (Format::Amp, &["v", "id", "messages", "messageId"]),
    (Format::Copilot, &["type", "data", "parentId", "timestamp"]),
    (Format::CodexExec, &["type", "item", "thread_id"]),
    (Format::Vercel, &["role", "parts", "toolCallId"]),
    (Format::LangChain, &["type", "data", "content", "response_metadata"]),
    (Format::Bedrock, &["role", "content", "toolUse", "inferenceConfig"]),
    (Format::ChatGpt, &["mapping", "current_node", "title"]),
    (Format::Gemini, &["contents", "parts", "history", "projectHash"]),
];

/// Formats, and keys, that an error lists.
const LISTED: usize = 3;

/// Says of a file of no known format which ones it resembles and why it is none of them.
pub(super) fn resembled(prefix: &[u8]) -> String {
    let keys = Keys::scan(prefix);
    let quoted = |keys: &[&str]| {
        let keys: Vec<_> = keys.iter().map(|key| format!("`{}`", clip(key))).collect();
        keys.join(", ")
    };
    let top = keys.top();
    if top.is_empty() {
        return "it holds no JSON object".to_owned();
    }
    let mut near: Vec<(usize, String)> = Vec::new();
    for (format, marks) in MARKS {
        let (has, lacks): (Vec<&str>, Vec<&str>) = marks.iter().partition(|mark| keys.has(mark));
        // A word that all the world uses resembles nothing by itself.
        if has.len() > 1 || has.iter().any(|mark| !COMMON.contains(mark)) {
            let why = match lacks.is_empty() {
                true => "elsewhere than it should be".to_owned(),
                false => format!("but not {}", quoted(&lacks)),
            };
            near.push((has.len(), format!("{format} (it has {}, {why})", quoted(&has))));
        }
    }
    near.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let near: Vec<String> = near.into_iter().take(LISTED).map(|(_, text)| text).collect();
    match near.is_empty() {
        true => format!("its keys are {}", quoted(&top[..top.len().min(2 * LISTED)])),
        false => format!("it resembles {}", near.join(", ")),
    }
}

/// Marks that many files have which are no dialogs.
const COMMON: [&str; 8] =
    ["type", "id", "content", "message", "source", "timestamp", "input", "messages"];

/// Guesses the format from a file's first bytes, by the keys that stand in them; none if they are of
/// none of the formats. The more bytes the surer; the first line or 64 KiB are enough.
///
/// ```
/// use partita::interop::{Format, detect};
/// let line = br#"{"type":"user","uuid":"1","parentUuid":null,"message":{"role":"user""#;
/// assert_eq!(detect(line), Some(Format::ClaudeCode));
/// assert_eq!(detect(b"Dear diary"), None);
/// ```
pub fn detect(prefix: &[u8]) -> Option<Format> {
    let keys = Keys::scan(prefix);
    let top = |key| keys.has_at(1, key);
    let any = |names: &[&str]| names.iter().any(|name| keys.has(name));
    if is_gemini(&keys) {
        return Some(Format::Gemini);
    }
    let claude = ["uuid", "parentUuid", "sessionId", "leafUuid", "isSnapshotUpdate"];
    if top("type") && claude.into_iter().any(top) {
        return Some(Format::ClaudeCode);
    }
    if top("kind") && (top("source") || top("timestamp")) {
        return Some(Format::OpenHands);
    }
    if top("payload") && is_responses(&keys) {
        return Some(Format::OpenAiResponses);
    }
    if let Some((format, _)) = TOLD.iter().find(|(_, is_told)| is_told(&keys)) {
        return Some(*format);
    }
    // A trajectory may be long, and all else stand behind it.
    if top("trajectory") || top("trajectory_format") || top("history") && top("environment") {
        return Some(Format::SweAgent);
    }
    if is_responses(&keys) {
        return Some(Format::OpenAiResponses);
    }
    if !any(&["role", "messages", "traj", "choices"]) {
        return None;
    }
    let openai = ["tool_calls", "tool_call_id", "function_call", "image_url", "refusal", "choices"];
    let blocks = ["tool_use", "tool_result", "thinking", "redacted_thinking", "server_tool_use"];
    let roles = ["system", "developer", "tool", "function"];
    if any(&openai) || roles.iter().any(|role| keys.says("role", role)) {
        return Some(Format::OpenAiChat);
    }
    let sourced = ["image", "document", "search_result"];
    let anthropic = blocks.iter().any(|block| keys.says("type", block))
        || keys.has("source") && sourced.iter().any(|block| keys.says("type", block));
    if anthropic || top("system") || top("stop_sequence") || keys.has("input_schema") {
        return Some(Format::Anthropic);
    }
    Some(Format::OpenAiChat)
}

/// Tells whether these are contents of the Gemini API, whose parts have no type, or a chat of Gemini CLI.
fn is_gemini(keys: &Keys<'_>) -> bool {
    let top = |key| keys.has_at(1, key);
    if top("sessionId") && top("projectHash") {
        return true;
    }
    let parts = ["text", "functionCall", "functionResponse", "inlineData", "fileData"];
    let holds = |level| parts.iter().any(|key| keys.has_at(level, key));
    let list = top("parts") && !top("type") && !keys.has_at(2, "type") && holds(2);
    let held = top("contents") || top("history");
    let body = held && keys.has_at(2, "parts") && !keys.has_at(2, "type") && holds(3);
    list || body || top("candidates") && keys.has_at(2, "content")
}

/// Tells whether these are items of OpenAI's Responses API, or lines that hold some.
fn is_responses(keys: &Keys<'_>) -> bool {
    let top = |key| keys.has_at(1, key);
    let says = |kinds: &[&str]| kinds.iter().any(|kind| keys.says("type", kind));
    if top("payload") {
        return says(&["session_meta", "response_item", "event_msg", "turn_context", "compacted"]);
    }
    if ["messages", "choices", "traj"].into_iter().any(top) {
        return false;
    }
    let calls = says(&["function_call", "function_call_output", "custom_tool_call"]);
    calls && keys.has("call_id")
        || says(&["input_text", "output_text", "input_image", "input_file"])
        || says(&["reasoning"]) && (keys.has("summary") || keys.has("encrypted_content"))
        || top("input") && ["instructions", "model", "tools"].into_iter().any(top)
        || top("output") && keys.says("object", "response")
}

fn is_amp(keys: &Keys<'_>) -> bool {
    keys.has_at(1, "messages") && (keys.has_at(2, "messageId") || keys.has("toolUseID"))
        || keys.says_beginning("id", "T-") && keys.has_at(1, "created") && keys.has_at(1, "v")
}

fn is_atif(keys: &Keys<'_>) -> bool {
    keys.says_beginning("schema_version", "ATIF")
        || keys.has_at(1, "steps") && keys.has_at(2, "step_id")
}

fn is_bedrock(keys: &Keys<'_>) -> bool {
    let own = ["toolUse", "toolUseId", "toolResult", "inferenceConfig", "reasoningContent"];
    let speaks = keys.has("role") && keys.has("content");
    // A list of blocks that have a text and no type.
    let plain = (1..=3).any(|level| {
        keys.has_at(level, "role")
            && keys.has_at(level, "content")
            && keys.has_at(level + 1, "text")
    });
    let is_other = keys.says("type", "tool_use") || keys.says("type", "tool_result");
    let has = |key: &&str| (1..=4).any(|level| keys.has_at(level, key));
    (speaks || keys.has_at(1, "messages")) && !is_other && own.iter().any(has)
        || keys.has_at(1, "modelId") && keys.has_at(1, "messages")
        || plain && !keys.has("type") && !keys.has("parts")
}

fn is_chatgpt(keys: &Keys<'_>) -> bool {
    let beside = ["current_node", "create_time", "title", "conversation_id"];
    keys.has_at(1, "mapping") && beside.into_iter().any(|key| keys.has_at(1, key))
}

fn is_codex_exec(keys: &Keys<'_>) -> bool {
    let events =
        ["thread.started", "turn.started", "item.started", "item.completed", "turn.completed"];
    events.into_iter().any(|event| keys.says("type", event))
}

fn is_copilot(keys: &Keys<'_>) -> bool {
    let events = ["session.start", "session.resume", "user.message", "assistant.message"];
    keys.has_at(1, "data") && events.into_iter().any(|event| keys.says("type", event))
}

fn is_goose(keys: &Keys<'_>) -> bool {
    let beside = ["message_count", "conversation", "description", "schedule_id"];
    let blocks = ["toolRequest", "toolResponse", "frontendToolRequest"];
    keys.has_at(1, "working_dir") && beside.into_iter().any(|key| keys.has_at(1, key))
        || blocks.into_iter().any(|block| keys.says("type", block))
}

fn is_langchain(keys: &Keys<'_>) -> bool {
    let own = ["additional_kwargs", "response_metadata"];
    let types = ["human", "ai", "system", "tool", "function", "chat"];
    let says = |kinds: &[&str]| kinds.iter().any(|kind| keys.says("type", kind));
    let serialized = keys.has("lc") && (keys.has("kwargs") || says(&["constructor"]));
    let wrapped = (1..=2).any(|level| keys.has_at(level, "data")) && keys.has("content");
    serialized
        || says(&["human", "ai", "HumanMessageChunk", "AIMessageChunk"])
            && (wrapped || keys.has("content"))
        || own.into_iter().any(|key| keys.has(key)) && keys.has("content") && says(&types)
}

fn is_opencode(keys: &Keys<'_>) -> bool {
    keys.has_at(1, "info") && (keys.has_at(3, "sessionID") || keys.says_beginning("id", "ses_"))
}

fn is_openhands_v0(keys: &Keys<'_>) -> bool {
    (1..=2).any(|level| {
        let has = |key| keys.has_at(level, key);
        let acts = has("action") && (has("args") || has("message"));
        let sees = has("observation") && (has("extras") || has("content"));
        has("source") && !has("kind") && (acts || sees)
    })
}

fn is_pi(keys: &Keys<'_>) -> bool {
    let begins = keys.says("type", "session") && keys.has_at(1, "cwd") && keys.has_at(1, "id");
    begins && !keys.has_at(1, "sessionId")
        || keys.says("type", "message")
            && ["parentId", "message", "id"].into_iter().all(|key| keys.has_at(1, key))
}

fn is_vercel(keys: &Keys<'_>) -> bool {
    if !keys.has("role") || ["tool_calls", "tool_call_id"].into_iter().any(|key| keys.has(key)) {
        return false;
    }
    let blocks = ["tool-call", "tool-result", "tool-invocation", "dynamic-tool", "step-start"];
    let thinks = keys.says("type", "reasoning")
        && !["summary", "encrypted_content", "call_id"].into_iter().any(|key| keys.has(key));
    let parts = (1..=2).any(|level| keys.has_at(level, "parts") && keys.has_at(level, "role"));
    blocks.into_iter().any(|block| keys.says("type", block))
        || parts && (keys.says("type", "text") || keys.says_beginning("type", "tool-"))
        || (1..=3).any(|level| {
            ["toolInvocations", "mediaType"].into_iter().any(|key| keys.has_at(level, key))
        })
        || thinks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_is_told_by_its_first_bytes() {
        use Format::*;
        for (text, format) in [
            (r#"{"type":"summary","summary":"x","leafUuid":"1"}"#, Some(ClaudeCode)),
            (r#"{"type":"file-history-snapshot","isSnapshotUpdate":false,"sn"#, Some(ClaudeCode)),
            (r#"{"parentUuid":null,"type":"user","message":{"role":"user","con"#, Some(ClaudeCode)),
            (r#"{"id":"1","timestamp":"t","source":"user","kind":"MessageEv"#, Some(OpenHands)),
            (
                r#"{"id":"1","source":"user","llm_message":{},"kind":"MessageEvent"}"#,
                Some(OpenHands),
            ),
            (r#"[{"kind": "PauseEvent", "timestamp": "t"}]"#, Some(OpenHands)),
            (r#"{ "environment": "e", "trajectory": [ { "action": "ls" "#, Some(SweAgent)),
            (r#"{"info":{},"messages":[],"trajectory_format":"mini-swe-agent-1"}"#, Some(SweAgent)),
            (r#"[{"task_id":0,"traj":[{"role":"system","content":"#, Some(OpenAiChat)),
            (r#"[{"role":"user","content":"hi"}]"#, Some(OpenAiChat)),
            (
                r#"[{"role":"user","content":[{"type":"image","source":{"type":"base64","#,
                Some(Anthropic),
            ),
            (
                r#"{"messages":[{"role":"user","content":[{"type":"document","source":{}}]}]}"#,
                Some(Anthropic),
            ),
            (
                r#"[{"role":"user","content":[{"type":"image_url","image_url":{"source":"#,
                Some(OpenAiChat),
            ),
            (r#"[{"role":"assistant","tool_calls":[{"id":"1","type":"func"#, Some(OpenAiChat)),
            (r#"{"model":"m","input":"hi"}"#, Some(OpenAiResponses)),
            (r#"[{"type":"reasoning","id":"r","summary":[],"encry"#, Some(OpenAiResponses)),
            (
                r#"[{"role":"user","content":"hi"},{"type":"function_call","call_id":"c""#,
                Some(OpenAiResponses),
            ),
            (
                r#"{"timestamp":"t","type":"session_meta","payload":{"id":"1""#,
                Some(OpenAiResponses),
            ),
            (
                r#"{"type":"message","role":"user","content":[{"type":"input_text","text"#,
                Some(OpenAiResponses),
            ),
            (r#"{"model":"m","system":"s","messages":[{"role":"user"#, Some(Anthropic)),
            (r#"[{"role":"user","content":[{"type":"tool_result","tool_use_id"#, Some(Anthropic)),
            (
                r#"{"sessionId":"s","projectHash":"h","messages":[{"id":"m","type":"user"#,
                Some(Gemini),
            ),
            (
                r#"[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":[{"te"#,
                Some(Gemini),
            ),
            (r#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}"#, Some(Gemini)),
            (
                r#"{"history":[{"role":"user","parts":[{"text":"hi"}]}],"authType":"x"}"#,
                Some(Gemini),
            ),
            (r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"h"#, Some(Gemini)),
            ("", None),
            ("[]", None),
            ("{\"a\":1}", None),
            ("text with \"role\": user", None),
        ] {
            assert_eq!(detect(text.as_bytes()), format, "{text}");
        }
    }
}
