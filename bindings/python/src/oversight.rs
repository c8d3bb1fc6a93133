//! Oversight: findings, gates, and the calls of models with what they cost.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use pyo3::prelude::*;

use partita::host::turn::{CallTotals as Totals, GateEntry, Purpose, Severity};
use partita::object::CommandLine;

use crate::convert::{Whole, seconds};
use crate::error::{OrRaise as _, invalid};
use crate::id::ObjectId;
use crate::model_call::Usage;
use crate::path::SessionPath;
use crate::proposal::Decision;
use crate::session::Session;
use crate::value::value;

value! {
    /// Something that oversight reported as wrong.
    Finding {
        /// Counts from 1; never given twice, so an undo leaves a gap.
        number: u64,
        /// What it is called.
        id: ObjectId,
        /// The rule that found it.
        rule: String,
        /// How much it matters: ``"info"``, ``"warning"`` or ``"error"``.
        severity: String,
        /// What is wrong, in a line.
        text: String,
        /// The path that it is about; none where it is about none.
        path: Option<SessionPath>,
        /// The turn that it came of.
        turn: Option<ObjectId>,
        /// The revision that it is about.
        revision: Option<ObjectId>,
        /// The step that it is about.
        step: Option<ObjectId>,
        /// The number of the memory that says it to the model.
        memory: Option<u64>,
        /// What somebody decided about it; none as long as it stands.
        resolved: Option<Decision>,
    }
}

impl From<partita::host::turn::FindingEntry> for Finding {
    fn from(entry: partita::host::turn::FindingEntry) -> Self {
        let finding = entry.finding;
        Finding {
            number: entry.number,
            id: entry.id.into(),
            rule: finding.rule,
            severity: finding.severity.name().to_owned(),
            text: finding.text,
            path: Some(finding.path).filter(|path| !path.is_empty()).map(SessionPath),
            turn: finding.turn.map(ObjectId::from),
            revision: finding.revision.map(ObjectId::from),
            step: finding.step.map(ObjectId::from),
            memory: entry.memory,
            resolved: entry.resolved.as_ref().map(Decision::from),
        }
    }
}

value! {
    /// A command that checks the session's files whenever a change was applied.
    Gate {
        /// What it is called.
        name: String,
        /// The id of its very bytes.
        id: ObjectId,
        /// What it runs, in one line.
        command: String,
        /// Where, relative to the root of the sandbox; empty for the root.
        directory: String,
        /// Milliseconds after which it is ended.
        timeout_ms: Option<u64>,
        /// Globs of the files that it depends on; all files where there are none.
        inputs: Vec<String>,
        /// Reports that it writes.
        reports: Vec<String>,
        /// What is claimed by it.
        claims: Vec<String>,
    }
}

impl From<GateEntry> for Gate {
    fn from(entry: GateEntry) -> Self {
        let gate = entry.gate;
        let timeout = gate.timeout.map(|timeout| timeout.as_millis());
        Gate {
            name: entry.name,
            id: entry.id.into(),
            command: gate.command.line(),
            directory: String::from_utf8_lossy(&gate.directory).into_owned(),
            timeout_ms: timeout.and_then(|millis| u64::try_from(millis).ok()),
            inputs: gate.inputs,
            reports: gate.reports,
            claims: gate.claims,
        }
    }
}

value! {
    /// One try to get an answer from a model.
    CallAttempt {
        /// Who serves the model; may be empty.
        provider: String,
        /// The model that was tried.
        model: String,
        /// What came of it, such as ``"ok"``, ``"overloaded"`` or ``"timeout"``.
        outcome: String,
        /// Milliseconds; none where nobody said.
        took_ms: Option<u64>,
    }
}

impl CallAttempt {
    pub(crate) fn give(self) -> partita::host::turn::CallAttempt {
        let CallAttempt { provider, model, outcome, took_ms: took } = self;
        partita::host::turn::CallAttempt { provider, model, outcome, took }
    }
}

