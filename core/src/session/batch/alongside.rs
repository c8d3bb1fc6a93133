//! What is committed together with a batch's checkpoint, and rests on its id.

use std::fmt::Debug;

use crate::error::Result;
use crate::id::CheckpointId;
use crate::store::Batch as StoreBatch;

/// Something of a layer above that is to be true of a checkpoint from the moment on that there is
/// one: both are committed as one, or neither.
pub(crate) trait Alongside: Debug + Send + Sync {
    /// Adds it to the store's batch; again for each attempt, which makes another checkpoint. Tells
    /// whether there was anything to add.
    fn put(&mut self, batch: &mut StoreBatch, checkpoint: Option<CheckpointId>) -> Result<bool>;

    /// Is told that all of it is durable.
    fn done(self: Box<Self>);

    /// Commits it by itself, where the batch changes nothing.
    fn commit(
        mut self: Box<Self>,
        mut batch: StoreBatch,
        checkpoint: Option<CheckpointId>,
    ) -> Result<()> {
        if self.put(&mut batch, checkpoint)? {
            batch.commit()?;
        }
        self.done();
        Ok(())
    }
}
