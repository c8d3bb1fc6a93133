//! The JSON of sessions, of their view, and of their texts.

use partita::history::{LogEntry, SessionSizes};
use partita::shape::Brief;
use partita::view::{ViewFile, ViewMemory, ViewRule};
use partita::{CheckpointId, OperationId, Timestamp};
use serde::Serialize;

/// A row of `sessions`.
#[derive(Debug, Serialize)]
pub(crate) struct Session {
    name: String,
    id: OperationId,
    checkpoint: Option<u64>,
    checkpoint_id: Option<CheckpointId>,
    time: Option<Timestamp>,
    files: Option<u64>,
    memories: Option<u64>,
}

impl Session {
    pub(crate) fn new(
        session: &partita::Session,
        newest: Option<&LogEntry>,
        sizes: Option<SessionSizes>,
    ) -> Self {
        Session {
            name: session.name().to_owned(),
            id: session.id(),
            checkpoint: newest.map(|entry| entry.number),
            checkpoint_id: newest.map(|entry| entry.id),
            time: newest.map(|entry| entry.time),
            files: sizes.map(|sizes| sizes.files),
            memories: sizes.map(|sizes| sizes.memories),
        }
    }

    /// The row of a session that has another name now.
    pub(crate) fn renamed(
        session: &partita::Session,
        name: &str,
        newest: Option<&LogEntry>,
    ) -> Self {
        Session { name: name.to_owned(), ..Session::new(session, newest, None) }
    }
}

/// What is in context.
#[derive(Debug, Serialize)]
pub(crate) struct View<'a> {
    pub(crate) memories: &'a [ViewMemory],
    pub(crate) files: &'a [ViewFile],
    pub(crate) rules: &'a [ViewRule],
}

/// What `set` did.
#[derive(Debug, Serialize)]
pub(crate) struct SetText<'a> {
    pub(crate) what: &'static str,
    pub(crate) bytes: usize,
    pub(crate) tools: Option<usize>,
    pub(crate) changed: bool,
    pub(crate) checkpoint: Option<Brief<'a>>,
}
