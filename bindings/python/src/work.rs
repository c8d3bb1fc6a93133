//! Directories and commands: captures, runs, pauses, and what is lost in between.

use std::path::PathBuf;

use pyo3::prelude::*;

use partita::host::{Activity, Command, run_with};
use partita::workspace::{CaptureOptions, CaptureProgress};

use crate::batch::Batch;
use crate::checkout::CheckoutPlan;
use crate::convert::{Whole, seconds};
use crate::handle::Handle;
use crate::history::{Checkpoint, Iteration, LogEntry};
use crate::id::ObjectId;
use crate::path::{DiskPath, SessionPath};
use crate::session::Session;
use crate::shape::Shape;
use crate::snapshot::Snapshot;
use crate::spec::Spec;
use crate::upkeep::{Told, progress as with_progress};
use crate::value::value;

value! {
    /// A path that a capture did not take. It is never taken for deleted.
    LeftOut: shaped {
        /// The path, relative to the directory; of a directory that was not entered it stands for all
        /// that is below.
        path: SessionPath,
        /// Why: ``"ignored"``, ``"excluded"``, ``"too-large"``, ``"too-many"``, ``"special"``,
        /// ``"unreadable"``, ``"unstable"``, ``"refused"``, ``"mount-point"``, ``"repository"``,
        /// ``"store"`` or ``"late"``.
        reason: String,
        /// Why, in more words, where there are any.
        why: Option<String>,
    }
}

impl From<&partita::workspace::LeftOut> for LeftOut {
    fn from(left_out: &partita::workspace::LeftOut) -> Self {
        LeftOut {
            path: (&left_out.path).into(),
            reason: left_out.reason.name().to_owned(),
            why: left_out.why.clone(),
            shape: Shape::of(left_out.clone()),
        }
    }
}

value! {
    /// What a capture took from a directory, or what ``status()`` says it would.
    Capture: shaped {
        /// The directory: absolute, without symlinks.
        directory: PathBuf,
        /// The session's checkpoint after it; none in a session that is still empty, and in a batch.
        checkpoint: Option<ObjectId>,
        /// Whether the capture made that checkpoint. It makes none where nothing changed.
        new: bool,
        /// Files that are new.
        added: Vec<SessionPath>,
        /// Files with other bytes, another kind or another executable bit.
        changed: Vec<SessionPath>,
        /// Files that are gone.
        removed: Vec<SessionPath>,
        /// Files that were moved: where from, and where to.
        renamed: Vec<(SessionPath, SessionPath)>,
        /// Paths that both the directory and the session changed.
        parted: Vec<SessionPath>,
        /// What was left out, and why.
        left_out: Vec<LeftOut>,
        /// Whether the time ran out; the next capture goes on.
        partial: bool,
        /// Whether all was taken that was meant to be.
        whole: bool,
    }
}

impl From<partita::workspace::Capture> for Capture {
    fn from(capture: partita::workspace::Capture) -> Self {
        let paths =
            |paths: &[partita::FilePath]| paths.iter().map(SessionPath::from).collect::<Vec<_>>();
        Capture {
            directory: capture.directory().to_owned(),
            checkpoint: capture.checkpoint().map(|info| info.id.into()),
            new: capture.is_new(),
            added: paths(capture.added()),
            changed: paths(capture.changed()),
            removed: paths(capture.removed()),
            renamed: capture
                .renamed()
                .iter()
                .map(|moved| ((&moved.from).into(), (&moved.to).into()))
                .collect(),
            parted: paths(capture.parted()),
            left_out: capture.left_out().iter().map(LeftOut::from).collect(),
            partial: capture.is_partial(),
            whole: capture.is_whole(),
            shape: Shape::of(capture),
        }
    }
}

value! {
    /// A run of a command, as the session knows it.
    Run: shaped {
        /// Counts from 1.
        number: u64,
        /// What ran, in one line.
        command: String,
        /// Whether it is a step that sets a sandbox up.
        setup: bool,
        /// How it ended: ``"exit 0"``, ``"signal 9"``, ``"timeout"``, ``"lost"``, ``"not found"``,
        /// ``"not executable"``; none while it runs, or if nobody knows.
        exit: Option<String>,
        /// The exit code that a shell would give.
        code: Option<i32>,
        /// The contents of its standard output that are kept: its beginning, and its end where bytes in
        /// between are not.
        stdout: Vec<ObjectId>,
        /// The same of its standard error.
        stderr: Vec<ObjectId>,
        /// The number of the evidence that it is, as ``Session.run()`` returns it; none in a listing.
        evidence: Option<u64>,
    }
}

