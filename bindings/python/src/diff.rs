//! Diffs of two versions of a file.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use partita::object::Bytes;

use crate::convert::{Data, whole};
use crate::value::value;

/// How one version of a file differs from another, line by line.
///
/// >>> import partita
/// >>> diff = partita.diff("one\ntwo\n", "one\nthree\n")
/// >>> diff.added, diff.removed
/// (1, 1)
/// >>> print(diff.unified(old_name="a/count", new_name="b/count"), end="")
/// --- a/count
/// +++ b/count
/// @@ -1,2 +1,2 @@
///  one
/// -two
/// +three
#[pyclass(module = "partita", frozen, eq, hash)]
#[derive(Clone, Debug)]
pub(crate) struct Diff {
    old: Bytes,
    new: Bytes,
    pub(crate) diff: partita::diff::FileDiff,
}

impl PartialEq for Diff {
    fn eq(&self, other: &Diff) -> bool {
        self.old == other.old && self.new == other.new
    }
}

impl std::hash::Hash for Diff {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.old.hash(state);
        self.new.hash(state);
    }
}

value! {
    /// A piece of text and what happened to it: ``kind`` is ``"equal"``, ``"delete"`` or ``"insert"``.
    Change {
        /// What happened.
        kind: String,
        /// The text, as it came: with its line feed, where it has one.
        text: Vec<u8>,
        /// The line in the old version, from 1; none for an insertion.
        old_line: Option<u64>,
        /// The line in the new version, from 1; none for a deletion.
        new_line: Option<u64>,
    }
}

impl Change {
    fn of(change: partita::diff::Change<'_>) -> Self {
        let kind = match change.kind {
            partita::diff::ChangeKind::Equal => "equal",
            partita::diff::ChangeKind::Delete => "delete",
            partita::diff::ChangeKind::Insert => "insert",
        };
        let text = change.text.to_vec();
        let kind = kind.to_owned();
        Change { kind, text, old_line: change.old_line, new_line: change.new_line }
    }
}

/// Compares two versions of a file.
///
/// The work is bounded, whatever the bytes. Raises nothing but ``TypeError``.
#[pyfunction]
#[pyo3(signature = (old, new, /))]
pub(crate) fn diff(py: Python<'_>, old: Data, new: Data) -> Diff {
    py.detach(|| Diff::between(old.as_bytes().into(), new.as_bytes().into()))
}

impl Diff {
    pub(crate) fn between(old: Bytes, new: Bytes) -> Self {
        let diff = partita::diff::FileDiff::new(old.clone(), new.clone());
        Diff { old, new, diff }
    }
}

#[pymethods]
impl Diff {
    #[new]
    #[pyo3(signature = (old, new, /))]
    fn make(py: Python<'_>, old: Data, new: Data) -> Diff {
        diff(py, old, new)
    }

    /// The old version.
    #[getter]
    fn old<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.old)
    }

    /// The new version.
    #[getter(new)]
    fn new_version<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.new)
    }

    /// Whether either version is binary: a NUL among its first 8,000 bytes, or above the limit.
    /// Binary files have no lines and no words.
    #[getter]
    fn is_binary(&self) -> bool {
        self.diff.is_binary()
    }

    /// Lines that only the new version has.
    #[getter]
    fn added(&self) -> u64 {
        self.diff.stats().added
    }

    /// Lines that only the old version has.
    #[getter]
    fn removed(&self) -> u64 {
        self.diff.stats().removed
    }

    /// Returns the lines of both versions in order: equal, deleted, inserted.
    fn lines(&self, py: Python<'_>) -> Vec<Change> {
        py.detach(|| self.diff.lines().map(Change::of).collect())
    }

    /// Returns the words of both versions: as the lines, but where lines replace lines only what
    /// differs is deleted and inserted.
    fn words(&self, py: Python<'_>) -> Vec<Change> {
        py.detach(|| self.diff.words().map(Change::of).collect())
    }

    /// Returns the unified patch as text, with U+FFFD for what is not UTF-8; ``/dev/null`` is the
    /// name of a version that does not exist.
    #[pyo3(signature = (*, old_name = "a", new_name = "b", context: "typing.SupportsIndex" = 3))]
    fn unified(
        &self,
        py: Python<'_>,
        old_name: &str,
        new_name: &str,
        #[pyo3(from_py_with = whole)] context: usize,
    ) -> String {
        py.detach(|| self.diff.unified_with(old_name, new_name).context(context).to_string())
    }

    /// Returns the unified patch as bytes, which ``git apply`` takes.
    #[pyo3(signature = (*, old_name = "a", new_name = "b", context: "typing.SupportsIndex" = 3))]
    fn unified_bytes<'py>(
        &self,
        py: Python<'py>,
        old_name: &str,
        new_name: &str,
        #[pyo3(from_py_with = whole)] context: usize,
    ) -> Bound<'py, PyBytes> {
        let patch =
            py.detach(|| self.diff.unified_with(old_name, new_name).context(context).to_bytes());
        PyBytes::new(py, &patch)
    }

    fn __bool__(&self) -> bool {
        !self.diff.is_empty()
    }

    fn __str__(&self, py: Python<'_>) -> String {
        self.unified(py, "a", "b", 3)
    }

    fn __repr__(&self) -> String {
        match self.diff.is_binary() {
            true => format!("<Diff binary, {} to {} bytes>", self.old.len(), self.new.len()),
            false => {
                let stats = self.diff.stats();
                format!("<Diff +{} -{}>", stats.added, stats.removed)
            }
        }
    }

    fn __getnewargs__<'py>(&self, py: Python<'py>) -> (Bound<'py, PyBytes>, Bound<'py, PyBytes>) {
        (self.old(py), self.new_version(py))
    }
}
