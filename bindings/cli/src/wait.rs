//! Waiting for another process: how long, and what the command says meanwhile.

use std::cell::Cell;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use partita::upkeep::LockWait;
use partita::{Store, StoreOptions};

use crate::output::quote;

/// How long a wait lasts before the command says what it waits for.
const TOLD_AFTER: Duration = Duration::from_secs(1);

thread_local! {
    /// What the command line says; none: the library's own time.
    static BOUND: Cell<Option<Duration>> = const { Cell::new(None) };
}

/// Sets how long stores that are opened from now on are waited for.
pub(crate) fn bound(wait: Option<Duration>) {
    BOUND.set(wait);
}

/// The ways to open a store that says what it waits for.
pub(crate) fn options() -> StoreOptions {
    let is_told = AtomicBool::new(false);
    let options = Store::options().on_wait(move |wait| {
        if wait.waited() < TOLD_AFTER {
            is_told.store(false, Ordering::Relaxed);
        } else if !is_told.swap(true, Ordering::Relaxed) {
            tell(wait);
        }
        ControlFlow::Continue(())
    });
    match BOUND.get() {
        Some(bound) => options.lock_timeout(bound),
        None => options,
    }
}

/// Says it on the standard error; where that cannot be written nobody looks.
fn tell(wait: &LockWait<'_>) {
    let line = wait.to_string();
    drop(writeln!(std::io::stderr(), "waiting: {}", quote::text(&line)));
}
