//! A driver's handle of a turn: how it begins, how it is taken over, and what it is at.

use std::collections::HashMap;

use super::route::{PolicyRouter, Router};
use super::seen::Overseer;
use crate::context::{Dialect, Prompt};
use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::object::{
    AsPath, DriverId, EndReason, Entry, FilePath, Memory, OperationKind, Phase, Policy, StepEnd,
    StepOutcome, StepWork, TurnProgress,
};
use crate::oversight::SecretPattern;
use crate::session::{
    Glob, ProposalEntry, Session, Sight, StepEntry, TurnEntry, TurnWork, check_role, first_line,
};

/// What an agent does for one request, in rounds, until it is done.
///
/// Its state is the session's: each step is durable before the host hears of it, and so is each result
/// before [`supply`](Self::supply) returns. Whatever dies, the turn goes on from the store alone, in
/// another process, on another machine, years later. It does no I/O but the store's, and knows neither
/// clock nor chance: times and costs are what the host says.
///
/// A turn has one driver at a time. [`resume`](Self::resume) takes it over: of what the former driver
/// was asked to do and has not said, nobody knows whether it was done, and each tool's
/// [`Effect`](crate::object::Effect) says what happens then.
///
/// ```
/// use partita::host::turn::{DriverId, ModelAnswer, Policy, Step, StepResult, Turn};
/// use partita::{Memory, Store};
/// let session = Store::in_memory()?.session("s")?;
/// session.remember(Memory::user("Say hello."))?;
/// let mut turn = Turn::begin(&session, &Policy::new(), DriverId::new([1; 16]))?;
/// while let Some(steps) = turn.next()? {
///     for step in steps {
///         let result: StepResult = match &step {
///             Step::CallModel(_) => ModelAnswer::new(Memory::assistant("Hello.")).into(),
///             _ => StepResult::failed("nobody does that here"),
///         };
///         turn.supply(step.id(), result)?;
///     }
/// }
/// assert_eq!(turn.ended()?.unwrap().name(), "end_turn");
/// assert_eq!(session.memory(2)?.memory.text(), "Hello.");
/// # Ok::<(), partita::Error>(())
/// ```
pub struct Turn {
    pub(super) session: Session,
    pub(super) id: ObjectId,
    pub(super) policy: Policy,
    pub(super) dialect: Dialect,
    pub(super) driver: DriverId,
    /// How often the turn had been taken over when this handle began: another number says that it
    /// drives no longer.
    pub(super) takeovers: u64,
    /// The attempts at steps that this handle has handed out.
    pub(super) handed: HashMap<ObjectId, u64>,
    /// The requests of roles with a budget as they were when they were last counted, with their tokens
    /// at the most.
    pub(super) counted: HashMap<String, (String, u64)>,
    pub(super) router: Box<dyn Router + Send>,
    pub(super) overseers: Vec<Box<dyn Overseer + Send>>,
}

impl Turn {
    /// Begins a turn on the newest state: what is asked stands in the dialog already. Nothing is asked
    /// of the host before [`next`](Self::next).
    ///
    /// # Errors
    /// `Invalid` for a policy beyond a limit, of a dialect that is not known, or with a glob or a
    /// pattern that cannot be read.
    pub fn begin(session: &Session, policy: &Policy, driver: DriverId) -> Result<Turn> {
        policy.validate()?;
        dialect_of(policy)?;
        // What could not be read later would stop the turn in its middle.
        policy.files.iter().try_for_each(|glob| Glob::new(glob).map(drop))?;
        if let Some(rule) = policy.rule(Policy::SECRET) {
            rule.parameters.iter().try_for_each(|text| SecretPattern::new(text).map(drop))?;
        }
        let roles = policy.stages.iter().map(|stage| &stage.role).chain(policy.roles.keys());
        roles.chain(&policy.review.model).try_for_each(|role| check_role(role))?;
        loop {
            let mut work = TurnWork::begin(session, policy, driver)?;
            let first = &policy.stages[0];
            if !first.prompt.is_empty() {
                work.remember(Memory::user(&first.prompt))?;
            }
            let (id, message) = (work.turn, first_line(&first.role));
            if work.commit(OperationKind::BeginTurn, &message)?.is_some() {
                return Turn::of(session, id, policy.clone(), driver, 0);
            }
        }
    }

    /// Takes a turn over, also from a driver that is gone: from here on this one drives it. What the
    /// former driver was asked to do and has not said is *unknown*; what it says later is kept, and
    /// changes nothing. Questions to people stay open.
    ///
    /// # Errors
    /// `NotFound` if the session has no such turn; `Invalid` in a fork or a copy of its session, which
    /// has the turn to look at alone.
    pub fn resume(session: &Session, id: ObjectId, driver: DriverId) -> Result<Turn> {
        loop {
            let mut work = TurnWork::load(session, id)?;
            let policy = work.policy()?;
            check_here(session, &work)?;
            let open: Vec<(u64, u64, DriverId)> = work
                .rows()
                .iter()
                .filter(|(_, row)| row.is_open())
                .map(|(index, row)| (*index, &row.newest().intent))
                .filter(|(_, intent)| !matches!(intent.work, StepWork::Ask { .. }))
                .map(|(index, intent)| (index, intent.attempt, intent.driver))
                .collect();
            for (index, attempt, former) in open {
                work.close(index, StepOutcome::new(attempt, former, StepEnd::Unknown))?;
            }
            work.progress.driver = driver;
            work.progress.takeovers += 1;
            let takeovers = work.progress.takeovers;
            if work.commit(OperationKind::TakeOver, "")?.is_some() {
                return Turn::of(session, id, policy, driver, takeovers);
            }
        }
    }

