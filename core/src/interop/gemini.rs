//! Contents of the Gemini API: lists, request and response bodies, and the checkpoints that Gemini CLI
//! saves. Its chats are `gemini_cli`'s.
//!
//! The shapes are those of the API's reference; a checkpoint is a list of contents, or an object with
//! the list as `history` (google-gemini/gemini-cli, `packages/core/src/core/logger.ts`). A signature is
//! kept as a block of the provider's right before the call or text that it came with. A call
//! without an id is given one, and a response without one answers the oldest call of its name.

use super::Format;
use super::anthropic::by_speaker;
use super::report::{Place, Report, clip};
use super::transcript::{Entry, Keys, Transcript};
use super::value::{beside, is_something, items, leave, media, only, opaque, owned, text};
use crate::context::{Dialect, NO_ID, Target};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::object::{Body, Memory, ModelCall, Part, Role, Usage};

pub(super) const PROVIDER: &str = "gemini";
const DIALECT: Dialect = Dialect::Gemini;
/// Who serves the models.
pub(super) const SERVICE: &str = "google";

/// Returns the contents of a list, a body or a checkpoint.
pub(super) fn contents_of(value: &Json) -> Option<&[Json]> {
    let list = value
        .as_array()
        .or_else(|| ["contents", "history"].iter().find_map(|key| value.get(key)?.as_array()))?;
    let is_content = |content: &Json| content.get("parts").is_some();
    Some(list).filter(|list| list.is_empty() || list.iter().any(is_content))
}

/// Takes a list of contents, a request's body, a response or a checkpoint; none if it is neither.
pub(super) fn conversation(value: &Json) -> Option<Transcript> {
    let mut transcript = Transcript::new(Format::Gemini);
    let mut reader = Reader::default();
    if let Some(candidates) = value.get("candidates").and_then(Json::as_array) {
        reader.candidates(&mut transcript, value, candidates);
        return Some(transcript.finish());
    }
    for (at, content) in contents_of(value)?.iter().enumerate() {
        reader.content(&mut transcript, content, Place::Message(at as u64 + 1));
    }
    if value.as_object().is_some() {
        let system = ["systemInstruction", "system_instruction"];
        let system = system.iter().find_map(|key| value.get(key));
        transcript.instructions =
            system.and_then(|system| instructions(&mut transcript.report, system));
        transcript.tools = items(value, "tools").to_vec();
        let known =
            ["contents", "history", "systemInstruction", "system_instruction", "tools", "authType"];
        leave(&mut transcript.report, "request", value, &known);
    }
    Some(transcript.finish())
}

/// Takes a response's body, and the call that made it; none if it is none. A candidate in which the
/// model said nothing, for it was stopped, makes no entry.
pub(super) fn response(value: &Json) -> Option<(Transcript, ModelCall)> {
    let candidates = value.get("candidates").and_then(Json::as_array)?;
    let first = candidates.first()?;
    let mut transcript = Transcript::new(Format::Gemini);
    if first.get("content").and_then(|content| content.get("parts")).is_some() {
        Reader::default().candidates(&mut transcript, value, candidates);
    }
    let known = ["candidates", "usageMetadata", "modelVersion", "responseId", "createTime"];
    leave(&mut transcript.report, "response", value, &known);
    let known = ["content", "finishReason", "index", "avgLogprobs"];
    leave(&mut transcript.report, "candidate", first, &known);
    Some((transcript, call(value, first)))
}

/// Returns the texts of an instruction, with an empty line between them.
fn instructions(report: &mut Report, system: &Json) -> Option<String> {
    if let Some(words) = system.as_str() {
        return Some(words.to_owned());
    }
    let parts = system.get("parts").unwrap_or(system);
    let parts = parts.as_array().unwrap_or(std::slice::from_ref(parts));
    let texts: Vec<_> = parts.iter().filter_map(|part| text(part, "text")).collect();
    if texts.len() > 1 {
        let count = texts.len();
        report.mend(Place::Message(1), format!("{count} parts of instructions joined"));
    }
    Some(texts.join("\n\n")).filter(|words| !words.is_empty())
}

