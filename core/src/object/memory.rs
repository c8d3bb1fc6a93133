//! Memories: the pieces of the dialog.

use std::borrow::Cow;

use super::Timestamp;
use crate::error::{Error, Result};
use crate::id::{ContentId, IterationId, ObjectId};
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

/// Bytes of a part: kept as they came, UTF-8 or not.
///
/// A new memory holds all of them inline. On the way into a session those above
/// [`TEXT_INLINE_BYTES_MAX`](crate::limits::TEXT_INLINE_BYTES_MAX) become contents of their own.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Body {
    /// The bytes themselves; in a stored memory at most
    /// [`TEXT_INLINE_BYTES_MAX`](crate::limits::TEXT_INLINE_BYTES_MAX).
    Inline(Vec<u8>),
    /// The content that holds them.
    Content(ContentId),
}

impl Body {
    /// Takes bytes.
    pub fn new(bytes: impl AsRef<[u8]>) -> Self {
        Body::Inline(bytes.as_ref().to_vec())
    }

    /// Returns the bytes, or none where they are a content to be read.
    pub fn as_inline(&self) -> Option<&[u8]> {
        match self {
            Body::Inline(bytes) => Some(bytes),
            Body::Content(_) => None,
        }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Body::Inline(bytes) => write!(f, "{:?}", String::from_utf8_lossy(bytes)),
            Body::Content(content) => write!(f, "{content:?}"),
        }
    }
}

/// A piece of a memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// Text.
    Text(Body),
    /// What a model thought, with the provider's signature over it, which may be empty.
    Thinking {
        /// The thoughts.
        text: Body,
        /// Goes back to the provider unchanged.
        signature: Body,
    },
    /// A model's call of a tool.
    Call {
        /// The call's name in the dialog, which its result repeats.
        id: String,
        /// The tool.
        name: String,
        /// The arguments, as the model wrote them.
        arguments: Body,
    },
    /// What came back from a call.
    Result {
        /// The [`id`](Part::Call::id) of the call.
        call: String,
        /// Whether the tool failed.
        error: bool,
        /// How many of the parts that follow are the result; none of them is a `Result`.
        parts: u64,
    },
    /// An image, a sound, a document.
    Media {
        /// Such as `image/png`.
        media_type: String,
        /// The bytes.
        content: Body,
    },
    /// A version of a file of the session. A model is shown its text wherever the memory is shown, also
    /// where the file itself is hidden.
    File {
        /// Which one.
        iteration: IterationId,
    },
    /// A block that only its provider understands, kept as it came; or fields that its API has for the
    /// part behind it, an object without a type.
    Opaque {
        /// Whose block it is.
        provider: String,
        /// The block.
        content: Body,
    },
}

impl Part {
    /// Makes a text.
    pub fn text(text: impl AsRef<[u8]>) -> Self {
        Part::Text(Body::new(text))
    }

    /// Iterates over the bodies.
    pub(crate) fn bodies(&self) -> impl Iterator<Item = &Body> {
        let (first, second) = match self {
            Part::Text(body) => (Some(body), None),
            Part::Thinking { text, signature } => (Some(text), Some(signature)),
            Part::Call { arguments, .. } => (Some(arguments), None),
            Part::Media { content, .. } | Part::Opaque { content, .. } => (Some(content), None),
            Part::Result { .. } | Part::File { .. } => (None, None),
        };
        first.into_iter().chain(second)
    }

    /// Iterates over the bodies, to spill long ones into contents.
    pub(crate) fn bodies_mut(&mut self) -> impl Iterator<Item = &mut Body> {
        let (first, second) = match self {
            Part::Text(body) => (Some(body), None),
            Part::Thinking { text, signature } => (Some(text), Some(signature)),
            Part::Call { arguments, .. } => (Some(arguments), None),
            Part::Media { content, .. } | Part::Opaque { content, .. } => (Some(content), None),
            Part::Result { .. } | Part::File { .. } => (None, None),
        };
        first.into_iter().chain(second)
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
    /// Makes a message of a role, with one text.
    pub fn message(role: Role, text: impl AsRef<[u8]>) -> Self {
        Memory {
            origin: String::new(),
            actor: String::new(),
            time: None,
            role,
            kind: MemoryKind::Message,
            parts: vec![Part::text(text)],
            links: Vec::new(),
        }
    }

    /// Makes a message of whoever asks.
    pub fn user(text: impl AsRef<[u8]>) -> Self {
        Memory::message(Role::User, text)
    }

    /// Makes a message of the model.
    pub fn assistant(text: impl AsRef<[u8]>) -> Self {
        Memory::message(Role::Assistant, text)
    }

    /// Makes an instruction of the host.
    pub fn system(text: impl AsRef<[u8]>) -> Self {
        Memory::message(Role::System, text)
    }

    /// Makes a tool's answer to a call: a `Result` part and its text.
    pub fn tool(call: impl Into<String>, text: impl AsRef<[u8]>) -> Self {
        let result = Part::Result { call: call.into(), error: false, parts: 1 };
        let mut memory = Memory::message(Role::Tool, text);
        memory.parts.insert(0, result);
        memory
    }

    /// Makes a note beside the dialog, in the role of whoever asks.
    pub fn note(text: impl AsRef<[u8]>) -> Self {
        Memory { kind: MemoryKind::Note, ..Memory::user(text) }
    }

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
fn misplaced_result(parts: &[Part]) -> Option<usize> {
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

#[cfg(feature = "store")]
mod canonical;
#[cfg(all(test, feature = "store"))]
mod tests;