    fn of(
        session: &Session,
        id: ObjectId,
        policy: Policy,
        driver: DriverId,
        takeovers: u64,
    ) -> Result<Turn> {
        Ok(Turn {
            session: session.clone(),
            id,
            dialect: dialect_of(&policy)?,
            policy,
            driver,
            takeovers,
            handed: HashMap::new(),
            counted: HashMap::new(),
            router: Box::new(PolicyRouter),
            overseers: Vec::new(),
        })
    }

    /// Lets a host's router choose models, in place of the policy's routes.
    #[must_use]
    pub fn with_router(mut self, router: impl Router + Send + 'static) -> Self {
        self.router = Box::new(router);
        self
    }

    /// Lets a host look for what is wrong, beside the policy's rules.
    #[must_use]
    pub fn with_overseer(mut self, overseer: impl Overseer + Send + 'static) -> Self {
        self.overseers.push(Box::new(overseer));
        self
    }

    /// Returns what the turn is called.
    pub fn id(&self) -> ObjectId {
        self.id
    }

    /// Returns the session that it goes on in.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the policy that it goes by.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Returns the turn as it is in the newest state.
    ///
    /// # Errors
    /// `NotFound` if the session is gone.
    pub fn entry(&self) -> Result<TurnEntry> {
        self.session.turn(self.id)
    }

    /// Returns why it ended; none while it goes on.
    ///
    /// # Errors
    /// As [`entry`](Self::entry).
    pub fn ended(&self) -> Result<Option<EndReason>> {
        Ok(self.entry()?.ended())
    }

    /// Returns the steps of the round that wait for a result: those that were handed out, and
    /// questions.
    ///
    /// # Errors
    /// As [`entry`](Self::entry).
    pub fn waiting(&self) -> Result<Vec<StepEntry>> {
        let progress: TurnProgress = self.entry()?.progress;
        let steps = self.session.latest()?.round(self.id, progress.round)?;
        Ok(steps.into_iter().filter(|step| step.outcome().is_none()).collect())
    }

    /// Returns the proposal that the turn's changes go into; none where it has none.
    ///
    /// # Errors
    /// As [`entry`](Self::entry).
    pub fn proposal(&self) -> Result<Option<ProposalEntry>> {
        match self.entry()?.progress.proposal {
            0 => Ok(None),
            number => match self.session.latest()?.proposal(number) {
                Err(error) if error.kind().is_absence() => Ok(None),
                proposal => proposal.map(Some),
            },
        }
    }

    /// Reads a file as the turn would leave it: as its proposal has it, else as the session has it.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub fn read(&self, path: impl AsPath) -> Result<Vec<u8>> {
        let path = FilePath::new(path)?;
        let latest = self.session.latest()?;
        if let Some(proposal) = self.proposal()?.filter(|proposal| proposal.applied.is_none()) {
            let changes = latest.proposed(proposal.newest())?;
            if let Some(change) = changes.into_iter().find(|change| change.path == path) {
                return match &change.after {
                    Entry::Removed => {
                        Err(Error::not_found(format!("{path} is removed by the turn's proposal")))
                    }
                    entry => latest.read_entry(&path, entry),
                };
            }
        }
        latest.read(&path)
    }

    /// Returns what a role is shown now: the view of the session, with the role's instructions, less
    /// what its budget has put away.
    ///
    /// # Errors
    /// As [`Snapshot::prompt`](crate::Snapshot::prompt).
    pub fn prompt(&self, role: &str) -> Result<Prompt> {
        let instructions = self.policy.roles.get(role).map(|role| &*role.instructions);
        Ok(self.session.latest()?.shown_to(role, instructions.unwrap_or_default())?.prompt)
    }

    /// Tells whether what a role is shown holds a file's current text, as
    /// [`Session::sees`](crate::Session::sees) does.
    ///
    /// # Errors
    /// As [`prompt`](Self::prompt).
    pub fn sees(&self, role: &str, path: impl AsPath) -> Result<Sight> {
        let latest = self.session.latest()?;
        latest.sight(&FilePath::new(path)?, &latest.shown_to(role, "")?)
    }

    /// The role whose stage it is.
    pub(super) fn role(&self, work: &TurnWork) -> String {
        self.policy.stages[work.progress.stage as usize].role.clone()
    }

    /// Says what somebody else's driving looks like to this handle.
    pub(super) fn taken_over(&self, progress: &TurnProgress) -> Option<Error> {
        (progress.takeovers != self.takeovers).then(|| {
            Error::conflict(format!("driver {} has taken this turn over", progress.driver))
        })
    }
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turn").field("id", &self.id).field("driver", &self.driver).finish()
    }
}

fn dialect_of(policy: &Policy) -> Result<Dialect> {
    Dialect::from_name(&policy.dialect).ok_or_else(|| {
        let name = &policy.dialect;
        Error::invalid(format!("a policy of the dialect {name:?}, which is not known"))
    })
}

/// Refuses to touch a turn in a fork of its session, which has it to look at alone.
pub(super) fn check_here(session: &Session, work: &TurnWork) -> Result<()> {
    if work.start()?.session == session.nonce() {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "turn {:.10} goes on in the session that session {:?} was forked from: begin a turn here",
        work.turn,
        session.name()
    )))
}

/// Tells whether a turn goes on.
pub(super) fn is_running(work: &TurnWork) -> bool {
    work.progress.phase != Phase::Ended
}
