//! Files of a session or of a snapshot, as a mapping from path to bytes.

use std::sync::Mutex;

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use partita::ContentId;

use crate::convert::{Data, as_bytes};
use crate::error::invalid;
use crate::handle::Handle;
use crate::id::ObjectId;
use crate::json::Dict;
use crate::pages::{self, Pages};
use crate::path::SessionPath;
use crate::shape::{Shape, dict_of};
use crate::value::value;

value! {
    /// What is at a path: ``kind`` is ``"file"``, ``"symlink"`` or ``"submodule"``.
    Entry {
        /// What it is.
        kind: String,
        /// The content that holds its bytes or its target; none for a submodule.
        content: Option<ObjectId>,
        /// Whether it may be executed.
        executable: bool,
        /// The commit of a submodule, as raw bytes.
        commit: Option<Vec<u8>>,
    }

    /// Returns it as JSON has it.
    ///
    /// Raises ``Invalid`` for a value that was made by hand and is no entry.
    fn to_dict(&self) -> PyResult<Dict> {
        dict_of(&self.inner()?)
    }
}

impl Entry {
    fn inner(&self) -> PyResult<partita::Entry> {
        let content = || {
            let id = self.content.ok_or_else(|| invalid("an entry needs its content"))?;
            PyResult::Ok(ContentId::new(id.0))
        };
        Ok(match &*self.kind {
            "file" => partita::Entry::File { content: content()?, executable: self.executable },
            "symlink" => partita::Entry::Symlink { target: content()? },
            "submodule" => {
                partita::Entry::Submodule { commit: self.commit.clone().unwrap_or_default() }
            }
            kind => {
                return Err(invalid(format!(
                    "an entry is file, symlink or submodule, got {kind:?}"
                )));
            }
        })
    }

    /// Takes an entry; none where nothing is there any more.
    pub(crate) fn of(entry: &partita::Entry) -> Option<Entry> {
        let (kind, executable, commit) = match entry {
            partita::Entry::File { executable, .. } => ("file", *executable, None),
            partita::Entry::Symlink { .. } => ("symlink", false, None),
            partita::Entry::Submodule { commit } => ("submodule", false, Some(commit.clone())),
            partita::Entry::Removed => return None,
        };
        let kind = kind.to_owned();
        Some(Entry { kind, content: entry.content().map(ObjectId::from), executable, commit })
    }
}

value! {
    /// How a path differs between two states.
    FileChange: shaped {
        /// Which path.
        path: SessionPath,
        /// What was there, if anything.
        before: Option<Entry>,
        /// What is there, if anything.
        after: Option<Entry>,
    }
}

impl From<partita::history::FileChange> for FileChange {
    fn from(change: partita::history::FileChange) -> Self {
        let entry = |entry: &Option<partita::Entry>| entry.as_ref().and_then(Entry::of);
        let (before, after) = (entry(&change.before), entry(&change.after));
        FileChange { path: (&change.path).into(), before, after, shape: Shape::of(change) }
    }
}

/// Where files are read.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Latest(partita::Session),
    Fixed(partita::Snapshot),
}

impl Source {
    fn snapshot(&self) -> partita::Result<partita::Snapshot> {
        match self {
            Source::Latest(session) => session.latest(),
            Source::Fixed(snapshot) => Ok(snapshot.clone()),
        }
    }

    fn get(&self, path: &[u8]) -> partita::Result<Option<Vec<u8>>> {
        let snapshot = self.snapshot()?;
        let file = snapshot.file(path)?;
        file.map(|file| file.read()).transpose()
    }

    /// Returns the paths that begin with these bytes, as they are now.
    fn paths(&self, prefix: Vec<u8>) -> partita::Result<Pages<SessionPath>> {
        let snapshot = self.snapshot()?;
        let mut last = Vec::new();
        Ok(Pages::new(move |most| {
            let files = snapshot.files_under(&prefix).after(&last).take(most);
            let page: Vec<_> = files.map(|file| Ok(SessionPath::from(&file?.path))).collect();
            if let Some(Ok(path)) = page.iter().rfind(|path| path.is_ok()) {
                last.clone_from(&path.0);
            }
            page
        }))
    }
}

/// The files of a session or of a snapshot: a mapping from path to bytes, in the order of the
/// paths' bytes. Those of a session are the latest, and can be set and deleted, each time as one
/// durable commit; those of a snapshot stay as they are.
///
/// >>> import partita
/// >>> session = partita.Store.in_memory().session("fix-parser")
/// >>> session.files["src/lib.rs"] = "fn parse() {}"
/// >>> session.files["src/lib.rs"], "src/main.rs" in session.files, len(session.files)
/// (b'fn parse() {}', False, 1)
/// >>> list(session.files)
/// ['src/lib.rs']
#[pyclass(module = "partita", frozen, mapping)]
pub(crate) struct Files(pub(crate) Handle<Source>);

