//! Merges: what several sessions know, united in one, and what came of it.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use partita::merge::{MergeOptions, MergedDialog};

use crate::error::invalid;
use crate::history::Checkpoint;
use crate::path::SessionPath;
use crate::session::Session;
use crate::shape::Shape;
use crate::store::Store;
use crate::summarizing::Summarizing;
use crate::value::value;

value! {
    /// What the states of two sessions both come from.
    MergeBase: shaped {
        /// ``"checkpoint"``; ``"nothing"`` where they have nothing in common, so that the base of their
        /// merge is empty; ``"hidden"`` where it was trimmed, or is lost.
        kind: String,
        /// The newest checkpoint that both contain; none of the other kinds.
        checkpoint: Option<Checkpoint>,
    }
}

impl From<&partita::merge::MergeBase> for MergeBase {
    fn from(base: &partita::merge::MergeBase) -> Self {
        let (kind, checkpoint) = match base {
            partita::merge::MergeBase::Checkpoint(info) => ("checkpoint", Some(info.into())),
            partita::merge::MergeBase::Nothing => ("nothing", None),
            _ => ("hidden", None),
        };
        MergeBase { kind: kind.to_owned(), checkpoint, shape: Shape::of(base.clone()) }
    }
}

value! {
    /// A session that was merged into another.
    MergedSession: shaped {
        /// Its name.
        name: String,
        /// The checkpoint that was merged; none where it had none.
        checkpoint: Option<Checkpoint>,
        /// What both came from.
        base: MergeBase,
        /// How it came in: ``"up-to-date"``, ``"fast-forward"`` or ``"merged"``.
        way: String,
        /// How many memories came with it.
        memories: u64,
        /// How many pieces of evidence came with it.
        evidence: u64,
        /// How many claims came with it.
        claims: u64,
    }
}

impl From<&partita::merge::MergedSession> for MergedSession {
    fn from(session: &partita::merge::MergedSession) -> Self {
        MergedSession {
            name: session.name.clone(),
            checkpoint: session.checkpoint.as_ref().map(Checkpoint::from),
            base: (&session.base).into(),
            way: session.way.name().to_owned(),
            memories: session.memories,
            evidence: session.evidence,
            claims: session.claims,
            shape: Shape::of(session.clone()),
        }
    }
}

value! {
    /// Something beside files that two sessions changed differently. What the session had was kept.
    KeptOurs: shaped {
        /// What it is: ``"instructions"``, ``"tools"``, ``"state KEY"``, ``"pin of memory NUMBER"``.
        what: String,
        /// The session whose change was not taken.
        theirs: String,
    }
}

impl From<&partita::merge::KeptOurs> for KeptOurs {
    fn from(kept: &partita::merge::KeptOurs) -> Self {
        KeptOurs {
            what: kept.what.clone(),
            theirs: kept.theirs.clone(),
            shape: Shape::of(kept.clone()),
        }
    }
}

value! {
    /// Two paths that the sides of a merge added and that differ in the case of letters alone.
    CaseClash: shaped {
        /// The one that this session added.
        ours: SessionPath,
        /// The one that the other session added.
        theirs: SessionPath,
    }
}

impl From<&partita::merge::CaseClash> for CaseClash {
    fn from(clash: &partita::merge::CaseClash) -> Self {
        CaseClash {
            ours: SessionPath::from(&clash.ours),
            theirs: SessionPath::from(&clash.theirs),
            shape: Shape::of(clash.clone()),
        }
    }
}

value! {
    /// What a merge did, or would do.
    MergeReport: shaped {
        /// The checkpoint with all of it; of a plan, and where nothing was new, the newest that there is.
        checkpoint: Option<Checkpoint>,
        /// Whether the session has something that it had not.
        changed: bool,
        /// The sessions that were merged, in their order.
        sessions: Vec<MergedSession>,
        /// How many paths hold something else than before.
        files: u64,
        /// Paths that are in conflict since this merge, in their order.
        conflicts: Vec<SessionPath>,
        /// Paths that the sides added and that differ in case alone. Both are there; a file system that
        /// takes them for one name holds one of them.
        case_clashes: Vec<CaseClash>,
        /// What beside files both sides changed, and whose was kept.
        kept: Vec<KeptOurs>,
    }

    /// Whether nothing is in conflict that was not before, and nothing was kept.
    #[getter]
    fn clean(&self) -> bool {
        self.conflicts.is_empty() && self.kept.is_empty()
    }
}

