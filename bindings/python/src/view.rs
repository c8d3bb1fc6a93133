//! The view: what of memories and files is in context, and its edits.

use std::borrow::Cow;

use pyo3::prelude::*;

use partita::shape::Listed;
use partita::view::{MemoryState, PairInView};
use partita::{ErrorKind, MemoryId};

use crate::batch::Batch;
use crate::error::invalid;
use crate::handle::Handle;
use crate::history::Checkpoint;
use crate::id::ObjectId;
use crate::json::Dict;
use crate::memory::Memory;
use crate::path::SessionPath;
use crate::selected::Selected;
use crate::session::Session;
use crate::shape::{Shape, dict_of};
use crate::snapshot::Snapshot;
use crate::summarizing::Summarizing;
use crate::value::value;

value! {
    /// What an edit of the view did, and what it left alone. Files are paths with the number of an
    /// iteration; a summary is known by the first number that it covers.
    ViewReport: shaped {
        /// The memories that were named.
        named: Vec<u64>,
        /// The memories that were added, so that no exchange is torn.
        widened: Vec<u64>,
        /// The summaries that stand for named memories, each taken whole: first and last number.
        summaries: Vec<(u64, u64)>,
        /// The memories whose part in the view changed.
        changed: Vec<u64>,
        /// The memories that would have changed but for a pin in their exchange.
        pinned: Vec<u64>,
        /// The files that went out of view.
        files_out: Vec<(SessionPath, u64)>,
        /// The files that came into view.
        files_in: Vec<(SessionPath, u64)>,
        /// The files in view that were pinned or unpinned.
        files_changed: Vec<(SessionPath, u64)>,
        /// The files that would have gone out of view but for their pin.
        files_pinned: Vec<(SessionPath, u64)>,
        /// Whether what hides files to come changed.
        rules: bool,
        /// The session's newest checkpoint after it; none where nothing changed, and in a batch.
        checkpoint: Option<Checkpoint>,
    }
}

impl From<partita::view::ViewReport> for ViewReport {
    fn from(report: partita::view::ViewReport) -> Self {
        let files = |files: &[PairInView]| {
            files.iter().map(|pair| (SessionPath::from(&pair.path), pair.number)).collect()
        };
        ViewReport {
            shape: Shape::of(report.clone()),
            files_out: files(&report.files_out),
            files_in: files(&report.files_in),
            files_changed: files(&report.files_changed),
            files_pinned: files(&report.files_pinned),
            named: report.named,
            widened: report.widened,
            summaries: report.summaries,
            changed: report.changed,
            pinned: report.pinned,
            rules: report.rules,
            checkpoint: report.checkpoint.as_ref().map(Checkpoint::from),
        }
    }
}

value! {
    /// A memory in view.
    ViewMemory {
        /// Its number; of a summary the first number that it covers.
        number: u64,
        /// The memory.
        memory: Memory,
        /// How it stands in the view: ``"full"``, ``"trimmed"`` with what tools returned shortened,
        /// ``"summary"`` of a range of memories, or ``"forgotten"``.
        state: String,
        /// Of a summary, the last number that it covers.
        last: Option<u64>,
        /// Whether nothing else may touch it.
        pinned: bool,
        /// Of a summary, what it relies on: calls, results and checks that it covers.
        relies_on: Vec<ObjectId>,
    }

    /// Returns it as JSON has it: a row of what the command's ``view`` prints with ``--json``.
    ///
    /// Raises ``Invalid`` if its memory is of no session.
    fn to_dict(&self) -> PyResult<Dict> {
        let id = self.memory.id().ok_or_else(|| invalid("a memory of no session is no row"))?;
        dict_of(&Listed {
            number: self.number,
            id: MemoryId::new(id.0),
            memory: Cow::Borrowed(self.memory.inner()),
            state: &self.state,
            last: self.last,
            pinned: self.pinned,
        })
    }
}

value! {
    /// A file in view.
    ViewFile: shaped {
        /// Where it is.
        path: SessionPath,
        /// The number of the iteration.
        number: u64,
        /// The iteration.
        iteration: ObjectId,
        /// The number of the newest memory when it came into view; 0 before the first.
        after: u64,
        /// Whether nothing else may touch it.
        pinned: bool,
    }
}

value! {
    /// A pattern that hides or shows files, also those to come; the last that matches counts.
    ViewRule: shaped {
        /// Whether it hides; else it shows.
        hides: bool,
        /// Which files.
        glob: SessionPath,
    }
}

