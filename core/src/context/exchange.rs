//! Exchanges: the unit in which memories are forgotten, so that no call loses its result.

use std::ops::Range;

use super::pair::{Fate, Pairing, is_bound, is_call, opaque_pairs};
use crate::object::{Body, Memory, Part, Role};

/// Groups memories into exchanges: contiguous ranges, in order, that cover them all.
///
/// An exchange is one memory; or a model's turn that calls tools, with everything up to the last
/// result of those calls, so that whatever stands between a call and its result goes with them.
/// Where such a turn begins with signed thinking or a block that only its provider understands,
/// the turns with calls that follow without a word from elsewhere are the same exchange: the APIs
/// take such a tool loop whole or not at all. The loop's closing answer, which calls nothing, is
/// an exchange of its own and may stay when the loop goes.
///
/// Calls and outputs that only their provider understands count as calls and results, where their
/// bodies are inline: by their type and `call_id`, and a server's tool use by its id.
///
/// A result belongs to the newest turn before it that called under its id. A result without a
/// call is an exchange of its own; a second result of a call widens the call's exchange. Memories
/// may be taken out, exchange by exchange, and what is left still pairs every call with its result.
///
/// Takes time and space in proportion to the number of parts.
///
/// ```
/// use partita::{Body, Memory, Part};
/// use partita::context::exchanges;
/// let call = Part::Call { id: "c1".into(), name: "ls".into(), arguments: Body::new("{}") };
/// let dialog = [
///     Memory::user("What is here?"),
///     Memory::assistant("I look.").with_part(call),
///     Memory::tool("c1", "Cargo.toml"),
///     Memory::assistant("A Rust crate."),
/// ];
/// assert_eq!(exchanges(&dialog), [0..1, 1..3, 3..4]);
/// ```
pub fn exchanges<'a>(memories: impl IntoIterator<Item = &'a Memory>) -> Vec<Range<usize>> {
    let memories: Vec<&Memory> = memories.into_iter().collect();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    // Whether the range that was put in last is a tool loop to be taken whole.
    let mut whole = false;
    for range in closed(&memories) {
        let first = memories[range.start];
        match ranges.last_mut() {
            Some(last) if whole && calls(first) => last.end = range.end,
            _ => {
                whole = calls(first) && begins_bound(first);
                ranges.push(range);
            }
        }
    }
    ranges
}

/// Groups memories so that no group has a call and another its result.
pub(super) fn closed(memories: &[&Memory]) -> Vec<Range<usize>> {
    let ends = ends(memories);
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < memories.len() {
        let (start, mut end) = (at, ends[at]);
        while at < end {
            at += 1;
            end = end.max(ends[at]);
        }
        at += 1;
        ranges.push(start..at);
    }
    ranges
}

/// Returns for each memory the index of the last memory that must go with it.
fn ends(memories: &[&Memory]) -> Vec<usize> {
    let mut ends: Vec<usize> = (0..memories.len()).collect();
    for ((at, _), fate) in Pairing::of(memories.iter().copied()).results {
        let (Fate::Answers((call, _)) | Fate::Duplicate(call)) = fate else { continue };
        ends[call] = ends[call].max(at);
    }
    for ((call, _), (at, _)) in opaque_pairs(memories) {
        ends[call] = ends[call].max(at);
    }
    ends
}

fn calls(memory: &Memory) -> bool {
    memory.role == Role::Assistant && memory.parts.iter().any(is_call)
}

