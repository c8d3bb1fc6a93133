//! Effects are counted where processes die: none is done twice that must not be, and none is told as
//! done that was not.
//!
//! A process drives a turn over a recorded medium, and dies: at any call of its file system, between
//! any two things that it does, and on both sides of an effect. The next one finds what was synced and
//! what chance left of the rest, takes the turn over, and goes on, until the turn has ended.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use partita::host::turn::{
    Ask, Asks, Choice, EndReason, Question, Step, StepEnd, StepResult, StepWork, Supplied,
    ToolResult, Turn,
};
use partita::vfs::SyncSite;
use partita::{ErrorKind, Memory, ObjectId, Part, Session, Store, StoreOptions, Timestamp};

use super::world::World;
use super::{TOOLS, answer, call, driver, policy, tools};
use crate::crash::entropy::{self, Source};
use crate::random::Random;
use crate::vfs::{Crash, Disk, Fate, Recorder};

/// Processes of one run that may die; the one after them does not.
const DEATHS: usize = 5;
/// Calls of a process among which one is drawn at which it dies.
const CALLS: usize = 220;
/// What a process does at the most.
const ACTS: usize = 400;

/// What runs came across.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Processes that died at a call of the file system.
    pub killed: u64,
    /// Processes that died between two things, by where.
    pub died: BTreeMap<&'static str, u64>,
    /// Effects of each class.
    pub effects: BTreeMap<&'static str, u64>,
    /// Questions of what came of a call, by the answers.
    pub unknown: BTreeMap<&'static str, u64>,
    /// How turns ended.
    pub ended: BTreeMap<&'static str, u64>,
}

impl Seen {
    /// Adds what another run came across.
    pub fn add(&mut self, other: &Seen) {
        self.killed += other.killed;
        for (sums, more) in [
            (&mut self.died, &other.died),
            (&mut self.effects, &other.effects),
            (&mut self.unknown, &other.unknown),
            (&mut self.ended, &other.ended),
        ] {
            for (name, count) in more {
                *sums.entry(name).or_default() += count;
            }
        }
    }
}

/// A medium on which every sync syncs.
pub fn sound(disk: Disk) -> Recorder {
    Recorder::on(disk)
}

/// A medium on which commits are not synced.
pub fn unsynced(disk: Disk) -> Recorder {
    Recorder::on(disk).without(SyncSite::Commit)
}

fn options() -> StoreOptions {
    let clock = || Timestamp::from_millis(0);
    Store::options()
        .segment_bytes(32 << 10)
        .bulk_bytes(16 << 10)
        .clock(clock)
        .entropy(entropy::fill)
}

/// A medium with a session that declares the tools, and asks for something.
static PREPARED: LazyLock<Disk> = LazyLock::new(|| {
    let medium = Recorder::new();
    Source::new(0).supply(|| {
        let store = options().open_vfs(Arc::new(medium.clone())).expect("a store");
        let session = store.session("s").expect("a session");
        session.set_tools(&tools()).expect("tools");
        session.remember(Memory::user("Do it.")).expect("a request");
    });
    medium.disk()
});

/// Runs the processes of a seed, one after the other, until the turn has ended.
///
/// # Errors
/// What was done twice, told wrongly, or lost.
pub fn run(seed: u64, medium: &dyn Fn(Disk) -> Recorder) -> Result<Seen, String> {
    let source = Source::new(seed);
    source.supply(|| {
        let mut random = Random::new(seed);
        let asks = random.chance(1, 2);
        let mut run = Run {
            truthful: random.chance(3, 4),
            deaths: random.below(DEATHS + 1),
            random,
            world: World { asks, ..World::default() },
            turn: None,
            said: BTreeMap::new(),
            taken: BTreeMap::new(),
            calls: 0,
            seen: Seen::default(),
        };
        let mut disk = PREPARED.clone();
        for life in 0.. {
            let recorder = medium(disk.clone());
            let is_last = life >= run.deaths;
            if !is_last && run.random.chance(1, 2) {
                recorder.die_at(run.random.below(CALLS));
            }
            let lived = run.live(life as u64, &recorder, is_last);
            match lived {
                Ok(()) => break,
                Err(End::Wrong(what)) => return Err(format!("life {life}: {what}")),
                Err(End::Died(place)) => *run.seen.died.entry(place).or_default() += 1,
                Err(End::Said(_)) if recorder.has_dead() => run.seen.killed += 1,
                Err(End::Said(error)) => return Err(format!("life {life}: {error:?}")),
            }
            let actions = recorder.actions();
            let crash = Crash::after(&disk, &actions);
            let fate = crash.fate(run.random.below(14), seed).unwrap_or(Fate::Dropped);
            disk = crash.image(fate);
        }
        run.seen.effects = run.world.effects;
        Ok(run.seen)
    })
}

