//! The JSON of directories and runs.

use partita::history::CheckpointInfo;
use partita::host::turn::{FindingEntry, StepEntry, TurnEntry};
use partita::host::{Activity, Ran as LibraryRan, RunEntry};
use partita::object::Exit;
use partita::shape::Brief;
use partita::workspace::Capture;
use partita::{OperationId, Session};
use serde::Serialize;

/// What `status` says.
#[derive(Debug, Serialize)]
pub(crate) struct Status<'a> {
    pub(crate) session: StatusSession<'a>,
    pub(crate) directory: Option<&'a Capture>,
}

/// What a session is doing.
#[derive(Debug, Serialize)]
pub(crate) struct StatusSession<'a> {
    name: String,
    id: OperationId,
    checkpoint: Option<Brief<'a>>,
    state: &'static str,
    reason: Option<String>,
    runs: &'a [RunEntry],
    turns: &'a [TurnEntry],
    questions: &'a [StepEntry],
    findings: &'a [FindingEntry],
}

impl<'a> StatusSession<'a> {
    pub(crate) fn new(
        session: &Session,
        checkpoint: Option<&'a CheckpointInfo>,
        activity: &'a Activity,
        findings: &'a [FindingEntry],
    ) -> Self {
        let (mut reason, mut runs, mut turns, mut questions) = (None, &[][..], &[][..], &[][..]);
        match activity {
            Activity::Paused { reason: why } => reason = Some(why.clone()),
            Activity::Running(running) => runs = running,
            Activity::InTurn(open) => turns = open,
            Activity::RequiresAction(asked) => questions = asked,
            _ => {}
        }
        StatusSession {
            name: session.name().to_owned(),
            id: session.id(),
            checkpoint: checkpoint.map(Brief),
            state: activity.name(),
            reason,
            runs,
            turns,
            questions,
            findings,
        }
    }
}

/// What `run` says.
#[derive(Debug, Serialize)]
pub(crate) struct Ran<'a> {
    run: u64,
    exit: &'a Exit,
    code: Option<i32>,
    took_ms: u64,
    evidence: u64,
    claims: &'a [u64],
    #[serde(flatten)]
    capture: Option<&'a Capture>,
}

impl<'a> Ran<'a> {
    pub(crate) fn new(ran: &'a LibraryRan) -> Self {
        Ran {
            run: ran.number,
            exit: &ran.outcome.exit,
            code: ran.outcome.exit.code(),
            took_ms: u64::try_from(ran.outcome.took.as_millis()).unwrap_or(u64::MAX),
            evidence: ran.evidence,
            claims: &ran.claims,
            capture: ran.capture.as_ref().ok(),
        }
    }
}
