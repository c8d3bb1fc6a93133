//! Waiting for a lock: for how long, who is told of it, and who ends it.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::log::vfs::{Vfs, VfsLock};

/// The file whose lock a writer holds.
pub(crate) const LOCK_FILE: &str = "lock";
/// The file whose lock a collection holds: one at a time.
pub(crate) const MAINTENANCE_FILE: &str = "maintenance";

/// How often whoever is told of a wait is asked whether to go on.
pub(crate) const EVERY: Duration = Duration::from_millis(100);

/// A wait for another process that writes, collects, or checks out into the same directory.
///
/// [`StoreOptions::on_wait`](crate::StoreOptions::on_wait) is told of it. Its `Display` is a line for
/// people, such as `the store is being written by process 7 (python3)`.
pub struct LockWait<'a> {
    doing: &'a str,
    holder: &'a dyn Fn() -> Option<String>,
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
        (self.holder)()
    }
}

impl fmt::Display for LockWait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let holder = self.holder().unwrap_or_else(|| "another process".into());
        write!(f, "{} by {holder}", self.doing)
    }
}

impl fmt::Debug for LockWait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("LockWait");
        out.field("doing", &self.doing).field("waited", &self.waited).finish_non_exhaustive()
    }
}

/// What whoever has a lock of the store does.
fn doing(name: &str) -> &'static str {
    if name == LOCK_FILE { "the store is being written" } else { "the store is being collected" }
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
    pub(crate) fn is_told(&self) -> bool {
        self.on_wait.is_some()
    }

    /// Tells of a wait for the writer lock that another thread takes; an error where it is to end.
    pub(crate) fn ask(&self, vfs: &dyn Vfs, begun: Instant) -> Result<()> {
        let holder = || vfs.lock_holder(LOCK_FILE);
        self.tell_of(&LockWait {
            doing: doing(LOCK_FILE),
            holder: &holder,
            waited: begun.elapsed(),
        })
    }

    fn tell_of(&self, wait: &LockWait<'_>) -> Result<()> {
        match &self.on_wait {
            Some(on_wait) if on_wait(wait).is_break() => {
                Err(Error::new(ErrorKind::Busy, format!("{wait}, and the wait was ended")))
            }
            _ => Ok(()),
        }
    }

    /// Waits until something can be taken. `take` waits itself, as long as it is told.
    pub(crate) fn wait_for<T>(
        &self,
        since: Since,
        doing: &str,
        holder: &dyn Fn() -> Option<String>,
        take: &mut dyn FnMut(Duration) -> Result<Option<T>>,
    ) -> Result<Taken<T>> {
        loop {
            let left = self.timeout.saturating_sub(since.first.elapsed());
            let step = if self.is_told() { left.min(EVERY) } else { left };
            if let Some(taken) = take(step)? {
                return Ok(Taken::Held(taken));
            }
            let wait = LockWait { doing, holder, waited: since.begun.elapsed() };
            if since.first.elapsed() >= self.timeout {
                let timeout = self.timeout;
                return Ok(Taken::Late(Error::new(
                    ErrorKind::Busy,
                    format!("{wait}, waited {timeout:?}; try again later, or wait longer"),
                )));
            }
            if let Err(ended) = self.tell_of(&wait) {
                return Ok(Taken::Ended(ended));
            }
        }
    }
}

/// When a wait began: of the thread that waits, and of the first of those that it waits for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Since {
    pub(crate) begun: Instant,
    pub(crate) first: Instant,
}

impl Since {
    pub(crate) fn now() -> Self {
        let begun = Instant::now();
        Since { begun, first: begun }
    }
}

/// What became of a wait.
pub(crate) enum Taken<T> {
    Held(T),
    /// Whoever waited first has waited for long enough.
    Late(Error),
    /// Whoever was told of it ended it.
    Ended(Error),
}

impl<T> Taken<T> {
    pub(crate) fn held(self) -> Result<T> {
        match self {
            Taken::Held(held) => Ok(held),
            Taken::Late(error) | Taken::Ended(error) => Err(error),
        }
    }
}

/// Takes a lock of a store, or says who holds it.
pub(crate) fn lock(vfs: &dyn Vfs, name: &str, patience: &Patience) -> Result<Box<dyn VfsLock>> {
    take(vfs, name, patience, Since::now())?.held()
}

/// Takes a lock of a store, unless the time is over or the wait is ended.
pub(crate) fn take(
    vfs: &dyn Vfs,
    name: &str,
    patience: &Patience,
    since: Since,
) -> Result<Taken<Box<dyn VfsLock>>> {
    patience.wait_for(since, doing(name), &|| vfs.lock_holder(name), &mut |step| {
        vfs.lock(name, step)
            .map_err(|error| Error::io(format!("take the store's {name} lock"), error))
    })
}
