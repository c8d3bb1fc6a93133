//! What a session's state rests on: the commit that was imported last and not taken back since.

use std::collections::BTreeMap;

use gix::ObjectId;
use partita::history::{LogEntries, LogEntry};
use partita::object::{Canonical as _, Checkpoint, Objects as _, Operation, OperationKind};
use partita::{CheckpointId, Error, ErrorKind, Result, Session};

/// A checkpoint that records a commit.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub(super) commit: ObjectId,
    pub(super) checkpoint: CheckpointId,
    pub(super) number: u64,
    pub(super) labels: BTreeMap<String, Vec<u8>>,
}

/// The checkpoints of a session that record commits and are part of its state, newest first: what
/// an undo took back is passed over.
pub(super) struct Recorded<'a> {
    session: &'a Session,
    log: LogEntries,
    passing: Passing,
}

/// Which entries of the log are taken back.
enum Passing {
    /// None.
    Nothing,
    /// Those of an operation, and those after it.
    Operation(partita::OperationId, bool),
    /// Those after a checkpoint.
    Until(CheckpointId),
    /// All.
    All,
}

impl<'a> Recorded<'a> {
    pub(super) fn new(session: &'a Session) -> Result<Recorded<'a>> {
        Ok(Recorded { session, log: session.log()?, passing: Passing::Nothing })
    }

    /// Tells whether an entry is part of the state, and learns what else is not.
    fn counts(&mut self, entry: &LogEntry) -> Result<bool> {
        match &mut self.passing {
            Passing::All => return Ok(false),
            Passing::Operation(id, met) => {
                if entry.operation == *id {
                    *met = true;
                    return Ok(false);
                }
                if !*met {
                    return Ok(false);
                }
            }
            Passing::Until(id) if entry.id != *id => return Ok(false),
            Passing::Until(_) | Passing::Nothing => {}
        }
        self.passing = Passing::Nothing;
        if let Some(undone) = self.operation(entry.operation)?.undoes {
            let operation = self.operation(undone)?;
            self.passing = match operation.before {
                Some(before) => Passing::Until(before),
                None if operation.kind == OperationKind::Import => Passing::All,
                None => Passing::Operation(undone, false),
            };
            return Ok(false);
        }
        Ok(true)
    }

    fn operation(&self, id: partita::OperationId) -> Result<Operation> {
        Operation::from_node(&*self.session.store().read_node(&id.id())?)
    }
}

impl Iterator for Recorded<'_> {
    type Item = Result<Base>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let entry = match self.log.next()? {
                Ok(entry) => entry,
                Err(error) => return Some(Err(error)),
            };
            match self.counts(&entry) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(error) => return Some(Err(error)),
            }
            let Some(raw) = entry.labels.get(Checkpoint::GIT_COMMIT) else { continue };
            let base = match ObjectId::try_from(&raw[..]) {
                Ok(commit) => Ok(Base {
                    commit,
                    checkpoint: entry.id,
                    number: entry.number,
                    labels: entry.labels,
                }),
                Err(_) => Err(Error::new(
                    ErrorKind::Invalid,
                    "a checkpoint's commit id has an unknown length",
                )),
            };
            return Some(base);
        }
    }
}

/// Returns the newest commit that a session's state rests on.
pub(super) fn newest(session: &Session) -> Result<Option<Base>> {
    if let Some(base) = Recorded::new(session)?.next() {
        return base.map(Some);
    }
    if session.horizon()?.is_some() && session.latest()?.files().next().is_some() {
        return Err(Error::new(
            ErrorKind::Conflict,
            "what was imported into this session was trimmed, so nobody knows which commit its \
             files come from; import into a new session",
        ));
    }
    Ok(None)
}
