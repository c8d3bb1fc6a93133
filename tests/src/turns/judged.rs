//! Every request of random turns before the judges of each dialect: turns of odd answers, failures,
//! cancels, resumes, undo, and of roles whose budgets put memories away.

use partita::host::turn::{
    Choice, Gate, GateResult, ModelAnswer, RolePolicy, Step, StepResult, Supplied, ToolResult,
    Turn, cancel,
};
use partita::object::ModelCall;
use partita::{ErrorKind, FilePath, Memory, NewEntry, Part, Session, Store};

use super::{answer, call, driver, policy, tools};
use crate::judge::sent;
use crate::random::Random;

/// Acts of one session at the most.
const ACTS: usize = 60;

/// Runs the turns of a seed. Returns how many bodies were judged.
///
/// # Errors
/// What is wrong with a body, or what the loop refused that it must not.
pub fn run(seed: u64) -> Result<usize, String> {
    Judged::new(seed).map_err(|error| error.to_string())?.run()
}

struct Judged {
    random: Random,
    session: Session,
    bodies: usize,
    count: u64,
    used: Vec<String>,
}

impl Judged {
    fn new(seed: u64) -> partita::Result<Self> {
        let session = Store::in_memory()?.session("s")?;
        let mut random = Random::new(seed);
        if random.chance(7, 8) {
            session.set_tools(&tools())?;
        }
        if random.chance(1, 2) {
            session.set_instructions("Be brief.")?;
        }
        session.write("a.txt", "one\n")?;
        if random.chance(1, 3) {
            session.set_gate("tests", Some(&Gate::shell("true")))?;
        }
        session.remember(Memory::user("Do it."))?;
        Ok(Judged { random, session, bodies: 0, count: 0, used: Vec::new() })
    }

    fn run(mut self) -> Result<usize, String> {
        for number in 0..self.random.between(1, 2) {
            self.turn(number as u64 * 100)?;
        }
        Ok(self.bodies)
    }

    fn begin(&mut self, number: u64) -> partita::Result<Turn> {
        let mut policy = policy();
        policy.limits.calls = 12;
        if self.random.chance(1, 3) {
            policy.limits.parallel = 2;
        }
        let stages = [("plan", "Plan it."), ("do", ""), ("look", "Look at it.")];
        if self.random.chance(1, 2) {
            let of = |(role, prompt): &(&str, &str)| partita::host::turn::Stage {
                role: (*role).to_owned(),
                prompt: (*prompt).to_owned(),
            };
            policy.stages = stages[..self.random.between(1, 3)].iter().map(of).collect();
        }
        if self.random.chance(1, 2) {
            let budget = *self.random.pick(&[600, 1_000, 2_000, 4_000]);
            let role = policy.stages[0].role.clone();
            let known = RolePolicy { budget, reserve: 50, ..RolePolicy::default() };
            policy.roles.insert(role, known);
        }
        policy.review.model = self.random.chance(1, 4).then(|| "review".to_owned());
        policy.review.tests = self.random.chance(1, 4);
        policy.review.person = self.random.chance(1, 4);
        Turn::begin(&self.session, &policy, driver(number))
    }

    fn turn(&mut self, number: u64) -> Result<(), String> {
        let said = |error: partita::Error| format!("{:?}: {error}", error.kind());
        let mut turn = self.begin(number).map_err(said)?;
        let mut drivers = number;
        let mut waits: Vec<Step> = Vec::new();
        for act in 0..ACTS {
            if waits.is_empty() || self.random.chance(1, 4) {
                let Some(steps) = turn.next().map_err(said)? else { break };
                for step in &steps {
                    if let Step::CallModel(step) = step {
                        self.judge(&step.prompt).map_err(|what| format!("act {act}: {what}"))?;
                    }
                }
                waits.extend(steps);
                continue;
            }
            match self.random.below(40) {
                0 => cancel(&self.session, turn.id(), "enough").map_err(said)?,
                1 | 2 => {
                    drivers += 1;
                    turn = Turn::resume(&self.session, turn.id(), driver(drivers)).map_err(said)?;
                    waits.clear();
                }
                3 | 4 => match self.session.undo() {
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    undone => drop(undone.map_err(said)?),
                },
                5 => {
                    let text = self.words();
                    self.session.remember(Memory::user(text)).map_err(said)?;
                }
                _ => {
                    let at = self.random.below(waits.len());
                    let step = waits.swap_remove(at);
                    let result = self.result(&step);
                    match turn.supply(step.id(), result) {
                        Ok(Supplied::Taken) => {}
                        // Another result of the step, or one of a round that is over.
                        Err(error) if error.kind() == ErrorKind::Conflict => {}
                        other => return Err(format!("act {act}: {step:?}: {other:?}")),
                    }
                }
            }
        }
        // Whatever happened, another turn can begin.
        let prompt = self.session.latest().and_then(|latest| latest.prompt()).map_err(said)?;
        self.judge(&prompt).map_err(|what| format!("in the end: {what}"))
    }

