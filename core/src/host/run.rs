//! Running a command, with what it changed, as two or three commits.

use std::time::Instant;

use super::command::Command;
use super::ground::{capture, capture_into};
use super::observe::Observing;
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
    /// The number of the evidence that it is.
    pub evidence: u64,
    /// The numbers of the claims that were made by it.
    pub claims: Vec<u64>,
}

/// Runs a command in a sandbox, and records it: first what changed before it, then that it is to
/// run, then how it ended together with what it changed, what it showed, and what is claimed by it.
/// One undo takes that last step back; that it ran, and what it showed, stays known.
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
    let observing = Observing::begin(session, sandbox, command, &before)?;
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
            let outcome = Outcome::new(exit);
            let observed = observing.observed(&described, &outcome);
            let ending =
                Ending { number, command, outcome: &outcome, instance: &described.instance };
            ending.commit(session, |batch| observed.add(batch, number, command, None))?;
            return Err(error);
        }
    };
    let outcome = match outcome.took.is_zero() {
        true => outcome.with_time(begun.elapsed()),
        false => outcome,
    };
    let observed = observing.read(sandbox, command, &described, &outcome);
    // Whoever does not answer any more is another one, or none.
    let instance = sandbox.describe().map(|after| after.instance).unwrap_or_default();
    let ending = Ending { number, command, outcome: &outcome, instance: &instance };
    let mut captured = None;
    let mut attempts = 1;
    let (capture, ended) = loop {
        let ended = ending.commit(session, |batch| {
            let capture = capture_into(session, sandbox, options, batch)?;
            observed.add(batch, number, command, Some(&capture))?;
            captured = Some(capture);
            Ok(())
        });
        match ended {
            Ok(ended) => {
                let capture = captured.expect("it was captured before the commit");
                let checkpoint = ended.now.checkpoint().cloned();
                break (Ok(capture.at(checkpoint, ended.is_new)), ended);
            }
            Err(error)
                if error.kind() == ErrorKind::Conflict && attempts < CHECKOUT_ATTEMPTS_MAX =>
            {
                attempts += 1;
            }
            Err(error) => {
                // How it ended is not lost because its files cannot be had.
                let ended =
                    ending.commit(session, |batch| observed.add(batch, number, command, None))?;
                break (Err(error), ended);
            }
        }
    };
    let checkpoint = ended.now.checkpoint().map(|info| info.id);
    let evidence = ended.now.newest_evidence()?;
    let newest = ended.now.newest_claim()?;
    let claims = newest + 1 - command.claims().len() as u64..=newest;
    Ok(Ran { number, outcome, capture, checkpoint, evidence, claims: claims.collect() })
}

/// Records that a command is to run, and returns its number.
pub(super) fn begin(session: &Session, run: Run) -> Result<u64> {
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

/// A run on its way to its end.
pub(super) struct Ending<'a> {
    pub(super) number: u64,
    pub(super) command: &'a Command,
    pub(super) outcome: &'a Outcome,
    pub(super) instance: &'a str,
}

/// The state after a run.
pub(super) struct Ended {
    pub(super) now: Snapshot,
    is_new: bool,
}

impl Ending<'_> {
    /// Records how the run ended, with what else goes into that commit.
    pub(super) fn commit(
        &self,
        session: &Session,
        with: impl FnOnce(&mut Batch) -> Result<()>,
    ) -> Result<Ended> {
        let Outcome { exit, took, stdout, stderr, .. } = self.outcome;
        let mut batch = session.begin()?;
        batch.set_kind(OperationKind::Run);
        batch.message(&format!("{}: {exit}", short(&self.command.line().line())))?;
        let (stdout, stderr) = (keep(&mut batch, stdout)?, keep(&mut batch, stderr)?);
        let outcome = RunOutcome {
            exit: exit.clone(),
            took: *took,
            ended: session.store().now(),
            stdout,
            stderr,
            instance: self.instance.to_owned(),
        };
        batch.end_run(self.number, outcome)?;
        with(&mut batch)?;
        let done = batch.finish()?;
        let now = Snapshot::new(session.store(), done.head.point.clone());
        Ok(Ended { now, is_new: done.changed })
    }
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
