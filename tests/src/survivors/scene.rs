//! A medium, those who have the store open on it, and what was promised.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, LazyLock};

use partita::plumbing::Expected;
use partita::upkeep::{GcOptions, PurgeOptions, RecoverReport};
use partita::{Error, ErrorKind, Result, Store};

use super::{End, LINES, Living, Survivor, line};
use crate::crash::Workload;
use crate::crash::entropy::Source;
use crate::crash::ledger::{Commits, say};
use crate::crash::workload::commit;
use crate::random::Random;
use crate::vfs::{Call, Disk, Fault, Recorder};

/// Commits of the store that every scene begins with.
const BASE_COMMITS: usize = 6;

/// A medium and whoever has the store open.
pub(super) struct Scene {
    pub(super) medium: Recorder,
    pub(super) handles: Vec<(Survivor, Store)>,
    begun: Commits,
    acknowledged: Commits,
    /// The newest commit of each line.
    newest: BTreeMap<usize, usize>,
    /// Whether a file is damaged, so that whoever notices writes nothing.
    pub(super) damaged: bool,
}

impl Scene {
    /// Makes a store, opens the survivors' handles, and brings the end of the log about.
    pub(super) fn new(end: End) -> Result<Self, String> {
        static BASE: LazyLock<Disk> = LazyLock::new(base);
        let numbers: Commits = (1..=BASE_COMMITS).map(|number| number * LINES).collect();
        let mut scene = Scene {
            medium: Recorder::on(BASE.clone()),
            handles: Vec::new(),
            begun: numbers.clone(),
            acknowledged: numbers,
            newest: [(line::BASE, BASE_COMMITS * LINES)].into(),
            damaged: false,
        };
        let told = |error| say("prepare", &error);
        if end == End::Frame {
            scene.cut_zeros();
        }
        for survivor in Survivor::ALL {
            scene.handles.push((survivor, scene.open().map_err(told)?));
        }
        scene.all_see_all()?;
        if end != End::Frame {
            scene.commit(&scene.handle(Survivor::Writer), line::WRITER).map_err(told)?;
            scene.commit(&scene.handle(Survivor::Closer), line::CLOSER).map_err(told)?;
        }
        scene.bring_about(end).map_err(told)?;
        if end != End::Seal {
            scene.all_see_all()?;
        }
        Ok(scene)
    }

    fn bring_about(&mut self, end: End) -> Result<()> {
        match end {
            End::Frame | End::Zeros => {}
            End::Noise => {
                let process = self.medium.process();
                let helper = open(&process)?;
                // Only what is begun, for it is killed over it.
                let number = self.next(line::HELPER);
                let write = (0..).find(|&ahead| {
                    let trial = Recorder::on(self.medium.disk()).process();
                    let Ok(store) = open(&trial) else { return true };
                    trial.fail_own(ahead, Fault::Torn);
                    let _ = commit(&Living, &store, number);
                    trial.calls().last() == Some(&Call::Write)
                });
                process.fail_own(write.expect("a commit writes"), Fault::Torn);
                self.begun.insert(number);
                let torn = commit(&Living, &helper, number);
                debug_assert!(torn.is_err(), "a killed process commits nothing");
            }
            End::Close => drop(self.helper()?),
            End::Seal => {
                let helper = self.helper()?;
                self.commit(&helper, line::BIG)?;
                std::mem::forget(helper);
            }
        }
        Ok(())
    }

    fn helper(&mut self) -> Result<Store> {
        let helper = self.open()?;
        self.commit(&helper, line::HELPER)?;
        Ok(helper)
    }

    /// Opens the store as another process.
    pub(super) fn open(&self) -> Result<Store> {
        open(&self.medium.process())
    }

    pub(super) fn handle(&self, survivor: Survivor) -> Store {
        let found = self.handles.iter().find(|(is, _)| *is == survivor);
        found.expect("every survivor has a handle").1.clone()
    }

    fn next(&self, line: usize) -> usize {
        self.newest.get(&line).map_or(if line == 0 { LINES } else { line }, |last| last + LINES)
    }

    /// Makes the next commit of a line, and remembers what it promised.
    pub(super) fn commit(&mut self, store: &Store, line: usize) -> Result<()> {
        let number = self.next(line);
        self.begun.insert(number);
        let outcome = commit(&Living, store, number);
        if outcome.is_ok() {
            self.newest.insert(line, number);
            self.acknowledged.insert(number);
        }
        outcome
    }

