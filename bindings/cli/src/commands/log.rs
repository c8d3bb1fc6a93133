//! What happened: log, undo, redo.

use std::path::Path;
use std::time::Duration;

use partita::Session;
use partita::display::{Lines, graph, graph_text};
use partita::history::{LogEntry, UndoReport};
use partita::object::Horizon;

use super::{Access, open_session};
use crate::args::Log;
use crate::failure::Result;
use crate::output::json::Graph;
use crate::output::table::Align;
use crate::output::{Output, quote, time};

/// Rows that `--follow` begins with.
const FOLLOWED: usize = 10;
/// How often it looks for more.
const FOLLOW_EVERY: Duration = Duration::from_millis(200);

/// Lists what happened to a session, newest first.
pub(super) fn log(out: &mut Output, dir: &Path, args: &Log) -> Result<()> {
    let limit = args.limit;
    let session = open_session(dir, Access::Read, &args.name)?;
    if args.graph && args.json.json {
        return out.json(&Graph::from(&graph(&session, limit.unwrap_or(usize::MAX))?));
    }
    if args.graph {
        let lines = if args.ascii || !speaks_utf8() { Lines::Ascii } else { Lines::Unicode };
        let text = graph_text(&session, limit.unwrap_or(usize::MAX), lines)?;
        return out.bytes(text.as_bytes());
    }
    if args.follow {
        return follow(out, &session, limit.unwrap_or(FOLLOWED), args.json.json);
    }
    let entries = session.log()?.take(limit.unwrap_or(usize::MAX));
    if args.json.json {
        return out.json_array(entries.map(|entry| Ok(entry?)));
    }
    let align = [Align::Right, Align::Left, Align::Left, Align::Left, Align::Left, Align::Left];
    let mut shown = 0;
    out.table(
        align,
        entries.map(|entry| {
            let entry = entry?;
            shown += 1;
            let commit = entry.git_commit().unwrap_or_default();
            Ok([
                entry.number.to_string(),
                entry.id.id().short(),
                time::human(Some(entry.time)),
                entry.kind.name().to_owned(),
                commit.chars().take(10).collect(),
                quote::text(&entry.message).into_owned(),
            ])
        }),
    )?;
    match session.horizon()? {
        Some(horizon) if limit.is_none_or(|limit| shown < limit) => {
            trimmed(out, "checkpoints", &horizon)
        }
        _ => Ok(()),
    }
}

/// Lists what happened, oldest first, and goes on with what comes.
fn follow(out: &mut Output, session: &Session, limit: usize, as_json: bool) -> Result<()> {
    let newest = session.log()?.take(limit).collect::<partita::Result<Vec<_>>>()?;
    let mut last = newest.first().map_or(0, |entry| entry.number);
    for entry in newest.iter().rev() {
        followed(out, entry, as_json)?;
    }
    loop {
        out.flush()?;
        std::thread::sleep(FOLLOW_EVERY);
        for entry in session.changes(last)? {
            last = entry.number;
            followed(out, &entry, as_json)?;
        }
    }
}

fn followed(out: &mut Output, entry: &LogEntry, as_json: bool) -> Result<()> {
    if as_json {
        return out.json_line(entry);
    }
    let message = quote::text(&entry.message).into_owned();
    let (id, time) = (entry.id.id().short(), time::human(Some(entry.time)));
    out.line(format_args!("{:>6}  {id}  {time}  {}  {message}", entry.number, entry.kind.name()))
}

/// Tells whether the locale's characters are UTF-8, as programs in C decide it.
fn speaks_utf8() -> bool {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    let locale = locale.unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// Says where a listing ends before its beginning.
pub(super) fn trimmed(out: &mut Output, what: &str, horizon: &Horizon) -> Result<()> {
    let when = time::human(Some(horizon.time));
    let by = match &horizon.actor[..] {
        "" => String::new(),
        actor => format!(" by {}", quote::text(actor)),
    };
    out.line(format_args!(
        "older {what} were trimmed on {when}{by}: history begins at checkpoint {}",
        horizon.checkpoint
    ))
}

/// Takes back what was done last.
pub(super) fn undo(out: &mut Output, dir: &Path, name: &str, json: bool) -> Result<()> {
    let session = open_session(dir, Access::Write, name)?;
    told(out, &session.undo()?, "took back", json)
}

/// Brings back what the newest undo took.
pub(super) fn redo(out: &mut Output, dir: &Path, name: &str, json: bool) -> Result<()> {
    let session = open_session(dir, Access::Write, name)?;
    told(out, &session.redo()?, "brought back", json)
}

/// Says which checkpoint was made, and what was done to which operation.
fn told(out: &mut Output, report: &UndoReport, done: &str, json: bool) -> Result<()> {
    if json {
        return out.json(report);
    }
    let operation = &report.operation;
    let mut said = format!("operation {}, {}", operation.number, operation.kind.name());
    if !operation.message.is_empty() {
        said.push_str(&format!(": {}", quote::text(&operation.message)));
    }
    out.line(format_args!("{}  {}  {done} {said}", report.number, report.id.id().short()))
}
