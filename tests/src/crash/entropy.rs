//! Random bytes that are the same on every run: of a source that a thread, or several, draw from.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

use partita::Result;

use crate::random::Random;

thread_local! {
    static SOURCE: RefCell<Option<Source>> = const { RefCell::new(None) };
}

/// Where random bytes come from.
#[derive(Clone, Debug)]
pub struct Source(Arc<Mutex<Random>>);

impl Source {
    /// Starts at a seed.
    pub fn new(seed: u64) -> Self {
        Source(Arc::new(Mutex::new(Random::new(seed))))
    }

    /// Runs a function whose random bytes, if it asks for some on this thread, come from here.
    pub fn supply<T>(&self, run: impl FnOnce() -> T) -> T {
        let before = SOURCE.replace(Some(self.clone()));
        let outcome = run();
        SOURCE.set(before);
        outcome
    }
}

/// Fills a buffer from the thread's source; for [`partita::StoreOptions::entropy`].
pub fn fill(buffer: &mut [u8]) -> Result<()> {
    let source = SOURCE.with_borrow(Clone::clone).expect("a thread that opens stores has a source");
    let bytes = source.0.lock().unwrap_or_else(PoisonError::into_inner).bytes(buffer.len());
    buffer.copy_from_slice(&bytes);
    Ok(())
}
