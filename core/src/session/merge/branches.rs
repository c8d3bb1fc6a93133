//! Where memories of a state come from.

use crate::error::Result;
use crate::session::line::branch::{BranchRun, branch_of};
use crate::session::line::roots::Root;
use crate::session::read::snapshot::Snapshot;

/// Where a memory was said that a merge brought.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryBranch {
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
    pub fn memory_branch(&self, number: u64) -> Result<Option<MemoryBranch>> {
        let run = branch_of(&self.store, self.roots().map(Root::Branches), number)?;
        let branch = |run: BranchRun| {
            let number = run.number_there(number);
            MemoryBranch { session: run.name, number }
        };
        Ok(run.map(branch))
    }
}
