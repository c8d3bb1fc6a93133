//! Calls in view that wait for a result.

use crate::context;
use crate::error::{ErrorKind, Result};
use crate::object::{Body, Memory, Part};
use crate::session::read::view::{View, ViewMemory};
use crate::store::Store;

/// A call in view that has no result: the tool is to be run, or what became of it to be said, with
/// [`Memory::tool`] or [`Memory::tool_error`] and its id.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenCall {
    /// The number of the memory that calls.
    pub memory: u64,
    /// The id of the call, which its result names.
    pub id: String,
    /// The name of the tool; of a built-in tool of the provider's the type of its call.
    pub name: String,
    /// The arguments as the model wrote them: JSON, as a rule. Of a call that only its provider
    /// understands it is the whole item.
    pub arguments: Vec<u8>,
}

impl View<'_> {
    /// Returns the calls in view that wait for a result, in their order: what is to be done first
    /// when a session is resumed. A call that is forgotten or covered by a summary waits no more.
    ///
    /// # Errors
    /// `Corrupt` if the view or a memory cannot be read.
    ///
    /// ```
    /// use partita::{Body, Memory, Part};
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// let call = Part::Call { id: "c1".into(), name: "ls".into(), arguments: Body::new("{}") };
    /// session.remember(Memory::assistant("I look.").with_part(call))?;
    /// let open = session.latest()?.view().open_calls()?;
    /// assert_eq!((open[0].memory, &*open[0].id, &*open[0].name), (1, "c1", "ls"));
    /// session.remember(Memory::tool_error(&open[0].id, "interrupted"))?;
    /// assert!(session.latest()?.view().open_calls()?.is_empty());
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn open_calls(&self) -> Result<Vec<OpenCall>> {
        let (mut numbers, mut memories) = (Vec::new(), Vec::new());
        for row in self.memories() {
            let row = row?;
            numbers.push(row.number);
            memories.push(readable(row, self.store)?);
        }
        let memories: Vec<&Memory> = memories.iter().collect();
        let open = context::open_calls(&memories).into_iter().map(|call| {
            let arguments = match call.arguments {
                Body::Inline(bytes) => bytes,
                Body::Content(content) => self.store.read_content(content)?.into_vec()?,
            };
            let memory = numbers[call.memory];
            Ok(OpenCall { memory, id: call.id, name: call.name, arguments })
        });
        open.collect()
    }
}

/// A memory whose blocks can be read: long ones are contents.
fn readable(row: ViewMemory, store: &Store) -> Result<Memory> {
    let is_long = |part: &Part| matches!(part, Part::Opaque { content: Body::Content(_), .. });
    if !row.memory.parts.iter().any(is_long) {
        return Ok(row.memory);
    }
    match row.to_entry().resolve(store) {
        Err(error) if error.kind() == ErrorKind::Purged => Ok(row.memory),
        entry => Ok(entry?.memory),
    }
}
