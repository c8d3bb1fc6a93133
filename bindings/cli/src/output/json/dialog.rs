//! The JSON of dialogs: memories, the view, and what an edit of it did.

use partita::history::{CheckpointInfo, MemoryEntry, Remembered};
use partita::view::{MemoryState, PairInView, ViewFile, ViewMemory, ViewReport, ViewRule};
use serde::Serialize;

use super::{Checkpoint, Path};
use crate::output::said;
use crate::output::time::rfc3339;

#[derive(Debug, Serialize)]
struct Call {
    id: String,
    name: String,
}

#[derive(Debug, Serialize)]
struct Outcome {
    call: String,
    error: bool,
}

/// A memory, wherever it is listed.
#[derive(Debug, Serialize)]
pub(crate) struct Memory {
    number: u64,
    id: String,
    role: &'static str,
    kind: &'static str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<u64>,
    pinned: bool,
    time: Option<String>,
    actor: String,
    origin: String,
    text: String,
    calls: Vec<Call>,
    results: Vec<Outcome>,
    media: Vec<String>,
}

impl Memory {
    /// A memory of the session, which a summary may cover.
    pub(crate) fn listed(
        entry: &MemoryEntry,
        (state, pinned): (MemoryState, bool),
        said: said::Said,
    ) -> Memory {
        let memory = &entry.memory;
        Memory {
            number: entry.number,
            id: entry.id.to_string(),
            role: memory.role.name(),
            kind: memory.kind.name(),
            state: listed_state(state),
            last: None,
            pinned,
            time: rfc3339(memory.time),
            actor: memory.actor.clone(),
            origin: memory.origin.clone(),
            text: said.text,
            calls: said.calls.into_iter().map(|(id, name)| Call { id, name }).collect(),
            results: said
                .results
                .into_iter()
                .map(|(call, error)| Outcome { call, error })
                .collect(),
            media: said.media,
        }
    }

    /// A memory in view, which may be a summary.
    pub(crate) fn viewed(memory: &ViewMemory, said: said::Said) -> Memory {
        let listed = Memory::listed(&memory.to_entry(), (memory.state, memory.pinned), said);
        let (state, last) = viewed_state(memory.state);
        Memory { state, last, ..listed }
    }
}

/// How a memory of the session stands in the view, in a word.
pub(crate) fn listed_state(state: MemoryState) -> &'static str {
    match state {
        MemoryState::Summary { .. } => "covered",
        state => viewed_state(state).0,
    }
}

/// How a memory in view stands there, in a word, and the last number that it covers.
pub(crate) fn viewed_state(state: MemoryState) -> (&'static str, Option<u64>) {
    match state {
        MemoryState::Trimmed => ("trimmed", None),
        MemoryState::Summary { last } => ("summary", Some(last)),
        MemoryState::Forgotten => ("forgotten", None),
        _ => ("full", None),
    }
}

/// A file in view.
#[derive(Debug, Serialize)]
struct FileInView {
    #[serde(flatten)]
    path: Path,
    iteration: u64,
    iteration_id: String,
    pinned: bool,
}

/// What hides or shows files.
#[derive(Debug, Serialize)]
struct Rule {
    hides: bool,
    glob: String,
}

/// What is in context.
#[derive(Debug, Serialize)]
pub(crate) struct View {
    memories: Vec<Memory>,
    files: Vec<FileInView>,
    rules: Vec<Rule>,
}

impl View {
    pub(crate) fn new(memories: Vec<Memory>, files: &[ViewFile], rules: &[ViewRule]) -> View {
        let files = files.iter().map(|file| FileInView {
            path: Path::from(&file.path),
            iteration: file.number,
            iteration_id: file.iteration.to_string(),
            pinned: file.pinned,
        });
        let rules = rules.iter().map(|rule| Rule {
            hides: rule.hides,
            glob: String::from_utf8_lossy(rule.glob.as_bytes()).into_owned(),
        });
        View { memories, files: files.collect(), rules: rules.collect() }
    }
}

#[derive(Debug, Serialize)]
struct Pair {
    #[serde(flatten)]
    path: Path,
    iteration: u64,
}

/// What an edit of the view did.
#[derive(Debug, Serialize)]
pub(crate) struct Edited {
    named: Vec<u64>,
    widened: Vec<u64>,
    summaries: Vec<(u64, u64)>,
    changed: Vec<u64>,
    pinned: Vec<u64>,
    files_out: Vec<Pair>,
    files_in: Vec<Pair>,
    files_changed: Vec<Pair>,
    files_pinned: Vec<Pair>,
    rules: bool,
    checkpoint: Option<Checkpoint>,
}

impl From<&ViewReport> for Edited {
    fn from(report: &ViewReport) -> Edited {
        let pairs = |pairs: &[PairInView]| {
            let pair =
                |pair: &PairInView| Pair { path: Path::from(&pair.path), iteration: pair.number };
            pairs.iter().map(pair).collect()
        };
        Edited {
            named: report.named.clone(),
            widened: report.widened.clone(),
            summaries: report.summaries.clone(),
            changed: report.changed.clone(),
            pinned: report.pinned.clone(),
            files_out: pairs(&report.files_out),
            files_in: pairs(&report.files_in),
            files_changed: pairs(&report.files_changed),
            files_pinned: pairs(&report.files_pinned),
            rules: report.rules,
            checkpoint: report.checkpoint.as_ref().map(Checkpoint::from),
        }
    }
}

/// What `say` did.
#[derive(Debug, Serialize)]
pub(crate) struct Said {
    number: u64,
    id: String,
    role: &'static str,
    checkpoint: Checkpoint,
}

impl Said {
    pub(crate) fn new(said: &Remembered) -> Said {
        let Remembered { entry, checkpoint, .. } = said;
        Said {
            number: entry.number,
            id: entry.id.to_string(),
            role: entry.memory.role.name(),
            checkpoint: Checkpoint::from(checkpoint),
        }
    }
}

/// What `set` did.
#[derive(Debug, Serialize)]
pub(crate) struct SetText {
    what: &'static str,
    bytes: u64,
    tools: Option<u64>,
    changed: bool,
    checkpoint: Option<Checkpoint>,
}

impl SetText {
    pub(crate) fn new(
        what: &'static str,
        bytes: usize,
        tools: Option<usize>,
        changed: bool,
        checkpoint: Option<&CheckpointInfo>,
    ) -> SetText {
        SetText {
            what,
            bytes: bytes as u64,
            tools: tools.map(|tools| tools as u64),
            changed,
            checkpoint: checkpoint.map(Checkpoint::from),
        }
    }
}