value! {
    /// A call in view that waits for its result: ``Memory.tool(id, ...)`` answers it, or
    /// ``Memory.tool_error(id, ...)``.
    OpenCall {
        /// The number of the memory that calls.
        memory: u64,
        /// The id of the call, which its result names.
        id: String,
        /// The name of the tool; of a built-in tool of the provider's the type of its call.
        name: String,
        /// The arguments as the model wrote them: JSON, as a rule. Of a call that only its provider
        /// understands it is the whole item.
        arguments: String,
    }
}

/// What of a state's memories and files is in context, apart from what exists.
///
/// >>> import partita
/// >>> session = partita.Store.in_memory().session("s")
/// >>> for text in ["one", "two", "three"]:
/// ...     _ = session.remember(text)
/// >>> session.forget("1..2").changed
/// [1, 2]
/// >>> [memory.number for memory in session.view.memories()]
/// [3]
#[pyclass(module = "partita", frozen)]
pub(crate) struct View(Handle<partita::Snapshot>);

#[pymethods]
impl View {
    /// Returns the memories in view in their order, summaries in place of what they cover; on wish
    /// also those that are forgotten. Purged ones are left out.
    #[pyo3(signature = (*, forgotten = false))]
    fn memories(&self, py: Python<'_>, forgotten: bool) -> PyResult<Vec<ViewMemory>> {
        self.0.run(py, |snapshot| {
            let view = snapshot.view();
            let mut memories = Vec::new();
            let rows = match forgotten {
                true => view.memories_and_forgotten(),
                false => view.memories(),
            };
            for row in rows {
                let row = row?;
                let (state, last) = match row.state {
                    MemoryState::Full => ("full", None),
                    MemoryState::Trimmed => ("trimmed", None),
                    MemoryState::Summary { last } => ("summary", Some(last)),
                    MemoryState::Forgotten => ("forgotten", None),
                    _ => ("other", None),
                };
                let relies_on = match last {
                    Some(_) => view.relies_on(&row.memory)?,
                    None => Vec::new(),
                };
                let entry = match row.to_entry().resolve(snapshot.store()) {
                    Err(error) if error.kind() == ErrorKind::Purged => continue,
                    entry => entry?,
                };
                memories.push(ViewMemory {
                    number: row.number,
                    memory: Memory::placed(entry),
                    state: state.to_owned(),
                    last,
                    pinned: row.pinned,
                    relies_on: relies_on.into_iter().map(ObjectId).collect(),
                });
            }
            Ok(memories)
        })
    }

    /// Returns the files in view, in the order in which they came into it.
    fn files(&self, py: Python<'_>) -> PyResult<Vec<ViewFile>> {
        self.0.run(py, |snapshot| {
            let file = |file: partita::view::ViewFile| ViewFile {
                path: (&file.path).into(),
                number: file.number,
                iteration: file.iteration.into(),
                after: file.after,
                pinned: file.pinned,
                shape: Shape::of(file),
            };
            snapshot.view().files().map(|row| row.map(file)).collect()
        })
    }

    /// Returns the calls in view that wait for a result, in their order: what is to be done first
    /// when a session is resumed. A call that is forgotten or covered by a summary waits no more.
    ///
    /// >>> import partita
    /// >>> from partita import Memory, Part
    /// >>> session = partita.Store.in_memory().session("s")
    /// >>> _ = session.remember(Memory.assistant("I look.", Part.call("c1", "ls", "{}")))
    /// >>> [(call.memory, call.id, call.name) for call in session.view.open_calls()]
    /// [(1, 'c1', 'ls')]
    /// >>> _ = session.remember(Memory.tool_error("c1", "interrupted"))
    /// >>> session.view.open_calls()
    /// []
    fn open_calls(&self, py: Python<'_>) -> PyResult<Vec<OpenCall>> {
        let calls = self.0.run(py, |snapshot| snapshot.view().open_calls())?;
        let call = |call: partita::view::OpenCall| OpenCall {
            memory: call.memory,
            id: call.id,
            name: call.name,
            arguments: String::from_utf8_lossy(&call.arguments).into_owned(),
        };
        Ok(calls.into_iter().map(call).collect())
    }

