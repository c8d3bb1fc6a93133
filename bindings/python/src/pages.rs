//! Rows of the core on their way to Python, read page by page with the interpreter let go: to let it
//! go for each row is dear where other threads want it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;

use crate::error::OrRaise as _;
use crate::handle::Handle;

/// Rows that are read at first and at most at a time.
const PAGE: (usize, usize) = (1, 256);

/// Rows that are read some at a time, more with each page.
pub(crate) struct Pages<T> {
    read: Box<dyn FnMut(usize) -> Vec<partita::Result<T>> + Send>,
    page: VecDeque<partita::Result<T>>,
    size: usize,
}

impl<T> Pages<T> {
    /// Makes pages that `read` reads, each of at most so many rows; one without rows is the end.
    pub(crate) fn new(
        read: impl FnMut(usize) -> Vec<partita::Result<T>> + Send + 'static,
    ) -> Pages<T> {
        Pages { read: Box::new(read), page: VecDeque::new(), size: PAGE.0 }
    }

    fn next(&mut self) -> Option<partita::Result<T>> {
        if self.page.is_empty() {
            self.page.extend((self.read)(self.size));
            self.size = (self.size * 4).min(PAGE.1);
        }
        self.page.pop_front()
    }
}

/// Gives the next row, of the page that was read or of the next one.
pub(crate) fn next<T: Send>(py: Python<'_>, rows: &Handle<Mutex<Pages<T>>>) -> PyResult<Option<T>> {
    let rows = rows.get()?;
    let mut row = match rows.try_lock() {
        Ok(mut rows) => rows.page.pop_front(),
        Err(_) => None,
    };
    if row.is_none() {
        row = py.detach(|| rows.lock().unwrap_or_else(PoisonError::into_inner).next());
    }
    row.transpose().or_raise()
}