fn call(response: &Json, candidate: &Json) -> ModelCall {
    let count = |key: &str| response.get("usageMetadata")?.get(key)?.as_u64();
    let (cached, thoughts) = (count("cachedContentTokenCount"), count("thoughtsTokenCount"));
    let output = count("candidatesTokenCount");
    ModelCall {
        provider: SERVICE.to_owned(),
        response: owned(response, "responseId"),
        stop: owned(candidate, "finishReason"),
        usage: Usage {
            input: count("promptTokenCount").map(|all| all.saturating_sub(cached.unwrap_or(0))),
            output: output.map(|output| output.saturating_add(thoughts.unwrap_or(0))),
            cache_read: cached,
            cache_write: None,
            reasoning: thoughts,
        },
        ..ModelCall::new(owned(response, "modelVersion"))
    }
}

/// Reads contents in their order, for a response answers the calls before it.
#[derive(Debug, Default)]
pub(super) struct Reader {
    keys: Keys,
    /// Calls that wait for their response: the tool and the id.
    open: Vec<(String, String)>,
    /// Calls that were given an id.
    made: u64,
}

impl Reader {
    /// Takes the first candidate of a response, and the call that made it.
    fn candidates(&mut self, to: &mut Transcript, response: &Json, candidates: &[Json]) {
        for (at, candidate) in candidates.iter().enumerate() {
            let place = Place::Message(at as u64 + 1);
            match candidate.get("content") {
                Some(content) if at == 0 => {
                    self.content(to, content, place);
                    if let Some(entry) = to.entries.last_mut() {
                        entry.call = Some(call(response, candidate));
                    }
                }
                Some(_) => to.report.skip("candidate", "a dialog goes on from the first"),
                None => to.report.refuse(place, "a candidate without `content`"),
            }
        }
    }

    fn content(&mut self, to: &mut Transcript, content: &Json, at: Place) {
        let key = self.keys.next(content);
        match self.memories(&mut to.report, content, at) {
            Err(error) => to.report.refuse(at, error.to_string()),
            Ok(memories) => {
                for (piece, memory) in memories.into_iter().enumerate() {
                    let key = if piece == 0 { key.clone() } else { format!("{key}.{piece}") };
                    to.push(Entry::new(Format::Gemini, key, at, memory));
                }
            }
        }
    }

    /// Makes the memories of a content: what tools returned and what the user says are apart.
    fn memories(&mut self, report: &mut Report, content: &Json, at: Place) -> Result<Vec<Memory>> {
        let role = match text(content, "role") {
            Some("user" | "function") | None => Role::User,
            Some("model") => Role::Assistant,
            Some("system") => Role::System,
            Some(other) => return Err(Error::invalid(format!("unknown role {:?}", clip(other)))),
        };
        let parts = content.get("parts").ok_or_else(|| Error::invalid("no parts"))?;
        leave(report, "content", content, &["role", "parts"]);
        Ok(by_speaker(role, self.parts(report, parts, at)))
    }

    /// Returns what each part of a list, a part or a text becomes, and whether it is a result.
    pub(super) fn parts(
        &mut self,
        report: &mut Report,
        parts: &Json,
        at: Place,
    ) -> Vec<(Vec<Part>, bool)> {
        let parts = parts.as_array().unwrap_or(std::slice::from_ref(parts));
        let parts = parts.iter().map(|part| self.part(report, &camel(part), at));
        parts.filter(|(parts, _)| !parts.is_empty()).collect()
    }

    fn part(&mut self, report: &mut Report, part: &Json, at: Place) -> (Vec<Part>, bool) {
        if let Some(words) = part.as_str() {
            return (vec![Part::text(words)], false);
        }
        let whole = || (vec![opaque(PROVIDER, part)], false);
        let mut kept = |target: Target, known: &[&str]| {
            beside(report, DIALECT, target, "part", part, known).into_iter().collect::<Vec<_>>()
        };
        if let Some(response) = part.get("functionResponse") {
            return (self.response(report, response, at), true);
        }
        if let Some(call) = part.get("functionCall") {
            let mut parts = kept(Target::Call, &["functionCall"]);
            let name = owned(call, "name");
            let id = match text(call, "id").filter(|id| !id.is_empty()) {
                Some(id) => id.to_owned(),
                None => {
                    self.made += 1;
                    format!("{NO_ID}{}", self.made)
                }
            };
            leave(report, "call", call, &["id", "name", "args"]);
            self.open.push((name.clone(), id.clone()));
            let arguments = super::openai_chat::written(call.get("args"));
            let arguments = if call.get("args").is_some() { arguments } else { Body::new("{}") };
            parts.push(Part::Call { id, name, arguments });
            return (parts, false);
        }
        if let Some(words) = text(part, "text") {
            let thought = part.get("thought").and_then(Json::as_bool) == Some(true);
            if words.is_empty() && part.get("thoughtSignature").is_some_and(is_something) {
                return whole();
            }
            let target = if thought { Target::Thinking } else { Target::Text };
            let mut parts = kept(target, &["text"]);
            parts.push(match thought {
                true => Part::Thinking { text: Body::new(words), signature: Body::new("") },
                false => Part::text(words),
            });
            return (parts, false);
        }
        if let Some(data) = part.get("inlineData").filter(|data| only(data, &["mimeType", "data"]))
            && let (Some(kind), Some(bytes)) = (text(data, "mimeType"), text(data, "data"))
            && let Some(medium) = media(kind, bytes)
        {
            let mut parts = kept(Target::Media, &["inlineData"]);
            parts.push(medium);
            return (parts, false);
        }
        whole()
    }

