//! Transcripts of other agents, read and written: plain values, without a store or a network.
//!
//! [`read`] takes a file of any of the [`Format`]s and gives memories in order, each with an origin
//! that is the same at the next import, and a [`Report`] of what was kept, mended, refused and
//! skipped. A source is read wholly before any of it is used. [`messages()`] takes a provider's
//! messages. The exports write a faithful record, not a request: whether a model would accept it is
//! the contexts' business.

mod anthropic;
mod atif;
mod base;
mod claude_code;
pub(crate) mod clock;
mod codex;
mod export;
mod format;
mod input;
mod keys;
mod messages;
mod openai_chat;
mod openai_responses;
mod openhands;
mod recording;
mod report;
mod swe_agent;
#[cfg(test)]
pub(crate) mod tests;
mod thread;
mod transcript;
mod usage;
mod value;

use std::io::{BufRead, Cursor, Read};

pub use atif::{AtifAgent, to_atif};
pub use export::{Export, ExportFormat, to_openai_chat};
pub use format::{Format, detect};
pub use messages::{Messages, messages};
#[cfg(feature = "store")]
pub(crate) use recording::Turn;
pub use report::{Place, Remark, Remarks, Report, Skipped};
pub use transcript::{Entry, Transcript, Transcripts};
#[cfg(feature = "store")]
pub(crate) use usage::Recorded;

use crate::error::{Error, Result};
use crate::limits::DETECT_BYTES;
use crate::object::ModelCall;

/// Reads a source; without a format it is guessed by [`detect`].
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
                Error::invalid(format!("no known transcript: looks like none of {names}"))
            })?
        }
    };
    let input = Cursor::new(prefix).chain(input);
    let transcripts = match format {
        Format::ClaudeCode => claude_code::read(input)?,
        Format::OpenAiChat => openai_chat::read(input::source(input)?)?,
        Format::OpenAiResponses => openai_responses::read(input::source(input)?)?,
        Format::Anthropic => anthropic::read(&input::document(input)?)?,
        Format::SweAgent => swe_agent::read(&input::document(input)?)?,
        Format::OpenHands => openhands::read(input)?,
    };
    Ok(Transcripts { format, transcripts })
}
