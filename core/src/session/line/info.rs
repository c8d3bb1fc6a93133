//! What callers are told of checkpoints and iterations.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::id::{CheckpointId, IterationId, MemoryId, OperationId};
use crate::object::{
    Checkpoint, Entry, FilePath, Iteration, Operation, OperationKind, Timestamp, read,
};
use crate::session::line::chain::Link;
use crate::session::line::place::Place;
use crate::session::line::point::{Point, root};
use crate::store::Store;

/// A checkpoint, as far as listings show it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckpointInfo {
    /// What it is called.
    pub id: CheckpointId,
    /// Counts from 1 along the session's line.
    pub number: u64,
    /// What it came from: first the checkpoint before.
    pub parents: Vec<CheckpointId>,
    /// The source's time, where the source has one.
    pub time: Option<Timestamp>,
    /// What its source said of it.
    pub labels: BTreeMap<String, Vec<u8>>,
}

impl CheckpointInfo {
    pub(crate) fn of(point: &Point) -> Self {
        CheckpointInfo {
            id: point.checkpoint_id(),
            number: point.value.number,
            parents: point.value.parents.clone(),
            time: point.value.time,
            labels: point.value.labels.clone(),
        }
    }

    /// Returns the git commit that it records, in hexadecimal digits.
    pub fn git_commit(&self) -> Option<String> {
        self.labels.get(Checkpoint::GIT_COMMIT).map(|raw| hex(raw))
    }
}

/// An operation, as far as reports tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationInfo {
    /// Counts from 1 along the session's operations.
    pub number: u64,
    /// What it is called.
    pub id: OperationId,
    /// What it did.
    pub kind: OperationKind,
    /// What it was about, in a line; may be empty.
    pub message: String,
    /// Who did it; may be empty.
    pub actor: String,
    /// When, by the clock of whoever did it.
    pub time: Timestamp,
    /// The number of the checkpoint that it left; none in a session that was still empty.
    pub checkpoint: Option<u64>,
}

impl OperationInfo {
    pub(crate) fn of(store: &Store, link: &Link<Operation>) -> Result<Self> {
        let checkpoint = match link.value.checkpoint {
            Some(id) => Some(read::<Checkpoint>(store, id.id())?.number),
            None => None,
        };
        Ok(OperationInfo {
            number: link.value.number,
            id: OperationId::new(link.id),
            kind: link.value.kind,
            message: link.value.message.clone(),
            actor: link.value.actor.clone(),
            time: link.value.time,
            checkpoint,
        })
    }
}

pub(crate) fn hex(raw: &[u8]) -> String {
    raw.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An iteration: one version of the file at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IterationInfo {
    /// Where the file was.
    pub path: FilePath,
    /// Counts from 1 along the file's line; a rename may leave a gap.
    pub number: u64,
    /// What the iteration is called.
    pub id: IterationId,
    /// What was there.
    pub entry: Entry,
    /// Where the file was before, if this iteration moved it.
    pub renamed_from: Option<FilePath>,
    /// The checkpoint that brought it.
    pub checkpoint: CheckpointId,
    /// That checkpoint's number.
    pub checkpoint_number: u64,
    /// Bytes of the content; none for a removal and a submodule.
    pub size: Option<u64>,
    /// The source's time, else that of the operation which made the checkpoint.
    pub time: Timestamp,
    /// The memory that holds the call which made it, where that was said.
    pub cause: Option<MemoryId>,
}

impl IterationInfo {
    pub(crate) fn of(
        store: &Store,
        link: Link<Iteration>,
        parent: Option<&Link<Iteration>>,
        point: &Point,
        time: Timestamp,
    ) -> Result<Self> {
        let size = match link.value.entry.content() {
            Some(content) => Some(store.content_size(content)?),
            None => None,
        };
        let before = parent.map(|parent| &parent.value.path);
        Ok(IterationInfo {
            number: link.value.number,
            id: IterationId::new(link.id),
            renamed_from: before.filter(|path| **path != link.value.path).cloned(),
            path: link.value.path.clone(),
            entry: link.value.entry.clone(),
            checkpoint: point.checkpoint_id(),
            checkpoint_number: point.number(),
            size,
            time,
            cause: link.value.cause,
        })
    }
}

/// The iterations that a merge joined with the line of an iteration; none where a rename covers one.
pub(crate) fn joined(store: &Store, link: &Link<Iteration>) -> Result<Vec<Link<Iteration>>> {
    let [first, others @ ..] = &link.value.parents[..] else { return Ok(Vec::new()) };
    let mut joined = Vec::new();
    if others.is_empty() {
        return Ok(joined);
    }
    let read = |id: &IterationId| -> Result<Option<Link<Iteration>>> {
        match Link::read(store, id.id()) {
            Err(error) if error.kind().is_absence() => Ok(None),
            link => link.map(Some),
        }
    };
    if read(first)?.is_some_and(|first| first.value.path != link.value.path) {
        return Ok(joined);
    }
    for other in others {
        joined.extend(read(other)?.filter(|other| other.number() < link.number()));
    }
    Ok(joined)
}

/// Tells whether the line of a path has come to an iteration by a point.
///
/// Numbers of a path never fall from one checkpoint to the next, restored ones included. So this
/// holds from the checkpoint that brought the iteration on, and a search finds that one.
pub(crate) fn has_come(store: &Store, point: &Point, link: &Link<Iteration>) -> Result<bool> {
    let files = root(Some(point), Checkpoint::FILES);
    let Some(place) = Place::find(files, store, &link.value.path)? else { return Ok(false) };
    let id = place.iteration;
    if id.id() == link.id {
        return Ok(true);
    }
    if link.value.parents.contains(&id) {
        return Ok(false);
    }
    Ok(place.iteration(store)?.number() >= link.number())
}

/// The checkpoint that brought an iteration, on the line from `from` back to the checkpoint of
/// number `oldest`, which stands for those before it that were trimmed.
pub(crate) fn brought_by(
    store: &Store,
    from: Point,
    link: &Link<Iteration>,
    oldest: u64,
) -> Result<Point> {
    if !has_come(store, &from, link)? {
        return Err(Error::corrupt(format!(
            "iteration {} of {} is on no checkpoint of its line",
            link.number(),
            link.value.path
        )));
    }
    from.earliest(store, |point| Ok(point.number() >= oldest && has_come(store, point, link)?))
}
