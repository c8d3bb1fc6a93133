//! What a merge adds to a checkpoint beside files: further parents, and rows of its maps.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::id::CheckpointId;
use crate::map::{Map, Value};
use crate::session::line::point::Point;
use crate::session::line::roots::{Root, Roots};
use crate::store::Batch as StoreBatch;

/// Rows that are set and removed, by their keys.
pub(crate) type Rows = BTreeMap<Vec<u8>, Option<Value>>;

/// What a draft takes from other sessions. Its rows rest on the very state that the draft began with:
/// where another writer comes first, the merge begins anew.
#[derive(Debug, Default)]
pub(crate) struct JoinedDraft {
    /// The newest checkpoints of the sessions that are merged.
    pub(crate) parents: Vec<CheckpointId>,
    pub(crate) rows: BTreeMap<Root, Rows>,
    /// A state that becomes this one's as it is, but for what is of a sandbox and a directory.
    pub(crate) forward: Option<Point>,
}

impl JoinedDraft {
    /// The rows of a root, to add to.
    pub(crate) fn rows(&mut self, root: Root) -> &mut Rows {
        self.rows.entry(root).or_default()
    }

    /// A map of the state that the draft began with, as it is with the rows.
    pub(crate) fn map(&self, batch: &mut StoreBatch, state: Roots, root: Root) -> Result<Map> {
        match self.rows.get(&root) {
            Some(rows) => batch.edit_map(state.map(root), rows.clone().into_iter().collect()),
            None => Ok(state.map(root)),
        }
    }

    /// The state that the rows are added to, where `before` is the one that the draft began with.
    pub(super) fn start(&self, before: Roots) -> Roots {
        let Some(forward) = &self.forward else { return before };
        let mut state = Roots::of(Some(forward));
        for root in [Root::Sandbox, Root::LeftOut] {
            state.set(root, before.get(root));
        }
        state
    }

    /// Adds the rows to a state: those of the view, or all others.
    pub(super) fn apply(
        &self,
        batch: &mut StoreBatch,
        state: &mut Roots,
        is_view: bool,
    ) -> Result<()> {
        for root in self.rows.keys().filter(|root| (**root == Root::View) == is_view) {
            state.set_map(*root, self.map(batch, *state, *root)?);
        }
        Ok(())
    }
}
