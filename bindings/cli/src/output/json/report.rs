//! Reports: what a command did, would do, or found.

use partita::history::{CheckpointInfo, RestorePlan, RestoreScope};
use partita::upkeep::{CheckReport, Fault, Kept, Stats};
use partita::workspace::{CheckoutAction, CheckoutPlan};
use partita::{Entry, FilePath};
use serde::Serialize;

use super::{Checkpoint, Path, rfc3339};
use crate::import::git;

/// What `import git` did.
#[derive(Debug, Serialize)]
pub(crate) struct Imported {
    session: String,
    commits: u64,
    bytes: u64,
    tip: String,
    shallow: bool,
    checkpoint: Option<u64>,
    checkpoint_id: Option<String>,
    left_out: Vec<LeftOut>,
    changed_here: u64,
    verified: Option<u64>,
}

/// A file that is too large to be recorded.
#[derive(Debug, Serialize)]
struct LeftOut {
    #[serde(flatten)]
    path: Path,
    size: u64,
}

impl Imported {
    pub(crate) fn new(
        session: &str,
        imported: &git::Imported,
        latest: Option<&CheckpointInfo>,
        verified: Option<&git::Verified>,
    ) -> Imported {
        let left_out = imported.left_out.iter();
        Imported {
            session: session.to_owned(),
            commits: imported.commits,
            bytes: imported.bytes,
            tip: imported.tip.clone(),
            shallow: imported.shallow,
            checkpoint: latest.map(|info| info.number),
            checkpoint_id: latest.map(|info| info.id.to_string()),
            left_out: left_out
                .map(|(path, size)| LeftOut { path: Path::from(path), size: *size })
                .collect(),
            changed_here: imported.changed_here.paths,
            verified: verified.map(|verified| verified.checkpoints),
        }
    }
}

/// What `restore` of a file would do.
#[derive(Debug, Serialize)]
pub(crate) struct FilePlan {
    #[serde(flatten)]
    path: Path,
    iteration: u64,
    action: &'static str,
    applied: bool,
}

impl FilePlan {
    pub(crate) fn new(path: &FilePath, iteration: u64, action: &'static str) -> FilePlan {
        FilePlan { path: Path::from(path), iteration, action, applied: false }
    }
}

/// What `restore` of a checkpoint did or would do.
#[derive(Debug, Serialize)]
pub(crate) struct Restored {
    applied: bool,
    /// The checkpoint that is brought back.
    from: Checkpoint,
    scope: &'static str,
    create: Vec<Path>,
    overwrite: Vec<Path>,
    delete: Vec<Path>,
    untouched: u64,
    memories_back: u64,
    memories_dropped: u64,
    state_changes: bool,
    view_changes: bool,
    instructions_changes: bool,
    tools_changes: bool,
    sandbox_changes: bool,
    others_changes: bool,
    /// The new checkpoint.
    checkpoint: Option<Checkpoint>,
}

impl Restored {
    pub(crate) fn new(plan: &RestorePlan, restored: Option<&CheckpointInfo>) -> Restored {
        let paths = |paths: &[FilePath]| paths.iter().map(Path::from).collect();
        Restored {
            applied: restored.is_some(),
            from: Checkpoint::from(&plan.from),
            scope: match plan.scope {
                RestoreScope::Dialog => "dialog",
                RestoreScope::All => "all",
                _ => "files",
            },
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
            checkpoint: restored.map(Checkpoint::from),
        }
    }
}

