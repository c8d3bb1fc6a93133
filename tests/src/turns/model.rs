//! The loop beside a naive interpreter: random scripts of two drivers on one turn, of people, of undo,
//! cancels and takeovers.

use std::collections::BTreeMap;

use partita::host::turn::{Choice, ModelAnswer, Step, StepResult, ToolResult, Turn, cancel};
use partita::object::ModelCall;
use partita::{Memory, ObjectId, Session, Store};

use super::effects::step_id;
use super::plain::{
    CALLS, Call, FAILURES, FOREIGN, Handed, Handle, Key, PARALLEL, Place, Plain, Said,
};
use super::{call, driver, policy, tools};
use crate::random::Random;
use crate::shrink;

/// Acts of one script.
const ACTS: usize = 70;

/// One act. Numbers choose among what is there.
#[derive(Clone, Debug)]
pub enum Act {
    /// A handle asks what can be done.
    Next(usize),
    /// A handle says something of a step that fits it mostly.
    Supply(usize, usize, u64),
    /// A handle says again what was said before.
    Again(usize, usize),
    /// A handle says something of a step that is none.
    Stray(usize, u64),
    /// Somebody answers a question.
    Decide(usize, u64),
    /// The newest change is taken back.
    Undo,
    /// Somebody cancels the turn.
    Cancel,
    /// A handle takes the turn over.
    TakeOver(usize),
}

fn draw(random: &mut Random) -> Act {
    let handle = usize::from(random.chance(1, 3));
    let (which, word) = (random.below(1 << 16), random.word());
    match random.below(100) {
        0..32 => Act::Next(handle),
        32..70 => Act::Supply(handle, which, word),
        70..75 => Act::Again(handle, which),
        75..77 => Act::Stray(handle, word),
        77..84 => Act::Decide(which, word),
        84..90 => Act::Undo,
        90..91 => Act::Cancel,
        _ => Act::TakeOver(handle),
    }
}

/// Runs the script of a seed. Returns how many acts it has.
///
/// # Errors
/// What differs, with the fewest acts that were found to show it.
pub fn run(seed: u64) -> Result<usize, String> {
    let stages = if seed.is_multiple_of(3) { vec!["plan", "do"] } else { vec!["agent"] };
    shrink::draw(seed, ACTS, draw, |acts| shrink::guarded(|| run_all(acts, &stages)))
}

struct Both {
    session: Session,
    turn: ObjectId,
    handles: [Option<(Turn, Handle)>; 2],
    plain: Plain,
    /// Steps that were handed out, in their order, with what was said of each last.
    seen: Vec<Key>,
    said: BTreeMap<Key, Said>,
    count: u64,
    drivers: u64,
}

