//! The request of the newest state.

use crate::context::{Dialect, Request};
use crate::error::Result;
use crate::session::handle::Session;

impl Session {
    /// Renders the request for a provider's model from the newest state: valid by construction,
    /// whatever was forgotten, hidden or compacted, and whatever a crash left open.
    ///
    /// # Errors
    /// As [`Snapshot::prompt`](crate::Snapshot::prompt).
    ///
    /// ```
    /// use partita::Memory;
    /// use partita::context::Dialect;
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.remember(Memory::user("Hello."))?;
    /// let request = session.context(Dialect::OpenAiChat)?;
    /// assert_eq!(
    ///     request.body.to_string(),
    ///     r#"{"messages":[{"role":"user","content":"Hello."}]}"#
    /// );
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn context(&self, dialect: Dialect) -> Result<Request> {
        self.latest()?.context(dialect)
    }
}
