//! The JSON of what a command made that no listing has: a store, a page, the pages of the manual,
//! a graph.

use std::path::Path as FsPath;

use partita::display::{CheckpointGraph, GraphCheckpoint, GraphSession};
use partita::history::{CheckpointInfo, LogEntry};
use partita::shape::Brief;
use partita::{CheckpointId, OperationId, Timestamp};
use serde::Serialize;

/// The row of a deleted session that somebody else brought back at once: the keys of `sessions
/// --deleted`.
#[derive(Debug, Serialize)]
pub(crate) struct BroughtBack {
    name: String,
    id: OperationId,
    checkpoint: Option<u64>,
    deleted: Option<Timestamp>,
    goes: Option<Timestamp>,
}

impl BroughtBack {
    pub(crate) fn new(session: &partita::Session) -> BroughtBack {
        let (name, id) = (session.name().to_owned(), session.id());
        BroughtBack { name, id, checkpoint: None, deleted: None, goes: None }
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
pub(crate) struct Graph<'a> {
    checkpoints: Vec<Node<'a>>,
    sessions: Vec<Line>,
    notes: Vec<String>,
}

/// A row of `log`, and where it stands.
#[derive(Debug, Serialize)]
struct Node<'a> {
    #[serde(flatten)]
    entry: &'a LogEntry,
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

impl<'a> From<&'a CheckpointGraph> for Graph<'a> {
    fn from(graph: &'a CheckpointGraph) -> Self {
        Graph {
            checkpoints: graph.checkpoints.iter().map(Node::from).collect(),
            sessions: graph.sessions.iter().map(Line::from).collect(),
            notes: graph.notes.clone(),
        }
    }
}

impl<'a> From<&'a GraphCheckpoint> for Node<'a> {
    fn from(checkpoint: &'a GraphCheckpoint) -> Self {
        Node {
            entry: &checkpoint.entry,
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

/// A conflict that `resolve` resolved.
#[derive(Debug, Serialize)]
pub(crate) struct Resolved<'a> {
    checkpoint: Brief<'a>,
    left: u64,
}

impl<'a> Resolved<'a> {
    pub(crate) fn new(checkpoint: &'a CheckpointInfo, left: u64) -> Resolved<'a> {
        Resolved { checkpoint: Brief(checkpoint), left }
    }
}
