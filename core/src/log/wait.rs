//! Waiting for a lock: for how long, who is told of it, and who ends it.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::LOCK_FILE;
use super::vfs::{Vfs, VfsLock};
use crate::error::{Error, ErrorKind, Result};

/// How often whoever is told of a wait is asked whether to go on.
pub(super) const EVERY: Duration = Duration::from_millis(100);

/// A wait for another process that writes or collects.
///
/// [`StoreOptions::on_wait`](crate::StoreOptions::on_wait) is told of it. Its `Display` is a line for
/// people, such as `the store is being written by process 7 (python3)`.
#[derive(Debug)]
pub struct LockWait<'a> {
    vfs: &'a dyn Vfs,
    name: &'a str,
    waited: Duration,
}

impl LockWait<'_> {
    /// Returns how long the wait has lasted.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// Returns the living process that holds the lock, as `process 7 (python3)`; none where the
    /// system does not tell. Looks through the system's processes: not to be asked at each call.
    pub fn holder(&self) -> Option<String> {
        self.vfs.lock_holder(self.name)
    }
}

impl fmt::Display for LockWait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let doing = if self.name == LOCK_FILE { "written" } else { "collected" };
        let holder = self.holder().unwrap_or_else(|| "another process".into());
        write!(f, "the store is being {doing} by {holder}")
    }
}

type OnWait = dyn Fn(&LockWait<'_>) -> ControlFlow<()> + Send + Sync;

/// How long a lock is waited for, and who may end that sooner.
#[derive(Clone)]
pub(crate) struct Patience {
    pub(crate) timeout: Duration,
    on_wait: Option<Arc<OnWait>>,
}

impl fmt::Debug for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patience").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl Patience {
    pub(crate) fn new(timeout: Duration) -> Self {
        Patience { timeout, on_wait: None }
    }

    pub(crate) fn tell(
        &mut self,
        on_wait: impl Fn(&LockWait<'_>) -> ControlFlow<()> + Send + Sync + 'static,
    ) {
        self.on_wait = Some(Arc::new(on_wait));
    }

    /// Tells whether anybody is told of a wait.
    pub(super) fn is_told(&self) -> bool {
        self.on_wait.is_some()
    }

    /// Tells of a wait; an error where that is to end.
    pub(super) fn ask(&self, vfs: &dyn Vfs, name: &str, begun: Instant) -> Result<()> {
        let wait = LockWait { vfs, name, waited: begun.elapsed() };
        match &self.on_wait {
            Some(on_wait) if on_wait(&wait).is_break() => {
                Err(Error::new(ErrorKind::Busy, format!("{wait}, and the wait was ended")))
            }
            _ => Ok(()),
        }
    }
}

/// What became of a wait.
pub(super) enum Taken {
    Lock(Box<dyn VfsLock>),
    /// Whoever was told of it ended it.
    Ended(Error),
}

impl Taken {
    pub(super) fn lock(self) -> Result<Box<dyn VfsLock>> {
        match self {
            Taken::Lock(lock) => Ok(lock),
            Taken::Ended(error) => Err(error),
        }
    }
}

/// Takes a lock of a store, or says who holds it.
pub(super) fn lock(vfs: &dyn Vfs, name: &str, patience: &Patience) -> Result<Box<dyn VfsLock>> {
    take(vfs, name, patience)?.lock()
}

/// Takes a lock of a store, unless the time is over or the wait is ended.
pub(super) fn take(vfs: &dyn Vfs, name: &str, patience: &Patience) -> Result<Taken> {
    let begun = Instant::now();
    loop {
        let left = patience.timeout.saturating_sub(begun.elapsed());
        let step = if patience.is_told() { left.min(EVERY) } else { left };
        let taken = vfs
            .lock(name, step)
            .map_err(|error| Error::io(format!("take the store's {name} lock"), error))?;
        if let Some(lock) = taken {
            return Ok(Taken::Lock(lock));
        }
        let waited = begun.elapsed();
        if waited >= patience.timeout {
            let wait = LockWait { vfs, name, waited };
            let timeout = patience.timeout;
            return Err(Error::new(
                ErrorKind::Busy,
                format!("{wait}, waited {timeout:?}; try again later, or wait longer"),
            ));
        }
        if let Err(ended) = patience.ask(vfs, name, begun) {
            return Ok(Taken::Ended(ended));
        }
    }
}
