//! Turns: the loop of models, tools, reviews and gates, as a host drives it.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use partita::host::turn::{
    self as core, Choice, Complexity, DriverId, Question, Step, StepResult, StepWork, Supplied,
};

use crate::context::{dialect_of, options, request};
use crate::convert::{Whole, as_bytes};
use crate::error::{OrRaise as _, invalid, raise};
use crate::handle::Handle;
use crate::id::ObjectId;
use crate::memory::{Memory, PartOrText, given};
use crate::model_call::ModelCall;
use crate::oversight::{CallAttempt, purpose};
use crate::path::{DiskPath, SessionPath};
use crate::policy::Policy;
use crate::proposal::{Proposal, changes_of};
use crate::session::Session;
use crate::value::value;

value! {
    /// A turn of a session.
    TurnEntry {
        /// What it is called.
        id: ObjectId,
        /// Counts from 1 in the session.
        number: u64,
        /// Whether it has not ended, and goes on here. A fork has its origin's turns, to look at alone.
        open: bool,
        /// Why it ended; none while it goes on.
        ended: Option<String>,
        /// More of why, in a line; may be empty.
        note: String,
        /// What the round is for: ``"model"``, ``"tools"``, ``"review"``, ``"gates"`` or ``"ended"``.
        phase: String,
        /// The round, counted from 1.
        round: u64,
        /// The stage of the policy, counted from 0.
        stage: u64,
        /// How often it was taken over.
        takeovers: u64,
        /// The number of the proposal that its changes go into; none where it has none.
        proposal: Option<u64>,
        /// Calls of models.
        calls: u64,
        /// Tokens that they had, as far as providers said.
        tokens: u64,
        /// What was spent, as the host said: millionths of its currency.
        cost: u64,
        /// Milliseconds, as the host said.
        took_ms: u64,
    }
}

impl From<core::TurnEntry> for TurnEntry {
    fn from(entry: core::TurnEntry) -> Self {
        let progress = &entry.progress;
        TurnEntry {
            id: entry.id.into(),
            number: entry.number,
            open: entry.is_open(),
            ended: entry.ended().map(|reason| reason.name().to_owned()),
            note: progress.note.clone(),
            phase: progress.phase.name().to_owned(),
            round: progress.round,
            stage: progress.stage,
            takeovers: progress.takeovers,
            proposal: Some(progress.proposal).filter(|number| *number > 0),
            calls: progress.calls,
            tokens: progress.tokens,
            cost: progress.cost,
            took_ms: progress.time,
        }
    }
}

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