fn run_all(acts: &[Act], stages: &[&'static str]) -> Result<(), String> {
    let mut both = Both::new(stages).map_err(said)?;
    for (at, act) in acts.iter().enumerate() {
        both.act(act).map_err(|what| format!("act {at}, {act:?}: {what}"))?;
        both.compare(at % 10 == 0 || at + 1 == acts.len())
            .map_err(|what| format!("after act {at}, {act:?}: {what}"))?;
    }
    Ok(())
}

fn said(error: partita::Error) -> String {
    format!("{:?}: {error}", error.kind())
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, came: &T, due: &T) -> Result<(), String> {
    if came == due { Ok(()) } else { Err(format!("{what}: came {came:?}, expected {due:?}")) }
}

fn real(said: &Said) -> StepResult {
    match said {
        Said::Answer { words, calls, stop } => {
            let parts = calls
                .iter()
                .map(|it| call(&*it.id, it.tool, if it.is_garbage { "{\"a\":" } else { "{}" }));
            let memory = parts.fold(Memory::assistant(words), Memory::with_part);
            let answer = ModelAnswer::new(memory);
            match stop.is_empty() {
                true => answer.into(),
                false => {
                    let stop = (*stop).to_owned();
                    answer.with_call(ModelCall { stop, ..ModelCall::default() }).into()
                }
            }
        }
        Said::Foreign => ModelAnswer::new(Memory::user(FOREIGN)).into(),
        Said::Tool { text, is_error: false } => StepResult::text(text),
        Said::Tool { text, is_error: true } => ToolResult::error(text).into(),
        Said::Failed(why) => StepResult::failed(why),
        Said::Chose(choice) => StepResult::choice(*choice),
    }
}

const CHOICES: [Choice; 8] = [
    Choice::AllowOnce,
    Choice::AllowOnce,
    Choice::AllowAlways,
    Choice::RejectOnce,
    Choice::RejectAlways,
    Choice::WasDone,
    Choice::DoAgain,
    Choice::GiveUp,
];

impl Both {
    fn new(stages: &[&'static str]) -> partita::Result<Self> {
        let session = Store::in_memory()?.session("s")?;
        session.set_tools(&tools())?;
        session.remember(Memory::user("Do it."))?;
        let mut policy = policy();
        policy.limits.calls = CALLS;
        policy.limits.failures = FAILURES;
        policy.limits.parallel = PARALLEL as u64;
        policy.limits.repeats = 0;
        let of = |role: &&'static str| partita::host::turn::Stage {
            role: (*role).to_owned(),
            prompt: String::new(),
        };
        policy.stages = stages.iter().map(of).collect();
        let turn = Turn::begin(&session, &policy, driver(0))?;
        let plain = Plain::new(stages.to_vec(), 1);
        let handle = plain.handle();
        Ok(Both {
            turn: turn.id(),
            session,
            handles: [Some((turn, handle)), None],
            plain,
            seen: Vec::new(),
            said: BTreeMap::new(),
            count: 0,
            drivers: 0,
        })
    }

    fn id(&self, key: Key) -> ObjectId {
        step_id(self.turn, key.0, key.1.index())
    }

    /// Something new that fits a place, or now and then does not.
    fn fresh(&mut self, place: Place, word: u64) -> Said {
        let mut random = Random::new(word);
        self.count += 1;
        let count = self.count;
        if random.chance(1, 12) {
            return match random.below(4) {
                0 => Said::Foreign,
                1 => Said::Tool { text: format!("t{count}"), is_error: false },
                2 => Said::Failed(format!("f{count}")),
                _ => Said::Chose(*random.pick(&CHOICES)),
            };
        }
        match place {
            Place::Model => {
                let many = if random.chance(1, 3) { 0 } else { random.between(1, 4) };
                let calls = (0..many).map(|at| {
                    let tools = ["look", "put", "move", "send", "send", "nothing"];
                    let tool = *random.pick(&tools);
                    let is_garbage = random.chance(1, 10);
                    Call { id: format!("c{count}-{at}"), tool, is_garbage }
                });
                let calls: Vec<Call> = calls.collect();
                let is_silent = random.chance(1, 10);
                let words = if is_silent { String::new() } else { format!("a{count}") };
                let stops = ["", "", "", "", "", "", "", "", "refusal", "max_tokens"];
                Said::Answer { words, calls, stop: stops[random.below(stops.len())] }
            }
            Place::Call(_) => {
                Said::Tool { text: format!("t{count}"), is_error: random.chance(1, 5) }
            }
            Place::Approve(_) => Said::Chose(*random.pick(&CHOICES[..5])),
            Place::Unknown(..) => Said::Chose(*random.pick(&CHOICES[5..])),
        }
    }

    fn act(&mut self, act: &Act) -> Result<(), String> {
        match act {
            Act::Next(at) => self.next(*at),
            Act::Supply(at, which, word) => {
                // What was handed out last is of most interest.
                let many = self.seen.len();
                let Some(from) = many.checked_sub(1) else { return Ok(()) };
                let back = if word % 4 == 0 { which % many } else { which % many.min(5) };
                let key = self.seen[from - back];
                let said = self.fresh(key.1, *word);
                self.supply(*at, Some(key), &said)
            }
            Act::Again(at, which) => {
                let Some(from) = self.seen.len().checked_sub(1) else { return Ok(()) };
                let key = self.seen[from - which % self.seen.len()];
                let Some(said) = self.said.get(&key).cloned() else { return Ok(()) };
                self.supply(*at, Some(key), &said)
            }
            Act::Stray(at, word) => {
                let said = self.fresh(Place::Call(0), *word);
                self.supply(*at, None, &said)
            }
            Act::Decide(which, word) => {
                let open = self.plain.open_questions();
                let key = match open.is_empty() {
                    // A question that is none any more.
                    true => match self.seen.last() {
                        Some(key) => *key,
                        None => return Ok(()),
                    },
                    false => open[which % open.len()],
                };
                let choice = match self.fresh(key.1, *word) {
                    Said::Chose(choice) => choice,
                    _ => Choice::AllowOnce,
                };
                let came = self.session.decide(self.id(key), choice, "").map_err(|it| it.kind());
                same("decided", &came, &self.plain.decide(key, choice))
            }
            Act::Undo => {
                if self.plain.undo() {
                    self.session.undo().map_err(said)?;
                }
                Ok(())
            }
            Act::Cancel => {
                self.plain.cancel();
                cancel(&self.session, self.turn, "enough").map_err(said)
            }
            Act::TakeOver(at) => {
                self.drivers += 1;
                let turn = Turn::resume(&self.session, self.turn, driver(self.drivers));
                self.handles[*at] = Some((turn.map_err(said)?, self.plain.take_over()));
                Ok(())
            }
        }
    }

    fn next(&mut self, at: usize) -> Result<(), String> {
        let turn = self.turn;
        let Some((real, handle)) = &mut self.handles[at] else { return Ok(()) };
        let due = self.plain.next(handle);
        let came = real.next().map_err(|error| error.kind());
        let told = |steps: Vec<Step>| -> Vec<(ObjectId, String, u64)> {
            let told = steps.into_iter().map(|step| match &step {
                Step::CallModel(step) => (step.id, step.role.clone(), step.attempt),
                Step::RunTool(step) => (step.id, step.name.clone(), step.attempt),
                other => (other.id(), other.name().to_owned(), 1),
            });
            let mut told: Vec<_> = told.collect();
            told.sort();
            told
        };
        let of = |steps: &[Handed]| -> Vec<(ObjectId, String, u64)> {
            let of = steps.iter().map(|step| {
                let id = step_id(turn, step.key.0, step.key.1.index());
                (id, step.name.clone(), step.attempt as u64)
            });
            let mut of: Vec<_> = of.collect();
            of.sort();
            of
        };
        if let Ok(Some(steps)) = &due {
            self.seen.extend(steps.iter().map(|step| step.key));
        }
        let due = due.map(|steps| steps.map(|steps| of(&steps)));
        same("next", &came.map(|steps| steps.map(told)), &due)
    }

    fn supply(&mut self, at: usize, key: Option<Key>, what: &Said) -> Result<(), String> {
        let id = key.map_or(ObjectId::of_content(b"none"), |key| self.id(key));
        let Some((real_turn, handle)) = &mut self.handles[at] else { return Ok(()) };
        let due = self.plain.supply(handle, key, what);
        let came = real_turn.supply(id, real(what)).map_err(|error| error.kind());
        if let (Ok(_), Some(key)) = (&came, key) {
            self.said.insert(key, what.clone());
        }
        same("supplied", &came, &due)
    }

    fn compare(&self, whole: bool) -> Result<(), String> {
        let entry = self.session.turn(self.turn).map_err(said)?;
        same("ended", &entry.ended(), &self.plain.ended())?;
        let latest = self.session.latest().map_err(said)?;
        same("memories", &latest.memories().count(), &self.plain.dialog.len())?;
        let mut open: Vec<ObjectId> =
            self.session.questions().map_err(said)?.into_iter().map(|step| step.id).collect();
        let mut due: Vec<_> =
            self.plain.open_questions().into_iter().map(|key| self.id(key)).collect();
        open.sort();
        due.sort();
        same("questions", &open, &due)?;
        if whole {
            let calls = self.session.calls().map_err(said)?;
            same("calls", &(calls.len() as u64), &self.plain.calls)?;
            let steps = latest.steps(self.turn).collect::<partita::Result<Vec<_>>>();
            let late: usize = steps.map_err(said)?.iter().map(|step| step.late.len()).sum();
            same("late", &late, &self.plain.late())?;
        }
        Ok(())
    }
}
