//! Parts: the pieces of a memory.

use super::{BodyReader, BodyWriter, RefReader};
use crate::codec::malformed;
use crate::error::Result;
use crate::id::{ContentId, IterationId, ObjectId};
use crate::limits::{LABEL_BYTES_MAX, MEMORY_PARTS_MAX, TEXT_INLINE_BYTES_MAX};

/// Bytes of a part: kept as they came, UTF-8 or not.
///
/// A new memory holds all of them inline. On the way into a session those above
/// [`TEXT_INLINE_BYTES_MAX`] become contents of their own.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Body {
    /// The bytes themselves; in a stored memory at most [`TEXT_INLINE_BYTES_MAX`].
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

    fn encode(&self, refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        match self {
            Body::Inline(bytes) => {
                body.0.uint(0).bytes(bytes);
            }
            Body::Content(content) => {
                body.0.uint(1);
                refs.push(content.id());
            }
        }
    }

    fn decode(refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        Ok(match body.0.bounded(1, "a body's tag")? {
            0 => Body::Inline(body.0.bytes(TEXT_INLINE_BYTES_MAX, "an inline text")?.to_vec()),
            _ => Body::Content(ContentId::new(refs.next()?)),
        })
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

    pub(super) fn encode(&self, refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        match self {
            Part::Text(text) => {
                body.0.uint(0);
                text.encode(refs, body);
            }
            Part::Thinking { text, signature } => {
                body.0.uint(1);
                text.encode(refs, body);
                signature.encode(refs, body);
            }
            Part::Call { id, name, arguments } => {
                body.0.uint(2).bytes(id.as_bytes()).bytes(name.as_bytes());
                arguments.encode(refs, body);
            }
            Part::Result { call, error, parts } => {
                body.0.uint(3).bytes(call.as_bytes()).uint(u64::from(*error)).uint(*parts);
            }
            Part::Media { media_type, content } => {
                body.0.uint(4).bytes(media_type.as_bytes());
                content.encode(refs, body);
            }
            Part::File { iteration } => {
                body.0.uint(5);
                refs.push(iteration.id());
            }
            Part::Opaque { provider, content } => {
                body.0.uint(6).bytes(provider.as_bytes());
                content.encode(refs, body);
            }
        }
    }

    pub(super) fn decode(refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        Ok(match body.0.uint()? {
            0 => Part::Text(Body::decode(refs, body)?),
            1 => {
                let text = Body::decode(refs, body)?;
                Part::Thinking { text, signature: Body::decode(refs, body)? }
            }
            2 => {
                let id = body.0.text(LABEL_BYTES_MAX, "a call's id")?.to_owned();
                let name = body.0.text(LABEL_BYTES_MAX, "a tool's name")?.to_owned();
                Part::Call { id, name, arguments: Body::decode(refs, body)? }
            }
            3 => Part::Result {
                call: body.0.text(LABEL_BYTES_MAX, "a call's id")?.to_owned(),
                error: body.0.bounded(1, "a result's error flag")? == 1,
                parts: body.0.bounded(MEMORY_PARTS_MAX as u64, "a result's parts")?,
            },
            4 => {
                let media_type = body.0.text(LABEL_BYTES_MAX, "a media type")?.to_owned();
                Part::Media { media_type, content: Body::decode(refs, body)? }
            }
            5 => Part::File { iteration: IterationId::new(refs.next()?) },
            6 => {
                let provider = body.0.text(LABEL_BYTES_MAX, "a provider")?.to_owned();
                Part::Opaque { provider, content: Body::decode(refs, body)? }
            }
            tag => return Err(malformed(format!("part tag {tag}"))),
        })
    }
}
