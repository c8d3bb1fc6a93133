//! Transcripts: the dialogs of other agents, into a session.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use partita::interop::{Entry, Format, Report, Transcript, Transcripts, read};
use partita::{Error, ErrorKind, Json, OperationKind, Session, Tool};

use super::{Access, check_name, open_store};
use crate::args::ImportTranscript;
use crate::failure::Result;
use crate::output::{Output, counted, json, note, quote};
use crate::progress::Progress;

/// Memories that one checkpoint of an import brings.
const BATCH_MEMORIES: usize = 512;

/// Bytes of memories after which a batch ends; they are in memory until then.
const BATCH_BYTES: usize = 8 << 20;

/// Conversations of a file that are listed.
const LISTED: usize = 8;

/// What an import of a transcript did.
pub(crate) struct Imported<'a> {
    pub(crate) session: &'a str,
    pub(crate) format: Format,
    pub(crate) transcript: &'a Transcript,
    /// Memories that this run added.
    pub(crate) new: u64,
    /// Memories that the session had, or that were purged from it.
    pub(crate) known: u64,
    pub(crate) instructions: bool,
    pub(crate) tools: Option<u64>,
}

/// Records what a session lacks of a transcript.
pub(super) fn import(out: &mut Output, dir: &Path, args: &ImportTranscript) -> Result<()> {
    // What cannot be read leaves no store behind.
    check_name(&args.session)?;
    let source = open(&args.file, format(&args.format)?)?;
    let number = chosen(&source, args)?;
    let transcript = &source.transcripts[number - 1];
    if transcript.report.kept == 0 {
        return Err(nothing_kept(&args.file, &transcript.report).into());
    }
    let store = open_store(dir, Access::Create)?;
    let session = store.session(&args.session)?;
    let imported = record(&session, &source, transcript, args)?;
    let latest = session.latest()?;
    let others = source.transcripts.iter().enumerate().filter(|(at, _)| at + 1 != number);
    if args.json.json {
        let others = others.map(|(at, other)| json::Other::new(at + 1, other)).collect();
        return out.json(&json::ImportedTranscript::new(&imported, others, latest.checkpoint()));
    }
    for line in transcript.report.to_string().lines() {
        note(&quote::text(line));
    }
    let others = others.count() as u64;
    if others > 0 {
        let others = counted(others, "conversation", "conversations");
        note(&format!("{others} more in the file: give --conversation N for another one"));
    }
    let name = quote::text(&args.session);
    let number = latest.checkpoint().map_or(0, |info| info.number);
    if imported.new == 0 && !imported.instructions && imported.tools.is_none() {
        let known = counted(imported.known, "memory is", "memories are");
        return out.line(format_args!("{name}: nothing new, {known} recorded"));
    }
    let new = counted(imported.new, "memory", "memories");
    out.line(format_args!("{name}: {new} from {}, checkpoint {number}", source.format))
}

/// Reads a format by its name; none where it is to be guessed.
fn format(name: &str) -> Result<Option<Format>> {
    Ok(match name {
        "auto" => None,
        name => Some(name.parse()?),
    })
}

fn open(file: &Path, format: Option<Format>) -> Result<Transcripts> {
    if file == Path::new("-") {
        return Ok(read(io::stdin().lock(), format)?);
    }
    let shown = file.display();
    let opened = File::open(file).map_err(|error| {
        Error::new(ErrorKind::Io, format!("cannot read {shown}")).with_source(error)
    })?;
    Ok(read(BufReader::new(opened), format).map_err(|error| error.context(shown))?)
}

/// Which conversation is meant, from 1.
fn chosen(source: &Transcripts, args: &ImportTranscript) -> Result<usize> {
    let (all, file) = (&source.transcripts, args.file.display());
    let count = all.len();
    let listed = || {
        let mut rows: Vec<String> = all
            .iter()
            .enumerate()
            .take(LISTED)
            .map(|(at, one)| {
                let name = if one.name.is_empty() { "the main one" } else { &one.name };
                let kept = counted(one.report.kept, "memory", "memories");
                format!("{} ({}, {kept})", at + 1, name.chars().take(60).collect::<String>())
            })
            .collect();
        if count > LISTED {
            rows.push(format!("{} more", count - LISTED));
        }
        rows.join(", ")
    };
    let fault = |what: String| Err(Error::new(ErrorKind::Invalid, what).into());
    match args.conversation {
        Some(number) if (1..=count).contains(&number) => Ok(number),
        Some(number) => fault(format!("{file} has no conversation {number}: {}", listed())),
        // Beside the main one there are but those of its sub-agents.
        None if count == 1 || all.first().is_some_and(|one| one.name.is_empty()) => Ok(1),
        None => {
            fault(format!("{file} has {count} conversations, give --conversation N: {}", listed()))
        }
    }
}

fn nothing_kept(file: &Path, report: &Report) -> Error {
    let refused = report.refused.count;
    let first = report
        .refused
        .first
        .first()
        .map_or(String::new(), |first| format!(": {refused} refused, the first in {first}"));
    let message = format!("{} holds no memory that can be kept{first}", file.display());
    Error::new(ErrorKind::Invalid, message)
}