impl From<partita::merge::MergeReport> for MergeReport {
    fn from(report: partita::merge::MergeReport) -> Self {
        MergeReport {
            checkpoint: report.checkpoint.as_ref().map(Checkpoint::from),
            changed: report.changed,
            sessions: report.sessions.iter().map(MergedSession::from).collect(),
            files: report.files,
            conflicts: report.conflicts.iter().map(SessionPath::from).collect(),
            case_clashes: report.case_clashes.iter().map(CaseClash::from).collect(),
            kept: report.kept.iter().map(KeptOurs::from).collect(),
            shape: Shape::of(report),
        }
    }
}

/// What becomes of the dialogs that come, as arguments say it.
enum Dialog<'a> {
    Unsaid,
    OutOfView,
    Whole,
    Summary(Summarizing<'a>),
}

impl<'a> Dialog<'a> {
    fn given(
        py: Python<'_>,
        dialog: Option<&str>,
        summarizer: Option<&'a Py<PyAny>>,
    ) -> PyResult<Self> {
        let dialog = match (dialog, summarizer) {
            (Some("summary"), Some(call)) => {
                let call_of = call.bind(py);
                if !call_of.is_callable() {
                    let name = call_of.get_type().name()?;
                    return Err(PyTypeError::new_err(format!(
                        "a summarizer is a callable from memories to a text or a Memory, got {name}"
                    )));
                }
                return Ok(Dialog::Summary(Summarizing::new(call)));
            }
            (Some("summary"), None) => {
                return Err(invalid("dialog=\"summary\" needs summarizer=, which writes it"));
            }
            (None, _) => Dialog::Unsaid,
            (Some("none"), _) => Dialog::OutOfView,
            (Some("whole"), _) => Dialog::Whole,
            (Some(other), _) => {
                let what = format!("a dialog is none, whole or summary, got {other:?}");
                return Err(invalid(what));
            }
        };
        match summarizer {
            Some(_) => Err(invalid("summarizer= is for dialog=\"summary\" alone")),
            None => Ok(dialog),
        }
    }

    fn options(&self) -> MergeOptions<'_> {
        let options = MergeOptions::new();
        match self {
            Dialog::Unsaid => options,
            Dialog::OutOfView => options.dialog(MergedDialog::OutOfView),
            Dialog::Whole => options.dialog(MergedDialog::Whole),
            Dialog::Summary(summarizing) => options.dialog(MergedDialog::Summary(summarizing)),
        }
    }
}

