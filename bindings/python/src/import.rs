//! Imports: another history, many checkpoints in one durable commit; and where history ends.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;

use crate::block::block;
use crate::convert::{Data, Time};
use crate::handle::Handle;
use crate::history::Checkpoint;
use crate::id::ObjectId;
use crate::memory::memory_of;
use crate::path::SessionPath;
use crate::session::Session;
use crate::value::value;

value! {
    /// Where the history of a trimmed session ends.
    Horizon {
        /// The number of the oldest checkpoint that is kept.
        checkpoint: u64,
        /// The number of the oldest operation that is kept, the session's first one apart.
        operation: u64,
        /// Who trimmed; may be empty.
        actor: String,
        /// When, by the clock of whoever did it.
        time: Time,
    }
}

/// Records another history: one ``checkpoint()`` a step of it, one durable commit a ``flush()``. As a
/// context manager it flushes when the block ends; when the block raises, what was not flushed is
/// dropped. The same steps make the same ids, wherever the flushes fall.
///
/// >>> import partita
/// >>> session = partita.Store.in_memory().session("recorded")
/// >>> with session.import_checkpoints() as history:
/// ...     for text in ["one", "two"]:
/// ...         _ = history.checkpoint(write={"a": text}, labels={"source": text})
/// >>> [entry.number for entry in session.log()], session.read_at("a", 1)
/// ([2, 1], b'one')
#[pyclass(module = "partita", frozen)]
pub(crate) struct Import(Handle<Mutex<partita::import::Import>>);

block!(Import);

impl Import {
    fn leave(&self, py: Python<'_>, raised: bool) -> PyResult<()> {
        match raised {
            true => Ok(()),
            false => self.flush(py),
        }
    }
}

fn locked(import: &Mutex<partita::import::Import>) -> MutexGuard<'_, partita::import::Import> {
    import.lock().unwrap_or_else(PoisonError::into_inner)
}

#[pymethods]
impl Import {
    /// Adds a checkpoint: moves, removes and writes files and appends memories, in this order, and
    /// returns its id. ``time`` is the source's, ``labels`` are kept with the checkpoint. Nothing is
    /// durable before ``flush()``.
    #[pyo3(signature = (*, rename: "dict[str | bytes, str | bytes]" = Vec::new(), remove: "collections.abc.Iterable[str | bytes]" = Vec::new(),
        write: "dict[str | bytes, str | bytes]" = Vec::new(), executable: "collections.abc.Container[str | bytes]" = Vec::new(),
        remember: "collections.abc.Iterable[Memory | str]" = Vec::new(),
        labels: "dict[str, str | bytes] | None" = None, time: "datetime.datetime | None" = None) -> "ObjectId",
        text_signature = "($self, *, rename={}, remove=[], write={}, executable=[], remember=[], labels=None, time=None)")]
    fn checkpoint(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = moves)] rename: Vec<(SessionPath, SessionPath)>,
        remove: Vec<SessionPath>,
        #[pyo3(from_py_with = writes)] write: Vec<(SessionPath, Data)>,
        executable: Vec<SessionPath>,
        #[pyo3(from_py_with = memories)] remember: Vec<partita::Memory>,
        labels: Option<BTreeMap<String, Data>>,
        time: Option<Time>,
    ) -> PyResult<ObjectId> {
        let id = self.0.run(py, |import| {
            let mut import = locked(import);
            let mut step = import.checkpoint();
            for (from, to) in &rename {
                step.rename(from, to)?;
            }
            for path in &remove {
                step.remove(path)?;
            }
            for (path, data) in &write {
                let entry = partita::NewEntry::file(data);
                let runs = executable.contains(path);
                step.write_entry(path, if runs { entry.executable() } else { entry })?;
            }
            for memory in remember {
                step.remember(memory)?;
            }
            for (name, value) in labels.iter().flatten() {
                step.label(name, value)?;
            }
            if let Some(time) = time {
                step.time(time.0);
            }
            step.finish()
        })?;
        Ok(id.into())
    }

    /// Makes every path that a step edits have to be as it was in this checkpoint, so that nobody's
    /// own edits since are written over.
    fn rest_on(&self, py: Python<'_>, checkpoint: &Checkpoint) -> PyResult<()> {
        let id = partita::CheckpointId::new(checkpoint.id.0);
        self.0.run(py, |import| locked(import).rest_on(id))
    }

    /// The newest checkpoint that was added, flushed or not.
    #[getter]
    fn latest(&self, py: Python<'_>) -> PyResult<Option<Checkpoint>> {
        self.0.run(py, |import| Ok(locked(import).latest().as_ref().map(Checkpoint::from)))
    }

    /// The bytes that wait for a flush, before compression: they are in memory until then.
    #[getter]
    fn raw_bytes(&self, py: Python<'_>) -> PyResult<usize> {
        self.0.run(py, |import| Ok(locked(import).raw_bytes()))
    }

    /// Commits what was added as one durable step.
    ///
    /// Raises ``Conflict`` if others changed a path that a step edits: begin a new import.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        self.0.run(py, |import| locked(import).flush())
    }

    #[pyo3(signature = () -> "typing.Never")]
    fn __reduce__(&self) -> PyResult<()> {
        Err(pyo3::exceptions::PyTypeError::new_err("an Import does not pickle: flush it"))
    }
}

/// Keys and values of a mapping, in its order.
fn rows<'py>(mapping: &Bound<'py, PyAny>) -> PyResult<Vec<(SessionPath, Bound<'py, PyAny>)>> {
    let rows = mapping.call_method0(pyo3::intern!(mapping.py(), "items"))?;
    rows.try_iter()?.map(|row| row?.extract()).collect()
}

fn moves(mapping: &Bound<'_, PyAny>) -> PyResult<Vec<(SessionPath, SessionPath)>> {
    rows(mapping)?.into_iter().map(|(from, to)| Ok((from, to.extract()?))).collect()
}

fn writes(mapping: &Bound<'_, PyAny>) -> PyResult<Vec<(SessionPath, Data)>> {
    rows(mapping)?.into_iter().map(|(path, data)| Ok((path, data.extract()?))).collect()
}

fn memories(memories: &Bound<'_, PyAny>) -> PyResult<Vec<partita::Memory>> {
    memories.try_iter()?.map(|memory| memory_of(&memory?, None)).collect()
}

#[pymethods]
impl Session {
    /// Begins an import of another history on the latest state.
    fn import_checkpoints(&self, py: Python<'_>) -> PyResult<Import> {
        let import = self.0.run(py, partita::Session::import)?;
        Ok(Import(self.0.with(Mutex::new(import))))
    }

    /// Tells where the history ends, if it was trimmed.
    fn horizon(&self, py: Python<'_>) -> PyResult<Option<Horizon>> {
        let horizon = self.0.run(py, partita::Session::horizon)?;
        Ok(horizon.map(|horizon| Horizon {
            checkpoint: horizon.checkpoint,
            operation: horizon.operation,
            actor: horizon.actor,
            time: Time(horizon.time),
        }))
    }
}
