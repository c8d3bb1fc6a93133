//! Sessions.

use std::sync::Mutex;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyString};
#[cfg(feature = "stubs")]
use pyo3::{inspect::PyStaticExpr, type_hint_identifier, type_hint_union};

use partita::history::RestoreScope;

use crate::batch::Batch;
use crate::convert::{Data, Time, as_bytes};
use crate::diff::Diff;
use crate::error::invalid;
use crate::files::{Files, Source};
use crate::handle::Handle;
use crate::history::{Checkpoint, History, Iteration, Log, LogEntry, UndoReport};
use crate::id::ObjectId;
use crate::memory::{Memories, Memory, memory_of, role};
use crate::model_call::ModelCall;
use crate::path::SessionPath;
use crate::shape::Shape;
use crate::snapshot::Snapshot;
use crate::state::{Place, State};
use crate::upkeep::{PurgeReport, progress, purge_options};
use crate::value::value;

value! {
    /// What a restore does to a session.
    RestorePlan: shaped {
        /// The checkpoint to restore.
        from_: Checkpoint,
        /// What of it: ``"files"``, ``"dialog"`` or ``"all"``.
        scope: String,
        /// Files that are not there and come back.
        create: Vec<SessionPath>,
        /// Files that are there and get another content, mode or kind.
        overwrite: Vec<SessionPath>,
        /// Files that are there and go.
        delete: Vec<SessionPath>,
        /// How many files stay as they are.
        untouched: u64,
        /// How many memories come back.
        memories_back: u64,
        /// How many memories leave the dialog; the checkpoints before keep them.
        memories_dropped: u64,
        /// Whether the state changes.
        state_changes: bool,
        /// Whether the view changes.
        view_changes: bool,
        /// Whether the instructions change.
        instructions_changes: bool,
        /// Whether the tools change.
        tools_changes: bool,
        /// Whether the sandbox state changes.
        sandbox_changes: bool,
        /// Whether anything changes of which a later version alone knows what it is.
        others_changes: bool,
    }
}

fn scope(name: &str) -> PyResult<(RestoreScope, &'static str)> {
    match name {
        "files" => Ok((RestoreScope::Files, "files")),
        "dialog" => Ok((RestoreScope::Dialog, "dialog")),
        "all" => Ok((RestoreScope::All, "all")),
        other => Err(invalid(format!("a scope is files, dialog or all, got {other:?}"))),
    }
}

/// Which checkpoint is meant.
pub(crate) enum Spec {
    Id(partita::CheckpointId),
    Text(String),
}

impl<'py> FromPyObject<'_, 'py> for Spec {
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const INPUT_TYPE: PyStaticExpr = type_hint_union!(
        <ObjectId as pyo3::PyTypeInfo>::TYPE_HINT,
        <Checkpoint as pyo3::PyTypeInfo>::TYPE_HINT,
        <LogEntry as pyo3::PyTypeInfo>::TYPE_HINT,
        type_hint_identifier!("builtins", "int"),
        type_hint_identifier!("builtins", "str")
    );

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let id = |id: ObjectId| Ok(Spec::Id(partita::CheckpointId::new(id.0)));
        if let Ok(found) = object.cast::<ObjectId>() {
            return id(*found.get());
        }
        if let Ok(found) = object.cast::<Checkpoint>() {
            return id(found.get().id);
        }
        if let Ok(found) = object.cast::<LogEntry>() {
            return id(found.get().id);
        }
        if object.cast::<PyInt>().is_ok() {
            return Ok(Spec::Text(object.str()?.to_string()));
        }
        match object.cast::<PyString>() {
            Ok(text) => Ok(Spec::Text(text.to_cow()?.into_owned())),
            Err(_) => Err(PyTypeError::new_err(format!(
                "a checkpoint is a Checkpoint, its id, its number, or a text such as \"latest\"; \
                 got {}",
                object.get_type().name()?
            ))),
        }
    }
}

impl Spec {
    pub(crate) fn find(
        &self,
        session: &partita::Session,
    ) -> partita::Result<partita::CheckpointId> {
        match self {
            Spec::Id(id) => Ok(*id),
            Spec::Text(text) => session.checkpoint(text),
        }
    }
}

