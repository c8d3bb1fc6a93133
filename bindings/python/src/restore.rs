//! Restores: what they would do, and of what.

use pyo3::prelude::*;

use partita::history::RestoreScope;

use crate::error::invalid;
use crate::history::Checkpoint;
use crate::path::SessionPath;
use crate::shape::Shape;
use crate::value::value;

value! {
    /// What a restore does to a session.
    RestorePlan: shaped {
        /// The checkpoint to restore.
        from_: Checkpoint,
        /// What of it: ``"files"``, ``"dialog"`` or ``"all"``.
        scope: String,
        /// Files that are not there and come back.
        create: Vec<SessionPath>,
        /// Files that are there and get another content, mode or kind.
        overwrite: Vec<SessionPath>,
        /// Files that are there and go.
        delete: Vec<SessionPath>,
        /// How many files stay as they are.
        untouched: u64,
        /// How many memories come back.
        memories_back: u64,
        /// How many memories leave the dialog; the checkpoints before keep them.
        memories_dropped: u64,
        /// Whether the state changes.
        state_changes: bool,
        /// Whether the view changes.
        view_changes: bool,
        /// Whether the instructions change.
        instructions_changes: bool,
        /// Whether the tools change.
        tools_changes: bool,
        /// Whether the sandbox state changes.
        sandbox_changes: bool,
        /// Whether anything changes of which a later version alone knows what it is.
        others_changes: bool,
    }
}

/// The scope of a name, and the name.
pub(crate) fn scope(name: &str) -> PyResult<(RestoreScope, &'static str)> {
    match name {
        "files" => Ok((RestoreScope::Files, "files")),
        "dialog" => Ok((RestoreScope::Dialog, "dialog")),
        "all" => Ok((RestoreScope::All, "all")),
        other => Err(invalid(format!("a scope is files, dialog or all, got {other:?}"))),
    }
}

pub(crate) fn restore_plan(
    plan: partita::history::RestorePlan,
    scope: &'static str,
) -> RestorePlan {
    let paths = |paths: &[partita::FilePath]| paths.iter().map(SessionPath::from).collect();
    RestorePlan {
        from_: (&plan.from).into(),
        scope: scope.to_owned(),
        create: paths(&plan.create),
        overwrite: paths(&plan.overwrite),
        delete: paths(&plan.delete),
        untouched: plan.untouched,
        memories_back: plan.memories_back,
        memories_dropped: plan.memories_dropped,
        state_changes: plan.state_changes,
        view_changes: plan.view_changes,
        instructions_changes: plan.instructions_changes,
        tools_changes: plan.tools_changes,
        sandbox_changes: plan.sandbox_changes,
        others_changes: plan.others_changes,
        shape: Shape::of(plan),
    }
}
