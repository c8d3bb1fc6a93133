//! What the other dialects are sent of a block that only its provider understands: its text, its
//! address, or a stated placeholder. What is sealed says nothing to anybody else.

use super::dialect::{Dialect, Form};
use super::spot::Spot;
use crate::json::Json;

/// What takes a block's place in another dialect.
pub(super) enum StandIn {
    Nothing,
    Text(String),
    Block(Json),
}

/// Returns what takes the place of another provider's block.
pub(super) fn stand_in(dialect: Dialect, block: &Json, spot: Spot) -> StandIn {
    let kind = text(block, "type");
    if kind.is_empty() {
        return gemini(dialect, block, spot);
    }
    let sealed = ["reasoning", "thinking", "redacted_thinking", "compaction", "item_reference"];
    if sealed.contains(&kind) || kind == "message" {
        return StandIn::Nothing;
    }
    if let Some(address) = address(block) {
        return placed(dialect, &address, spot);
    }
    match said(block) {
        Some(words) => StandIn::Text(words),
        None => StandIn::Text(format!("[{}: not shown]", label(block, kind))),
    }
}

/// A part of Gemini's: it has no type.
fn gemini(dialect: Dialect, part: &Json, spot: Spot) -> StandIn {
    let inner = |key: &str, field: &str| part.get(key).map(|it| text(it, field).to_owned());
    let filled = |words: Option<String>| words.filter(|words| !words.trim().is_empty());
    if let Some(url) = filled(inner("fileData", "fileUri")) {
        let is_image = inner("fileData", "mimeType").is_some_and(|it| it.starts_with("image/"));
        let what = if is_image { "image" } else { "document" };
        return placed(dialect, &Address { what, url }, spot);
    }
    if let Some(data) = filled(inner("inlineData", "data")) {
        let media_type = inner("inlineData", "mimeType").unwrap_or_default();
        let what = if media_type.starts_with("image/") { "image" } else { "document" };
        let url = format!("data:{media_type};base64,{data}");
        return placed(dialect, &Address { what, url }, spot);
    }
    if let Some(code) = filled(inner("executableCode", "code")) {
        return StandIn::Text(format!("[code that was run]\n{code}"));
    }
    if part.get("codeExecutionResult").is_some() {
        let output = filled(inner("codeExecutionResult", "output")).unwrap_or_default();
        return StandIn::Text(format!("[what the code returned]\n{output}"));
    }
    for key in ["toolCall", "toolResponse"] {
        if let Some(kind) = inner(key, "toolType") {
            return StandIn::Text(format!(
                "[{}: not shown]",
                kind.to_lowercase().replace('_', " ")
            ));
        }
    }
    StandIn::Nothing
}

fn placed(dialect: Dialect, address: &Address, spot: Spot) -> StandIn {
    let own = if spot == Spot::Assistant { None } else { addressed(dialect, address, spot) };
    own.map_or_else(
        || StandIn::Text(format!("[{}: {}]", address.what, shown(&address.url))),
        StandIn::Block,
    )
}

/// A medium that stands elsewhere, or in a `data:` URL.
struct Address {
    what: &'static str,
    url: String,
}

fn address(block: &Json) -> Option<Address> {
    let image = |url: &str| Some(Address { what: "image", url: url.to_owned() });
    let document = |url: &str| Some(Address { what: "document", url: url.to_owned() });
    let filled = |value: Option<&Json>| {
        value.and_then(Json::as_str).filter(|text| !text.trim().is_empty()).map(str::to_owned)
    };
    match text(block, "type") {
        "image_url" => image(&filled(block.get("image_url")?.get("url"))?),
        "input_image" => image(&filled(block.get("image_url"))?),
        "input_file" => {
            document(&filled(block.get("file_url")).or_else(|| filled(block.get("file_data")))?)
        }
        "file" => document(&filled(block.get("file")?.get("file_data"))?),
        kind @ ("image" | "document") => {
            let source = block.get("source")?;
            let url = match text(source, "type") {
                "url" => filled(source.get("url"))?,
                "base64" => {
                    let (media_type, data) = (text(source, "media_type"), text(source, "data"));
                    format!("data:{media_type};base64,{data}")
                }
                _ => return None,
            };
            if kind == "image" { image(&url) } else { document(&url) }
        }
        _ => None,
    }
}

