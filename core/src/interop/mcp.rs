//! Content of the Model Context Protocol, as several agents record what tools gave back.

use super::value::{media, opaque, owned, text};
use crate::json::Json;
use crate::object::Part;

/// Returns the parts of a content: a text, or a list of blocks.
pub(super) fn content(provider: &str, content: Option<&Json>) -> Vec<Part> {
    match content {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::String(text)) => vec![Part::text(text)],
        Some(Json::Array(blocks)) => blocks.iter().map(|one| block(provider, one)).collect(),
        Some(other) => vec![Part::text(other.to_string())],
    }
}

/// Returns the part of a block; what has no text and no data is kept as it came.
fn block(provider: &str, block: &Json) -> Part {
    let resource = block.get("resource");
    let words = text(block, "text").or_else(|| text(resource?, "text"));
    if let Some(words) = words.or_else(|| block.as_str()) {
        return Part::text(words);
    }
    let holder = resource.filter(|resource| resource.get("blob").is_some()).unwrap_or(block);
    let data = text(holder, "data").or_else(|| text(holder, "blob")).unwrap_or_default();
    media(&owned(holder, "mimeType"), data)
        .filter(|_| !data.is_empty() && text(holder, "mimeType").is_some())
        .unwrap_or_else(|| opaque(provider, block))
}
