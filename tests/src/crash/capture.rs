//! Runs that a crash cuts short: at every call of the store the machine stops, the medium keeps what a
//! crash may leave of it, and the directory is as the command left it. Then the session has all of the
//! run or nothing that it changed, another capture is exact, and so is the way back. What is claimed by
//! the run is there with its outcome or not at all, and each claim stands as the files say.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use partita::host::{self, Command, Description, Outcome, Sandbox, SandboxFile, Stream};
use partita::object::Exit;
use partita::{ErrorKind, FilePath, Result, Session, Store};

use super::checkout::{Seen, put_back, shown};
use super::entropy::Source;
use super::lanes::in_lanes;
use super::ledger::say;
use crate::history::{Files, files_of_directory};
use crate::vfs::{Crash, Disk, Fault, Recorder};

/// Stops at every call of a run and its captures, and looks at so many fates of each at the most.
///
/// # Errors
/// The first state after which something of the promises did not hold, in a line.
pub fn cut_short(
    medium: impl Fn() -> Recorder + Sync,
    fates: usize,
    seed: u64,
) -> Result<Seen, String> {
    let whole = Run::new(medium(), None).map_err(|error| say("the run itself", &error))?;
    // The last one is none: there all of it is done.
    let calls: Vec<usize> = (whole.begin..=whole.medium.calls().len()).collect();
    let states = in_lanes(&calls, |&at| {
        let bad = |what| format!("a run that ended at call {at}: {what}");
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
        let bad = |what| format!("{fate}: {what}");
        // The first one meets the files themselves, with the times that were seen.
        if seen.len() > 1 {
            put_back(&dir, &left).map_err(|error| bad(error.to_string()))?;
        }
        run.again(&dir, image, &left).map_err(bad)?;
    }
    Ok(seen.len())
}

/// A command that changes a directory of which one state is captured.
struct Run {
    room: tempfile::TempDir,
    medium: Recorder,
    /// The first call of the run.
    begin: usize,
    /// What the medium held before, for good, and how many actions had made it.
    before: (Disk, usize),
    is_acknowledged: bool,
}

impl Run {
    /// Does it, and dies at a call.
    fn new(medium: Recorder, dies_at: Option<usize>) -> Result<Self> {
        let room = tempfile::tempdir().expect("a directory can be made");
        let dir = room.path().join("dir");
        fs::create_dir(&dir).expect("a directory can be made");
        let [first, second, _] = states();
        // What fills ids is the same in every run, so that calls are too.
        let (begin, before, done) = Source::new(1).supply(|| -> Result<_> {
            let store = Store::options().open_vfs(Arc::new(medium.clone()))?;
            let session = store.session("s")?;
            put_back(&dir, &first).expect("the directory is there");
            session.workspace(&dir).capture()?;
            let shown = session.import_evidence("tap", b"ok 1 - it works\n1..1\n", None)?;
            session.claim("it worked before", [shown])?;
            // What nobody captured yet, when the command begins.
            put_back(&dir, &second).expect("the directory is there");
            let begin = medium.calls().len();
            let before = (medium.disk(), medium.actions().len());
            if let Some(at) = dies_at {
                medium.fail(at, Fault::Killed);
            }
            let command = Command::new(["edit"]).inputs("d/stays")?.claim("it works");
            let done = host::run(&session, &mut Editing(dir.clone()), &command);
            Ok((begin, before, done))
        })?;
        let is_acknowledged = match done {
            Ok(done) => done.capture.is_ok(),
            Err(error) if dies_at.is_none() => return Err(error),
            Err(_) => false,
        };
        Ok(Run { room, medium, begin, before, is_acknowledged })
    }

    /// Another process finds what is left of it, captures, and goes back.
    fn again(&self, dir: &Path, image: Disk, left: &Files) -> Result<(), String> {
        let store = Store::options().open_vfs(Arc::new(Recorder::on(image)));
        let store = store.map_err(|error| say("open", &error))?;
        let session = store.open_session("s").map_err(|error| say("open the session", &error))?;
        let [first, second, third] = states();
        let found = files_of(&session).map_err(|error| say("read the files", &error))?;
        let latest = session.latest().map_err(|error| say("read", &error))?;
        let runs: Vec<_> = latest.runs().collect::<Result<_>>().map_err(|e| say("runs", &e))?;
        let has_outcome = runs.first().is_some_and(|run| run.outcome.is_some());
        let is_whole = match &found {
            found if *found == first => runs.is_empty(),
            found if *found == second => runs.len() <= 1 && !has_outcome,
            found => *found == third && has_outcome,
        };
        if !is_whole {
            let paths: Vec<_> = found.keys().map(|path| shown(path)).collect();
            return Err(format!("{} runs, an outcome: {has_outcome}, {paths:?}", runs.len()));
        }
        claims_are(&session, found == first, has_outcome)?;
        if self.is_acknowledged && found != third {
            return Err("a run that was acknowledged is gone".to_owned());
        }
        let workspace = session.workspace(dir);
        workspace.capture().map_err(|error| say("capture", &error))?;
        let now = files_of(&session).map_err(|error| say("read the files", &error))?;
        if now != *left || files_of_directory(dir) != *left {
            return Err("after another capture session and directory differ".to_owned());
        }
        claims_are(&session, now == first, has_outcome)?;
        let at = session.checkpoint("1").map_err(|error| say("find the state", &error))?;
        workspace.checkout(Some(at)).map_err(|error| say("check out", &error))?;
        match files_of_directory(dir) == first {
            true => Ok(()),
            false => Err("a checkout after it is not exact".to_owned()),
        }
    }
}

/// Compares the claims with what they must be: one by a report about all files of the first state, and
/// one by the run, if that has an outcome, about a file that never changes.
fn claims_are(session: &Session, is_first: bool, has_outcome: bool) -> Result<(), String> {
    let claims = session.claims().map_err(|error| say("judge the claims", &error))?;
    let found: Vec<_> = claims.iter().map(|claim| (&claim.text[..], claim.status.name())).collect();
    let mut expected = vec![("it worked before", if is_first { "supported" } else { "stale" })];
    expected.extend(has_outcome.then_some(("it works", "supported")));
    match found == expected {
        true => Ok(()),
        false => Err(format!("claims are {found:?}, and not {expected:?}")),
    }
}

/// A directory where each command makes the last state.
struct Editing(PathBuf);

impl Sandbox for Editing {
    fn describe(&mut self) -> Result<Description> {
        Ok(Description::new("editing", "1"))
    }

    fn run(&mut self, _: &Command, _: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome> {
        put_back(&self.0, &states()[2]).expect("the directory is there");
        Ok(Outcome::new(Exit::Code(0)))
    }

    fn directory(&self) -> Option<&Path> {
        Some(&self.0)
    }

    fn read(&mut self, _: &FilePath, _: u64) -> Result<Vec<u8>> {
        Err(not_asked())
    }

    fn write(&mut self, _: &FilePath, _: &SandboxFile) -> Result<()> {
        Err(not_asked())
    }
}

fn not_asked() -> partita::Error {
    partita::Error::new(ErrorKind::Invalid, "a directory is read by itself")
}

fn files_of(session: &Session) -> Result<Files> {
    let mut files = Files::new();
    for file in session.latest()?.files() {
        let file = file?;
        files.insert(file.path.as_bytes().to_vec(), ("100644".to_owned(), file.read()?));
    }
    Ok(files)
}

/// Three states, each another: files that stay, change, go and come, and a directory that becomes a file.
fn states() -> [Files; 3] {
    let files = |rows: &[(&str, &str)]| -> Files {
        let row = |(path, text): &(&str, &str)| {
            (path.as_bytes().to_vec(), ("100644".to_owned(), text.as_bytes().to_vec()))
        };
        rows.iter().map(row).collect()
    };
    [
        files(&[("a", "old"), ("d/gone", "old"), ("d/stays", "same"), ("x/y", "old")]),
        files(&[("a", "new"), ("d/gone", "old"), ("d/stays", "same"), ("by hand", "new")]),
        files(&[("a", "wow"), ("d/stays", "same"), ("by hand", "new"), ("x", "made")]),
    ]
}
