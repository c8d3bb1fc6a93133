//! One cell of the product.

use std::fmt;

use partita::{ErrorKind, Result, Store};

use super::scene::{Scene, collect, is_of_medium, open, purge, recover};
use super::{End, Survivor, Victim, line};
use crate::crash::entropy::Source;
use crate::crash::ledger::say;
use crate::vfs::{Call, Fault, Recorder};

/// One cell of the product.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// What stands at the end of the log.
    pub end: End,
    /// What the victim does.
    pub victim: Victim,
    /// The call that goes wrong, counted from the first of what it does.
    pub call: usize,
    /// How it goes wrong; not at all, to see what there is to go wrong.
    pub fault: Option<Fault>,
    /// Whether the survivors act in the other order.
    pub reversed: bool,
    /// Whether a fresh process comes between.
    pub fresh: bool,
    /// Whether the survivors read at the very moment.
    pub looking: bool,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cell { end, victim, call, fault, .. } = self;
        write!(f, "{end:?} at the end, {victim:?} at call {call}: {fault:?}")?;
        for (is, what) in [
            (self.reversed, "the last survivor first"),
            (self.fresh, "a fresh process between"),
            (self.looking, "others look at that moment"),
        ] {
            write!(f, "{}", if is { format!(", {what}") } else { String::new() })?;
        }
        Ok(())
    }
}

/// What came of the victim.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The calls that it made.
    pub calls: Vec<Call>,
    /// Whether an error came out.
    pub failed: bool,
    /// Log segments that came meanwhile.
    pub rotated: bool,
}

/// Lets the victim come to its end, and the others live on.
///
/// # Errors
/// The promise that was broken, in a line.
pub fn run(cell: Cell) -> Result<Outcome, String> {
    Source::new(7).supply(|| run_on(cell)).map_err(|what| format!("{cell}: {what}"))
}

fn run_on(cell: Cell) -> Result<Outcome, String> {
    let mut scene = Scene::new(cell.end)?;
    let process = scene.medium.process();
    let mut victim = None;
    if cell.victim == Victim::Recover {
        scene.damage();
    } else {
        let store = open(&process).map_err(|error| say("open the victim", &error))?;
        if cell.victim == Victim::Close {
            scene.commit(&store, line::VICTIM).map_err(|error| say("commit first", &error))?;
        }
        victim = Some(store);
    }
    let (outcome, acted) = act(cell, &mut scene, &process, &mut victim);
    if let Err(error) = &acted
        && !is_of_medium(error)
    {
        return Err(say("the victim's error", error));
    }
    live_on(cell, &mut scene, &process, victim)?;
    Ok(outcome)
}

/// Does what the victim does, until it goes wrong.
fn act(
    cell: Cell,
    scene: &mut Scene,
    process: &Recorder,
    victim: &mut Option<Store>,
) -> (Outcome, Result<()>) {
    let logs = |medium: &Recorder| {
        let disk = medium.disk();
        disk.files()
            .filter(|(name, _)| name.ends_with(".log"))
            .map(|(name, _)| name.to_owned())
            .max()
    };
    let (before, from) = (logs(&scene.medium), process.calls().len());
    if let Some(fault) = cell.fault {
        process.fail_own(cell.call, fault);
    }
    if cell.looking {
        let stores: Vec<Store> = scene.handles.iter().map(|(_, store)| store.clone()).collect();
        process.meanwhile(cell.call, move || {
            for store in stores {
                let _ = store.references("pin/", None, 1_000);
            }
        });
    }
    let acted = match (cell.victim, victim.as_ref()) {
        (Victim::Commit, Some(store)) => scene.commit(store, line::VICTIM),
        (Victim::Rotation, Some(store)) => scene.commit(store, line::BIG),
        (Victim::Gc, Some(store)) => collect(store),
        (Victim::Purge, Some(store)) => purge(store),
        (Victim::Close, Some(_)) => {
            *victim = None;
            Ok(())
        }
        (_, None) | (Victim::Recover, _) => recover(process).map(drop),
    };
    process.forget_fault();
    let calls = process.calls()[from..].to_vec();
    let rotated = logs(&scene.medium) != before;
    (Outcome { calls, failed: acted.is_err(), rotated }, acted)
}

/// The victim is dead, or has an error in hand. The others go on, and so may it.
fn live_on(
    cell: Cell,
    scene: &mut Scene,
    process: &Recorder,
    victim: Option<Store>,
) -> Result<(), String> {
    scene.all_see_all()?;
    let lives = !scene.medium.is_dead(process);
    if let Some(store) = victim.as_ref().filter(|_| lives) {
        scene.sees_all("the victim", store)?;
        go_on(scene, "the victim", &[ErrorKind::Poisoned], |scene| {
            scene.commit(store, line::AGAIN)
        })?;
    }
    if cell.fresh {
        go_on(scene, "a fresh process", &[], |scene| {
            let fresh = scene.open()?;
            scene.commit(&fresh, line::FRESH)
        })?;
    }
    let mut order = Survivor::ALL;
    if cell.reversed {
        order.reverse();
    }
    for survivor in order {
        go_on(scene, &format!("the {survivor:?}"), &[], |scene| survive(scene, survivor))?;
        scene.all_see_all()?;
    }
    drop(victim);
    if cell.victim == Victim::Recover {
        let process = scene.medium.process();
        recover(&process).map_err(|error| say("recover to the end", &error))?;
        scene.damaged = false;
        scene.all_see_all()?;
    }
    scene.is_whole()?;
    let writer = scene.handle(Survivor::Writer);
    go_on(scene, "the Writer at last", &[], |scene| scene.commit(&writer, line::LAST))?;
    scene.all_see_all()?;
    drop(writer);
    scene.handles.clear();
    scene.is_whole()
}

/// Does something that must go well, or fail as one of those `kinds`; where the store is damaged
/// it may be refused.
fn go_on(
    scene: &mut Scene,
    who: &str,
    kinds: &[ErrorKind],
    does: impl FnOnce(&mut Scene) -> Result<()>,
) -> Result<(), String> {
    let Err(error) = does(scene) else { return Ok(()) };
    let refused = scene.damaged && error.kind() == ErrorKind::Corrupt;
    if refused || kinds.contains(&error.kind()) {
        return Ok(());
    }
    Err(say(&format!("{who} goes on"), &error))
}

fn survive(scene: &mut Scene, survivor: Survivor) -> Result<()> {
    match survivor {
        Survivor::Reader => {
            let reader = scene.handle(Survivor::Reader);
            reader.references("pin/", None, 1_000).map(drop)
        }
        Survivor::Writer => {
            let writer = scene.handle(Survivor::Writer);
            scene.commit(&writer, line::WRITER)?;
            scene.commit(&writer, line::WRITER)
        }
        Survivor::Collector => {
            let collector = scene.handle(Survivor::Collector);
            collect(&collector)?;
            scene.commit(&collector, line::COLLECTOR)
        }
        Survivor::Closer => {
            let closer = scene.handle(Survivor::Closer);
            let committed = scene.commit(&closer, line::CLOSER);
            drop(closer);
            scene.handles.retain(|(is, _)| *is != Survivor::Closer);
            let again = scene.open()?;
            scene.handles.push((Survivor::Closer, again));
            committed
        }
    }
}
