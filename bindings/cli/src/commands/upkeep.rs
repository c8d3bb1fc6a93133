//! Upkeep: gc, purge, trim, recover.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, SystemTime};

use partita::history::Trim as TrimTo;
use partita::upkeep::{GcOptions, GcProgress, PurgeOptions, RecoverReport};
use partita::{Error, ErrorKind, Timestamp};

use super::{Access, bytes, open_session, open_store};
use crate::args::{Gc, Purge, Trim};
use crate::failure::{Failure, Result};
use crate::output::{Output, counted, json, quote, time};
use crate::progress::{Progress, size};

/// Collects garbage.
pub(super) fn gc(out: &mut Output, dir: &Path, args: &Gc) -> Result<()> {
    let access = if args.dry_run { Access::Read } else { Access::Write };
    let store = open_store(dir, access)?;
    let options = GcOptions::new().keep(age(&args.keep)?).dry_run(args.dry_run);
    let report = with_progress("objects", |progress| store.gc(&options, progress))?;
    if args.json.json {
        return out.json(&json::Done { applied: !args.dry_run, report: &report });
    }
    let objects = counted(report.objects, "object", "objects");
    let mut sessions = counted(report.sessions, "deleted session", "deleted sessions");
    if report.put_aside > 0 {
        let files = counted(report.put_aside, "file put aside", "files put aside");
        sessions = format!("{sessions} and {files}");
    }
    let kept = counted(report.kept, "object stays", "objects stay");
    if args.dry_run {
        return out.line(format_args!(
            "{objects} ({} stored) and {sessions} would go, {kept}",
            size(report.object_bytes)
        ));
    }
    out.line(format_args!(
        "{objects} and {sessions} are gone, {kept}: {} freed, {} are left",
        size(report.freed()),
        size(report.bytes_after)
    ))
}

/// Removes bytes for good.
pub(super) fn purge(out: &mut Output, dir: &Path, args: &Purge) -> Result<()> {
    let options = PurgeOptions::new(&args.reason).everywhere(args.everywhere);
    let options = options.actor(args.actor.clone().unwrap_or_default()).rewrite(args.rewrite);
    let report = match (&args.name, &args.path, &args.memory, &args.matching) {
        (None, None, None, Some(file)) => {
            let sought = std::fs::read(file).map_err(|error| {
                Error::new(ErrorKind::Io, format!("read {}", file.display())).with_source(error)
            })?;
            let sought = sought.strip_suffix(b"\n").unwrap_or(&sought);
            let store = open_store(dir, Access::Write)?;
            with_progress("objects", |progress| store.purge_matching(sought, &options, progress))?
        }
        (Some(name), Some(path), None, None) => {
            let session = open_session(dir, Access::Write, name)?;
            with_progress("objects", |progress| {
                session.purge_file(bytes(path), args.iteration, &options, progress)
            })?
        }
        (Some(name), None, Some(memory), None) => {
            let session = open_session(dir, Access::Write, name)?;
            let memory = session.memory_id(memory)?;
            with_progress("objects", |progress| session.purge_memory(memory, &options, progress))?
        }
        _ => {
            let message = "say what to purge: NAME PATH, NAME --memory ID, or --matching FILE";
            return Err(Error::new(ErrorKind::Invalid, message).into());
        }
    };
    if args.json.json {
        return out.json(&report);
    }
    for tombstone in &report.tombstones {
        out.line(format_args!("{tombstone}"))?;
    }
    let objects = counted(report.tombstones.len() as u64, "object", "objects");
    let held: Vec<_> = report.sessions.iter().map(|name| quote::text(name)).collect();
    if report.tombstones.is_empty() {
        return out.line(format_args!("nothing to purge: no such bytes are stored"));
    }
    if report.rewritten > 0 {
        let nodes = counted(report.rewritten, "node was", "nodes were");
        out.line(format_args!("{nodes} made anew: later checkpoints have other ids now"))?;
    }
    out.line(format_args!(
        "{objects} purged, held by {}: {} freed",
        held.join(", "),
        size(report.freed)
    ))
}

/// Gives up older history.
pub(super) fn trim(out: &mut Output, dir: &Path, args: &Trim) -> Result<()> {
    let keep = match (args.keep, &args.since) {
        (Some(count), _) => TrimTo::Keep(count),
        (None, Some(text)) => TrimTo::Since(since(text)?),
        (None, None) => {
            return Err(Error::new(ErrorKind::Invalid, "say --keep N or --since T").into());
        }
    };
    let session = open_session(dir, Access::Write, &args.name)?;
    let report = session.trim(keep)?;
    if args.json.json {
        return out.json(&report);
    }
    let gone = counted(report.trimmed, "checkpoint", "checkpoints");
    let oldest = report.oldest;
    if report.trimmed == 0 {
        return out.line(format_args!("nothing to trim: the oldest checkpoint is {oldest}"));
    }
    out.line(format_args!(
        "{gone} trimmed, the oldest is {oldest} now; `partita gc` frees the bytes"
    ))
}

