//! The export to OpenAI's chat messages.

use std::str::FromStr;

use super::openai_chat::PROVIDER;
use super::report::{Place, Report, clip};
use super::value::{is_something, text};
use crate::context::data_url;
use crate::error::{Error, Result};
use crate::json::Json;
use crate::object::{Body, Memory, MemoryKind, Part, Role};

/// What a dialog is written as.
///
/// ```
/// use partita::interop::ExportFormat;
/// assert_eq!("atif".parse::<ExportFormat>()?, ExportFormat::Atif);
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExportFormat {
    /// OpenAI's chat messages: [`to_openai_chat`].
    OpenAiChat,
    /// harbor's ATIF 1.8: [`to_atif`](super::to_atif).
    Atif,
}

impl ExportFormat {
    /// Every format.
    pub const ALL: [ExportFormat; 2] = [ExportFormat::OpenAiChat, ExportFormat::Atif];

    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            ExportFormat::OpenAiChat => "openai-chat",
            ExportFormat::Atif => "atif",
        }
    }
}

impl FromStr for ExportFormat {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let format = ExportFormat::ALL.into_iter().find(|format| format.name() == text);
        format.ok_or_else(|| {
            let names = ExportFormat::ALL.map(ExportFormat::name).join(" and ");
            Error::invalid(format!("no export format {:?}; there are {names}", clip(text)))
        })
    }
}

/// A document in another format, and what it has no place for.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The document.
    pub document: Json,
    /// What was mended and skipped; places are memories, from 1.
    pub report: Report,
}

/// Writes memories as OpenAI's chat messages: `{"messages": [...], "tools": [...]}`.
///
/// A record, not a request: calls and results stand as they were, pairs or not. What was imported
/// from such messages is written as it stood, but for: a `developer` becomes `system`, a list of one
/// text becomes the text, the old `function_call` and `function` become calls and `tool`, arguments
/// that were an object become their text, absent and null contents of an assistant become null, of
/// others an empty text, and fields that no memory has a place for are left out.
///
/// ```
/// use partita::{Memory, interop::to_openai_chat};
/// let export = to_openai_chat(&[Memory::user("hi")], Some("Be brief."), &[])?;
/// let messages = export.document.get("messages").and_then(|messages| messages.at(1));
/// assert_eq!(messages.unwrap().to_string(), r#"{"role":"user","content":"hi"}"#);
/// # Ok::<(), partita::Error>(())
/// ```
///
/// # Errors
/// `Invalid` if a memory's body is a content that is still to be read.
pub fn to_openai_chat(
    memories: &[Memory],
    instructions: Option<&str>,
    tools: &[Json],
) -> Result<Export> {
    let mut report = Report::default();
    let mut messages = Vec::new();
    if let Some(instructions) = instructions {
        let fields = [("role", Json::from("system")), ("content", Json::from(instructions))];
        messages.push(Json::object(fields));
    }
    for (at, memory) in memories.iter().enumerate() {
        Writer { report: &mut report, at: Place::Message(at as u64 + 1) }
            .memory(memory, &mut messages)?;
    }
    report.kept = memories.len() as u64;
    let mut document = Json::object([("messages", Json::from(messages))]);
    if !tools.is_empty() {
        document.set("tools", tools.iter().map(tool).collect::<Vec<_>>().into());
    }
    Ok(Export { document, report })
}

/// Returns a tool as OpenAI writes it, also where Anthropic's way was used.
pub(super) fn tool(tool: &Json) -> Json {
    let (Some(name), None) = (tool.get("name"), tool.get("function")) else { return tool.clone() };
    let mut function = Json::object([("name", name.clone())]);
    for (from, to) in [
        ("description", "description"),
        ("input_schema", "parameters"),
        ("parameters", "parameters"),
    ] {
        if let Some(value) = tool.get(from) {
            function.set(to, value.clone());
        }
    }
    Json::object([("type", Json::from("function")), ("function", function)])
}

/// Parts of a memory: each result with what is in it, and all that is in none.
pub(super) struct Split<'a> {
    /// The call, whether it failed, and the parts.
    pub(super) results: Vec<(&'a str, bool, &'a [Part])>,
    pub(super) rest: Vec<&'a Part>,
}

