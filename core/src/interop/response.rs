//! Responses: what a provider's API answered, as a memory and the call of the model that made it.

use super::report::{Place, Report, clip};
use super::value::{is_something, text};
use super::{anthropic, gemini, openai_chat, openai_responses};
use crate::context::Dialect;
use crate::error::{Error, Result};
use crate::json::Json;
use crate::object::{Memory, ModelCall, Role};

/// What a provider answered, as a session records it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// What the model said, thought and called, in its order; it has no origin and no time. It has
    /// no parts where the model was stopped before it said anything.
    pub memory: Memory,
    /// The model, the tokens that the provider counted, and why the model stopped.
    pub call: ModelCall,
    /// What was mended, and what the response holds that a dialog has no place for.
    pub report: Report,
}

/// Reads the whole body of a response: of Anthropic's Messages API, OpenAI's Chat Completions or its
/// Responses API, or the Gemini API. Blocks that only their provider understands stay as they came.
///
/// Of several choices or candidates it takes the first. It reads no streams: a host puts the pieces
/// together first, as the providers' clients do.
///
/// # Errors
/// `Invalid` for what is no response of the dialect, with the provider's own words where it is an
/// error of the API's, and for one of which a part cannot be taken.
///
/// ```
/// use partita::Json;
/// use partita::context::Dialect;
/// use partita::interop::read_response;
/// let body = Json::parse(
///     r#"{"id": "msg_1", "role": "assistant", "model": "claude-x", "stop_reason": "end_turn",
///         "content": [{"type": "text", "text": "Hello."}],
///         "usage": {"input_tokens": 9, "output_tokens": 3}}"#,
/// )?;
/// let response = read_response(Dialect::Anthropic, &body)?;
/// assert_eq!(response.call.usage.prompt(), Some(9));
/// let session = partita::Store::in_memory()?.session("s")?;
/// session.remember_with_call(response.memory, response.call)?;
/// assert_eq!(session.memory(1)?.memory.text(), "Hello.");
/// # Ok::<(), partita::Error>(())
/// ```
pub fn read_response(dialect: Dialect, body: &Json) -> Result<Response> {
    if let Some(error) = body.get("error").filter(|error| is_something(error)) {
        let said = error.as_str().or_else(|| text(error, "message"));
        let said = said.map_or_else(|| clip(&error.to_string()), clip);
        return Err(none(dialect, &format!("the provider says {said:?}")));
    }
    let (found, holds) = match dialect {
        Dialect::Anthropic => (anthropic::response(body), "content"),
        Dialect::OpenAiChat => (openai_chat::response(body), "choices"),
        Dialect::OpenAiResponses => (openai_responses::response(body), "output"),
        Dialect::Gemini => (gemini::response(body), "candidates"),
    };
    let blocked = || text(body.get("promptFeedback")?, "blockReason");
    let (mut transcript, call) = found.ok_or_else(|| match blocked() {
        Some(reason) => none(dialect, &format!("the prompt was blocked: {}", clip(reason))),
        None => none(dialect, &format!("it has no `{holds}`")),
    })?;
    transcript.refuse_unknown();
    let mut report = transcript.report;
    if let Some(refused) = report.refused.first.first() {
        return Err(none(dialect, &refused.to_string()));
    }
    let mut memory = Memory::assistant("");
    memory.parts.clear();
    for entry in transcript.entries {
        if matches!(entry.memory.role, Role::User | Role::System) {
            let role = entry.memory.role.name();
            return Err(none(dialect, &format!("{}: its role is {role}", entry.at)));
        }
        memory.actor = entry.memory.actor;
        memory.parts.extend(entry.memory.parts);
    }
    if memory.parts.is_empty() {
        report.mend(Place::Message(1), format!("nothing is in it; stopped: {}", clip(&call.stop)));
    }
    report.kept = 1;
    memory.validate()?;
    call.validate()?;
    Ok(Response { memory, call, report })
}

fn none(dialect: Dialect, why: &str) -> Error {
    Error::invalid(format!("no response of {}: {why}", dialect.name()))
}
