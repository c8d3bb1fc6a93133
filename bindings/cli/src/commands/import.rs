//! Imports.

use std::path::Path;

use partita::{Error, ErrorKind, FilePath, Session, Snapshot};

use super::{Access, check_name, open_store};
use crate::args::{ImportGit, Large};
use crate::failure::{Failure, Result};
use crate::import::git::{ChangedHere, History, Imported, Target, TooLarge, Verified};
use crate::output::{Output, counted, json, note, quote};
use crate::progress::{Progress, size};

/// Files left out that an error names.
const SHOWN: usize = 3;

/// Records a git history.
pub(super) fn git(out: &mut Output, dir: &Path, args: &ImportGit) -> Result<()> {
    // What cannot be read leaves no store behind.
    let history = History::open(&args.repo, &args.rev)?;
    check_name(&args.session)?;
    let store = match open_store(dir, Access::Write) {
        Ok(store) => Some(store),
        Err(Failure::Refused(error)) if error.kind() == ErrorKind::NotFound => None,
        Err(failure) => return Err(failure),
    };
    let create = || match open_store(dir, Access::Create) {
        Ok(store) => Ok(store),
        Err(Failure::Refused(error)) => Err(error),
        Err(failure) => Err(Error::new(ErrorKind::Io, failure.to_string())),
    };
    let target = Target { store, create: &create, name: &args.session };
    let too_large = match args.too_large {
        Large::LeaveOut => TooLarge::LeaveOut,
        Large::Refuse => TooLarge::Refuse,
    };
    let mut progress = None;
    let imported = history.import(&target, too_large, |position| {
        progress
            .get_or_insert_with(|| Progress::new(position.of_commits, "commits"))
            .set(position.commits, format!("{} of files", size(position.bytes)));
    })?;
    drop(progress);
    let session = open_store(dir, Access::Write)?.open_session(&args.session)?;
    let verified = args.verify.then(|| verify(&history, &session)).transpose()?;
    say(out, args, &session, &imported, verified.as_ref())?;
    lacking(&imported.left_out)
}

fn verify(history: &History, session: &Session) -> Result<Verified> {
    let bar = Progress::new(session.latest()?.checkpoint().map_or(0, |at| at.number), "compared");
    Ok(history.verify(session, |done| bar.set(done, String::new()))?)
}

fn say(
    out: &mut Output,
    args: &ImportGit,
    session: &Session,
    imported: &Imported,
    verified: Option<&Verified>,
) -> Result<()> {
    if imported.shallow {
        note(
            "the repository is a shallow clone: its history was recorded as far as it goes; for all \
             of it, `git fetch --unshallow` and import into a new session",
        );
    }
    if let Some((path, fault)) = &imported.unwritable.first {
        let paths = counted(imported.unwritable.paths, "path was", "paths were");
        let path = quote::path(path.as_bytes());
        note(&format!("{paths} recorded that no checkout writes, first {path}: it {fault}"));
    }
    if imported.changed_here.paths > 0 {
        note(&changed_here(&imported.changed_here));
    }
    let latest = session.latest()?;
    if let Some(unwritable) = unwritable(&latest)? {
        note(&unwritable);
    }
    if args.json.json {
        let checkpoint = latest.checkpoint();
        return out.json(&json::Imported::new(&args.session, imported, checkpoint, verified));
    }
    let (name, tip) = (quote::text(&args.session), &imported.tip[..10]);
    if imported.commits == 0 {
        let at = imported.recorded.map_or_else(String::new, |at| format!(" as checkpoint {at}"));
        out.line(format_args!("{name}: nothing new, {tip} is recorded{at}"))?;
    } else {
        let (commits, bytes) =
            (counted(imported.commits, "commit", "commits"), size(imported.bytes));
        let number = latest.checkpoint().map_or(0, |info| info.number);
        out.line(format_args!(
            "{name}: {commits} up to {tip}, {bytes} of files, checkpoint {number}"
        ))?;
    }
    let Some(Verified { checkpoints, changed_here }) = verified else { return Ok(()) };
    let compared = counted(*checkpoints, "checkpoint equals", "checkpoints equal");
    let whose = if *checkpoints == 1 { "its commit" } else { "their commits" };
    match changed_here {
        0 => out.line(format_args!("{name}: {compared} {whose}, byte for byte")),
        _ => {
            let changed = counted(*changed_here, "file", "files");
            out.line(format_args!("{name}: {compared} {whose}, but for {changed} changed here"))
        }
    }
}

/// Says what the session holds that no checkout will write, if there is any.
fn unwritable(latest: &Snapshot) -> Result<Option<String>> {
    let mut names = Vec::new();
    let mut count = 0;
    for file in latest.files() {
        let file = file?;
        if file.path.name_fault().is_some() {
            count += 1;
            if names.len() < SHOWN {
                names.push(quote::path(file.path.as_bytes()).into_owned());
            }
        }
    }
    let more = if count > SHOWN as u64 { ", ..." } else { "" };
    let paths = counted(count, "path is", "paths are");
    Ok((count > 0)
        .then(|| format!("{paths} kept that no checkout writes: {}{more}", names.join(", "))))
}

/// Says what was changed in the session, and so is not what git has.
fn changed_here(changed: &ChangedHere) -> String {
    let names: Vec<_> = changed.first.iter().map(|path| quote::path(path.as_bytes())).collect();
    let more = if changed.paths > changed.first.len() as u64 { ", ..." } else { "" };
    format!(
        "{} changed here since git commit {}, and not as git has it: {}{more}",
        counted(changed.paths, "path was", "paths were"),
        &changed.since[..10],
        names.join(", ")
    )
}

/// Fails where files were left out: done is only what is done wholly.
fn lacking(left_out: &[(FilePath, u64)]) -> Result<()> {
    if left_out.is_empty() {
        return Ok(());
    }
    let rows = left_out.iter().take(SHOWN);
    let names: Vec<String> = rows
        .map(|(path, bytes)| format!("{} ({})", quote::path(path.as_bytes()), size(*bytes)))
        .collect();
    let more = if left_out.len() > SHOWN { ", ..." } else { "" };
    let message = format!(
        "{} left out, above 1 GiB: {}{more}; all else is recorded",
        counted(left_out.len() as u64, "file is", "files are"),
        names.join(", ")
    );
    Err(Error::new(ErrorKind::Invalid, message).into())
}
