//! A directory and its session: capture, status, pause, resume.

use std::ops::ControlFlow;
use std::path::Path;

use partita::host::turn::FindingEntry;
use partita::host::{Activity, Loss, RunEntry};
use partita::workspace::{Capture, CaptureOptions, CaptureProgress, check_directory};
use partita::{Error, ErrorKind, Session, Store};
use partita_sandbox::ProcessSandbox;

use super::{Access, check_name, open_session, open_store};
use crate::approvals;
use crate::args::{Capture as CaptureArgs, Status};
use crate::failure::Result;
use crate::output::json::{Status as StatusJson, StatusSession};
use crate::output::table::Align;
use crate::output::{Output, counted, note, quote};
use crate::progress::{Progress, size};

/// Paths that an error names.
const SHOWN: usize = 3;
/// Names that are looked at before there is a bar.
const QUIET: u64 = 20_000;

/// Takes what changed in a directory into a session, or says what would be taken.
pub(super) fn capture(out: &mut Output, dir: &Path, args: &CaptureArgs) -> Result<()> {
    check_name(&args.name)?;
    let options = options(args)?;
    check_directory(&args.dir, Some(dir), &options)?;
    let session = match args.plan {
        true => planned(dir, &args.name)?,
        false => open_store(dir, Access::Create)?.session(&args.name)?,
    };
    let workspace = session.workspace(&args.dir).with_options(options);
    let capture = told(|progress| match args.plan {
        true => workspace.status_with(progress),
        false => workspace.capture_with(progress),
    })?;
    if args.json.json {
        out.json(&capture)?;
    } else {
        show(out, &capture)?;
        let made = capture.checkpoint().filter(|_| capture.is_new());
        let said = match (made, args.plan) {
            (Some(made), _) => format!("{}  {}  ", made.number, made.id.id().short()),
            (None, _) => String::new(),
        };
        let would = if args.plan { ", if it were captured" } else { "" };
        out.line(format_args!("{said}{}{would}", summary(&capture)))?;
    }
    if args.plan { Ok(()) } else { lacking(&capture) }
}

/// The session that a plan is made for: one that is not there yet is empty.
fn planned(dir: &Path, name: &str) -> Result<Session> {
    let empty = || -> Result<Session> { Ok(Store::in_memory()?.session(name)?) };
    if !dir.join("FORMAT").exists() {
        return empty();
    }
    let store = open_store(dir, Access::Read)?;
    match store.open_session(name) {
        Err(error) if error.kind() == ErrorKind::NotFound => empty(),
        session => Ok(session?),
    }
}

fn options(args: &CaptureArgs) -> Result<CaptureOptions> {
    let mut options = CaptureOptions::new();
    for glob in &args.include {
        options = options.include(glob)?;
    }
    for glob in &args.exclude {
        options = options.exclude(glob)?;
    }
    for glob in &args.show {
        options = options.show(glob)?;
    }
    if let Some(bytes) = args.max_bytes {
        options = options.file_bytes_max(bytes);
    }
    if let Some(within) = args.within {
        options = options.within(within);
    }
    if let Some(message) = &args.message {
        options = options.message(message);
    }
    Ok(if args.yes { options.anywhere() } else { options })
}

/// Shows how far a capture is, if it takes long.
fn told<T>(
    work: impl FnOnce(&mut dyn FnMut(CaptureProgress) -> ControlFlow<()>) -> partita::Result<T>,
) -> Result<T> {
    let mut bar = None;
    let done = work(&mut |at: CaptureProgress| {
        if at.looked >= QUIET {
            let bar = bar.get_or_insert_with(|| Progress::new(at.looked, "names"));
            bar.set(at.looked, format!("{} files read, {}", at.read, size(at.bytes)));
        }
        ControlFlow::Continue(())
    });
    Ok(done?)
}

