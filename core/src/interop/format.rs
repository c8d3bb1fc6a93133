//! Formats of transcripts, and how one is told from another by its first bytes.

use std::fmt;
use std::str::FromStr;

use super::keys::Keys;
use crate::error::{Error, Result};

/// How a transcript is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Format {
    /// The JSON lines of Claude Code's sessions.
    ClaudeCode,
    /// Messages of OpenAI's Chat Completions, or of several conversations.
    OpenAiChat,
    /// Items of OpenAI's Responses API, a body, or the lines of Codex's sessions.
    OpenAiResponses,
    /// Messages of Anthropic's Messages API, or a request's body.
    Anthropic,
    /// A `.traj` of SWE-agent or mini-swe-agent.
    SweAgent,
    /// Events of OpenHands.
    OpenHands,
    /// Contents of the Gemini API, a body, or the chats and checkpoints of Gemini CLI.
    Gemini,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 7] = [
        Format::ClaudeCode,
        Format::OpenAiChat,
        Format::OpenAiResponses,
        Format::Anthropic,
        Format::SweAgent,
        Format::OpenHands,
        Format::Gemini,
    ];

    /// Returns the name, which also begins the origins of its memories.
    pub fn name(self) -> &'static str {
        match self {
            Format::ClaudeCode => "claude-code",
            Format::OpenAiChat => "openai-chat",
            Format::OpenAiResponses => "openai-responses",
            Format::Anthropic => "anthropic",
            Format::SweAgent => "swe-agent",
            Format::OpenHands => "openhands",
            Format::Gemini => "gemini",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let format = Format::ALL.into_iter().find(|format| format.name() == text);
        format.ok_or_else(|| {
            let names = Format::ALL.map(Format::name).join(", ");
            let text = super::report::clip(text);
            Error::invalid(format!("no transcript format {text:?}; there are {names}"))
        })
    }
}

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
    // A trajectory may be long, and all else stand behind it.
    if top("trajectory") || top("trajectory_format") || top("history") && top("environment") {
        return Some(Format::SweAgent);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_and_an_unknown_one_is_told_the_others() {
        for format in Format::ALL {
            assert_eq!(format.name().parse::<Format>().unwrap(), format);
        }
        let error = "codex".parse::<Format>().unwrap_err();
        assert!(error.to_string().contains("openhands"), "{error}");
    }

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
