//! Promises of the readers and writers, each on a sample made for it.

mod anthropic;
mod atif;
mod claude_code;
mod foreign;
mod gemini;
pub(crate) mod growing;
mod lines;
mod openai_chat;
mod openai_responses;
mod openhands;
mod own;
mod response;
mod robust;
pub(crate) mod samples;
mod swe_agent;
mod understood;
mod usage;

use super::{Entry, Format, Transcript, Transcripts, read};
use crate::error::Error;
use crate::object::{Body, Part, Role};

/// Reads a sample that nothing comes behind.
fn all(text: &str, format: Format) -> Transcripts {
    read(text.as_bytes(), Some(format)).unwrap().ended()
}

/// Reads a sample of one dialog.
fn one(text: &str, format: Format) -> Transcript {
    let mut transcripts = all(text, format).transcripts;
    assert_eq!(transcripts.len(), 1);
    transcripts.remove(0)
}

fn fails(text: impl AsRef<[u8]>, format: Option<Format>) -> Error {
    read(text.as_ref(), format).unwrap_err()
}

/// Writes what a memory says in a line, for tests to compare.
fn tell(entry: &Entry) -> String {
    let body = |body: &Body| String::from_utf8_lossy(body.as_inline().unwrap()).into_owned();
    let parts = entry.memory.parts.iter().map(|part| match part {
        Part::Text(text) => body(text),
        Part::Thinking { text, signature } => format!("think({}|{})", body(text), body(signature)),
        Part::Call { id, name, arguments } => format!("call({id},{name},{})", body(arguments)),
        Part::Result { call, error, parts } => format!("result({call},{error},{parts})"),
        Part::Media { media_type, content } => format!("media({media_type},{})", body(content)),
        Part::File { .. } => "file".to_owned(),
        Part::Opaque { provider, content } => format!("opaque({provider},{})", body(content)),
    });
    let parts: Vec<_> = parts.collect();
    format!("{}: {}", entry.memory.role.name(), parts.join(" + "))
}

fn tells(transcript: &Transcript) -> Vec<String> {
    transcript.entries.iter().map(tell).collect()
}

/// The remarks on what was mended, as text.
fn mended(transcript: &Transcript) -> String {
    let remarks = transcript.report.mended.first.iter();
    remarks.map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn refused(transcript: &Transcript) -> String {
    let remarks = transcript.report.refused.first.iter();
    remarks.map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn skipped(transcript: &Transcript, what: &str) -> u64 {
    let rows = transcript.report.skipped.iter().filter(|row| row.what == what);
    rows.map(|row| row.count).sum()
}

/// Asserts that a dialog read twice, the first time up to some point of its source, is the dialog
/// read once: no part is lost, none comes twice.
fn assert_grows(format: Format, whole: &str, begun: &str) {
    let Ok(before) = read(begun.as_bytes(), Some(format)) else { return };
    let (before, after) = (&before.transcripts[0], one(whole, format));
    let known: Vec<_> = before.entries.iter().map(|entry| &entry.memory.origin).collect();
    let new = after.new_entries(|origin| known.iter().any(|known| *known == origin));
    let parts = |entries: &[Entry], role: Role| -> Vec<Part> {
        let entries = entries.iter().filter(|entry| entry.memory.role == role);
        entries.flat_map(|entry| entry.memory.parts.clone()).collect()
    };
    for role in [Role::System, Role::User, Role::Assistant, Role::Tool] {
        let mut twice = parts(&before.entries, role);
        twice.extend(parts(&new, role));
        assert_eq!(twice, parts(&after.entries, role), "{} of {begun}", role.name());
    }
    let again = after.new_entries(|origin| {
        known.iter().any(|known| *known == origin)
            || new.iter().any(|entry| entry.memory.origin == origin)
    });
    assert!(again.is_empty(), "{again:?}");
}
