//! What a host tells the model beside the dialog: instructions, tools, the state of its sandbox.

use std::collections::{BTreeMap, BTreeSet};

use super::batch::Batch;
use super::info::CheckpointInfo;
use super::roots::{Root, Roots};
use super::{Session, Snapshot};
use crate::context::Tool;
use crate::error::{Error, Result};
use crate::id::ContentId;
use crate::json::Json;
use crate::object::OperationKind;

/// Texts on their way into a checkpoint.
#[derive(Debug, Default)]
pub(super) struct TextsDraft {
    base: Roots,
    /// None where a text is taken away.
    now: BTreeMap<Root, Option<ContentId>>,
}

impl TextsDraft {
    pub(super) fn new(base: Roots) -> Self {
        TextsDraft { base, now: BTreeMap::new() }
    }

    /// Sets the texts of a state, which must not have moved since the draft began.
    pub(super) fn apply(&self, roots: &mut Roots) -> Result<()> {
        for (&root, now) in &self.now {
            let there = roots.text(root);
            if there != self.base.text(root) && there != *now {
                return Err(Error::conflict(format!(
                    "the {} changed since this edit began",
                    said(root)
                )));
            }
            roots.set(root, now.map(|content| content.id()));
        }
        Ok(())
    }
}

fn said(root: Root) -> &'static str {
    match root {
        Root::Sandbox => "sandbox state",
        other => other.name(),
    }
}

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
                    "tool {:.80?}: its schema is no JSON object",
                    tool.name
                )));
            }
            if !names.insert(&tool.name) {
                return Err(Error::invalid(format!("two tools are called {:.80?}", tool.name)));
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
    /// use partita::{Json, Tool};
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