/// Lists what changed and what was left out.
pub(super) fn show(out: &mut Output, capture: &Capture) -> Result<()> {
    let row = |what: &str, path: &partita::FilePath, why: String| {
        Ok([what.to_owned(), quote::path(path.as_bytes()).into_owned(), why])
    };
    let is_parted = |path: &partita::FilePath| capture.parted().contains(path);
    let both = |path| match is_parted(path) {
        true => "the session had changed it too".to_owned(),
        false => String::new(),
    };
    let added = capture.added().iter().map(|path| row("added", path, both(path)));
    let changed = capture.changed().iter().map(|path| row("changed", path, both(path)));
    let removed = capture.removed().iter().map(|path| row("removed", path, String::new()));
    let renamed = capture.renamed().iter().map(|moved| {
        let from = quote::path(moved.from.as_bytes()).into_owned();
        row("renamed", &moved.to, format!("from {from}"))
    });
    let left_out = capture.left_out().iter().map(|row_of| {
        let why = row_of.why.as_deref().map(|why| format!(": {}", quote::text(why)));
        row("left out", &row_of.path, format!("{}{}", row_of.reason, why.unwrap_or_default()))
    });
    let rows = added.chain(changed).chain(removed).chain(renamed).chain(left_out);
    out.table([Align::Left; 3], rows)
}

/// Says in a line what changed.
pub(super) fn summary(capture: &Capture) -> String {
    let directory = quote::path(capture.directory().as_os_str().as_encoded_bytes()).into_owned();
    let counts = [
        (capture.added().len(), "added"),
        (capture.changed().len(), "changed"),
        (capture.removed().len(), "removed"),
        (capture.renamed().len(), "renamed"),
        (capture.left_out().len(), "left out"),
    ];
    let is_there = |(count, _): &(usize, &str)| *count > 0;
    let mut said: Vec<String> = counts
        .into_iter()
        .filter(is_there)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if capture.is_unchanged() {
        said.insert(0, "nothing changed".to_owned());
    }
    let said = said.join(", ");
    let partial = if capture.is_partial() { "; the time ran out" } else { "" };
    format!("{directory}: {said}{partial}")
}

/// Fails where something was not taken that was meant to be: done is only what is done wholly.
pub(super) fn lacking(capture: &Capture) -> Result<()> {
    if capture.is_whole() {
        return Ok(());
    }
    let missed: Vec<_> = capture.left_out().iter().filter(|row| row.reason.is_missed()).collect();
    let names: Vec<String> = missed
        .iter()
        .take(SHOWN)
        .map(|row| format!("{} ({})", quote::path(row.path.as_bytes()), row.reason))
        .collect();
    let more = if missed.len() > SHOWN { ", ..." } else { "" };
    let message = match missed.len() {
        0 => "the time ran out before all was looked at; all else was captured".to_owned(),
        count => format!(
            "{} not captured: {}{more}; all else was",
            counted(count as u64, "path was", "paths were"),
            names.join(", ")
        ),
    };
    Err(Error::new(ErrorKind::Invalid, message).into())
}

/// Shows what a session is doing, and how a directory differs from it.
pub(super) fn status(out: &mut Output, dir: &Path, args: &Status) -> Result<()> {
    let session = open_session(dir, Access::Read, &args.name)?;
    let options = CaptureOptions::new().anywhere();
    check_directory(&args.dir, Some(dir), &options)?;
    let workspace = session.workspace(&args.dir).with_options(options);
    let activity = session.activity()?;
    let checkpoint = session.latest()?.checkpoint().cloned();
    let directory = match workspace.is_known()? {
        true => Some(told(|progress| workspace.status_with(progress))?),
        false => None,
    };
    let findings = open_findings(&session)?;
    if args.json.json {
        let session = StatusSession::new(&session, checkpoint.as_ref(), &activity, &findings);
        return out.json(&StatusJson { session, directory: directory.as_ref() });
    }
    let at = match &checkpoint {
        Some(at) => format!("checkpoint {}  {}", at.number, at.id.id().short()),
        None => "no checkpoint yet".to_owned(),
    };
    let reason = match &activity {
        Activity::Paused { reason } if !reason.is_empty() => format!(": {}", quote::text(reason)),
        _ => String::new(),
    };
    let name = quote::text(session.name()).into_owned();
    out.line(format_args!("{name}: {}{reason}, {at}", activity.name()))?;
    match &activity {
        Activity::Running(runs) => runs.iter().try_for_each(|run| out.line(unended(run)))?,
        Activity::InTurn(turns) => {
            for turn in turns {
                let (phase, round) = (turn.progress.phase, turn.progress.round);
                out.line(format_args!("turn {} goes on: {phase}, round {round}", turn.number))?;
            }
        }
        Activity::RequiresAction(asked) => {
            let name = quote::text(&args.name).into_owned();
            for step in asked {
                let id = step.id.short();
                out.line(format_args!("step {id} asks a person: `partita approve {name}`"))?;
            }
        }
        _ => {}
    }
    if !findings.is_empty() {
        let count = counted(findings.len() as u64, "finding", "findings");
        let name = quote::text(&args.name).into_owned();
        out.line(format_args!("{count} that nobody has resolved: `partita findings {name}`"))?;
    }
    match directory {
        None => {
            let shown = quote::path(args.dir.as_os_str().as_encoded_bytes()).into_owned();
            out.line(format_args!("{shown}: not captured yet, nor checked out into"))
        }
        Some(capture) => {
            show(out, &capture)?;
            out.line(summary(&capture))
        }
    }
}

