//! State: the host's own keyed values, such as a plan or a framework's channels.

use std::ops::Range;

use crate::error::Result;
use crate::object::OperationKind;
use crate::session::batch::Batch;
use crate::session::handle::Session;
use crate::session::read::state::{StateEntries, StateEntry, StateValue};

/// The host's own keyed values in a session: bytes, or lists that share what they have in common
/// from one version to the next. Reads see the latest state; each write is one durable commit.
///
/// A key has 1 to 4,096 bytes of any kind.
///
/// ```
/// use partita::Store;
/// use partita::state::StateValue;
/// let state = Store::in_memory()?.session("planner")?.state();
/// state.put("plan", "look first")?;
/// state.append("steps", "read")?;
/// state.append("steps", "edit")?;
/// assert_eq!(state.get("plan")?, Some(StateValue::Bytes(b"look first".to_vec())));
/// assert_eq!(state.get("steps")?, Some(StateValue::List(2)));
/// assert_eq!(state.items("steps", 1..9)?, [b"edit"]);
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct State {
    session: Session,
}

impl Session {
    /// Returns the host's keyed values.
    pub fn state(&self) -> State {
        State { session: self.clone() }
    }
}

impl State {
    /// Returns what a key holds.
    ///
    /// # Errors
    /// `Corrupt` if it cannot be read.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<StateValue>> {
        self.session.latest()?.state().get(key)
    }

    /// Returns the keys in their order, with what they hold.
    ///
    /// # Errors
    /// `Corrupt` if one cannot be read.
    pub fn list(&self) -> Result<Vec<(Vec<u8>, StateValue)>> {
        self.session.latest()?.state().list()
    }

    /// Returns a key with its value unread.
    ///
    /// # Errors
    /// `Corrupt` if the key cannot be looked up.
    pub fn entry(&self, key: impl AsRef<[u8]>) -> Result<Option<StateEntry>> {
        self.session.latest()?.state().entry(key)
    }

    /// Returns the keys that begin with these bytes, ascending, as they are now.
    ///
    /// # Errors
    /// `NotFound` if the session is gone.
    pub fn under(&self, prefix: impl AsRef<[u8]>) -> Result<StateEntries> {
        Ok(self.session.latest()?.state().under(prefix))
    }

    /// Returns the keys that begin with these bytes, descending, as they are now.
    ///
    /// # Errors
    /// As [`under`](Self::under).
    pub fn under_back(&self, prefix: impl AsRef<[u8]>) -> Result<StateEntries> {
        Ok(self.session.latest()?.state().under_back(prefix))
    }

    /// Returns the items of a list in a range of indexes, as far as they are there.
    ///
    /// # Errors
    /// `NotFound` if there is no such key, `Invalid` if it holds bytes.
    pub fn items(&self, key: impl AsRef<[u8]>, range: Range<u64>) -> Result<Vec<Vec<u8>>> {
        self.session.latest()?.state().items(key, range)
    }

    /// Sets a key to bytes, whatever it held.
    ///
    /// # Errors
    /// `Invalid` for a key out of bounds, `Conflict` if another writer set the key meanwhile.
    pub fn put(&self, key: impl AsRef<[u8]>, bytes: impl AsRef<[u8]>) -> Result<()> {
        self.edit(|batch| batch.state_put(key, bytes))
    }

    /// Appends an item to a list, which begins with its first item.
    ///
    /// # Errors
    /// `Invalid` if the key holds bytes or is out of bounds.
    pub fn append(&self, key: impl AsRef<[u8]>, item: impl AsRef<[u8]>) -> Result<()> {
        self.edit(|batch| batch.state_append(key, item))
    }

    /// Removes a key and what it holds.
    ///
    /// # Errors
    /// `NotFound` if there is none, `Conflict` if another writer changed it meanwhile.
    pub fn remove(&self, key: impl AsRef<[u8]>) -> Result<()> {
        self.edit(|batch| batch.state_remove(key))
    }

    fn edit(&self, edit: impl FnOnce(&mut Batch) -> Result<()>) -> Result<()> {
        self.session.batch(|batch| {
            batch.set_kind(OperationKind::State);
            edit(batch)
        })
    }
}