/// Tells whether something stands before the first call that the provider holds to its place.
fn begins_bound(memory: &Memory) -> bool {
    let before = memory.parts.iter().take_while(|part| !is_call(part));
    before.into_iter().any(|part| match part {
        Part::Thinking { signature, .. } => !matches!(signature, Body::Inline(s) if s.is_empty()),
        Part::Opaque { .. } => is_bound(part),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::exchanges;
    use crate::context::tests::call;
    use crate::object::{Body, Memory, Part, Role};

    fn turn(ids: &[&str]) -> Memory {
        let mut memory = Memory::assistant("I run it.");
        memory.parts.extend(ids.iter().map(|id| call(id, "{}")));
        memory
    }

    fn thinking(memory: Memory, signature: &str) -> Memory {
        let part = Part::Thinking { text: Body::new("hm"), signature: Body::new(signature) };
        let mut memory = memory;
        memory.parts.insert(0, part);
        memory
    }

    fn result(id: &str) -> Memory {
        Memory::tool(id, "done")
    }

    #[test]
    fn a_memory_without_calls_is_alone() {
        assert!(exchanges(&[] as &[Memory]).is_empty());
        let dialog = [Memory::user("a"), Memory::assistant("b"), Memory::note("c")];
        assert_eq!(exchanges(&dialog), [0..1, 1..2, 2..3]);
    }

    #[test]
    fn parallel_calls_stay_with_all_their_results() {
        let dialog = [turn(&["a", "b"]), result("b"), result("a"), Memory::user("next")];
        assert_eq!(exchanges(&dialog), [0..3, 3..4]);
    }

    #[test]
    fn what_stands_between_a_call_and_its_result_goes_with_them() {
        let dialog = [
            turn(&["a"]),
            Memory::user("wait"),
            turn(&["b"]),
            result("a"),
            Memory::note("n"),
            result("b"),
            Memory::user("next"),
        ];
        assert_eq!(exchanges(&dialog), [0..6, 6..7]);
    }

    #[test]
    fn a_call_without_result_and_a_result_without_call_are_alone() {
        let dialog = [result("a"), turn(&["a"]), Memory::user("u"), result("b"), turn(&["c"])];
        assert_eq!(exchanges(&dialog), [0..1, 1..2, 2..3, 3..4, 4..5]);
    }

    #[test]
    fn a_second_result_widens_and_an_id_used_again_begins_anew() {
        let dialog = [turn(&["a"]), result("a"), Memory::user("u"), result("a")];
        assert_eq!(exchanges(&dialog), vec![0..4usize; 1]);
        let dialog = [turn(&["a"]), result("a"), Memory::user("u"), turn(&["a"]), result("a")];
        assert_eq!(exchanges(&dialog), [0..2, 2..3, 3..5]);
        let dialog = [turn(&["a"]), Memory::user("u"), turn(&["a"]), result("a")];
        assert_eq!(exchanges(&dialog), [0..1, 1..2, 2..4]);
    }

    #[test]
    fn a_tool_loop_that_begins_with_signed_thinking_is_one_exchange() {
        let dialog = |signature| {
            [
                Memory::user("u"),
                thinking(turn(&["a"]), signature),
                result("a"),
                turn(&["b"]),
                result("b"),
                Memory::assistant("Done."),
                turn(&["c"]),
                result("c"),
            ]
        };
        assert_eq!(exchanges(&dialog("s")), [0..1, 1..5, 5..6, 6..8]);
        assert_eq!(exchanges(&dialog("")), [0..1, 1..3, 3..5, 5..6, 6..8]);
        let mut opaque = turn(&["a"]);
        let block = Part::Opaque { provider: "anthropic".into(), content: Body::new("{}") };
        opaque.parts.insert(0, block);
        let dialog = [opaque, result("a"), turn(&["b"]), result("b"), Memory::user("u")];
        assert_eq!(exchanges(&dialog), [0..4, 4..5]);
    }

    #[test]
    fn a_user_ends_a_tool_loop() {
        let dialog = [
            thinking(turn(&["a"]), "s"),
            result("a"),
            Memory::user("u"),
            turn(&["b"]),
            result("b"),
        ];
        assert_eq!(exchanges(&dialog), [0..2, 2..3, 3..5]);
    }

    #[test]
    fn an_opaque_call_stays_with_its_output() {
        let opaque = |provider: &str, block: &str| Part::Opaque {
            provider: provider.to_owned(),
            content: Body::new(block),
        };
        let item = |kind: &str, id: &str| {
            opaque("openai-responses", &format!(r#"{{"type":"{kind}","call_id":"{id}"}}"#))
        };
        let of = |role, parts: Vec<Part>| Memory { parts, ..Memory::message(role, "") };
        let call = |id| of(Role::Assistant, vec![item("custom_tool_call", id)]);
        let output = |id| of(Role::Tool, vec![item("custom_tool_call_output", id)]);
        let user = || Memory::user("u");
        let dialog = [user(), call("a"), user(), output("a"), output("a"), user()];
        assert_eq!(exchanges(&dialog), [0..1, 1..5, 5..6]);
        // Another type or id is another call; an id may be used again.
        let shell = of(Role::Tool, vec![item("shell_call_output", "a")]);
        assert_eq!(exchanges(&[call("a"), shell, output("b")]), [0..1, 1..2, 2..3]);
        let dialog = [call("a"), output("a"), user(), call("a"), output("a")];
        assert_eq!(exchanges(&dialog), [0..2, 2..3, 3..5]);
        let dialog = [call("a"), call("a"), output("a"), user()];
        assert_eq!(exchanges(&dialog), [0..3, 3..4], "the first is what is answered");
        // Reasoning holds a loop of them together, as it does with other calls.
        let mut begun = call("a");
        begun.parts.insert(0, opaque("openai-responses", r#"{"type":"reasoning"}"#));
        let dialog = [begun, output("a"), call("b"), output("b"), Memory::assistant("Done.")];
        assert_eq!(exchanges(&dialog), [0..4, 4..5]);
        // A server's use of a tool that went on in the next turn.
        let used = opaque("anthropic", r#"{"type":"server_tool_use","id":"s"}"#);
        let found = opaque("anthropic", r#"{"type":"web_search_tool_result","tool_use_id":"s"}"#);
        let dialog = [used, found].map(|part| of(Role::Assistant, vec![part]));
        assert_eq!(exchanges(&dialog), vec![0..2usize; 1]);
    }

    #[test]
    fn calls_of_anybody_but_the_model_are_none() {
        let mut user = turn(&["a"]);
        user.role = Role::User;
        assert_eq!(exchanges(&[user, result("a")]), [0..1, 1..2]);
    }

    #[test]
    fn every_sequence_is_covered_in_order_without_a_gap() {
        use proptest::prelude::*;
        let memory = (0..4u8, 0..3usize, 0..3usize).prop_map(|(kind, a, b)| {
            let ids = ["x", "y", "z"];
            match kind {
                0 => Memory::user("u"),
                1 => turn(&[ids[a], ids[b]]),
                2 => thinking(turn(&[ids[a]]), "s"),
                _ => result(ids[a]),
            }
        });
        proptest!(|(dialog in proptest::collection::vec(memory, 0..40))| {
            let ranges = exchanges(&dialog);
            let flat: Vec<usize> = ranges.iter().cloned().flatten().collect();
            prop_assert_eq!(flat, (0..dialog.len()).collect::<Vec<_>>());
            prop_assert!(ranges.iter().all(|range| !range.is_empty()));
        });
    }
}
