//! Memories, one durable step each.

use crate::error::Result;
use crate::object::{Memory, ModelCall, OperationKind};
use crate::session::handle::Session;
use crate::session::line::info::CheckpointInfo;
use crate::session::read::memories::MemoryEntry;

/// A memory that was appended, and the checkpoint that holds it first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remembered {
    /// The memory as it was recorded.
    pub entry: MemoryEntry,
    /// The checkpoint that recorded it.
    pub checkpoint: CheckpointInfo,
}

impl Session {
    /// Appends a memory and returns its number.
    ///
    /// # Errors
    /// `Invalid` for a memory that breaks a limit, `NotFound` for one that refers to what the store does
    /// not hold.
    pub fn remember(&self, memory: Memory) -> Result<u64> {
        let mut batch = self.begin()?;
        batch.set_kind(OperationKind::Remember);
        batch.remember(memory)?;
        Ok(batch.finish()?.memory)
    }

    /// Appends a memory and returns it as it was recorded. Whatever others do to the session
    /// meanwhile, it is what this call recorded: the newest state may hold it no more.
    ///
    /// # Errors
    /// As [`remember`](Self::remember).
    ///
    /// ```
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// let said = session.remember_entry(partita::Memory::user("hi"))?;
    /// assert_eq!((said.entry.number, said.checkpoint.number), (1, 1));
    /// assert_eq!(session.memory(1)?, said.entry);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn remember_entry(&self, memory: Memory) -> Result<Remembered> {
        let mut batch = self.begin()?;
        batch.set_kind(OperationKind::Remember);
        let (id, memory) = batch.remember_kept(memory)?;
        let done = batch.finish()?;
        let point = done.head.point().expect("a commit that appends makes a checkpoint");
        Ok(Remembered {
            entry: MemoryEntry { number: done.memory, id, memory },
            checkpoint: CheckpointInfo::of(point),
        })
    }

    /// Appends a memory that came of a call of a model, and returns its number.
    ///
    /// # Errors
    /// `Invalid` for a memory or a call that breaks a limit.
    pub fn remember_with_call(&self, memory: Memory, call: ModelCall) -> Result<u64> {
        let mut batch = self.begin()?;
        batch.set_kind(OperationKind::Remember);
        batch.remember_with_call(memory, call)?;
        Ok(batch.finish()?.memory)
    }
}

impl Session {
    /// Returns the memory of a number in the newest state.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub fn memory(&self, number: u64) -> Result<MemoryEntry> {
        self.latest()?.memory(number)
    }
}
