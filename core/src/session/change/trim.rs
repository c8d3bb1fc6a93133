//! Trimming: older history gives way to a horizon. Explicit, never automatic.

use crate::error::{Error, Result};
use crate::id::OperationId;
use crate::object::{
    Canonical, Checkpoint, Horizon, Objects, Operation, OperationKind, Timestamp, read,
};
use crate::session::handle::{NewOperation, Outcome, Session};
use crate::session::line::point::{Head, Point};
use crate::session::line::timeline::Timeline;
use crate::store::refs::horizon_ref;
use crate::store::{Batch as StoreBatch, Expected};

/// How much history stays.
#[non_exhaustive]
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
    /// use partita::history::Trim;
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
            let was = self.oldest()?;
            let oldest = self.oldest_kept(&head, keep)?.unwrap_or(was).max(was);
            let report = TrimReport { oldest, trimmed: oldest - was };
            if oldest == was {
                return Ok(report);
            }
            let horizon = Horizon {
                checkpoint: oldest,
                operation: self.first_kept(&head, oldest)?,
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
        let Some(id) = self.store.reference(&horizon_ref(self.id))? else { return Ok(None) };
        let mut horizon: Horizon = read(&self.store, id)?;
        // Earlier versions let a fork take over its origin's horizon, also where that is later than
        // the fork: such a fork keeps all of its own.
        if horizon.operation == 1
            && let Some(fork) = self.forked_at()?
        {
            horizon.checkpoint = horizon.checkpoint.min(fork);
        }
        Ok(Some(horizon))
    }

    /// The number of the oldest checkpoint that was not trimmed.
    pub(crate) fn oldest(&self) -> Result<u64> {
        Ok(self.horizon()?.map_or(1, |horizon| horizon.checkpoint))
    }

    /// The number of the checkpoint that the session began with, if it is a fork and that is there.
    fn forked_at(&self) -> Result<Option<u64>> {
        let Some(node) = self.store.get_node(&self.id.id())? else { return Ok(None) };
        let Some(checkpoint) = Operation::from_node(&node)?.checkpoint else { return Ok(None) };
        let Some(node) = self.store.get_node(&checkpoint.id())? else { return Ok(None) };
        Ok(Some(Checkpoint::from_node(&node)?.number))
    }

    /// The number of the oldest of its own operations that a session keeps, the first one apart:
    /// the one that made the oldest checkpoint, or 1 where that was another session's.
    fn first_kept(&self, head: &Head, oldest: u64) -> Result<u64> {
        let mut timeline = Timeline::new(head);
        let made = timeline.made(&self.store, oldest)?;
        Ok(if made.value.session == Some(self.id) { made.number() } else { 1 })
    }

    /// The number of the oldest checkpoint to keep; none in an empty session.
    fn oldest_kept(&self, head: &Head, keep: Trim) -> Result<Option<u64>> {
        let Some(newest) = head.point() else { return Ok(None) };
        match keep {
            Trim::Keep(count) => {
                let oldest = (newest.number() + 1).saturating_sub(count).max(1);
                self.oldest_there(newest, oldest).map(Some)
            }
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

    /// The number of the oldest checkpoint from this one on that is there: collections of earlier
    /// versions took some of a fork's away.
    fn oldest_there(&self, newest: &Point, oldest: u64) -> Result<u64> {
        if oldest <= self.oldest()? || newest.clone().ancestor(&self.store, oldest)?.is_some() {
            return Ok(oldest);
        }
        let mut at = newest.clone();
        while let Some(before) = at.parent(&self.store)? {
            at = before;
        }
        Ok(at.number())
    }

    /// Lets a fork's history end where this one's does, or with its own first checkpoint if that
    /// one is older and was kept by a pin.
    pub(crate) fn bequeath_horizon(
        &self,
        batch: &mut StoreBatch,
        fork: OperationId,
        point: Option<&Point>,
    ) -> Result<()> {
        if let Some(horizon) = self.horizon()? {
            let oldest = point.map_or(horizon.checkpoint, Point::number);
            let checkpoint = horizon.checkpoint.min(oldest);
            let id = batch.put(&Horizon { checkpoint, operation: 1, ..horizon }, None);
            batch.set_ref(horizon_ref(fork), Expected::Any, Some(id));
        }
        Ok(())
    }
}
