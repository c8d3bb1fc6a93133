//! Running a command, with what it changed, as two or three commits.

use std::time::Instant;

use super::command::Command;
use super::ground::{capture, capture_into};
use super::output::Output;
use super::sandbox::{Outcome, Sandbox, Stream};
use crate::error::{Error, ErrorKind, Result};
use crate::id::CheckpointId;
use crate::limits::CHECKOUT_ATTEMPTS_MAX;
use crate::object::{Exit, OperationKind, Run, RunOutcome, RunOutput};
use crate::session::{Batch, Session, Snapshot};
use crate::workspace::{Capture, CaptureOptions};

/// Characters of a command that a message shows.
const LINE_CHARS: usize = 120;

/// What came of a run.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ran {
    /// The number of the run in the session.
    pub number: u64,
    /// How the command ended.
    pub outcome: Outcome,
    /// What it changed; the error where that could not be captured, although the outcome was recorded.
    pub capture: Result<Capture>,
    /// The checkpoint that holds outcome and changes.
    pub checkpoint: Option<CheckpointId>,
}

/// Runs a command in a sandbox, and records it: first what changed before it, then that it is to
/// run, then how it ended together with what it changed. One undo takes that last step back; that
/// it ran stays known.
///
/// If the caller dies meanwhile, the run stays without an outcome:
/// [`Snapshot::open_runs`](crate::Snapshot::open_runs) finds it. A command is never run twice.
///
/// # Errors
/// As [`Workspace::capture`](crate::workspace::Workspace::capture) for what changed before it, and
/// what the sandbox says: then it did not run.
pub fn run(session: &Session, sandbox: &mut dyn Sandbox, command: &Command) -> Result<Ran> {
    run_with(session, sandbox, command, &CaptureOptions::new(), &mut |_, _| {})
}

/// Runs a command as [`run`] does, with options for its captures, and hands over what it writes as
/// it comes.
///
/// # Errors
/// As [`run`].
pub fn run_with(
    session: &Session,
    sandbox: &mut dyn Sandbox,
    command: &Command,
    options: &CaptureOptions,
    told: &mut dyn FnMut(Stream, &[u8]),
) -> Result<Ran> {
    command.check()?;
    let described = sandbox.describe()?;
    let now = session.store().now();
    let mut run = Run::new(command.line().clone(), now);
    run.directory = command.path().map(|path| path.as_bytes().to_vec()).unwrap_or_default();
    run.environment = command.environment().keys().cloned().collect();
    run.timeout = command.time_limit();
    run.is_setup = command.is_setup();
    run.sandbox = described.recorded();
    run.validate()?;
    let before = capture(session, sandbox, options)?;
    run.before = before.checkpoint().map(|info| info.id);
    let number = begin(session, run)?;
    let begun = Instant::now();
    let ran = sandbox.run(command, told);
    let outcome = match ran {
        Ok(outcome) => outcome,
        // It never began, which is known; so it is no open run.
        Err(error) => {
            let exit = match error.kind() {
                ErrorKind::NotFound => Exit::NotFound,
                _ => Exit::NotExecutable,
            };
            let instance = described.instance;
            end(session, number, command, Outcome::new(exit), instance, |_| Ok(()))?;
            return Err(error);
        }
    };
    let outcome = match outcome.took.is_zero() {
        true => outcome.with_time(begun.elapsed()),
        false => outcome,
    };
    // Whoever does not answer any more is another one, or none.
    let instance = sandbox.describe().map(|after| after.instance).unwrap_or_default();
    let mut captured = None;
    let mut attempts = 1;
    loop {
        let ended = end(session, number, command, outcome.clone(), instance.clone(), |batch| {
            captured = Some(capture_into(session, sandbox, options, batch)?);
            Ok(())
        });
        match ended {
            Ok((checkpoint, is_new)) => {
                let capture = captured.expect("it was captured before the commit");
                let id = checkpoint.as_ref().map(|info| info.id);
                let capture = Ok(capture.at(checkpoint, is_new));
                return Ok(Ran { number, outcome, capture, checkpoint: id });
            }
            Err(error)
                if error.kind() == ErrorKind::Conflict && attempts < CHECKOUT_ATTEMPTS_MAX =>
            {
                attempts += 1;
            }
            Err(error) => {
                // How it ended is not lost because its files cannot be had.
                let (checkpoint, _) =
                    end(session, number, command, outcome.clone(), instance, |_| Ok(()))?;
                let id = checkpoint.map(|info| info.id);
                return Ok(Ran { number, outcome, capture: Err(error), checkpoint: id });
            }
        }
    }
}

/// Records that a command is to run, and returns its number.
fn begin(session: &Session, run: Run) -> Result<u64> {
    let mut batch = session.begin()?;
    batch.set_kind(OperationKind::BeginRun);
    batch.message(&short(&run.command.line()))?;
    batch.begin_run(run)?;
    let done = batch.finish()?;
    let now = Snapshot::new(session.store(), done.head.point.clone());
    let newest = now.runs().next().transpose()?;
    newest
        .map(|newest| newest.number)
        .ok_or_else(|| Error::corrupt("a run that began is not there"))
}

type Ended = (Option<crate::session::CheckpointInfo>, bool);

/// Records how a run ended, with what else goes into that commit.
fn end(
    session: &Session,
    number: u64,
    command: &Command,
    outcome: Outcome,
    instance: String,
    with: impl FnOnce(&mut Batch) -> Result<()>,
) -> Result<Ended> {
    let mut batch = session.begin()?;
    batch.set_kind(OperationKind::Run);
    batch.message(&format!("{}: {}", short(&command.line().line()), outcome.exit))?;
    let stdout = keep(&mut batch, &outcome.stdout)?;
    let stderr = keep(&mut batch, &outcome.stderr)?;
    let ended = session.store().now();
    let (exit, took) = (outcome.exit, outcome.took);
    batch.end_run(number, RunOutcome { exit, took, ended, stdout, stderr, instance })?;
    with(&mut batch)?;
    let done = batch.finish()?;
    let now = Snapshot::new(session.store(), done.head.point.clone());
    Ok((now.checkpoint().cloned(), done.changed))
}

fn keep(batch: &mut Batch, output: &Output) -> Result<RunOutput> {
    let mut put = |bytes: &[u8]| -> Result<Option<crate::id::ContentId>> {
        match bytes {
            [] => Ok(None),
            bytes => batch.put_content(bytes.into()).map(Some),
        }
    };
    let (head, tail) = (put(&output.head)?, put(&output.tail)?);
    Ok(RunOutput { head, tail, total: output.total })
}

/// A command as the line that a listing shows.
pub(super) fn short(line: &str) -> String {
    let line: String = line.split(char::is_control).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LINE_CHARS) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}