/// The findings that nobody has resolved.
fn open_findings(session: &Session) -> Result<Vec<FindingEntry>> {
    let mut findings = session.findings()?;
    findings.retain(|finding| finding.resolved.is_none());
    Ok(findings)
}

fn unended(run: &RunEntry) -> String {
    let began = crate::output::time::human(Some(run.run.began));
    let line = run.run.command.line();
    format!(
        "run {} began {began} and has no outcome: `{}` runs, or how it ended is unknown",
        run.number,
        quote::text(&line)
    )
}

/// Says that a session is paused.
pub(super) fn pause(
    out: &mut Output,
    dir: &Path,
    name: &str,
    reason: &str,
    as_json: bool,
) -> Result<()> {
    let session = open_session(dir, Access::Write, name)?;
    let checkpoint = session.pause(reason)?;
    if as_json {
        let (activity, findings) = (session.activity()?, open_findings(&session)?);
        let session = StatusSession::new(&session, checkpoint.as_ref(), &activity, &findings);
        return out.json(&session);
    }
    let name = quote::text(session.name()).into_owned();
    out.line(format_args!("{name}: paused; `partita resume {name} DIR` brings its files back"))
}

/// How a session is resumed.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    pub(super) replay: bool,
    pub(super) yes: bool,
    pub(super) json: bool,
}

/// Brings a session's files into a directory, and says what did not come along.
pub(super) fn resume(
    out: &mut Output,
    dir: &Path,
    name: &str,
    into: &Path,
    how: &How,
) -> Result<()> {
    let session = open_session(dir, Access::Write, name)?;
    if into.exists() {
        check_directory(into, Some(dir), &CaptureOptions::new().anywhere())?;
    }
    let mut sandbox = ProcessSandbox::new(into)?;
    let mut loss = partita::host::attach(&session, &mut sandbox)?;
    let mut refused = 0;
    if how.replay {
        let mut sandbox = sandbox.inherit_all();
        partita::host::replay(&session, &mut sandbox, &mut loss, &mut |entry| {
            let is_approved = how.yes || approvals::is_approved(dir, entry.run.command.id());
            if !is_approved {
                refused += 1;
                let line = entry.run.command.line();
                note(&format!("not run, for this user never ran it: {}", quote::text(&line)));
            }
            Ok(is_approved)
        })?;
    }
    if how.json {
        out.json(&loss)?;
    } else {
        for line in loss.text().lines() {
            out.line(quote::text(line))?;
        }
    }
    if refused > 0 {
        note("`--yes` runs such steps too");
    }
    missing(&loss)
}

/// Fails where files are missing.
fn missing(loss: &Loss) -> Result<()> {
    let count = loss.missing.len();
    if count == 0 {
        return Ok(());
    }
    let names = loss.missing.iter().take(SHOWN);
    let names: Vec<_> = names.map(|file| quote::path(file.path.as_bytes())).collect();
    let more = if count > SHOWN { ", ..." } else { "" };
    let count = counted(count as u64, "file is", "files are");
    let message = format!("{count} missing: {}{more}", names.join(", "));
    Err(Error::new(ErrorKind::Invalid, message).into())
}
