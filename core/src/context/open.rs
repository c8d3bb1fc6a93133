//! Calls that wait for the host's answer: what a dialog is resumed with.

use std::collections::HashMap;

use super::dialect::Dialect;
use super::pair::{CallKey, Half, Pairing, Place, half_of};
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
    let own = unanswered(memories);
    let mut open = Vec::new();
    for (at, memory) in memories.iter().enumerate().filter(|(_, of)| of.role == Role::Assistant) {
        for (part_at, part) in memory.parts.iter().enumerate() {
            match part {
                Part::Call { id, name, arguments } if !answers.contains_key(&(at, part_at)) => {
                    let (id, name, arguments) = (id.clone(), name.clone(), arguments.clone());
                    open.push(Open { memory: at, id, name, arguments });
                }
                Part::Opaque { content, .. } if own.contains_key(&(at, part_at)) => {
                    let (id, name) = own[&(at, part_at)].clone();
                    open.push(Open { memory: at, id, name, arguments: content.clone() });
                }
                _ => {}
            }
        }
    }
    open
}

/// The id and the name of each call that only its provider understands and that has no output.
fn unanswered(memories: &[&Memory]) -> HashMap<Place, (String, String)> {
    let mut waiting: HashMap<CallKey, Place> = HashMap::new();
    let mut open = HashMap::new();
    for (at, memory) in memories.iter().enumerate() {
        for (part_at, part) in memory.parts.iter().enumerate() {
            match half_of(part) {
                Some((Dialect::OpenAiResponses, Half::Call(key))) => {
                    open.insert((at, part_at), (key.1.clone(), name_of(part, &key)));
                    waiting.insert(key, (at, part_at));
                }
                Some((Dialect::OpenAiResponses, Half::Output(key))) => {
                    if let Some(place) = waiting.remove(&key) {
                        open.remove(&place);
                    }
                }
                _ => {}
            }
        }
    }
    open
}

/// The name of the tool; of a built-in one the type of its call.
fn name_of(part: &Part, key: &CallKey) -> String {
    let Part::Opaque { content, .. } = part else { return key.0.clone() };
    let item = content.as_inline().and_then(|bytes| Json::parse(bytes).ok());
    let name = item.as_ref().and_then(|item| item.get("name")?.as_str());
    name.map_or_else(|| key.0.clone(), str::to_owned)
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
