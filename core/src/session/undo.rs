//! Undo: the newest operation is taken back by one of its own.

use super::Session;
use super::chain::Link;
use super::head::{Head, NewOperation, Outcome, Point};
use super::info::CheckpointInfo;
use super::restore::{RestoreScope, set_back};
use crate::codec::malformed;
use crate::error::{Error, Result};
use crate::id::{CheckpointId, OperationId};
use crate::object::{Objects, Operation, OperationKind};
use crate::store::Store;

impl Session {
    /// Takes back the newest operation that is not yet undone, by a new checkpoint with the state
    /// before it. Undoing again goes on further back, to where the session began or was forked.
    /// An import is undone as a whole.
    ///
    /// # Errors
    /// `NotFound` if nothing is left to undo.
    ///
    /// ```
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.write("a", "1")?;
    /// session.write("a", "2")?;
    /// session.undo()?;
    /// assert_eq!(session.read("a")?, b"1");
    /// session.undo()?;
    /// assert_eq!(session.get("a")?, None);
    /// assert_eq!(session.undo().unwrap_err().kind(), partita::ErrorKind::NotFound);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn undo(&self) -> Result<CheckpointInfo> {
        let mut head = self.head()?;
        loop {
            let target = self.undo_target(&head)?;
            let point = self.point_before(&target)?;
            let mut batch = self.store.batch();
            let draft = set_back(&mut batch, &head, point.as_ref(), RestoreScope::All)?;
            let undone = draft
                .build(&mut batch, head.point(), true)?
                .point
                .expect("a build that must make a checkpoint makes one");
            let mut new = NewOperation::new(OperationKind::Undo);
            new.undoes = Some(OperationId::new(target.id));
            new.message = target.value.kind.name().to_owned();
            let info = CheckpointInfo::of(&undone);
            match self.commit_on(&head, batch, Some(undone), new)? {
                Outcome::Committed(_) => return Ok(info),
                Outcome::Moved(now) => head = now,
            }
        }
    }

    /// The point before an operation, none for the empty state; refuses one that was trimmed.
    fn point_before(&self, target: &Link<Operation>) -> Result<Option<Point>> {
        let before = state_before(&self.store, target)?;
        let Some(horizon) = self.horizon()? else {
            return before.map(|id| Link::read(&self.store, id.id())).transpose();
        };
        let trimmed = || self.nothing_to_undo(Some(horizon.checkpoint));
        let id = before.ok_or_else(trimmed)?;
        if self.store.is_trimmed(&id.id())? {
            return Err(trimmed());
        }
        let point: Point = Link::read(&self.store, id.id())?;
        if point.number() < horizon.checkpoint { Err(trimmed()) } else { Ok(Some(point)) }
    }

    /// The newest operation that changed something and is not undone.
    fn undo_target(&self, head: &Head) -> Result<Link<Operation>> {
        let mut at = Some(head.operation.clone());
        while let Some(operation) = at {
            at = match operation.value.kind {
                OperationKind::Create | OperationKind::Fork => break,
                OperationKind::RenameSession
                | OperationKind::DeleteSession
                | OperationKind::Trim => operation.parent(&self.store)?,
                OperationKind::Undo => {
                    let undone = operation
                        .value
                        .undoes
                        .ok_or_else(|| malformed("an undo that names no operation"))?;
                    if self.store.is_trimmed(&undone.id())? {
                        break;
                    }
                    let undone: Link<Operation> = Link::read(&self.store, undone.id())?;
                    if undone.number() >= operation.number() {
                        return Err(malformed("an undo of a later operation"));
                    }
                    before_run(&self.store, undone)?
                }
                _ => return Ok(operation),
            };
        }
        let horizon = self.horizon()?;
        Err(self.nothing_to_undo(horizon.map(|horizon| horizon.checkpoint)))
    }

    fn nothing_to_undo(&self, oldest: Option<u64>) -> Error {
        let why = match oldest {
            Some(oldest) => format!(": what was before checkpoint {oldest} was trimmed"),
            None => String::new(),
        };
        Error::not_found(format!("nothing left to undo in session {:?}{why}", self.name))
    }
}

/// The state that undoing an operation brings back. An import's is always its own word, where
/// none means the empty state; others say it only where it is not the previous operation's.
fn state_before(store: &Store, operation: &Link<Operation>) -> Result<Option<CheckpointId>> {
    let before = operation.value.before;
    if before.is_some() || operation.value.kind == OperationKind::Import {
        return Ok(before);
    }
    Ok(operation.parent(store)?.and_then(|previous| previous.value.checkpoint))
}

/// The operation before an operation; before the whole run, where that is one of an import.
fn before_run(store: &Store, operation: Link<Operation>) -> Result<Option<Link<Operation>>> {
    let mut at = operation.parent(store)?;
    if operation.value.kind == OperationKind::Import {
        while let Some(previous) = &at
            && previous.value.kind == OperationKind::Import
            && previous.value.checkpoint != operation.value.before
        {
            at = previous.parent(store)?;
        }
    }
    Ok(at)
}