/// Why a process came to no end.
enum End {
    /// Something is not as it must be.
    Wrong(String),
    /// It was to die there.
    Died(&'static str),
    /// The store said no.
    Said(partita::Error),
}

impl From<partita::Error> for End {
    fn from(error: partita::Error) -> Self {
        End::Said(error)
    }
}

fn wrong<T>(what: impl Into<String>) -> Result<T, End> {
    Err(End::Wrong(what.into()))
}

/// A run, as somebody knows it who sees all processes.
struct Run {
    truthful: bool,
    deaths: usize,
    random: Random,
    world: World,
    turn: Option<ObjectId>,
    /// What was said of steps, whether or not the store heard it.
    said: BTreeMap<ObjectId, Vec<(String, bool)>>,
    /// What the store took for certain.
    taken: BTreeMap<ObjectId, (String, bool)>,
    calls: u64,
    seen: Seen,
}

/// A step that was handed out, and what was done of it.
enum Work {
    Waits(Step),
    Done(ObjectId, StepResult),
}

impl Run {
    fn live(&mut self, life: u64, recorder: &Recorder, is_last: bool) -> Result<(), End> {
        let store = options().open_vfs(Arc::new(recorder.clone()))?;
        let session = store.open_session("s")?;
        let open = session.turns()?;
        let mut turn = match (open.last(), self.turn) {
            (None, Some(_)) => return wrong("the turn is gone that was begun"),
            (None, None) => {
                let mut policy = policy();
                policy.limits.calls = 6;
                if !self.world.asks {
                    policy.tools.values_mut().for_each(|tool| tool.asks = Asks::Never);
                }
                Turn::begin(&session, &policy, driver(life))?
            }
            (Some(found), _) => Turn::resume(&session, found.id, driver(life))?,
        };
        self.turn = Some(turn.id());
        let mut works: Vec<Work> = Vec::new();
        for _ in 0..ACTS {
            if works.is_empty() || self.random.chance(1, 6) {
                self.may_die(is_last, "before next")?;
                let Some(steps) = turn.next()? else { return self.check(&session, turn.id()) };
                self.may_die(is_last, "after next")?;
                if steps.is_empty() && works.is_empty() {
                    return wrong("nothing to do, and not ended");
                }
                works.extend(steps.into_iter().map(Work::Waits));
                continue;
            }
            let at = self.random.below(works.len());
            match works.swap_remove(at) {
                Work::Waits(step) => {
                    let result = self.work(&session, &turn, &step, is_last)?;
                    works.push(Work::Done(step.id(), result));
                }
                Work::Done(id, result) => {
                    self.may_die(is_last, "before supply")?;
                    self.supply(&session, &mut turn, id, result)?;
                    self.may_die(is_last, "after supply")?;
                }
            }
        }
        wrong(format!("no end after {ACTS} acts"))
    }

    fn may_die(&mut self, is_last: bool, place: &'static str) -> Result<(), End> {
        match !is_last && self.random.chance(1, 25) {
            true => Err(End::Died(place)),
            false => Ok(()),
        }
    }