impl From<partita::host::RunEntry> for Run {
    fn from(entry: partita::host::RunEntry) -> Self {
        let outcome = entry.outcome.as_ref();
        let kept = |output: Option<&partita::object::RunOutput>| {
            let contents = output.map(|output| [output.head, output.tail]);
            contents.into_iter().flatten().flatten().map(ObjectId::from).collect()
        };
        Run {
            number: entry.number,
            command: entry.run.command.line(),
            setup: entry.run.is_setup,
            exit: outcome.map(|outcome| outcome.exit.to_string()),
            code: outcome.and_then(|outcome| outcome.exit.code()),
            stdout: kept(outcome.map(|outcome| &outcome.stdout)),
            stderr: kept(outcome.map(|outcome| &outcome.stderr)),
            evidence: None,
            shape: Shape::of(entry),
        }
    }
}

value! {
    /// What became of a session's surroundings in another directory or sandbox.
    Loss: shaped {
        /// Where it is now.
        instance: String,
        /// Where it was last, if that is known.
        before: Option<String>,
        /// Files that were written.
        restored: Vec<SessionPath>,
        /// Files of the session that are not there, and why.
        missing: Vec<(SessionPath, String)>,
        /// The numbers of the runs that set the one before up, and were not run here.
        setup: Vec<u64>,
        /// The numbers of runs whose outcome nobody knows.
        unknown_runs: Vec<u64>,
        /// All of it in a few lines, as the model is told.
        text: String,
    }
}

impl From<partita::host::Loss> for Loss {
    fn from(loss: partita::host::Loss) -> Self {
        let missing = loss.missing.iter();
        Loss {
            instance: loss.instance.clone(),
            before: loss.before.clone(),
            restored: loss.restored.iter().map(SessionPath::from).collect(),
            missing: missing.map(|file| ((&file.path).into(), file.why.clone())).collect(),
            setup: loss.setup.iter().map(|step| step.run).collect(),
            unknown_runs: loss.unknown_runs.clone(),
            text: loss.text(),
            shape: Shape::of(loss),
        }
    }
}

/// A session bound to a directory: what is changed there is captured, what is in the session is
/// checked out.
///
/// >>> import partita, pathlib, tempfile
/// >>> room = pathlib.Path(tempfile.mkdtemp())
/// >>> _ = (room / "lib.rs").write_text("fn parse() {}")
/// >>> session = partita.Store.in_memory().session("fix-parser")
/// >>> workspace = session.workspace(room)
/// >>> workspace.capture().added
/// ['lib.rs']
/// >>> _ = (room / "lib.rs").rename(room / "parser.rs")
/// >>> workspace.capture().renamed
/// [('lib.rs', 'parser.rs')]
/// >>> _ = session.undo(), workspace.checkout()
/// >>> [path.name for path in room.iterdir()]
/// ['lib.rs']
#[pyclass(module = "partita", frozen)]
pub(crate) struct Workspace(pub(crate) Handle<partita::workspace::Workspace>);

impl Told for CaptureProgress {
    fn steps(&self) -> (u64, u64) {
        (self.read, self.looked)
    }
}

#[pymethods]
impl Workspace {
    /// The directory as it was given.
    #[getter]
    fn directory(&self) -> PyResult<PathBuf> {
        Ok(self.0.get()?.directory().to_owned())
    }

    /// Whether the session's line knows the directory: whether it was captured or checked out into.
    #[getter]
    fn known(&self, py: Python<'_>) -> PyResult<bool> {
        self.0.run(py, partita::workspace::Workspace::is_known)
    }

    /// Takes what changed in the directory into the session, as one durable checkpoint: each changed
    /// file a new iteration. Where nothing changed there is no checkpoint. No file comes into view by
    /// it; one that is in view goes on there.
    ///
    /// ``progress(read, looked)`` is called a few times a second, with the files that were read and the
    /// names that were looked at; what it raises ends the work, and nothing was captured.
    ///
    /// Raises ``Invalid`` if the directory is none, is the store's, or is ``/`` or the home directory
    /// without ``anywhere``; ``Busy`` if a checkout or another capture works in it for too long.
    #[pyo3(signature = (*, progress: "collections.abc.Callable[[int, int], object] | None" = None))]
    fn capture(&self, py: Python<'_>, progress: Option<Py<PyAny>>) -> PyResult<Capture> {
        let taken = with_progress(py, &self.0, progress.as_ref(), |workspace, told| {
            workspace.capture_with(told)
        })?;
        Ok(taken.into())
    }