    fn judge(&mut self, prompt: &partita::context::Prompt) -> Result<(), String> {
        let (bodies, faults) = sent(prompt);
        self.bodies += bodies;
        match faults.is_empty() {
            true => Ok(()),
            false => Err(format!("{faults:#?}")),
        }
    }

    /// Words that are told from all others, few or many.
    fn words(&mut self) -> String {
        self.count += 1;
        let many = if self.random.chance(1, 4) { self.random.below(200) } else { 2 };
        format!("word{} {}", self.count, "and so on ".repeat(many))
    }

    fn id(&mut self) -> String {
        self.count += 1;
        let fresh = format!("call{}", self.count);
        let id = match self.random.below(12) {
            0 if !self.used.is_empty() => self.random.pick(&self.used).clone(),
            1 => String::new(),
            2 => format!("odd {fresh}\n"),
            _ => fresh,
        };
        self.used.push(id.clone());
        id
    }

    fn result(&mut self, step: &Step) -> StepResult {
        match step {
            Step::CallModel(step) if step.role == "review" => {
                let verdicts = ["ACCEPT", "REJECT\nIt is wrong.", "Hm.", "ACCEPT\nGood."];
                {
                    let verdict = *self.random.pick(&verdicts);
                    answer(verdict, [])
                }
            }
            Step::CallModel(_) => self.answer(),
            Step::RunTool(step) => match self.random.below(8) {
                0 => StepResult::failed("it broke"),
                1 => ToolResult::error("").into(),
                2 => StepResult::text(""),
                3 => {
                    let mut result = ToolResult::text(self.words());
                    let content = partita::Body::new(b"\x89PNG\r\n\x1a\n");
                    result.parts.push(Part::Media { media_type: "image/png".into(), content });
                    result.into()
                }
                4 | 5 if step.name != "look" => {
                    let path = FilePath::new("a.txt").expect("a path");
                    let text = self.words();
                    ToolResult::text("changed").with_file(path, NewEntry::file(text)).into()
                }
                _ => StepResult::text(self.words()),
            },
            Step::RunSandbox(_) => GateResult::new(self.random.chance(2, 3), self.words()).into(),
            Step::Ask(ask) => StepResult::choice(*self.random.pick(ask.choices)),
            _ => StepResult::choice(Choice::Accept),
        }
    }

    fn answer(&mut self) -> StepResult {
        let stop = match self.random.below(24) {
            0 => return StepResult::failed("overloaded"),
            1 => return ModelAnswer::new(Memory::assistant("")).into(),
            2 => "refusal",
            3 => "max_tokens",
            _ => "",
        };
        let many = *self.random.pick(&[0, 0, 1, 1, 2, 3, 5]);
        let words = if many > 0 && self.random.chance(1, 2) { String::new() } else { self.words() };
        let mut memory = Memory::assistant(words);
        for _ in 0..many {
            let names = ["look", "put", "move", "send", "nothing", "odd name\u{1}", ""];
            let name = *self.random.pick(&names);
            let arguments = ["{}", "{\"a\":1}", "{\"a\":", "[]", "", "null", "\u{0}"];
            let (id, arguments) = (self.id(), *self.random.pick(&arguments));
            memory = memory.with_part(call(id, name, arguments));
        }
        if self.random.chance(1, 8) {
            memory = memory.with_part(Part::text(self.words()));
        }
        let answer = ModelAnswer::new(memory);
        match stop.is_empty() {
            true => answer.into(),
            false => {
                let call = ModelCall { stop: stop.to_owned(), ..ModelCall::default() };
                answer.with_call(call).into()
            }
        }
    }
}
