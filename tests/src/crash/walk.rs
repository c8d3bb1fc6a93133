//! Walks through the crash states of a workload, until enough different ones were seen.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use partita::ObjectId;
use partita::vfs::SyncSite;

use super::address::{Address, Step};
use super::lanes::{in_lanes, lanes};
use super::ledger::{Promised, say};
use super::recovery::recover;
use super::{ALL, Stage, Workload};
use crate::random::Random;
use crate::vfs::{Action, Crash, Disk, Recorder};

/// The seed of every workload's random bytes.
const RUN_SEED: u64 = 1;
/// Runs of a workload whose threads do not meet as they should.
const RUNS_MAX: usize = 100;
/// Of one recovery so many fates a moment are walked at a time.
const NESTED_FATES: usize = 16;
/// Rounds in a row that find nothing new, after which there is taken to be nothing.
const IDLE_MAX: usize = 50;

/// How far to walk.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Different states to see at least, where there are so many.
    pub states: usize,
    /// What chance starts from.
    pub seed: u64,
}

/// What a walk saw.
#[derive(Clone, Debug)]
pub struct Tour {
    /// The workload.
    pub name: &'static str,
    /// Moments at which the machine was stopped.
    pub points: usize,
    /// Different states: what the medium held and what had been promised.
    pub states: usize,
    /// Of these, states that a crash inside the recovery of another one left.
    pub nested: usize,
    /// How often each sync was reached.
    pub syncs: Vec<(SyncSite, usize)>,
}

/// A crash state that broke a promise.
#[derive(Clone)]
pub struct Loss {
    /// How to get there.
    pub address: String,
    /// The promise, in a line.
    pub what: String,
    /// Different states seen before.
    pub states: usize,
}

impl std::fmt::Debug for Loss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} (replay with `make crash REPLAY={0}`)", self.address, self.what)
    }
}

/// Runs a workload on a medium; returns what was recorded.
///
/// # Errors
/// What went wrong, which on a medium that works is a broken promise.
pub fn record(of: &dyn Workload, medium: impl Fn() -> Recorder) -> Result<Vec<Action>, String> {
    let mut runs = 0;
    loop {
        let stage = Stage::new(of, medium(), RUN_SEED);
        stage.run().map_err(|error| say("the workload itself", &error))?;
        if let Some(violation) = stage.violations().first() {
            return Err(violation.clone());
        }
        let actions = stage.vfs.actions();
        runs += 1;
        if of.is_usual(&actions) || runs == RUNS_MAX {
            return Ok(actions);
        }
    }
}

/// Walks through every workload: those that have few states leave theirs to the others.
pub fn walk_all(states: usize, seed: u64) -> (Vec<Tour>, Vec<Loss>) {
    let (mut tours, mut losses, mut left) = (Vec::new(), Vec::new(), states);
    let mut shares: usize = ALL.iter().map(|workload| workload.share()).sum();
    for workload in ALL {
        let limits = Limits { states: (left * workload.share()).div_ceil(shares), seed };
        shares -= workload.share();
        match walk(workload, Recorder::new, limits) {
            Ok(tour) => {
                left = left.saturating_sub(tour.states);
                tours.push(tour);
            }
            Err(loss) => losses.push(loss),
        }
    }
    (tours, losses)
}

/// Walks through the states of a workload on a medium that begins with nothing; half of them at the
/// most are states of the workload itself, the others of recoveries.
///
/// # Errors
/// The first state that is bad.
pub fn walk(
    of: &'static dyn Workload,
    medium: impl Fn() -> Recorder,
    limits: Limits,
) -> Result<Tour, Loss> {
    let at_run = |what| Loss { address: of.name().to_owned(), what, states: 0 };
    let actions = record(of, medium).map_err(at_run)?;
    let syncs = SyncSite::ALL
        .map(|site| (site, actions.iter().filter(|action| action.site() == Some(site)).count()));
    let seen = Seen::default();
    let base = Disk::default();
    let from = Walked { of, base: &base, actions: &actions, before: &Promised::default() };
    let ends = from.ends();
    let (mut found, mut number, mut idle) = (Vec::new(), 0, 0);
    while seen.len() < limits.states.div_ceil(2) && idle < IDLE_MAX {
        let new = in_lanes(&ends, |&end| from.one(end, number, limits.seed, &seen))?;
        idle = if new.is_empty() { idle + 1 } else { 0 };
        found.extend(new);
        number += 1;
    }
    let outer = seen.len();
    let mut level: Vec<Vec<Step>> = found.into_iter().map(|step| vec![step]).collect();
    while seen.len() < limits.states && !level.is_empty() {
        level = inside_recoveries(&from, level, limits, &seen)?;
    }
    let states = seen.len();
    Ok(Tour {
        name: of.name(),
        points: ends.len(),
        states,
        nested: states - outer,
        syncs: syncs.to_vec(),
    })
}

