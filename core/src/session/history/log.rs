//! The log of a session: its checkpoints, newest first, and who made them.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::id::{CheckpointId, OperationId};
use crate::object::{Checkpoint, OperationKind, Timestamp};
use crate::session::handle::Session;
use crate::session::line::info::hex;
use crate::session::line::point::Point;
use crate::session::line::timeline::Timeline;
use crate::store::Store;

/// A row of the log: a checkpoint, and the operation that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogEntry {
    /// The checkpoint's number, from 1 along the session's line.
    pub number: u64,
    /// The checkpoint.
    pub id: CheckpointId,
    /// The source's time, else that of the operation.
    pub time: Timestamp,
    /// What the operation did; an import makes many checkpoints.
    pub kind: OperationKind,
    /// The operation's message, else the first line of the source's; may be empty.
    pub message: String,
    /// Who did it; may be empty.
    pub actor: String,
    /// The operation.
    pub operation: OperationId,
    /// What the checkpoint's source said of it.
    pub labels: BTreeMap<String, Vec<u8>>,
}

impl LogEntry {
    /// Returns the git commit that the checkpoint records, in hexadecimal digits.
    pub fn git_commit(&self) -> Option<String> {
        self.labels.get(Checkpoint::GIT_COMMIT).map(|raw| hex(raw))
    }
}

/// The checkpoints of a session, newest first. In a fork they go on into the line that it came
/// from.
///
/// ```
/// let session = partita::Store::in_memory()?.session("s")?.with_actor("tester");
/// session.write("a", "1")?;
/// session.remove("a")?;
/// let log: Vec<_> = session.log()?.collect::<Result<_, _>>()?;
/// assert_eq!((log[0].number, log[0].kind.name()), (2, "remove"));
/// assert_eq!((log[1].number, log[1].actor.as_str()), (1, "tester"));
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LogEntries {
    store: Store,
    timeline: Timeline,
    next: Option<Point>,
    /// The number of the oldest checkpoint that was not trimmed.
    oldest: u64,
}

impl Session {
    /// Returns the checkpoints, newest first; in a trimmed session as far as its
    /// [`horizon`](Self::horizon).
    ///
    /// # Errors
    /// `NotFound` if the session is gone.
    pub fn log(&self) -> Result<LogEntries> {
        let head = self.head()?;
        Ok(LogEntries {
            store: self.store.clone(),
            timeline: Timeline::new(&head),
            next: head.point.clone(),
            oldest: self.horizon()?.map_or(1, |horizon| horizon.checkpoint),
        })
    }
}

impl Session {
    /// Returns the checkpoints that came after the one of a number, oldest first: what whoever looks
    /// on has not seen yet. After what was trimmed there are only those that are left.
    ///
    /// # Errors
    /// `NotFound` if the session is gone.
    ///
    /// ```
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.write("a", "1")?;
    /// let seen = session.changes(0)?.last().map_or(0, |entry| entry.number);
    /// assert!(session.changes(seen)?.is_empty());
    /// session.write("a", "2")?;
    /// assert_eq!(session.changes(seen)?[0].kind.name(), "write");
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn changes(&self, after: u64) -> Result<Vec<LogEntry>> {
        let is_new =
            |entry: &Result<LogEntry>| entry.as_ref().map_or(true, |entry| entry.number > after);
        let mut entries = self.log()?.take_while(is_new).collect::<Result<Vec<_>>>()?;
        entries.reverse();
        Ok(entries)
    }
}

impl LogEntries {
    fn step(&mut self, point: Point) -> Result<LogEntry> {
        let operation = self.timeline.made(&self.store, point.number())?;
        let said = &operation.value;
        let message = if said.message.is_empty() {
            let label = point.value.labels.get(Checkpoint::MESSAGE);
            label.map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default()
        } else {
            said.message.clone()
        };
        let entry = LogEntry {
            number: point.number(),
            id: point.checkpoint_id(),
            time: point.value.time.unwrap_or(said.time),
            kind: said.kind,
            message,
            actor: said.actor.clone(),
            operation: OperationId::new(operation.id),
            labels: point.value.labels.clone(),
        };
        self.next = match point.number() > self.oldest {
            true => point.parent(&self.store)?,
            false => None,
        };
        Ok(entry)
    }
}

impl Iterator for LogEntries {
    type Item = Result<LogEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        let point = self.next.take()?;
        Some(self.step(point))
    }
}