impl<'a> Split<'a> {
    pub(super) fn new(parts: &'a [Part]) -> Self {
        let mut split = Split { results: Vec::new(), rest: Vec::new() };
        let mut at = 0;
        while let Some(part) = parts.get(at) {
            at += 1;
            if let Part::Result { call, error, parts: count } = part {
                let end = at.saturating_add(usize::try_from(*count).unwrap_or(usize::MAX));
                let end = end.min(parts.len());
                split.results.push((call, *error, &parts[at..end]));
                at = end;
            } else {
                split.rest.push(part);
            }
        }
        split
    }
}

/// Returns a body's text.
///
/// # Errors
/// `Invalid` if it is a content.
pub(super) fn body(body: &Body, at: Place, report: &mut Report) -> Result<String> {
    let Some(bytes) = body.as_inline() else {
        return Err(Error::invalid(format!("{at}: a body is a content; read it first")));
    };
    Ok(match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            report.mend(at, "bytes that are not UTF-8 became U+FFFD");
            String::from_utf8_lossy(bytes).into_owned()
        }
    })
}

/// Returns a `data:` URL of media.
pub(super) fn url(media_type: &str, content: &Body, at: Place) -> Result<String> {
    match content.as_inline() {
        Some(bytes) => Ok(data_url(media_type, bytes)),
        None => Err(Error::invalid(format!("{at}: a body is a content; read it first"))),
    }
}

struct Writer<'a> {
    report: &'a mut Report,
    at: Place,
}

