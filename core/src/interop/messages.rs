//! Messages without a store: a provider's values in, memories out.

use std::collections::HashSet;

use super::report::{Place, Report};
use super::transcript::Transcript;
use super::{Format, anthropic, base, detect, gemini, openai_chat, openai_responses};
use crate::context::{CounterFor, Dialect, Prompt, Tool};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::object::Memory;
use crate::tokens::TokenCounter;

/// Memories, and what stands beside them in a request's body.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Messages {
    /// The messages, in order.
    pub memories: Vec<Memory>,
    /// Of each memory, the numbers of the messages that it is made of, from 1: one message may make
    /// several memories, and several items of the Responses API one.
    pub numbers: Vec<Vec<u64>>,
    /// The numbers of the messages that became no memory: instructions.
    pub others: Vec<u64>,
    /// The system instructions.
    pub instructions: Option<String>,
    /// The tools, as the provider writes them.
    pub tools: Vec<Json>,
    /// What was mended and skipped.
    pub report: Report,
    /// The dialect that they are in; none where there are none.
    pub dialect: Option<Dialect>,
}

impl Messages {
    /// Returns a counter for them: one that knows neither model nor dialect counts in theirs.
    pub fn counter<C: TokenCounter>(&self, counter: C) -> CounterFor<C> {
        let is_known = counter.dialect().is_some() || counter.model().is_some();
        let counter = CounterFor::new(counter);
        match self.dialect.filter(|_| !is_known) {
            Some(dialect) => counter.with_dialect(dialect),
            None => counter,
        }
    }

    /// Returns the prompt that they make, its memories numbered from 1.
    ///
    /// # Errors
    /// `Invalid` for a tool that cannot be read, saying which and why.
    pub fn prompt(&self) -> Result<Prompt> {
        let tools = Tool::parse_list(&Json::Array(self.tools.clone()))?;
        let prompt = Prompt::new(self.instructions.clone().unwrap_or_default()).with_tools(tools);
        Ok(self.memories.iter().cloned().fold(prompt, Prompt::with_memory))
    }
}

/// Returns the list of messages or items in a value, if it is one or holds one.
fn list_of(value: &Json) -> Option<&[Json]> {
    let in_body =
        || ["messages", "input", "contents"].iter().find_map(|key| value.get(key)?.as_array());
    value.as_array().or_else(in_body)
}

/// Tells whether it is a body of the Responses API with nothing beside its input, or a list of items
/// some of which are no messages.
fn is_of_responses(value: &Json) -> bool {
    let is_item = |item: &Json| {
        let kind = item.get("type").and_then(Json::as_str).unwrap_or("");
        let is_output = kind.ends_with("_call") || kind.ends_with("_call_output");
        item.get("role").is_none() && (is_output || matches!(kind, "reasoning" | "compaction"))
    };
    match value.as_array() {
        Some(items) => items.iter().any(is_item),
        None => value.get("input").is_some() && value.get("messages").is_none(),
    }
}

/// Reads a list of messages or items or a whole request's body, of OpenAI's Chat Completions, of its
/// Responses API, of Anthropic's Messages API or of the Gemini API; which of them, its blocks and keys
/// tell.
///
/// Stricter than the import of a transcript: one message that cannot be taken is an error.
///
/// ```
/// use partita::{Json, Role, interop::messages};
/// let body = Json::parse(
///     r#"{"system": "Be brief.", "messages": [{"role": "user", "content": "Why?"}]}"#,
/// )?;
/// let messages = messages(&body)?;
/// assert_eq!(messages.instructions.as_deref(), Some("Be brief."));
/// assert_eq!(messages.memories[0].role, Role::User);
/// # Ok::<(), partita::Error>(())
/// ```
///
/// # Errors
/// `Invalid` if it is neither, naming the first message that cannot be taken and why.
pub fn messages(value: &Json) -> Result<Messages> {
    let format = match value.as_array() {
        Some([]) => return Ok(Messages::default()),
        _ if is_of_responses(value) => Some(Format::OpenAiResponses),
        _ => detect(value.to_string().as_bytes()),
    };
    let none = || Error::invalid("no messages: neither a list of them nor a request's body");
    let mut found = match format {
        Some(Format::OpenAiChat) => openai_chat::conversations(value),
        Some(Format::OpenAiResponses) => {
            openai_responses::conversation(value).into_iter().collect()
        }
        Some(Format::Anthropic) => anthropic::conversation(value).into_iter().collect(),
        Some(Format::Gemini) if value.get("projectHash").is_none() => {
            gemini::conversation(value).into_iter().collect()
        }
        Some(other) => return Err(base::foreign(other, "messages are expected here")),
        None => return Err(none()),
    };
    if found.len() > 1 {
        let count = found.len();
        return Err(Error::invalid(format!("{count} conversations; give one of them")));
    }
    let dialect = format.and_then(|format| Dialect::from_name(format.name()));
    let Transcript { entries, instructions, tools, report, .. } = found.pop().ok_or_else(none)?;
    if let Some(refused) = report.refused.first.first() {
        return Err(Error::invalid(refused.to_string()));
    }
    let number = |place| match place {
        Place::Message(number) | Place::Line(number) => number,
    };
    let numbers: Vec<Vec<u64>> =
        entries.iter().map(|entry| entry.places().map(number).collect()).collect();
    let known: HashSet<u64> = numbers.iter().flatten().copied().collect();
    let all = 1..=list_of(value).map_or(0, <[Json]>::len) as u64;
    let others = all.filter(|number| !known.contains(number)).collect();
    let memories = entries.into_iter().map(|entry| entry.memory).collect();
    Ok(Messages { memories, numbers, others, instructions, tools, report, dialect })
}