    /// Does what a step says.
    fn work(
        &mut self,
        session: &Session,
        turn: &Turn,
        step: &Step,
        is_last: bool,
    ) -> Result<StepResult, End> {
        Ok(match step {
            Step::CallModel(_) => {
                self.may_die(is_last, "at a model")?;
                self.answer()
            }
            Step::RunTool(tool) => {
                self.may_die(is_last, "before an effect")?;
                let is_done = self.random.chance(7, 8);
                if is_done {
                    self.world.act(tool).map_err(End::Wrong)?;
                }
                self.may_die(is_last, "after an effect")?;
                let words = format!("{} {:.10} {}", tool.name, tool.id, tool.attempt);
                let result = match is_done {
                    true => ToolResult::text(&words),
                    false => ToolResult::error(&words),
                };
                self.said.entry(tool.id).or_default().push((words, !is_done));
                result.into()
            }
            Step::Ask(ask) => self.ask(session, turn, ask)?,
            other => return wrong(format!("nobody asked for {other:?}")),
        })
    }

    fn answer(&mut self) -> StepResult {
        let calls = if self.random.chance(1, 4) { 0 } else { self.random.between(1, 4) };
        if calls == 0 && self.random.chance(1, 4) {
            return StepResult::failed("overloaded");
        }
        let calls: Vec<Part> = (0..calls)
            .map(|_| {
                self.calls += 1;
                let (name, _) = *self.random.pick(&TOOLS);
                call(format!("c{}", self.calls), name, &format!("{{\"n\":{}}}", self.calls))
            })
            .collect();
        answer(if calls.is_empty() { "Done." } else { "I do." }, calls)
    }

    /// A person answers; one that is truthful looks what was done.
    fn ask(&mut self, session: &Session, turn: &Turn, ask: &Ask) -> Result<StepResult, End> {
        let (Question::Approve(call) | Question::Unknown(call)) = &ask.question else {
            return wrong(format!("nobody asked for {ask:?}"));
        };
        let latest = session.latest()?;
        let steps = latest.steps(turn.id()).collect::<partita::Result<Vec<_>>>()?;
        let Some(asked) = steps.iter().find(|step| step.id == ask.id) else {
            return wrong("a question that is no step");
        };
        let is_it = |step: &&partita::host::turn::StepEntry| {
            (step.round, step.index) == (asked.round, call.index)
        };
        let about = steps.iter().find(is_it).map(|step| step.id);
        let is_approval = matches!(ask.question, Question::Approve(_));
        let choice = if is_approval {
            *self.random.pick(&[
                Choice::AllowOnce,
                Choice::AllowOnce,
                Choice::AllowOnce,
                Choice::AllowAlways,
                Choice::RejectOnce,
            ])
        } else {
            let Some(step) = about else { return wrong("a question about a step that is none") };
            let choice = match (self.truthful, self.world.count(step)) {
                (true, 0) => *self.random.pick(&[Choice::DoAgain, Choice::DoAgain, Choice::GiveUp]),
                (true, _) => Choice::WasDone,
                (false, _) => *self.random.pick(ask.choices),
            };
            *self.seen.unknown.entry(choice.name()).or_default() += 1;
            if choice == Choice::DoAgain {
                // One who says so although it was done wants it twice.
                *self.world.again.entry(step).or_default() += 1;
            }
            choice
        };
        let of = step_id(turn.id(), asked.round, call.index);
        self.world.asked.insert(ask.id, of);
        match choice {
            // A call that was never tried has no step yet: its id is told by its place.
            Choice::AllowOnce => {
                self.world.allowed.insert(of);
            }
            Choice::AllowAlways => {
                self.world.always.insert(call.tool.clone());
            }
            _ => {}
        }
        Ok(StepResult::choice(choice))
    }

