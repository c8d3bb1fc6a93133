//! Checkouts that a crash cuts short: at every call of the store the machine stops, the medium keeps
//! what a crash may leave of it, and the directory is as far as the checkout had come. Then another
//! checkout alone must be exact, and what others wrote there must be in place or put aside.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use partita::{NewEntry, Result, Session, Store};

use super::entropy::Source;
use super::lanes::in_lanes;
use super::ledger::say;
use crate::history::{Files, files_of_directory};
use crate::vfs::{Crash, Disk, Fault, Recorder};

/// The path that somebody else writes to, and that the second state has too.
const FOREIGN: &str = "foreign";
const THEIRS: &[u8] = b"theirs";

/// What was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Calls of the checkout at which the machine stopped.
    pub calls: usize,
    /// Different states of the medium, each with its directory.
    pub states: usize,
}

/// Stops at every call of a checkout on a medium that holds nothing yet, and looks at so many fates of
/// each at the most.
///
/// # Errors
/// The first state from which another checkout was not exact, in a line.
pub fn cut_short(
    medium: impl Fn() -> Recorder + Sync,
    fates: usize,
    seed: u64,
) -> Result<Seen, String> {
    let whole = Run::new(medium(), None).map_err(|error| say("the checkout itself", &error))?;
    let calls: Vec<usize> = (whole.begin..whole.medium.calls().len()).collect();
    let states = in_lanes(&calls, |&at| {
        let bad = |what| format!("a checkout that ended at call {at}: {what}");
        one(medium(), at, fates, seed).map(Some).map_err(bad)
    })?;
    Ok(Seen { calls: calls.len(), states: states.iter().sum() })
}

fn one(medium: Recorder, at: usize, fates: usize, seed: u64) -> Result<usize, String> {
    let run = Run::new(medium, Some(at)).map_err(|error| say("what comes before", &error))?;
    let dir = run.room.path().join("dir");
    let left = files_of_directory(&dir);
    let actions = run.medium.actions().split_off(run.before.1);
    let crash = Crash::after(&run.before.0, &actions);
    let mut seen = HashSet::new();
    for number in 0..fates {
        let Some(fate) = crash.fate(number, seed ^ (at as u64) << 16) else { break };
        let image = crash.image(fate);
        if !seen.insert(image.hash()) {
            continue;
        }
        for last in [0, 1] {
            let bad = |what| format!("{fate}, then state {last}: {what}");
            put_back(&dir, &left).map_err(|error| bad(error.to_string()))?;
            run.again(&dir, image.clone(), last).map_err(bad)?;
        }
    }
    Ok(seen.len())
}

/// A checkout of the second state over the first.
struct Run {
    room: tempfile::TempDir,
    medium: Recorder,
    /// The first call of the checkout.
    begin: usize,
    /// What the medium held before, for good, and how many actions had made it.
    before: (Disk, usize),
}

impl Run {
    /// Does it, and dies at a call.
    fn new(medium: Recorder, dies_at: Option<usize>) -> Result<Self> {
        let room = tempfile::tempdir().expect("a directory can be made");
        let dir = room.path().join("dir");
        // What fills ids is the same in every run, so that calls are too.
        let (begin, before) = Source::new(1).supply(|| -> Result<_> {
            let store = Store::options().open_vfs(Arc::new(medium.clone()))?;
            let session = store.session("s")?;
            let [first, second] = states();
            record(&session, &first, &Files::new())?;
            record(&session, &second, &first)?;
            session.checkout(Some(session.checkpoint("1")?), &dir)?;
            fs::write(dir.join(FOREIGN), THEIRS).expect("the directory is there");
            let begin = medium.calls().len();
            let before = (medium.disk(), medium.actions().len());
            if let Some(at) = dies_at {
                medium.fail(at, Fault::Killed);
            }
            let done = session.checkout(None, &dir);
            if dies_at.is_none() {
                done?;
            }
            Ok((begin, before))
        })?;
        Ok(Run { room, medium, begin, before })
    }

    /// Another process checks a state out, alone.
    fn again(&self, dir: &Path, image: Disk, last: usize) -> Result<(), String> {
        let store = Store::options().open_vfs(Arc::new(Recorder::on(image)));
        let store = store.map_err(|error| say("open", &error))?;
        let session = store.open_session("s").map_err(|error| say("open the session", &error))?;
        let at = session.checkpoint(&(last + 1).to_string());
        let at = at.map_err(|error| say("find the state", &error))?;
        session.checkout(Some(at), dir).map_err(|error| say("check out", &error))?;
        let (mut found, expected) = (files_of_directory(dir), &states()[last]);
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
}

pub(super) fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

/// Two states: files that stay, change, go and come, and a directory that becomes a file.
fn states() -> [Files; 2] {
    let files = |rows: &[(&str, &str)]| -> Files {
        let row = |(path, text): &(&str, &str)| {
            (path.as_bytes().to_vec(), ("100644".to_owned(), text.as_bytes().to_vec()))
        };
        rows.iter().map(row).collect()
    };
    let first = files(&[("a", "old"), ("d/gone", "old"), ("d/stays", "same"), ("x/y", "old")]);
    let second = files(&[("a", "new"), ("d/stays", "same"), (FOREIGN, "new"), ("x", "new")]);
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

/// Makes a directory hold these files and nothing else.
pub(super) fn put_back(dir: &Path, files: &Files) -> std::io::Result<()> {
    fs::remove_dir_all(dir)?;
    fs::create_dir(dir)?;
    for (path, (_, bytes)) in files {
        let path = dir.join(shown(path));
        fs::create_dir_all(path.parent().expect("it is below the directory"))?;
        fs::write(path, bytes)?;
    }
    Ok(())
}
