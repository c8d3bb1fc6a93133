//! The export to ATIF 1.8, harbor's Agent Trajectory Interchange Format, as its schema on PyPI
//! (`atif` 1.8.0) has it.

use std::collections::HashMap;

use super::export::{Export, Split, body, tool, url};
use super::report::{Place, Report, clip};
use super::value::is_something;
use crate::error::Result;
use crate::json::Json;
use crate::object::{Body, Memory, MemoryKind, ModelCall, Part, Role, Usage, clock};

const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];
const SOUNDS: [&str; 8] = [
    "audio/wav",
    "audio/mpeg",
    "audio/mp4",
    "audio/aac",
    "audio/ogg",
    "audio/flac",
    "audio/webm",
    "audio/aiff",
];

/// Which agent a trajectory is of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AtifAgent {
    /// The agent's name, such as `claude-code`.
    pub name: String,
    /// Its version, or `unknown`.
    pub version: String,
    /// The run; may be empty.
    pub session: String,
}

/// Writes memories as an ATIF 1.8 trajectory; `call` gives the model's call of a memory by index.
///
/// A result becomes an observation of the step that made its call. Opaque blocks, signatures,
/// actors, kinds and origins go into the steps' `extra`, media into `data:` URLs.
///
/// ```
/// use partita::{Memory, interop::{AtifAgent, to_atif}};
/// let agent = AtifAgent { name: "a".into(), version: "1".into(), session: String::new() };
/// let export = to_atif(&agent, &[Memory::user("hi")], |_| None, None, &[])?;
/// let step = export.document.get("steps").and_then(|steps| steps.at(0));
/// assert_eq!(step.unwrap().to_string(), r#"{"step_id":1,"source":"user","message":"hi"}"#);
/// # Ok::<(), partita::Error>(())
/// ```
///
/// # Errors
/// `Invalid` if a memory's body is a content that is still to be read.
pub fn to_atif<'a>(
    agent: &AtifAgent,
    memories: &[Memory],
    call: impl Fn(usize) -> Option<&'a ModelCall>,
    instructions: Option<&str>,
    tools: &[Json],
) -> Result<Export> {
    let mut writer = Writer::default();
    if let Some(instructions) = instructions {
        writer.step("system", Json::from(instructions));
    }
    for (at, memory) in memories.iter().enumerate() {
        writer.at = at as u64 + 1;
        writer.memory(memory, call(at))?;
    }
    writer.report.kept = memories.len() as u64;
    let mut head = Json::object([
        ("name", Json::from(agent.name.as_str())),
        ("version", Json::from(agent.version.as_str())),
    ]);
    if !tools.is_empty() {
        head.set("tool_definitions", tools.iter().map(tool).collect::<Vec<_>>().into());
    }
    let mut document = Json::object([("schema_version", Json::from("ATIF-v1.8"))]);
    if !agent.session.is_empty() {
        document.set("session_id", Json::from(agent.session.as_str()));
    }
    document.set("agent", head);
    let totals = writer.totals();
    document.set("steps", writer.steps.into());
    document.set("final_metrics", totals);
    Ok(Export { document, report: writer.report })
}

#[derive(Default)]
struct Writer {
    report: Report,
    steps: Vec<Json>,
    /// The newest step of each call.
    calls: HashMap<String, usize>,
    prompt: Option<u64>,
    output: Option<u64>,
    cached: Option<u64>,
    at: u64,
}

impl Writer {
    fn place(&self) -> Place {
        Place::Message(self.at)
    }

    /// Appends a step and returns it.
    fn step(&mut self, source: &str, message: Json) -> &mut Json {
        let id = self.steps.len() as u64 + 1;
        self.steps.push(Json::object([
            ("step_id", Json::from(id)),
            ("source", Json::from(source)),
            ("message", message),
        ]));
        let at = self.steps.len() - 1;
        &mut self.steps[at]
    }

    fn memory(&mut self, memory: &Memory, call: Option<&ModelCall>) -> Result<()> {
        let split = Split::new(&memory.parts);
        if !split.rest.is_empty() || split.results.is_empty() {
            self.turn(memory, &split.rest, call)?;
        }
        for (call, error, parts) in split.results {
            self.result(memory, call, error, parts)?;
        }
        Ok(())
    }

