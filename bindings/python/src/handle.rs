//! Handles: what of the core stays open behind a Python object.

use std::mem;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;

use crate::error::{OrRaise as _, invalid};

/// What all objects of one open store share.
#[derive(Debug)]
pub(crate) struct Opened {
    process: u32,
    closed: AtomicBool,
}

impl Opened {
    pub(crate) fn new() -> Arc<Opened> {
        Arc::new(Opened { process: process::id(), closed: AtomicBool::new(false) })
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn is_foreign(&self) -> bool {
        self.process != process::id()
    }

    fn check(&self) -> PyResult<()> {
        if self.is_foreign() {
            return Err(invalid(format!(
                "the store was opened by process {}, of which this is a fork, and its locks and \
                 caches cannot be shared: open it anew here with partita.Store.open",
                self.process
            )));
        }
        if self.is_closed() {
            return Err(invalid("the store is closed: open it anew with partita.Store.open"));
        }
        Ok(())
    }
}

/// Something of the core, and the open store that it belongs to.
///
/// In a fork of the process it is neither used nor dropped: dropping it would close the log under
/// the process that opened it.
#[derive(Debug)]
pub(crate) struct Handle<T> {
    value: Option<T>,
    opened: Arc<Opened>,
}

impl<T> Handle<T> {
    pub(crate) fn new(value: T, opened: Arc<Opened>) -> Self {
        Handle { value: Some(value), opened }
    }

    /// Returns a handle of something else of the same store.
    pub(crate) fn with<U>(&self, value: U) -> Handle<U> {
        Handle::new(value, self.opened.clone())
    }

    pub(crate) fn opened(&self) -> &Arc<Opened> {
        &self.opened
    }

    /// Returns it, unless the store was closed or this is a fork of the process.
    pub(crate) fn get(&self) -> PyResult<&T> {
        self.opened.check()?;
        self.value.as_ref().ok_or_else(|| invalid("the store is closed"))
    }

    /// Returns it to be shown, or says of what kind it was and why it cannot be used.
    pub(crate) fn shown(&self, kind: &str) -> Result<&T, String> {
        let why = match (&self.value, self.opened.is_foreign()) {
            (_, true) => "the store belongs to the process that this is a fork of",
            (Some(value), false) if !self.opened.is_closed() => return Ok(value),
            _ => "the store is closed",
        };
        Err(format!("<{kind}: {why}>"))
    }

    /// Takes it out.
    pub(crate) fn take(mut self) -> PyResult<T> {
        self.opened.check()?;
        self.value.take().ok_or_else(|| invalid("the store is closed"))
    }
}

impl<T: Sync> Handle<T> {
    /// Calls the core with the interpreter let go.
    pub(crate) fn run<R: Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&T) -> partita::Result<R> + Send,
    ) -> PyResult<R> {
        let value = self.get()?;
        py.detach(|| call(value)).or_raise()
    }
}

impl<T: Clone> Clone for Handle<T> {
    fn clone(&self) -> Self {
        Handle { value: self.value.clone(), opened: self.opened.clone() }
    }
}

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        if self.opened.is_foreign() {
            mem::forget(self.value.take());
        }
    }
}