    /// Returns what ``capture()`` would take, and takes nothing.
    #[pyo3(signature = (*, progress: "collections.abc.Callable[[int, int], object] | None" = None))]
    fn status(&self, py: Python<'_>, progress: Option<Py<PyAny>>) -> PyResult<Capture> {
        let told = with_progress(py, &self.0, progress.as_ref(), |workspace, told| {
            workspace.status_with(told)
        })?;
        Ok(told.into())
    }

    /// Writes the files of a checkpoint, or of the latest state, into the directory, as
    /// ``Session.checkout()`` does.
    #[pyo3(signature = (*, checkpoint = None))]
    fn checkout(&self, py: Python<'_>, checkpoint: Option<Spec>) -> PyResult<CheckoutPlan> {
        let plan = self.0.run(py, |workspace| {
            let at = checkpoint.map(|checkpoint| checkpoint.find(workspace.session()));
            workspace.checkout(at.transpose()?)
        })?;
        Ok(plan.into())
    }

    /// Brings back what an earlier iteration of a path held, in the session and in the directory.
    fn restore(&self, py: Python<'_>, path: SessionPath, number: Whole) -> PyResult<Iteration> {
        Ok(self.0.run(py, |workspace| workspace.restore(&path, number.0))?.into())
    }

    fn __repr__(&self) -> String {
        match self.0.shown("Workspace") {
            Ok(workspace) => format!(
                "<Workspace {:?} of {:?}>",
                workspace.directory(),
                workspace.session().name()
            ),
            Err(why) => why,
        }
    }
}

#[pymethods]
impl Session {
    /// Binds the session to a directory; nothing is looked at yet.
    ///
    /// ``include`` takes what ignore files name, ``exclude`` leaves new paths out, ``show`` brings what
    /// matches into the view: globs each. ``file_bytes_max``, ``new_paths_max`` and ``new_bytes_max``
    /// limit what is new in one capture, ``within`` its seconds.
    #[pyo3(signature = (directory, *, include: "collections.abc.Iterable[str]" = Vec::new(),
        exclude: "collections.abc.Iterable[str]" = Vec::new(), show: "collections.abc.Iterable[str]" = Vec::new(),
        file_bytes_max: "int | None" = None, new_paths_max: "int | None" = None, new_bytes_max: "int | None" = None,
        within: "float | None" = None, message: "str | None" = None, anywhere: "bool" = false) -> "Workspace",
        text_signature = "($self, directory, *, include=[], exclude=[], show=[], file_bytes_max=None, new_paths_max=None, new_bytes_max=None, within=None, message=None, anywhere=False)")]
    fn workspace(
        &self,
        directory: DiskPath,
        include: Vec<String>,
        exclude: Vec<String>,
        show: Vec<String>,
        file_bytes_max: Option<Whole>,
        new_paths_max: Option<Whole>,
        new_bytes_max: Option<Whole>,
        within: Option<f64>,
        message: Option<String>,
        anywhere: bool,
    ) -> PyResult<Workspace> {
        let mut options = CaptureOptions::new();
        for glob in &include {
            options = options.include(glob).map_err(crate::error::raise)?;
        }
        for glob in &exclude {
            options = options.exclude(glob).map_err(crate::error::raise)?;
        }
        for glob in &show {
            options = options.show(glob).map_err(crate::error::raise)?;
        }
        if let Some(bytes) = file_bytes_max {
            options = options.file_bytes_max(bytes.0);
        }
        if let Some(paths) = new_paths_max {
            options = options.new_paths_max(paths.0);
        }
        if let Some(bytes) = new_bytes_max {
            options = options.new_bytes_max(bytes.0);
        }
        if let Some(within) = within {
            options = options.within(seconds(within)?);
        }
        if let Some(message) = &message {
            options = options.message(message);
        }
        if anywhere {
            options = options.anywhere();
        }
        let workspace = self.0.get()?.workspace(&directory).with_options(options);
        Ok(Workspace(self.0.with(workspace)))
    }

    /// Runs a command in a directory, and records how it ended together with what it changed. A list is
    /// a program and its arguments, a text a line for the shell. One ``undo()`` takes back what it
    /// changed; that it ran stays known.
    ///
    /// The command has the environment of this process and no input. It is killed whole, with all that
    /// it started, when it ends or after ``timeout`` seconds.
    ///
    /// >>> import partita, tempfile
    /// >>> session = partita.Store.in_memory().session("fix-parser")
    /// >>> run = session.run("echo made > by-it; exit 3", tempfile.mkdtemp())
    /// >>> run.exit, session.read("by-it")
    /// ('exit 3', b'made\n')
    ///
    /// What it shows is evidence, whose number is the run's ``evidence``. ``inputs`` are globs of the files
    /// that it depends on, ``reports`` files that it writes, ``claims`` what is claimed by it.
    #[pyo3(signature = (command: "collections.abc.Sequence[str] | str", directory, *, timeout: "float | None" = None, setup: "bool" = false,
        inputs: "collections.abc.Iterable[str]" = Vec::new(), reports: "collections.abc.Iterable[str]" = Vec::new(),
        claims: "collections.abc.Iterable[str]" = Vec::new()) -> "Run",
        text_signature = "($self, command, directory, *, timeout=None, setup=False, inputs=[], reports=[], claims=[])")]
    fn run(
        &self,
        py: Python<'_>,
        command: &Bound<'_, PyAny>,
        directory: DiskPath,
        timeout: Option<f64>,
        setup: bool,
        inputs: Vec<String>,
        reports: Vec<String>,
        claims: Vec<String>,
    ) -> PyResult<Run> {
        let mut line = match command.extract::<String>() {
            Ok(line) => Command::shell(line),
            Err(_) => Command::new(command.extract::<Vec<std::ffi::OsString>>()?),
        };
        if let Some(timeout) = timeout {
            line = line.timeout(seconds(timeout)?);
        }
        if setup {
            line = line.setup();
        }
        for glob in inputs {
            line = line.inputs(glob).map_err(crate::error::raise)?;
        }
        line = reports.into_iter().fold(line, Command::report);
        line = claims.into_iter().fold(line, Command::claim);
        let (entry, evidence) = self.0.run(py, |session| {
            let mut sandbox = partita_sandbox::ProcessSandbox::new(&directory)?.inherit_all();
            let options = CaptureOptions::new();
            let ran = run_with(session, &mut sandbox, &line, &options, &mut |_, _| {})?;
            ran.capture?;
            Ok((session.latest()?.run(ran.number)?, ran.evidence))
        })?;
        Ok(Run { evidence: Some(evidence), ..entry.into() })
    }

    /// Brings the files into a directory, and says what did not come along. No command is run.
    fn resume(&self, py: Python<'_>, directory: DiskPath) -> PyResult<Loss> {
        let loss = self.0.run(py, |session| {
            let mut sandbox = partita_sandbox::ProcessSandbox::new(&directory)?;
            partita::host::attach(session, &mut sandbox)
        })?;
        Ok(loss.into())
    }

    /// Says that the session is paused, and why in a line. Whatever is done to it next resumes it.
    #[pyo3(signature = (reason = ""))]
    fn pause(&self, py: Python<'_>, reason: &str) -> PyResult<Option<Checkpoint>> {
        let paused = self.0.run(py, |session| session.pause(reason))?;
        Ok(paused.as_ref().map(Checkpoint::from))
    }

    /// What the session is doing: ``"idle"``, ``"running"`` or ``"paused"``.
    #[getter]
    fn activity(&self, py: Python<'_>) -> PyResult<&'static str> {
        self.0.run(py, |session| session.activity().map(|activity: Activity| activity.name()))
    }

    /// Returns the checkpoints that came after the one of a number, oldest first.
    fn changes(&self, py: Python<'_>, after: Whole) -> PyResult<Vec<LogEntry>> {
        let entries = self.0.run(py, |session| session.changes(after.0))?;
        Ok(entries.into_iter().map(LogEntry::from).collect())
    }
}

