//! Restoring a checkpoint: its plan, and a new checkpoint with the old state.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::id::CheckpointId;
use crate::object::{Entry, FilePath, OperationKind};
use crate::session::draft::{Draft, Reset};
use crate::session::handle::{NewOperation, Outcome, Session};
use crate::session::line::info::CheckpointInfo;
use crate::session::line::place::Place;
use crate::session::line::point::{Head, Point};
use crate::session::line::roots::{Root, Roots, others};
use crate::session::read::snapshot::changes;
use crate::store::Batch as StoreBatch;

/// What of a checkpoint is restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum RestoreScope {
    /// The files.
    #[default]
    Files,
    /// The memories and the state; the view, instructions, tools and sandbox state with them.
    Dialog,
    /// All of it.
    All,
}

impl RestoreScope {
    fn has_files(self) -> bool {
        self != RestoreScope::Dialog
    }

    fn has_dialog(self) -> bool {
        self != RestoreScope::Files
    }
}

/// What a restore does to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestorePlan {
    /// The checkpoint to restore.
    pub from: CheckpointInfo,
    /// What of it.
    pub scope: RestoreScope,
    /// Files that are not there and come back.
    pub create: Vec<FilePath>,
    /// Files that are there and get another content, mode or kind.
    pub overwrite: Vec<FilePath>,
    /// Files that are there and go.
    pub delete: Vec<FilePath>,
    /// How many files stay as they are.
    pub untouched: u64,
    /// How many memories come back.
    pub memories_back: u64,
    /// How many memories leave the dialog; the checkpoints before keep them.
    pub memories_dropped: u64,
    /// Whether the state changes.
    pub state_changes: bool,
    /// Whether the view changes.
    pub view_changes: bool,
    /// Whether the instructions change.
    pub instructions_changes: bool,
    /// Whether the tools change.
    pub tools_changes: bool,
    /// Whether the sandbox state changes.
    pub sandbox_changes: bool,
    /// Whether anything changes of which a later version alone knows what it is.
    pub others_changes: bool,
}

impl RestorePlan {
    /// Tells whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.create.is_empty()
            && self.overwrite.is_empty()
            && self.delete.is_empty()
            && self.memories_back == 0
            && self.memories_dropped == 0
            && self.dialog_changes().all(|(_, changes)| !changes)
    }

    /// Goes through what changes beside files and memories: what it is called, and whether it does.
    pub fn dialog_changes(&self) -> impl Iterator<Item = (&'static str, bool)> {
        let changes = [
            ("state", self.state_changes),
            ("view", self.view_changes),
            ("instructions", self.instructions_changes),
            ("tools", self.tools_changes),
            ("sandbox", self.sandbox_changes),
            ("others", self.others_changes),
        ];
        changes.into_iter()
    }
}

