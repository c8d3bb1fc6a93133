//! Where memories of a state come from.

use crate::error::Result;
use crate::session::line::origin::{OriginRun, origin_of};
use crate::session::line::roots::Root;
use crate::session::read::snapshot::Snapshot;

/// Where a memory was said that a merge brought.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryOrigin {
    /// What the session was called when its memories came.
    pub session: String,
    /// The memory's number there.
    pub number: u64,
}

impl Snapshot {
    /// Returns where the memory of a number was said; none where that was in this session, or in one
    /// that it was forked from.
    ///
    /// # Errors
    /// `Corrupt` if it cannot be read.
    pub fn memory_origin(&self, number: u64) -> Result<Option<MemoryOrigin>> {
        let run = origin_of(&self.store, self.roots().map(Root::Origins), number)?;
        let origin = |run: OriginRun| {
            let number = run.number_there(number);
            MemoryOrigin { session: run.name, number }
        };
        Ok(run.map(origin))
    }
}
