//! Forks: a new session that begins where another is.

use crate::error::Result;
use crate::id::{CheckpointId, OperationId};
use crate::object::{Operation, OperationKind};
use crate::session::change::sessions::first_operation;
use crate::session::handle::Session;
use crate::session::line::names::check_line;
use crate::session::line::names::check_name;
use crate::session::line::point::{Head, Point};
use crate::session::line::timeline::Timeline;
use crate::store::Batch as StoreBatch;

impl Session {
    /// Begins a session that has everything this one has now. Copies nothing: whatever the size,
    /// this is one small object. From here on neither sees the other's changes.
    ///
    /// # Errors
    /// `AlreadyExists` if there is a session of this name, `Invalid` for a name that breaks a
    /// rule.
    ///
    /// ```
    /// let session = partita::Store::in_memory()?.session("fix")?;
    /// session.write("a", "1")?;
    /// let trial = session.fork("fix-b")?;
    /// trial.write("a", "2")?;
    /// assert_eq!(session.read("a")?, b"1");
    /// assert_eq!(trial.read_at("a", 1)?, b"1");
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn fork(&self, name: &str) -> Result<Session> {
        let batch = self.store.batch();
        let head = self.head()?;
        self.fork_from(batch, name, &head, head.point())
    }

    /// Begins a session that has everything this one had at a checkpoint.
    ///
    /// # Errors
    /// `NotFound` if the checkpoint is not on this session's line, else as [`fork`](Self::fork).
    pub fn fork_at(&self, name: &str, checkpoint: CheckpointId) -> Result<Session> {
        let batch = self.store.batch();
        let head = self.head()?;
        let point = self.point_on_line(&head, checkpoint)?;
        self.fork_from(batch, name, &head, Some(&point))
    }

    /// The one object that a fork adds. It names the operation that made the checkpoint, not the
    /// origin's newest: what was done since is no part of the fork.
    pub(crate) fn fork_operation(&self, head: &Head, point: Option<&Point>) -> Result<Operation> {
        check_line("an actor", &self.actor)?;
        let is_pinned_only = match (point, self.horizon()?) {
            (Some(point), Some(horizon)) => point.number() < horizon.checkpoint,
            _ => false,
        };
        let origin = match is_pinned_only {
            // What made it was trimmed. The session's first operation says where it came from.
            true => self.id,
            false => {
                let number = point.map_or(0, Point::number);
                OperationId::new(Timeline::new(head).made(&self.store, number)?.id)
            }
        };
        Ok(Operation {
            checkpoint: point.map(Point::checkpoint_id),
            forked_from: Some(origin),
            actor: self.actor.to_string(),
            ..first_operation(&self.store, OperationKind::Fork)?
        })
    }

    /// The batch began before the head was read, so a collection in between is noticed.
    fn fork_from(
        &self,
        batch: StoreBatch,
        name: &str,
        head: &Head,
        point: Option<&Point>,
    ) -> Result<Session> {
        check_name(name)?;
        let first = self.fork_operation(head, point)?;
        let begun = self.store.begin_session(batch, name, first, |batch, fork| {
            self.bequeath_horizon(batch, fork, point)
        })?;
        Ok(begun.with_actor(&self.actor))
    }
}
