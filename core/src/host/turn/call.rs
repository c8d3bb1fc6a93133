//! The calls of an answer.

use crate::id::ContentId;
use crate::object::{Memory, Part};
use crate::session::arguments_id;

/// A call of the answer that the round rests on.
pub(super) struct Call {
    pub(super) index: u64,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: Vec<u8>,
}

impl Call {
    pub(super) fn arguments_id(&self) -> ContentId {
        arguments_id(&self.arguments)
    }
}

/// The calls of a memory, in order.
pub(super) fn calls_of(memory: &Memory) -> Vec<Call> {
    let calls = memory.parts.iter().filter_map(|part| match part {
        Part::Call { id, name, arguments } => {
            let arguments = arguments.as_inline().unwrap_or_default().to_vec();
            Some((id.clone(), name.clone(), arguments))
        }
        _ => None,
    });
    let calls = calls.enumerate().map(|(at, (id, name, arguments))| Call {
        index: at as u64,
        id,
        name,
        arguments,
    });
    calls.collect()
}
