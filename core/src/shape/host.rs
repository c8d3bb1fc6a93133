//! Runs, and what is lost between sandboxes.

use super::fields::{object, texts};
use crate::host::{Loss, LossFile, RunEntry, SetupStep};
use crate::object::Exit;

texts! {
    Exit, exit => exit;
}

object!(RunEntry, entry => {
    number: entry.number,
    command: entry.run.command.line(),
    setup: entry.run.is_setup,
    began: entry.run.began,
    exit: entry.outcome.as_ref().map(|outcome| &outcome.exit),
    code: entry.outcome.as_ref().and_then(|outcome| outcome.exit.code()),
    took_ms: entry.outcome.as_ref().map(|outcome| outcome.took.as_millis() as u64),
});

object!(Loss, loss => {
    instance: loss.instance,
    before: loss.before,
    restored: loss.restored,
    kept: loss.kept,
    missing: loss.missing,
    setup: loss.setup,
    unknown_runs: loss.unknown_runs,
});

object!(LossFile, file => {
    ..file.path,
    why: file.why,
});

object!(SetupStep, step => {
    run: step.run,
    command: step.command,
    changed_locks: step.changed_locks,
    replayed: step.replayed,
});