fn record<'a>(
    session: &Session,
    source: &Transcripts,
    transcript: &'a Transcript,
    args: &'a ImportTranscript,
) -> Result<Imported<'a>> {
    let known = origins(session)?;
    let entries = transcript.new_entries(|origin| known.contains(origin));
    let mut imported = Imported {
        session: &args.session,
        format: source.format,
        transcript,
        new: 0,
        known: (transcript.entries.len() - entries.len()) as u64,
        instructions: false,
        tools: None,
    };
    // Whoever took them away after an earlier run shall not get them back.
    let first = imported.known == 0;
    let latest = session.latest()?;
    let instructions = transcript.instructions.as_deref().filter(|text| !text.is_empty());
    let instructions = match latest.instructions()?.is_empty() && first {
        true => instructions,
        false => None,
    };
    let tools = match latest.tools()?.is_empty() && first {
        true => tools(transcript),
        false => Vec::new(),
    };
    let name = args.file.file_name().unwrap_or(args.file.as_os_str()).to_string_lossy();
    let name: String = quote::text(&name).chars().take(200).collect();
    let bar = Progress::new(entries.len() as u64, "memories");
    let (mut rest, mut done) = (&entries[..], 0);
    while !rest.is_empty() {
        let (batch, after) = rest.split_at(batch_len(rest));
        rest = after;
        let is_first = done == 0;
        let mut edit = session.begin()?;
        if let Some(text) = instructions.filter(|_| is_first) {
            edit.set_instructions(text)?;
        }
        if is_first && !tools.is_empty() {
            edit.set_tools(&tools)?;
        }
        let mut added = 0;
        for entry in batch {
            added += u64::from(remember(&mut edit, entry)?);
        }
        if added > 0 || is_first && (instructions.is_some() || !tools.is_empty()) {
            edit.kind(OperationKind::Import);
            edit.label("transcript", source.format.name())?;
            let from = batch.first().map_or(String::new(), |entry| entry.at.to_string());
            let to = batch.last().map_or(String::new(), |entry| entry.at.to_string());
            edit.message(&format!("{name} ({}): {from} to {to}", source.format))?;
            edit.commit()?;
        }
        imported.new += added;
        imported.known += batch.len() as u64 - added;
        done += batch.len();
        bar.set(done as u64, String::new());
    }
    imported.instructions = instructions.is_some() && done > 0;
    imported.tools = Some(tools.len() as u64).filter(|tools| *tools > 0 && done > 0);
    Ok(imported)
}

/// Appends an entry; false if it was purged here and is not taken back.
fn remember(edit: &mut partita::Batch, entry: &Entry) -> partita::Result<bool> {
    let memory = entry.memory.clone();
    let done = match &entry.call {
        Some(call) => edit.remember_with_call(memory, call.clone()),
        None => edit.remember(memory),
    };
    match done {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::Purged => Ok(false),
        Err(error) => Err(error.context(entry.at)),
    }
}

/// How many of the entries go into the next checkpoint: one at the least.
fn batch_len(entries: &[Entry]) -> usize {
    let mut bytes = 0;
    let fits = entries.iter().take(BATCH_MEMORIES).take_while(|entry| {
        let before = bytes;
        bytes += size(entry);
        before < BATCH_BYTES
    });
    fits.count()
}

/// The bytes of a memory, about.
fn size(entry: &Entry) -> usize {
    use partita::{Body, Part};
    let len = |body: &Body| body.as_inline().map_or(0, <[u8]>::len);
    let parts = entry.memory.parts.iter().map(|part| match part {
        Part::Text(body) => len(body),
        Part::Thinking { text, signature } => len(text) + len(signature),
        Part::Call { arguments, .. } => len(arguments),
        Part::Media { content, .. } | Part::Opaque { content, .. } => len(content),
        _ => 0,
    });
    parts.sum()
}

/// Where the memories of a session came from.
fn origins(session: &Session) -> Result<HashSet<String>> {
    let latest = session.latest()?;
    let mut origins = HashSet::new();
    for entry in latest.memories() {
        match entry {
            Ok(entry) if !entry.memory.origin.is_empty() => {
                origins.insert(entry.memory.origin);
            }
            Err(error) if error.kind() != ErrorKind::Purged => return Err(error.into()),
            _ => {}
        }
    }
    Ok(origins)
}

/// The tools of a transcript, unless a session cannot hold them; then a note says so.
fn tools(transcript: &Transcript) -> Vec<Tool> {
    let mut seen = HashSet::new();
    let mut tools = Vec::new();
    for tool in &transcript.tools {
        match Tool::parse_list(&Json::Array(vec![tool.clone()])) {
            Ok(parsed) => {
                tools.extend(parsed.into_iter().filter(|tool| seen.insert(tool.name.clone())));
            }
            Err(error) => note(&quote::text(&format!("a tool was left out: {error}"))),
        }
    }
    tools
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(texts: impl Iterator<Item = usize>) -> Vec<Entry> {
        let lines: Vec<String> = texts
            .map(|bytes| format!(r#"{{"role": "user", "content": "{}"}}"#, "x".repeat(bytes)))
            .collect();
        let text = format!("[{}]", lines.join(","));
        let source = read(text.as_bytes(), Some(Format::OpenAiChat)).unwrap();
        source.transcripts[0].entries.clone()
    }

    #[test]
    fn a_batch_is_bounded_in_memories_and_in_bytes() {
        for (count, len) in [(1, 1), (BATCH_MEMORIES, BATCH_MEMORIES)] {
            assert_eq!(batch_len(&entries((0..count).map(|_| 1))), len);
        }
        assert_eq!(batch_len(&entries((0..BATCH_MEMORIES + 1).map(|_| 1))), BATCH_MEMORIES);
        assert_eq!(batch_len(&entries([BATCH_BYTES + 1, 1].into_iter())), 1);
        assert_eq!(batch_len(&entries([BATCH_BYTES - 1, 1, 1].into_iter())), 2);
    }
}