    /// Returns the patterns that hide and show files, oldest first.
    fn rules(&self, py: Python<'_>) -> PyResult<Vec<ViewRule>> {
        let rules = self.0.run(py, |snapshot| snapshot.view().rules())?;
        let rule = |rule: &partita::view::ViewRule| ViewRule {
            hides: rule.hides,
            glob: SessionPath(rule.glob.as_bytes().to_vec()),
            shape: Shape::of(rule.clone()),
        };
        Ok(rules.iter().map(rule).collect())
    }

    /// Returns it as JSON has it: what the command's ``view`` prints with ``--json``.
    fn to_dict(&self, py: Python<'_>) -> PyResult<Dict> {
        let snapshot = self.0.get()?;
        py.detach(|| dict_of(&snapshot.view()))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        if let Err(gone) = self.0.shown("View") {
            return Ok(gone);
        }
        let files = self.0.run(py, |snapshot| snapshot.view().file_count())?;
        Ok(format!("<View with {files} files>"))
    }
}

#[pymethods]
impl Snapshot {
    /// What of memories and files is in context.
    #[getter]
    fn view(&self) -> View {
        View(self.0.clone())
    }
}

#[pymethods]
impl Session {
    /// What of the latest memories and files is in context.
    #[getter]
    fn view(&self, py: Python<'_>) -> PyResult<View> {
        Ok(View(self.0.with(self.0.run(py, partita::Session::latest)?)))
    }

    /// Takes memories out of the view, by whole exchanges; ``recall()`` and ``undo()`` bring them
    /// back. What is pinned stays, and the report says so.
    ///
    /// Memories are selected by a number, a ``Memory``, or a text: ``"3..7"``, ``"id:PREFIX"``,
    /// ``"role:tool"``, ``"text:WORDS"``, ``"before:2026-11-25"``. Raises ``Invalid`` for any other,
    /// ``NotFound`` for a number or an id that is not there.
    fn forget(&self, py: Python<'_>, memories: Selected) -> PyResult<ViewReport> {
        Ok(self.0.run(py, |session| session.forget(&memories.0))?.into())
    }

    /// Brings forgotten memories back into the view, and shortened results back whole.
    fn recall(&self, py: Python<'_>, memories: Selected) -> PyResult<ViewReport> {
        Ok(self.0.run(py, |session| session.recall(&memories.0))?.into())
    }

    /// Shows what tools returned shortened.
    fn trim_results(&self, py: Python<'_>, memories: Selected) -> PyResult<ViewReport> {
        Ok(self.0.run(py, |session| session.trim_results(&memories.0))?.into())
    }

    /// Keeps memories in view as they are, whatever else is edited.
    fn pin_memories(&self, py: Python<'_>, memories: Selected) -> PyResult<ViewReport> {
        Ok(self.0.run(py, |session| session.pin_memories(&memories.0))?.into())
    }

    /// Takes pins away.
    fn unpin_memories(&self, py: Python<'_>, memories: Selected) -> PyResult<ViewReport> {
        Ok(self.0.run(py, |session| session.unpin_memories(&memories.0))?.into())
    }

    /// Lays a summary over each run of selected memories in view, by whole exchanges. What they say
    /// stays, and ``expand()`` brings it back.
    ///
    /// ``summarizer`` is given a run's memories and returns the text, or a memory with it, which must
    /// not be longer than what it covers. What it raises is raised, and nothing is changed.
    ///
    /// >>> import partita
    /// >>> session = partita.Store.in_memory().session("s")
    /// >>> _ = session.remember("Please look at the parser.")
    /// >>> _ = session.remember("It drops the last token, I think.", role="assistant")
    /// >>> session.compact("1..2", lambda memories: f"{len(memories)} memories").changed
    /// [1, 2]
    /// >>> [memory.memory.text for memory in session.view.memories()]
    /// ['2 memories']
    #[pyo3(signature = (memories, summarizer: "collections.abc.Callable[[list[Memory]], str | Memory]"))]
    fn compact(
        &self,
        py: Python<'_>,
        memories: Selected,
        summarizer: Py<PyAny>,
    ) -> PyResult<ViewReport> {
        let summarizing = Summarizing::new(&summarizer);
        let session = self.0.get()?;
        let report = py.detach(|| session.compact(&memories.0, &summarizing));
        Ok(summarizing.end(report)?.into())
    }

    /// Takes the summaries that stand for memories off again.
    fn expand(&self, py: Python<'_>, memories: Selected) -> PyResult<ViewReport> {
        Ok(self.0.run(py, |session| session.expand(&memories.0))?.into())
    }

