//! What a store makes of a medium that a crash left: the oracle.

use std::ops::ControlFlow;
use std::sync::Arc;

use partita::{ErrorKind, Store};

use super::ledger::{Commits, Promised, say};
use super::{Stage, Workload};
use crate::recover::judge::same;
use crate::vfs::{Disk, Recorder};

/// Opens a medium and asks for every promise, goes on working, closes and opens again. Returns the
/// record of what that did to the medium.
///
/// # Errors
/// The promise that was broken, in a line.
pub fn recover(of: &dyn Workload, image: &Disk, promised: &Promised) -> Result<Recorder, String> {
    let hash = image.hash();
    let seed = u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("eight bytes"));
    let stage = Stage::new(of, Recorder::on(image.clone()), seed);
    stage.source.supply(|| recover_on(&stage, of, promised))?;
    match stage.violations().first() {
        Some(violation) => Err(violation.clone()),
        None => Ok(stage.vfs),
    }
}

fn recover_on(stage: &Stage<'_>, of: &dyn Workload, promised: &Promised) -> Result<(), String> {
    let is_there = promised.acknowledged.contains(&0);
    if is_there {
        mend(of, &stage.vfs)?;
    }
    let image = &stage.vfs.disk();
    let store = open(of, &stage.vfs, !is_there)?;
    let first = of.held(&store)?;
    let must: Commits =
        promised.acknowledged.iter().copied().filter(|number| *number > 0).collect();
    if !must.is_subset(&first) {
        return Err(format!("lost: acknowledged {must:?}, found {first:?}"));
    }
    if !first.is_subset(&promised.begun) {
        return Err(format!("begun {:?}, found {first:?}", promised.begun));
    }
    let report = store.check(&mut |_| ControlFlow::Continue(())).map_err(|e| say("check", &e))?;
    if let Some(fault) = report.faults.first() {
        return Err(format!("check took the crash for damage: {fault:?}"));
    }
    drop(store);
    // Before a first opening was acknowledged there may be no whole store, and opening makes it.
    if is_there && stage.vfs.disk().hash() != image.hash() {
        return Err("opening and reading wrote".to_owned());
    }
    if is_there {
        notice_a_lost_log(of, image)?;
    }
    let store = stage.open(&stage.vfs).map_err(|error| say("open again", &error))?;
    if of.held(&store)? != first {
        return Err("the second opening found something else".to_owned());
    }
    let next = of.go_on(stage, &store, &first).map_err(|error| say("go on", &error))?;
    if of.held(&store)? != next {
        return Err(format!("went on to {next:?}, found something else"));
    }
    drop(store);
    let store = open(of, &stage.vfs, false)?;
    if of.held(&store)? != next {
        return Err(format!("went on to {next:?}, found something else after closing"));
    }
    Ok(())
}

/// Recovers a store whose files a workload had damaged; a second time tells the same.
///
/// # Errors
/// What the recovery says, or what it did not tell.
pub(super) fn mend(of: &dyn Workload, vfs: &Recorder) -> Result<(), String> {
    if !of.is_recovered() {
        return Ok(());
    }
    let recover = || {
        let options = of.options();
        let report = options.recover_vfs(Arc::new(vfs.clone()), &mut |_| ControlFlow::Continue(()));
        report.map_err(|error| say("recover", &error))
    };
    let (one, two) = (recover()?, recover()?);
    if !one.lost.is_empty() || !one.set_back.is_empty() {
        return Err(format!("a recovery lost something: {one:?}"));
    }
    same(&one, &two)
}

/// A store that is there must never be taken for a new one, whatever else is lost later.
fn notice_a_lost_log(of: &dyn Workload, image: &Disk) -> Result<(), String> {
    let mut rest = image.clone();
    let names: Vec<String> = image.files().map(|(name, _)| name.to_owned()).collect();
    for name in names.iter().filter(|name| name.ends_with(".log") || name.ends_with("/mark")) {
        rest.take(name);
    }
    match of.options().open_vfs(Arc::new(Recorder::on(rest))) {
        Err(error) if error.kind() == ErrorKind::Corrupt => Ok(()),
        other => Err(format!("a store that lost its log was opened: {other:?}")),
    }
}

fn open(of: &dyn Workload, vfs: &Recorder, create: bool) -> Result<Store, String> {
    let options = of.options().create(create);
    options.open_vfs(Arc::new(vfs.clone())).map_err(|error| say("open", &error))
}
