//! Checkouts that a crash cuts short. Then another checkout alone must be exact, and what others wrote
//! there must be in place or put aside.

use std::fs;
use std::path::Path;

use partita::{NewEntry, Result, Session};

use super::beside::{Left, Seen, Work, plain, shown};
use super::ledger::say;
use crate::history::{Files, files_of_directory};
use crate::vfs::Recorder;

/// The path that somebody else writes to, and that the second state has too.
const FOREIGN: &str = "foreign";
const THEIRS: &[u8] = b"theirs";

/// Stops at every call of a checkout of the second state over the first.
///
/// # Errors
/// The first state from which another checkout was not exact, in a line.
pub fn cut_short(
    medium: impl Fn() -> Recorder + Sync,
    fates: usize,
    seed: u64,
) -> Result<Seen, String> {
    let act = |session: &Session, dir: &Path| session.checkout(None, dir).map(|_| true);
    Work { name: "a checkout", prepare, act, look }.cut_short(medium, fates, seed)
}

fn prepare(session: &Session, dir: &Path) -> Result<()> {
    let [first, second] = states();
    record(session, &first, &Files::new())?;
    record(session, &second, &first)?;
    session.checkout(Some(session.checkpoint("1")?), dir)?;
    fs::write(dir.join(FOREIGN), THEIRS).expect("the directory is there");
    Ok(())
}

fn look(left: &Left<'_>) -> Result<(), String> {
    for last in [0, 1] {
        if last > 0 {
            left.put_back()?;
        }
        again(left, last).map_err(|what| format!("then state {last}: {what}"))?;
    }
    Ok(())
}

/// Another process checks a state out, alone.
fn again(left: &Left<'_>, last: usize) -> Result<(), String> {
    let (store, session) = left.open()?;
    let at = session.checkpoint(&(last + 1).to_string());
    let at = at.map_err(|error| say("find the state", &error))?;
    session.checkout(Some(at), left.dir).map_err(|error| say("check out", &error))?;
    let (mut found, expected) = (files_of_directory(left.dir), &states()[last]);
    let kept = store.kept().map_err(|error| say("list what is kept", &error))?;
    let is_kept = kept.iter().any(|kept| {
        let bytes = kept.entry.content().and_then(|id| store.read_content(id).ok());
        kept.path.as_bytes() == FOREIGN.as_bytes() && bytes.is_some_and(|bytes| bytes == THEIRS)
    });
    let theirs = ("100644".to_owned(), THEIRS.to_vec());
    if found.get(FOREIGN.as_bytes()) == Some(&theirs) {
        found.remove(FOREIGN.as_bytes());
        if last == 1 {
            return Err("a file of the state is not there".to_owned());
        }
    } else if !is_kept {
        return Err("what others wrote is gone".to_owned());
    }
    match found == *expected {
        true => Ok(()),
        false => Err(format!("found {:?}", found.keys().map(|path| shown(path)))),
    }
}

/// Two states: files that stay, change, go and come, and a directory that becomes a file.
fn states() -> [Files; 2] {
    let first = plain(&[("a", "old"), ("d/gone", "old"), ("d/stays", "same"), ("x/y", "old")]);
    let second = plain(&[("a", "new"), ("d/stays", "same"), (FOREIGN, "new"), ("x", "new")]);
    [first, second]
}

fn record(session: &Session, files: &Files, before: &Files) -> Result<()> {
    let mut import = session.import()?;
    let mut step = import.checkpoint();
    for path in before.keys().filter(|path| !files.contains_key(*path)) {
        step.remove(path)?;
    }
    for (path, (_, bytes)) in files {
        step.write_entry(path, NewEntry::file(bytes))?;
    }
    step.finish()?;
    import.flush()
}