/// Returns a dialect's own block of what stands at an address; none if it takes none.
fn addressed(dialect: Dialect, address: &Address, spot: Spot) -> Option<Json> {
    let url = address.url.as_str();
    let is_image = address.what == "image";
    let embedded = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    if let Some((media_type, _)) = embedded {
        let form = dialect.form(media_type, spot)?;
        if !matches!((form, is_image), (Form::Image, true) | (Form::Document, false)) {
            return None;
        }
    }
    let web = ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme));
    if embedded.is_none() && !web {
        return None;
    }
    let object = |fields: Vec<(&str, Json)>| Json::object(fields);
    let of = |text: &str| Json::from(text);
    let made = match (dialect, is_image) {
        (Dialect::Anthropic, _) => {
            let source = match embedded {
                Some((media_type, data)) => object(vec![
                    ("type", of("base64")),
                    ("media_type", of(media_type)),
                    ("data", of(data)),
                ]),
                None => object(vec![("type", of("url")), ("url", of(url))]),
            };
            object(vec![("type", of(address.what)), ("source", source)])
        }
        (Dialect::OpenAiChat, _) if spot == Spot::Result => return None,
        (Dialect::OpenAiChat, true) => {
            object(vec![("type", of("image_url")), ("image_url", object(vec![("url", of(url))]))])
        }
        (Dialect::OpenAiChat, false) => {
            embedded?;
            let file = object(vec![("filename", of("document.pdf")), ("file_data", of(url))]);
            object(vec![("type", of("file")), ("file", file)])
        }
        (Dialect::OpenAiResponses, true) => object(vec![
            ("type", of("input_image")),
            ("detail", of("auto")),
            ("image_url", of(url)),
        ]),
        (Dialect::Gemini, _) => match embedded {
            Some((media_type, data)) => {
                let data = object(vec![("mimeType", of(media_type)), ("data", of(data))]);
                object(vec![("inlineData", data)])
            }
            None => {
                let mut file = object(Vec::new());
                if let Some(media_type) = media_type_of(url) {
                    file.set("mimeType", of(media_type));
                }
                file.set("fileUri", of(url));
                object(vec![("fileData", file)])
            }
        },
        (Dialect::OpenAiResponses, false) => match embedded {
            Some(_) => object(vec![
                ("type", of("input_file")),
                ("filename", of("document.pdf")),
                ("file_data", of(url)),
            ]),
            None => object(vec![("type", of("input_file")), ("file_url", of(url))]),
        },
    };
    dialect.takes(&made, spot).then_some(made)
}

/// Guesses what stands at an address by its end.
fn media_type_of(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    Some(match path.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "pdf" => "application/pdf",
        _ => return None,
    })
}

/// Returns the words of a block, if it has any.
fn said(block: &Json) -> Option<String> {
    let kind = text(block, "type");
    let joined = |list: &Json| {
        let words = list.as_array().unwrap_or_default().iter().map(|item| text(item, "text"));
        words.filter(|words| !words.trim().is_empty()).collect::<Vec<_>>().join("\n")
    };
    let words = match kind {
        "text" | "input_text" | "output_text" => text(block, "text").to_owned(),
        "refusal" => text(block, "refusal").to_owned(),
        "audio" => text(block.get("audio")?, "transcript").to_owned(),
        "custom_tool_call" => {
            format!("[call of {}: {}]", text(block, "name"), text(block, "input"))
        }
        kind if kind.ends_with("_call_output") => match block.get("output")? {
            Json::String(output) => output.clone(),
            output => joined(output),
        },
        "document" => {
            let source = block.get("source")?;
            let body = match source.get("content") {
                Some(Json::String(words)) => words.clone(),
                Some(blocks) => joined(blocks),
                None => text(source, "data").to_owned(),
            };
            titled(block, body)
        }
        "search_result" => {
            let body = joined(block.get("content")?);
            titled(block, format!("[{}]\n{body}", text(block, "source")))
        }
        _ => return None,
    };
    Some(words).filter(|words| !words.trim().is_empty())
}

fn titled(block: &Json, body: String) -> String {
    match text(block, "title") {
        "" => body,
        _ if body.trim().is_empty() => body,
        title => format!("[{title}]\n{body}"),
    }
}

/// Names a block: by what it calls, else by its type.
fn label(block: &Json, kind: &str) -> String {
    const LETTERS_MAX: usize = 64;
    let name = text(block, "name");
    let words = if name.is_empty() { kind.replace('_', " ") } else { name.to_owned() };
    words.chars().take(LETTERS_MAX).collect()
}

/// An address as a text: not the bytes that it may hold.
fn shown(url: &str) -> &str {
    url.split_once(";base64,").map_or(url, |(head, _)| head)
}

fn text<'a>(block: &'a Json, key: &str) -> &'a str {
    block.get(key).and_then(Json::as_str).unwrap_or("")
}
