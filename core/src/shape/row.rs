//! Values beside others: what a list has of them.

use std::borrow::Cow;

use crate::error::{ErrorKind, Result};
use crate::history::CheckpointInfo;
use crate::id::MemoryId;
use crate::object::{Body, Memory, Part};
use crate::store::Store;

/// A checkpoint by its number and id, as an object that names one has it.
#[derive(Clone, Copy, Debug)]
pub struct Brief<'a>(
    /// The checkpoint.
    pub &'a CheckpointInfo,
);

/// A memory as a row of the session's memories: what it says, and how it stands in the view.
#[derive(Clone, Debug)]
pub struct Listed<'a> {
    /// Counts from 1 in the session; of a summary in view the first number that it covers.
    pub number: u64,
    /// What the memory is called.
    pub id: MemoryId,
    /// The memory; texts that are contents to be read are left out.
    pub memory: Cow<'a, Memory>,
    /// How it stands in the view, in a word: `full`, `trimmed`, `summary`, `covered` or
    /// `forgotten`.
    pub state: &'a str,
    /// Of a summary in view, the last number that it covers.
    pub last: Option<u64>,
    /// Whether nothing else may touch it.
    pub pinned: bool,
}

/// Returns a memory with its texts inline, as a row shows them. Texts that were purged are left
/// out.
///
/// # Errors `NotFound` or `Corrupt` if a text cannot be read.
pub fn said(store: &Store, memory: &Memory) -> Result<Memory> {
    let mut parts = Vec::with_capacity(memory.parts.len());
    for part in &memory.parts {
        let Part::Text(body @ Body::Content(_)) = part else {
            parts.push(part.clone());
            continue;
        };
        match store.read_body(body) {
            Ok(text) => parts.push(Part::text(text)),
            Err(error) if error.kind() == ErrorKind::Purged => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Memory { parts, ..memory.clone() })
}
