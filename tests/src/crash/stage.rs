//! Where a workload runs: a medium, and the marks of what it promised.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use partita::plumbing::Expected;
use partita::{ErrorKind, Result, Store};

use super::Workload;
use super::entropy::Source;
use super::ledger::{acknowledged, begun, commit};
use crate::vfs::Recorder;

/// How long one thread waits for another to get where it is wanted.
const MEET_WAIT: Duration = Duration::from_secs(10);

/// A run of a workload.
#[derive(Debug)]
pub struct Stage<'a> {
    workload: &'a dyn Workload,
    /// The medium, as the first process sees it.
    pub vfs: Recorder,
    /// Where the run's random bytes come from.
    pub source: Source,
    violations: Mutex<Vec<String>>,
}

impl std::fmt::Debug for dyn Workload + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl<'a> Stage<'a> {
    /// Makes a stage on a medium.
    pub fn new(workload: &'a dyn Workload, vfs: Recorder, seed: u64) -> Self {
        Stage { workload, vfs, source: Source::new(seed), violations: Mutex::default() }
    }

    /// Runs the workload.
    ///
    /// # Errors
    /// What the store says.
    pub fn run(&self) -> Result<()> {
        self.source.supply(|| self.workload.run(self))
    }

    /// Opens the store as a process. Whoever has created it may count on its being there for good.
    ///
    /// # Errors
    /// What the store says.
    pub fn open(&self, process: &Recorder) -> Result<Store> {
        process.mark(begun(0));
        let is_new = !process.disk().files().any(|(name, _)| name.ends_with("FORMAT"));
        let store = self.workload.options().open_vfs(std::sync::Arc::new(process.clone()))?;
        if is_new {
            process.mark(acknowledged(0));
        }
        Ok(store)
    }

    /// Makes a commit that is durable once it is acknowledged. A handle of which the outcome is
    /// not known must write no more.
    ///
    /// # Errors
    /// What the store says.
    pub fn commit(&self, store: &Store, number: usize) -> Result<()> {
        self.vfs.mark(begun(number));
        let outcome = commit(self.workload, store, number);
        match &outcome {
            Ok(()) => self.vfs.mark(acknowledged(number)),
            Err(error) if error.kind() == ErrorKind::Indeterminate => {
                self.expect_poisoned(store, number);
            }
            Err(_) => {}
        }
        outcome
    }

    /// Makes a commit that is not acknowledged yet.
    ///
    /// # Errors
    /// What the store says.
    pub fn commit_buffered(&self, store: &Store, number: usize) -> Result<()> {
        self.vfs.mark(begun(number));
        commit(self.workload, store, number)
    }

    /// Acknowledges what was committed before and has been made durable.
    pub fn acknowledge(&self, numbers: impl IntoIterator<Item = usize>) {
        for number in numbers {
            self.vfs.mark(acknowledged(number));
        }
    }

    fn expect_poisoned(&self, store: &Store, number: usize) {
        let mut batch = store.batch();
        batch.set_ref("poisoned", Expected::Any, None);
        let again = batch.commit().map_err(|error| error.kind());
        if again != Err(ErrorKind::Poisoned) && !self.vfs.has_dead() {
            self.violate(format!(
                "after commit {number} was not confirmed, another gave {again:?}"
            ));
        }
    }

    /// Notes a broken promise that no error shows.
    pub fn violate(&self, what: String) {
        self.violations.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    /// Returns the promises that were broken on the way.
    pub fn violations(&self) -> Vec<String> {
        self.violations.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets one process come as far as its next write, then runs the other thing until it is done
    /// or waits for a lock; only then the write goes on. So the two meet at the same place on every
    /// run.
    ///
    /// # Errors
    /// What either says, the first one's before the other's.
    pub fn meet<T: Send, U: Send>(
        &self,
        (first, one): (&Recorder, impl FnOnce() -> Result<T> + Send),
        (second, other): (&Recorder, impl FnOnce() -> Result<U> + Send),
    ) -> Result<(T, U)> {
        first.close_gate();
        let (one, other) = std::thread::scope(|scope| {
            let one = scope.spawn(|| self.source.supply(one));
            wait_until(|| first.is_at_gate() || one.is_finished());
            let other = scope.spawn(|| self.source.supply(other));
            wait_until(|| second.waits_for_lock() || other.is_finished());
            // The first is done before the other writes, so that its mark is at its place. One whose
            // commit went wrong asks for the lock again.
            second.close_gate();
            wait_until(|| one.is_finished() || first.waits_for_lock());
            second.open_gate();
            (one.join(), other.join())
        });
        let one = one.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        let other = other.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok((one, other))
    }
}

/// Waits for another thread, but not for ever: a fault may keep it from where it should get.
pub fn wait_until(condition: impl Fn() -> bool) {
    let end = Instant::now() + MEET_WAIT;
    while !condition() && Instant::now() < end {
        std::thread::sleep(Duration::from_micros(100));
    }
}
