//! Turns: the loop of models, tools, reviews and gates, as a host drives it.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use partita::host::turn::{self as core, Choice, Complexity, DriverId, StepResult, Supplied};

use crate::convert::{Whole, as_bytes};
use crate::error::{OrRaise as _, invalid, raise};
use crate::handle::Handle;
use crate::id::ObjectId;
use crate::memory::{Memory, PartOrText, given};
use crate::model_call::ModelCall;
use crate::oversight::CallAttempt;
use crate::path::SessionPath;
use crate::policy::Policy;
use crate::proposal::{Proposal, changes_of};
use crate::session::Session;
use crate::step::{StepEntry, step_of};
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
