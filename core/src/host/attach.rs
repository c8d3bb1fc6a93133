//! Bringing a session into a sandbox, and setting that up once more.

use super::command::Command;
use super::ground::{capture, name_of};
use super::loss::{Loss, LossFile, SetupStep};
use super::run::{Ran, run};
use super::sandbox::{Sandbox, SandboxFile};
use crate::error::{Error, ErrorKind, Result};
use crate::object::{Entry, Exit, FilePath, OperationKind, RunOutcome, RunOutput};
use crate::session::{RunEntry, Session, Snapshot};
use crate::workspace::{CaptureOptions, CheckoutAction};

/// Runs that are looked through for steps that set a sandbox up.
const RUNS_LOOKED_AT: usize = 10_000;

/// Files that pin what a project installs.
const LOCKS: [&str; 14] = [
    "Cargo.lock",
    "Gemfile.lock",
    "Pipfile.lock",
    "bun.lock",
    "composer.lock",
    "flake.lock",
    "go.sum",
    "package-lock.json",
    "pdm.lock",
    "pnpm-lock.yaml",
    "poetry.lock",
    "requirements.txt",
    "uv.lock",
    "yarn.lock",
];

/// Brings a session's files into a sandbox, and says what did not come along. A sandbox that the
/// session knows is captured first, so that nothing in it is lost. What is found out stands in the
/// sandbox state, for the model; runs that were under way are closed as lost.
///
/// No command is run: [`replay`] runs the steps that set a sandbox up, as the host allows.
///
/// # Errors
/// As [`Session::checkout`] and [`Workspace::capture`](crate::workspace::Workspace::capture), and
/// what the sandbox says.
pub fn attach(session: &Session, sandbox: &mut dyn Sandbox) -> Result<Loss> {
    let instance = sandbox.describe()?.instance;
    let now = session.latest()?;
    let before = last_instance(&now)?;
    let mut loss = Loss { instance, before, ..Loss::default() };
    match sandbox.directory().map(std::path::Path::to_owned) {
        Some(directory) => {
            let workspace = session.workspace(&directory);
            if directory.exists() && workspace.is_known()? {
                let is_empty =
                    std::fs::read_dir(&directory).is_ok_and(|mut all| all.next().is_none());
                workspace.with_options(options_for(&loss, is_empty)).capture()?;
            }
            let plan = session.checkout(None, &directory)?;
            for step in plan.steps() {
                match step.action {
                    CheckoutAction::Create | CheckoutAction::Overwrite => {
                        loss.restored.push(step.path.clone());
                    }
                    CheckoutAction::LeaveOut => {
                        let why = step.why.clone().unwrap_or_else(|| step.reason.to_string());
                        loss.missing.push(LossFile { path: step.path.clone(), why });
                    }
                    CheckoutAction::Leave => loss.kept += 1,
                    CheckoutAction::Delete => {}
                }
            }
        }
        None => restore(session, sandbox, &mut loss)?,
    }
    if !loss.is_same() {
        loss.setup = setup_steps(session)?;
    }
    let open = session.latest()?.open_runs()?;
    loss.unknown_runs = open.iter().rev().map(|run| run.number).collect();
    record(session, &loss, &open)?;
    Ok(loss)
}

/// A setup step that was run again.
#[derive(Debug)]
#[non_exhaustive]
pub struct Replayed {
    /// The number that its run had.
    pub of: u64,
    /// What came of it.
    pub ran: Ran,
}

/// Runs the steps that set a sandbox up once more, in their order, each as a run of its own that is
/// recorded. `allow` is asked before each: commands of a store are somebody's words, and nothing of
/// them runs unless the host says so. The first that fails ends it.
///
/// # Errors
/// As [`run`]; what `allow` says.
pub fn replay(
    session: &Session,
    sandbox: &mut dyn Sandbox,
    loss: &mut Loss,
    allow: &mut dyn FnMut(&RunEntry) -> Result<bool>,
) -> Result<Vec<Replayed>> {
    let mut replayed = Vec::new();
    for at in 0..loss.setup.len() {
        let number = loss.setup[at].run;
        let entry = session.latest()?.run(number)?;
        if !allow(&entry)? {
            continue;
        }
        let mut command = Command::of(entry.run.command.clone()).setup();
        if !entry.run.directory.is_empty() {
            command = command.directory(&entry.run.directory)?;
        }
        if let Some(timeout) = entry.run.timeout {
            command = command.timeout(timeout);
        }
        let ran = run(session, sandbox, &command)?;
        let exit = ran.outcome.exit.clone();
        loss.setup[at].replayed = Some(exit.clone());
        replayed.push(Replayed { of: number, ran });
        if !exit.is_success() {
            break;
        }
    }
    record(session, loss, &[])?;
    Ok(replayed)
}

/// The sandbox that the session was in last, as its newest run says.
fn last_instance(now: &Snapshot) -> Result<Option<String>> {
    let newest = now.runs().next().transpose()?;
    Ok(newest.map(|entry| match entry.outcome {
        Some(outcome) if !outcome.instance.is_empty() => outcome.instance,
        _ => entry.run.sandbox.instance,
    }))
}

