//! Steps of turns: as the session tells of them, and as a host is asked for them.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use partita::host::turn::{self, Choice, Question, Step, StepWork};

use crate::context::{dialect_of, options, request};
use crate::error::invalid;
use crate::id::ObjectId;
use crate::oversight::purpose;
use crate::path::DiskPath;
use crate::session::Session;
use crate::value::value;

value! {
    /// A step of a turn, as the session knows it.
    StepEntry {
        /// What it is called, however often it is tried.
        id: ObjectId,
        /// The turn.
        turn: ObjectId,
        /// The round of the turn.
        round: u64,
        /// ``"call-model"``, ``"run-tool"``, ``"run-sandbox"`` or ``"ask"``.
        kind: String,
        /// The role, the tool or the gate; of a question ``"approve"``, ``"unknown"`` or ``"review"``.
        name: String,
        /// The question in words; else empty.
        text: String,
        /// What answers the question; else empty.
        choices: Vec<String>,
        /// The tool of a call or of a question about one.
        tool: Option<String>,
        /// The revision that a model, a gate or a question is about.
        revision: Option<ObjectId>,
        /// How often it was tried.
        attempts: u64,
        /// How the newest attempt ended: ``"done"``, ``"failed"``, ``"refused"``, ``"unknown"`` or
        /// ``"cancelled"``; none as long as nobody has said.
        end: Option<String>,
        /// More of that, in a line; may be empty.
        said: String,
        /// The number of the memory that it made.
        memory: Option<u64>,
        /// How many results came when nobody waited for them any more.
        late: u64,
    }
}

impl From<turn::StepEntry> for StepEntry {
    fn from(entry: turn::StepEntry) -> Self {
        let (kind, name, tool, revision) = match entry.work() {
            StepWork::Model { role, purpose: of, .. } => {
                ("call-model", role.clone(), None, purpose(*of).1)
            }
            StepWork::Tool { name, .. } => ("run-tool", name.clone(), Some(name.clone()), None),
            StepWork::Gate { name, revision, .. } => {
                ("run-sandbox", name.clone(), None, revision.map(ObjectId::from))
            }
            StepWork::Ask { question, .. } => {
                let (name, tool, revision) = about(question);
                ("ask", name.to_owned(), tool, revision)
            }
        };
        let text = match entry.work() {
            StepWork::Ask { text, .. } => text.clone(),
            _ => String::new(),
        };
        let (outcome, question) = (entry.outcome(), entry.question());
        StepEntry {
            id: entry.id.into(),
            turn: entry.turn.into(),
            round: entry.round,
            kind: kind.to_owned(),
            name,
            text,
            choices: question.map(choices).unwrap_or_default(),
            tool,
            revision,
            attempts: entry.attempts.len() as u64,
            end: outcome.map(|outcome| outcome.end.name().to_owned()),
            said: outcome.map(|outcome| outcome.text.clone()).unwrap_or_default(),
            memory: outcome.and_then(|outcome| outcome.number),
            late: entry.late.len() as u64,
        }
    }
}

/// What a question is about: its kind, and the tool or the revision.
fn about(question: &Question) -> (&'static str, Option<String>, Option<ObjectId>) {
    match question {
        Question::Approve(call) => ("approve", Some(call.tool.clone()), None),
        Question::Unknown(call) => ("unknown", Some(call.tool.clone()), None),
        Question::Review { revision } => ("review", None, Some((*revision).into())),
    }
}

/// What answers a question.
fn choices(question: &Question) -> Vec<String> {
    let choices: &[Choice] = match question {
        Question::Approve(_) => {
            &[Choice::AllowOnce, Choice::AllowAlways, Choice::RejectOnce, Choice::RejectAlways]
        }
        Question::Unknown(_) => &[Choice::WasDone, Choice::DoAgain, Choice::GiveUp],
        Question::Review { .. } => &[Choice::Accept, Choice::Reject],
    };
    choices.iter().map(|choice| choice.name().to_owned()).collect()
}

/// What a step has beside its fields: the prompt of a model, or the command of a gate.
#[pyclass(module = "partita", frozen, name = "_Work")]
pub(crate) struct Work(Step);

