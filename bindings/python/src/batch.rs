//! Batches: several changes as one checkpoint.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::block::block;
use crate::convert::{Data, Whole, as_bytes};
use crate::handle::Handle;
use crate::history::Checkpoint;
use crate::memory::memory_of;
use crate::model_call::ModelCall;
use crate::path::SessionPath;
use crate::snapshot::Snapshot;

/// Changes on their way into one checkpoint: all or nothing when committed, nothing at all when
/// dropped. It sees its own edits and holds no lock.
///
/// >>> import partita
/// >>> session = partita.Store.in_memory().session("s")
/// >>> with session.batch(message="two at once") as b:
/// ...     _ = b.write("a", "1")
/// ...     _ = b.write("b", "2")
/// >>> b.checkpoint.number, list(session.files)
/// (1, ['a', 'b'])
#[pyclass(module = "partita", frozen)]
pub(crate) struct Batch {
    batch: Handle<Mutex<Option<partita::Batch>>>,
    before: Option<Handle<partita::Snapshot>>,
    committed: Mutex<Option<Checkpoint>>,
}

block!(Batch);

impl Batch {
    pub(crate) fn new(batch: Handle<partita::Batch>) -> Self {
        let opened = batch.opened().clone();
        let batch = batch.take().ok();
        Batch {
            before: batch.as_ref().map(|batch| Handle::new(batch.before(), opened.clone())),
            batch: Handle::new(Mutex::new(batch), opened),
            committed: Mutex::new(None),
        }
    }

    /// Calls the core with the interpreter let go.
    pub(crate) fn edit<R: Send>(
        &self,
        py: Python<'_>,
        edit: impl FnOnce(&mut partita::Batch) -> partita::Result<R> + Send,
    ) -> PyResult<R> {
        self.batch.run(py, |batch| {
            let mut batch = batch.lock().unwrap_or_else(PoisonError::into_inner);
            match batch.as_mut() {
                Some(batch) => edit(batch),
                None => Err(ended()),
            }
        })
    }

    /// Calls the core with the batch taken out, for what calls Python back: that must not wait for
    /// the batch.
    pub(crate) fn lend<R: Send>(
        &self,
        py: Python<'_>,
        edit: impl FnOnce(&mut partita::Batch) -> partita::Result<R> + Send,
    ) -> PyResult<partita::Result<R>> {
        let mut batch = self.end(py)?.ok_or_else(|| crate::error::raise(ended()))?;
        let result = py.detach(|| edit(&mut batch));
        self.batch.run(py, |place| {
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(batch);
            Ok(())
        })?;
        Ok(result)
    }

    fn leave(&self, py: Python<'_>, raised: bool) -> PyResult<()> {
        let Some(batch) = self.end(py)?.filter(|_| !raised) else { return Ok(()) };
        let info = self.batch.run(py, |_| batch.commit_changes())?;
        *self.committed.lock().unwrap_or_else(PoisonError::into_inner) =
            info.as_ref().map(Checkpoint::from);
        Ok(())
    }

    fn end(&self, py: Python<'_>) -> PyResult<Option<partita::Batch>> {
        self.batch.run(py, |batch| Ok(batch.lock().unwrap_or_else(PoisonError::into_inner).take()))
    }
}

fn ended() -> partita::Error {
    partita::Error::new(
        partita::ErrorKind::Invalid,
        "the batch has ended: begin another one with session.batch()",
    )
}

#[pymethods]
impl Batch {
    /// The session as it was when the batch began, without the batch's edits.
    #[getter]
    fn before(&self) -> PyResult<Snapshot> {
        Ok(Snapshot(self.before.clone().ok_or_else(|| crate::error::raise(ended()))?))
    }

    /// Writes a file and returns the number that its iteration will have.
    fn write(&self, py: Python<'_>, path: SessionPath, data: Data) -> PyResult<u64> {
        self.edit(py, |batch| batch.write(&path, &data))
    }

    /// Writes a symbolic link.
    fn write_symlink(
        &self,
        py: Python<'_>,
        path: SessionPath,
        target: SessionPath,
    ) -> PyResult<u64> {
        self.edit(py, |batch| batch.write_entry(&path, partita::NewEntry::symlink(&target)))
    }

    /// Writes a file that may be executed.
    fn write_executable(&self, py: Python<'_>, path: SessionPath, data: Data) -> PyResult<u64> {
        self.edit(py, |batch| batch.write_entry(&path, partita::NewEntry::file(&data).executable()))
    }

    /// Removes a file.
    fn remove(&self, py: Python<'_>, path: SessionPath) -> PyResult<u64> {
        self.edit(py, |batch| batch.remove(&path))
    }

    /// Moves a file, with its line of iterations.
    fn rename(&self, py: Python<'_>, path: SessionPath, to: SessionPath) -> PyResult<u64> {
        self.edit(py, |batch| batch.rename(&path, &to))
    }

    /// Brings an iteration of a file back.
    fn restore(&self, py: Python<'_>, path: SessionPath, number: Whole) -> PyResult<u64> {
        self.edit(py, |batch| batch.restore(&path, number.0))
    }

