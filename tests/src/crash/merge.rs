//! Merges that a crash cuts short. Then a session is as it was before, or has all of the merge: files,
//! conflicts, memories, what was observed; and merging again ends where one that was not cut short does.

use std::path::Path;

use partita::merge::{MergeOptions, MergedDialog};
use partita::upkeep::{GcOptions, go_on};
use partita::{Memory, Result, Session, Store};

use super::beside::{Left, Seen, Work};
use super::ledger::say;
use crate::told::{Told, state};
use crate::vfs::Recorder;

/// Stops at every call of a merge, and of a session that begins as the union of two.
///
/// # Errors
/// The first state after which something of the promises did not hold, in a line.
pub fn cut_short(
    medium: impl Fn() -> Recorder + Sync,
    fates: usize,
    seed: u64,
) -> Result<Seen, String> {
    Work { name: "a merge", prepare, act, look }.cut_short(medium, fates, seed)
}

/// A session with a past, and a fork: both go on.
fn prepare(session: &Session, dir: &Path) -> Result<()> {
    std::fs::create_dir_all(dir).expect("a directory can be made");
    session.write("a", "1\n2\n3\n")?;
    session.write("b", "one\n")?;
    session.remember(Memory::user("before"))?;
    session.write("b", "two\n")?;
    session.undo()?;
    let fork = session.fork("t")?;
    for (session, text) in [(session, "ours"), (&fork, "theirs")] {
        session.write("a", format!("1\n{text}\n3\n"))?;
        session.write(text, text)?;
        session.remember(Memory::user(text))?;
        session.state().append("steps", text)?;
        let report = format!("ok 1 - {text}\n1..1\n");
        let shown = session.import_evidence("tap", report.as_bytes(), None)?;
        session.claim(text, [shown])?;
    }
    fork.rename("b", "moved").and_then(|_| session.write("b", "three\n")).map(drop)
}

fn fork(store: &Store) -> Result<Session> {
    store.open_session("t")
}

fn merge(session: &Session) -> Result<bool> {
    let options = MergeOptions::new().dialog(MergedDialog::Whole);
    Ok(session.merge(&[&fork(session.store())?], options)?.changed)
}

fn act(session: &Session, _: &Path) -> Result<bool> {
    merge(session)?;
    let store = session.store();
    store.integrate("both", &[&fork(store)?, session], MergeOptions::new())?;
    Ok(true)
}

/// Everything that the newest state tells, but for what numbers and ids a second try gives.
fn told(session: &Session) -> Result<Told> {
    let now = session.latest()?;
    let mut told = state("now", &now);
    let conflicts = now.conflicts().map(|row| row.map(|row| row.in_words()));
    let conflicts = conflicts.collect::<Result<Vec<_>>>()?;
    told.insert("conflicts".to_owned(), format!("{conflicts:?}"));
    Ok(told)
}

/// What there is before a merge, and after one, on a medium that works.
fn expected(left: &Left<'_>) -> Result<[Told; 2]> {
    // The same history, made anew: nothing of it is in the medium that is looked at.
    let store = Store::in_memory()?;
    let session = store.session("s")?;
    prepare(&session, left.dir)?;
    let before = told(&session)?;
    merge(&session)?;
    Ok([before, told(&session)?])
}

/// What two states differ in, of what they tell.
fn unlike(found: &Told, expected: &Told) -> Option<String> {
    let names = expected.keys().chain(found.keys());
    let mut unlike = names.filter(|name| found.get(*name) != expected.get(*name));
    unlike
        .next()
        .map(|name| format!("{name}: {:?}, and not {:?}", found.get(name), expected.get(name)))
}

/// Another process finds what is left of it, collects, and merges.
fn look(left: &Left<'_>) -> Result<(), String> {
    let (store, session) = left.open()?;
    let [before, after] = expected(left).map_err(|error| say("do it anew", &error))?;
    let found = told(&session).map_err(|error| say("read", &error))?;
    let is_merged = found == after;
    if !is_merged && let Some(what) = unlike(&found, &before) {
        return Err(format!("neither before nor after: {what}"));
    }
    let both = store.open_session("both");
    if left.is_acknowledged && (!is_merged || both.is_err()) {
        return Err("a merge that was acknowledged is gone".to_owned());
    }
    if let Ok(both) = &both {
        let state = both.latest().map_err(|error| say("read the union", &error))?;
        let parents = state.checkpoint().map_or(0, |checkpoint| checkpoint.parents.len());
        if parents != 2 || !is_merged {
            return Err(format!("a union of {parents} parents before what it unites"));
        }
    }
    let collected = store.gc(&GcOptions::new().keep(std::time::Duration::ZERO), &mut go_on);
    collected.map_err(|error| say("collect", &error))?;
    let again = merge(&session).map_err(|error| say("merge again", &error))?;
    if again == is_merged {
        return Err(format!(
            "a merge that {} there: something new: {again}",
            if is_merged { "was" } else { "was not" }
        ));
    }
    let found = told(&session).map_err(|error| say("read", &error))?;
    if let Some(what) = unlike(&found, &after) {
        return Err(format!("after another merge: {what}"));
    }
    let report = store.check(&mut go_on).map_err(|error| say("check", &error))?;
    if report.is_ok() { Ok(()) } else { Err(format!("check reports {:?}", report.faults)) }
}
