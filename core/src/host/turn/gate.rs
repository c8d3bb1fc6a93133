//! Running gates in a host's sandbox.

use super::step::{GateResult, RunSandbox, end_of};
use crate::error::{Error, ErrorKind, Result};
use crate::host::{Command, Sandbox, SandboxFile, attach, run};
use crate::object::Entry;
use crate::session::Session;

/// Runs a gate in a sandbox, where its user approves the command: in the session's own files, as
/// [`host::run`](fn@run) does, so that it becomes evidence; or in the files as a revision would leave
/// them.
///
/// For a revision the sandbox must be a scratch one, which nobody captures from: the revision's files
/// are written into it, beside the session's. Nothing of that run is evidence, for it is about files
/// that the session does not have.
///
/// `approve` is asked about the very command. A gate is text out of a store, and so somebody else's
/// words: say yes only to what this machine's user has approved.
///
/// # Errors
/// What the store and the sandbox say. A command that is not approved is no error: its gate fails.
pub fn run_gate(
    session: &Session,
    sandbox: &mut dyn Sandbox,
    step: &RunSandbox,
    approve: &mut dyn FnMut(&Command) -> bool,
) -> Result<GateResult> {
    let command = step.command()?;
    if !approve(&command) {
        let line = command.line().line();
        return Ok(GateResult::new(false, format!("not approved on this machine: {line}")));
    }
    let Some((proposal, revision)) = step.revision else {
        attach(session, sandbox)?;
        return match run(session, sandbox, &command) {
            Ok(ran) => Ok(GateResult::from(&ran)),
            Err(error) => could_not_run(error),
        };
    };
    let latest = session.latest()?;
    let found = latest.proposal(proposal)?;
    let entry = found.revisions.iter().find(|entry| entry.id == revision);
    let entry = entry.ok_or_else(|| Error::not_found("the revision is gone"))?;
    for file in latest.files() {
        let file = file?;
        put(session, sandbox, &file.path, &file.entry)?;
    }
    for change in latest.proposed(entry)? {
        match &change.after {
            Entry::Removed => sandbox.remove(&change.path)?,
            entry => put(session, sandbox, &change.path, entry)?,
        }
    }
    match sandbox.run(&command, &mut |_, _| {}) {
        Ok(outcome) => {
            let text = format!("{}\n{}", outcome.exit, end_of(&outcome));
            let mut result = GateResult::new(outcome.exit.is_success(), text);
            result.took = u64::try_from(outcome.took.as_millis()).ok();
            Ok(result)
        }
        Err(error) => could_not_run(error),
    }
}

/// A program that is not there fails its gate; all else is the host's to know.
fn could_not_run(error: Error) -> Result<GateResult> {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::Invalid => Ok(GateResult::new(false, error.to_string())),
        _ => Err(error),
    }
}

fn put(
    session: &Session,
    sandbox: &mut dyn Sandbox,
    path: &crate::object::FilePath,
    entry: &Entry,
) -> Result<()> {
    let bytes = |content| session.store().read_content(content)?.into_vec();
    let file = match entry {
        Entry::File { content, executable } => {
            SandboxFile::File { bytes: bytes(*content)?, executable: *executable }
        }
        Entry::Symlink { target } => SandboxFile::Symlink(bytes(*target)?),
        Entry::Submodule { .. } | Entry::Removed => return Ok(()),
    };
    sandbox.write(path, &file)
}
