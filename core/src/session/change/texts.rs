//! What a host tells the model beside the dialog: instructions, tools, the state of its sandbox.

use crate::context::Tool;
use crate::error::Result;
use crate::object::OperationKind;
use crate::session::batch::Batch;
use crate::session::handle::Session;
use crate::session::line::info::CheckpointInfo;

impl Session {
    /// Sets the system instructions, as [`Batch::set_instructions`]. Returns the session's newest
    /// checkpoint, none while it is empty: what is there already makes no new one.
    ///
    /// # Errors
    /// `Invalid` for a text above the limit, `Conflict` if another writer set them meanwhile.
    pub fn set_instructions(&self, text: impl AsRef<[u8]>) -> Result<Option<CheckpointInfo>> {
        self.set(OperationKind::SetInstructions, |batch| batch.set_instructions(text))
    }

    /// Sets the tools that the model may call, as [`Batch::set_tools`].
    ///
    /// # Errors
    /// `Invalid`, saying which tool and why; else as [`set_instructions`](Self::set_instructions).
    ///
    /// ```
    /// use partita::Json;
    /// use partita::context::Tool;
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// let schema = Json::parse(r#"{"type": "object"}"#)?;
    /// let tool = Tool::new("ls", "Lists files.", schema);
    /// session.set_tools(&[tool.clone()])?;
    /// assert_eq!(session.latest()?.tools()?, [tool]);
    /// session.undo()?;
    /// assert_eq!(session.latest()?.tools()?, []);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn set_tools(&self, tools: &[Tool]) -> Result<Option<CheckpointInfo>> {
        self.set(OperationKind::SetTools, |batch| batch.set_tools(tools))
    }

    /// Sets what the model is told of its sandbox, as [`Batch::set_sandbox_state`].
    ///
    /// # Errors
    /// As [`set_instructions`](Self::set_instructions).
    pub fn set_sandbox_state(&self, text: impl AsRef<[u8]>) -> Result<Option<CheckpointInfo>> {
        self.set(OperationKind::SetSandbox, |batch| batch.set_sandbox_state(text))
    }

    fn set(
        &self,
        kind: OperationKind,
        edit: impl FnOnce(&mut Batch) -> Result<()>,
    ) -> Result<Option<CheckpointInfo>> {
        let mut batch = self.begin()?;
        batch.set_kind(kind);
        edit(&mut batch)?;
        Ok(batch.finish()?.head.point().map(CheckpointInfo::of))
    }
}