    fn supply(
        &mut self,
        session: &Session,
        turn: &mut Turn,
        id: ObjectId,
        result: StepResult,
    ) -> Result<(), End> {
        if let StepResult::Choice(choice, reason) = &result {
            let heard = match self.random.chance(1, 2) {
                true => session.decide(id, *choice, reason),
                false => turn.supply(id, result.clone()).map(|_| ()),
            };
            return match heard {
                Ok(()) => {
                    self.world.hear(id, *choice);
                    Ok(())
                }
                // What was said of the tool meanwhile has answered the question.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Conflict) => {
                    Ok(())
                }
                Err(error) => Err(error.into()),
            };
        }
        let supplied = turn.supply(id, result.clone())?;
        if supplied != Supplied::Taken {
            return wrong(format!("what was never said is {supplied:?}"));
        }
        if let (StepResult::Tool(_), Some(said)) = (&result, self.said.get(&id)) {
            let newest = said.last().cloned().unwrap_or_default();
            self.taken.insert(id, newest);
        }
        if self.random.chance(1, 8) && turn.supply(id, result)? != Supplied::Known {
            return wrong("the same result is taken twice");
        }
        Ok(())
    }

    /// What must hold of a turn that has ended.
    fn check(&mut self, session: &Session, turn: ObjectId) -> Result<(), End> {
        let latest = session.latest()?;
        let ended = session.turn(turn)?.ended();
        let Some(ended) = ended else { return wrong("no more steps, and not ended") };
        if !matches!(ended, EndReason::EndTurn | EndReason::MaxTurnRequests | EndReason::Failed) {
            return wrong(format!("ended by {}", ended.name()));
        }
        *self.seen.ended.entry(ended.name()).or_default() += 1;
        let mut results: BTreeMap<String, Vec<(String, bool)>> = BTreeMap::new();
        let mut calls = Vec::new();
        for memory in latest.memories() {
            let memory = memory?.memory;
            for part in &memory.parts {
                match part {
                    Part::Call { id, .. } => calls.push(id.clone()),
                    Part::Result { call, error, .. } => {
                        let told = (memory.text().into_owned(), *error);
                        results.entry(call.clone()).or_default().push(told);
                    }
                    _ => {}
                }
            }
        }
        for id in &calls {
            let count = results.get(id).map_or(0, Vec::len);
            if count != 1 {
                return wrong(format!("call {id} has {count} results"));
            }
        }
        if results.len() != calls.len() {
            return wrong("results of no call");
        }
        for step in latest.steps(turn) {
            let step = step?;
            let StepWork::Tool { call, .. } = step.work() else { continue };
            let Some(outcome) = step.outcome() else {
                return wrong(format!("call {call} has no outcome"));
            };
            let (told, is_error) = results[call][0].clone();
            let is_done = outcome.end == StepEnd::Done;
            if is_done == is_error {
                return wrong(format!("call {call} is {}, and told as {told:?}", outcome.end));
            }
            if self.truthful && is_done && self.world.count(step.id) == 0 {
                return wrong(format!("call {call} is told as done, and was never done"));
            }
            let is_taken = self.taken.get(&step.id);
            if is_taken.is_some_and(|taken| *taken != (told.clone(), is_error)) {
                return wrong(format!("of call {call} {is_taken:?} was taken, and {told:?} told"));
            }
            let is_of_host = self
                .said
                .get(&step.id)
                .is_some_and(|said| said.contains(&(told.clone(), is_error)));
            let ours = ["it was done: a", "nobody knows whether it was done", "a person has rej"];
            if !is_of_host && !ours.iter().any(|ours| told.starts_with(ours)) {
                return wrong(format!("of call {call} {told:?} is told, which nobody said"));
            }
        }
        Ok(())
    }
}

/// The id of a step: from the documentation of the format.
pub(super) fn step_id(turn: ObjectId, round: u64, index: u64) -> ObjectId {
    let mut bytes = b"partita step\0".to_vec();
    bytes.extend_from_slice(turn.as_bytes());
    bytes.extend_from_slice(&round.to_be_bytes());
    bytes.extend_from_slice(&index.to_be_bytes());
    ObjectId::of_content(&bytes)
}
