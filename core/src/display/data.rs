//! The graph as data, for who draws it otherwise.

use super::family::Family;
use super::graph::{Graph, Row, What};
use crate::error::{ErrorKind, Result};
use crate::id::CheckpointId;
use crate::session::{LogEntry, Session};

/// The checkpoints of a session and of the forks that began from them.
///
/// ```
/// let session = partita::Store::in_memory()?.session("fix")?;
/// session.write("a", "1")?;
/// session.fork("trial")?.write("a", "2")?;
/// let graph = partita::display::graph(&session, 10)?;
/// let [of_trial, first] = &graph.checkpoints[..] else { panic!("two checkpoints") };
/// assert_eq!((&of_trial.session[..], &of_trial.parents[..]), ("trial", &[first.entry.id][..]));
/// assert_eq!(graph.sessions[1].from, Some((first.entry.id, Some(1))));
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckpointGraph {
    /// Newest first, each before those that it came from.
    pub checkpoints: Vec<GraphCheckpoint>,
    /// The session itself, then the forks by name.
    pub sessions: Vec<GraphSession>,
    /// What the graph leaves out, in words.
    pub notes: Vec<String>,
}

/// A checkpoint of a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphCheckpoint {
    /// What `log` says of it.
    pub entry: LogEntry,
    /// The session that made it: the graph's own, or a fork.
    pub session: String,
    /// What it came from: first the checkpoint before it.
    pub parents: Vec<CheckpointId>,
    /// The sessions whose newest checkpoint it is.
    pub heads: Vec<String>,
    /// Whether a pin keeps it.
    pub pinned: bool,
}

/// A session of a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphSession {
    /// Its name.
    pub name: String,
    /// The checkpoint that it began from, and its number unless it was trimmed; none if it is no
    /// fork.
    pub from: Option<(CheckpointId, Option<u64>)>,
    /// How many checkpoints of its own the graph leaves out; none for a fork that it leaves out
    /// whole.
    pub left_out: Option<u64>,
}

/// Takes a graph apart.
pub(super) fn data(session: &Session, family: Family, graph: Graph) -> Result<CheckpointGraph> {
    let name = session.name();
    let drawn = |fork: &str| {
        let mut rows = graph.rows.iter();
        rows.any(|row| of(row, name) == fork || row.heads.iter().any(|(head, _)| head == fork))
    };
    let left_out = |fork: &str| -> u64 {
        let rows = graph.rows.iter().filter(|row| of(row, name) == fork);
        rows.map(|row| if let What::Left(left) = row.what { left } else { 0 }).sum()
    };
    let own = GraphSession {
        name: name.to_owned(),
        from: origin(session, &family)?,
        left_out: Some(left_out(name)),
    };
    let forks = family.forks.iter().map(|fork| GraphSession {
        name: fork.name.clone(),
        from: Some((fork.at.0, Some(fork.at.1))),
        left_out: drawn(&fork.name).then(|| left_out(&fork.name)),
    });
    let sessions = std::iter::once(own).chain(forks).collect();
    let checkpoints = graph.rows.into_iter().filter_map(|row| checkpoint(row, name)).collect();
    Ok(CheckpointGraph { checkpoints, sessions, notes: graph.notes })
}

/// The session of a row.
fn of<'a>(row: &'a Row, own: &'a str) -> &'a str {
    row.fork.as_deref().unwrap_or(own)
}

fn checkpoint(row: Row, own: &str) -> Option<GraphCheckpoint> {
    let session = of(&row, own).to_owned();
    let What::Checkpoint(entry) = row.what else { return None };
    let heads = row.heads.into_iter().map(|(head, _)| head).collect();
    Some(GraphCheckpoint { entry, session, parents: row.parents, heads, pinned: row.pinned })
}

/// The checkpoint that a session began from.
fn origin(session: &Session, family: &Family) -> Result<Option<(CheckpointId, Option<u64>)>> {
    let forked = family.first.as_ref().filter(|first| first.forked_from.is_some());
    let Some(id) = forked.and_then(|first| first.checkpoint) else { return Ok(None) };
    match session.at(id) {
        Ok(snapshot) => Ok(Some((id, snapshot.checkpoint().map(|info| info.number)))),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Purged) => {
            Ok(Some((id, None)))
        }
        Err(error) => Err(error),
    }
}
