//! What a turn asks of its host, and what the host says of it.

use crate::context::{Dialect, Prompt, Request};
use crate::error::Result;
use crate::host::{Command, Ran};
use crate::id::ObjectId;
use crate::interop::Response;
use crate::object::{
    CallAttempt, Choice, Complexity, Effect, FilePath, Gate, Memory, ModelCall, Part, Purpose,
    Question,
};
use crate::session::{ChangeSet, NewEntry};

/// Something that a host is asked to do. Its intent is durable before the host hears of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step {
    /// Call a model.
    CallModel(CallModel),
    /// Call a tool.
    RunTool(RunTool),
    /// Run a gate, in a sandbox.
    RunSandbox(RunSandbox),
    /// Ask a person. The answer may take years, and come from another process.
    Ask(Ask),
}

impl Step {
    /// Returns what the step is called: the same however often it is tried, so it is the key for a
    /// tool that takes one.
    pub fn id(&self) -> ObjectId {
        match self {
            Step::CallModel(step) => step.id,
            Step::RunTool(step) => step.id,
            Step::RunSandbox(step) => step.id,
            Step::Ask(step) => step.id,
        }
    }

    /// Returns the name that listings show.
    pub fn name(&self) -> &'static str {
        match self {
            Step::CallModel(_) => "call-model",
            Step::RunTool(_) => "run-tool",
            Step::RunSandbox(_) => "run-sandbox",
            Step::Ask(_) => "ask",
        }
    }
}

/// A model that is to be called.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CallModel {
    /// What the step is called.
    pub id: ObjectId,
    /// Which attempt it is, counted from 1.
    pub attempt: u64,
    /// The role that the model has.
    pub role: String,
    /// The model, as the policy's routes or the host's router say; empty where neither does.
    pub model: String,
    /// Why this one.
    pub why: String,
    /// How hard the task is held to be.
    pub complexity: Complexity,
    /// What the answer is for.
    pub purpose: Purpose,
    /// What the model is to see.
    pub prompt: Prompt,
    /// The request in the policy's dialect, which is made for its digest, and its text.
    pub(super) request: (Dialect, Request, String),
}

impl CallModel {
    /// Returns the request for a provider.
    pub fn render(&self, dialect: Dialect) -> Request {
        match &self.request {
            (known, request, _) if *known == dialect => request.clone(),
            _ => self.prompt.render(dialect),
        }
    }

    /// Returns the request in the policy's dialect. It is made already, so this costs nothing.
    pub fn request(&self) -> &Request {
        &self.request.1
    }

    /// Returns the body of that request as the JSON text whose digest is recorded.
    pub fn body(&self) -> &str {
        &self.request.2
    }
}

/// A tool that is to be called.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunTool {
    /// What the step is called: the key for a tool that takes one.
    pub id: ObjectId,
    /// Which attempt it is, counted from 1.
    pub attempt: u64,
    /// The call's name in the dialog.
    pub call: String,
    /// The tool.
    pub name: String,
    /// The arguments, as the model wrote them: a JSON text.
    pub arguments: String,
    /// What it means to call it twice.
    pub effect: Effect,
    /// The role whose call it is.
    pub role: String,
}

/// A gate that is to run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunSandbox {
    /// What the step is called.
    pub id: ObjectId,
    /// Which attempt it is, counted from 1.
    pub attempt: u64,
    /// The gate's name.
    pub name: String,
    /// What it runs.
    pub gate: Gate,
    /// The proposal and the revision on whose files it runs; none for the session's own files.
    pub revision: Option<(u64, ObjectId)>,
}

impl RunSandbox {
    /// Returns the command, with what is claimed by it and what it depends on.
    ///
    /// # Errors
    /// `Invalid` for a directory or a glob that cannot be.
    pub fn command(&self) -> Result<Command> {
        let mut command = Command::of(self.gate.command.clone());
        if !self.gate.directory.is_empty() {
            command = command.directory(FilePath::new(&self.gate.directory[..])?)?;
        }
        if let Some(timeout) = self.gate.timeout {
            command = command.timeout(timeout);
        }
        for glob in &self.gate.inputs {
            command = command.inputs(glob.clone())?;
        }
        for report in &self.gate.reports {
            command = command.report(report.clone());
        }
        for claim in &self.gate.claims {
            command = command.claim(claim.clone());
        }
        Ok(command)
    }
}

/// A person who is to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ask {
    /// What the step is called.
    pub id: ObjectId,
    /// What the person is asked.
    pub question: Question,
    /// The question in words.
    pub text: String,
    /// What answers it.
    pub choices: &'static [Choice],
}

/// What a host says of a step.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is matched on")]
#[non_exhaustive]
pub enum StepResult {
    /// What a model answered.
    Model(ModelAnswer),
    /// What a tool returned.
    Tool(ToolResult),
    /// What a gate showed.
    Gate(GateResult),
    /// What a person chose, and why.
    Choice(Choice, String),
    /// It was tried, and nothing came of it: why.
    Failed(String),
}

impl StepResult {
    /// A tool that returned a text.
    pub fn text(text: impl AsRef<[u8]>) -> Self {
        ToolResult::text(text).into()
    }

    /// Something of which nothing came.
    pub fn failed(why: impl Into<String>) -> Self {
        StepResult::Failed(why.into())
    }

