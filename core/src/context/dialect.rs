//! The dialects: whose request it is, and what its model takes beside text.

use super::gemini_part;
use super::media::is_base64;
use super::spot::Spot;
use crate::json::Json;
use crate::tokens::Family;

/// Whose API a request is for.
///
/// ```
/// use partita::context::Dialect;
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
    /// Gemini `generateContent`.
    Gemini,
}

/// How a medium is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Image,
    Document,
    PlainText,
    Audio(&'static str),
    Video,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Dialect; 4] =
        [Dialect::Anthropic, Dialect::OpenAiChat, Dialect::OpenAiResponses, Dialect::Gemini];

    /// Returns the name, which is also the [`provider`](crate::Part::Opaque::provider) of the
    /// opaque blocks that go to it.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Anthropic => "anthropic",
            Dialect::OpenAiChat => "openai-chat",
            Dialect::OpenAiResponses => "openai-responses",
            Dialect::Gemini => "gemini",
        }
    }

    /// Returns the dialect of a name, or nothing for any other text.
    pub fn from_name(name: &str) -> Option<Dialect> {
        Dialect::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    /// Tells whether the first turn that is not the system's has to be a user's. The others need
    /// somebody to speak.
    pub(super) fn begins_with_user(self) -> bool {
        match self {
            Dialect::Anthropic | Dialect::Gemini => true,
            Dialect::OpenAiChat | Dialect::OpenAiResponses => false,
        }
    }

    /// Tells whether its messages have names. `OpenAI`'s are of up to 64 letters without white space
    /// and `<|\\/>`.
    pub(super) fn has_names(self) -> bool {
        match self {
            Dialect::OpenAiChat => true,
            Dialect::Anthropic | Dialect::OpenAiResponses | Dialect::Gemini => false,
        }
    }

    /// The models that it is the API of.
    pub(super) fn family(self) -> Family {
        match self {
            Dialect::Anthropic => Family::Claude,
            Dialect::OpenAiChat | Dialect::OpenAiResponses => Family::OpenAi,
            Dialect::Gemini => Family::Gemini,
        }
    }

    /// Returns how a medium is sent, or nothing if it cannot be.
    ///
    /// Sources: the content block types of the APIs' references. Images are JPEG, PNG, GIF and
    /// WebP for all but Gemini, which takes no GIF, but HEIC and HEIF, sound and film. Chat hears WAV
    /// and MP3. No model's own turn holds media, but for Gemini's images.
    pub(super) fn form(self, media_type: &str, spot: Spot) -> Option<Form> {
        if self == Dialect::Gemini {
            return gemini_form(media_type)
                .filter(|form| spot != Spot::Assistant || *form == Form::Image);
        }
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
    /// What has a part of its own (calls, results) is refused: unpaired blocks would slip in; and so
    /// is what lacks a field that the API requires. In a model's turn unknown types pass, since
    /// providers add them, but not those of another API.
    pub(super) fn takes(self, block: &Json, spot: Spot) -> bool {
        let kind = block.get("type").and_then(Json::as_str).unwrap_or("");
        let filled = |key| has_text(block, key);
        match (self, spot) {
            (Dialect::Gemini, _) => gemini_part::takes(block, spot),
            (_, _) if kind.is_empty() => false,
            (Dialect::Anthropic, Spot::Assistant) => match kind {
                "tool_use" | "tool_result" | "image" | "document" | "search_result" => false,
                "text" => filled("text"),
                "thinking" => filled("signature") && block.get("thinking").is_some(),
                "redacted_thinking" => filled("data"),
                "server_tool_use" | "mcp_tool_use" => filled("id"),
                _ if kind.ends_with("_tool_result") => filled("tool_use_id"),
                _ => !is_openai(kind),
            },
            (Dialect::Anthropic, _) => match kind {
                "container_upload" => spot == Spot::User && filled("file_id"),
                "browser_state" => spot == Spot::Result && block.get("tabs").is_some(),
                "text" => filled("text"),
                "image" | "document" => block.get("source").is_some_and(|it| self.is_source(it)),
                "search_result" => block.get("content").is_some(),
                "tool_reference" => spot == Spot::Result && filled("tool_name"),
                _ => false,
            },
            (Dialect::OpenAiChat, Spot::Assistant) => match kind {
                "refusal" => filled("refusal"),
                "audio" => block.get(kind).is_some_and(|audio| has_text(audio, "id")),
                _ => false,
            },
            (Dialect::OpenAiChat, Spot::User) => match kind {
                "image_url" => block.get(kind).is_some_and(|it| self.is_image(it, "url")),
                "file" => block.get(kind).is_some_and(|file| {
                    let embedded = has_text(file, "file_data") && has_text(file, "filename");
                    has_text(file, "file_id") || embedded
                }),
                _ => false,
            },
            (Dialect::OpenAiChat, Spot::Result) => false,
            (Dialect::OpenAiResponses, Spot::User | Spot::Result) => match kind {
                "input_image" => filled("file_id") || self.is_image(block, "image_url"),
                "input_file" => {
                    let embedded = filled("file_data") && filled("filename");
                    filled("file_id") || filled("file_url") || embedded
                }
                _ if spot == Spot::Result => false,
                "function_call_output" => false,
                "mcp_approval_response" => filled("approval_request_id"),
                "tool_search_output" | "program_output" => true,
                // It is in a summary, which stands where users speak.
                "compaction" => filled("encrypted_content"),
                _ => kind.ends_with("_call_output"),
            },
            (Dialect::OpenAiResponses, Spot::Assistant) => match kind {
                "reasoning" => {
                    filled("encrypted_content")
                        && block.get("summary").is_some_and(|summary| summary.as_array().is_some())
                }
                "compaction" => filled("encrypted_content"),
                "web_search_call" => filled("id") && block.get("action").is_some(),
                "item_reference" => filled("id"),
                "refusal" => filled("refusal"),
                // What its texts, which follow, have in common.
                "message" => block.get("content").is_none(),
                "function_call" => false,
                _ => !kind.ends_with("_output") && !is_content(kind) && !is_anthropic(kind),
            },
        }
    }

    /// Tells whether the source of an Anthropic medium can be sent.
    fn is_source(self, source: &Json) -> bool {
        let text = |key| source.get(key).and_then(Json::as_str).unwrap_or("");
        match text("type") {
            "url" => has_text(source, "url"),
            "file" => has_text(source, "file_id"),
            "content" => source.get("content").is_some(),
            "text" => text("media_type") == "text/plain" && has_text(source, "data"),
            "base64" => {
                let form = self.form(text("media_type"), Spot::User);
                matches!(form, Some(Form::Image | Form::Document)) && is_base64(text("data"))
            }
            _ => false,
        }
    }

    /// Tells whether a field is the address of an image, or an image that can be sent.
    fn is_image(self, block: &Json, key: &str) -> bool {
        let url = block.get(key).and_then(Json::as_str).unwrap_or("");
        if ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme)) {
            return true;
        }
        let data = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
        data.is_some_and(|(media_type, data)| {
            self.form(media_type, Spot::User) == Some(Form::Image) && is_base64(data)
        })
    }
}