    /// Takes files out of the view by a glob, also those to come.
    fn hide(&self, py: Python<'_>, glob: &str) -> PyResult<ViewReport> {
        Ok(self.0.run(py, |session| session.hide(glob))?.into())
    }

    /// Puts files into the view by a glob.
    fn show(&self, py: Python<'_>, glob: &str) -> PyResult<ViewReport> {
        Ok(self.0.run(py, |session| session.show(glob))?.into())
    }

    /// Lets outdated iterations in view give way to the current ones.
    fn refresh(&self, py: Python<'_>) -> PyResult<ViewReport> {
        Ok(self.0.run(py, partita::Session::refresh)?.into())
    }

    /// Keeps files in view as they are, whatever else is edited.
    fn pin_files(&self, py: Python<'_>, glob: &str) -> PyResult<ViewReport> {
        Ok(self.0.run(py, |session| session.pin_files(glob))?.into())
    }

    /// Takes pins of files away.
    fn unpin_files(&self, py: Python<'_>, glob: &str) -> PyResult<ViewReport> {
        Ok(self.0.run(py, |session| session.unpin_files(glob))?.into())
    }
}

#[pymethods]
impl Batch {
    /// Takes memories out of the view, by whole exchanges; as in a session.
    fn forget(&self, py: Python<'_>, memories: Selected) -> PyResult<ViewReport> {
        Ok(self.edit(py, |batch| batch.forget(&memories.0))?.into())
    }

    /// Brings forgotten memories back into the view.
    fn recall(&self, py: Python<'_>, memories: Selected) -> PyResult<ViewReport> {
        Ok(self.edit(py, |batch| batch.recall(&memories.0))?.into())
    }

    /// Shows what tools returned shortened.
    fn trim_results(&self, py: Python<'_>, memories: Selected) -> PyResult<ViewReport> {
        Ok(self.edit(py, |batch| batch.trim_results(&memories.0))?.into())
    }

    /// Keeps memories in view as they are, whatever else is edited.
    fn pin_memories(&self, py: Python<'_>, memories: Selected) -> PyResult<ViewReport> {
        Ok(self.edit(py, |batch| batch.pin_memories(&memories.0))?.into())
    }

    /// Takes pins away.
    fn unpin_memories(&self, py: Python<'_>, memories: Selected) -> PyResult<ViewReport> {
        Ok(self.edit(py, |batch| batch.unpin_memories(&memories.0))?.into())
    }

    /// Lays a summary over each run of selected memories in view; as in a session. The summarizer
    /// must not use the batch.
    #[pyo3(signature = (memories, summarizer: "collections.abc.Callable[[list[Memory]], str | Memory]"))]
    fn compact(
        &self,
        py: Python<'_>,
        memories: Selected,
        summarizer: Py<PyAny>,
    ) -> PyResult<ViewReport> {
        let summarizing = Summarizing::new(&summarizer);
        let report = self.lend(py, |batch| batch.compact(&memories.0, &summarizing))?;
        Ok(summarizing.end(report)?.into())
    }

    /// Takes the summaries that stand for memories off again.
    fn expand(&self, py: Python<'_>, memories: Selected) -> PyResult<ViewReport> {
        Ok(self.edit(py, |batch| batch.expand(&memories.0))?.into())
    }

    /// Takes files out of the view by a glob, also those to come.
    fn hide(&self, py: Python<'_>, glob: &str) -> PyResult<ViewReport> {
        Ok(self.edit(py, |batch| batch.hide(glob))?.into())
    }

    /// Puts files into the view by a glob.
    fn show(&self, py: Python<'_>, glob: &str) -> PyResult<ViewReport> {
        Ok(self.edit(py, |batch| batch.show(glob))?.into())
    }

    /// Lets outdated iterations in view give way to the current ones.
    fn refresh(&self, py: Python<'_>) -> PyResult<ViewReport> {
        Ok(self.edit(py, partita::Batch::refresh)?.into())
    }

    /// Keeps files in view as they are, whatever else is edited.
    fn pin_files(&self, py: Python<'_>, glob: &str) -> PyResult<ViewReport> {
        Ok(self.edit(py, |batch| batch.pin_files(glob))?.into())
    }

    /// Takes pins of files away.
    fn unpin_files(&self, py: Python<'_>, glob: &str) -> PyResult<ViewReport> {
        Ok(self.edit(py, |batch| batch.unpin_files(glob))?.into())
    }
}