/// The steps that set a sandbox up and went well, in their order, each command once.
fn setup_steps(session: &Session) -> Result<Vec<SetupStep>> {
    let now = session.latest()?;
    let mut steps: Vec<(RunEntry, crate::id::ObjectId)> = Vec::new();
    for entry in now.runs().take(RUNS_LOOKED_AT) {
        let entry = entry?;
        let went_well = entry.outcome.as_ref().is_some_and(|outcome| outcome.exit.is_success());
        let id = entry.run.command.id();
        let is_known = |known: &(RunEntry, crate::id::ObjectId)| {
            known.1 == id && known.0.run.directory == entry.run.directory
        };
        if entry.run.is_setup && went_well && !steps.iter().any(is_known) {
            steps.push((entry, id));
        }
    }
    let steps = steps.into_iter().rev().map(|(entry, _)| {
        Ok(SetupStep {
            run: entry.number,
            command: entry.run.command.line(),
            changed_locks: changed_locks(session, &now, &entry)?,
            replayed: None,
        })
    });
    steps.collect()
}

/// The files that pin what is installed and are not what they were when a step ran.
fn changed_locks(session: &Session, now: &Snapshot, entry: &RunEntry) -> Result<Vec<FilePath>> {
    let then = match entry.run.before.map(|id| session.at(id)) {
        Some(Ok(then)) => then,
        Some(Err(error)) if !error.kind().is_absence() => return Err(error),
        // What it was then is not known any more.
        _ => return Ok(Vec::new()),
    };
    let mut changed = Vec::new();
    for change in then.changes(now) {
        let path = change?.path;
        let name = path.components().last().unwrap_or_default();
        if LOCKS.iter().any(|lock| lock.as_bytes() == name) {
            changed.push(path);
        }
    }
    Ok(changed)
}

/// Says what was found out where the model sees it, and closes the runs that were under way.
fn record(session: &Session, loss: &Loss, open: &[RunEntry]) -> Result<()> {
    let mut attempts = 1;
    loop {
        let mut batch = session.begin()?;
        batch.set_kind(OperationKind::Resume);
        batch.message(&super::run::short(&loss.instance))?;
        batch.set_sandbox_state(loss.text())?;
        for entry in open {
            let outcome = RunOutcome {
                exit: Exit::Lost,
                took: std::time::Duration::ZERO,
                ended: session.store().now(),
                stdout: RunOutput::default(),
                stderr: RunOutput::default(),
                instance: String::new(),
            };
            batch.end_run(entry.number, outcome)?;
        }
        match batch.finish() {
            Ok(_) => return Ok(()),
            // Somebody set the sandbox state, or ended a run, meanwhile.
            Err(error) if error.kind() == ErrorKind::Conflict && attempts < 5 => attempts += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Writes the files of a session into a sandbox that is no directory of this machine: what it lists
/// and what is there otherwise is read and compared.
fn restore(session: &Session, sandbox: &mut dyn Sandbox, loss: &mut Loss) -> Result<()> {
    let name = name_of(sandbox)?;
    let is_known = session.knows_ground(&name)?;
    if is_known {
        let is_empty = match sandbox.list(None) {
            Err(error) if error.kind() == ErrorKind::NotFound => true,
            found => found?.is_empty(),
        };
        capture(session, sandbox, &options_for(loss, is_empty))?;
    }
    for file in session.latest()?.files() {
        let file = file?;
        let (new, want) = match &file.entry {
            Entry::Submodule { .. } => {
                let why = "a submodule is its repository's to fetch".to_owned();
                loss.missing.push(LossFile { path: file.path, why });
                continue;
            }
            entry => match file.read() {
                Ok(bytes) => (bytes.clone(), (entry.clone(), bytes)),
                Err(error) if error.kind() != ErrorKind::Io => {
                    loss.missing.push(LossFile { path: file.path, why: error.to_string() });
                    continue;
                }
                Err(error) => return Err(error),
            },
        };
        let there = match sandbox.read(&file.path, new.len() as u64 + 1) {
            Ok(bytes) => Some(bytes),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Invalid) => None,
            Err(error) => return Err(error),
        };
        // An executable bit or a link do not show in bytes: what is no plain file is written.
        if there.as_ref() == Some(&new) && matches!(want.0, Entry::File { executable: false, .. }) {
            loss.kept += 1;
            continue;
        }
        let new = match want {
            (Entry::Symlink { .. }, bytes) => SandboxFile::Symlink(bytes),
            (Entry::File { executable, .. }, bytes) => SandboxFile::File { bytes, executable },
            _ => return Err(Error::invalid("an entry that is no file")),
        };
        match sandbox.write(&file.path, &new) {
            Ok(()) => loss.restored.push(file.path),
            Err(error) if error.kind() == ErrorKind::Invalid => {
                loss.missing.push(LossFile { path: file.path, why: error.to_string() });
            }
            Err(error) => return Err(error),
        }
    }
    // From now on it is known what is there.
    capture(session, sandbox, &CaptureOptions::new()).map(drop)
}

/// How a sandbox is captured before a session comes into it: one that is not the same as before, or has
/// nothing at all, may have lost its files, and deleted none.
fn options_for(loss: &Loss, is_empty: bool) -> CaptureOptions {
    match loss.is_same() && !is_empty {
        true => CaptureOptions::new(),
        false => CaptureOptions::new().keep_missing(),
    }
}
