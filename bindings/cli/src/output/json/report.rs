//! Reports: what a command did or would do, and more than the core's report of it.

use partita::FilePath;
use partita::history::RestorePlan;
use partita::shape::Brief;
use partita::upkeep::Kept;
use serde::Serialize;

/// What `restore` of a file would do.
#[derive(Debug, Serialize)]
pub(crate) struct FilePlan<'a> {
    #[serde(flatten)]
    pub(crate) path: &'a FilePath,
    pub(crate) iteration: u64,
    pub(crate) action: &'static str,
    pub(crate) applied: bool,
}

/// What `restore` of a checkpoint did or would do.
#[derive(Debug, Serialize)]
pub(crate) struct Restored<'a> {
    pub(crate) applied: bool,
    #[serde(flatten)]
    pub(crate) plan: &'a RestorePlan,
    /// The new checkpoint.
    pub(crate) checkpoint: Option<Brief<'a>>,
}

/// What a checkout put aside, and how many seconds ago.
#[derive(Debug, Serialize)]
pub(crate) struct KeptRow<'a> {
    #[serde(flatten)]
    pub(crate) kept: &'a Kept,
    pub(crate) age: Option<u64>,
}