impl From<core::StepEntry> for StepEntry {
    fn from(entry: core::StepEntry) -> Self {
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

    /// Runs the gate of a step in a directory. Returns whether it passed, what it wrote, the numbers of
    /// the run and of the evidence, and the milliseconds that it took.
    #[pyo3(signature = (session, directory, approve: "collections.abc.Callable[[str], bool]")
        -> "tuple[bool, str, int | None, int | None, int | None]")]
    fn run(
        &self,
        py: Python<'_>,
        session: &Session,
        directory: DiskPath,
        approve: Py<PyAny>,
    ) -> PyResult<(bool, String, Option<u64>, Option<u64>, Option<u64>)> {
        let Step::RunSandbox(step) = &self.0 else {
            return Err(invalid("that step runs no gate"));
        };
        let mut raised = None;
        let ran = session.0.run(py, |session| {
            let mut sandbox = partita_sandbox::ProcessSandbox::new(&directory)?.inherit_all();
            core::run_gate(session, &mut sandbox, step, &mut |command| {
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
        Ok((ran.passed, ran.output, ran.run, ran.evidence, ran.took))
    }

    #[pyo3(signature = () -> "typing.Never")]
    fn __reduce__(&self) -> PyResult<()> {
        let what = "a step that is to be done does not pickle: resume the turn where it is done";
        Err(pyo3::exceptions::PyTypeError::new_err(what))
    }
}

/// Hands a step over, as the class that the package defines in Python.
fn step_of<'py>(py: Python<'py>, step: Step) -> PyResult<Bound<'py, PyAny>> {
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

/// The turn behind a `partita.Turn`: what it asks for, and what it is told.
#[pyclass(module = "partita", frozen, name = "_Turn")]
pub(crate) struct Turn {
    turn: Handle<Mutex<core::Turn>>,
    id: ObjectId,
}

impl Turn {
    fn run<R: Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&mut core::Turn) -> partita::Result<R> + Send,
    ) -> PyResult<R> {
        self.turn.run(py, |turn| call(&mut turn.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn say(&self, py: Python<'_>, id: ObjectId, result: impl Into<StepResult>) -> PyResult<bool> {
        let result = result.into();
        Ok(self.run(py, |turn| turn.supply(id.0, result))? == Supplied::Taken)
    }
}

#[pymethods]
impl Turn {
    #[getter]
    fn id(&self) -> ObjectId {
        self.id
    }

    #[pyo3(signature = () -> "list[partita.turns.Step] | None")]
    fn next<'py>(&self, py: Python<'py>) -> PyResult<Option<Vec<Bound<'py, PyAny>>>> {
        let steps = self.run(py, core::Turn::next)?;
        steps.map(|steps| steps.into_iter().map(|step| step_of(py, step)).collect()).transpose()
    }

    fn answer(
        &self,
        py: Python<'_>,
        id: ObjectId,
        memory: &Memory,
        call: Option<ModelCall>,
        attempts: Vec<CallAttempt>,
        took_ms: Option<Whole>,
        cost: Option<Whole>,
        complexity: Option<&str>,
    ) -> PyResult<bool> {
        let mut answer = core::ModelAnswer::new(memory.inner().clone());
        answer.call = call.map(|call| call.0);
        answer.attempts = attempts.into_iter().map(CallAttempt::give).collect();
        answer.took = took_ms.map(|took| took.0);
        answer.cost = cost.map(|cost| cost.0);
        answer.complexity = complexity.map(Complexity::from_name).transpose().or_raise()?;
        self.say(py, id, answer)
    }

    #[pyo3(signature = (id, parts: "list[Part | str | bytes]", error, changes: "collections.abc.Mapping[str, str | bytes | None]", took_ms, cost) -> "bool")]
    fn returned(
        &self,
        py: Python<'_>,
        id: ObjectId,
        parts: Vec<PartOrText>,
        error: bool,
        changes: &Bound<'_, PyAny>,
        took_ms: Option<Whole>,
        cost: Option<Whole>,
    ) -> PyResult<bool> {
        let mut result = core::ToolResult::text("");
        result.parts = given(parts)?;
        (result.is_error, result.changes) = (error, changes_of(changes)?);
        result.took = took_ms.map(|took| took.0);
        result.cost = cost.map(|cost| cost.0);
        self.say(py, id, result)
    }

    fn showed(
        &self,
        py: Python<'_>,
        id: ObjectId,
        passed: bool,
        output: &str,
        run: Option<Whole>,
        evidence: Option<Whole>,
        took_ms: Option<Whole>,
    ) -> PyResult<bool> {
        let mut result = core::GateResult::new(passed, output);
        result.run = run.map(|number| number.0);
        result.evidence = evidence.map(|number| number.0);
        result.took = took_ms.map(|took| took.0);
        self.say(py, id, result)
    }

    fn chose(&self, py: Python<'_>, id: ObjectId, choice: &str, reason: &str) -> PyResult<bool> {
        let choice = Choice::from_name(choice).or_raise()?;
        self.say(py, id, StepResult::Choice(choice, reason.to_owned()))
    }

    fn failed(&self, py: Python<'_>, id: ObjectId, why: &str) -> PyResult<bool> {
        self.say(py, id, StepResult::failed(why))
    }

    fn entry(&self, py: Python<'_>) -> PyResult<TurnEntry> {
        Ok(self.run(py, |turn| turn.entry())?.into())
    }

    fn policy(&self, py: Python<'_>) -> PyResult<Policy> {
        Ok(Policy(self.run(py, |turn| Ok(turn.policy().clone()))?))
    }

    fn waiting(&self, py: Python<'_>) -> PyResult<Vec<StepEntry>> {
        let steps = self.run(py, |turn| turn.waiting())?;
        Ok(steps.into_iter().map(StepEntry::from).collect())
    }

    fn proposal(&self, py: Python<'_>) -> PyResult<Option<Proposal>> {
        Ok(self.run(py, |turn| turn.proposal())?.map(Proposal::from))
    }

    fn read<'py>(&self, py: Python<'py>, path: SessionPath) -> PyResult<Bound<'py, PyBytes>> {
        as_bytes(py, &self.run(py, |turn| turn.read(&path))?)
    }

    fn sees(&self, py: Python<'_>, role: &str, path: SessionPath) -> PyResult<&'static str> {
        self.run(py, |turn| turn.sees(role, &path).map(core::Sight::name))
    }

    fn cancel(&self, py: Python<'_>, why: &str) -> PyResult<()> {
        self.run(py, |turn| turn.cancel(why))
    }
}

/// Takes 16 bytes, or random ones.
fn driver_of(py: Python<'_>, driver: Option<&[u8]>) -> PyResult<DriverId> {
    let bytes: Vec<u8> = match driver {
        Some(driver) => driver.to_vec(),
        None => py.import("os")?.call_method1("urandom", (16,))?.extract()?,
    };
    let bytes: [u8; 16] = bytes
        .try_into()
        .map_err(|bytes: Vec<u8>| invalid(format!("a driver is 16 bytes, got {}", bytes.len())))?;
    Ok(DriverId::new(bytes))
}