    /// What a handle sees: all that was acknowledged, and nothing that nobody began.
    pub(super) fn sees_all(&self, who: &str, store: &Store) -> Result<(), String> {
        let held = Living.held(store).map_err(|what| format!("{who}: {what}"))?;
        if let Some(lost) = self.acknowledged.difference(&held).next() {
            return Err(format!("{who} does not see commit {lost}, which was acknowledged"));
        }
        if let Some(foreign) = held.difference(&self.begun).next() {
            return Err(format!("{who} sees commit {foreign}, which nobody began"));
        }
        Ok(())
    }

    /// Every survivor sees all.
    pub(super) fn all_see_all(&self) -> Result<(), String> {
        let mut handles = self.handles.iter();
        handles.try_for_each(|(who, store)| self.sees_all(&format!("the {who:?}"), store))
    }

    /// A fresh process finds all, and nothing wrong with the store.
    pub(super) fn is_whole(&self) -> Result<(), String> {
        let fresh = self.open().map_err(|error| say("open afresh", &error))?;
        self.sees_all("a fresh process", &fresh)?;
        let report = fresh.check(&mut |_| ControlFlow::Continue(()));
        let report = report.map_err(|error| say("check", &error))?;
        match report.faults.first() {
            Some(fault) if !self.damaged => Err(format!("check: {fault:?}")),
            _ => Ok(()),
        }
    }

    /// Damages a data segment of which nothing is needed.
    pub(super) fn damage(&mut self) {
        let disk = self.medium.disk();
        let name = disk.files().find_map(|(name, _)| name.strip_suffix(".data"));
        let name = format!("{}.data", name.expect("scratch stands in a data segment"));
        let name = name.strip_prefix("store/").expect("files stand in the store");
        let file = partita::vfs::Vfs::open(&self.medium, name, true).expect("it is there");
        file.write_at(&[0x55; 8], 600).expect("a medium in memory takes it");
        self.damaged = true;
    }

    fn cut_zeros(&self) {
        let disk = self.medium.disk();
        let logs = disk.files().filter(|(name, _)| name.ends_with(".log"));
        for (name, bytes) in logs {
            let used = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 1);
            self.medium.cut(name.strip_prefix("store/").expect("files stand in the store"), used);
        }
    }
}

/// Makes the store that every scene begins with: some commits, and what nobody needs.
fn base() -> Disk {
    Source::new(3).supply(|| {
        let medium = Recorder::new();
        let store = open(&medium).expect("a medium in memory takes a store");
        for number in 1..=BASE_COMMITS {
            commit(&Living, &store, number * LINES).expect("it takes a commit");
        }
        scratch(&store).expect("it takes what nobody needs");
        // The process was killed: zeros stand at the end, and no marker.
        std::mem::forget(store);
        medium.disk()
    })
}

pub(super) fn open(process: &Recorder) -> Result<Store> {
    Living.options().open_vfs(Arc::new(process.clone()))
}

/// Makes something that nobody needs, in a data segment of its own.
fn scratch(store: &Store) -> Result<()> {
    for keep in [true, false] {
        let mut batch = store.batch();
        let id = batch.put_content(Random::new(1).bytes(5_000), None)?.id();
        batch.set_ref("scratch", Expected::Any, keep.then_some(id));
        batch.commit()?;
    }
    Ok(())
}

pub(super) fn collect(store: &Store) -> Result<()> {
    store.gc(&GcOptions::new(), &mut |_| ControlFlow::Continue(())).map(drop)
}

/// Purges what nobody misses: bytes that no commit has.
pub(super) fn purge(store: &Store) -> Result<()> {
    let mut batch = store.batch();
    let id = batch.put_content(b"a secret that slipped in".to_vec(), None)?.id();
    batch.set_ref("leak", Expected::Any, Some(id));
    batch.commit()?;
    let options = PurgeOptions::new("by mistake").everywhere(true);
    store.purge_matching(b"slipped", &options, &mut |_| ControlFlow::Continue(())).map(drop)
}

pub(super) fn recover(process: &Recorder) -> Result<RecoverReport> {
    let vfs = Arc::new(process.clone());
    Living.options().recover_vfs(vfs, &mut |_| ControlFlow::Continue(()))
}

/// Tells whether an error is one of a medium that failed.
pub(super) fn is_of_medium(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Io | ErrorKind::Indeterminate | ErrorKind::Poisoned)
}
