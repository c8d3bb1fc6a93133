//! Calls that wait for the host's answer: what a dialog is resumed with.

use std::collections::HashSet;

use super::dialect::Dialect;
use super::pair::{Half, Pairing, Place, half_of, opaque_pairs};
use crate::json::Json;
use crate::object::{Body, Memory, Part, Role};

/// A call without a result, in the memory at an index.
pub(crate) struct Open {
    pub(crate) memory: usize,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: Body,
}

/// Returns the calls that have no result, in their order. Calls of custom and built-in tools that
/// only `OpenAI`'s Responses API understands are among them, where the host is to answer.
pub(crate) fn open_calls(memories: &[&Memory]) -> Vec<Open> {
    let answers = Pairing::of(memories.iter().copied()).answers;
    let own: HashSet<Place> = opaque_pairs(memories).into_iter().map(|(call, _)| call).collect();
    let mut open = Vec::new();
    for (at, memory) in memories.iter().enumerate().filter(|(_, of)| of.role == Role::Assistant) {
        for (part_at, part) in memory.parts.iter().enumerate() {
            let is_answered = answers.contains_key(&(at, part_at)) || own.contains(&(at, part_at));
            open.extend(call_of(at, part).filter(|_| !is_answered));
        }
    }
    open
}

/// The call that a part is and that the host answers; of a built-in tool's the name is its type.
fn call_of(memory: usize, part: &Part) -> Option<Open> {
    match part {
        Part::Call { id, name, arguments } => {
            let (id, name, arguments) = (id.clone(), name.clone(), arguments.clone());
            Some(Open { memory, id, name, arguments })
        }
        Part::Opaque { content, .. } => {
            let Some((Dialect::OpenAiResponses, Half::Call((kind, id)))) = half_of(part) else {
                return None;
            };
            let item = content.as_inline().and_then(|bytes| Json::parse(bytes).ok());
            let name = item.as_ref().and_then(|item| item.get("name")?.as_str()).map(str::to_owned);
            Some(Open { memory, id, name: name.unwrap_or(kind), arguments: content.clone() })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::tests::call;

    fn open(memories: &[Memory]) -> Vec<(usize, String, String)> {
        let memories: Vec<&Memory> = memories.iter().collect();
        open_calls(&memories).into_iter().map(|call| (call.memory, call.id, call.name)).collect()
    }

    fn item(role: Role, item: &str) -> Memory {
        let content = Body::new(item);
        let part = Part::Opaque { provider: "openai-responses".into(), content };
        Memory { parts: vec![part], ..Memory::message(role, "") }
    }

    #[test]
    fn a_call_waits_until_its_own_result_comes() {
        let turn = Memory::assistant("").with_part(call("a", "{}")).with_part(call("b", "{}"));
        let ids = |memories: &[Memory]| {
            open(memories).into_iter().map(|(at, id, _)| (at, id)).collect::<Vec<_>>()
        };
        let at = |at, id: &str| (at, id.to_owned());
        assert_eq!(ids(std::slice::from_ref(&turn)), [at(0, "a"), at(0, "b")]);
        assert_eq!(ids(&[turn.clone(), Memory::tool("b", "")]), [at(0, "a")]);
        let all = [turn.clone(), Memory::tool("b", ""), Memory::tool_error("a", "no")];
        assert_eq!(ids(&all), []);
        // The same id again is another call.
        assert_eq!(ids(&[&all[..], &[turn]].concat()), [at(3, "a"), at(3, "b")]);
    }

    #[test]
    fn a_call_that_only_its_provider_understands_waits_where_the_host_is_to_answer() {
        let custom = r#"{"type":"custom_tool_call","call_id":"c","name":"patch","input":"x"}"#;
        let shell = r#"{"type":"local_shell_call","call_id":"s","action":{}}"#;
        let search = r#"{"type":"web_search_call","id":"w","status":"completed"}"#;
        let output = r#"{"type":"custom_tool_call_output","call_id":"c","output":"done"}"#;
        let mut memories: Vec<_> =
            [custom, shell, search].map(|call| item(Role::Assistant, call)).into();
        let (patch, shell) = (
            (0, "c".to_owned(), "patch".to_owned()),
            (1, "s".to_owned(), "local_shell_call".to_owned()),
        );
        assert_eq!(open(&memories), [patch, shell.clone()]);
        memories.push(item(Role::Tool, output));
        assert_eq!(open(&memories), [shell]);
    }
}
