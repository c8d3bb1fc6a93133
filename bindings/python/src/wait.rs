//! Waiting for another process: who is told of it, and what ends it.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::prelude::*;

use partita::upkeep::LockWait;

thread_local! {
    /// What was raised while this thread waited, to be raised by the call that waits.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// Takes what was raised while this thread waited.
pub(crate) fn raised() -> Option<PyErr> {
    RAISED.take()
}

/// Attends to signals while a thread waits, and tells of the wait once a second: the callback, or
/// where there is none the logger, once a wait.
pub(crate) fn told(
    callback: Option<Py<PyAny>>,
) -> impl Fn(&LockWait<'_>) -> ControlFlow<()> + Send + Sync + 'static {
    let told = AtomicU64::new(0);
    move |wait| {
        let second = wait.waited().as_secs();
        let is_due = told.swap(second, Ordering::Relaxed) < second;
        let said = Python::attach(|py| {
            py.check_signals()?;
            match &callback {
                Some(callback) if is_due => {
                    let arguments = (wait.waited().as_secs_f64(), wait.holder());
                    callback.call1(py, arguments).map(drop)
                }
                None if is_due && second == 1 => warn(py, &wait.to_string()),
                _ => Ok(()),
            }
        });
        match said {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                RAISED.set(Some(error));
                ControlFlow::Break(())
            }
        }
    }
}

fn warn(py: Python<'_>, line: &str) -> PyResult<()> {
    let logger = py.import("logging")?.call_method1("getLogger", ("partita",))?;
    logger.call_method1("warning", ("waiting: %s", line)).map(drop)
}
