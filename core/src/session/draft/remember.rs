//! Remembering: how a memory comes into a draft.

use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::limits::{NODE_BYTES_MAX, TEXT_INLINE_BYTES_MAX};
use crate::object::{Body, Canonical, Memory, ModelCall};
use crate::session::draft::Draft;
use crate::session::draft::memories::Encoded;
use crate::store::Batch as StoreBatch;

impl Draft {
    /// Appends a memory, and returns it as it will be recorded. Its number is given when the
    /// checkpoint is built.
    pub(crate) fn remember(&mut self, batch: &mut StoreBatch, memory: Memory) -> Result<Memory> {
        self.remember_beside(batch, memory, None)
    }

    /// Appends a memory, which may link to an object that comes into the batch right after it.
    fn remember_beside(
        &mut self,
        batch: &mut StoreBatch,
        memory: Memory,
        beside: Option<ObjectId>,
    ) -> Result<Memory> {
        let (memory, encoded) = self.encode(batch, memory)?;
        for id in &encoded.node.refs {
            if beside != Some(*id) && !self.memories.holds(id) && !batch.knows(id)? {
                return Err(Error::not_found(format!(
                    "a memory refers to {id:.10}, which the store does not hold: store it first"
                )));
            }
        }
        self.memories.push(encoded);
        Ok(memory)
    }

    /// Appends a memory that links to the call of a model that made it. The memory comes first:
    /// one that is refused leaves no call behind.
    pub(crate) fn remember_with_call(
        &mut self,
        batch: &mut StoreBatch,
        memory: Memory,
        call: ModelCall,
    ) -> Result<()> {
        call.validate()?;
        let id = call.to_node().id();
        let linked = memory.links.contains(&id);
        let memory = if linked { memory } else { memory.with_link(id) };
        self.remember_beside(batch, memory, Some(id))?;
        batch.put(&call, None);
        self.calls.push(call);
        Ok(())
    }

    /// Makes contents of a memory's long texts and encodes it; refuses one that cannot be stored.
    pub(crate) fn encode(
        &mut self,
        batch: &mut StoreBatch,
        mut memory: Memory,
    ) -> Result<(Memory, Encoded)> {
        memory.validate()?;
        for body in memory.parts.iter_mut().flat_map(|part| part.bodies_mut()) {
            if let Body::Inline(bytes) = body
                && bytes.len() > TEXT_INLINE_BYTES_MAX
            {
                let bytes = std::mem::take(bytes);
                *body = Body::Content(self.put_content(batch, bytes.into(), None)?);
            }
        }
        let encoded = Encoded::of(&memory);
        if !self.passes_purged {
            batch.refuse_purged(&encoded.id.id())?;
        }
        let size = encoded.node.size();
        if size > NODE_BYTES_MAX {
            return Err(Error::invalid(format!(
                "memory of {size} bytes beside its long texts, at most {NODE_BYTES_MAX} are allowed"
            )));
        }
        Ok((memory, encoded))
    }
}