value! {
    /// A call of a model, as a turn made it.
    CallEntry {
        /// The turn.
        turn: ObjectId,
        /// The step.
        step: ObjectId,
        /// Which attempt at the step, counted from 1.
        attempt: u64,
        /// The role that the model had.
        role: String,
        /// The model that was asked for.
        requested: String,
        /// Why this one.
        why: String,
        /// How hard the task was held to be: ``"low"``, ``"medium"`` or ``"high"``.
        complexity: String,
        /// What the answer was for: ``"stage"`` or ``"review"``.
        purpose: String,
        /// The id of the request's bytes, in the policy's dialect.
        context: Option<ObjectId>,
        /// How it ended: ``"done"``, ``"failed"``, ``"refused"``, ``"unknown"`` or ``"cancelled"``; none
        /// as long as nobody has said.
        end: Option<String>,
        /// The model that answered; none where nobody said.
        served: Option<String>,
        /// What was tried, in order.
        attempts: Vec<CallAttempt>,
        /// Milliseconds, as the host said.
        took_ms: Option<u64>,
        /// What it cost, as the host said: millionths of its currency.
        cost: Option<u64>,
        /// What the provider counted.
        usage: Usage,
        /// The number of the memory that it made; none where it made none.
        memory: Option<u64>,
    }
}

/// Returns whether an answer is for a stage or a review, and of which revision.
pub(crate) fn purpose(purpose: Purpose) -> (&'static str, Option<ObjectId>) {
    match purpose {
        Purpose::Stage(_) => ("stage", None),
        Purpose::Review(revision) => ("review", Some(revision.into())),
    }
}

impl From<partita::host::turn::CallEntry> for CallEntry {
    fn from(call: partita::host::turn::CallEntry) -> Self {
        let attempts = call.attempts.into_iter().map(|tried| CallAttempt {
            provider: tried.provider,
            model: tried.model,
            outcome: tried.outcome,
            took_ms: tried.took,
        });
        let partita::object::Usage { input, output, cache_read, cache_write, reasoning } =
            call.usage;
        CallEntry {
            turn: call.turn.into(),
            step: call.step.into(),
            attempt: call.attempt,
            role: call.role,
            requested: call.requested,
            why: call.why,
            complexity: call.complexity.name().to_owned(),
            purpose: purpose(call.purpose).0.to_owned(),
            context: call.context.map(ObjectId::from),
            end: call.end.map(|end| end.name().to_owned()),
            served: call.served,
            attempts: attempts.collect(),
            took_ms: call.took,
            cost: call.cost,
            usage: Usage { input, output, cache_read, cache_write, reasoning },
            memory: call.memory,
        }
    }
}

value! {
    /// What calls of models add up to.
    CallTotals {
        /// The role, or the model.
        name: String,
        /// How many calls there were.
        calls: u64,
        /// How many of them gave no answer.
        failed: u64,
        /// Tokens of the prompts, as far as providers said.
        prompt_tokens: u64,
        /// Tokens of the answers, as far as providers said.
        output_tokens: u64,
        /// Milliseconds, as far as the host said.
        took_ms: u64,
        /// What they cost, as far as the host said: millionths of its currency.
        cost: u64,
        /// How many calls said neither tokens nor costs: the sums lack them.
        unsaid: u64,
    }
}

impl From<Totals> for CallTotals {
    fn from(totals: Totals) -> Self {
        CallTotals {
            name: totals.name,
            calls: totals.calls,
            failed: totals.failed,
            prompt_tokens: totals.prompt_tokens,
            output_tokens: totals.output_tokens,
            took_ms: totals.took,
            cost: totals.cost,
            unsaid: totals.unsaid,
        }
    }
}

#[pymethods]
impl Session {
    /// Reports something as wrong, and says it to the model. Returns the finding's number.
    ///
    /// Raises ``Invalid`` for a finding without words or beyond a limit.
    ///
    /// >>> import partita
    /// >>> session = partita.Store.in_memory().session("s")
    /// >>> number = session.find("acme/style", "tabs in a.rs", severity="info", path="a.rs")
    /// >>> session.resolve_finding(number, "that is how we write it")
    /// >>> session.findings()[0].resolved.reason
    /// 'that is how we write it'
    #[pyo3(signature = (rule, text, *, severity = "warning", path = None))]
    fn find(
        &self,
        py: Python<'_>,
        rule: &str,
        text: &str,
        severity: &str,
        path: Option<SessionPath>,
    ) -> PyResult<u64> {
        let severity = Severity::from_name(severity).or_raise()?;
        let mut finding = partita::host::turn::Finding::new(rule, severity, text);
        finding.path = path.map(|path| path.0).unwrap_or_default();
        self.0.run(py, |session| session.find(finding))
    }