/// A path of a checkout.
#[derive(Debug, Serialize)]
struct CheckoutRow {
    #[serde(flatten)]
    path: Path,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// What `checkout` did or would do.
#[derive(Debug, Serialize)]
pub(crate) struct CheckedOut {
    applied: bool,
    directory: String,
    checkpoint_id: Option<String>,
    create: Vec<CheckoutRow>,
    overwrite: Vec<CheckoutRow>,
    delete: Vec<CheckoutRow>,
    leave: Vec<CheckoutRow>,
    left_out: Vec<CheckoutRow>,
    recorded: bool,
}

impl CheckedOut {
    pub(crate) fn new(plan: &CheckoutPlan, applied: bool) -> CheckedOut {
        let rows = |action: CheckoutAction| {
            plan.with_action(action)
                .map(|step| CheckoutRow {
                    path: Path::from(&step.path),
                    reason: step.reason.name(),
                    kept: step.kept.map(|id| id.to_string()),
                    why: step.why.clone(),
                })
                .collect()
        };
        CheckedOut {
            applied,
            directory: plan.directory().to_string_lossy().into_owned(),
            checkpoint_id: plan.checkpoint().map(|id| id.to_string()),
            create: rows(CheckoutAction::Create),
            overwrite: rows(CheckoutAction::Overwrite),
            delete: rows(CheckoutAction::Delete),
            leave: rows(CheckoutAction::Leave),
            left_out: rows(CheckoutAction::LeaveOut),
            recorded: plan.is_recorded(),
        }
    }
}

/// What a checkout put aside.
#[derive(Debug, Serialize)]
pub(crate) struct KeptRow {
    directory: String,
    #[serde(flatten)]
    path: Path,
    kind: &'static str,
    content: Option<String>,
    size: Option<u64>,
    time: Option<String>,
    age: Option<u64>,
}

impl KeptRow {
    /// Takes what was put aside, and how many seconds ago.
    pub(crate) fn new(kept: &Kept, age: Option<u64>) -> KeptRow {
        KeptRow {
            directory: kept.directory.to_string_lossy().into_owned(),
            path: Path::from(&kept.path),
            kind: if matches!(kept.entry, Entry::Symlink { .. }) { "symlink" } else { "file" },
            content: kept.entry.content().map(|id| id.to_string()),
            size: kept.size,
            time: rfc3339(kept.time),
            age,
        }
    }
}

/// A fault that `check` found.
#[derive(Debug, Serialize)]
struct FaultRow {
    segment: Option<String>,
    offset: Option<u64>,
    object: Option<String>,
    what: String,
}

/// What `check` found.
#[derive(Debug, Serialize)]
pub(crate) struct Checked {
    ok: bool,
    faults: Vec<FaultRow>,
    newer: Vec<FaultRow>,
    frames: u64,
    bytes: u64,
    objects: u64,
    unreachable: u64,
    tombstones: u64,
    unfinished: Option<Unfinished>,
    strays: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Unfinished {
    segment: String,
    offset: u64,
}

impl Checked {
    pub(crate) fn new(report: &CheckReport) -> Checked {
        let rows = |faults: &[Fault]| {
            faults
                .iter()
                .map(|fault| FaultRow {
                    segment: fault.segment.clone(),
                    offset: fault.offset,
                    object: fault.object.map(|id| id.to_string()),
                    what: fault.what.clone(),
                })
                .collect()
        };
        let unfinished = report.unfinished.clone();
        Checked {
            ok: report.is_ok(),
            faults: rows(&report.faults),
            newer: rows(&report.newer),
            frames: report.frames,
            bytes: report.bytes,
            objects: report.objects,
            unreachable: report.unreachable,
            tombstones: report.tombstones,
            unfinished: unfinished.map(|(segment, offset)| Unfinished { segment, offset }),
            strays: report.strays.clone(),
        }
    }
}

/// What `stats` counts.
#[derive(Debug, Serialize)]
pub(crate) struct Counted {
    sessions: u64,
    objects: u64,
    raw_bytes: u64,
    stored_bytes: u64,
    segments: u64,
}

impl Counted {
    pub(crate) fn new(stats: &Stats) -> Counted {
        Counted {
            sessions: stats.sessions,
            objects: stats.objects,
            raw_bytes: stats.raw_bytes,
            stored_bytes: stats.stored_bytes,
            segments: stats.segments,
        }
    }
}
