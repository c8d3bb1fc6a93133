//! Parts of memories and their bodies.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::fields::{Fields, rows, write};
use super::read::{field, from_json, number_of, text_of};
use crate::context::{base64, decode_base64};
use crate::error::{Error, Result};
use crate::id::{ContentId, IterationId};
use crate::json::Json;
use crate::object::{Body, Part};

/// A text; an object of `base64` if it is not UTF-8, of `content` if it is a content to be read.
impl Serialize for Body {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Body::Inline(bytes) => bytes_or_text(bytes, to),
            Body::Content(content) => {
                let mut map = to.serialize_map(Some(1))?;
                map.serialize_entry("content", content)?;
                map.end()
            }
        }
    }
}

/// Writes bytes as the text that they are, else as an object of `base64`.
pub(super) fn bytes_or_text<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return to.serialize_str(text);
    }
    let mut map = to.serialize_map(Some(1))?;
    map.serialize_entry("base64", &base64(bytes))?;
    map.end()
}

from_json!(Body, json => body_of(json));

fn body_of(json: &Json) -> Result<Body> {
    if let Json::String(text) = json {
        return Ok(Body::new(text));
    }
    if let Some(content) = json.get("content") {
        return Ok(Body::Content(ContentId::new(text_of(content, "content")?.parse()?)));
    }
    let bytes = decode_base64(text_of(field(json, "base64")?, "base64")?);
    bytes.map(Body::Inline).ok_or_else(|| Error::invalid("base64 that cannot be read"))
}

impl Fields for Part {
    fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        match self {
            Part::Text(text) => rows!(map kind: "text", text: text,),
            Part::Thinking { text, signature } => {
                rows!(map kind: "thinking", text: text, signature: signature,);
            }
            Part::Call { id, name, arguments } => {
                rows!(map kind: "call", id: id, name: name, arguments: arguments,);
            }
            Part::Result { call, error, parts } => {
                rows!(map kind: "result", call: call, error: error, parts: parts,);
            }
            Part::Media { media_type, content } => {
                rows!(map kind: "media", media_type: media_type, data: content,);
            }
            Part::File { iteration } => rows!(map kind: "file", iteration: iteration,),
            Part::Opaque { provider, content } => {
                rows!(map kind: "opaque", provider: provider, data: content,);
            }
        }
        Ok(())
    }
}

impl Serialize for Part {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        write(self, to)
    }
}

from_json!(Part, json => part_of(json));

pub(super) fn part_of(json: &Json) -> Result<Part> {
    let text = |key: &str| Ok::<_, Error>(text_of(field(json, key)?, key)?.to_owned());
    let body = |key: &str| body_of(field(json, key)?);
    Ok(match text("kind")?.as_str() {
        "text" => Part::Text(body("text")?),
        "thinking" => Part::Thinking { text: body("text")?, signature: body("signature")? },
        "call" => {
            Part::Call { id: text("id")?, name: text("name")?, arguments: body("arguments")? }
        }
        "result" => Part::Result {
            call: text("call")?,
            error: field(json, "error")?.as_bool().unwrap_or(false),
            parts: number_of(field(json, "parts")?, "parts")?,
        },
        "media" => Part::Media { media_type: text("media_type")?, content: body("data")? },
        "file" => Part::File { iteration: IterationId::new(text("iteration")?.parse()?) },
        "opaque" => Part::Opaque { provider: text("provider")?, content: body("data")? },
        other => return Err(Error::invalid(format!("no kind of a part {other:?}"))),
    })
}