    /// Says that a finding needs nothing more, and why.
    ///
    /// Raises ``NotFound`` if there is none of the number, ``Conflict`` if somebody said so already.
    #[pyo3(signature = (number, reason = ""))]
    fn resolve_finding(&self, py: Python<'_>, number: Whole, reason: &str) -> PyResult<()> {
        self.0.run(py, |session| session.resolve_finding(number.0, reason))
    }

    /// Returns the findings of the newest state, oldest first.
    fn findings(&self, py: Python<'_>) -> PyResult<Vec<Finding>> {
        let findings = self.0.run(py, partita::Session::findings)?;
        Ok(findings.into_iter().map(Finding::from).collect())
    }

    /// Sets a gate: a command that checks the files whenever a change was applied. A list is a program
    /// and its arguments, a text a line for the shell; ``None`` takes the gate away. ``timeout`` is in
    /// seconds; the rest is as in ``run()``. A host runs it only where its user has approved the command.
    ///
    /// Raises ``Invalid`` for a name or a gate beyond a limit, ``NotFound`` where there is none to take
    /// away.
    ///
    /// >>> import partita
    /// >>> session = partita.Store.in_memory().session("s")
    /// >>> session.set_gate("tests", ["python3", "-m", "unittest", "-q"], timeout=60)
    /// >>> [(gate.name, gate.command) for gate in session.gates()]
    /// [('tests', 'python3 -m unittest -q')]
    #[pyo3(signature = (name, command: "collections.abc.Sequence[str] | str | None", *, directory = "", timeout: "float | None" = None,
        inputs: "collections.abc.Iterable[str]" = Vec::new(), reports: "collections.abc.Iterable[str]" = Vec::new(),
        claims: "collections.abc.Iterable[str]" = Vec::new()) -> "None",
        text_signature = "($self, name, command, *, directory='', timeout=None, inputs=[], reports=[], claims=[])")]
    fn set_gate(
        &self,
        py: Python<'_>,
        name: &str,
        command: Option<&Bound<'_, PyAny>>,
        directory: &str,
        timeout: Option<f64>,
        inputs: Vec<String>,
        reports: Vec<String>,
        claims: Vec<String>,
    ) -> PyResult<()> {
        let Some(command) = command else {
            return self.0.run(py, |session| session.set_gate(name, None));
        };
        let command = match command.extract::<String>() {
            Ok(line) => CommandLine::Shell(line),
            Err(_) => {
                let words = command.extract::<Vec<OsString>>()?;
                CommandLine::Arguments(words.into_iter().map(OsString::into_vec).collect())
            }
        };
        let mut gate = partita::host::turn::Gate::of(command);
        gate.directory = directory.as_bytes().to_vec();
        gate.timeout = timeout.map(seconds).transpose()?;
        (gate.inputs, gate.reports, gate.claims) = (inputs, reports, claims);
        self.0.run(py, |session| session.set_gate(name, Some(&gate)))
    }

    /// Returns the gates of the newest state, in the order of their names.
    fn gates(&self, py: Python<'_>) -> PyResult<Vec<Gate>> {
        let gates = self.0.run(py, partita::Session::gates)?;
        Ok(gates.into_iter().map(Gate::from).collect())
    }

    /// Returns the calls of models that the session's turns made, in their order, failed attempts
    /// included. An undo takes none of them away.
    fn calls(&self, py: Python<'_>) -> PyResult<Vec<CallEntry>> {
        let calls = self.0.run(py, partita::Session::calls)?;
        Ok(calls.into_iter().map(CallEntry::from).collect())
    }

    /// Adds the calls of models up, by ``"role"`` or by ``"model"``, in the order of names.
    #[pyo3(signature = (*, by: "typing.Literal['role', 'model']" = "role") -> "list[CallTotals]")]
    fn call_totals(&self, py: Python<'_>, by: &str) -> PyResult<Vec<CallTotals>> {
        let add = match by {
            "role" => Totals::by_role,
            "model" => Totals::by_model,
            _ => return Err(invalid(format!("calls add up by role or model, got {by:?}"))),
        };
        let totals = self.0.run(py, |session| Ok(add(&session.calls()?)))?;
        Ok(totals.into_iter().map(CallTotals::from).collect())
    }
}
