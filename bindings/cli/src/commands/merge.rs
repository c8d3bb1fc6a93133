//! Merges of sessions, and their conflicts.

use std::cell::Cell;
use std::path::Path;

use partita::history::MemoryEntry;
use partita::merge::{
    CaseClash, ConflictEntry, KeptOurs, Learned, MergeBase, MergeOptions, MergeReport,
    MergedDialog, MergedSession, Overlap, Resolution,
};
use partita::{Entry, Error, ErrorKind, FilePath, NewEntry, Session, Store};

use super::{Access, bytes, counter, find_session, input, open_session, open_store};
use crate::args::{MergeArgs, MergeDialog, ResolveArgs};
use crate::failure::{Failure, Result};
use crate::output::json::Resolved;
use crate::output::table::Align;
use crate::output::{Output, counted, note, quote};

/// Paths that an error names.
const SHOWN: usize = 3;

/// Unites sessions, or says what that would do.
pub(super) fn merge(out: &mut Output, dir: &Path, args: &MergeArgs) -> Result<()> {
    let access = if args.plan { Access::Read } else { Access::Write };
    let store = open_store(dir, access)?;
    let session = find_session(&store, &args.name)?;
    let others = find_sessions(&store, &args.others)?;
    let others: Vec<&Session> = others.iter().collect();
    if args.summary.is_some() && args.dialog != Some(MergeDialog::Summary) {
        let message = "--summary FILE goes with --dialog summary";
        return Err(Failure::Usage(message.to_owned()));
    }
    let summary = match &args.summary {
        Some(file) => Some(summary(file)?),
        None => None,
    };
    let (used, is_one) = (Cell::new(false), others.len() == 1);
    // Of one session it is asked again where another writer came first.
    let once = |_: &[MemoryEntry]| match used.replace(true) {
        true if !is_one => Err(Error::new(
            ErrorKind::Invalid,
            "one summary cannot stand for the dialogs of several sessions: merge one at a time",
        )),
        _ => Ok(summary.clone().unwrap_or_default()),
    };
    let options = MergeOptions::new();
    let options = match args.dialog {
        None => options,
        Some(MergeDialog::None) => options.dialog(MergedDialog::OutOfView),
        Some(MergeDialog::Whole) => options.dialog(MergedDialog::Whole),
        Some(MergeDialog::Summary) => options.dialog(MergedDialog::Summary(&once)),
    };
    let (merged, report) = match &args.into {
        _ if args.plan => {
            if let Some(new) = &args.into {
                check_free(&store, new)?;
            }
            (None, session.plan_merge(&others, options)?)
        }
        Some(new) => {
            let sessions: Vec<&Session> = std::iter::once(&session).chain(others).collect();
            let (both, report) = store.integrate(new, &sessions, options)?;
            (Some(both), report)
        }
        None => {
            let report = session.merge(&others, options)?;
            (Some(session), report)
        }
    };
    match args.json.json {
        true => out.json(&report)?,
        false => told(out, &report, args.plan, args.into.is_some())?,
    }
    match merged {
        Some(merged) => whole(&merged, &report),
        None => Ok(()),
    }
}

fn summary(file: &Path) -> Result<String> {
    let text = String::from_utf8(input(Some(file))?);
    let text = text.map_err(|_| Error::new(ErrorKind::Invalid, "a summary is UTF-8 text"))?;
    Ok(text.trim_end().to_owned())
}

