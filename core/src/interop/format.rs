//! Formats of transcripts, and how one is told from another by its first bytes.

use std::fmt;
use std::str::FromStr;

use super::keys::Keys;
use super::{
    amp, atif_read, bedrock, chatgpt, codex_exec, copilot, goose, langchain, opencode,
    openhands_v0, pi, vercel,
};
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
    /// harbor's ATIF, as [`to_atif`](super::to_atif) writes it, and earlier versions of it.
    Atif,
    /// What `opencode export` writes.
    OpenCode,
    /// Events of OpenHands before its version 1.
    OpenHandsV0,
    /// The JSON lines of pi's sessions.
    Pi,
    /// goose's sessions, their JSON lines or their export.
    Goose,
    /// Amp's threads.
    Amp,
    /// The JSON lines of Copilot CLI's events.
    Copilot,
    /// The JSON lines that `codex exec --json` prints.
    CodexExec,
    /// Messages of Vercel's AI SDK, for models or for pages.
    Vercel,
    /// Messages of LangChain, as `messages_to_dict`, `dumpd` or `model_dump` write them.
    LangChain,
    /// Messages of Amazon Bedrock's Converse API, or a body of it.
    Bedrock,
    /// The `conversations.json` of ChatGPT's export.
    ChatGpt,
    /// Contents of the Gemini API, a body, or the chats and checkpoints of Gemini CLI.
    Gemini,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 19] = [
        Format::ClaudeCode,
        Format::OpenAiChat,
        Format::OpenAiResponses,
        Format::Anthropic,
        Format::SweAgent,
        Format::OpenHands,
        Format::Atif,
        Format::OpenCode,
        Format::OpenHandsV0,
        Format::Pi,
        Format::Goose,
        Format::Amp,
        Format::Copilot,
        Format::CodexExec,
        Format::Vercel,
        Format::LangChain,
        Format::Bedrock,
        Format::ChatGpt,
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
            Format::Atif => "atif",
            Format::OpenCode => "opencode",
            Format::OpenHandsV0 => "openhands-v0",
            Format::Pi => "pi",
            Format::Goose => "goose",
            Format::Amp => "amp",
            Format::Copilot => "copilot",
            Format::CodexExec => "codex-exec",
            Format::Vercel => "vercel",
            Format::LangChain => "langchain",
            Format::Bedrock => "bedrock",
            Format::ChatGpt => "chatgpt",
            Format::Gemini => "gemini",
        }
    }
}

/// Tells a file of a format by its keys.
type IsTold = fn(&Keys<'_>) -> bool;

/// How each format is told whose files have marks of their own, in the order in which they are asked.
const TOLD: [(Format, IsTold); 12] = [
    (Format::Atif, atif_read::is_told),
    (Format::CodexExec, codex_exec::is_told),
    (Format::Copilot, copilot::is_told),
    (Format::Pi, pi::is_told),
    (Format::Goose, goose::is_told),
    (Format::OpenCode, opencode::is_told),
    (Format::OpenHandsV0, openhands_v0::is_told),
    (Format::Amp, amp::is_told),
    (Format::ChatGpt, chatgpt::is_told),
    (Format::LangChain, langchain::is_told),
    (Format::Bedrock, bedrock::is_told),
    (Format::Vercel, vercel::is_told),
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
        let keys: Vec<_> =
            keys.iter().map(|key| format!("`{}`", super::report::clip(key))).collect();
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