impl Session {
    /// Hands a turn over, as the class that the package defines in Python.
    fn turn_of<'py>(
        &self,
        py: Python<'py>,
        begin: impl FnOnce(&partita::Session) -> partita::Result<core::Turn> + Send,
    ) -> PyResult<Bound<'py, PyAny>> {
        let turn = self.0.run(py, begin)?;
        let id = turn.id().into();
        let session = Session(self.0.clone());
        let turn = Turn { turn: self.0.with(Mutex::new(turn)), id };
        py.import("partita.turns")?.getattr("Turn")?.call1((session, turn))
    }
}

#[pymethods]
impl Session {
    /// Begins a turn on the newest state: what is asked stands in the dialog already. ``driver`` are 16
    /// bytes that nobody else has who drives it; random ones unless they are given.
    ///
    /// Raises ``Invalid`` for a role without a name.
    ///
    /// >>> import partita
    /// >>> session = partita.Store.in_memory().session("s")
    /// >>> _ = session.remember("Say hello.")
    /// >>> turn = session.begin_turn(partita.Policy())
    /// >>> for step in turn:
    /// ...     turn.supply(step, partita.ModelAnswer(partita.Memory.assistant("Hello.")))
    /// 'taken'
    /// >>> turn.ended, session.memory(2).text
    /// ('end_turn', 'Hello.')
    #[pyo3(signature = (policy, driver = None) -> "partita.turns.Turn")]
    fn begin_turn<'py>(
        &self,
        py: Python<'py>,
        policy: &Policy,
        driver: Option<&[u8]>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let driver = driver_of(py, driver)?;
        self.turn_of(py, |session| core::Turn::begin(session, &policy.0, driver))
    }

    /// Takes a turn over, also from a driver that is gone. Of what that one was asked to do and has not
    /// said nobody knows whether it was done: the effect of each tool says what happens then. Questions
    /// to people stay open.
    ///
    /// Raises ``NotFound`` if the session has no such turn; ``Invalid`` in a fork or a copy of its
    /// session.
    #[pyo3(signature = (id, driver = None) -> "partita.turns.Turn")]
    fn resume_turn<'py>(
        &self,
        py: Python<'py>,
        id: ObjectId,
        driver: Option<&[u8]>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let driver = driver_of(py, driver)?;
        self.turn_of(py, |session| core::Turn::resume(session, id.0, driver))
    }

    /// Cancels a turn, whoever drives it: nothing of it is waited for any more. One that has ended stays
    /// as it ended.
    ///
    /// Raises ``NotFound`` if the session has no such turn.
    #[pyo3(signature = (id, why = ""))]
    fn cancel_turn(&self, py: Python<'_>, id: ObjectId, why: &str) -> PyResult<()> {
        self.0.run(py, |session| core::cancel(session, id.0, why))
    }

    /// Returns the turns of the newest state, oldest first.
    fn turns(&self, py: Python<'_>) -> PyResult<Vec<TurnEntry>> {
        let turns = self.0.run(py, partita::Session::turns)?;
        Ok(turns.into_iter().map(TurnEntry::from).collect())
    }

    /// Returns the steps of a turn, in the order of rounds.
    fn steps(&self, py: Python<'_>, turn: ObjectId) -> PyResult<Vec<StepEntry>> {
        let steps = self.0.run(py, |session| {
            session.turn(turn.0)?;
            session.latest()?.steps(turn.0).collect::<partita::Result<Vec<_>>>()
        })?;
        Ok(steps.into_iter().map(StepEntry::from).collect())
    }

    /// Returns the questions that wait for a person, of all open turns.
    fn questions(&self, py: Python<'_>) -> PyResult<Vec<StepEntry>> {
        let steps = self.0.run(py, partita::Session::questions)?;
        Ok(steps.into_iter().map(StepEntry::from).collect())
    }

    /// Answers a question by the id of its step, with one of its ``choices``. ``*-once`` holds for this
    /// step, ``*-always`` for the tool in this session as long as its declaration is the same.
    ///
    /// Raises ``NotFound`` if no such question waits, ``Invalid`` for a choice that is no answer to it.
    #[pyo3(signature = (step, choice, reason = ""))]
    fn decide(&self, py: Python<'_>, step: ObjectId, choice: &str, reason: &str) -> PyResult<()> {
        let choice = Choice::from_name(choice).map_err(raise)?;
        self.0.run(py, |session| session.decide(step.0, choice, reason))
    }

    /// Tells whether what the model is shown holds a file's current text: ``"current"``, ``"outdated"``,
    /// ``"none"`` or ``"no-file"``.
    fn sees(&self, py: Python<'_>, path: SessionPath) -> PyResult<&'static str> {
        self.0.run(py, |session| session.sees(&path).map(core::Sight::name))
    }
}
