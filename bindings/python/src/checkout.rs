//! Checkouts: what happens to each path of a directory, and why.

use std::path::PathBuf;

use pyo3::prelude::*;

use partita::CheckpointId;

use crate::convert::Time;
use crate::id::ObjectId;
use crate::path::{DiskPath, SessionPath};
use crate::session::Session;
use crate::shape::Shape;
use crate::spec::Spec;
use crate::value::value;

value! {
    /// What happens to one path of a directory.
    CheckoutStep: shaped {
        /// The path, relative to the directory.
        path: SessionPath,
        /// What happens: ``"create"``, ``"overwrite"``, ``"delete"``, ``"leave"`` or
        /// ``"leave-out"``.
        action: String,
        /// Why: ``"missing"``, ``"outdated"``, ``"foreign"``, ``"modified"``, ``"gone"`` or
        /// ``"unchanged"``; of what is left out ``"purged"``, ``"lost"``, ``"unreadable"``,
        /// ``"refused"``, ``"too-long"``, ``"blocked"`` or ``"not-kept"``.
        reason: String,
        /// The content that holds what was there and is replaced, although no checkout wrote it.
        kept: Option<ObjectId>,
        /// Why it is left out, in words; none for all other paths.
        why: Option<String>,
    }
}

value! {
    /// What a checkout found, replaced and keeps in the store.
    Kept: shaped {
        /// The directory of the checkout: absolute, without symlinks.
        directory: PathBuf,
        /// Where it was, relative to the directory.
        path: SessionPath,
        /// The content that holds its bytes, or the target of the symlink that it was.
        content: Option<ObjectId>,
        /// Whether it was a symlink.
        symlink: bool,
        /// Bytes of it; none where they were purged or lost.
        size: Option<u64>,
        /// When it was replaced; none where an earlier version did it.
        time: Option<Time>,
    }
}

impl From<partita::upkeep::Kept> for Kept {
    fn from(kept: partita::upkeep::Kept) -> Self {
        Kept {
            shape: Shape::of(kept.clone()),
            directory: kept.directory,
            path: (&kept.path).into(),
            content: kept.entry.content().map(ObjectId::from),
            symlink: matches!(kept.entry, partita::Entry::Symlink { .. }),
            size: kept.size,
            time: kept.time.map(Time),
        }
    }
}

value! {
    /// What a checkout does, or has done, path by path.
    CheckoutPlan: shaped {
        /// The directory: absolute, without symlinks.
        directory: PathBuf,
        /// The checkpoint; none for a session that has none yet.
        checkpoint: Option<ObjectId>,
        /// All steps, in the order of their paths.
        steps: Vec<CheckoutStep>,
        /// Whether the store remembers what was written; it does not where it cannot be written.
        recorded: bool,
    }

    /// Those of the steps that the checkpoint has and that cannot be written. Where there is any,
    /// the checkout is not whole.
    #[getter]
    fn left_out(&self) -> Vec<CheckoutStep> {
        self.steps.iter().filter(|step| step.action == "leave-out").cloned().collect()
    }
}

impl From<partita::workspace::CheckoutPlan> for CheckoutPlan {
    fn from(plan: partita::workspace::CheckoutPlan) -> Self {
        let step = |step: &partita::workspace::CheckoutStep| CheckoutStep {
            path: (&step.path).into(),
            action: step.action.name().to_owned(),
            reason: step.reason.name().to_owned(),
            kept: step.kept.map(ObjectId::from),
            why: step.why.clone(),
            shape: Shape::of(step.clone()),
        };
        CheckoutPlan {
            directory: plan.directory().to_owned(),
            checkpoint: plan.checkpoint().map(ObjectId::from),
            steps: plan.steps().iter().map(step).collect(),
            recorded: plan.is_recorded(),
            shape: Shape::of(plan),
        }
    }
}

/// Calls the core with a checkpoint, or none for the latest state, and a directory.
fn checking_out(
    session: &Session,
    py: Python<'_>,
    checkpoint: Option<&Spec>,
    call: impl FnOnce(
        &partita::Session,
        Option<CheckpointId>,
    ) -> partita::Result<partita::workspace::CheckoutPlan>
    + Send,
) -> PyResult<CheckoutPlan> {
    let plan = session.0.run(py, |session| {
        let at = checkpoint.map(|checkpoint| checkpoint.find(session)).transpose()?;
        call(session, at)
    })?;
    Ok(plan.into())
}

#[pymethods]
impl Session {
    /// Returns what ``checkout()`` would do to a directory, and does nothing.
    #[pyo3(signature = (directory, *, checkpoint = None, paths = None))]
    fn plan_checkout(
        &self,
        py: Python<'_>,
        directory: DiskPath,
        checkpoint: Option<Spec>,
        paths: Option<Vec<SessionPath>>,
    ) -> PyResult<CheckoutPlan> {
        checking_out(self, py, checkpoint.as_ref(), |session, at| match &paths {
            Some(paths) => session.plan_checkout_part(at, &directory, paths),
            None => session.plan_checkout(at, &directory),
        })
    }

    /// Writes the files of a checkpoint, or of the latest state, into a directory, and returns what
    /// was done; with ``paths`` only those at these paths and below them.
    ///
    /// A path is deleted only where what is there is what an earlier checkout brought; what others
    /// wrote where the checkpoint has a file is kept in the store before it is replaced, and listed
    /// by ``Store.kept()``. What cannot be written is among the plan's ``left_out``.
    ///
    /// Raises ``Conflict`` if something stands in the way, and nothing has been written then;
    /// ``Busy`` if another checkout into the directory runs for too long.
    #[pyo3(signature = (directory, *, checkpoint = None, paths = None))]
    fn checkout(
        &self,
        py: Python<'_>,
        directory: DiskPath,
        checkpoint: Option<Spec>,
        paths: Option<Vec<SessionPath>>,
    ) -> PyResult<CheckoutPlan> {
        checking_out(self, py, checkpoint.as_ref(), |session, at| match &paths {
            Some(paths) => session.checkout_part(at, &directory, paths),
            None => session.checkout(at, &directory),
        })
    }
}
