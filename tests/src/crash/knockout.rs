//! Taking out one sync or one lock at a time: if no crash state went bad without it, either it is
//! not needed or the walk does not see what it is for.

use partita::vfs::SyncSite;

use super::ALL;
use super::walk::{Limits, Loss, walk};
use crate::vfs::Recorder;

/// What processes of the workloads are doing under a lock.
pub const LOCKED: [&str; 3] = ["create", "commit", "close"];

/// What came of a run without something.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What was taken out.
    pub what: String,
    /// Each workload that went bad, and how; empty if none did.
    pub caught: Vec<(&'static str, Loss)>,
}

/// Runs every workload without one sync.
pub fn without_sync(site: SyncSite, limits: Limits) -> Verdict {
    without(format!("{site:?}"), limits, || Recorder::new().without(site))
}

/// Runs every workload without the locks of whoever is doing that.
pub fn without_lock(doing: &'static str, limits: Limits) -> Verdict {
    without(format!("lock of {doing}"), limits, || Recorder::new().without_lock(doing))
}

fn without(what: String, limits: Limits, medium: impl Fn() -> Recorder) -> Verdict {
    let caught = ALL.into_iter().filter_map(|workload| {
        let loss = walk(workload, &medium, limits).err()?;
        Some((workload.name(), loss))
    });
    Verdict { what, caught: caught.collect() }
}