    /// Appends a memory, or a text of a role.
    #[pyo3(signature = (memory: "Memory | str | bytes", *, role: "str | None" = None, call: "ModelCall | None" = None) -> "None")]
    fn remember(
        &self,
        py: Python<'_>,
        memory: &Bound<'_, PyAny>,
        role: Option<&str>,
        call: Option<&Bound<'_, ModelCall>>,
    ) -> PyResult<()> {
        let memory = memory_of(memory, role)?;
        let call = call.map(|call| call.get().0.clone());
        self.edit(py, |batch| match call {
            Some(call) => batch.remember_with_call(memory, call),
            None => batch.remember(memory),
        })
    }

    /// Says that the memory of a number holds the call that made the files of this batch.
    fn cause(&self, py: Python<'_>, number: Whole) -> PyResult<()> {
        self.edit(py, |batch| batch.cause(number.0))
    }

    /// Says that the newest memory with a call made the files of this batch.
    fn cause_last_call(&self, py: Python<'_>) -> PyResult<()> {
        self.edit(py, partita::Batch::cause_last_call)
    }

    /// Makes the commit a ``Conflict`` unless the newest iteration of a path is this one; none is
    /// for a path where nothing ever was.
    #[pyo3(signature = (path, number))]
    fn expect(&self, py: Python<'_>, path: SessionPath, number: Option<Whole>) -> PyResult<()> {
        self.edit(py, |batch| batch.expect(&path, number.map(|number| number.0)))
    }

    /// Sets a key of the state to bytes, whatever it held.
    fn state_put(&self, py: Python<'_>, key: Data, data: Data) -> PyResult<()> {
        self.edit(py, |batch| batch.state_put(&key, &data))
    }

    /// Appends an item to a list of the state, which begins with its first item.
    fn state_append(&self, py: Python<'_>, key: Data, item: Data) -> PyResult<()> {
        self.edit(py, |batch| batch.state_append(&key, &item))
    }

    /// Appends items to a list of the state, which begins with them; with none, as an empty one.
    fn state_extend(&self, py: Python<'_>, key: Data, items: Vec<Data>) -> PyResult<()> {
        self.edit(py, |batch| batch.state_extend(&key, &items))
    }

    /// Cuts a list of the state to its first items; a shorter one stays as it is.
    fn state_truncate(&self, py: Python<'_>, key: Data, length: Whole) -> PyResult<()> {
        self.edit(py, |batch| batch.state_truncate(&key, length.0))
    }

    /// Sets a key of the state to what another holds, as this batch has left that one so far: bytes,
    /// or a list of any length. Copies nothing; from here on both go their own ways.
    ///
    /// Raises ``NotFound`` if the other holds nothing.
    ///
    /// >>> import partita
    /// >>> session = partita.Store.in_memory().session("s")
    /// >>> with session.batch() as b:
    /// ...     b.state_extend("draft 1", ["a", "b", "c"])
    /// ...     b.state_copy("draft 1", "draft 2")
    /// ...     b.state_truncate("draft 2", 2)
    /// ...     b.state_append("draft 2", "d")
    /// >>> list(session.state["draft 1"]), list(session.state["draft 2"])
    /// ([b'a', b'b', b'c'], [b'a', b'b', b'd'])
    fn state_copy(&self, py: Python<'_>, key: Data, to: Data) -> PyResult<()> {
        self.edit(py, |batch| batch.state_copy(&key, &to))
    }

    /// Removes a key of the state.
    fn state_remove(&self, py: Python<'_>, key: Data) -> PyResult<()> {
        self.edit(py, |batch| batch.state_remove(&key))
    }

    /// Reads a file as the batch leaves it.
    fn read<'py>(&self, py: Python<'py>, path: SessionPath) -> PyResult<Bound<'py, PyBytes>> {
        as_bytes(py, &self.edit(py, |batch| batch.read(&path))?)
    }

    /// Returns the number of a path's newest iteration, the batch's own edits included.
    fn iteration(&self, py: Python<'_>, path: SessionPath) -> PyResult<Option<u64>> {
        self.edit(py, |batch| batch.iteration(&path))
    }

    /// Commits all of it as one durable step, and returns the session's newest checkpoint: the one
    /// this makes, or the one there is where nothing changes.
    ///
    /// Raises ``Conflict`` if a path or key that it edits was changed meanwhile.
    fn commit(&self, py: Python<'_>) -> PyResult<Checkpoint> {
        let batch = self.end(py)?.ok_or_else(|| crate::error::raise(ended()))?;
        let info = self.batch.run(py, |_| batch.commit())?;
        let checkpoint = Checkpoint::from(&info);
        *self.committed.lock().unwrap_or_else(PoisonError::into_inner) = Some(checkpoint.clone());
        Ok(checkpoint)
    }

    /// The checkpoint that the commit made; none before it.
    #[getter]
    fn checkpoint(&self) -> Option<Checkpoint> {
        self.committed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    #[pyo3(signature = () -> "typing.Never")]
    fn __reduce__(&self) -> PyResult<()> {
        Err(pyo3::exceptions::PyTypeError::new_err("a Batch does not pickle: commit it"))
    }
}
