//! Instructions, tools and sandbox state of a batch.

use std::collections::BTreeSet;

use crate::context::Tool;
use crate::error::{Error, Result, quoted};
use crate::json::Json;
use crate::session::batch::Batch;
use crate::session::line::roots::Root;

impl Batch {
    /// Sets the system instructions; an empty text takes them away.
    ///
    /// # Errors
    /// `Invalid` for a text above the limit of a content.
    pub fn set_instructions(&mut self, text: impl AsRef<[u8]>) -> Result<()> {
        self.set_text(Root::Instructions, text.as_ref())
    }

    /// Sets the tools that the model may call; none take the tools away.
    ///
    /// # Errors
    /// `Invalid` if a tool has no name or a schema that is no JSON object, or if two have one
    /// name; it says which.
    pub fn set_tools(&mut self, tools: &[Tool]) -> Result<()> {
        let mut names = BTreeSet::new();
        for (at, tool) in tools.iter().enumerate() {
            if tool.name.is_empty() {
                return Err(Error::invalid(format!("tool {}: no name", at + 1)));
            }
            if tool.schema.as_object().is_none() {
                return Err(Error::invalid(format!(
                    "tool {}: its schema is no JSON object",
                    quoted(&tool.name)
                )));
            }
            if !names.insert(&tool.name) {
                return Err(Error::invalid(format!("two tools are called {}", quoted(&tool.name))));
            }
        }
        let text = match tools {
            [] => String::new(),
            _ => Json::Array(tools.iter().map(Tool::to_json).collect()).to_string(),
        };
        self.set_text(Root::Tools, text.as_bytes())
    }

    /// Sets what the model is told of its sandbox; an empty text takes it away.
    ///
    /// # Errors
    /// As [`set_instructions`](Self::set_instructions).
    pub fn set_sandbox_state(&mut self, text: impl AsRef<[u8]>) -> Result<()> {
        self.set_text(Root::Sandbox, text.as_ref())
    }

    fn set_text(&mut self, root: Root, text: &[u8]) -> Result<()> {
        let content = match text {
            [] => None,
            text => {
                let base = self.draft.texts.base.text(root);
                Some(self.draft.put_content(&mut self.batch, text.into(), base)?)
            }
        };
        self.draft.texts.now.insert(root, content);
        Ok(())
    }
}
