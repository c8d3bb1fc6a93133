//! Trimming: older history gives way to a horizon. Explicit, never automatic.

use super::Session;
use super::chain::Link;
use super::head::{Head, NewOperation, Outcome, root};
use super::place::Place;
use super::timeline::Timeline;
use crate::error::{Error, Result};
use crate::id::OperationId;
use crate::map::Map;
use crate::object::{
    Checkpoint, FilePath, Horizon, Iteration, Objects, OperationKind, Timestamp, read,
};
use crate::store::refs::horizon_ref;
use crate::store::{Batch as StoreBatch, Expected};

/// How much history stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trim {
    /// The newest so many checkpoints, one at the least.
    Keep(u64),
    /// The checkpoints from this time on, and the newest whatever its time.
    Since(Timestamp),
}

/// What trimming did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrimReport {
    /// The number of the oldest checkpoint that is left.
    pub oldest: u64,
    /// Checkpoints that went, pinned ones among them.
    pub trimmed: u64,
}

/// Where the history of a trimmed session ends.
#[derive(Clone, Debug)]
pub(super) struct End {
    /// The files as of the oldest checkpoint.
    files: Map,
}

impl End {
    /// Tells whether a path's line ends with this iteration: what is before it was trimmed.
    pub(super) fn is_last(&self, objects: &impl Objects, link: &Link<Iteration>) -> Result<bool> {
        Ok(match self.number_at(objects, &link.value.path)? {
            Some(number) => link.number() <= number,
            None => false,
        })
    }

    /// Refuses an iteration that was trimmed.
    pub(super) fn check(&self, objects: &impl Objects, link: &Link<Iteration>) -> Result<()> {
        match self.number_at(objects, &link.value.path)? {
            Some(oldest) if link.number() < oldest => Err(Error::not_found(format!(
                "iteration {} of {} was trimmed: the oldest is {oldest}",
                link.number(),
                link.value.path
            ))),
            _ => Ok(()),
        }
    }

    fn number_at(&self, objects: &impl Objects, path: &FilePath) -> Result<Option<u64>> {
        let place = Place::find(self.files, objects, path)?;
        place.map(|place| Ok(place.iteration(objects)?.number())).transpose()
    }
}

impl Session {
    /// Gives up history: checkpoints older than what stays, with the files and memories that only
    /// they hold, give way to one small record. The newest state is as it was; log, history and
    /// undo end where the record says. The next gc frees the bytes, but for those of iterations that
    /// are in view in what stays ([`refresh`](Self::refresh) takes outdated ones out). Pinned
    /// checkpoints can still be read. This cannot be undone.
    ///
    /// # Errors
    /// `Invalid` if nothing is to be kept.
    ///
    /// ```
    /// use partita::Trim;
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// for text in ["1", "2", "3"] {
    ///     session.write("a", text)?;
    /// }
    /// let report = session.trim(Trim::Keep(2))?;
    /// assert_eq!((report.oldest, report.trimmed), (2, 1));
    /// assert_eq!(session.log()?.count(), 2);
    /// assert_eq!(session.read_at("a", 2)?, b"2");
    /// let error = session.read_at("a", 1).unwrap_err();
    /// assert_eq!(error.to_string(), "iteration 1 of a was trimmed: the oldest is 2");
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn trim(&self, keep: Trim) -> Result<TrimReport> {
        if keep == Trim::Keep(0) {
            return Err(Error::invalid("trim keeps at least one checkpoint"));
        }
        let _freeing = self.store.freeing();
        let mut head = self.head()?;
        loop {
            let was = self.horizon()?.map_or(1, |horizon| horizon.checkpoint);
            let oldest = self.oldest_kept(&head, keep)?.unwrap_or(was).max(was);
            let report = TrimReport { oldest, trimmed: oldest - was };
            if oldest == was {
                return Ok(report);
            }
            let mut timeline = Timeline::new(&head);
            let horizon = Horizon {
                checkpoint: oldest,
                operation: timeline.made(&self.store, oldest)?.number(),
                actor: self.actor.to_string(),
                time: self.store.now(),
            };
            let mut batch = self.store.batch();
            let id = batch.put(&horizon, None);
            batch.set_ref(horizon_ref(self.id), Expected::Any, Some(id));
            let mut new = NewOperation::new(OperationKind::Trim);
            new.message = format!("checkpoints before {oldest}");
            match self.commit_on(&head, batch, head.point.clone(), new)? {
                Outcome::Committed(_) => return Ok(report),
                Outcome::Moved(now) => head = now,
            }
        }
    }

    /// Returns where the history ends, if the session was trimmed.
    ///
    /// # Errors
    /// `Corrupt` if the record cannot be read.
    pub fn horizon(&self) -> Result<Option<Horizon>> {
        let id = self.store.reference(&horizon_ref(self.id))?;
        id.map(|id| read(&self.store, id)).transpose()
    }

    /// The number of the oldest checkpoint to keep; none in an empty session.
    fn oldest_kept(&self, head: &Head, keep: Trim) -> Result<Option<u64>> {
        let Some(newest) = head.point() else { return Ok(None) };
        match keep {
            Trim::Keep(count) => Ok(Some((newest.number() + 1).saturating_sub(count).max(1))),
            Trim::Since(time) => {
                let mut oldest = newest.number();
                for entry in self.log()? {
                    let entry = entry?;
                    if entry.time < time {
                        break;
                    }
                    oldest = entry.number;
                }
                Ok(Some(oldest))
            }
        }
    }

    /// Where the history ends, with what is needed to tell which iterations are beyond.
    pub(super) fn end(&self, head: &Head) -> Result<Option<End>> {
        let Some(horizon) = self.horizon()? else { return Ok(None) };
        let newest = head.point.clone();
        let oldest = match newest {
            Some(newest) => newest.ancestor(&self.store, horizon.checkpoint)?,
            None => None,
        };
        Ok(Some(End { files: root(oldest.as_ref(), Checkpoint::FILES) }))
    }

    /// Lets a fork's history end where this one's does.
    pub(super) fn inherit_horizon(&self, batch: &mut StoreBatch, fork: OperationId) -> Result<()> {
        if let Some(horizon) = self.horizon()? {
            let id = batch.put(&Horizon { operation: 1, ..horizon }, None);
            batch.set_ref(horizon_ref(fork), Expected::Any, Some(id));
        }
        Ok(())
    }
}
