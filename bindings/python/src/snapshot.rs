//! A fixed state of a session.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::convert::{Whole, as_bytes, whole};
use crate::files::{FileChange, Files, Source};
use crate::handle::Handle;
use crate::history::Checkpoint;
use crate::memory::{Memories, Memory, role};
use crate::path::SessionPath;
use crate::state::{Place, State};

/// A fixed state of a session: what is committed later does not change it.
///
/// >>> import partita
/// >>> session = partita.Store.in_memory().session("fix-parser")
/// >>> _ = session.write("a", "1")
/// >>> then = session.latest()
/// >>> _ = session.write("a", "2")
/// >>> then.read("a"), session.read("a")
/// (b'1', b'2')
/// >>> [change.path for change in then.changes(session.latest())]
/// ['a']
#[pyclass(module = "partita", frozen)]
pub(crate) struct Snapshot(pub(crate) Handle<partita::Snapshot>);

#[pymethods]
impl Snapshot {
    /// The checkpoint; none where the session is still empty.
    #[getter]
    fn checkpoint(&self) -> PyResult<Option<Checkpoint>> {
        Ok(self.0.get()?.checkpoint().map(Checkpoint::from))
    }

    /// The files, as a mapping from path to bytes.
    #[getter]
    fn files(&self) -> PyResult<Files> {
        Ok(Files(self.0.with(Source::Fixed(self.0.get()?.clone()))))
    }

    /// The host's keyed values.
    #[getter]
    fn state(&self) -> PyResult<State> {
        Ok(State(self.0.with(Place::Fixed(self.0.get()?.clone()))))
    }

    /// Reads the bytes of a file or the target of a link.
    ///
    /// Raises ``NotFound`` if there is none, saying since when.
    fn read<'py>(&self, py: Python<'py>, path: SessionPath) -> PyResult<Bound<'py, PyBytes>> {
        as_bytes(py, &self.0.run(py, |snapshot| snapshot.read(&path))?)
    }

    /// Returns how the files differ from this state to another, in the order of their paths.
    fn changes(&self, py: Python<'_>, other: &Snapshot) -> PyResult<Vec<FileChange>> {
        let other = other.0.get()?;
        let changes = self
            .0
            .run(py, |snapshot| snapshot.changes(other).collect::<partita::Result<Vec<_>>>())?;
        Ok(changes.into_iter().map(FileChange::from).collect())
    }

    /// Iterates over the memories from a number on, or newest first. Purged ones are left out.
    #[pyo3(signature = (*, start: "typing.SupportsIndex" = 1, reverse = false))]
    fn memories(&self, #[pyo3(from_py_with = whole)] start: u64, reverse: bool) -> Memories {
        Memories::new(self.0.clone(), start, reverse)
    }

    /// Returns the memory of a number.
    ///
    /// Raises ``NotFound`` if there is none, ``Purged`` if it is gone on purpose.
    fn memory(&self, py: Python<'_>, number: Whole) -> PyResult<Memory> {
        let entry = self.0.run(py, |snapshot| {
            snapshot.memory(number.0).and_then(|entry| entry.resolve(snapshot.store()))
        })?;
        Ok(Memory::placed(entry))
    }

    /// Iterates over the memories that hold a text, whatever the case of its letters, newest first.
    #[pyo3(signature = (text, *, role = None))]
    fn search(&self, text: String, role: Option<&str>) -> PyResult<Memories> {
        let role = role.map(self::role).transpose()?;
        Ok(Memories::found(self.0.clone(), text, role))
    }

    fn __repr__(&self) -> String {
        match self.0.shown("Snapshot").map(partita::Snapshot::checkpoint) {
            Ok(Some(info)) => format!("<Snapshot at checkpoint {} {:.10}>", info.number, info.id),
            Ok(None) => "<Snapshot of an empty session>".to_owned(),
            Err(gone) => gone,
        }
    }

    #[pyo3(signature = () -> "typing.Never")]
    fn __reduce__(&self) -> PyResult<()> {
        Err(pyo3::exceptions::PyTypeError::new_err(
            "a Snapshot is an open handle and does not pickle: pickle the store's directory, the \
             session's name and the checkpoint's id, and reopen with \
             Store.open(directory).open_session(name).at(id)",
        ))
    }
}