#[pymethods]
impl Batch {
    /// Takes what changed in a directory into the batch, so that it is one checkpoint with the rest. The
    /// directory is held until the batch ends.
    ///
    /// Raises ``Invalid`` for a second capture, or a workspace of another session.
    fn capture(&self, py: Python<'_>, workspace: &Workspace) -> PyResult<Capture> {
        let workspace = workspace.0.get()?.clone();
        Ok(self.edit(py, |batch| batch.capture(&workspace))?.into())
    }
}

#[pymethods]
impl Snapshot {
    /// What the newest capture of a directory left out of this state.
    fn left_out(&self, py: Python<'_>) -> PyResult<Vec<LeftOut>> {
        let rows = self.0.run(py, partita::Snapshot::left_out)?;
        Ok(rows.iter().map(LeftOut::from).collect())
    }

    /// The runs of commands, newest first. An undo takes none of them away.
    #[pyo3(signature = (*, limit = None))]
    fn runs(&self, py: Python<'_>, limit: Option<Whole>) -> PyResult<Vec<Run>> {
        let limit =
            limit.map_or(usize::MAX, |limit| usize::try_from(limit.0).unwrap_or(usize::MAX));
        let runs = self
            .0
            .run(py, |snapshot| snapshot.runs().take(limit).collect::<partita::Result<Vec<_>>>())?;
        Ok(runs.into_iter().map(Run::from).collect())
    }
}
