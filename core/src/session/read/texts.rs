//! Instructions, tools and sandbox state of a state.

use crate::context::Tool;
use crate::error::Result;
use crate::json::Json;
use crate::session::line::roots::Root;
use crate::session::read::snapshot::Snapshot;

impl Snapshot {
    /// Reads the system instructions; empty where none are set.
    ///
    /// # Errors
    /// `Corrupt` if they cannot be read.
    pub fn instructions(&self) -> Result<Vec<u8>> {
        self.text(Root::Instructions)
    }

    /// Reads the tools that the model may call.
    ///
    /// # Errors
    /// `Corrupt` if they cannot be read, `Invalid` if another program stored what is no list of
    /// tools.
    pub fn tools(&self) -> Result<Vec<Tool>> {
        let text = self.text(Root::Tools)?;
        if text.is_empty() {
            return Ok(Vec::new());
        }
        Tool::parse_list(&Json::parse(&text).map_err(|error| error.context("stored tools"))?)
    }

    /// Reads what the model is told of its sandbox; empty where nothing is set.
    ///
    /// # Errors
    /// `Corrupt` if it cannot be read.
    pub fn sandbox_state(&self) -> Result<Vec<u8>> {
        self.text(Root::Sandbox)
    }

    fn text(&self, root: Root) -> Result<Vec<u8>> {
        match self.roots().text(root) {
            Some(content) => self.store.read_content(content)?.into_vec(),
            None => Ok(Vec::new()),
        }
    }
}