impl Session {
    /// Tells what restoring a checkpoint would do, and does nothing.
    ///
    /// # Errors
    /// `NotFound` if the checkpoint is not on the session's line.
    ///
    /// ```
    /// use partita::Store;
    /// use partita::history::RestoreScope;
    /// let session = Store::in_memory()?.session("s")?;
    /// session.write("a", "1")?;
    /// let first = session.checkpoint("latest")?;
    /// session.write("b", "2")?;
    /// let plan = session.plan_restore(first, RestoreScope::Files)?;
    /// assert_eq!((plan.delete.len(), plan.untouched), (1, 1));
    /// session.restore_checkpoint(first, RestoreScope::Files)?;
    /// assert_eq!(session.get("b")?, None);
    /// session.undo()?;
    /// assert_eq!(session.read("b")?, b"2");
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn plan_restore(
        &self,
        checkpoint: CheckpointId,
        scope: RestoreScope,
    ) -> Result<RestorePlan> {
        let head = self.head()?;
        let point = self.point_on_line(&head, checkpoint)?;
        let (now, then) = (Roots::of(head.point()), Roots::of(Some(&point)));
        let differs = |root| scope.has_dialog() && now.get(root) != then.get(root);
        let mut plan = RestorePlan {
            from: CheckpointInfo::of(&point),
            scope,
            create: Vec::new(),
            overwrite: Vec::new(),
            delete: Vec::new(),
            untouched: 0,
            memories_back: 0,
            memories_dropped: 0,
            state_changes: differs(Root::State),
            view_changes: scope.has_dialog() && now.view() != then.view(),
            instructions_changes: differs(Root::Instructions),
            tools_changes: differs(Root::Tools),
            sandbox_changes: differs(Root::Sandbox),
            others_changes: scope == RestoreScope::All
                && others(head.point()) != others(Some(&point)),
        };
        if scope.has_files() {
            for change in changes(&self.store, now.files(), then.files())? {
                match (change.before, change.after) {
                    (None, _) => plan.create.push(change.path),
                    (Some(_), Some(_)) => plan.overwrite.push(change.path),
                    (Some(_), None) => plan.delete.push(change.path),
                }
            }
        }
        for row in now.files().prefix(&self.store, b"") {
            plan.untouched += u64::from(Place::from_value(&row?.1)?.is_live());
        }
        plan.untouched -= (plan.overwrite.len() + plan.delete.len()) as u64;
        if scope.has_dialog() {
            for change in now.memories().diff(&then.memories(), &self.store) {
                let change = change?;
                // The floor of the numbers, under the empty key, is no memory.
                if !change.key.is_empty() {
                    plan.memories_back += u64::from(change.after.is_some());
                    plan.memories_dropped += u64::from(change.before.is_some());
                }
            }
        }
        Ok(plan)
    }

    /// Brings a checkpoint's state back as a new checkpoint, which can be undone. Files get new
    /// iterations that equal the old ones; numbers of memories are never given again. Where
    /// nothing changes, the newest checkpoint comes back.
    ///
    /// # Errors
    /// `NotFound` if the checkpoint is not on the session's line.
    pub fn restore_checkpoint(
        &self,
        checkpoint: CheckpointId,
        scope: RestoreScope,
    ) -> Result<CheckpointInfo> {
        let mut head = self.head()?;
        loop {
            let point = self.point_on_line(&head, checkpoint)?;
            let mut batch = self.store.batch();
            let mut draft = set_back(&mut batch, &head, Some(&point), scope)?;
            if !scope.has_dialog() {
                // The view stays, and the files in it are to be what they are.
                draft.show_changes(&batch, &BTreeMap::new())?;
            }
            let built = draft.build(&mut batch, head.point(), false)?;
            let Some(restored) = built.point else {
                let newest = head.point().expect("a line with a checkpoint is not empty");
                return Ok(CheckpointInfo::of(newest));
            };
            let mut new = NewOperation::new(OperationKind::Restore);
            new.message = format!("checkpoint {}", point.number());
            let info = CheckpointInfo::of(&restored);
            match self.commit_on(&head, batch, Some(restored), new)? {
                Outcome::Committed(_) => return Ok(info),
                Outcome::Moved(now) => head = now,
            }
        }
    }
}

/// A draft on a head that brings an earlier state back, an empty one if there is no `point`.
pub(crate) fn set_back(
    batch: &mut StoreBatch,
    head: &Head,
    point: Option<&Point>,
    scope: RestoreScope,
) -> Result<Draft> {
    let mut draft = Draft::new(head.point());
    if scope.has_files() {
        let (now, then) = (Roots::of(head.point()), Roots::of(point));
        for change in changes(&*batch, now.files(), then.files())? {
            draft.set(batch, change.path, change.after.unwrap_or(Entry::Removed))?;
        }
        draft.conflicts.back = Some(then.map(Root::Conflicts));
    }
    if scope.has_dialog() {
        draft.reset = Some(Reset { to: point.cloned(), others: scope == RestoreScope::All });
    }
    Ok(draft)
}
