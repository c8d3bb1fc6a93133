//! The JSON of what a command made that no listing has: a store, a page, the pages of the manual,
//! a graph.

use std::path::Path as FsPath;

use partita::CheckpointId;
use partita::display::{CheckpointGraph, GraphCheckpoint, GraphSession};
use partita::history::LogEntry;
use serde::Serialize;

use super::{DeletedSession, Log, Session};

impl Session {
    /// The row of a session that has another name now.
    pub(crate) fn renamed(
        session: &partita::Session,
        name: &str,
        newest: Option<&LogEntry>,
    ) -> Session {
        Session { name: name.to_owned(), ..Session::new(session, newest, None) }
    }
}

impl DeletedSession {
    /// The row of a deleted session that somebody else brought back at once.
    pub(crate) fn brought_back(session: &partita::Session) -> DeletedSession {
        DeletedSession {
            name: Some(session.name().to_owned()),
            id: session.id().to_string(),
            checkpoint: None,
            deleted: None,
            goes: None,
        }
    }
}

/// What `init` says.
#[derive(Debug, Serialize)]
pub(crate) struct Initialized {
    directory: String,
    created: bool,
}

impl Initialized {
    pub(crate) fn new(directory: &FsPath, created: bool) -> Initialized {
        Initialized { directory: directory.to_string_lossy().into_owned(), created }
    }
}

/// A file that `report` wrote.
#[derive(Debug, Serialize)]
pub(crate) struct Written {
    file: String,
    bytes: u64,
}

impl Written {
    pub(crate) fn new(file: &FsPath, bytes: usize) -> Written {
        Written { file: file.to_string_lossy().into_owned(), bytes: bytes as u64 }
    }
}

/// The pages that `man` wrote.
#[derive(Debug, Serialize)]
pub(crate) struct Pages {
    directory: String,
    files: Vec<String>,
}

impl Pages {
    pub(crate) fn new(directory: &FsPath, files: Vec<String>) -> Pages {
        Pages { directory: directory.to_string_lossy().into_owned(), files }
    }
}

/// What `log --graph` draws.
#[derive(Debug, Serialize)]
pub(crate) struct Graph {
    checkpoints: Vec<Node>,
    sessions: Vec<Line>,
    notes: Vec<String>,
}

/// A row of `log`, and where it stands.
#[derive(Debug, Serialize)]
struct Node {
    #[serde(flatten)]
    entry: Log,
    session: String,
    parents: Vec<String>,
    heads: Vec<String>,
    pinned: bool,
}

#[derive(Debug, Serialize)]
struct Line {
    name: String,
    from: Option<Beginning>,
    left_out: Option<u64>,
}

/// The checkpoint that a session began from.
#[derive(Debug, Serialize)]
struct Beginning {
    number: Option<u64>,
    id: String,
}

impl From<&CheckpointGraph> for Graph {
    fn from(graph: &CheckpointGraph) -> Graph {
        Graph {
            checkpoints: graph.checkpoints.iter().map(Node::from).collect(),
            sessions: graph.sessions.iter().map(Line::from).collect(),
            notes: graph.notes.clone(),
        }
    }
}

impl From<&GraphCheckpoint> for Node {
    fn from(checkpoint: &GraphCheckpoint) -> Node {
        Node {
            entry: Log::from(&checkpoint.entry),
            session: checkpoint.session.clone(),
            parents: checkpoint.parents.iter().map(CheckpointId::to_string).collect(),
            heads: checkpoint.heads.clone(),
            pinned: checkpoint.pinned,
        }
    }
}

impl From<&GraphSession> for Line {
    fn from(session: &GraphSession) -> Line {
        let from = session.from.map(|(id, number)| Beginning { number, id: id.to_string() });
        Line { name: session.name.clone(), from, left_out: session.left_out }
    }
}
