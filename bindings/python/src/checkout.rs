//! Checkouts: what happens to each path of a directory, and why.

use std::path::PathBuf;

use pyo3::prelude::*;

use partita::CheckpointId;

use crate::id::ObjectId;
use crate::path::{DiskPath, SessionPath};
use crate::session::{Session, Spec};
use crate::value::value;

value! {
    /// What happens to one path of a directory.
    CheckoutStep {
        /// The path, relative to the directory.
        path: SessionPath,
        /// What happens: ``"create"``, ``"overwrite"``, ``"delete"`` or ``"leave"``.
        action: String,
        /// Why: ``"missing"``, ``"outdated"``, ``"foreign"``, ``"modified"``, ``"gone"`` or
        /// ``"unchanged"``.
        reason: String,
        /// The content that holds what was there and is replaced, although no checkout wrote it.
        kept: Option<ObjectId>,
    }
}

value! {
    /// What a checkout does, or has done, path by path.
    CheckoutPlan {
        /// The directory: absolute, without symlinks.
        directory: PathBuf,
        /// The checkpoint; none for a session that has none yet.
        checkpoint: Option<ObjectId>,
        /// All steps, in the order of their paths.
        steps: Vec<CheckoutStep>,
    }
}

impl From<partita::CheckoutPlan> for CheckoutPlan {
    fn from(plan: partita::CheckoutPlan) -> Self {
        let step = |step: &partita::CheckoutStep| CheckoutStep {
            path: (&step.path).into(),
            action: step.action.name().to_owned(),
            reason: step.reason.name().to_owned(),
            kept: step.kept.map(ObjectId::from),
        };
        CheckoutPlan {
            directory: plan.directory().to_owned(),
            checkpoint: plan.checkpoint().map(ObjectId::from),
            steps: plan.steps().iter().map(step).collect(),
        }
    }
}

/// Calls the core with a checkpoint, or none for the latest state, and a directory.
fn checking_out(
    session: &Session,
    py: Python<'_>,
    checkpoint: Option<&Spec>,
    call: impl FnOnce(&partita::Session, Option<CheckpointId>) -> partita::Result<partita::CheckoutPlan>
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
    #[pyo3(signature = (directory, *, checkpoint = None))]
    fn plan_checkout(
        &self,
        py: Python<'_>,
        directory: DiskPath,
        checkpoint: Option<Spec>,
    ) -> PyResult<CheckoutPlan> {
        checking_out(self, py, checkpoint.as_ref(), |session, at| {
            session.plan_checkout(at, &directory)
        })
    }

    /// Writes the files of a checkpoint, or of the latest state, into a directory, and returns what
    /// was done. Nothing is deleted that an earlier checkout did not write; what others wrote where
    /// the checkpoint has a file is kept in the store before it is replaced.
    ///
    /// Raises ``Conflict`` if something stands in the way; nothing has been written then.
    #[pyo3(signature = (directory, *, checkpoint = None))]
    fn checkout(
        &self,
        py: Python<'_>,
        directory: DiskPath,
        checkpoint: Option<Spec>,
    ) -> PyResult<CheckoutPlan> {
        checking_out(self, py, checkpoint.as_ref(), |session, at| session.checkout(at, &directory))
    }
}