#[pymethods]
impl Work {
    /// Renders the request of a step that calls a model.
    #[pyo3(signature = (dialect, cache_points, end_with_user) -> "partita._documents.Request")]
    fn request<'py>(
        &self,
        py: Python<'py>,
        dialect: &str,
        cache_points: bool,
        end_with_user: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Step::CallModel(step) = &self.0 else {
            return Err(invalid("that step calls no model"));
        };
        let (dialect, options) = (dialect_of(dialect)?, options(cache_points, end_with_user));
        request(py, &py.detach(|| step.prompt.render_with(dialect, &options)))
    }

    /// Runs the gate of a step in a directory.
    #[pyo3(signature = (session, directory, approve: "collections.abc.Callable[[str], bool]") -> "partita.turns.GateResult")]
    fn run<'py>(
        &self,
        py: Python<'py>,
        session: &Session,
        directory: DiskPath,
        approve: Py<PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Step::RunSandbox(step) = &self.0 else {
            return Err(invalid("that step runs no gate"));
        };
        let mut raised = None;
        let ran = session.0.run(py, |session| {
            let mut sandbox = partita_sandbox::ProcessSandbox::new(&directory)?.inherit_all();
            turn::run_gate(session, &mut sandbox, step, &mut |command| {
                Python::attach(|py| {
                    let said = approve.call1(py, (command.line().line(),));
                    let said = said.and_then(|said| said.is_truthy(py));
                    said.unwrap_or_else(|error| {
                        raised = Some(error);
                        false
                    })
                })
            })
        });
        if let Some(error) = raised {
            return Err(error);
        }
        let ran = ran?;
        let shown = (ran.passed, ran.output, ran.run, ran.evidence, ran.took);
        py.import("partita.turns")?.getattr("GateResult")?.call1(shown)
    }

    #[pyo3(signature = () -> "typing.Never")]
    fn __reduce__(&self) -> PyResult<()> {
        let what = "a step that is to be done does not pickle: resume the turn where it is done";
        Err(pyo3::exceptions::PyTypeError::new_err(what))
    }
}

/// Hands a step over, as the class that the package defines in Python.
pub(crate) fn step_of<'py>(py: Python<'py>, step: Step) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item("id", ObjectId::from(step.id()))?;
    let class = match &step {
        Step::CallModel(model) => {
            let (purpose, revision) = purpose(model.purpose);
            fields.set_item("attempt", model.attempt)?;
            fields.set_item("role", &model.role)?;
            fields.set_item("model", &model.model)?;
            fields.set_item("why", &model.why)?;
            fields.set_item("complexity", model.complexity.name())?;
            fields.set_item("purpose", purpose)?;
            fields.set_item("revision", revision)?;
            "CallModel"
        }
        Step::RunTool(tool) => {
            fields.set_item("attempt", tool.attempt)?;
            fields.set_item("name", &tool.name)?;
            fields.set_item("arguments", &tool.arguments)?;
            fields.set_item("call", &tool.call)?;
            fields.set_item("effect", tool.effect.name())?;
            fields.set_item("role", &tool.role)?;
            "RunTool"
        }
        Step::RunSandbox(gate) => {
            let (proposal, revision) = gate.revision.unzip();
            fields.set_item("attempt", gate.attempt)?;
            fields.set_item("name", &gate.name)?;
            fields.set_item("command", gate.gate.command.line())?;
            fields.set_item("proposal", proposal)?;
            fields.set_item("revision", revision.map(ObjectId::from))?;
            "RunSandbox"
        }
        Step::Ask(ask) => {
            let (kind, tool, revision) = about(&ask.question);
            let choices = ask.choices.iter().map(|choice| choice.name());
            fields.set_item("kind", kind)?;
            fields.set_item("text", &ask.text)?;
            fields.set_item("choices", PyTuple::new(py, choices)?)?;
            fields.set_item("tool", tool)?;
            fields.set_item("revision", revision)?;
            "Ask"
        }
        other => return Err(invalid(format!("a step {} is not known here", other.name()))),
    };
    if matches!(step, Step::CallModel(_) | Step::RunSandbox(_)) {
        fields.set_item("_work", Work(step))?;
    }
    py.import("partita.turns")?.getattr(class)?.call((), Some(&fields))
}
