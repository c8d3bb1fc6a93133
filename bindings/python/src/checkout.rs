//! Checkouts: what happens to each path of a directory, and why.

use std::path::PathBuf;

use crate::id::ObjectId;
use crate::path::SessionPath;
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
