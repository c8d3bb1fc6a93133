//! One of the eight places: process after process, some of the library and some of the command,
//! some of which are killed.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Instant;

use super::kills::{Killed, Kills};
use super::ledger::Ledger;
use super::table::{By, Op};
use super::trace::{Plan, Seen, Signs, Watch};
use super::worker::{self, FAULTY, Life, UNWATCHED};
use crate::random::Random;

/// What all places of a torture share.
#[derive(Debug)]
pub(super) struct Ground {
    /// The directory of the torture.
    pub dir: PathBuf,
    /// This program.
    pub own: PathBuf,
    /// The command `partita`.
    pub command: PathBuf,
    /// When it ends.
    pub until: Instant,
    /// Whether somebody found a fault, so that all stop.
    pub stop: AtomicBool,
    /// Whether processes may not be watched here.
    pub unwatched: AtomicBool,
    /// Operations that are left alone.
    pub without: Vec<Op>,
    /// The calls that operations make.
    pub kills: Kills,
    /// Held for reading by whoever uses the shared directory, for writing by who wants it alone.
    pub shared: RwLock<()>,
    /// Commits of the git repository, oldest first.
    pub commits: Vec<String>,
    /// Processes that live at this moment, with when they began.
    pub lives: std::sync::Mutex<Vec<Option<(u32, Instant)>>>,
}

impl Ground {
    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || Instant::now() >= self.until
    }
}

/// One place.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) ground: Arc<Ground>,
    pub(super) slot: usize,
    pub(super) random: Random,
    pub(super) ledger: Ledger,
    pub(super) killed: Killed,
    pub(super) lives: usize,
    /// How many commits of the git history were asked for.
    pub(super) commits: usize,
}

/// How a process ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) seen: Seen,
    /// None if it was killed.
    pub(super) code: Option<i32>,
    pub(super) output: String,
    pub(super) errors: String,
}

impl Place {
    /// Makes a place.
    pub(super) fn new(ground: Arc<Ground>, slot: usize, seed: u64) -> Self {
        let random = Random::new(seed.wrapping_mul(1_000).wrapping_add(slot as u64));
        let ledger = Ledger::open(&worker::ledgers(&ground.dir), &format!("command-{slot}"));
        let ledger = ledger.expect("a ledger can be made");
        let killed = Killed::default();
        Place { ground, slot, random, ledger, killed, lives: 0, commits: 0 }
    }

    /// Lives one process after the other until the torture is over.
    pub(super) fn live(mut self) -> Killed {
        while !self.ground.is_over() {
            self.lives += 1;
            if self.random.chance(2, 5) {
                let is_victim = self.is_victim();
                let draw = if is_victim { Op::draw_fatal } else { Op::draw };
                let op = draw(&mut self.random, By::Command, &self.ground.without);
                self.command(op, is_victim);
            } else {
                self.library();
            }
        }
        self.killed
    }

    /// Tells whether the next process is to be killed.
    fn is_victim(&mut self) -> bool {
        self.random.chance(3, 5) && !self.ground.unwatched.load(Ordering::Relaxed)
    }

    fn library(&mut self) {
        // Most are short, so that the log often ends as closing leaves it.
        let operations = match self.random.chance(7, 8) {
            true => self.random.between(1, 4),
            false => self.random.between(20, 60),
        };
        let without = self.ground.without.clone();
        let last = match self.is_victim() {
            false => None,
            true if self.random.chance(1, 6) => Some(Op::Close),
            true => Some(Op::draw_fatal(&mut self.random, By::Library, &without)),
        };
        let life = Life {
            dir: self.ground.dir.clone(),
            slot: self.slot,
            life: self.lives,
            seed: self.random.word(),
            operations,
            segment_bytes: *self.random.pick(&[24 << 10, 96 << 10, 96 << 10, 1 << 20, 64 << 20]),
            last,
            without,
        };
        let mut command = Command::new(&self.ground.own);
        command.arg("worker").args(life.to_arguments());
        let signs = Signs::Ledger(worker::ledgers(&life.dir).join(life.ledger()));
        let plan = last.map(|op| (op, self.ground.kills.plan(&mut self.random, op, By::Library)));
        let ended = self.process(command, &signs, plan.map(|(_, plan)| plan));
        if let Some((op, plan)) = plan {
            self.ground.kills.learn(op, By::Library, plan, ended.seen);
            self.killed.count(op, ended.seen);
        }
        match ended.code {
            Some(0) => {}
            None if ended.seen.killed => {}
            Some(code) if code == i32::from(FAULTY) => {
                self.ground.stop.store(true, Ordering::Relaxed);
            }
            Some(code) if code == i32::from(UNWATCHED) => {
                self.ground.unwatched.store(true, Ordering::Relaxed);
            }
            code => {
                let what = format!("a process ended with {code:?}: {}", ended.errors.trim());
                self.fault(&format!("{}-{}", self.slot, self.lives), &what);
            }
        }
    }

    pub(super) fn fault(&mut self, token: &str, what: &str) {
        self.ledger.fault(token, what);
        self.ground.stop.store(true, Ordering::Relaxed);
    }

    /// Runs a process to its end, watched if there is a plan.
    pub(super) fn process(
        &mut self,
        mut command: Command,
        signs: &Signs,
        plan: Option<Plan>,
    ) -> Ended {
        let io = self.ground.dir.join("io");
        let (output, errors) =
            (io.join(format!("{}.out", self.slot)), io.join(format!("{}.err", self.slot)));
        let create = |path| File::create(path).expect("a file of the torture can be made");
        command.stdin(Stdio::null()).stdout(create(&output)).stderr(create(&errors));
        let child = command.spawn().expect("a process can be started");
        self.note(Some(child.id()));
        let (seen, code) = await_end(child, signs, plan);
        self.note(None);
        let read = |path| {
            let bytes = std::fs::read(path).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        Ended { seen, code, output: read(&output), errors: read(&errors) }
    }

    fn note(&self, process: Option<u32>) {
        let mut lives = self.ground.lives.lock().expect("nobody panics with it");
        lives[self.slot] = process.map(|process| (process, Instant::now()));
    }
}

fn await_end(mut child: Child, signs: &Signs, plan: Option<Plan>) -> (Seen, Option<i32>) {
    match plan {
        Some(plan) => {
            Watch::new(child.id(), signs, Some(plan)).run().expect("a child can be watched")
        }
        None => {
            let status = child.wait().expect("it was started");
            (Seen::default(), status.code())
        }
    }
}
