//! Runs that a crash cuts short. Then the session has all of the run or nothing that it changed, another
//! capture is exact, and so is the way back. What is claimed by the run is there with its outcome or not
//! at all, and each claim stands as the files say.

use std::path::{Path, PathBuf};

use partita::host::{self, Command, Description, Outcome, Sandbox, SandboxFile, Stream};
use partita::object::Exit;
use partita::{ErrorKind, FilePath, Result, Session};

use super::beside::{Left, Seen, Work, plain, put_back, shown};
use super::ledger::say;
use crate::history::{Files, files_of_directory};
use crate::vfs::Recorder;

/// Stops at every call of a run and its captures, of a command that changes a directory of which one
/// state is captured.
///
/// # Errors
/// The first state after which something of the promises did not hold, in a line.
pub fn cut_short(
    medium: impl Fn() -> Recorder + Sync,
    fates: usize,
    seed: u64,
) -> Result<Seen, String> {
    Work { name: "a run", prepare, act, look }.cut_short(medium, fates, seed)
}

fn prepare(session: &Session, dir: &Path) -> Result<()> {
    let [first, second, _] = states();
    put_back(dir, &first).expect("a directory can be made");
    session.workspace(dir).capture()?;
    let shown = session.import_evidence("tap", b"ok 1 - it works\n1..1\n", None)?;
    session.claim("it worked before", [shown])?;
    // What nobody captured yet, when the command begins.
    put_back(dir, &second).expect("the directory is there");
    Ok(())
}

fn act(session: &Session, dir: &Path) -> Result<bool> {
    let command = Command::new(["edit"]).inputs("d/stays")?.claim("it works");
    Ok(host::run(session, &mut Editing(dir.to_owned()), &command)?.capture.is_ok())
}

/// Another process finds what is left of it, captures, and goes back.
fn look(left: &Left<'_>) -> Result<(), String> {
    let (_, session) = left.open()?;
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
    if left.is_acknowledged && found != third {
        return Err("a run that was acknowledged is gone".to_owned());
    }
    let workspace = session.workspace(left.dir);
    workspace.capture().map_err(|error| say("capture", &error))?;
    let now = files_of(&session).map_err(|error| say("read the files", &error))?;
    if now != *left.files || files_of_directory(left.dir) != *left.files {
        return Err("after another capture session and directory differ".to_owned());
    }
    claims_are(&session, now == first, has_outcome)?;
    let at = session.checkpoint("1").map_err(|error| say("find the state", &error))?;
    workspace.checkout(Some(at)).map_err(|error| say("check out", &error))?;
    match files_of_directory(left.dir) == first {
        true => Ok(()),
        false => Err("a checkout after it is not exact".to_owned()),
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
    [
        plain(&[("a", "old"), ("d/gone", "old"), ("d/stays", "same"), ("x/y", "old")]),
        plain(&[("a", "new"), ("d/gone", "old"), ("d/stays", "same"), ("by hand", "new")]),
        plain(&[("a", "wow"), ("d/stays", "same"), ("by hand", "new"), ("x", "made")]),
    ]
}
