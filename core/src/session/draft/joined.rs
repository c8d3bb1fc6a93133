//! What a merge adds to a checkpoint beside files and dialog: further parents, what was merged, and
//! where memories come from.

use crate::codec::malformed;
use crate::error::Result;
use crate::id::CheckpointId;
use crate::map::{Map, Value};
use crate::session::line::common::{Known, reach_of, reach_value};
use crate::session::line::keys::memory_key;
use crate::session::line::origin::OriginRun;
use crate::store::Batch as StoreBatch;

/// What a draft takes from other sessions.
#[derive(Debug, Default)]
pub(crate) struct JoinedDraft {
    /// The newest checkpoints of the sessions that are merged.
    pub(crate) parents: Vec<CheckpointId>,
    /// The lines that come with them.
    pub(crate) lines: Known,
    /// Where the draft's memories come from; numbers count from the draft's first memory.
    pub(crate) origins: Vec<OriginRun>,
}

impl JoinedDraft {
    /// Adds the lines to those of a state, the farther reach of each.
    pub(super) fn apply_lines(&self, batch: &mut StoreBatch, merged: Map) -> Result<Map> {
        if self.lines.0.is_empty() {
            return Ok(merged);
        }
        let mut edits = Vec::new();
        for (nonce, reach) in &self.lines.0 {
            let known = merged.get(batch, nonce)?.map(|row| reach_of(&row)).transpose()?;
            if known.is_none_or(|known| known.number < reach.number) {
                edits.push((nonce.clone(), Some(reach_value(*reach))));
            }
        }
        batch.edit_map(merged, edits)
    }

    /// Adds where the memories from number `first` on come from.
    pub(super) fn apply_origins(
        &self,
        batch: &mut StoreBatch,
        origins: Map,
        first: u64,
    ) -> Result<Map> {
        if self.origins.is_empty() {
            return Ok(origins);
        }
        let moved = |number: u64| {
            number.checked_add(first).ok_or_else(|| malformed("the number of a memory"))
        };
        let mut edits: Vec<(Vec<u8>, Option<Value>)> = Vec::new();
        for run in &self.origins {
            let run = OriginRun { first: moved(run.first)?, last: moved(run.last)?, ..run.clone() };
            edits.push((memory_key(run.first), Some(run.value())));
        }
        batch.edit_map(origins, edits)
    }
}
