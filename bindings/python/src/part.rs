//! Parts: what memories are made of.

use pyo3::prelude::*;

use crate::convert::{Data, whole};
use crate::error::invalid;
use crate::id::ObjectId;
use crate::json::Dict;
use crate::shape::dict_of;
use crate::value::value;

value! {
    /// A piece of a memory. What it is says ``kind``: ``"text"``, ``"thinking"``, ``"call"``,
    /// ``"result"``, ``"media"``, ``"file"`` or ``"opaque"``; the other attributes are set where
    /// that kind has them. The static methods make one of each.
    ///
    /// >>> from partita import Part
    /// >>> part = Part.call("c1", "grep", '{"pattern": "parse"}')
    /// >>> part.kind, part.name, part.text
    /// ('call', 'grep', '{"pattern": "parse"}')
    Part {
        /// What it is.
        kind: String,
        /// The bytes: of a text, thoughts, a call's arguments, media, an opaque block.
        data: Option<Vec<u8>>,
        /// A call's id, which its result repeats.
        id: Option<String>,
        /// The tool that is called.
        name: Option<String>,
        /// The provider's signature over thoughts.
        signature: Option<Vec<u8>>,
        /// Whether the tool failed.
        error: bool,
        /// How many of the parts that follow are the result.
        parts: Option<u64>,
        /// Such as ``image/png``.
        media_type: Option<String>,
        /// An iteration of a file.
        iteration: Option<ObjectId>,
        /// Whose opaque block it is.
        provider: Option<String>,
    }

    /// Returns it as JSON has it.
    fn to_dict(&self) -> PyResult<Dict> {
        dict_of(&self.give()?)
    }

    /// Makes a text.
    #[staticmethod]
    #[pyo3(name = "of_text")]
    fn of_text(text: Data) -> Part {
        Part::of_kind("text", Some(text.as_bytes().to_vec()))
    }

    /// Makes what a model thought, with the provider's signature over it.
    #[staticmethod]
    #[pyo3(signature = (text, signature = None))]
    fn thinking(text: Data, signature: Option<Data>) -> Part {
        let signature = signature.map_or_else(Vec::new, |bytes| bytes.as_bytes().to_vec());
        let thinking = Part::of_kind("thinking", Some(text.as_bytes().to_vec()));
        Part { signature: Some(signature), ..thinking }
    }

    /// Makes a model's call of a tool; the arguments are JSON, as the model wrote them.
    #[staticmethod]
    fn call(id: String, name: String, arguments: Data) -> Part {
        let call = Part::of_kind("call", Some(arguments.as_bytes().to_vec()));
        Part { id: Some(id), name: Some(name), ..call }
    }

    /// Makes the head of what came back from a call: the next ``parts`` parts are the result.
    #[staticmethod]
    #[pyo3(signature = (call, *, error = false, parts: "typing.SupportsIndex" = 1))]
    fn result(
        call: String,
        error: bool,
        #[pyo3(from_py_with = whole)] parts: u64,
    ) -> Part {
        Part { id: Some(call), error, parts: Some(parts), ..Part::of_kind("result", None) }
    }

    /// Makes an image, a sound, a document.
    #[staticmethod]
    fn media(media_type: String, data: Data) -> Part {
        let media = Part::of_kind("media", Some(data.as_bytes().to_vec()));
        Part { media_type: Some(media_type), ..media }
    }

    /// Refers to a version of a file of the session. A model is shown its text wherever the memory is
    /// shown, also where the file itself is hidden.
    #[staticmethod]
    fn file(iteration: ObjectId) -> Part {
        Part { iteration: Some(iteration), ..Part::of_kind("file", None) }
    }

    /// Makes a block that only its provider understands, kept as it came.
    #[staticmethod]
    fn opaque(provider: String, data: Data) -> Part {
        let opaque = Part::of_kind("opaque", Some(data.as_bytes().to_vec()));
        Part { provider: Some(provider), ..opaque }
    }

    /// The bytes as text, with U+FFFD for what is not UTF-8; empty where there are none.
    #[getter]
    fn text(&self) -> String {
        String::from_utf8_lossy(self.data.as_deref().unwrap_or_default()).into_owned()
    }
}

impl Part {
    fn of_kind(kind: &str, data: Option<Vec<u8>>) -> Part {
        Part {
            kind: kind.to_owned(),
            data,
            id: None,
            name: None,
            signature: None,
            error: false,
            parts: None,
            media_type: None,
            iteration: None,
            provider: None,
        }
    }

    pub(crate) fn take(part: partita::Part) -> PyResult<Part> {
        let bytes = |body: partita::Body| match body {
            partita::Body::Inline(bytes) => Ok(Some(bytes)),
            partita::Body::Content(id) => Err(invalid(format!("content {id} was not read"))),
        };
        Ok(match part {
            partita::Part::Text(text) => Part::of_kind("text", bytes(text)?),
            partita::Part::Thinking { text, signature } => {
                Part { signature: bytes(signature)?, ..Part::of_kind("thinking", bytes(text)?) }
            }
            partita::Part::Call { id, name, arguments } => {
                Part { id: Some(id), name: Some(name), ..Part::of_kind("call", bytes(arguments)?) }
            }
            partita::Part::Result { call, error, parts } => {
                Part { id: Some(call), error, parts: Some(parts), ..Part::of_kind("result", None) }
            }
            partita::Part::Media { media_type, content } => {
                Part { media_type: Some(media_type), ..Part::of_kind("media", bytes(content)?) }
            }
            partita::Part::File { iteration } => {
                Part { iteration: Some(iteration.into()), ..Part::of_kind("file", None) }
            }
            partita::Part::Opaque { provider, content } => {
                Part { provider: Some(provider), ..Part::of_kind("opaque", bytes(content)?) }
            }
            other => return Err(invalid(format!("a part of a kind unknown here: {other:?}"))),
        })
    }

    pub(crate) fn give(&self) -> PyResult<partita::Part> {
        let missing = |what: &str| invalid(format!("a part of kind {:?} needs {what}", self.kind));
        let body =
            |bytes: &Option<Vec<u8>>| partita::Body::new(bytes.as_deref().unwrap_or_default());
        let text = |text: &Option<String>, what| text.clone().ok_or_else(|| missing(what));
        Ok(match &*self.kind {
            "text" => partita::Part::Text(body(&self.data)),
            "thinking" => {
                partita::Part::Thinking { text: body(&self.data), signature: body(&self.signature) }
            }
            "call" => partita::Part::Call {
                id: text(&self.id, "the call's id")?,
                name: text(&self.name, "the tool's name")?,
                arguments: body(&self.data),
            },
            "result" => partita::Part::Result {
                call: text(&self.id, "the call's id")?,
                error: self.error,
                parts: self.parts.ok_or_else(|| missing("the number of its parts"))?,
            },
            "media" => partita::Part::Media {
                media_type: text(&self.media_type, "a media type")?,
                content: body(&self.data),
            },
            "file" => partita::Part::File {
                iteration: partita::IterationId::new(
                    self.iteration.ok_or_else(|| missing("an iteration"))?.0,
                ),
            },
            "opaque" => partita::Part::Opaque {
                provider: text(&self.provider, "a provider")?,
                content: body(&self.data),
            },
            other => {
                return Err(invalid(format!(
                    "a part is text, thinking, call, result, media, file or opaque, got {other:?}"
                )));
            }
        })
    }
}
