//! What a session is doing, and pausing it.

use super::ground::capture;
use super::sandbox::Sandbox;
use crate::error::Result;
use crate::object::OperationKind;
use crate::session::{CheckpointInfo, RunEntry, Session, StepEntry, TurnEntry};
use crate::workspace::{Capture, CaptureOptions};

/// What a session is doing. It is read off what was recorded last; nothing is stored that could be
/// wrong later.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Activity {
    /// Nothing.
    Idle,
    /// Commands run, or were under way when whoever drove them was gone: nobody who only looks can
    /// tell. Newest first.
    Running(Vec<RunEntry>),
    /// A turn of it goes on: steps are done, or were when whoever did them was gone.
    InTurn(Vec<TurnEntry>),
    /// A turn of it asks a person.
    RequiresAction(Vec<StepEntry>),
    /// It was paused, and nothing was done since.
    Paused {
        /// Why; may be empty.
        reason: String,
    },
}

impl Activity {
    /// Returns the word that listings show.
    pub fn name(&self) -> &'static str {
        match self {
            Activity::Idle => "idle",
            Activity::Running(_) | Activity::InTurn(_) => "running",
            Activity::RequiresAction(_) => "requires-action",
            Activity::Paused { .. } => "paused",
        }
    }
}

impl Session {
    /// Returns what the session is doing.
    ///
    /// # Errors
    /// `NotFound` if the session is gone.
    ///
    /// ```
    /// use partita::host::Activity;
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.pause("until Monday")?;
    /// assert_eq!(session.activity()?, Activity::Paused { reason: "until Monday".into() });
    /// session.write("a", "1")?;
    /// assert_eq!(session.activity()?, Activity::Idle);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn activity(&self) -> Result<Activity> {
        let (kind, message) = self.newest_act()?;
        if kind == OperationKind::Pause {
            return Ok(Activity::Paused { reason: message });
        }
        let asked = self.questions()?;
        if !asked.is_empty() {
            return Ok(Activity::RequiresAction(asked));
        }
        let open = self.latest()?.open_runs()?;
        if !open.is_empty() {
            return Ok(Activity::Running(open));
        }
        let mut turns = self.turns()?;
        turns.retain(TurnEntry::is_open);
        Ok(if turns.is_empty() { Activity::Idle } else { Activity::InTurn(turns) })
    }
}

/// Captures what a sandbox holds, says that the session is paused, and stops the sandbox. If
/// anything cannot be captured the sandbox goes on, and the error says why.
///
/// # Errors
/// As [`capture`], and what the sandbox says.
pub fn pause(
    session: &Session,
    sandbox: &mut dyn Sandbox,
    reason: &str,
) -> Result<(Capture, Option<CheckpointInfo>)> {
    let captured = capture(session, sandbox, &CaptureOptions::new())?;
    let checkpoint = session.pause(reason)?;
    sandbox.stop()?;
    Ok((captured, checkpoint))
}
