//! Edits of the state in a batch.

use crate::error::Result;
use crate::session::batch::Batch;
use crate::session::draft::state::StateEdit;
use crate::session::line::value::{check_key, content_of, value_of};

impl Batch {
    /// Sets a key of the state to bytes, whatever it held. Long ones are stored as their difference
    /// to what it held; after a [`state_copy`](Self::state_copy) in this batch, to the copy.
    ///
    /// # Errors
    /// `Invalid` for a key out of bounds.
    pub fn state_put(&mut self, key: impl AsRef<[u8]>, bytes: impl AsRef<[u8]>) -> Result<()> {
        let (key, bytes) = (key.as_ref(), bytes.as_ref());
        check_key(key)?;
        let old = self.draft.state.resembled(&self.batch, key)?;
        let base = old.as_ref().and_then(content_of);
        let value =
            value_of(bytes, || self.draft.put_content(&mut self.batch, bytes.into(), base))?;
        self.draft.state.edit(&self.batch, key, StateEdit::Set(Some(value)))
    }

    /// Appends an item to a list of the state, which begins with its first item.
    ///
    /// # Errors
    /// `Invalid` if the key holds bytes or is out of bounds.
    pub fn state_append(&mut self, key: impl AsRef<[u8]>, item: impl AsRef<[u8]>) -> Result<()> {
        self.state_extend(key, [item])
    }

    /// Appends items to a list of the state. Where there is nothing the list begins, with no items
    /// as an empty one.
    ///
    /// # Errors
    /// As [`state_append`](Self::state_append).
    ///
    /// ```
    /// use partita::state::StateValue;
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.batch(|b| {
    ///     b.state_extend("steps", ["read", "edit"])?;
    ///     b.state_extend("errors", [""; 0])
    /// })?;
    /// assert_eq!(session.state().get("steps")?, Some(StateValue::List(2)));
    /// assert_eq!(session.state().get("errors")?, Some(StateValue::List(0)));
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn state_extend<T: AsRef<[u8]>>(
        &mut self,
        key: impl AsRef<[u8]>,
        items: impl IntoIterator<Item = T>,
    ) -> Result<()> {
        let key = key.as_ref();
        check_key(key)?;
        let mut values = Vec::new();
        for item in items {
            let item = item.as_ref();
            values.push(value_of(item, || {
                self.draft.put_content(&mut self.batch, item.into(), None)
            })?);
        }
        self.draft.state.edit(&self.batch, key, StateEdit::Extend(values))
    }

    /// Cuts a list of the state to its first `len` items; a shorter one stays as it is. Costs what
    /// is cut off, not what stays.
    ///
    /// # Errors
    /// `NotFound` if the key holds nothing, `Invalid` if it holds bytes.
    pub fn state_truncate(&mut self, key: impl AsRef<[u8]>, len: u64) -> Result<()> {
        self.draft.state.edit(&self.batch, key.as_ref(), StateEdit::Truncate(len))
    }

    /// Sets a key of the state to what another holds, as this batch has left that one so far:
    /// bytes, or a list of any length. Copies nothing; from here on both go their own ways.
    ///
    /// The commit is `Conflict` if `to` was changed meanwhile; `from` may be.
    ///
    /// # Errors
    /// `NotFound` if `from` holds nothing, `Invalid` for a key out of bounds.
    ///
    /// ```
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.batch(|b| b.state_extend("draft 1", ["a", "b", "c"]))?;
    /// session.batch(|b| {
    ///     b.state_copy("draft 1", "draft 2")?;
    ///     b.state_truncate("draft 2", 2)?;
    ///     b.state_append("draft 2", "d")
    /// })?;
    /// assert_eq!(session.state().items("draft 1", 0..9)?, [b"a", b"b", b"c"]);
    /// assert_eq!(session.state().items("draft 2", 0..9)?, [b"a", b"b", b"d"]);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn state_copy(&mut self, from: impl AsRef<[u8]>, to: impl AsRef<[u8]>) -> Result<()> {
        self.draft.state.copy(&self.batch, from.as_ref(), to.as_ref())
    }

    /// Removes a key of the state.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub fn state_remove(&mut self, key: impl AsRef<[u8]>) -> Result<()> {
        self.draft.state.edit(&self.batch, key.as_ref(), StateEdit::Set(None))
    }
}
