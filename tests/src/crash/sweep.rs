//! One thing that goes wrong, at every call of every workload in turn: an error comes out, or the
//! call was a courtesy; nothing acknowledged is lost; another process goes on, and a crash after
//! that finds all of it.

use partita::ErrorKind;

use super::lanes::in_lanes;
use super::ledger::{Commits, Promised, say};
use super::recovery::{mend, recover};
use super::{Stage, Workload};
use crate::vfs::{Crash, Disk, Fate, Fault, Recorder};

/// The crashes that follow each run.
const FATES: [Fate; 5] = [Fate::Dropped, Fate::Kept, Fate::Heads, Fate::Chance(1), Fate::Chance(2)];

/// What a sweep saw.
#[derive(Clone, Debug, Default)]
pub struct Swept {
    /// Calls of the workload.
    pub calls: usize,
    /// Runs, each with one thing that went wrong.
    pub runs: usize,
    /// Runs from which an error came out.
    pub errors: usize,
    /// Runs that came to their end all the same.
    pub courtesies: usize,
    /// Crash states that were looked at after them.
    pub states: usize,
}

/// Lets each call go wrong in each way that says something about it; of the calls that only look
/// one in `stride`.
///
/// # Errors
/// The first run that broke a promise.
pub fn faults(of: &dyn Workload, stride: usize) -> Result<Swept, String> {
    let stage = Stage::new(of, Recorder::new(), 1);
    stage.run().map_err(|error| say("the workload itself", &error))?;
    let calls = stage.vfs.calls();
    let chosen = calls.iter().enumerate().filter(|(at, call)| call.changes() || at % stride == 0);
    let runs: Vec<(usize, Fault)> = chosen
        .flat_map(|(at, call)| Fault::of(*call).into_iter().map(move |fault| (at, fault)))
        .collect();
    let outcomes = in_lanes(&runs, |&(at, fault)| {
        let vfs = Recorder::new();
        vfs.fail(at, fault);
        let bad = |what| format!("{}, call {at} ({:?}), {fault:?}: {what}", of.name(), calls[at]);
        one(of, vfs).map(Some).map_err(bad)
    })?;
    Ok(summed(calls.len(), &outcomes))
}

/// Lets the medium be full after so many bytes, in `steps` steps from none to all.
///
/// # Errors
/// The first run that broke a promise.
pub fn capacities(of: &dyn Workload, steps: u64) -> Result<Swept, String> {
    let stage = Stage::new(of, Recorder::new(), 1);
    stage.run().map_err(|error| say("the workload itself", &error))?;
    let most = stage.vfs.disk().used();
    let runs: Vec<u64> = (0..steps).map(|step| most * step / steps).collect();
    let outcomes = in_lanes(&runs, |&capacity| {
        let vfs = Recorder::new();
        vfs.set_capacity(Some(capacity));
        let bad = |what| format!("{}, room for {capacity} bytes: {what}", of.name());
        one(of, vfs).map(Some).map_err(bad)
    })?;
    Ok(summed(0, &outcomes))
}

fn summed(calls: usize, outcomes: &[(bool, usize)]) -> Swept {
    let errors = outcomes.iter().filter(|(failed, _)| *failed).count();
    Swept {
        calls,
        runs: outcomes.len(),
        errors,
        courtesies: outcomes.len() - errors,
        states: outcomes.iter().map(|(_, states)| states).sum(),
    }
}

/// Runs the workload on a medium on which something goes wrong; tells whether an error came out,
/// and how many states were looked at.
fn one(of: &dyn Workload, vfs: Recorder) -> Result<(bool, usize), String> {
    let stage = Stage::new(of, vfs, 1);
    let outcome = stage.run();
    if let Err(error) = &outcome {
        let kinds = [ErrorKind::Io, ErrorKind::Indeterminate, ErrorKind::Poisoned];
        if !kinds.contains(&error.kind()) {
            return Err(say("the error", error));
        }
    }
    if let Some(violation) = stage.violations().first() {
        return Err(violation.clone());
    }
    stage.vfs.set_capacity(None);
    go_on(of, &stage)?;
    let actions = stage.vfs.actions();
    let promised = Promised::by(&actions);
    let crash = Crash::after(&Disk::default(), &actions);
    for fate in FATES {
        recover(of, &crash.image(fate), &promised).map_err(|what| format!("{fate}: {what}"))?;
    }
    Ok((outcome.is_err(), FATES.len()))
}

/// Another process goes on with the store on the same medium, which works again.
fn go_on(of: &dyn Workload, stage: &Stage<'_>) -> Result<(), String> {
    let must = Promised::by(&stage.vfs.actions()).acknowledged;
    let process = stage.vfs.process();
    let stage = Stage::new(of, process, 2);
    stage.source.supply(|| {
        if stage.vfs.disk().files().any(|(name, _)| name.ends_with("FORMAT")) {
            mend(of, &stage.vfs)?;
        }
        let store = stage.open(&stage.vfs).map_err(|error| say("open afterwards", &error))?;
        let held = of.held(&store)?;
        let must: Commits = must.into_iter().filter(|number| *number > 0).collect();
        if !must.is_subset(&held) {
            return Err(format!("lost: acknowledged {must:?}, found {held:?}"));
        }
        let next = of.go_on(&stage, &store, &held).map_err(|error| say("go on", &error))?;
        if of.held(&store)? != next {
            return Err(format!("went on to {next:?}, found something else"));
        }
        stage.violations().first().map_or(Ok(()), |violation| Err(violation.clone()))
    })
}
