//! The request of a prompt, in the dialect that is asked for.

use super::dialect::Dialect;
use super::prompt::Prompt;
use super::request::{RenderOptions, Request};
use super::{anthropic, gemini, openai_chat, openai_responses};

impl Prompt {
    /// Renders the request that a provider is sent, with cache points.
    ///
    /// It is valid whatever the memories hold: what no API takes is mended, and each mend reported.
    pub fn render(&self, dialect: Dialect) -> Request {
        self.render_with(dialect, &RenderOptions::default())
    }

    /// Renders the request with options.
    pub fn render_with(&self, dialect: Dialect, options: &RenderOptions) -> Request {
        match dialect {
            Dialect::Anthropic => anthropic::render(self, options),
            Dialect::OpenAiChat => openai_chat::render(self),
            Dialect::OpenAiResponses => openai_responses::render(self),
            Dialect::Gemini => gemini::render(self, options),
        }
    }
}
