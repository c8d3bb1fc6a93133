//! The runs of commands that a session knows.

use crate::codec::malformed;
use crate::error::{Error, Result};
use crate::limits::OPEN_RUNS_LOOKED_AT;
use crate::map::Value;
use crate::object::{Objects, Run, RunOutcome, read};
use crate::session::line::keys::{memory_key, memory_number};
use crate::session::line::roots::Root;
use crate::session::read::snapshot::Snapshot;

/// A run of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunEntry {
    /// Counts from 1.
    pub number: u64,
    /// What was to run.
    pub run: Run,
    /// What came of it; none while it runs, and for ever where whoever drove it was gone.
    pub outcome: Option<RunOutcome>,
}

impl Snapshot {
    /// Returns the runs, newest first. An undo takes none of them away: what ran has run.
    pub fn runs(&self) -> impl Iterator<Item = Result<RunEntry>> + '_ {
        let runs = self.roots().map(Root::Runs);
        let rows =
            runs.range_back(&self.store, std::ops::Bound::Unbounded, std::ops::Bound::Unbounded);
        rows.map(|row| {
            let (key, value) = row?;
            self.run_of(memory_number(&key)?, &value)
        })
    }

    /// Returns the run of a number.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub fn run(&self, number: u64) -> Result<RunEntry> {
        let runs = self.roots().map(Root::Runs);
        match runs.get(&self.store, &memory_key(number))? {
            Some(value) => self.run_of(number, &value),
            None => Err(Error::not_found(format!("no run {number}"))),
        }
    }

    /// Returns the runs without an outcome, newest first, of the newest
    /// [`OPEN_RUNS_LOOKED_AT`].
    ///
    /// # Errors
    /// `Corrupt` if a run cannot be read.
    pub fn open_runs(&self) -> Result<Vec<RunEntry>> {
        let runs = self.runs().take(OPEN_RUNS_LOOKED_AT);
        runs.filter(|run| !run.as_ref().is_ok_and(|run| run.outcome.is_some())).collect()
    }

    fn run_of(&self, number: u64, value: &Value) -> Result<RunEntry> {
        let store: &dyn Objects = &self.store;
        let (run, outcome) = match value.refs[..] {
            [run] => (run, None),
            [run, outcome] => (run, Some(outcome)),
            _ => return Err(malformed("a run's value")),
        };
        let outcome = outcome.map(|id| read::<RunOutcome>(store, id)).transpose()?;
        Ok(RunEntry { number, run: read(store, run)?, outcome })
    }
}
