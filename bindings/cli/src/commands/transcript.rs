//! Transcripts: the dialogs of other agents, into a session.

use std::fs::File;
use std::io::{self, BufReader};
use std::ops::ControlFlow;
use std::path::Path;

use partita::import::TranscriptImport;
use partita::interop::{Format, Transcript, Transcripts, read};
use partita::tokens::{Calibration, Encoding};
use partita::{Error, ErrorKind, Session};

use super::{Access, check_name, open_store};
use crate::args::{CALIBRATED, ImportTranscript};
use crate::failure::Result;
use crate::output::{Output, counted, json, note, quote};
use crate::progress::Progress;

/// What an import of a transcript did.
pub(crate) struct Imported<'a> {
    pub(crate) session: &'a str,
    pub(crate) format: Format,
    pub(crate) transcript: &'a Transcript,
    pub(crate) done: TranscriptImport,
}

/// Records what a session lacks of a transcript.
pub(super) fn import(out: &mut Output, dir: &Path, args: &ImportTranscript) -> Result<()> {
    // What cannot be read leaves no store behind.
    check_name(&args.session)?;
    let source = open(&args.file, format(&args.format)?)?;
    let source = if args.ended { source.ended() } else { source };
    let source = if args.partial { source.partial() } else { source };
    let several = args.conversation.is_none() && source.transcripts.len() > 1;
    let chosen = source.choose(args.conversation).map_err(|error| {
        let error = if several { error.context("give --conversation N") } else { error };
        error.context(args.file.display())
    })?;
    let transcript = &source.transcripts[chosen];
    let store = open_store(dir, Access::Create)?;
    let session = store.session(&args.session)?;
    let done = record(&session, transcript, &args.file)?;
    let imported = Imported { session: &args.session, format: source.format, transcript, done };
    let latest = session.latest()?;
    for why in &imported.done.tools_left_out {
        note(&quote::text(&format!("a tool was left out: {why}")));
    }
    let others = source.transcripts.iter().enumerate().filter(|(at, _)| *at != chosen);
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
    let waiting = match transcript.report.waiting.count {
        0 => String::new(),
        count => format!(", {} for a response to end", counted(count, "waits", "wait")),
    };
    if imported.done.is_empty() {
        let known = counted(imported.done.known, "memory is", "memories are");
        return out.line(format_args!("{name}: nothing new, {known} recorded{waiting}"));
    }
    let new = counted(imported.done.new, "memory", "memories");
    let given_up = match imported.done.given_up {
        0 => String::new(),
        count => format!(", {count} given up and out of view"),
    };
    let format = source.format;
    out.line(format_args!("{name}: {new} from {format}{given_up}{waiting}, checkpoint {number}"))?;
    // All requests are counted for that: of a recording that grows line by line, each time that it has
    // doubled.
    if imported.done.new < imported.done.known {
        return Ok(());
    }
    // The import is done, whatever becomes of the session meanwhile.
    if let Err(error) = show_calibration(&session) {
        note(&format!("what its requests tell of counts is not known: {error}"));
    }
    Ok(())
}

/// Says what the recording's requests tell of the counts of its models.
fn show_calibration(session: &Session) -> Result<()> {
    let base = Encoding::default();
    let mut calibration = Calibration::new(&base);
    session.observe(&mut calibration, &base)?;
    for (model, requests) in calibration.models() {
        let shown = quote::text(model);
        let told = counted(requests as u64, "request tells", "requests tell");
        let good = calibration.quality(model).map(|quality| {
            let (percent, of) = (quality.median_error / 10, quality.requests);
            let within = quality.within;
            format!(" (off by {percent} % in the median, {within} of {of} within the bounds)")
        });
        let good = good.unwrap_or_default();
        note(&format!("{told} what {shown} counts: --counter {CALIBRATED}{shown}{good}"));
    }
    Ok(())
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

fn record(session: &Session, transcript: &Transcript, file: &Path) -> Result<TranscriptImport> {
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    let bar = Progress::new(transcript.entries.len() as u64, "memories");
    let done = session.import_transcript(transcript, &quote::text(&name), &mut |told| {
        bar.set(told.done, String::new());
        ControlFlow::Continue(())
    })?;
    Ok(done)
}