    fn turn(&mut self, memory: &Memory, parts: &[&Part], call: Option<&ModelCall>) -> Result<()> {
        let is_agent = memory.role == Role::Assistant;
        let place = self.place();
        let (mut items, mut calls, mut thoughts) = (Vec::new(), Vec::new(), Vec::new());
        let (mut blocks, mut signed) = (Vec::new(), Vec::new());
        for part in parts {
            match part {
                Part::Call { id, name, arguments } if is_agent => {
                    self.calls.insert(id.clone(), self.steps.len());
                    calls.push(self.tool_call(id, name, arguments)?);
                }
                Part::Thinking { text, signature } => {
                    let text = body(text, place, &mut self.report)?;
                    let signature = body(signature, place, &mut self.report)?;
                    if !signature.is_empty() || !is_agent {
                        signed.push(Json::object([
                            ("text", Json::from(text.as_str())),
                            ("signature", Json::from(signature)),
                        ]));
                    }
                    thoughts.push(text);
                }
                part => self.item(part, &mut items, &mut blocks)?,
            }
        }
        let mut extra = self.extra(memory, blocks);
        if !signed.is_empty() {
            extra.set("thinking", signed.into());
        }
        let source = match memory.role {
            Role::Assistant => "agent",
            Role::System => "system",
            _ => "user",
        };
        let step = self.step(source, content(items));
        if let Some(time) = memory.time.and_then(clock::format) {
            step.set("timestamp", Json::from(time));
        }
        if is_agent {
            if let Some(model) = call.map(|call| &call.model).filter(|model| !model.is_empty()) {
                step.set("model_name", Json::from(model.as_str()));
            }
            if !thoughts.is_empty() {
                step.set("reasoning_content", Json::from(thoughts.join("\n\n")));
            }
            if !calls.is_empty() {
                step.set("tool_calls", calls.into());
            }
            if let Some(metrics) = call.and_then(|call| metrics(&call.usage)) {
                step.set("metrics", metrics);
            }
        }
        if is_something(&extra) {
            step.set("extra", extra);
        }
        if is_agent && let Some(call) = call {
            let add = |sum: &mut Option<u64>, count: Option<u64>| {
                if let Some(count) = count {
                    *sum = Some(sum.unwrap_or(0).saturating_add(count));
                }
            };
            add(&mut self.prompt, call.usage.prompt());
            add(&mut self.output, call.usage.output);
            add(&mut self.cached, call.usage.cache_read);
        }
        Ok(())
    }

    fn tool_call(&mut self, id: &str, name: &str, arguments: &Body) -> Result<Json> {
        let place = self.place();
        let text = body(arguments, place, &mut self.report)?;
        let object = Json::parse(&text).ok().filter(|value| value.as_object().is_some());
        let is_object = object.is_some();
        let mut call = Json::object([
            ("tool_call_id", Json::from(id)),
            ("function_name", Json::from(name)),
            ("arguments", object.unwrap_or(Json::Object(Vec::new()))),
        ]);
        if !is_object && !text.is_empty() {
            let what = format!("the arguments of {} are no object; in extra", clip(id));
            self.report.mend(place, what);
            call.set("extra", Json::object([("arguments", Json::from(text))]));
        }
        Ok(call)
    }

    /// Adds a result to the step that made its call; without one it stands in a step of its own.
    fn result(&mut self, memory: &Memory, call: &str, error: bool, parts: &[Part]) -> Result<()> {
        let (mut items, mut blocks) = (Vec::new(), Vec::new());
        for part in parts {
            self.item(part, &mut items, &mut blocks)?;
        }
        let mut extra = self.extra(memory, blocks);
        if error {
            extra.set("is_error", Json::from(true));
        }
        if let Some(time) = memory.time.and_then(clock::format) {
            extra.set("timestamp", Json::from(time));
        }
        let mut result = Json::object([("content", content(items))]);
        let step = match self.calls.get(call) {
            Some(&step) => {
                result.set("source_call_id", Json::from(call));
                &mut self.steps[step]
            }
            None => {
                let what = format!("the result of {} has no call; a step of its own", clip(call));
                let place = self.place();
                self.report.mend(place, what);
                extra.set("source_call_id", Json::from(call));
                self.step("system", Json::from(""))
            }
        };
        if is_something(&extra) {
            result.set("extra", extra);
        }
        let observation = step.get_mut("observation").and_then(|seen| seen.get_mut("results"));
        match observation {
            Some(Json::Array(results)) => results.push(result),
            _ => {
                let results = Json::from(vec![result]);
                step.set("observation", Json::object([("results", results)]));
            }
        }
        Ok(())
    }

