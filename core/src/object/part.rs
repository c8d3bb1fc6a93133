//! Parts: the pieces of a memory.

use crate::id::{ContentId, IterationId};

/// Bytes of a part: kept as they came, UTF-8 or not.
///
/// A new memory holds all of them inline. On the way into a session those above
/// [`TEXT_INLINE_BYTES_MAX`](crate::limits::TEXT_INLINE_BYTES_MAX) become contents of their own.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Body {
    /// The bytes themselves; in a stored memory at most [`TEXT_INLINE_BYTES_MAX`](crate::limits::TEXT_INLINE_BYTES_MAX).
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