/// Walks through the recoveries from some states, all of one depth, and returns the states that are
/// new, one deeper.
fn inside_recoveries(
    from: &Walked<'_>,
    mut level: Vec<Vec<Step>>,
    limits: Limits,
    seen: &Seen,
) -> Result<Vec<Vec<Step>>, Loss> {
    // States from all over the record, not from its beginning alone.
    let mut random = Random::new(limits.seed);
    for at in (1..level.len()).rev() {
        level.swap(at, random.below(at + 1));
    }
    let mut deeper = Vec::new();
    for pass in 0.. {
        let before = deeper.len();
        let fates = pass * NESTED_FATES..(pass + 1) * NESTED_FATES;
        for some in level.chunks(lanes() * 4) {
            if seen.len() >= limits.states {
                return Ok(deeper);
            }
            let new = in_lanes(some, |steps| {
                from.inside_recovery(steps, fates.clone(), limits.seed, seen).map(Some)
            })?;
            deeper.extend(new.into_iter().flatten());
        }
        if deeper.len() == before {
            break;
        }
    }
    Ok(deeper)
}

/// Walks to one state and tells what is there.
///
/// # Errors
/// The promise that is broken there, or that there is no such state.
pub fn replay(address: &Address) -> Result<(), String> {
    let of = address.workload;
    let actions = record(of, Recorder::new)?;
    let (base, before) = (Disk::default(), Promised::default());
    let from = Walked { of, base: &base, actions: &actions, before: &before };
    let (image, promised) = from.follow(&address.steps)?;
    recover(of, &image, &promised).map(drop)
}

/// A record on a medium, to be stopped at any moment.
struct Walked<'a> {
    of: &'static dyn Workload,
    base: &'a Disk,
    actions: &'a [Action],
    before: &'a Promised,
}

impl Walked<'_> {
    /// The moments that differ: what follows a mark is the same medium with more promised.
    fn ends(&self) -> Vec<usize> {
        let is_last = |&end: &usize| !matches!(self.actions.get(end), Some(Action::Mark(_)));
        (0..=self.actions.len()).filter(is_last).collect()
    }

    fn promised(&self, end: usize) -> Promised {
        self.before.and(&Promised::by(&self.actions[..end]))
    }

    fn state(&self, step: Step) -> Result<(Disk, Promised), String> {
        let actions = self.actions.get(..step.end);
        let actions = actions.ok_or_else(|| format!("the record has no action {}", step.end))?;
        Ok((Crash::after(self.base, actions).image(step.fate), self.promised(step.end)))
    }

    /// Looks at the fate of that number at one moment; returns it if its state is new.
    fn one(&self, end: usize, number: usize, seed: u64, seen: &Seen) -> Result<Option<Step>, Loss> {
        let crash = Crash::after(self.base, &self.actions[..end]);
        let Some(fate) = crash.fate(number, seed ^ (end as u64) << 16) else { return Ok(None) };
        let step = Step { end, fate };
        let promised = self.promised(end);
        let image = crash.image(fate);
        if !seen.is_new(&image, &promised) {
            return Ok(None);
        }
        match recover(self.of, &image, &promised) {
            Ok(_) => Ok(Some(step)),
            Err(what) => Err(self.loss(vec![step], what, seen)),
        }
    }

    /// Goes to a state through recoveries.
    fn follow(&self, steps: &[Step]) -> Result<(Disk, Promised), String> {
        let (first, rest) = steps.split_first().ok_or("an address without a step")?;
        let (mut image, mut promised) = self.state(*first)?;
        for step in rest {
            let actions = recover(self.of, &image, &promised)?.actions();
            let inner = Walked { of: self.of, base: &image, actions: &actions, before: &promised };
            (image, promised) = inner.state(*step)?;
        }
        Ok((image, promised))
    }

    /// Recovers from one state and walks through the states of that record; returns the new ones.
    fn inside_recovery(
        &self,
        steps: &[Step],
        fates: Range<usize>,
        seed: u64,
        seen: &Seen,
    ) -> Result<Vec<Vec<Step>>, Loss> {
        let bad = |what| self.loss(steps.to_vec(), what, seen);
        let (image, promised) = self.follow(steps).map_err(bad)?;
        let actions = recover(self.of, &image, &promised).map_err(bad)?.actions();
        let inner = Walked { of: self.of, base: &image, actions: &actions, before: &promised };
        let mut new = Vec::new();
        for end in inner.ends() {
            let crash = Crash::after(&image, &actions[..end]);
            let promised = inner.promised(end);
            let seed = seed ^ (end as u64) << 16;
            for fate in fates.clone().map_while(|number| crash.fate(number, seed)) {
                let image = crash.image(fate);
                if seen.is_new(&image, &promised) {
                    let steps = [steps, &[Step { end, fate }]].concat();
                    recover(self.of, &image, &promised)
                        .map_err(|what| self.loss(steps.clone(), what, seen))?;
                    new.push(steps);
                }
            }
        }
        Ok(new)
    }

    fn loss(&self, steps: Vec<Step>, what: String, seen: &Seen) -> Loss {
        let address = Address { workload: self.of, steps }.to_string();
        Loss { address, what, states: seen.len() }
    }
}

/// The states seen so far, each once.
#[derive(Default)]
struct Seen(Mutex<HashSet<[u8; 16]>>);

impl Seen {
    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn is_new(&self, image: &Disk, promised: &Promised) -> bool {
        let mut all = image.hash().as_bytes().to_vec();
        for numbers in [&promised.begun, &promised.acknowledged] {
            all.extend(numbers.iter().flat_map(|number| (*number as u32).to_le_bytes()));
            all.extend([0xff; 4]);
        }
        let key = ObjectId::of_content(&all);
        let key = key.as_bytes()[..16].try_into().expect("sixteen bytes");
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key)
    }
}