/// Calls the core with what becomes of the dialogs, with the interpreter let go. What a summarizer
/// raises is raised in the end.
fn merging<R: Send>(
    py: Python<'_>,
    dialog: Option<&str>,
    summarizer: Option<&Py<PyAny>>,
    call: impl FnOnce(MergeOptions<'_>) -> partita::Result<R> + Send,
) -> PyResult<R> {
    let dialog = Dialog::given(py, dialog, summarizer)?;
    let result = py.detach(|| call(dialog.options()));
    match dialog {
        Dialog::Summary(summarizing) => summarizing.end(result),
        _ => result.map_err(crate::error::raise),
    }
}

/// Returns the core's own sessions.
pub(crate) fn inner<'a>(sessions: &'a [Bound<'_, Session>]) -> PyResult<Vec<&'a partita::Session>> {
    sessions.iter().map(|session| session.get().0.get()).collect()
}

#[pymethods]
impl Session {
    /// Unites the states of other sessions with this one's, as one durable commit that ``undo()`` takes
    /// back. Nothing happens to the others.
    ///
    /// Files come as one side changed them since both had one state. What both changed differently is
    /// joined line by line, or is a merge conflict, which ``conflicts()`` lists and ``resolve()`` takes
    /// away. Memories come behind this session's and know where they come from. ``dialog`` says what of
    /// them is in view: ``"none"``; ``"whole"``, as it was there; or ``"summary"``, one for each
    /// session's, which ``summarizer`` writes as in ``compact()``. Unless it is said, nothing of them is;
    /// but where nothing happened here since the other was forked, its state comes as it is. State,
    /// instructions, tools, pins and rules come as one side changed them. Where both did and it cannot
    /// be joined, this session's stays, and the report says so. Runs, evidence and claims come along.
    ///
    /// Merging again brings what is new. A summarizer may be asked again where another writer came first.
    ///
    /// Raises ``Invalid`` for no session, for more than 63, for this one, for the same one twice and for
    /// one of another store; ``NotFound`` for one that is gone. Nothing happened then.
    ///
    /// >>> import partita
    /// >>> session = partita.Store.in_memory().session("parser")
    /// >>> _ = session.write("src/lib.rs", "mod lexer;\n")
    /// >>> lexer = session.fork("lexer")
    /// >>> _ = lexer.write("src/lexer.rs", "struct Lexer;\n")
    /// >>> _ = session.write("README.md", "A parser.\n")
    /// >>> session.merge(lexer).clean
    /// True
    /// >>> session.read("src/lexer.rs")
    /// b'struct Lexer;\n'
    #[pyo3(signature = (*others: "Session", dialog = None,
        summarizer: "collections.abc.Callable[[list[Memory]], str | Memory] | None" = None))]
    fn merge(
        &self,
        py: Python<'_>,
        others: Vec<Bound<'_, Session>>,
        dialog: Option<&str>,
        summarizer: Option<Py<PyAny>>,
    ) -> PyResult<MergeReport> {
        let (session, others) = (self.0.get()?, inner(&others)?);
        let report =
            merging(py, dialog, summarizer.as_ref(), |options| session.merge(&others, options))?;
        Ok(report.into())
    }

    /// Tells what ``merge()`` would do, and does nothing. A summarizer is asked all the same.
    #[pyo3(signature = (*others: "Session", dialog = None,
        summarizer: "collections.abc.Callable[[list[Memory]], str | Memory] | None" = None))]
    fn plan_merge(
        &self,
        py: Python<'_>,
        others: Vec<Bound<'_, Session>>,
        dialog: Option<&str>,
        summarizer: Option<Py<PyAny>>,
    ) -> PyResult<MergeReport> {
        let (session, others) = (self.0.get()?, inner(&others)?);
        let report = merging(py, dialog, summarizer.as_ref(), |options| {
            session.plan_merge(&others, options)
        })?;
        Ok(report.into())
    }

    /// Finds the newest checkpoint that this session and others of its store all contain: where one was
    /// forked from another or several from one, or what was merged since.
    ///
    /// Raises ``Invalid`` for no other session and for one of another store, ``NotFound`` for one that is
    /// gone.
    ///
    /// >>> import partita
    /// >>> session = partita.Store.in_memory().session("s")
    /// >>> _ = session.write("a", "1")
    /// >>> fork = session.fork("t")
    /// >>> _ = session.write("a", "2")
    /// >>> session.common_with(fork).checkpoint.number
    /// 1
    #[pyo3(signature = (*others: "Session"))]
    fn common_with(&self, py: Python<'_>, others: Vec<Bound<'_, Session>>) -> PyResult<MergeBase> {
        let others = inner(&others)?;
        Ok((&self.0.run(py, |session| session.common_with(&others))?).into())
    }
}

#[pymethods]
impl Store {
    /// Begins a session that has everything several have, in one durable commit: a fork of the first into
    /// which the others are merged, as ``Session.merge()`` does. Returns it, and what the merge did.
    ///
    /// Raises ``AlreadyExists`` if the name is taken, ``Invalid`` for a name that cannot be, else as
    /// ``Session.merge()``.
    ///
    /// >>> import partita
    /// >>> store = partita.Store.in_memory()
    /// >>> parser = store.session("parser")
    /// >>> _ = parser.write("README.md", "A parser.\n")
    /// >>> lexer, printer = parser.fork("lexer"), parser.fork("printer")
    /// >>> _ = lexer.write("lexer.rs", "struct Lexer;\n")
    /// >>> _ = printer.write("printer.rs", "struct Printer;\n")
    /// >>> both, report = store.integrate("both", lexer, printer)
    /// >>> report.clean, list(both.files)
    /// (True, ['README.md', 'lexer.rs', 'printer.rs'])
    #[pyo3(signature = (name, *sessions: "Session", dialog = None,
        summarizer: "collections.abc.Callable[[list[Memory]], str | Memory] | None" = None))]
    fn integrate(
        &self,
        py: Python<'_>,
        name: &str,
        sessions: Vec<Bound<'_, Session>>,
        dialog: Option<&str>,
        summarizer: Option<Py<PyAny>>,
    ) -> PyResult<(Session, MergeReport)> {
        let (handle, sessions) = (self.handle()?, inner(&sessions)?);
        let store = handle.get()?;
        let (session, report) = merging(py, dialog, summarizer.as_ref(), |options| {
            store.integrate(name, &sessions, options)
        })?;
        Ok((Session(handle.with(session)), report.into()))
    }
}
