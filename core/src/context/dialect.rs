//! The dialects: whose request it is, and what its model takes beside text.

use crate::json::Json;

/// Whose API a request is for.
///
/// ```
/// use partita::Dialect;
/// assert_eq!(Dialect::from_name("openai-chat"), Some(Dialect::OpenAiChat));
/// assert_eq!(Dialect::Anthropic.name(), "anthropic");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Dialect {
    /// Anthropic Messages.
    Anthropic,
    /// `OpenAI` Chat Completions.
    OpenAiChat,
    /// `OpenAI` Responses.
    OpenAiResponses,
}

/// Where in a request a block stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    User,
    Assistant,
    Result,
}

/// How a medium is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Image,
    Document,
    PlainText,
    Audio(&'static str),
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Dialect; 3] =
        [Dialect::Anthropic, Dialect::OpenAiChat, Dialect::OpenAiResponses];

    /// Returns the name, which is also the [`provider`](crate::Part::Opaque::provider) of the
    /// opaque blocks that go to it.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Anthropic => "anthropic",
            Dialect::OpenAiChat => "openai-chat",
            Dialect::OpenAiResponses => "openai-responses",
        }
    }

    /// Returns the dialect of a name, or nothing for any other text.
    pub fn from_name(name: &str) -> Option<Dialect> {
        Dialect::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    /// Returns how a medium is sent, or nothing if it cannot be.
    ///
    /// Sources: the content block types of the APIs' references. Images are JPEG, PNG, GIF and
    /// WebP for all three; only Chat hears, WAV and MP3. No model's own turn holds media.
    pub(super) fn form(self, media_type: &str, spot: Spot) -> Option<Form> {
        if spot == Spot::Assistant {
            return None;
        }
        Some(match media_type {
            "image/jpeg" | "image/png" | "image/gif" | "image/webp" => Form::Image,
            "application/pdf" => Form::Document,
            "text/plain" if self == Dialect::Anthropic => Form::PlainText,
            "audio/wav" if self == Dialect::OpenAiChat => Form::Audio("wav"),
            "audio/mpeg" | "audio/mp3" if self == Dialect::OpenAiChat => Form::Audio("mp3"),
            _ => return None,
        })
    }

    /// Tells whether an opaque block of this provider may stand at a spot as it is.
    ///
    /// What has a part of its own (calls, results) is refused: unpaired blocks would slip in. In a
    /// model's turn unknown types pass, since providers add them.
    pub(super) fn takes(self, block: &Json, spot: Spot) -> bool {
        let kind = block.get("type").and_then(Json::as_str).unwrap_or("");
        let filled = |key| has_text(block, key);
        match (self, spot) {
            (_, _) if kind.is_empty() => false,
            (Dialect::Anthropic, Spot::Assistant) => match kind {
                "tool_use" | "tool_result" | "image" | "document" | "search_result" => false,
                "text" => filled("text"),
                "thinking" => filled("signature") && block.get("thinking").is_some(),
                "redacted_thinking" => filled("data"),
                "server_tool_use" | "mcp_tool_use" => filled("id"),
                _ => !kind.ends_with("_tool_result") || filled("tool_use_id"),
            },
            (Dialect::Anthropic, _) => match kind {
                "text" => filled("text"),
                "image" | "document" => block.get("source").is_some(),
                "search_result" => block.get("content").is_some(),
                "tool_reference" => spot == Spot::Result && filled("tool_name"),
                _ => false,
            },
            (Dialect::OpenAiChat, Spot::Assistant) => kind == "refusal" && filled("refusal"),
            (Dialect::OpenAiChat, Spot::User) => {
                matches!(kind, "image_url" | "input_audio" | "file") && block.get(kind).is_some()
            }
            (_, Spot::Result) => false,
            (Dialect::OpenAiResponses, Spot::User) => {
                kind.ends_with("_call_output") && kind != "function_call_output"
            }
            (Dialect::OpenAiResponses, Spot::Assistant) => match kind {
                "reasoning" => filled("encrypted_content"),
                "message" | "function_call" | "function_call_output" | "item_reference" => false,
                _ if kind.starts_with("input_") || kind.starts_with("output_") => false,
                _ => true,
            },
        }
    }
}

fn has_text(block: &Json, key: &str) -> bool {
    block.get(key).and_then(Json::as_str).is_some_and(|text| !text.trim().is_empty())
}
