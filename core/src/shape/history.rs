//! History: checkpoints, operations, sessions, and what was done to them.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::fields::{object, texts};
use super::part::bytes_or_text;
use super::row::Brief;
use crate::history::{
    CheckpointInfo, DeletedSession, LogEntry, OperationInfo, Remembered, RestorePlan, RestoreScope,
    SessionEntry, SessionSizes, TrimReport, UndoReport,
};
use crate::import::{TranscriptImport, TranscriptProgress};

object!(Brief<'_>, checkpoint => {
    number: checkpoint.0.number,
    id: checkpoint.0.id,
});

object!(CheckpointInfo, info => {
    number: info.number,
    id: info.id,
    time: info.time,
    source_commit: info.git_commit(),
    parents: info.parents,
    labels: Labels(&info.labels),
});

/// Labels: each a text, or an object of `base64`.
struct Labels<'a>(&'a BTreeMap<String, Vec<u8>>);

impl Serialize for Labels<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, &Label(value))?;
        }
        map.end()
    }
}

struct Label<'a>(&'a [u8]);

impl Serialize for Label<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        bytes_or_text(self.0, to)
    }
}

object!(LogEntry, entry => {
    number: entry.number,
    id: entry.id,
    time: entry.time,
    kind: entry.kind,
    message: entry.message,
    source_commit: entry.git_commit(),
    actor: entry.actor,
    operation: entry.operation,
});

object!(OperationInfo, operation => {
    number: operation.number,
    id: operation.id,
    kind: operation.kind,
    message: operation.message,
    actor: operation.actor,
    time: operation.time,
    checkpoint: operation.checkpoint,
});

object!(UndoReport, report => {
    number: report.number,
    id: report.id,
    operation: report.operation,
});

texts! {
    RestoreScope, scope => match scope {
        RestoreScope::Files => "files",
        RestoreScope::Dialog => "dialog",
        RestoreScope::All => "all",
    };
}

object!(RestorePlan, plan => {
    from: Brief(&plan.from),
    scope: plan.scope,
    create: plan.create,
    overwrite: plan.overwrite,
    delete: plan.delete,
    untouched: plan.untouched,
    memories_back: plan.memories_back,
    memories_dropped: plan.memories_dropped,
    state_changes: plan.state_changes,
    view_changes: plan.view_changes,
    instructions_changes: plan.instructions_changes,
    tools_changes: plan.tools_changes,
    sandbox_changes: plan.sandbox_changes,
    others_changes: plan.others_changes,
});

object!(TrimReport, report => {
    oldest: report.oldest,
    trimmed: report.trimmed,
});

object!(SessionEntry, entry => {
    name: entry.name(),
    operation: entry.operation(),
});

object!(SessionSizes, sizes => {
    files: sizes.files,
    memories: sizes.memories,
});

object!(DeletedSession, session => {
    name: session.name,
    id: session.id,
    checkpoint: session.checkpoint,
    deleted: session.deleted,
    goes: session.goes,
});

object!(Remembered, said => {
    number: said.entry.number,
    id: said.entry.id,
    role: said.entry.memory.role,
    checkpoint: Brief(&said.checkpoint),
});

object!(TranscriptImport, import => {
    memories: import.new,
    known: import.known,
    given_up: import.given_up,
    instructions: import.instructions,
    tools: import.tools,
    tools_left_out: import.tools_left_out,
    interrupted: import.interrupted,
});

object!(TranscriptProgress, progress => {
    done: progress.done,
    total: progress.total,
});