/// Makes a damaged store whole again.
pub(super) fn recover(out: &mut Output, dir: &Path, as_json: bool) -> Result<()> {
    let mut bar = None;
    let report = crate::wait::options().create(false).recover(dir, &mut |at| {
        bar.get_or_insert_with(|| Progress::new(at.total, "read")).set(at.done, String::new());
        ControlFlow::Continue(())
    })?;
    drop(bar);
    if as_json {
        return out.json(&report);
    }
    tell_recovered(out, dir, &report)?;
    let objects = counted(report.objects, "object is", "objects are");
    let Some(then) = report.time else {
        return out.line(format_args!("nothing to recover: {objects} whole"));
    };
    let lost = counted(report.lost.len() as u64, "is", "are");
    if report.is_earlier {
        let then = time::human(Some(then));
        return out.line(format_args!(
            "recovered {then}, nothing is left to do: {objects} whole then, {lost} lost"
        ));
    }
    out.line(format_args!("{objects} whole, {lost} lost; the damaged files are in quarantine"))
}

/// Tells whether a ref that is no session's is there.
fn stands(dir: &Path, name: &str) -> Result<bool> {
    if name.starts_with("session/") || name.starts_with("deleted/") {
        return Ok(false);
    }
    Ok(open_store(dir, Access::Read)?.reference(name)?.is_some())
}

/// Prints what a recovery found and did, a line for each.
fn tell_recovered(out: &mut Output, dir: &Path, report: &RecoverReport) -> Result<()> {
    for name in &report.quarantined {
        out.line(format_args!("moved  {}", quote::text(name)))?;
    }
    for unread in &report.unread {
        let at = format_args!("{} at {}", unread.segment, unread.offset);
        let of = listed(&unread.sessions);
        let what = quote::text(&unread.what);
        out.line(format_args!("unread {at}: {what}{of}"))?;
    }
    for session in &report.recovered {
        let operation = session.operation.map(|id| format!(": operation {id:.10}"));
        let name = quote::text(&session.name);
        out.line(format_args!("found  {name}{}", operation.unwrap_or_default()))?;
    }
    for back in &report.set_back {
        let name = quote::text(&back.name);
        match back.operation {
            Some(number) => out.line(format_args!("back   {name}: to operation {number}"))?,
            // A host's own ref may have gone back to an older object.
            None if stands(dir, &back.name)? => {
                out.line(format_args!("back   {name}: to an older object"))?;
            }
            None => out.line(format_args!("gone   {name}: nothing of it can be read"))?,
        }
    }
    for version in &report.versions {
        let what = match (&version.path, version.number) {
            (Some(path), Some(number)) => {
                format!("iteration {number} of {}", quote::path(path.as_bytes()))
            }
            (Some(path), None) => format!("an iteration of {}", quote::path(path.as_bytes())),
            (None, Some(number)) => format!("memory {number}"),
            (None, None) => "a content or a memory".to_owned(),
        };
        let state = if version.is_whole { "cut   " } else { "lost  " };
        let of = listed(&version.sessions);
        out.line(format_args!("{state} {what}, {:.10}{of}", version.object))?;
    }
    for tombstone in &report.lost {
        out.line(format_args!("lost   {tombstone}"))?;
    }
    Ok(())
}

fn listed(sessions: &[String]) -> String {
    let names: Vec<String> = sessions.iter().map(|name| quote::text(name).to_string()).collect();
    if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) }
}

/// Runs long work with a bar of what is done.
fn with_progress<T>(
    things: &str,
    work: impl FnOnce(&mut dyn FnMut(GcProgress) -> ControlFlow<()>) -> partita::Result<T>,
) -> Result<T> {
    let mut bar: Option<(u64, Progress)> = None;
    let done = work(&mut |at| {
        if bar.as_ref().is_none_or(|(total, _)| *total != at.total) {
            bar = Some((at.total, Progress::new(at.total, things)));
        }
        if let Some((_, bar)) = &bar {
            bar.set(at.done, String::new());
        }
        ControlFlow::Continue(())
    });
    drop(bar);
    Ok(done?)
}

/// Reads an age: a number and `s`, `m`, `h`, `d` or `w`.
fn age(text: &str) -> Result<Duration> {
    let invalid = || {
        let shown: String = text.chars().take(80).collect();
        Failure::Usage(format!("{shown:?} is no age: write 0, 90m, 12h, 30d or 8w"))
    };
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| invalid())?;
    let unit = match &text[digits.len()..] {
        "" if number == 0 => 1,
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        "w" => 7 * 24 * 60 * 60,
        _ => return Err(invalid()),
    };
    Ok(Duration::from_secs(number.checked_mul(unit).ok_or_else(invalid)?))
}

/// Reads a time: RFC 3339, a date in UTC, or an age before now.
fn since(text: &str) -> Result<Timestamp> {
    if let Some(time) = time::parse(text) {
        return Ok(time);
    }
    let ago = age(text).map_err(|_| {
        let shown: String = text.chars().take(80).collect();
        Failure::Usage(format!(
            "{shown:?} is no time: write 2026-11-20, 2026-11-20T12:00:00Z or 30d"
        ))
    })?;
    let then = SystemTime::now().checked_sub(ago).unwrap_or(SystemTime::UNIX_EPOCH);
    Ok(then.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_times_are_read_as_people_write_them() {
        for (text, seconds) in [("0", 0), ("45s", 45), ("2h", 7_200), ("30d", 2_592_000)] {
            assert_eq!(age(text).unwrap().as_secs(), seconds, "{text}");
        }
        for text in ["", "d", "5", "-1d", "1y", "99999999999999999999d", "3 d", "\u{e9}"] {
            assert!(age(text).is_err(), "{text}");
        }
        assert_eq!(since("1970-01-02").unwrap().as_millis(), 86_400_000);
        assert_eq!(since("1970-01-01T00:00:01Z").unwrap().as_millis(), 1_000);
        assert!(since("30d").unwrap().as_millis() > 0);
        assert!(since("yesterday").is_err());
    }
}
