//! What was: checkpoints, the log, the iterations of a file.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use partita::display::Table;
use pyo3::prelude::*;

use crate::convert::Time;
use crate::error::OrRaise as _;
use crate::files::Entry;
use crate::handle::Handle;
use crate::id::ObjectId;
use crate::path::SessionPath;
use crate::shape::Shape;
use crate::table::{self, Shows};
use crate::value::value;

value! {
    /// A checkpoint: the whole state of a session at a point.
    Checkpoint: shaped {
        /// What it is called.
        id: ObjectId,
        /// Counts from 1 along the session's line.
        number: u64,
        /// What it came from: first the checkpoint before.
        parents: Vec<ObjectId>,
        /// The source's time, where the source has one.
        time: Option<Time>,
        /// What its source said of it.
        labels: BTreeMap<String, Vec<u8>>,
    }
}

impl From<&partita::history::CheckpointInfo> for Checkpoint {
    fn from(info: &partita::history::CheckpointInfo) -> Self {
        Checkpoint {
            id: info.id.into(),
            number: info.number,
            parents: info.parents.iter().map(|id| (*id).into()).collect(),
            time: info.time.map(Time),
            labels: info.labels.clone(),
            shape: Shape::of(info.clone()),
        }
    }
}

value! {
    /// A row of the log: a checkpoint, and the operation that made it.
    LogEntry: shaped {
        /// The checkpoint's number, from 1 along the session's line.
        number: u64,
        /// The checkpoint.
        id: ObjectId,
        /// The source's time, else that of the operation.
        time: Time,
        /// What the operation did, such as ``"write"``; an import makes many checkpoints.
        kind: String,
        /// The operation's message, else the first line of the source's; may be empty.
        message: String,
        /// Who did it; may be empty.
        actor: String,
        /// The operation.
        operation: ObjectId,
        /// What the checkpoint's source said of it.
        labels: BTreeMap<String, Vec<u8>>,
    }
}

impl From<partita::history::LogEntry> for LogEntry {
    fn from(entry: partita::history::LogEntry) -> Self {
        LogEntry {
            shape: Shape::of(entry.clone()),
            number: entry.number,
            id: entry.id.into(),
            time: Time(entry.time),
            kind: entry.kind.name().to_owned(),
            message: entry.message,
            actor: entry.actor,
            operation: entry.operation.into(),
            labels: entry.labels,
        }
    }
}

value! {
    /// An operation: who did what to a session, and when.
    Operation: shaped {
        /// Counts from 1 along the session's operations.
        number: u64,
        /// What it is called.
        id: ObjectId,
        /// What it did, such as ``"write"``.
        kind: String,
        /// What it was about, in a line; may be empty.
        message: String,
        /// Who did it; may be empty.
        actor: String,
        /// When, by the clock of whoever did it.
        time: Time,
        /// The number of the checkpoint that it left; none in a session that was still empty.
        checkpoint: Option<u64>,
    }
}

value! {
    /// What an undo or a redo did.
    UndoReport: shaped {
        /// The number of the new checkpoint, which holds the state that came back.
        number: u64,
        /// The new checkpoint.
        id: ObjectId,
        /// The operation that was taken back, or that a redo brought back.
        operation: Operation,
    }
}

impl From<partita::history::UndoReport> for UndoReport {
    fn from(report: partita::history::UndoReport) -> Self {
        let shape = Shape::of(report.clone());
        let operation = report.operation;
        UndoReport {
            shape,
            number: report.number,
            id: report.id.into(),
            operation: Operation {
                shape: Shape::of(operation.clone()),
                number: operation.number,
                id: operation.id.into(),
                kind: operation.kind.name().to_owned(),
                message: operation.message,
                actor: operation.actor,
                time: Time(operation.time),
                checkpoint: operation.checkpoint,
            },
        }
    }
}

