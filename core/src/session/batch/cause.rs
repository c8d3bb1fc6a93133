//! Causes: which call made the iterations of a batch.

use crate::error::{Error, ErrorKind, Result};
use crate::session::batch::Batch;
use crate::session::draft::memories::has_call;
use crate::session::line::keys::{memory_id, memory_key};
use crate::session::line::roots::Roots;
use crate::session::read::snapshot::Snapshot;

/// Memories that are looked through for the last call.
const CAUSES_LOOKED_AT: usize = 1_024;

impl Batch {
    /// Makes iterations from here on say that the call in a memory made them.
    ///
    /// # Errors
    /// `NotFound` if there is no memory of the number, those of this batch apart.
    pub fn cause(&mut self, number: u64) -> Result<()> {
        let memories = Roots::of(self.head.point()).memories();
        let value = memories.get(&self.batch, &memory_key(number))?;
        let value = value.ok_or_else(|| Error::not_found(format!("no memory {number}")))?;
        self.draft.cause = Some(memory_id(&value)?);
        Ok(())
    }

    /// Makes iterations from here on say that the last remembered call made them: this batch's
    /// last memory that holds one, else the newest of the session's last 1,024 memories.
    ///
    /// # Errors
    /// `NotFound` if none of them holds a call.
    ///
    /// ```
    /// use partita::{Body, Memory, Part};
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// let call = Part::Call { id: "c1".into(), name: "write".into(), arguments: Body::new("{}") };
    /// session.batch(|b| {
    ///     b.remember(Memory::assistant("I write it.").with_part(call))?;
    ///     b.cause_last_call()?;
    ///     b.write("a", "1")
    /// })?;
    /// assert_eq!(session.iteration("a", 1)?.cause, Some(session.memory(1)?.id));
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn cause_last_call(&mut self) -> Result<()> {
        let own = self.draft.memories.as_slice().iter().rev().find(|memory| memory.has_call);
        if let Some(memory) = own {
            self.draft.cause = Some(memory.id);
            return Ok(());
        }
        let snapshot = Snapshot::new(self.session.store(), self.head.point.clone());
        for entry in snapshot.memories_back().take(CAUSES_LOOKED_AT) {
            match entry {
                Ok(entry) if has_call(&entry.memory) => {
                    self.draft.cause = Some(entry.id);
                    return Ok(());
                }
                Err(error) if error.kind() != ErrorKind::Purged => return Err(error),
                _ => {}
            }
        }
        Err(Error::not_found("no call is remembered that could be the cause"))
    }
}
