//! Instructions, tools and sandbox state on their way into a checkpoint.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::id::ContentId;
use crate::session::line::roots::{Root, Roots};

/// Texts on their way into a checkpoint.
#[derive(Debug, Default)]
pub(crate) struct TextsDraft {
    pub(crate) base: Roots,
    /// None where a text is taken away.
    pub(crate) now: BTreeMap<Root, Option<ContentId>>,
}

impl TextsDraft {
    pub(crate) fn new(base: Roots) -> Self {
        TextsDraft { base, now: BTreeMap::new() }
    }

    /// Sets the texts of a state, which must not have moved since the draft began.
    pub(crate) fn apply(&self, roots: &mut Roots) -> Result<()> {
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
