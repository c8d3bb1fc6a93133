//! Forks of the process: the child keeps no copy of a lock.

use std::cell::RefCell;

use pyo3::prelude::*;

use partita::plumbing::ForkGuard;

thread_local! {
    static GUARD: RefCell<Option<ForkGuard>> = const { RefCell::new(None) };
}

/// Called before a fork.
#[pyfunction]
pub(crate) fn _before_fork() {
    // Whoever has it meanwhile needs no interpreter, and has it for microseconds.
    GUARD.set(Some(ForkGuard::new()));
}

/// Called after a fork, in the parent.
#[pyfunction]
pub(crate) fn _after_fork_in_parent() {
    GUARD.take();
}

/// Called after a fork, in the child.
#[pyfunction]
pub(crate) fn _after_fork_in_child() {
    if let Some(guard) = GUARD.take() {
        guard.in_child();
    }
}
