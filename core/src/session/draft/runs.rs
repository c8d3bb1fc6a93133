//! Runs on their way into a checkpoint.

use crate::codec::malformed;
use crate::error::{Error, Result};
use crate::map::{Map, Value};
use crate::object::{Run, RunOutcome};
use crate::session::line::chain::number_after;
use crate::session::line::keys::{memory_key, memory_number};
use crate::store::Batch as StoreBatch;

/// Runs that begin and that end. Those that begin go to the end, whoever else begins one.
#[derive(Debug, Default)]
pub(crate) struct RunsDraft {
    pub(crate) begun: Vec<Run>,
    pub(crate) ended: Vec<(u64, RunOutcome)>,
}

impl RunsDraft {
    /// Applies the edits to a map of runs, which need not be the one that they began with.
    pub(crate) fn apply(&self, batch: &mut StoreBatch, runs: Map) -> Result<Map> {
        if self.begun.is_empty() && self.ended.is_empty() {
            return Ok(runs);
        }
        let mut edits = Vec::with_capacity(self.begun.len() + self.ended.len());
        for (number, outcome) in &self.ended {
            let key = memory_key(*number);
            let Some(there) = runs.get(&*batch, &key)? else {
                return Err(Error::not_found(format!("no run {number}")));
            };
            let [run] = there.refs[..] else {
                return Err(Error::conflict(format!("run {number} has an outcome already")));
            };
            let outcome = batch.put(outcome, None);
            edits.push((key, Some(Value { refs: vec![run, outcome], bytes: Vec::new() })));
        }
        let mut number = next_run(runs, batch)?;
        for run in &self.begun {
            let run = batch.put(run, None);
            edits.push((memory_key(number), Some(Value { refs: vec![run], bytes: Vec::new() })));
            number = number_after(number)?;
        }
        batch.edit_map(runs, edits)
    }
}

/// The number that the next run gets.
fn next_run(runs: Map, batch: &StoreBatch) -> Result<u64> {
    match runs.last(batch)? {
        Some((key, _)) => number_after(memory_number(&key).map_err(|_| malformed("a run's key"))?),
        None => Ok(1),
    }
}