    /// Adds a part to a content, or to the blocks that only their provider understands.
    fn item(&mut self, part: &Part, items: &mut Vec<Json>, blocks: &mut Vec<Json>) -> Result<()> {
        let place = self.place();
        let text =
            |text: String| Json::object([("type", Json::from("text")), ("text", Json::from(text))]);
        match part {
            Part::Text(words) => items.push(text(body(words, place, &mut self.report)?)),
            Part::Media { media_type, content } => {
                let path = url(media_type, content, place)?;
                let kind = match media_type.as_str() {
                    known if IMAGES.contains(&known) => "image",
                    known if SOUNDS.contains(&known) => "audio",
                    other => {
                        let what = format!("media of type {} in extra", clip(other));
                        self.report.mend(place, what);
                        blocks.push(Json::object([("media", Json::from(path))]));
                        return Ok(());
                    }
                };
                let source = Json::object([
                    ("media_type", Json::from(media_type.as_str())),
                    ("path", Json::from(path)),
                ]);
                items.push(Json::object([("type", Json::from(kind)), ("source", source)]));
            }
            Part::Opaque { provider, content } => {
                let block = body(content, place, &mut self.report)?;
                let block = Json::parse(&block).unwrap_or(Json::String(block));
                blocks.push(Json::object([
                    ("provider", Json::from(provider.as_str())),
                    ("block", block),
                ]));
            }
            Part::File { iteration } => {
                self.report.mend(place, "a reference to a file became its name");
                items.push(text(format!("[file iteration {}]", iteration.id())));
            }
            Part::Call { id, name, arguments } => {
                let call = self.tool_call(id, name, arguments)?;
                blocks.push(Json::object([("call", call)]));
            }
            Part::Thinking { text, .. } => {
                let text = body(text, place, &mut self.report)?;
                blocks.push(Json::object([("thinking", Json::from(text))]));
            }
            // A result holds none, and those beside results were split off.
            Part::Result { .. } => {}
        }
        Ok(())
    }

    fn extra(&self, memory: &Memory, blocks: Vec<Json>) -> Json {
        let mut extra = Json::Object(Vec::new());
        if memory.kind != MemoryKind::Message {
            extra.set("kind", Json::from(memory.kind.name()));
        }
        for (key, value) in [("actor", &memory.actor), ("origin", &memory.origin)] {
            if !value.is_empty() {
                extra.set(key, Json::from(value.as_str()));
            }
        }
        if !blocks.is_empty() {
            extra.set("blocks", blocks.into());
        }
        extra
    }

    fn totals(&self) -> Json {
        let mut totals = Json::Object(Vec::new());
        for (key, count) in [
            ("total_prompt_tokens", self.prompt),
            ("total_completion_tokens", self.output),
            ("total_cached_tokens", self.cached),
            ("total_steps", Some(self.steps.len() as u64)),
        ] {
            if let Some(count) = count {
                totals.set(key, Json::from(count));
            }
        }
        totals
    }
}

fn metrics(usage: &Usage) -> Option<Json> {
    let mut metrics = Json::Object(Vec::new());
    for (key, count) in [
        ("prompt_tokens", usage.prompt()),
        ("completion_tokens", usage.output),
        ("cached_tokens", usage.cache_read),
    ] {
        if let Some(count) = count {
            metrics.set(key, Json::from(count));
        }
    }
    let mut extra = Json::Object(Vec::new());
    for (key, count) in
        [("cache_write_tokens", usage.cache_write), ("reasoning_tokens", usage.reasoning)]
    {
        if let Some(count) = count {
            extra.set(key, Json::from(count));
        }
    }
    if is_something(&extra) {
        metrics.set("extra", extra);
    }
    Some(metrics).filter(is_something)
}

/// Returns a message: a text where there is one text or nothing, else a list.
fn content(items: Vec<Json>) -> Json {
    match items.as_slice() {
        [] => Json::from(""),
        [one] => one.get("text").cloned().unwrap_or_else(|| Json::from(items)),
        _ => Json::from(items),
    }
}
