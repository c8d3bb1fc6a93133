//! The JSON of listings. Field names and their meaning are a promise: `docs/cli.md` has the
//! schemas.

mod context;
mod dialog;
mod made;
mod report;
mod tokens;
mod transcript;
mod upkeep;

use partita::history::{
    CheckpointInfo, FileEntry, IterationInfo, LogEntry, SessionSizes, UndoReport,
};
use partita::{Entry, FilePath};
use serde::Serialize;

pub(crate) use self::context::{ContextChanged, Planned, Spent};
pub(crate) use self::dialog::{Edited, Memory, Said, SetText, View, listed_state, viewed_state};
pub(crate) use self::made::{Graph, Initialized, Pages, Written};
pub(crate) use self::report::{
    Checked, CheckedOut, Counted, FilePlan, Imported, KeptRow, Restored,
};
pub(crate) use self::tokens::{Budgeted, CountedItem, CountedMessages, CountedText};
pub(crate) use self::transcript::{ImportedTranscript, Other};
pub(crate) use self::upkeep::{Collected, Purged, Recovered, Trimmed};
use super::patch::hex;
use super::time::rfc3339;

/// A path as text and, where it is not UTF-8, its bytes.
#[derive(Debug, Serialize)]
pub(crate) struct Path {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<Vec<u8>>,
}

impl From<&FilePath> for Path {
    fn from(path: &FilePath) -> Path {
        Path {
            path: path.to_string_lossy().into_owned(),
            path_bytes: path.as_str().is_none().then(|| path.as_bytes().to_vec()),
        }
    }
}

/// What is at a path.
#[derive(Debug, Serialize)]
struct Content {
    kind: &'static str,
    executable: bool,
    content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
}

impl From<&Entry> for Content {
    fn from(entry: &Entry) -> Content {
        let (kind, executable, commit) = match entry {
            Entry::File { executable, .. } => ("file", *executable, None),
            Entry::Symlink { .. } => ("symlink", false, None),
            Entry::Submodule { commit } => ("submodule", false, Some(hex(commit))),
            Entry::Removed => ("removed", false, None),
        };
        let content = entry.content().map(|content| content.to_string());
        Content { kind, executable, content, commit }
    }
}

/// A row of `sessions`.
#[derive(Debug, Serialize)]
pub(crate) struct Session {
    name: String,
    id: String,
    checkpoint: Option<u64>,
    checkpoint_id: Option<String>,
    time: Option<String>,
    files: Option<u64>,
    memories: Option<u64>,
}

impl Session {
    pub(crate) fn new(
        session: &partita::Session,
        newest: Option<&LogEntry>,
        sizes: Option<SessionSizes>,
    ) -> Session {
        Session {
            name: session.name().to_owned(),
            id: session.id().to_string(),
            checkpoint: newest.map(|entry| entry.number),
            checkpoint_id: newest.map(|entry| entry.id.to_string()),
            time: rfc3339(newest.map(|entry| entry.time)),
            files: sizes.map(|sizes| sizes.files),
            memories: sizes.map(|sizes| sizes.memories),
        }
    }
}

/// A row of `sessions --deleted`.
#[derive(Debug, Serialize)]
pub(crate) struct DeletedSession {
    name: Option<String>,
    id: String,
    checkpoint: Option<u64>,
    deleted: Option<String>,
    goes: Option<String>,
}

impl From<&partita::history::DeletedSession> for DeletedSession {
    fn from(row: &partita::history::DeletedSession) -> DeletedSession {
        DeletedSession {
            name: row.name.clone(),
            id: row.id.to_string(),
            checkpoint: row.checkpoint,
            deleted: rfc3339(Some(row.deleted)),
            goes: rfc3339(row.goes),
        }
    }
}

/// A row of `log`.
#[derive(Debug, Serialize)]
pub(crate) struct Log {
    number: u64,
    id: String,
    time: Option<String>,
    kind: String,
    message: String,
    source_commit: Option<String>,
    actor: String,
    operation: String,
}

impl From<&LogEntry> for Log {
    fn from(entry: &LogEntry) -> Log {
        Log {
            number: entry.number,
            id: entry.id.to_string(),
            time: rfc3339(Some(entry.time)),
            kind: entry.kind.name().to_owned(),
            message: entry.message.clone(),
            source_commit: entry.git_commit(),
            actor: entry.actor.clone(),
            operation: entry.operation.to_string(),
        }
    }
}

/// A row of `files`.
#[derive(Debug, Serialize)]
pub(crate) struct File {
    #[serde(flatten)]
    path: Path,
    #[serde(flatten)]
    entry: Content,
    size: Option<u64>,
    iteration: u64,
    iteration_id: String,
}

impl File {
    pub(crate) fn new(file: &FileEntry) -> partita::Result<File> {
        Ok(File {
            path: Path::from(&file.path),
            entry: Content::from(&file.entry),
            size: file.size()?,
            iteration: file.number()?,
            iteration_id: file.iteration.to_string(),
        })
    }
}

/// A row of `history`, and what a command that makes an iteration says of it.
#[derive(Debug, Serialize)]
pub(crate) struct Iteration {
    #[serde(flatten)]
    path: Path,
    number: u64,
    id: String,
    checkpoint: u64,
    checkpoint_id: String,
    size: Option<u64>,
    time: Option<String>,
    #[serde(flatten)]
    entry: Content,
    renamed_from: Option<Path>,
}

impl From<&IterationInfo> for Iteration {
    fn from(info: &IterationInfo) -> Iteration {
        Iteration {
            path: Path::from(&info.path),
            number: info.number,
            id: info.id.to_string(),
            checkpoint: info.checkpoint_number,
            checkpoint_id: info.checkpoint.to_string(),
            size: info.size,
            time: rfc3339(Some(info.time)),
            entry: Content::from(&info.entry),
            renamed_from: info.renamed_from.as_ref().map(Path::from),
        }
    }
}

/// A checkpoint that a command made.
#[derive(Debug, Serialize)]
pub(crate) struct Checkpoint {
    number: u64,
    id: String,
}

impl From<&CheckpointInfo> for Checkpoint {
    fn from(info: &CheckpointInfo) -> Checkpoint {
        Checkpoint { number: info.number, id: info.id.to_string() }
    }
}

/// What `undo` or `redo` did.
#[derive(Debug, Serialize)]
pub(crate) struct Undone {
    number: u64,
    id: String,
    operation: Operation,
}

#[derive(Debug, Serialize)]
struct Operation {
    number: u64,
    id: String,
    kind: String,
    message: String,
    actor: String,
    time: Option<String>,
    checkpoint: Option<u64>,
}

impl From<&UndoReport> for Undone {
    fn from(report: &UndoReport) -> Undone {
        let operation = &report.operation;
        Undone {
            number: report.number,
            id: report.id.to_string(),
            operation: Operation {
                number: operation.number,
                id: operation.id.to_string(),
                kind: operation.kind.name().to_owned(),
                message: operation.message.clone(),
                actor: operation.actor.clone(),
                time: rfc3339(Some(operation.time)),
                checkpoint: operation.checkpoint,
            },
        }
    }
}