impl Writer<'_> {
    fn memory(&mut self, memory: &Memory, messages: &mut Vec<Json>) -> Result<()> {
        if memory.kind != MemoryKind::Message {
            let what = format!("kind {}", memory.kind.name());
            self.report.skip(&what, "a chat message has no kind");
        }
        let split = Split::new(&memory.parts);
        for (call, error, parts) in &split.results {
            if *error {
                self.report.skip("error flag", "a tool's chat message has none");
            }
            let mut items = Vec::new();
            for part in *parts {
                items.extend(self.item(part)?);
            }
            let mut message = Json::object([
                ("role", Json::from("tool")),
                ("tool_call_id", Json::from(*call)),
                ("content", content(items, false)),
            ]);
            name(&mut message, memory);
            messages.push(message);
        }
        if split.rest.is_empty() && !split.results.is_empty() {
            return Ok(());
        }
        let role = match memory.role {
            Role::Tool => {
                self.report.mend(self.at, "what no call asked a tool for became a user's message");
                "user"
            }
            role => role.name(),
        };
        let message = self.message(role, &split.rest, memory)?;
        messages.push(message);
        Ok(())
    }

    fn message(&mut self, role: &str, parts: &[&Part], memory: &Memory) -> Result<Json> {
        let is_assistant = role == "assistant";
        let (mut items, mut calls, mut thoughts) = (Vec::new(), Vec::new(), Vec::new());
        let mut fields: Vec<(String, Json)> = Vec::new();
        let mut custom = false;
        for part in parts {
            match part {
                Part::Call { id, name, arguments } if is_assistant && custom => {
                    custom = false;
                    let input = body(arguments, self.at, self.report)?;
                    let call = [("name", Json::from(name.as_str())), ("input", Json::from(input))];
                    calls.push(Json::object([
                        ("id", Json::from(id.as_str())),
                        ("type", Json::from("custom")),
                        ("custom", Json::object(call)),
                    ]));
                }
                Part::Opaque { provider, content } if provider == PROVIDER && beside(content) => {
                    let block = body(content, self.at, self.report)?;
                    custom = block.contains("\"custom\"");
                    if !custom {
                        self.report.skip("field of a part", "an export holds the part alone");
                    }
                }
                Part::Call { id, name, arguments } if is_assistant => {
                    let arguments = body(arguments, self.at, self.report)?;
                    let function = Json::object([
                        ("name", Json::from(name.as_str())),
                        ("arguments", Json::from(arguments)),
                    ]);
                    calls.push(Json::object([
                        ("id", Json::from(id.as_str())),
                        ("type", Json::from("function")),
                        ("function", function),
                    ]));
                }
                Part::Thinking { text, signature } if is_assistant => {
                    thoughts.push(body(text, self.at, self.report)?);
                    if signature.as_inline() != Some(b"") {
                        self.report.skip("signature", "chat messages carry plain thoughts");
                    }
                }
                Part::Opaque { provider, content } if is_assistant && provider == PROVIDER => {
                    let block = body(content, self.at, self.report)?;
                    match field_of(&block) {
                        Some(field) => fields.push(field),
                        None => items.extend(self.item(part)?),
                    }
                }
                part => items.extend(self.item(part)?),
            }
        }
        let mut message =
            Json::object([("role", Json::from(role)), ("content", content(items, is_assistant))]);
        name(&mut message, memory);
        if !thoughts.is_empty() {
            message.set("reasoning_content", Json::from(thoughts.join("\n\n")));
        }
        for (key, value) in fields {
            message.set(&key, value);
        }
        if !calls.is_empty() {
            message.set("tool_calls", calls.into());
        }
        Ok(message)
    }

    /// Returns the item of a content that a part becomes, if there is one for it.
    fn item(&mut self, part: &Part) -> Result<Option<Json>> {
        let item =
            |kind: &str, inner: Json| Json::object([("type", Json::from(kind)), (kind, inner)]);
        Ok(match part {
            Part::Text(text) => Some(item("text", body(text, self.at, self.report)?.into())),
            Part::Media { media_type, content } => {
                let url = url(media_type, content, self.at)?;
                Some(match media_type.as_str() {
                    "audio/wav" | "audio/mpeg" => {
                        let format = if media_type == "audio/wav" { "wav" } else { "mp3" };
                        let data = url.split_once(',').map_or("", |(_, data)| data);
                        let audio = [("data", Json::from(data)), ("format", Json::from(format))];
                        item("input_audio", Json::object(audio))
                    }
                    kind if kind.starts_with("image/") => {
                        item("image_url", Json::object([("url", Json::from(url))]))
                    }
                    _ => item("file", Json::object([("file_data", Json::from(url))])),
                })
            }
            Part::Opaque { provider, content } if provider == PROVIDER => {
                let block = body(content, self.at, self.report)?;
                match Json::parse(&block) {
                    Ok(block) => Some(block),
                    Err(_) => {
                        self.report.skip("opaque block", "no JSON");
                        None
                    }
                }
            }
            Part::Opaque { .. } => {
                self.report.skip("opaque block", "of another provider");
                None
            }
            Part::File { iteration } => {
                self.report.mend(self.at, "a reference to a file became its name");
                Some(item("text", Json::from(format!("[file iteration {}]", iteration.id()))))
            }
            Part::Thinking { .. } | Part::Call { .. } | Part::Result { .. } => {
                self.report.skip("thinking, call or result", "stands where a chat has none");
                None
            }
        })
    }
}

/// Tells whether a block is fields of the part behind it.
fn beside(content: &Body) -> bool {
    let block = content.as_inline().and_then(|bytes| Json::parse(bytes).ok());
    block.is_some_and(|block| block.as_object().is_some() && block.get("type").is_none())
}

/// Takes a block that is a field of an assistant's message in OpenAI's form.
fn field_of(block: &str) -> Option<(String, Json)> {
    let block = Json::parse(block).ok()?;
    let kind = text(&block, "type").filter(|kind| matches!(*kind, "refusal" | "audio"))?;
    let value = block.get(kind).filter(|value| is_something(value))?;
    Some((kind.to_owned(), value.clone()))
}

fn name(message: &mut Json, memory: &Memory) {
    if !memory.actor.is_empty() {
        message.set("name", Json::from(memory.actor.as_str()));
    }
}

/// Returns a content: a text where there is one text, nothing where there is none, else a list.
fn content(items: Vec<Json>, is_assistant: bool) -> Json {
    match items.as_slice() {
        [] if is_assistant => Json::Null,
        [] => Json::from(""),
        [one] => match (text(one, "type"), one.get("text")) {
            (Some("text"), Some(Json::String(words))) => Json::from(words.as_str()),
            _ => Json::from(items),
        },
        _ => Json::from(items),
    }
}