/// A persistent workspace: files with every iteration, the dialog, and the host's own state.
///
/// Each change is one durable commit, unless it runs in a ``batch()``, which is all or nothing. Reads
/// see the latest committed state, whoever committed it; ``at()`` gives a fixed one. A handle may
/// be used from many threads.
///
/// >>> import partita
/// >>> session = partita.Store.in_memory().session("fix-parser")
/// >>> session.write("src/lib.rs", "fn parse() {}").number
/// 1
/// >>> with session.batch() as b:
/// ...     b.remember("The parser drops the last token.")
/// ...     b.write("src/lib.rs", "fn parse() -> Tokens {}")
/// 2
/// >>> session.read_at("src/lib.rs", 1)
/// b'fn parse() {}'
/// >>> session.restore("src/lib.rs", 1).number
/// 3
/// >>> session.undo().number
/// 4
/// >>> session.read("src/lib.rs")
/// b'fn parse() -> Tokens {}'
#[pyclass(module = "partita", frozen)]
pub(crate) struct Session(pub(crate) Handle<partita::Session>);

#[pymethods]
impl Session {
    /// The name that it was opened by.
    #[getter]
    fn name(&self) -> PyResult<&str> {
        Ok(self.0.get()?.name())
    }

    /// What it is called for ever, whatever its name.
    #[getter]
    fn id(&self) -> PyResult<ObjectId> {
        Ok(self.0.get()?.id().into())
    }

    /// Returns a handle whose operations name who did them.
    fn with_actor(&self, actor: &str) -> PyResult<Session> {
        Ok(Session(self.0.with(self.0.get()?.clone().with_actor(actor))))
    }

    // Files.

    /// The latest files, as a mapping from path to bytes.
    #[getter]
    fn files(&self) -> PyResult<Files> {
        Ok(Files(self.0.with(Source::Latest(self.0.get()?.clone()))))
    }

    /// Writes a file as a new iteration, durable when it returns.
    ///
    /// Raises ``Invalid`` for a path that cannot be, ``Conflict`` if another writer changed the file
    /// meanwhile.
    fn write(&self, py: Python<'_>, path: SessionPath, data: Data) -> PyResult<Iteration> {
        Ok(self.0.run(py, |session| session.write(&path, &data))?.into())
    }

    /// Writes a file as ``write()`` does, if its newest iteration has this number, or with ``None``
    /// if there is no file.
    ///
    /// Raises ``Conflict`` if it is not so.
    #[pyo3(signature = (path, number, data))]
    fn write_expecting(
        &self,
        py: Python<'_>,
        path: SessionPath,
        number: Option<u64>,
        data: Data,
    ) -> PyResult<Iteration> {
        Ok(self
            .0
            .run(py, |session| session.write_expecting(&path, number, data.as_bytes()))?
            .into())
    }

    /// Removes a file; its iterations stay.
    fn remove(&self, py: Python<'_>, path: SessionPath) -> PyResult<Iteration> {
        Ok(self.0.run(py, |session| session.remove(&path))?.into())
    }

    /// Moves a file, with its line of iterations.
    fn rename(&self, py: Python<'_>, path: SessionPath, to: SessionPath) -> PyResult<Iteration> {
        Ok(self.0.run(py, |session| session.rename(&path, &to))?.into())
    }

    /// Brings an iteration of a file back, as a new iteration.
    fn restore(&self, py: Python<'_>, path: SessionPath, number: u64) -> PyResult<Iteration> {
        Ok(self.0.run(py, |session| session.restore(&path, number))?.into())
    }

