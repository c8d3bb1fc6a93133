//! Pins: checkpoints that neither trim nor gc takes away.

use crate::error::{Error, ErrorKind, Result};
use crate::id::CheckpointId;
use crate::session::handle::Session;
use crate::session::line::chain::Link;
use crate::session::line::info::CheckpointInfo;
use crate::store::Expected;
use crate::store::refs::{pin_ref, pins_of};

/// Pins that a listing asks the store for at a time.
const PAGE: usize = 256;

impl Session {
    /// Keeps a checkpoint's state for as long as the pin is there, whatever is trimmed, and the
    /// session itself after it was deleted. Pinning twice changes nothing.
    ///
    /// # Errors
    /// `NotFound` if the checkpoint is not on the session's line.
    ///
    /// ```
    /// use partita::history::Trim;
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.write("a", "1")?;
    /// let first = session.checkpoint("latest")?;
    /// session.pin(first)?;
    /// session.write("a", "2")?;
    /// session.trim(Trim::Keep(1))?;
    /// assert_eq!(session.at(first)?.read("a")?, b"1");
    /// session.unpin(first)?;
    /// assert!(session.at(first).is_err());
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn pin(&self, checkpoint: CheckpointId) -> Result<CheckpointInfo> {
        let mut batch = self.store.batch();
        let point = self.point_on_line(&*self.head()?, checkpoint)?;
        batch.set_ref(pin_ref(self.id, point.number()), Expected::Any, Some(point.id));
        batch.commit()?;
        Ok(CheckpointInfo::of(&point))
    }

    /// Takes a pin away.
    ///
    /// # Errors
    /// `NotFound` if the checkpoint is not pinned.
    pub fn unpin(&self, checkpoint: CheckpointId) -> Result<CheckpointInfo> {
        let _freeing = self.store.freeing();
        let not_pinned = || Error::not_found(format!("checkpoint {checkpoint:.10} is not pinned"));
        loop {
            let pins = self.pins()?;
            let info =
                pins.into_iter().find(|info| info.id == checkpoint).ok_or_else(not_pinned)?;
            let mut batch = self.store.batch();
            batch.set_ref(pin_ref(self.id, info.number), Expected::Id(checkpoint.id()), None);
            match batch.commit() {
                // Somebody else took it away, or put it back.
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                done => return done.map(|()| info),
            }
        }
    }

    /// Returns the pinned checkpoints, oldest first.
    ///
    /// # Errors
    /// `Corrupt` if one cannot be read.
    pub fn pins(&self) -> Result<Vec<CheckpointInfo>> {
        let prefix = pins_of(self.id);
        let mut pins = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.store.references(&prefix, after.as_deref(), PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(pins) };
            after = Some(last.clone());
            for (_, id) in page {
                pins.push(CheckpointInfo::of(&Link::read(&self.store, id)?));
            }
        }
    }

    /// The pinned checkpoint of a number.
    pub(crate) fn pinned(&self, number: u64) -> Result<Option<CheckpointId>> {
        let pin = self.store.reference(&pin_ref(self.id, number))?;
        Ok(pin.map(CheckpointId::new))
    }
}
