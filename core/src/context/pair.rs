//! Which result answers which call: the one rule that exchanges and renders share.

use std::collections::{HashMap, VecDeque};

use super::dialect::Dialect;
use super::fields::is_beside;
use crate::json::Json;
use crate::object::{Memory, Part, Role};

/// A part: the memory's index in the sequence, the part's in the memory.
pub(super) type Place = (usize, usize);

/// What a result belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The first result of this call.
    Answers(Place),
    /// One more result of a call, in the memory at this index, that has its result.
    Duplicate(usize),
    /// No call before it has its id.
    Orphan,
}

/// The calls and results of a sequence of memories, paired.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    /// Every result in the order of the sequence.
    pub(super) results: Vec<(Place, Fate)>,
    /// The first result of each call that has one.
    pub(super) answers: HashMap<Place, Place>,
}

/// The newest memory that calls under an id, and which of its calls wait.
struct Open {
    memory: usize,
    waiting: VecDeque<usize>,
}

impl Pairing {
    /// Pairs in one pass. A result belongs to the newest memory before it that calls under its id;
    /// if that memory does so more than once, results go to the calls in their order.
    pub(super) fn of<'a>(memories: impl IntoIterator<Item = &'a Memory>) -> Self {
        let mut pairing = Pairing::default();
        let mut open: HashMap<&str, Open> = HashMap::new();
        for (at, memory) in memories.into_iter().enumerate() {
            for (part_at, part) in memory.parts.iter().enumerate() {
                match part {
                    Part::Call { id, .. } if memory.role == Role::Assistant => {
                        let entry = open.entry(id).or_insert_with(|| Open::new(at));
                        if entry.memory != at {
                            *entry = Open::new(at);
                        }
                        entry.waiting.push_back(part_at);
                    }
                    Part::Result { call, .. } => {
                        let place = (at, part_at);
                        let fate = open.get_mut(call.as_str()).map_or(Fate::Orphan, Open::take);
                        if let Fate::Answers(call) = fate {
                            pairing.answers.insert(call, place);
                        }
                        pairing.results.push((place, fate));
                    }
                    _ => {}
                }
            }
        }
        pairing
    }
}

/// What an item that only its provider understands is of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Call(CallKey),
    Output(CallKey),
}

/// What a call and its output have in common: the type of the call, and its id.
pub(super) type CallKey = (String, String);

/// Tells which half of a call an item of `OpenAI` Responses is; none where it needs no other.
pub(super) fn half(item: &Json) -> Option<Half> {
    let text = |key: &str| item.get(key).and_then(Json::as_str).unwrap_or("").to_owned();
    let (kind, id) = (text("type"), text("call_id"));
    match kind.strip_suffix("_output") {
        // The provider's own search of tools needs no other half.
        Some("tool_search") if id.is_empty() => None,
        Some("tool_search") => Some(Half::Output(("tool_search_call".to_owned(), id))),
        // The reference names the call by this field.
        Some("local_shell_call") if id.is_empty() => {
            Some(Half::Output(("local_shell_call".to_owned(), text("id"))))
        }
        Some(call) => Some(Half::Output((call.to_owned(), id))),
        None if id.is_empty() => None,
        None => Some(Half::Call((kind, id))),
    }
}

/// Tells which half of a block of Anthropic's a server's tool use is.
fn server_half(block: &Json) -> Option<Half> {
    let text = |key: &str| block.get(key).and_then(Json::as_str).unwrap_or("").to_owned();
    let key = |id: &str| (String::new(), text(id));
    match &*text("type") {
        "server_tool_use" | "mcp_tool_use" => Some(Half::Call(key("id"))),
        kind if kind.ends_with("_tool_result") => Some(Half::Output(key("tool_use_id"))),
        _ => None,
    }
}

pub(super) fn half_of(part: &Part) -> Option<(Dialect, Half)> {
    let Part::Opaque { provider, content } = part else { return None };
    let dialect = Dialect::from_name(provider)?;
    let item = Json::parse(content.as_inline()?).ok()?;
    let half = match dialect {
        Dialect::Anthropic => server_half(&item),
        Dialect::OpenAiChat | Dialect::Gemini => None,
        Dialect::OpenAiResponses => half(&item),
    };
    Some((dialect, half?))
}

/// Tells whether a part is a model's call that the host answers.
pub(super) fn is_call(part: &Part) -> bool {
    match part {
        Part::Call { .. } => true,
        part => matches!(half_of(part), Some((Dialect::OpenAiResponses, Half::Call(_)))),
    }
}

/// Tells whether an opaque part is one that its provider holds to its place: not fields of the part
/// behind it, nor what a message's texts have in common.
pub(super) fn is_bound(part: &Part) -> bool {
    let Part::Opaque { content, .. } = part else { return false };
    let Some(block) = content.as_inline().and_then(|bytes| Json::parse(bytes).ok()) else {
        return true;
    };
    // Gemini holds a call to its signature.
    let signed = block.get("thoughtSignature").is_some();
    (signed || !is_beside(&block)) && block.get("type").and_then(Json::as_str) != Some("message")
}

/// Pairs what only its provider understands: each output with its call, which is the oldest under
/// its key that waits, else the newest that had its output.
pub(super) fn opaque_pairs(memories: &[&Memory]) -> Vec<(Place, Place)> {
    let mut pairs = Vec::new();
    let mut open: HashMap<(Dialect, CallKey), (Place, bool)> = HashMap::new();
    for (at, memory) in memories.iter().enumerate() {
        for (part_at, part) in memory.parts.iter().enumerate() {
            let place = (at, part_at);
            match half_of(part) {
                Some((dialect, Half::Call(key))) => {
                    let call = open.entry((dialect, key)).or_insert((place, false));
                    if call.1 {
                        *call = (place, false);
                    }
                }
                Some((dialect, Half::Output(key))) => {
                    if let Some((call, answered)) = open.get_mut(&(dialect, key)) {
                        *answered = true;
                        pairs.push((*call, place));
                    }
                }
                None => {}
            }
        }
    }
    pairs
}

impl Open {
    fn new(memory: usize) -> Self {
        Open { memory, waiting: VecDeque::new() }
    }

    fn take(&mut self) -> Fate {
        match self.waiting.pop_front() {
            Some(part) => Fate::Answers((self.memory, part)),
            None => Fate::Duplicate(self.memory),
        }
    }
}