    /// What a person chose.
    pub fn choice(choice: Choice) -> Self {
        StepResult::Choice(choice, String::new())
    }
}

impl From<ModelAnswer> for StepResult {
    fn from(answer: ModelAnswer) -> Self {
        StepResult::Model(answer)
    }
}

impl From<Response> for StepResult {
    fn from(response: Response) -> Self {
        ModelAnswer::from(response).into()
    }
}

impl From<ToolResult> for StepResult {
    fn from(result: ToolResult) -> Self {
        StepResult::Tool(result)
    }
}

impl From<GateResult> for StepResult {
    fn from(result: GateResult) -> Self {
        StepResult::Gate(result)
    }
}

/// What a model answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelAnswer {
    /// The memory, of the role assistant.
    pub memory: Memory,
    /// What the provider said of the call.
    pub call: Option<ModelCall>,
    /// What was tried to get it, in order.
    pub attempts: Vec<CallAttempt>,
    /// Milliseconds.
    pub took: Option<u64>,
    /// What it cost, in millionths of the host's currency.
    pub cost: Option<u64>,
    /// How hard the model holds the task to be: a plan that says so routes what comes after it.
    pub complexity: Option<Complexity>,
}

impl ModelAnswer {
    /// An answer of which nothing else is known.
    pub fn new(memory: Memory) -> Self {
        let (call, attempts) = (None, Vec::new());
        ModelAnswer { memory, call, attempts, took: None, cost: None, complexity: None }
    }

    /// Adds what the provider said of the call.
    #[must_use]
    pub fn with_call(mut self, call: ModelCall) -> Self {
        self.call = Some(call);
        self
    }

    /// Adds a try, in order.
    #[must_use]
    pub fn with_attempt(mut self, attempt: CallAttempt) -> Self {
        self.attempts.push(attempt);
        self
    }

    /// Adds how hard the model holds the task to be.
    #[must_use]
    pub fn with_complexity(mut self, complexity: Complexity) -> Self {
        self.complexity = Some(complexity);
        self
    }

    /// Adds how long it took, in milliseconds, and what it cost, in millionths of the host's currency.
    #[must_use]
    pub fn with_price(mut self, took: u64, cost: u64) -> Self {
        (self.took, self.cost) = (Some(took), Some(cost));
        self
    }
}

impl From<Response> for ModelAnswer {
    fn from(response: Response) -> Self {
        ModelAnswer::new(response.memory).with_call(response.call)
    }
}

/// What a tool returned, and which files it would have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToolResult {
    /// What it returned: texts, media, files.
    pub parts: Vec<Part>,
    /// Whether the tool says that it failed.
    pub is_error: bool,
    /// What it would change: it goes into the turn's proposal, and is no change of the session yet.
    pub changes: ChangeSet,
    /// Milliseconds.
    pub took: Option<u64>,
    /// What it cost, in millionths of the host's currency.
    pub cost: Option<u64>,
}

impl ToolResult {
    /// A text.
    pub fn text(text: impl AsRef<[u8]>) -> Self {
        ToolResult {
            parts: vec![Part::text(text)],
            is_error: false,
            changes: ChangeSet::new(),
            took: None,
            cost: None,
        }
    }

    /// A text that says what went wrong.
    pub fn error(text: impl AsRef<[u8]>) -> Self {
        ToolResult { is_error: true, ..ToolResult::text(text) }
    }

    /// Adds a file that it would write.
    #[must_use]
    pub fn with_file(mut self, path: FilePath, entry: impl Into<NewEntry>) -> Self {
        self.changes.insert(path, Some(entry.into()));
        self
    }

    /// Adds a file that it would remove.
    #[must_use]
    pub fn without_file(mut self, path: FilePath) -> Self {
        self.changes.insert(path, None);
        self
    }
}

/// What a gate showed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GateResult {
    /// Whether it passed.
    pub passed: bool,
    /// The end of what it wrote, or what went wrong: the model is told it.
    pub output: String,
    /// The number of the run in the session.
    pub run: Option<u64>,
    /// The number of the evidence in the session.
    pub evidence: Option<u64>,
    /// Milliseconds.
    pub took: Option<u64>,
}

impl GateResult {
    /// A gate that nobody recorded as a run.
    pub fn new(passed: bool, output: impl Into<String>) -> Self {
        GateResult { passed, output: output.into(), run: None, evidence: None, took: None }
    }
}

/// Bytes of an output that a model is told of a gate.
const TOLD_BYTES: usize = 3_000;

/// The end of what a command wrote.
pub(super) fn end_of(outcome: &crate::host::Outcome) -> String {
    let mut bytes = Vec::new();
    for output in [&outcome.stdout, &outcome.stderr] {
        let last = if output.tail.is_empty() { &output.head } else { &output.tail };
        let from = last.len().saturating_sub(TOLD_BYTES / 2);
        bytes.extend_from_slice(&last[from..]);
    }
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

impl From<&Ran> for GateResult {
    fn from(ran: &Ran) -> Self {
        GateResult {
            passed: ran.outcome.exit.is_success(),
            output: format!("{}\n{}", ran.outcome.exit, end_of(&ran.outcome)),
            run: Some(ran.number),
            evidence: Some(ran.evidence),
            took: u64::try_from(ran.outcome.took.as_millis()).ok(),
        }
    }
}
