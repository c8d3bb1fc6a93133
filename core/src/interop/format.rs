//! Formats of transcripts.

use std::fmt;
use std::str::FromStr;

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

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What `openai-responses` is called too: its lines are Codex's.
const CODEX: &str = "codex";

impl FromStr for Format {
    type Err = Error;

    /// Reads a name; `codex` stands for `openai-responses`.
    ///
    /// # Errors
    /// `Invalid`, listing the names, for any other text.
    fn from_str(text: &str) -> Result<Self> {
        if text == CODEX {
            return Ok(Format::OpenAiResponses);
        }
        let format = Format::ALL.into_iter().find(|format| format.name() == text);
        format.ok_or_else(|| {
            let names = Format::ALL.map(Format::name).join(", ");
            let names = format!("{names}, {CODEX}");
            let text = super::report::clip(text);
            Error::invalid(format!("no transcript format {text:?}; there are {names}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_and_an_unknown_one_is_told_the_others() {
        for format in Format::ALL {
            assert_eq!(format.name().parse::<Format>().unwrap(), format);
        }
        assert_eq!("codex".parse::<Format>().unwrap(), Format::OpenAiResponses);
        let error = "code".parse::<Format>().unwrap_err();
        assert!(error.to_string().ends_with("gemini, codex"), "{error}");
    }
}