    /// Returns a response and the parts that are in it.
    fn response(&mut self, report: &mut Report, response: &Json, _: Place) -> Vec<Part> {
        let call = self.answered(response);
        leave(
            report,
            "response",
            response,
            &["id", "name", "response", "parts", "willContinue", "scheduling"],
        );
        let mut fields = Vec::new();
        for key in ["willContinue", "scheduling"] {
            if let Some(value) = response.get(key).filter(|value| is_something(value)) {
                fields.push((key, value.clone()));
            }
        }
        let said = response.get("response").unwrap_or(&Json::Null);
        let alone = |key: &str| {
            let is_alone = said.as_object().is_some_and(|fields| fields.len() == 1);
            text(said, key).filter(|_| is_alone)
        };
        let error = said.get("error").is_some_and(is_something) || alone("error").is_some();
        let mut parts = match alone("output").or_else(|| alone("error")) {
            Some(words) => vec![Part::text(words)],
            None if said.as_object().is_some() => {
                fields.push(("response", Json::from("object")));
                vec![Part::text(said.to_string())]
            }
            None => vec![Part::text(said.as_str().map_or_else(|| said.to_string(), str::to_owned))],
        };
        let inner = items(response, "parts");
        if !inner.is_empty() {
            fields.push(("parts", Json::Bool(true)));
        }
        parts.extend(inner.iter().map(|part| {
            let data = part.get("inlineData").filter(|data| only(data, &["mimeType", "data"]));
            let decoded = data.and_then(|data| media(text(data, "mimeType")?, text(data, "data")?));
            decoded.unwrap_or_else(|| opaque(PROVIDER, part))
        }));
        parts.insert(0, Part::Result { call, error, parts: parts.len() as u64 });
        if !fields.is_empty() {
            parts.insert(0, opaque(PROVIDER, &Json::object(fields)));
        }
        parts
    }

    /// Returns the id of the call that a response answers: the one that it names, else the oldest of
    /// its tool that waits.
    fn answered(&mut self, response: &Json) -> String {
        let (id, name) = (owned(response, "id"), owned(response, "name"));
        let of_id = self.open.iter().position(|(_, open)| *open == id && !id.is_empty());
        let of_name = || self.open.iter().position(|(tool, _)| *tool == name);
        match of_id.or_else(of_name) {
            Some(at) => self.open.remove(at).1,
            None if id.is_empty() => format!("{NO_ID}of-{name}"),
            None => id,
        }
    }
}

/// Returns a part with the API's own names, which the Python client writes otherwise.
fn camel(part: &Json) -> Json {
    let renamed = |name: &str| {
        match name {
            "inline_data" => "inlineData",
            "file_data" => "fileData",
            "function_call" => "functionCall",
            "function_response" => "functionResponse",
            "executable_code" => "executableCode",
            "code_execution_result" => "codeExecutionResult",
            "thought_signature" => "thoughtSignature",
            "video_metadata" => "videoMetadata",
            "mime_type" => "mimeType",
            "file_uri" => "fileUri",
            "display_name" => "displayName",
            other => other,
        }
        .to_owned()
    };
    let Some(fields) = part.as_object() else { return part.clone() };
    let fields = fields.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| {
        let inner = match key.as_str() {
            "inline_data" | "file_data" => camel(value),
            _ => value.clone(),
        };
        (renamed(key), inner)
    });
    Json::Object(fields.collect())
}
