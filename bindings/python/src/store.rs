//! Stores.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use partita::display::Table;
use partita::upkeep::GcOptions;
use partita::{ContentId, Durability, StoreOptions};

use crate::block::block;
use crate::checkout::Kept;
use crate::convert::{Data, Time, Whole, as_bytes, seconds};
use crate::error::{OrRaise as _, invalid};
use crate::handle::{Handle, Opened};
use crate::history::step;
use crate::id::ObjectId;
use crate::path::DiskPath;
use crate::session::Session;
use crate::shape::Shape;
use crate::table::{self, Shows};
use crate::upkeep::{CheckReport, GcReport, PurgeReport, progress, purge_options};
use crate::value::value;
use crate::wait;

value! {
    /// A row of the list of sessions.
    SessionEntry: shaped {
        /// The session's name.
        name: String,
        /// The id of its newest operation.
        operation: ObjectId,
    }
}

value! {
    /// A deleted session that gc has not taken yet.
    DeletedSession: shaped {
        /// The id of its first operation, which is what it is called now.
        id: ObjectId,
        /// The name that it had; none where it was deleted by a version that did not record it.
        name: Option<String>,
        /// The number of its newest checkpoint; none for an empty session.
        checkpoint: Option<u64>,
        /// When it was deleted.
        deleted: Time,
        /// From when on a gc takes it; none while one of its checkpoints is pinned.
        goes: Option<Time>,
    }
}

value! {
    /// How much a session holds in its newest state.
    SessionSizes: shaped {
        /// Files that are there.
        files: u64,
        /// Memories.
        memories: u64,
    }
}

value! {
    /// What a store holds.
    Stats: shaped {
        /// Sessions, deleted ones not counted.
        sessions: u64,
        /// Distinct objects: contents and nodes.
        objects: u64,
        /// Bytes of distinct contents as they were written.
        raw_bytes: u64,
        /// Bytes of the files that hold all of it.
        stored_bytes: u64,
        /// Those files.
        segments: u64,
    }
}

/// The sessions of a store in the order of their names. One that comes or goes meanwhile may or
/// may not be seen.
#[pyclass(module = "partita", frozen)]
pub(crate) struct Sessions(Handle<Mutex<partita::history::Sessions>>);

#[pymethods]
impl Sessions {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<SessionEntry>> {
        Ok(step(py, &self.0)?.map(|entry: partita::history::SessionEntry| SessionEntry {
            name: entry.name().to_owned(),
            operation: entry.operation().into(),
            shape: Shape::of(entry),
        }))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        table::text(py, self)
    }

    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        table::html(py, self)
    }
}

impl Shows for Sessions {
    const NAME: &'static str = "Sessions";
    type Asked = Mutex<partita::history::Sessions>;

    fn asked(&self) -> &Handle<Self::Asked> {
        &self.0
    }

    fn table(&self, of: &Self::Asked) -> partita::Result<Table> {
        let columns = ["operation", "session"];
        let table = Table::new(Self::NAME, ["session", "sessions"], &columns);
        let rows = of.lock().unwrap_or_else(PoisonError::into_inner).clone();
        table::fill(table, rows, |entry| {
            Ok([entry.operation().id().short(), entry.name().to_owned()])
        })
    }
}

/// A store of sessions, in a directory or in memory.
///
/// Many threads and many processes may use one store. After ``close()``, and in a fork of the
/// process, it and all that came of it refuse to work and say so.
///
/// >>> import partita, tempfile
/// >>> with tempfile.TemporaryDirectory() as room:
/// ...     with partita.Store.open(room + "/store") as store:
/// ...         _ = store.session("fix-parser").write("src/lib.rs", "fn parse() {}")
/// ...         [entry.name for entry in store.sessions()]
/// ['fix-parser']
#[pyclass(module = "partita", frozen)]
pub(crate) struct Store(Mutex<Option<Handle<partita::Store>>>);

block!(Store);

impl Store {
    fn new(store: partita::Store) -> Self {
        Store(Mutex::new(Some(Handle::new(store, Opened::new()))))
    }

    fn leave(&self, py: Python<'_>, _raised: bool) -> PyResult<()> {
        self.close(py);
        Ok(())
    }

