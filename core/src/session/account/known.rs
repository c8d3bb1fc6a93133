//! Known counts: a counter that asks the catalogue first.

use std::sync::{Mutex, PoisonError};

use crate::error::Result;
use crate::id::ObjectId;
use crate::store::{KnownCount, Store};
use crate::tokens::{Count, SafeCuts, TokenCounter};

/// Bytes of a text from which asking costs less than counting.
const ASK_FROM_BYTES: usize = 256;

/// A counter whose counts of texts are kept beside the store, by the text's content id and the
/// counter's id: a text is counted once, whatever session it is in and whichever process asks.
pub(crate) struct Known<'a, C: ?Sized> {
    counter: &'a C,
    store: &'a Store,
    fresh: Mutex<Vec<(ObjectId, KnownCount)>>,
}

impl<'a, C: TokenCounter + ?Sized> Known<'a, C> {
    pub(crate) fn new(counter: &'a C, store: &'a Store) -> Self {
        Known { counter, store, fresh: Mutex::default() }
    }
}

impl<C: TokenCounter + ?Sized> TokenCounter for Known<'_, C> {
    fn id(&self) -> &str {
        self.counter.id()
    }

    fn count(&self, text: &str) -> Count {
        if text.len() < ASK_FROM_BYTES {
            return self.counter.count(text);
        }
        let id = ObjectId::of_content(text.as_bytes());
        match self.store.catalogue().count(self.id(), id) {
            Some(KnownCount { tokens, bounds: None }) => Count::exact(tokens),
            Some(KnownCount { tokens, bounds: Some((low, high)) }) => {
                Count::estimated(tokens, low, high)
            }
            None => {
                let count = self.counter.count(text);
                let bounds = (!count.is_exact()).then(|| (count.low(), count.high()));
                let known = KnownCount { tokens: count.tokens(), bounds };
                self.fresh.lock().unwrap_or_else(PoisonError::into_inner).push((id, known));
                count
            }
        }
    }

    fn safe_cuts(&self) -> SafeCuts {
        self.counter.safe_cuts()
    }

    fn model(&self) -> Option<&str> {
        self.counter.model()
    }

    fn dialect(&self) -> Option<&str> {
        self.counter.dialect()
    }

    fn request(&self) -> Count {
        self.counter.request()
    }

    fn check(&self) -> Result<()> {
        self.counter.check()
    }
}

impl<C: TokenCounter + ?Sized> Known<'_, C> {
    /// Keeps what was counted. What is not kept is counted again.
    ///
    /// # Errors
    /// The counter's own, if it failed: then nothing is kept.
    pub(crate) fn keep(self) -> Result<()> {
        self.counter.check()?;
        let fresh = self.fresh.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.store.catalogue().set_counts(self.counter.id(), &fresh);
        Ok(())
    }
}
