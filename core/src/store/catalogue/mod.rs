//! The catalogue: what can be derived from a store, kept beside it so that it need not be derived
//! again. It holds no truth: it may be deleted at any time, and whatever is wrong with it, the
//! answer is "not known". Entries are keyed by ids of what never changes, so that one can be
//! missing and never stale.

#[cfg(all(feature = "catalogue", panic = "unwind"))]
mod entry;
mod known;
#[cfg(all(feature = "catalogue", panic = "unwind"))]
mod open;
#[cfg(not(all(feature = "catalogue", panic = "unwind")))]
#[path = "without.rs"]
mod open;
mod place;
mod signature;
#[cfg(all(feature = "catalogue", panic = "unwind"))]
mod table;

use std::sync::{PoisonError, RwLock};

pub(crate) use self::known::{KnownCount, Listing};
use self::open::Open;
pub(super) use self::place::{Place, remove};
use self::signature::Signature;
use crate::error::Result;
use crate::id::{MemoryId, ObjectId, OperationId};

/// The catalogue of a store, opened when it is first asked. One for all handles of a store.
#[derive(Debug)]
pub(crate) struct Catalogue {
    /// None where the store has no directory of its own, or must not be written.
    place: Option<Place>,
    is_asked: bool,
    state: RwLock<State>,
}

#[derive(Debug)]
enum State {
    Unopened,
    Open(Box<Open>),
    /// Another process holds it, or it cannot be opened.
    Absent,
}

impl Catalogue {
    /// Makes the handle of the catalogue at a place, to be asked or only to be cleared; nothing is
    /// opened or created yet.
    pub(super) fn new(place: Option<Place>, is_asked: bool) -> Self {
        Catalogue { place, is_asked, state: RwLock::new(State::Unopened) }
    }

    /// Returns what a counter once gave for a content or a node.
    pub(crate) fn count(&self, counter: &str, id: ObjectId) -> Option<KnownCount> {
        self.ask(|open| open.count(counter, id))
    }

    /// Keeps what a counter gave.
    pub(crate) fn set_counts(&self, counter: &str, counts: &[(ObjectId, KnownCount)]) {
        if !counts.is_empty() {
            self.ask(|open| open.set_counts(counter, counts));
        }
    }

    /// Tells whether a memory may hold a text, whatever the case of its letters. Where it says no,
    /// none of the texts that its signature was made of does; where it says yes, the memory must
    /// be read.
    pub(crate) fn may_contain(&self, memory: MemoryId, text: &str) -> bool {
        let signature = self.ask(|open| open.signature(memory));
        signature.is_none_or(|signature| signature.may_contain(text))
    }

    /// Tells whether a memory's signature is kept.
    pub(crate) fn has_signature(&self, memory: MemoryId) -> bool {
        self.ask(|open| open.signature(memory)).is_some()
    }

    /// Keeps the signature of a memory: of all its texts that a search looks at. It must be one
    /// that can be read wholly: a text left out would never be found.
    pub(crate) fn set_signature(&self, memory: MemoryId, texts: &[&str]) {
        self.ask(|open| open.set_signature(memory, &Signature::of(texts)));
    }

    /// Returns what a listing shows of a session as of an operation.
    pub(crate) fn listing(&self, operation: OperationId) -> Option<Listing> {
        self.ask(|open| open.listing(operation))
    }

    /// Keeps what a listing shows.
    pub(crate) fn set_listing(&self, operation: OperationId, listing: Listing) {
        self.ask(|open| open.set_listing(operation, listing));
    }

    /// Removes all of it, also where another process has it open: after a purge no derived copy
    /// may stay. What comes to be known later begins a new one.
    ///
    /// # Errors
    /// `Io` if the system refuses.
    pub(super) fn clear(&self) -> Result<()> {
        let Some(place) = &self.place else { return Ok(()) };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let State::Open(open) = std::mem::replace(&mut *state, State::Unopened) {
            open.discard();
        }
        place.remove()
    }

    fn ask<T>(&self, question: impl FnOnce(&Open) -> Option<T>) -> Option<T> {
        let place = self.place.as_ref().filter(|_| self.is_asked)?;
        {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            match &*state {
                State::Open(open) => return question(open),
                State::Absent => return None,
                State::Unopened => {}
            }
        }
        {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            if matches!(*state, State::Unopened) {
                *state = Open::at(place).map_or(State::Absent, |open| State::Open(open.into()));
            }
        }
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Open(open) => question(open),
            _ => None,
        }
    }
}

#[cfg(all(test, feature = "catalogue", panic = "unwind"))]
mod tests;