    pub(crate) fn handle(&self) -> PyResult<Handle<partita::Store>> {
        let handle = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        handle.ok_or_else(|| invalid("the store is closed: open it anew with partita.Store.open"))
    }
}

#[pymethods]
impl Store {
    /// Opens the store in a directory; creates both unless told otherwise.
    ///
    /// ``durability`` says when a commit returns: ``"sync"``, when it survives a power cut, or
    /// ``"buffered"``, when it survives a crash of the process. ``lock_timeout`` is how many seconds a
    /// commit waits for another process's; then it raises ``Busy``.
    ///
    /// ``on_wait(waited, holder)`` is called once a second while a call waits for another process, with
    /// the seconds so far and the process that holds the lock, such as ``process 7 (python3)``, if the
    /// system tells. What it raises ends the wait and comes out of the call. Without it the logger
    /// ``partita`` gets one warning a wait, after a second. A signal ends a wait of the main thread.
    ///
    /// Raises ``NotFound`` if there is none and it is not to be created, ``Invalid`` if the path is
    /// something else, ``Unsupported`` if it is newer than this library, ``Corrupt`` if what is needed
    /// to begin is damaged.
    #[staticmethod]
    #[pyo3(signature = (directory, *, create = true, read_only = false, durability = "sync", lock_timeout = 30.0,
        on_wait: "collections.abc.Callable[[float, str | None], object] | None" = None))]
    fn open(
        py: Python<'_>,
        directory: DiskPath,
        create: bool,
        read_only: bool,
        durability: &str,
        lock_timeout: f64,
        on_wait: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let durability = match durability {
            "sync" => Durability::Sync,
            "buffered" => Durability::Buffered,
            other => {
                return Err(invalid(format!("durability is sync or buffered, got {other:?}")));
            }
        };
        let options = partita::Store::options()
            .create(create)
            .read_only(read_only)
            .durability(durability)
            .lock_timeout(seconds(lock_timeout)?)
            .on_wait(wait::told(on_wait));
        let open = move |options: StoreOptions| options.open(&directory);
        py.detach(|| open(options)).map(Store::new).or_raise()
    }

    /// Makes an empty store that lives in memory and vanishes with its last handle.
    #[staticmethod]
    fn in_memory(py: Python<'_>) -> PyResult<Self> {
        py.detach(partita::Store::in_memory).map(Store::new).or_raise()
    }

    /// The directory; none for a store in memory.
    #[getter]
    fn directory(&self) -> PyResult<Option<PathBuf>> {
        Ok(self.handle()?.get()?.directory().map(ToOwned::to_owned))
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Closes the store: it, its sessions and all that came of them work no more. Closing twice is
    /// no error.
    fn close(&self, py: Python<'_>) {
        let handle = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(handle) = handle {
            handle.opened().close();
            py.detach(|| drop(handle));
        }
    }

    /// Creates a session or resumes the one of this name.
    ///
    /// Raises ``Invalid`` for a name that cannot be.
    fn session(&self, py: Python<'_>, name: &str) -> PyResult<Session> {
        let store = self.handle()?;
        Ok(Session(store.with(store.run(py, |store| store.session(name))?)))
    }

    /// Creates a session.
    ///
    /// Raises ``AlreadyExists`` if the name is taken.
    fn create_session(&self, py: Python<'_>, name: &str) -> PyResult<Session> {
        let store = self.handle()?;
        Ok(Session(store.with(store.run(py, |store| store.create_session(name))?)))
    }

    /// Opens a session.
    ///
    /// Raises ``NotFound`` if there is none.
    fn open_session(&self, py: Python<'_>, name: &str) -> PyResult<Session> {
        let store = self.handle()?;
        Ok(Session(store.with(store.run(py, |store| store.open_session(name))?)))
    }

    /// Gives a session another name.
    fn rename_session(&self, py: Python<'_>, name: &str, to: &str) -> PyResult<()> {
        self.handle()?.run(py, |store| store.rename_session(name, to))
    }

    /// Deletes a session. Its bytes stay for 30 days, until a gc; ``undelete_session()`` brings it
    /// back.
    fn delete_session(&self, py: Python<'_>, name: &str) -> PyResult<()> {
        self.handle()?.run(py, |store| store.delete_session(name))
    }

    /// Lists the deleted sessions that gc has not taken, the one that was deleted last first.
    fn deleted_sessions(&self, py: Python<'_>) -> PyResult<Vec<DeletedSession>> {
        let sessions = self.handle()?.run(py, partita::Store::deleted_sessions)?;
        let sessions = sessions.into_iter().map(|session| DeletedSession {
            shape: Shape::of(session.clone()),
            id: session.id.into(),
            name: session.name,
            checkpoint: session.checkpoint,
            deleted: Time(session.deleted),
            goes: session.goes.map(Time),
        });
        Ok(sessions.collect())
    }

    /// Brings a deleted session back, with all its past, under a name or under the one that it had.
    ///
    /// Raises ``NotFound`` if gc took it or somebody brought it back, ``AlreadyExists`` if the name is
    /// taken, ``Invalid`` without a name where none was recorded.
    ///
    /// >>> import partita
    /// >>> store = partita.Store.in_memory()
    /// >>> session = store.session("s")
    /// >>> store.delete_session("s")
    /// >>> store.undelete_session(store.deleted_sessions()[0].id, name="t").name
    /// 't'
    #[pyo3(signature = (id, *, name = None))]
    fn undelete_session(
        &self,
        py: Python<'_>,
        id: ObjectId,
        name: Option<&str>,
    ) -> PyResult<Session> {
        let store = self.handle()?;
        let id = partita::OperationId::new(id.0);
        Ok(Session(store.with(store.run(py, |store| store.undelete_session(id, name))?)))
    }

    /// Iterates over the sessions in the order of their names: those that begin with ``prefix`` and
    /// come after ``after``, at most ``limit``.
    #[pyo3(signature = (*, prefix = "", after = None, limit = None))]
    fn sessions(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: Option<Whole>,
    ) -> PyResult<Sessions> {
        let store = self.handle()?;
        let mut sessions = store.get()?.sessions().prefix(prefix);
        if let Some(after) = after {
            sessions = sessions.after(after);
        }
        if let Some(limit) = limit {
            sessions = sessions.limit(limit.size());
        }
        Ok(Sessions(store.with(Mutex::new(sessions))))
    }

    /// Tells how much a session holds in its newest state; known without reading it where it was
    /// asked for before.
    ///
    /// Raises ``NotFound`` if there is no such session.
    fn session_sizes(&self, py: Python<'_>, name: &str) -> PyResult<SessionSizes> {
        let sizes = self.handle()?.run(py, |store| {
            // Of the names that begin with a name, it comes first.
            let entry = store.sessions().prefix(name).limit(1).next().transpose()?;
            match entry.filter(|entry| entry.name() == name) {
                Some(entry) => store.session_sizes(&entry),
                None => Err(partita::Error::new(
                    partita::ErrorKind::NotFound,
                    format!("no session {name:?}"),
                )),
            }
        })?;
        Ok(SessionSizes { files: sizes.files, memories: sizes.memories, shape: Shape::of(sizes) })
    }

    fn __iter__(&self) -> PyResult<Sessions> {
        self.sessions("", None, None)
    }

    fn __contains__(&self, py: Python<'_>, name: &str) -> PyResult<bool> {
        self.handle()?.run(py, |store| match store.open_session(name) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == partita::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        })
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.handle()?
            .run(py, |store| store.sessions().try_fold(0, |count, entry| entry.map(|_| count + 1)))
    }

    /// Stores nothing: returns whether there is a store, even one without sessions.
    fn __bool__(&self) -> bool {
        true
    }

    /// Reads a content by its id.
    fn read_content<'py>(&self, py: Python<'py>, id: ObjectId) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.handle()?.run(py, |store| store.read_content(ContentId::new(id.0)))?;
        as_bytes(py, &bytes)
    }

    /// Returns the bytes of a content, without reading it.
    fn content_size(&self, py: Python<'_>, id: ObjectId) -> PyResult<u64> {
        self.handle()?.run(py, |store| store.content_size(ContentId::new(id.0)))
    }

    /// Makes all that was committed durable; of use with ``durability="buffered"``.
    fn sync(&self, py: Python<'_>) -> PyResult<()> {
        self.handle()?.run(py, partita::Store::sync)
    }

    /// Returns the one object that a short id names: 4 to 64 hexadecimal digits.
    ///
    /// Raises ``NotFound`` if none matches, ``Ambiguous`` with the candidates if several do.
    fn resolve(&self, py: Python<'_>, prefix: &str) -> PyResult<ObjectId> {
        let id = self.handle()?.run(py, |store| store.resolve(&prefix.parse()?))?;
        Ok(ObjectId(id))
    }

    /// Returns what checkouts found, replaced and put aside, by directory, oldest first.
    ///
    /// ``gc()`` frees it after the time that it is told, 30 days unless told otherwise.
    fn kept(&self, py: Python<'_>) -> PyResult<Vec<Kept>> {
        let kept = self.handle()?.run(py, partita::Store::kept)?;
        Ok(kept.into_iter().map(Kept::from).collect())
    }

    /// Counts what the store holds: about a second for a million objects.
    fn stats(&self, py: Python<'_>) -> PyResult<Stats> {
        let stats = self.handle()?.run(py, partita::Store::stats)?;
        Ok(Stats {
            sessions: stats.sessions,
            objects: stats.objects,
            raw_bytes: stats.raw_bytes,
            stored_bytes: stats.stored_bytes,
            segments: stats.segments,
            shape: Shape::of(stats),
        })
    }

    /// Verifies every byte and every reference. Damage is no error but a fault of the report.
    ///
    /// ``progress(done, total)`` is called a few times a second; what it raises ends the check.
    #[pyo3(signature = (*, progress: "collections.abc.Callable[[int, int], object] | None" = None))]
    fn check(&self, py: Python<'_>, progress: Option<Py<PyAny>>) -> PyResult<CheckReport> {
        let store = self.handle()?;
        self::progress(py, &store, progress.as_ref(), |store, told| store.check(told))
            .map(CheckReport::from)
    }

    /// Removes what nothing leads to, and packs what stays. Deleted sessions, and what checkouts put
    /// aside, stay for ``keep_days`` days; a dry run says what would go.
    ///
    /// ``progress(done, total)`` is called a few times a second; what it raises ends the work, of
    /// which nothing or a part was done then.
    #[pyo3(signature = (*, keep_days = None, dry_run = false,
        progress: "collections.abc.Callable[[int, int], object] | None" = None))]
    fn gc(
        &self,
        py: Python<'_>,
        keep_days: Option<f64>,
        dry_run: bool,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<GcReport> {
        let mut options = GcOptions::new().dry_run(dry_run);
        if let Some(days) = keep_days {
            options = options.keep(seconds(days * Duration::from_secs(86_400).as_secs_f64())?);
        }
        let store = self.handle()?;
        self::progress(py, &store, progress.as_ref(), |store, told| store.gc(&options, told))
            .map(GcReport::from)
    }

    /// Removes every content and every memory that contains these bytes, wherever it is. This
    /// cannot be undone.
    ///
    /// Raises ``Conflict`` where more than one session holds any of it and ``everywhere`` is not set.
    #[pyo3(signature = (data, *, reason, actor = "", everywhere = false, rewrite = false))]
    fn purge_matching(
        &self,
        py: Python<'_>,
        data: Data,
        reason: &str,
        actor: &str,
        everywhere: bool,
        rewrite: bool,
    ) -> PyResult<PurgeReport> {
        let options = purge_options(reason, actor, everywhere, rewrite);
        let store = self.handle()?;
        progress(py, &store, None, |store, told| {
            store.purge_matching(data.as_bytes(), &options, told)
        })
        .map(PurgeReport::from)
    }

    fn __repr__(&self) -> String {
        let handle = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match handle {
            None => "<Store closed>".to_owned(),
            Some(store) => match store.shown("Store").map(partita::Store::directory) {
                Ok(Some(directory)) => format!("<Store {}>", directory.display()),
                Ok(None) => "<Store in memory>".to_owned(),
                Err(gone) => gone,
            },
        }
    }

    #[pyo3(signature = () -> "typing.Never")]
    fn __reduce__(&self) -> PyResult<()> {
        Err(pyo3::exceptions::PyTypeError::new_err(
            "a Store is an open handle and does not pickle: pickle store.directory, and reopen with \
             partita.Store.open(directory)",
        ))
    }
}
