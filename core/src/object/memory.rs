//! Memories: the pieces of the dialog.

mod make;

use std::borrow::Cow;

use super::Timestamp;
use super::part::{Body, Part};
use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::limits::{LABEL_BYTES_MAX, MEMORY_PARTS_MAX};

/// Whose words a memory holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Role {
    /// The host's instructions.
    System,
    /// Whoever asks.
    User,
    /// The model.
    Assistant,
    /// What a tool returned.
    Tool,
}

/// What a memory is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MemoryKind {
    /// A turn of the dialog.
    Message,
    /// Something written down beside the dialog.
    Note,
    /// What a check found.
    Validation,
    /// A shorter account of earlier memories.
    Summary,
}

impl Role {
    /// Returns the name that listings show.
    pub fn name(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
        }
    }
}

impl MemoryKind {
    /// Returns the name that listings show.
    pub fn name(self) -> &'static str {
        match self {
            MemoryKind::Message => "message",
            MemoryKind::Note => "note",
            MemoryKind::Validation => "validation",
            MemoryKind::Summary => "summary",
        }
    }
}

/// One piece of the dialog: what was asked, done, returned, found.
///
/// It knows neither session nor place: order is the memories map's, so a memory keeps its id
/// wherever it goes.
///
/// ```
/// use partita::{Memory, Part, Role, Store};
/// let session = Store::in_memory()?.session("fix-parser")?;
/// let number = session.remember(Memory::user("The parser drops the last token."))?;
/// assert_eq!(number, 1);
/// let reply = Memory::assistant("I look.").with_part(Part::text("Line 3 is wrong."));
/// assert_eq!((reply.role, reply.text().as_ref()), (Role::Assistant, "I look.\nLine 3 is wrong."));
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Memory {
    /// Where it came from, such as `git:` and a commit's id; may be empty. Never the session.
    pub origin: String,
    /// Who spoke, as the host names its agents; may be empty.
    pub actor: String,
    /// The source's time, where the source has one; never the clock's.
    pub time: Option<Timestamp>,
    /// Whose words it holds.
    pub role: Role,
    /// What it is for.
    pub kind: MemoryKind,
    /// What it says, at most [`MEMORY_PARTS_MAX`] parts.
    pub parts: Vec<Part>,
    /// What it refers to, such as the memories that a summary covers; as many at the most.
    pub links: Vec<ObjectId>,
}

impl Memory {
    /// Sets the origin.
    #[must_use]
    pub fn with_origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = origin.into();
        self
    }

    /// Sets the actor.
    #[must_use]
    pub fn with_actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = actor.into();
        self
    }

    /// Sets the source's time.
    #[must_use]
    pub fn with_time(mut self, time: Timestamp) -> Self {
        self.time = Some(time);
        self
    }

    /// Sets the kind.
    #[must_use]
    pub fn with_kind(mut self, kind: MemoryKind) -> Self {
        self.kind = kind;
        self
    }

    /// Appends a part.
    #[must_use]
    pub fn with_part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// Appends a link.
    #[must_use]
    pub fn with_link(mut self, link: impl Into<ObjectId>) -> Self {
        self.links.push(link.into());
        self
    }

    /// Returns the inline text parts, a line break between them, with U+FFFD for what is not
    /// UTF-8. Texts that are contents are left out: read them through the store.
    pub fn text(&self) -> Cow<'_, str> {
        let mut texts = self.parts.iter().filter_map(|part| match part {
            Part::Text(Body::Inline(text)) => Some(String::from_utf8_lossy(text)),
            _ => None,
        });
        let first = texts.next().unwrap_or_default();
        texts.fold(first, |all, text| all + "\n" + text)
    }

    /// Checks every limit and that results hold what they say.
    ///
    /// # Errors
    /// `Invalid`, naming the part and the rule. Long bodies are no fault: a session spills them.
    pub fn validate(&self) -> Result<()> {
        let fault = |what: String| Err(Error::invalid(format!("memory: {what}")));
        for (what, count) in [("parts", self.parts.len()), ("links", self.links.len())] {
            if count > MEMORY_PARTS_MAX {
                return fault(format!("{count} {what}, at most {MEMORY_PARTS_MAX} are allowed"));
            }
        }
        let long = |text: &str| text.len() > LABEL_BYTES_MAX;
        if long(&self.origin) || long(&self.actor) {
            return fault(format!("origin or actor above {LABEL_BYTES_MAX} bytes"));
        }
        for (at, part) in self.parts.iter().enumerate() {
            let name = match part {
                Part::Call { id, name, .. } => long(id) || long(name),
                Part::Result { call, .. } => long(call),
                Part::Media { media_type: name, .. } | Part::Opaque { provider: name, .. } => {
                    long(name)
                }
                Part::Text(_) | Part::Thinking { .. } | Part::File { .. } => false,
            };
            if name {
                return fault(format!("part {at} has a name above {LABEL_BYTES_MAX} bytes"));
            }
        }
        match misplaced_result(&self.parts) {
            Some(at) => fault(format!("the result in part {at} runs over the end or another")),
            None => Ok(()),
        }
    }
}

/// Returns the first result whose parts are not all there, or hold another result.
pub(super) fn misplaced_result(parts: &[Part]) -> Option<usize> {
    let mut end = 0;
    for (at, part) in parts.iter().enumerate() {
        if let Part::Result { parts: count, .. } = part {
            let left = (parts.len() - at - 1) as u64;
            if at < end || *count > left {
                return Some(at);
            }
            end = at + 1 + *count as usize;
        }
    }
    None
}

#[cfg(all(test, feature = "store"))]
mod tests;
