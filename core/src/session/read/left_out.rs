//! What the newest capture before a checkpoint left out.

use crate::codec::malformed;
use crate::error::Result;
use crate::object::{FilePath, LeftOut};
use crate::session::line::roots::Root;
use crate::session::read::snapshot::Snapshot;

impl Snapshot {
    /// Returns what the newest [capture](crate::workspace::Workspace::capture) of a directory left
    /// out of this state, in the order of the paths.
    ///
    /// # Errors
    /// `Corrupt` if the listing cannot be read.
    ///
    /// ```
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// assert!(session.latest()?.left_out()?.is_empty(), "nothing was captured yet");
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn left_out(&self) -> Result<Vec<LeftOut>> {
        let rows = self.roots().map(Root::LeftOut);
        rows.prefix(&self.store, b"")
            .map(|row| {
                let (path, value) = row?;
                let path = FilePath::new(path).map_err(|error| malformed(error.to_string()))?;
                LeftOut::from_row(path, &value.bytes)
            })
            .collect()
    }
}
