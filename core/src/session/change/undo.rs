//! Undo and redo: the newest operation, or the newest undo, is taken back by an operation of its own.

use std::sync::Arc;

use crate::codec::malformed;
use crate::error::{Error, Result};
use crate::id::{CheckpointId, OperationId};
use crate::object::{Horizon, Objects, Operation, OperationKind};
use crate::session::change::restore::{RestoreScope, set_back};
use crate::session::handle::{NewOperation, Outcome, Session};
use crate::session::line::chain::Link;
use crate::session::line::info::OperationInfo;
use crate::session::line::point::{Head, Point};
use crate::session::line::roots::{Root, Roots, others};
use crate::session::line::run;

/// What an undo or a redo did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UndoReport {
    /// The number of the new checkpoint, which holds the state that came back.
    pub number: u64,
    /// The new checkpoint.
    pub id: CheckpointId,
    /// The operation that was taken back, or that a redo brought back: the newest of an import's. A
    /// redo names the undo that it took back where the operation itself was trimmed.
    pub operation: OperationInfo,
}

/// What is taken back, and how.
struct Target {
    operation: Link<Operation>,
    /// The state before it.
    point: Option<Point>,
}

impl Session {
    /// Takes back the newest operation that is not yet undone, by a new checkpoint with the state
    /// before it, and tells which. Undoing again goes on further back, to where the session began
    /// or was forked. An import is undone as a whole. [`redo`](Self::redo) takes an undo back.
    ///
    /// # Errors
    /// `NotFound` if nothing is left to undo.
    ///
    /// ```
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.write("a", "1")?;
    /// session.write("a", "2")?;
    /// let report = session.undo()?;
    /// assert_eq!(session.read("a")?, b"1");
    /// assert_eq!((report.operation.kind.name(), &*report.operation.message), ("write", "a"));
    /// session.undo()?;
    /// assert_eq!(session.get("a")?, None);
    /// assert_eq!(session.undo().unwrap_err().kind(), partita::ErrorKind::NotFound);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn undo(&self) -> Result<UndoReport> {
        let mut head = self.head()?;
        loop {
            let target = self.undo_target(&head)?;
            let operation = target.operation.clone();
            match self.take_back(&head, OperationKind::Undo, target, &operation)? {
                Ok(report) => return Ok(report),
                Err(now) => head = now,
            }
        }
    }

    /// Takes back the newest undo that is not yet taken back, by a new checkpoint with the state
    /// before that undo, and tells which operation came back. Redoing again goes on to the undo
    /// before. [`undo`](Self::undo) takes back what came back.
    ///
    /// # Errors
    /// `NotFound` if there is no undo to take back, or if anything else was done since.
    ///
    /// ```
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.write("a", "1")?;
    /// session.undo()?;
    /// let report = session.redo()?;
    /// assert_eq!(session.read("a")?, b"1");
    /// assert_eq!(report.operation.kind.name(), "write");
    /// session.undo()?;
    /// session.write("b", "1")?;
    /// assert_eq!(session.redo().unwrap_err().kind(), partita::ErrorKind::NotFound);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn redo(&self) -> Result<UndoReport> {
        let mut head = self.head()?;
        loop {
            let target = self.redo_target(&head)?;
            let back = self.brought_back(&target.operation)?;
            let operation = back.as_ref().unwrap_or(&target.operation).clone();
            match self.take_back(&head, OperationKind::Redo, target, &operation)? {
                Ok(report) => return Ok(report),
                Err(now) => head = now,
            }
        }
    }

    /// Commits the state before a target on a head. Fails with the head to build on instead where
    /// somebody else came first.
    fn take_back(
        &self,
        head: &Head,
        kind: OperationKind,
        target: Target,
        told: &Link<Operation>,
    ) -> Result<Result<UndoReport, Arc<Head>>> {
        let mut batch = self.store.batch();
        let draft = set_back(&mut batch, head, target.point.as_ref(), RestoreScope::All)?;
        let built = draft
            .build(&mut batch, head.point(), true)?
            .point
            .expect("a build that must make a checkpoint makes one");
        let mut new = NewOperation::new(kind);
        new.undoes = Some(OperationId::new(target.operation.id));
        new.message = told.value.kind.name().to_owned();
        let report = UndoReport {
            number: built.number(),
            id: built.checkpoint_id(),
            operation: OperationInfo::of(&self.store, told)?,
        };
        Ok(match self.commit_on(head, batch, Some(built), new)? {
            Outcome::Committed(_) => Ok(report),
            Outcome::Moved(now) => Err(now),
        })
    }

    /// The newest operation that changed something and is not undone.
    fn undo_target(&self, head: &Head) -> Result<Target> {
        let store = &self.store;
        let horizon = self.horizon()?;
        let mut at = Some(head.operation.clone());
        while let Some(operation) = at {
            at = match (operation.value.kind, operation.value.undoes) {
                (OperationKind::Undo, Some(id)) => match self.earlier(&operation, id)? {
                    Some(undone) => run::operation_before(store, &undone)?,
                    None => None,
                },
                // The state is what it was before the undo that it took back.
                (OperationKind::Redo, Some(id)) => match self.earlier(&operation, id)? {
                    Some(undo) => undo.parent(store)?,
                    None => None,
                },
                _ => match operation.parent(store)? {
                    // It made no checkpoint, as a rename of the session makes none, or nothing that
                    // would come back.
                    Some(before) if self.passes(&operation, &before)? => Some(before),
                    Some(_) => match self.target(operation, horizon.as_ref())? {
                        Some(target) => return Ok(target),
                        None => None,
                    },
                    None => None,
                },
            };
        }
        Err(self.nothing_to_undo(horizon.as_ref()))
    }

    /// The newest undo, if nothing else came after it but redos of later ones and what made no
    /// checkpoint.
    fn redo_target(&self, head: &Head) -> Result<Target> {
        let store = &self.store;
        let horizon = self.horizon()?;
        let mut at = Some(head.operation.clone());
        while let Some(operation) = at {
            at = match (operation.value.kind, operation.value.undoes) {
                (OperationKind::Undo, Some(_)) => match self.target(operation, horizon.as_ref())? {
                    Some(target) => return Ok(target),
                    None => None,
                },
                (OperationKind::Redo, Some(id)) => match self.earlier(&operation, id)? {
                    Some(undo) => undo.parent(store)?,
                    None => None,
                },
                _ => match operation.parent(store)? {
                    Some(before) if self.passes(&operation, &before)? => Some(before),
                    _ => None,
                },
            };
        }
        Err(Error::not_found(format!(
            "nothing to redo in session {:?}: what was done last is no undo",
            self.name
        )))
    }

    /// An operation with the state before it; none where that is beyond the horizon.
    fn target(
        &self,
        operation: Link<Operation>,
        horizon: Option<&Horizon>,
    ) -> Result<Option<Target>> {
        let oldest = horizon.map_or(0, |horizon| horizon.checkpoint);
        let point = match run::state_before(&self.store, &operation)? {
            // Whether or not its bytes were collected, what was trimmed does not come back.
            Some(id) if oldest > 0 && self.store.get_node(&id.id())?.is_none() => return Ok(None),
            Some(id) => Some(Point::read(&self.store, id.id())?),
            None => None,
        };
        let number = point.as_ref().map_or(0, Point::number);
        Ok((number >= oldest).then_some(Target { operation, point }))
    }

    /// An operation that another one names, or none where it was trimmed.
    fn earlier(
        &self,
        operation: &Link<Operation>,
        named: OperationId,
    ) -> Result<Option<Link<Operation>>> {
        if self.store.is_trimmed(&named.id())? {
            return Ok(None);
        }
        let found: Link<Operation> = Link::read(&self.store, named.id())?;
        if found.number() >= operation.number() {
            let kind = operation.value.kind.name();
            return Err(malformed(format!("{kind} of a later operation")));
        }
        Ok(Some(found))
    }

    /// What comes back with an undo: the operation that it took back, unless that was trimmed.
    fn brought_back(&self, undo: &Link<Operation>) -> Result<Option<Link<Operation>>> {
        let Some(id) = undo.value.undoes else { return Ok(None) };
        let oldest = self.horizon()?.map_or(0, |horizon| horizon.operation);
        Ok(self.earlier(undo, id)?.filter(|operation| operation.number() >= oldest))
    }

    fn nothing_to_undo(&self, horizon: Option<&Horizon>) -> Error {
        let why = match horizon {
            Some(horizon) => {
                format!(": what was before checkpoint {} was trimmed", horizon.checkpoint)
            }
            None => String::new(),
        };
        Error::not_found(format!("nothing left to undo in session {:?}{why}", self.name))
    }

    /// Tells whether undo passes an operation over: there is nothing of it to take back.
    fn passes(&self, operation: &Link<Operation>, before: &Link<Operation>) -> Result<bool> {
        use OperationKind::{
            BeginRun, BeginSteps, BeginTurn, Decide, EndTurn, ImportEvidence, Pause, Step, TakeOver,
        };
        let is_mark = match operation.value.kind {
            BeginRun | Pause | ImportEvidence => true,
            // What a turn asked and was told stays known; what it added can be taken back.
            BeginTurn | BeginSteps | Step | TakeOver | EndTurn | Decide => {
                self.leaves_all(operation, before)?
            }
            _ => false,
        };
        Ok(is_mark || before.value.checkpoint == operation.value.checkpoint)
    }

    /// Tells whether an operation left all that an undo would bring back.
    fn leaves_all(&self, operation: &Link<Operation>, before: &Link<Operation>) -> Result<bool> {
        let mut states = Vec::with_capacity(2);
        for link in [before, operation] {
            let point = match link.value.checkpoint {
                None => None,
                Some(id) => match Point::read(&self.store, id.id()) {
                    Err(error) if error.kind().is_absence() => return Ok(false),
                    point => Some(point?),
                },
            };
            let mut roots = Roots::of(point.as_ref());
            for root in [Root::Steps, Root::Runs, Root::Evidence] {
                roots.set(root, None);
            }
            states.push((roots, others(point.as_ref()).len()));
        }
        Ok(states[0] == states[1])
    }
}