fn check_free(store: &Store, name: &str) -> Result<()> {
    match store.open_session(name) {
        Ok(_) => {
            let message = format!("there is a session {name:?} already");
            Err(Error::new(ErrorKind::AlreadyExists, message).into())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Says what a merge did, or would do.
fn told(out: &mut Output, report: &MergeReport, is_plan: bool, is_new: bool) -> Result<()> {
    let row = |merged: &MergedSession| {
        let base = match &merged.base {
            MergeBase::Checkpoint(base) => format!("since {}", base.number),
            MergeBase::Nothing => "nothing in common".to_owned(),
            _ => "what both come from is gone".to_owned(),
        };
        let memories = counted(merged.memories, "memory", "memories");
        Ok([quote::text(&merged.name).into_owned(), merged.way.name().to_owned(), base, memories])
    };
    out.table(
        [Align::Left, Align::Left, Align::Left, Align::Right],
        report.sessions.iter().map(row),
    )?;
    for path in &report.conflicts {
        out.line(format_args!("conflict  {}", quote::path(path.as_bytes())))?;
    }
    for CaseClash { ours, theirs, .. } in &report.case_clashes {
        let (ours, theirs) = (quote::path(ours.as_bytes()), quote::path(theirs.as_bytes()));
        out.line(format_args!("case      {ours} and {theirs}"))?;
    }
    for KeptOurs { what, theirs, .. } in &report.kept {
        let (what, theirs) = (quote::text(what), quote::text(theirs));
        out.line(format_args!("kept      {what}: {theirs} has another one"))?;
    }
    let files = counted(report.files, "file", "files");
    let conflicts = match report.conflicts.len() as u64 {
        0 => String::new(),
        count => format!(", {count} in conflict"),
    };
    let said = match (&report.checkpoint, is_plan) {
        (Some(made), false) => format!("{}  {}  ", made.number, made.id.id().short()),
        _ => String::new(),
    };
    let would = match (report.changed, is_plan) {
        (false, true) if is_new => ", if a session of them began",
        (false, _) => ", nothing was new",
        (true, true) => ", if they were merged",
        (true, false) => "",
    };
    out.line(format_args!("{said}{files} changed{conflicts}{would}"))
}

/// Fails while conflicts are left, or where something of the others was not taken.
fn whole(session: &Session, report: &MergeReport) -> Result<()> {
    let state = session.latest()?;
    let (mut paths, mut count) = (Vec::new(), 0u64);
    for conflict in state.conflicts() {
        let conflict = conflict?;
        count += 1;
        if paths.len() < SHOWN {
            paths.push(quote::path(conflict.path.as_bytes()).into_owned());
        }
    }
    if count == 0 && report.kept.is_empty() {
        return Ok(());
    }
    let message = match count {
        0 => "not all could be united: what is listed as kept is this session's alone".to_owned(),
        count => {
            let more = if count > paths.len() as u64 { ", ..." } else { "" };
            format!(
                "{} in conflict: {}{more}; `partita resolve` or a write resolves one",
                counted(count, "path is", "paths are"),
                paths.join(", ")
            )
        }
    };
    Err(Error::new(ErrorKind::Invalid, message).into())
}

/// Lists the conflicts that are left.
pub(super) fn conflicts(out: &mut Output, dir: &Path, name: &str, as_json: bool) -> Result<()> {
    let state = open_session(dir, Access::Read, name)?.latest()?;
    if as_json {
        return out.json_array(state.conflicts().map(|conflict| Ok(conflict?)));
    }
    out.table(
        [Align::Left, Align::Left, Align::Left],
        state.conflicts().map(|conflict| {
            let conflict = conflict?;
            let path = quote::path(conflict.path.as_bytes()).into_owned();
            let marked = if conflict.is_marked() { "marked" } else { "-" };
            Ok([path, marked.to_owned(), sides(&conflict)])
        }),
    )
}

/// The sides of a conflict by their numbers.
fn sides(conflict: &ConflictEntry) -> String {
    let sides = conflict.conflict.sides().enumerate().map(|(at, side)| {
        let what = match side.entry {
            Entry::Removed => " (nothing)",
            Entry::Symlink { .. } => " (link)",
            Entry::Submodule { .. } => " (submodule)",
            Entry::File { executable: true, .. } => " (executable)",
            Entry::File { .. } => "",
        };
        format!("{at}: {}{what}", quote::text(&side.label))
    });
    sides.collect::<Vec<_>>().join("  ")
}

/// Resolves a conflict.
pub(super) fn resolve(out: &mut Output, dir: &Path, args: &ResolveArgs) -> Result<()> {
    let by = &args.by;
    let path = FilePath::new(bytes(&args.path))?;
    let session = open_session(dir, Access::Write, &args.name)?;
    let resolution = match (by.side, &by.file) {
        (Some(side), _) => Resolution::Side(side),
        (None, Some(file)) => {
            let file = NewEntry::file(input(Some(file))?);
            // As a write does, it leaves the executable bit of what stands there.
            let standing = session.latest()?.entry(&path)?;
            let runs = matches!(standing, Some(Entry::File { executable: true, .. }));
            Resolution::Entry(if runs { file.executable() } else { file })
        }
        (None, None) if by.base => Resolution::Base,
        (None, None) => Resolution::Removed,
    };
    let made = session.resolve(&path, resolution)?;
    let mut left = 0u64;
    for conflict in session.latest()?.conflicts() {
        conflict?;
        left += 1;
    }
    if args.json.json {
        return out.json(&Resolved::new(&made, left));
    }
    let left = match left {
        0 => "no conflict is left".to_owned(),
        left => format!("{} left", counted(left, "conflict is", "conflicts are")),
    };
    let shown = quote::path(path.as_bytes());
    out.line(format_args!("{}  {}  {shown}, {left}", made.number, made.id.id().short()))
}

/// Tells what other sessions know.
pub(super) fn learned(
    out: &mut Output,
    dir: &Path,
    name: &str,
    (others, by): (&[String], &str),
    as_json: bool,
) -> Result<()> {
    let store = open_store(dir, Access::Read)?;
    let session = find_session(&store, name)?;
    let others = find_sessions(&store, others)?;
    let by = counter(dir, Some(&session), by)?;
    let learned = session.learned(&others.iter().collect::<Vec<_>>(), &*by)?;
    if as_json {
        return out.json(&learned);
    }
    for learned in &learned {
        one_learned(out, learned)?;
    }
    Ok(())
}

fn one_learned(out: &mut Output, learned: &Learned) -> Result<()> {
    let since = match &learned.base {
        MergeBase::Checkpoint(base) => format!("since {}", base.number),
        MergeBase::Nothing => "nothing in common".to_owned(),
        _ => "what both come from is gone".to_owned(),
    };
    let files = counted(learned.files.len() as u64, "file", "files");
    let iterations = counted(learned.iterations, "iteration", "iterations");
    let memories = counted(learned.memories, "memory", "memories");
    let tokens = learned.tokens;
    let name = quote::text(&learned.session);
    out.line(format_args!(
        "{name}  {since}: {files} in {iterations}, {memories} of {tokens} tokens"
    ))?;
    for change in &learned.files {
        let what = match (&change.before, &change.after) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        };
        out.line(format_args!("  {what:<8}  {}", quote::path(change.path.as_bytes())))?;
    }
    for entry in &learned.decisions {
        let text = entry.memory.text();
        let line: String = text.lines().next().unwrap_or_default().chars().take(200).collect();
        out.line(format_args!("  decision  {}: {}", entry.number, quote::text(&line)))?;
    }
    for claim in &learned.claims {
        let text = quote::text(&claim.text);
        out.line(format_args!("  {:<8}  claim {}: {text}", claim.status.name(), claim.number))?;
    }
    Ok(())
}

/// Lists the paths that sessions both changed.
pub(super) fn overlap(
    out: &mut Output,
    dir: &Path,
    name: &str,
    others: &[String],
    as_json: bool,
) -> Result<()> {
    let store = open_store(dir, Access::Read)?;
    let session = find_session(&store, name)?;
    let others = find_sessions(&store, others)?;
    let overlaps = session.overlap(&others.iter().collect::<Vec<_>>())?;
    if as_json {
        return out.json(&overlaps);
    }
    if overlaps.is_empty() {
        note("no path was changed on both sides");
    }
    out.table(
        [Align::Left, Align::Left, Align::Left],
        overlaps.iter().map(|Overlap { path, session, is_alike, .. }| {
            let alike = if *is_alike { "alike" } else { "differs" };
            let path = quote::path(path.as_bytes()).into_owned();
            Ok([quote::text(session).into_owned(), alike.to_owned(), path])
        }),
    )
}

fn find_sessions(store: &Store, names: &[String]) -> Result<Vec<Session>> {
    names.iter().map(|name| find_session(store, name)).collect()
}
