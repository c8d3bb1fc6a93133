//! Changes that rest on the very state that they began with: where another writer comes first, they
//! begin anew.

use crate::error::Result;
use crate::object::OperationKind;
use crate::session::batch::{Batch, Finished};
use crate::session::handle::Session;
use crate::session::line::names::first_line;

impl Session {
    /// Commits an edit on the newest state, as often as it takes until nobody came in between.
    pub(crate) fn in_place<T>(
        &self,
        kind: OperationKind,
        message: &str,
        mut edit: impl FnMut(&mut Batch) -> Result<T>,
    ) -> Result<(T, Finished)> {
        loop {
            let mut batch = self.begin()?;
            batch.set_kind(kind);
            batch.message(&first_line(message))?;
            let value = edit(&mut batch)?;
            if let Some(done) = batch.finish_in_place()? {
                return Ok((value, done));
            }
        }
    }
}