value! {
    /// An iteration: one version of the file at a path.
    Iteration: shaped {
        /// Where the file was.
        path: SessionPath,
        /// Counts from 1 along the file's line; a rename may leave a gap.
        number: u64,
        /// What the iteration is called.
        id: ObjectId,
        /// What was there; none after a removal.
        entry: Option<Entry>,
        /// Where the file was before, if this iteration moved it.
        renamed_from: Option<SessionPath>,
        /// The checkpoint that brought it.
        checkpoint: ObjectId,
        /// That checkpoint's number.
        checkpoint_number: u64,
        /// Bytes of the content; none for a removal and a submodule.
        size: Option<u64>,
        /// The source's time, else that of the operation which made the checkpoint.
        time: Time,
        /// The memory that holds the call which made it, where that was said.
        cause: Option<ObjectId>,
    }
}

impl From<partita::history::IterationInfo> for Iteration {
    fn from(info: partita::history::IterationInfo) -> Self {
        Iteration {
            path: (&info.path).into(),
            number: info.number,
            id: info.id.into(),
            entry: Entry::of(&info.entry),
            renamed_from: info.renamed_from.as_ref().map(SessionPath::from),
            checkpoint: info.checkpoint.into(),
            checkpoint_number: info.checkpoint_number,
            size: info.size,
            time: Time(info.time),
            cause: info.cause.map(ObjectId::from),
            shape: Shape::of(info),
        }
    }
}

/// Calls `next` of an iterator of the core with the interpreter let go.
pub(crate) fn step<I, T>(py: Python<'_>, rows: &Handle<Mutex<I>>) -> PyResult<Option<T>>
where
    I: Iterator<Item = partita::Result<T>> + Send,
    T: Send,
{
    let rows = rows.get()?;
    py.detach(|| rows.lock().unwrap_or_else(PoisonError::into_inner).next()).transpose().or_raise()
}

/// The checkpoints of a session, newest first. In a fork they go on into the line that it came
/// from.
#[pyclass(module = "partita", frozen)]
pub(crate) struct Log(pub(crate) Handle<Mutex<partita::history::LogEntries>>);

#[pymethods]
impl Log {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<LogEntry>> {
        Ok(step(py, &self.0)?.map(LogEntry::from))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        table::text(py, self)
    }

    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        table::html(py, self)
    }
}

/// A copy of an iterator, to look ahead with.
fn ahead<I: Clone>(rows: &Mutex<I>) -> I {
    rows.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

impl Shows for Log {
    const NAME: &'static str = "Log";
    type Asked = Mutex<partita::history::LogEntries>;

    fn asked(&self) -> &Handle<Self::Asked> {
        &self.0
    }

    fn table(&self, of: &Self::Asked) -> partita::Result<Table> {
        let columns = ["number", "id", "time (UTC)", "operation", "about"];
        let table = Table::new(Self::NAME, ["checkpoint", "checkpoints"], &columns);
        table::fill(table, ahead(of), |entry| {
            let (id, time) = (entry.id.id().short(), entry.time.to_string());
            Ok([entry.number.to_string(), id, time, entry.kind.name().to_owned(), entry.message])
        })
    }
}

/// The iterations of a file, newest first.
#[pyclass(module = "partita", frozen)]
pub(crate) struct History(pub(crate) Handle<Mutex<partita::history::History>>);

#[pymethods]
impl History {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Iteration>> {
        Ok(step(py, &self.0)?.map(Iteration::from))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        table::text(py, self)
    }

    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        table::html(py, self)
    }
}

impl Shows for History {
    const NAME: &'static str = "History";
    type Asked = Mutex<partita::history::History>;

    fn asked(&self) -> &Handle<Self::Asked> {
        &self.0
    }

    fn table(&self, of: &Self::Asked) -> partita::Result<Table> {
        let columns = ["number", "checkpoint", "time (UTC)", "bytes", "path"];
        let table = Table::new(Self::NAME, ["iteration", "iterations"], &columns);
        table::fill(table, ahead(of), |info| {
            let bytes = match (info.size, info.entry.is_removed()) {
                (_, true) => "removed".to_owned(),
                (Some(size), _) => size.to_string(),
                (None, _) => "-".to_owned(),
            };
            let (number, checkpoint) =
                (info.number.to_string(), info.checkpoint_number.to_string());
            Ok([number, checkpoint, info.time.to_string(), bytes, info.path.to_string()])
        })
    }
}