#[pymethods]
impl Files {
    fn __getitem__<'py>(
        &self,
        py: Python<'py>,
        path: SessionPath,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.0.run(py, |source| source.snapshot()?.read(&path))?;
        as_bytes(py, &bytes)
    }

    fn __setitem__(&self, py: Python<'_>, path: SessionPath, data: Data) -> PyResult<()> {
        let session = self.session()?;
        self.0.run(py, |_| session.write(&path, &data).map(drop))
    }

    fn __delitem__(&self, py: Python<'_>, path: SessionPath) -> PyResult<()> {
        let session = self.session()?;
        self.0.run(py, |_| session.remove(&path).map(drop))
    }

    fn __contains__(&self, py: Python<'_>, path: SessionPath) -> PyResult<bool> {
        self.0.run(py, |source| Ok(source.snapshot()?.file(&path)?.is_some()))
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.0.run(py, |source| {
            source.snapshot()?.files().try_fold(0, |count, file| file.map(|_| count + 1))
        })
    }

    fn __iter__(&self, py: Python<'_>) -> PyResult<Paths> {
        self.under(py, SessionPath(Vec::new()))
    }

    /// Returns the paths, as they are now.
    #[pyo3(signature = () -> "collections.abc.KeysView[str]")]
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.view(py, "KeysView")
    }

    /// Returns the bytes of the files, as they are now; each is read when one comes to it.
    #[pyo3(signature = () -> "collections.abc.ValuesView[bytes]")]
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.view(py, "ValuesView")
    }

    /// Returns each path with the bytes of its file, as they are now; each is read when one comes
    /// to it.
    #[pyo3(signature = () -> "collections.abc.ItemsView[str, bytes]")]
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.view(py, "ItemsView")
    }

    /// Returns the bytes of a file, or ``default`` where there is none.
    #[pyo3(signature = (path, default: "bytes | None" = None) -> "bytes | None")]
    fn get<'py>(
        &self,
        py: Python<'py>,
        path: SessionPath,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let bytes = self.0.run(py, |source| source.get(&path.0))?;
        Ok(bytes.map(|bytes| as_bytes(py, &bytes)).transpose()?.map(Bound::into_any).or(default))
    }

    /// Iterates over the paths that begin with these bytes, such as ``src/``. What is changed
    /// meanwhile is not seen.
    fn under(&self, py: Python<'_>, prefix: SessionPath) -> PyResult<Paths> {
        let paths = self.0.run(py, |source| source.paths(prefix.0))?;
        Ok(Paths(self.0.with(Mutex::new(paths))))
    }

    /// Returns what is at a path, without reading its bytes; none where nothing is.
    fn entry(&self, py: Python<'_>, path: SessionPath) -> PyResult<Option<Entry>> {
        self.0.run(py, |source| {
            let file = source.snapshot()?.file(&path)?;
            Ok(file.and_then(|file| Entry::of(&file.entry)))
        })
    }

    /// Returns the size of a file in bytes, without reading it; none for a submodule.
    ///
    /// Raises ``NotFound`` if there is none.
    fn size(&self, py: Python<'_>, path: SessionPath) -> PyResult<Option<u64>> {
        self.0.run(py, |source| {
            let snapshot = source.snapshot()?;
            match snapshot.file(&path)? {
                Some(file) => file.size(),
                None => snapshot.read(&path).map(|bytes| Some(bytes.len() as u64)),
            }
        })
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        if let Err(gone) = self.0.shown("Files") {
            return Ok(gone);
        }
        Ok(format!("<Files: {}>", self.__len__(py)?))
    }
}

/// Paths of files, in the order of their bytes, as they were when it began.
#[pyclass(module = "partita", frozen)]
pub(crate) struct Paths(Handle<Mutex<Pages<SessionPath>>>);

#[pymethods]
impl Paths {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<SessionPath>> {
        pages::next(py, &self.0)
    }
}

impl Files {
    /// Makes a view of the files that what is committed later does not change.
    fn view<'py>(&self, py: Python<'py>, class: &str) -> PyResult<Bound<'py, PyAny>> {
        let fixed = Files(self.0.with(Source::Fixed(self.0.run(py, Source::snapshot)?)));
        py.import("collections.abc")?.getattr(class)?.call1((fixed,))
    }

    fn session(&self) -> PyResult<&partita::Session> {
        match self.0.get()? {
            Source::Latest(session) => Ok(session),
            Source::Fixed(_) => Err(pyo3::exceptions::PyTypeError::new_err(
                "the files of a snapshot stay as they are: write to the session",
            )),
        }
    }
}
