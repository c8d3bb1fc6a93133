//! Summaries that a function of Python writes.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use partita::history::MemoryEntry;
use partita::view::Summarizer;
use partita::{Error, ErrorKind};

use crate::memory::Memory;
use crate::upkeep::Attention;

/// A summarizer of Python's at work: what it raises is raised in the end, and nothing is changed.
pub(crate) struct Summarizing<'a> {
    call: &'a Py<PyAny>,
    attention: Attention<'a>,
}

impl<'a> Summarizing<'a> {
    pub(crate) fn new(call: &'a Py<PyAny>) -> Self {
        Summarizing { call, attention: Attention::new(None) }
    }

    /// Gives what was raised meanwhile, else the result.
    pub(crate) fn end<R>(self, result: partita::Result<R>) -> PyResult<R> {
        self.attention.end(result)
    }
}

impl Summarizer for Summarizing<'_> {
    fn summarize(&self, memories: &[MemoryEntry]) -> partita::Result<String> {
        let text = Python::attach(|py| {
            let memories: Vec<Memory> = memories.iter().cloned().map(Memory::placed).collect();
            let summary = self.call.bind(py).call1((memories,))?;
            match summary.cast::<Memory>() {
                Ok(memory) => Ok(memory.get().inner().text().into_owned()),
                Err(_) => summary.extract::<String>().map_err(|error| {
                    let what = error.value(py);
                    PyTypeError::new_err(format!("a summarizer returns a text or a Memory: {what}"))
                }),
            }
        });
        text.map_err(|error| {
            self.attention.raise(error);
            Error::new(ErrorKind::Io, "the summarizer raised")
        })
    }
}
