//! Exchanges, by what their documentation says of them.

use std::ops::Range;

use partita::{Body, Json, Memory, Part, Role};

/// Cuts memories into exchanges: a turn with its calls and all up to the last of their results, a
/// tool loop that begins with what its provider holds to its place, or one memory.
pub(super) fn exchanges(memories: &[&Memory]) -> Vec<Range<usize>> {
    let mut ends: Vec<usize> = (0..memories.len()).collect();
    for at in 0..memories.len() {
        for (place, part) in memories[at].parts.iter().enumerate() {
            if let Some(turn) = called_by(memories, at, place, part) {
                ends[turn] = ends[turn].max(at);
            }
        }
    }
    let mut closed: Vec<Range<usize>> = Vec::new();
    for (at, end) in ends.into_iter().enumerate() {
        match closed.last_mut() {
            Some(last) if at < last.end => last.end = last.end.max(end + 1),
            _ => closed.push(at..end + 1),
        }
    }
    let mut whole: Vec<Range<usize>> = Vec::new();
    for range in closed {
        let goes_on = whole
            .last()
            .is_some_and(|loops| is_bound(memories[loops.start]) && calls(memories[range.start]));
        match whole.last_mut() {
            Some(last) if goes_on => last.end = range.end,
            _ => whole.push(range),
        }
    }
    whole
}

/// The newest turn before a result that called under its id.
fn called_by(memories: &[&Memory], at: usize, place: usize, part: &Part) -> Option<usize> {
    let calls_it = |turn: &usize| {
        let memory = memories[*turn];
        let parts = if *turn == at { &memory.parts[..place] } else { &memory.parts[..] };
        match (part, own(part)) {
            (Part::Result { call, .. }, _) => {
                memory.role == Role::Assistant
                    && parts.iter().any(|part| matches!(part, Part::Call { id, .. } if id == call))
            }
            (_, Some((true, id))) => {
                parts.iter().any(|part| own(part) == Some((false, id.clone())))
            }
            _ => false,
        }
    };
    (0..=at).rev().find(calls_it)
}

/// Whether a block that only its provider understands is an output, and of which call.
fn own(part: &Part) -> Option<(bool, String)> {
    let Part::Opaque { content: Body::Inline(bytes), .. } = part else { return None };
    let block = Json::parse(bytes).ok()?;
    let text = |key: &str| block.get(key).and_then(Json::as_str).map(str::to_owned);
    match text("type")?.as_str() {
        "custom_tool_call" => Some((false, text("call_id")?)),
        "custom_tool_call_output" => Some((true, text("call_id")?)),
        "server_tool_use" => Some((false, text("id")?)),
        "web_search_tool_result" => Some((true, text("tool_use_id")?)),
        _ => None,
    }
}

fn is_call(part: &Part) -> bool {
    let is_own = || own(part).is_some_and(|(output, id)| !output && id.starts_with("own_"));
    matches!(part, Part::Call { .. }) || is_own()
}

pub(super) fn calls(memory: &Memory) -> bool {
    memory.role == Role::Assistant && memory.parts.iter().any(is_call)
}

/// Whether a turn calls behind a block that its provider holds to its place.
fn is_bound(memory: &Memory) -> bool {
    let before = memory.parts.iter().take_while(|part| !is_call(part));
    calls(memory)
        && before.into_iter().any(|part| match part {
            Part::Thinking { signature: Body::Inline(bytes), .. } => !bytes.is_empty(),
            Part::Opaque { .. } => true,
            _ => false,
        })
}
