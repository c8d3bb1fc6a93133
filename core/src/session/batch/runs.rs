//! Runs in a batch: one that begins, and what came of one.

use crate::error::{Error, Result};
use crate::id::ContentId;
use crate::object::{Bytes, Run, RunOutcome};
use crate::session::batch::Batch;

impl Batch {
    /// Records that a command is to run. Its number is given at the commit: the next after the
    /// session's newest run. A session has one run at a time begin in a batch.
    ///
    /// Who drives commands by [`host::run`](crate::host::run) needs this not.
    ///
    /// # Errors
    /// `Invalid` for a run beyond a limit, and for a second one.
    pub fn begin_run(&mut self, run: Run) -> Result<()> {
        run.validate()?;
        if !self.draft.runs.begun.is_empty() {
            return Err(Error::invalid("a batch begins one run"));
        }
        self.draft.runs.begun.push(run);
        Ok(())
    }

    /// Records what came of a run.
    ///
    /// # Errors
    /// `NotFound` at the commit if there is no run of the number, `Conflict` if it has an outcome
    /// already.
    pub fn end_run(&mut self, number: u64, outcome: RunOutcome) -> Result<()> {
        if self.draft.runs.ended.iter().any(|(ended, _)| *ended == number) {
            return Err(Error::conflict(format!("run {number} has an outcome already")));
        }
        self.draft.runs.ended.push((number, outcome));
        Ok(())
    }

    /// Adds a content that something of this batch refers to.
    pub(crate) fn put_content(&mut self, bytes: Bytes) -> Result<ContentId> {
        self.draft.put_content(&mut self.batch, bytes, None)
    }
}
