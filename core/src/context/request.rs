//! The request: a body in a provider's words, and what was mended on the way.

use std::fmt;

use super::dialect::Dialect;
use crate::json::Json;

/// How a prompt is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RenderOptions {
    /// Whether Anthropic requests are marked with `cache_control`; on unless turned off.
    pub cache_points: bool,
    /// Whether a request for Anthropic or Gemini that would end with the model's turn gets a user's
    /// text behind it, `[go on]`; off unless turned on. Newer models refuse such a request, older
    /// ones go on where the turn ends. Off, the turn stays last and a mend tells of it.
    pub end_with_user: bool,
}

/// The user's text behind a last turn of the model's.
pub(super) const GO_ON: &str = "[go on]";

/// Tells what was done about a last turn of the model's.
pub(super) fn ended(options: &RenderOptions) -> &'static str {
    match options.end_with_user {
        true => {
            "a user's text put behind the last turn: newer models take none of the model's there"
        }
        false => {
            "the last turn is the model's, which newer models refuse: left as it is; say more, or \
             render with `end_with_user`"
        }
    }
}

impl Default for RenderOptions {
    fn default() -> Self {
        RenderOptions { cache_points: true, end_with_user: false }
    }
}

impl RenderOptions {
    /// Sets whether cache points are marked.
    #[must_use]
    pub fn with_cache_points(mut self, mark: bool) -> Self {
        self.cache_points = mark;
        self
    }

    /// Sets whether a request that would end with the model's turn gets a user's text behind it.
    #[must_use]
    pub fn with_end_with_user(mut self, end: bool) -> Self {
        self.end_with_user = end;
        self
    }
}

/// What was done to a prompt so that an API takes it, or is to be done.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mend {
    /// The number of the memory that it was done to; 0 for what is no memory's.
    pub memory: u64,
    /// What was done, and why.
    pub what: String,
}

impl fmt::Display for Mend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.memory {
            0 => write!(f, "{}", self.what),
            number => write!(f, "memory {number}: {}", self.what),
        }
    }
}

/// What a provider is sent: the prompt's part of the request body.
///
/// The body has `system`, `messages` and `tools` (Anthropic), `messages` and `tools` (Chat),
/// `instructions`, `input` and `tools` (Responses) or `systemInstruction`, `contents` and `tools`
/// (Gemini), each only if it has something to say, in the order in which the provider's cache sees
/// them. Model, lengths and all else are the host's to add.
///
/// ```
/// use partita::Memory;
/// use partita::context::{Dialect, Prompt};
/// // A process was killed between the call and its result.
/// let call = r#"{"path": "src/lib.rs"}"#;
/// let call = partita::Part::Call { id: "c1".into(), name: "read".into(), arguments: partita::Body::new(call) };
/// let prompt = Prompt::new("")
///     .with_memory(Memory::user("Read it."))
///     .with_memory(Memory::assistant("I read it.").with_part(call));
/// let request = prompt.render(Dialect::Anthropic);
/// let messages = request.body.get("messages").and_then(|messages| messages.as_array());
/// assert_eq!(messages.map(|messages| messages.len()), Some(3));
/// assert!(request.mends.iter().any(|mend| mend.memory == 2 && mend.what.contains("interrupted")));
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Whose words it is in.
    pub dialect: Dialect,
    /// The body.
    pub body: Json,
    /// Where a cache may keep the prefix, as paths into the body such as `messages/4/content/0`;
    /// marked in the body too. The other dialects' providers find prefixes by themselves.
    pub cache_points: Vec<String>,
    /// What was mended, in the order of the prompt.
    pub mends: Vec<Mend>,
}