    /// Reads the latest bytes of a file.
    ///
    /// Raises ``NotFound`` if there is none.
    fn read<'py>(&self, py: Python<'py>, path: SessionPath) -> PyResult<Bound<'py, PyBytes>> {
        as_bytes(py, &self.0.run(py, |session| session.read(&path))?)
    }

    /// Reads the latest bytes of a file; none if there is none.
    fn get<'py>(
        &self,
        py: Python<'py>,
        path: SessionPath,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let bytes = self.0.run(py, |session| session.get(&path))?;
        bytes.map(|bytes| as_bytes(py, &bytes)).transpose()
    }

    /// Reads an iteration of a file by its number, from 1.
    fn read_at<'py>(
        &self,
        py: Python<'py>,
        path: SessionPath,
        number: u64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        as_bytes(py, &self.0.run(py, |session| session.read_at(&path, number))?)
    }

    /// Iterates over the iterations of a file, newest first; also of one that is removed by now.
    fn history(&self, py: Python<'_>, path: SessionPath) -> PyResult<History> {
        let history = self.0.run(py, |session| session.history(&path))?;
        Ok(History(self.0.with(Mutex::new(history))))
    }

    /// Returns one iteration of a file, by its number on the line that leads to the path.
    fn iteration(&self, py: Python<'_>, path: SessionPath, number: u64) -> PyResult<Iteration> {
        Ok(self.0.run(py, |session| session.iteration(&path, number))?.into())
    }

    /// Compares two iterations of a file. A removal counts as an empty file.
    #[pyo3(signature = (path, old, new))]
    fn diff(&self, py: Python<'_>, path: SessionPath, old: u64, new: u64) -> PyResult<Diff> {
        self.0.run(py, |session| {
            let diff = session.diff(&path, old, new)?;
            let (old, new) = diff.sides();
            Ok(Diff::between(old.clone(), new.clone()))
        })
    }

    // Memories.

    /// Appends a memory, or a text of a role, and returns its number. A model call says which
    /// model made it and what the provider counted.
    #[pyo3(signature = (memory: "Memory | str | bytes", *, role: "str | None" = None, call: "ModelCall | None" = None) -> "int")]
    fn remember(
        &self,
        py: Python<'_>,
        memory: &Bound<'_, PyAny>,
        role: Option<&str>,
        call: Option<&Bound<'_, ModelCall>>,
    ) -> PyResult<u64> {
        let memory = memory_of(memory, role)?;
        let Some(call) = call else {
            return self.0.run(py, |session| session.remember(memory));
        };
        let call = call.get().0.clone();
        self.0.run(py, |session| session.remember_with_call(memory, call))
    }

    /// Iterates over the latest memories from a number on, or newest first. Purged ones are left
    /// out.
    #[pyo3(signature = (*, start = 1, reverse = false))]
    fn memories(&self, py: Python<'_>, start: u64, reverse: bool) -> PyResult<Memories> {
        let latest = self.0.run(py, partita::Session::latest)?;
        Ok(Memories::new(self.0.with(latest), start, reverse))
    }

    /// Returns the memory of a number.
    ///
    /// Raises ``NotFound`` if there is none, ``Purged`` if it is gone on purpose.
    fn memory(&self, py: Python<'_>, number: u64) -> PyResult<Memory> {
        let entry = self.0.run(py, |session| {
            session.memory(number).and_then(|entry| entry.resolve(session.store()))
        })?;
        Ok(Memory::placed(entry))
    }

    /// Iterates over the memories that hold a text, whatever the case of its letters, newest first.
    #[pyo3(signature = (text, *, role = None))]
    fn search(&self, py: Python<'_>, text: String, role: Option<&str>) -> PyResult<Memories> {
        let role = role.map(self::role).transpose()?;
        let latest = self.0.run(py, partita::Session::latest)?;
        Ok(Memories::found(self.0.with(latest), text, role))
    }

    // State.

    /// The host's own keyed values, as a mapping from key to bytes or to a list of bytes.
    #[getter]
    fn state(&self) -> PyResult<State> {
        Ok(State(self.0.with(Place::Latest(self.0.get()?.clone()))))
    }

    // Time.

    /// Begins a batch: all or nothing, one durable commit. As a context manager it commits when the
    /// block ends, and drops all of it when the block raises.
    ///
    /// ``message`` says in a line what it is about, ``time`` is the source's, ``labels`` are kept
    /// with the checkpoint. ``kind`` says what it does, by a name of the host's own in two parts or
    /// more, such as ``"acme/deploy"``; names of one part are partita's own.
    #[pyo3(signature = (*, message: "str | None" = None, time: "datetime.datetime | None" = None,
        labels: "dict[str, str | bytes] | None" = None, kind: "str | None" = None))]
    fn batch(
        &self,
        py: Python<'_>,
        message: Option<&str>,
        time: Option<Time>,
        labels: Option<std::collections::BTreeMap<String, Data>>,
        kind: Option<&str>,
    ) -> PyResult<Batch> {
        let batch = self.0.run(py, |session| {
            let mut batch = session.begin()?;
            if let Some(message) = message {
                batch.message(message)?;
            }
            if let Some(time) = time {
                batch.time(time.0);
            }
            if let Some(kind) = kind {
                batch.kind(kind)?;
            }
            for (name, value) in labels.iter().flatten() {
                batch.label(name, value)?;
            }
            Ok(batch)
        })?;
        Ok(Batch::new(self.0.with(batch)))
    }

    /// Begins a batch that ``commit()`` commits.
    fn begin(&self, py: Python<'_>) -> PyResult<Batch> {
        self.batch(py, None, None, None, None)
    }

    /// Iterates over the checkpoints, newest first.
    fn log(&self, py: Python<'_>) -> PyResult<Log> {
        let log = self.0.run(py, partita::Session::log)?;
        Ok(Log(self.0.with(Mutex::new(log))))
    }

    fn __iter__(&self, py: Python<'_>) -> PyResult<Log> {
        self.log(py)
    }

    /// Returns the state after the newest operation.
    fn latest(&self, py: Python<'_>) -> PyResult<Snapshot> {
        Ok(Snapshot(self.0.with(self.0.run(py, partita::Session::latest)?)))
    }

    /// Returns the state at a checkpoint: a ``Checkpoint``, its id, its number, or a text such as
    /// ``"latest"``, ``"id:3fa9"`` or ``"git:8c1e"``.
    ///
    /// Raises ``NotFound`` if it is not on the session's line.
    fn at(&self, py: Python<'_>, checkpoint: Spec) -> PyResult<Snapshot> {
        let snapshot = self.0.run(py, |session| session.at(checkpoint.find(session)?))?;
        Ok(Snapshot(self.0.with(snapshot)))
    }

    /// Returns the checkpoint that a text or a number names.
    #[pyo3(signature = (checkpoint, /))]
    fn checkpoint(&self, py: Python<'_>, checkpoint: Spec) -> PyResult<Option<Checkpoint>> {
        self.at(py, checkpoint)?.0.get().map(|snapshot| snapshot.checkpoint().map(Checkpoint::from))
    }

    /// Begins another session from this one's newest state, or from a checkpoint. Takes the same
    /// time whatever the session's size.
    ///
    /// Raises ``AlreadyExists`` if the name is taken.
    #[pyo3(signature = (name, *, at = None))]
    fn fork(&self, py: Python<'_>, name: &str, at: Option<Spec>) -> PyResult<Session> {
        let fork = self.0.run(py, |session| match at {
            Some(at) => session.fork_at(name, at.find(session)?),
            None => session.fork(name),
        })?;
        Ok(Session(self.0.with(fork)))
    }

    /// Takes the newest operation back that was not taken back yet, as a new checkpoint, and says
    /// which. ``redo()`` takes the undo back.
    ///
    /// Raises ``NotFound`` if nothing is left to undo.
    fn undo(&self, py: Python<'_>) -> PyResult<UndoReport> {
        Ok(self.0.run(py, partita::Session::undo)?.into())
    }

    /// Takes the newest undo back that was not taken back yet, as a new checkpoint, and says which
    /// operation came back.
    ///
    /// Raises ``NotFound`` if there is no undo, or if anything else was done since.
    ///
    /// >>> import partita
    /// >>> session = partita.Store.in_memory().session("s")
    /// >>> _ = session.write("a", "1")
    /// >>> session.undo().operation.kind
    /// 'write'
    /// >>> session.redo().operation.message
    /// 'a'
    /// >>> session.read("a")
    /// b'1'
    fn redo(&self, py: Python<'_>) -> PyResult<UndoReport> {
        Ok(self.0.run(py, partita::Session::redo)?.into())
    }

    /// Tells what restoring a checkpoint would do, and does nothing.
    #[pyo3(signature = (checkpoint, *, scope = "files"))]
    fn plan_restore(&self, py: Python<'_>, checkpoint: Spec, scope: &str) -> PyResult<RestorePlan> {
        let (scope, name) = self::scope(scope)?;
        let plan =
            self.0.run(py, |session| session.plan_restore(checkpoint.find(session)?, scope))?;
        Ok(restore_plan(plan, name))
    }

    /// Restores files (``scope="files"``), the dialog (``"dialog"``) or ``"all"`` of a checkpoint, as a
    /// new checkpoint that ``undo()`` takes back, and returns that one.
    #[pyo3(signature = (checkpoint, *, scope = "files"))]
    fn restore_checkpoint(
        &self,
        py: Python<'_>,
        checkpoint: Spec,
        scope: &str,
    ) -> PyResult<Checkpoint> {
        let (scope, _) = self::scope(scope)?;
        let info = self
            .0
            .run(py, |session| session.restore_checkpoint(checkpoint.find(session)?, scope))?;
        Ok((&info).into())
    }

    /// Keeps a checkpoint whatever is trimmed.
    fn pin(&self, py: Python<'_>, checkpoint: Spec) -> PyResult<Checkpoint> {
        Ok((&self.0.run(py, |session| session.pin(checkpoint.find(session)?))?).into())
    }

    /// Takes a pin away.
    fn unpin(&self, py: Python<'_>, checkpoint: Spec) -> PyResult<Checkpoint> {
        Ok((&self.0.run(py, |session| session.unpin(checkpoint.find(session)?))?).into())
    }

    /// Returns the pinned checkpoints, oldest first.
    fn pins(&self, py: Python<'_>) -> PyResult<Vec<Checkpoint>> {
        Ok(self.0.run(py, partita::Session::pins)?.iter().map(Checkpoint::from).collect())
    }

    /// Gives up history: keeps the newest ``keep`` checkpoints, or those ``since`` a time. Returns
    /// how many went. The next gc frees their bytes. This cannot be undone.
    #[pyo3(signature = (*, keep = None, since = None))]
    fn trim(&self, py: Python<'_>, keep: Option<u64>, since: Option<Time>) -> PyResult<u64> {
        let trim = match (keep, since) {
            (Some(keep), None) => partita::history::Trim::Keep(keep),
            (None, Some(since)) => partita::history::Trim::Since(since.0),
            _ => return Err(PyTypeError::new_err("give either keep= or since=")),
        };
        Ok(self.0.run(py, |session| session.trim(trim))?.trimmed)
    }

    // Purging.

    /// Removes the bytes of a file for good: those of one iteration, or of all. Ids stay, and
    /// whoever reads is told that the bytes were purged. This cannot be undone.
    ///
    /// Raises ``Conflict`` if other sessions hold the bytes and ``everywhere`` is not set.
    #[pyo3(signature = (path, number = None, *, reason, actor = "", everywhere = false, rewrite = false))]
    fn purge_file(
        &self,
        py: Python<'_>,
        path: SessionPath,
        number: Option<u64>,
        reason: &str,
        actor: &str,
        everywhere: bool,
        rewrite: bool,
    ) -> PyResult<PurgeReport> {
        let options = purge_options(reason, actor, everywhere, rewrite);
        progress(py, &self.0, None, |session, told| {
            session.purge_file(&path, number, &options, told)
        })
        .map(PurgeReport::from)
    }

    /// Removes a memory for good, with the long texts that it holds; as ``purge_file()``.
    #[pyo3(signature = (number, *, reason, actor = "", everywhere = false, rewrite = false))]
    fn purge_memory(
        &self,
        py: Python<'_>,
        number: u64,
        reason: &str,
        actor: &str,
        everywhere: bool,
        rewrite: bool,
    ) -> PyResult<PurgeReport> {
        let options = purge_options(reason, actor, everywhere, rewrite);
        progress(py, &self.0, None, |session, told| {
            let id = session.memory_id(&number.to_string())?;
            session.purge_memory(id, &options, told)
        })
        .map(PurgeReport::from)
    }

    fn __repr__(&self) -> String {
        match self.0.shown("Session") {
            Ok(session) => format!("<Session {:?} {:.10}>", session.name(), session.id()),
            Err(gone) => gone,
        }
    }

    #[pyo3(signature = () -> "typing.Never")]
    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "a Session is an open handle and does not pickle: pickle the store's directory and the \
             session's name, and reopen with Store.open(directory).open_session(name)",
        ))
    }
}

fn restore_plan(plan: partita::history::RestorePlan, scope: &'static str) -> RestorePlan {
    let paths = |paths: &[partita::FilePath]| paths.iter().map(SessionPath::from).collect();
    RestorePlan {
        from_: (&plan.from).into(),
        scope: scope.to_owned(),
        create: paths(&plan.create),
        overwrite: paths(&plan.overwrite),
        delete: paths(&plan.delete),
        untouched: plan.untouched,
        memories_back: plan.memories_back,
        memories_dropped: plan.memories_dropped,
        state_changes: plan.state_changes,
        view_changes: plan.view_changes,
        instructions_changes: plan.instructions_changes,
        tools_changes: plan.tools_changes,
        sandbox_changes: plan.sandbox_changes,
        others_changes: plan.others_changes,
        shape: Shape::of(plan),
    }
}
