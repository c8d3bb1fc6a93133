//! What of a source was understood: exit 0 means visible.
//!
//! A reader keeps blocks that it does not know as they came, for their provider may. Where a message
//! is nothing but such blocks, nobody sees anything of it: then it is refused by name. Understood is
//! what a person or a model would see: a text, a call, a result, media, thinking, a file, or a block
//! that its own dialect is known to have.

use super::report::clip;
use super::transcript::Turn;
use super::transcript::{Entry, Transcript};
use super::value::{is_something, text};
use crate::context::{Dialect, GEMINI_DATA};
use crate::json::Json;
use crate::object::{Memory, Part};

/// Names that a refusal lists.
const NAMED: usize = 4;

/// Block types of Anthropic's Messages API that become opaque parts.
const ANTHROPIC: [&str; 13] = [
    "image",
    "document",
    "search_result",
    "thinking",
    "redacted_thinking",
    "server_tool_use",
    "mcp_tool_use",
    "mcp_tool_result",
    "web_search_tool_result",
    "web_fetch_tool_result",
    "container_upload",
    "compaction",
    "tool_reference",
];
/// Block types of chat messages, those of models' own servers among them.
const CHAT: [&str; 12] = [
    "image_url",
    "image",
    "input_audio",
    "audio",
    "audio_url",
    "video",
    "video_url",
    "file",
    "refusal",
    "reasoning",
    "thinking",
    "redacted_thinking",
];
/// Item and part types of OpenAI's Responses API.
const RESPONSES: [&str; 13] = [
    "input_image",
    "input_file",
    "input_audio",
    "refusal",
    "reasoning",
    "reasoning_text",
    "summary_text",
    "computer_screenshot",
    "item_reference",
    "compaction",
    "compaction_summary",
    "context_compaction",
    "ghost_snapshot",
];

/// How types of media begin, whatever the format.
const MEDIA: [&str; 8] =
    ["image", "audio", "video", "file", "document", "resource", "media", "blob"];

/// Tells whether a block is one that its dialect is known to have.
fn is_known(provider: &str, block: &Json) -> bool {
    // Gemini's parts have no type: what one holds tells what it is.
    if provider == Dialect::Gemini.name() {
        return GEMINI_DATA.iter().any(|key| block.get(key).is_some_and(is_something));
    }
    let Some(kind) = text(block, "type") else {
        // OpenHands' images by address have no type in earlier records.
        // Bedrock's blocks have none at all.
        let media = ["image_urls", "image", "document", "video"];
        return media.iter().any(|key| block.get(key).is_some_and(is_something));
    };
    match Dialect::from_name(provider) {
        Some(Dialect::Anthropic) => {
            ANTHROPIC.contains(&kind)
                || kind.ends_with("_tool_result")
                || kind.ends_with("_tool_use")
        }
        Some(Dialect::OpenAiChat) => CHAT.contains(&kind),
        Some(Dialect::OpenAiResponses) => {
            let ends = ["_call", "_output", "_item"].iter().any(|end| kind.ends_with(end));
            ends || kind.starts_with("mcp_") || RESPONSES.contains(&kind)
        }
        // Of other formats it is what has bytes or an address that nobody here can read.
        _ => MEDIA.iter().any(|begins| kind.starts_with(begins)) || kind.ends_with("_pointer"),
    }
}

/// Tells whether somebody would see something of a part.
fn is_visible(part: &Part) -> bool {
    match part {
        Part::Text(text) => text.as_inline().is_none_or(|text| !text.trim_ascii().is_empty()),
        Part::Opaque { provider, content } => {
            let block = content.as_inline().and_then(|bytes| Json::parse(bytes).ok());
            block.is_none_or(|block| is_known(provider, &block))
        }
        _ => true,
    }
}

/// Returns why a memory is refused of which nothing was understood; none if something was, or if
/// there was nothing in its message.
fn refusal(memory: &Memory, left: &[String]) -> Option<String> {
    if memory.parts.iter().any(is_visible) {
        return None;
    }
    let mut names: Vec<String> = Vec::new();
    for part in &memory.parts {
        let Part::Opaque { content, .. } = part else { continue };
        let block = content.as_inline().and_then(|bytes| Json::parse(bytes).ok());
        let kind = block.as_ref().and_then(|block| text(block, "type"));
        let name = match (kind, &block) {
            (Some(kind), _) => format!("a block of type {}", clip(kind)),
            (None, Some(Json::Object(fields))) => {
                let keys: Vec<_> = fields.iter().take(NAMED).map(|(key, _)| clip(key)).collect();
                format!("a block of {}", keys.join(", "))
            }
            _ => "a block that is no object".to_owned(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.extend(left.iter().cloned());
    named(names)
}

/// Says that nothing was understood but these are held; none if nothing is.
pub(super) fn named(mut names: Vec<String>) -> Option<String> {
    if names.is_empty() {
        return None;
    }
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(format!("nothing in it was understood: it holds {}{more}", names.join(", ")))
}

/// Names the fields of a message that hold lists or objects and are not among these.
pub(super) fn left(message: &Json, known: &[&str]) -> Vec<String> {
    let fields = message.as_object().unwrap_or_default().iter();
    let fields = fields.filter(|(key, value)| {
        let holds = matches!(value, Json::Array(_) | Json::Object(_)) && is_something(value);
        holds && !known.contains(&key.as_str())
    });
    fields.map(|(key, _)| format!("a field {}", clip(key))).collect()
}

impl Transcript {
    /// Refuses each memory of which nothing was understood, by name; what it would have done to the
    /// view comes with the next.
    pub(super) fn refuse_unknown(&mut self) {
        let mut carried = Turn::default();
        for waits in [false, true] {
            let entries = if waits { &mut self.waiting } else { &mut self.entries };
            let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
            for mut entry in entries.drain(..) {
                let refusal = refusal(&entry.memory, &entry.left);
                if refusal.is_none() && carried.is_empty() {
                    kept.push(entry);
                    continue;
                }
                carried.then(entry.turn.take().unwrap_or_default());
                match refusal {
                    Some(why) => self.report.refuse(entry.at, why),
                    None => {
                        entry.turn =
                            Some(std::mem::take(&mut carried)).filter(|turn| !turn.is_empty());
                        kept.push(entry);
                    }
                }
            }
            *entries = kept;
        }
        if !carried.is_empty() {
            carried.then(self.last_turn.take().unwrap_or_default());
            self.last_turn = Some(carried);
        }
        self.report.kept = self.entries.len() as u64;
        self.report.rewait(self.waiting.iter().map(|entry| entry.at));
        self.report.refused.first.sort_by_key(|remark| remark.at);
    }
}
