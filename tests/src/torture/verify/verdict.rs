//! What a torture came to, counted and named.

use std::collections::BTreeMap;

use crate::torture::ledger::{Deed, End};
use crate::torture::table::Op;

/// What a torture came to.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Operations that changed something and were acknowledged.
    pub acknowledged: usize,
    /// The same by operation, with those that were refused and those whose process died.
    pub by_operation: BTreeMap<Op, [usize; 3]>,
    /// What was acknowledged and is not there.
    pub lost: Vec<String>,
    /// What is there and must not be, or is not what it must be.
    pub wrong: Vec<String>,
}

impl Verdict {
    pub(super) fn count(&mut self, deed: &Deed) {
        let at = match deed.end {
            End::Done => 0,
            End::Refused => 1,
            End::Unknown => 2,
        };
        self.by_operation.entry(deed.op).or_default()[at] += 1;
        self.acknowledged += usize::from(deed.end == End::Done && deed.op.row().changes);
    }

    /// Tells whether nothing was found.
    pub fn is_good(&self) -> bool {
        self.lost.is_empty() && self.wrong.is_empty()
    }
}
