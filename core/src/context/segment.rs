//! Segments: stretches of a dialog that are repaired, and so counted, the same whatever stands
//! around them.

use std::collections::HashSet;

use super::name::is_call_id;
use super::pair::{Fate, Pairing};
use crate::object::{Memory, Part, Role};

/// A stretch of memories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The index of its first memory.
    pub(crate) start: usize,
    /// The ids of the calls in it.
    pub(crate) calls: Vec<String>,
}

/// Cuts memories into segments: before each memory without results that no call waits across.
///
/// None where something reaches further than pairs of calls and results do: a result without its
/// call, one too many, a call's id that is used twice or must be made anew.
pub(crate) fn segments(memories: &[&Memory]) -> Option<Vec<Segment>> {
    let pairing = Pairing::of(memories.iter().copied());
    if pairing.results.iter().any(|(_, fate)| !matches!(fate, Fate::Answers(_))) {
        return None;
    }
    let mut reach = vec![0; memories.len()];
    for ((call, _), (result, _)) in &pairing.answers {
        reach[*call] = reach[*call].max(*result);
    }
    let mut ids = HashSet::new();
    let mut segments: Vec<Segment> = Vec::new();
    let mut reached = 0;
    for (at, memory) in memories.iter().enumerate() {
        let answers = memory.parts.iter().any(|part| matches!(part, Part::Result { .. }));
        if at == 0 || at > reached && !answers {
            segments.push(Segment { start: at, calls: Vec::new() });
        }
        reached = reached.max(at).max(reach[at]);
        for part in &memory.parts {
            let Part::Call { id, .. } = part else { continue };
            if memory.role == Role::Assistant {
                if !is_call_id(id) || !ids.insert(id) {
                    return None;
                }
                segments.last_mut()?.calls.push(id.clone());
            }
        }
    }
    Some(segments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::tests::turn;

    fn starts(memories: &[Memory]) -> Option<Vec<usize>> {
        let memories: Vec<&Memory> = memories.iter().collect();
        segments(&memories).map(|all| all.iter().map(|segment| segment.start).collect())
    }

    #[test]
    fn a_call_and_its_result_stay_together_and_nothing_else_does() {
        let (user, result) = (Memory::user("Hi"), Memory::tool("a", "out"));
        let dialog =
            [user.clone(), turn("a"), user.clone(), result, user, Memory::assistant("Yes")];
        assert_eq!(starts(&dialog), Some(vec![0, 1, 4, 5]));
        assert_eq!(starts(&[]), Some(vec![]));
    }

    #[test]
    fn what_reaches_further_is_told() {
        let result = Memory::tool("a", "out");
        assert_eq!(starts(&[Memory::user("Hi"), result.clone()]), None);
        assert_eq!(starts(&[turn("a"), result.clone(), result.clone()]), None);
        assert_eq!(starts(&[turn("a"), result, turn("a")]), None);
        assert_eq!(starts(&[turn("not plain")]), None);
    }
}
