//! Transcripts of other agents, read and written: plain values, without a store or a network.
//!
//! [`read`] takes a file of any of the [`Format`]s and gives memories in order, each with an origin
//! that is the same at the next import, and a [`Report`] of what was kept, mended, refused and
//! skipped. A source is read wholly before any of it is used. [`messages()`] takes a provider's
//! messages, [`read_response()`] what a provider answered. The exports write a faithful record, not a
//! request: whether a model would accept it is the contexts' business.

mod amp;
mod anthropic;
mod atif;
mod atif_read;
mod base;
mod bedrock;
mod chatgpt;
mod claude_code;
mod codex;
mod codex_exec;
mod copilot;
mod detect;
mod dialog;
mod export;
mod format;
mod gemini;
mod gemini_cli;
mod goose;
mod input;
mod keys;
mod langchain;
mod listed;
mod mcp;
mod messages;
mod openai_chat;
mod openai_responses;
mod opencode;
mod openhands;
mod openhands_v0;
mod pi;
mod recording;
mod report;
mod response;
mod swe_agent;
#[cfg(test)]
pub(crate) mod tests;
mod thread;
mod transcript;
mod understood;
mod usage;
mod value;
mod vercel;

use std::io::{BufRead, Cursor, Read};

pub use atif::{AtifAgent, to_atif};
pub use detect::detect;
pub use export::{Export, ExportFormat, to_openai_chat};
pub use format::Format;
pub use messages::{Messages, messages};
pub use report::{Place, Remark, Remarks, Report, Skipped};
pub use response::{Response, read_response};
pub use transcript::{Entry, Transcript, Transcripts};
#[cfg(feature = "store")]
pub(crate) use transcript::{Lacking, Turn};
#[cfg(feature = "store")]
pub(crate) use usage::Recorded;

use crate::error::{Error, Result};
use crate::limits::DETECT_BYTES;
use crate::object::ModelCall;

/// Reads a source; without a format it is guessed by [`detect()`].
///
/// Lines are read one at a time and may have [`LINE_BYTES_MAX`](crate::limits::LINE_BYTES_MAX)
/// bytes, all of them [`TRANSCRIPT_BYTES_MAX`](crate::limits::TRANSCRIPT_BYTES_MAX); a format that is
/// one document is read whole, up to
/// [`DOCUMENT_BYTES_MAX`](crate::limits::DOCUMENT_BYTES_MAX) bytes.
///
/// A line or message that cannot be taken is refused in the report, and the rest is read on: one that
/// is not UTF-8, too long, or no JSON costs that line.
///
/// # Errors
/// `Invalid`, with the line where there is one, if the source is of no format or of another one, of
/// several formats, longer than the limits, or no whole document in UTF-8; `Io` if it cannot be
/// read.
pub fn read(mut input: impl BufRead, format: Option<Format>) -> Result<Transcripts> {
    let mut prefix = Vec::new();
    let format = match format {
        Some(format) => format,
        None => {
            let read = (&mut input).take(DETECT_BYTES as u64).read_to_end(&mut prefix);
            read.map_err(|error| Error::io("read the transcript", error))?;
            detect(&prefix).ok_or_else(|| {
                let names = Format::ALL.map(Format::name).join(", ");
                let why = detect::resembled(&prefix);
                Error::invalid(format!("no known transcript: {why}; known are {names}"))
            })?
        }
    };
    let input = Cursor::new(prefix).chain(input);
    let mut transcripts = match format {
        Format::ClaudeCode => claude_code::read(input)?,
        Format::OpenAiChat => openai_chat::read(input::source(input)?)?,
        Format::OpenAiResponses => codex::read(input::source(input)?)?,
        Format::Anthropic => anthropic::read(&input::document(input)?)?,
        Format::SweAgent => swe_agent::read(&input::document(input)?)?,
        Format::OpenHands => openhands::read(input)?,
        Format::Atif => atif_read::read(&input::document(input)?)?,
        Format::OpenCode => opencode::read(&input::document(input)?)?,
        Format::OpenHandsV0 => openhands_v0::read(input::source(input)?)?,
        Format::Pi => pi::read(input)?,
        Format::Goose => goose::read(input::source(input)?)?,
        Format::Amp => amp::read(&input::document(input)?)?,
        Format::Copilot => copilot::read(input)?,
        Format::CodexExec => codex_exec::read(input)?,
        Format::Vercel => vercel::read(input::source(input)?)?,
        Format::LangChain => langchain::read(input::source(input)?)?,
        Format::Bedrock => bedrock::read(input::source(input)?)?,
        Format::ChatGpt => chatgpt::read(&input::document(input)?)?,
        Format::Gemini => gemini_cli::read(input::source(input)?)?,
    };
    transcripts.iter_mut().for_each(Transcript::refuse_unknown);
    Ok(Transcripts { format, transcripts, is_partial: false })
}