fn gemini_form(media_type: &str) -> Option<Form> {
    Some(match media_type {
        "image/png" | "image/jpeg" | "image/webp" | "image/heic" | "image/heif" => Form::Image,
        "application/pdf" => Form::Document,
        "text/plain" | "text/html" | "text/css" | "text/csv" | "text/markdown" | "text/xml" => {
            Form::PlainText
        }
        "audio/wav" | "audio/mp3" | "audio/mpeg" | "audio/aiff" | "audio/aac" | "audio/ogg"
        | "audio/flac" => Form::Audio(""),
        "video/mp4" | "video/mpeg" | "video/quicktime" | "video/webm" | "video/x-flv"
        | "video/wmv" | "video/3gpp" => Form::Video,
        _ => return None,
    })
}

/// Tells whether a type is a content part's, which is no item.
fn is_content(kind: &str) -> bool {
    kind.starts_with("input_")
        || kind.starts_with("output_")
        || matches!(kind, "text" | "refusal" | "summary_text" | "reasoning_text" | "image_url")
}

/// Tells whether a type is one of Anthropic's alone.
fn is_anthropic(kind: &str) -> bool {
    matches!(kind, "thinking" | "redacted_thinking")
        || kind.ends_with("tool_use")
        || kind.ends_with("tool_result")
}

/// Tells whether a type is one of an `OpenAI` API's alone.
fn is_openai(kind: &str) -> bool {
    matches!(kind, "message" | "reasoning" | "item_reference")
        || kind.ends_with("_call")
        || kind.ends_with("_call_output")
        || is_content(kind)
}

fn has_text(block: &Json, key: &str) -> bool {
    block.get(key).and_then(Json::as_str).is_some_and(|text| !text.trim().is_empty())
}
