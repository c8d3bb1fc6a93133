//! Memories on their way into a checkpoint.

use std::collections::HashSet;
use std::sync::Arc;

use crate::id::{MemoryId, ObjectId};
use crate::object::{Canonical, Memory, Node, Part};

/// A memory that was encoded and hashed, once.
#[derive(Clone, Debug)]
pub(crate) struct Encoded {
    pub(crate) id: MemoryId,
    pub(crate) node: Arc<Node>,
    /// Whether it holds a call.
    pub(crate) has_call: bool,
}

impl Encoded {
    pub(crate) fn of(memory: &Memory) -> Self {
        let node = memory.to_node();
        let (id, has_call) = (MemoryId::new(node.id()), has_call(memory));
        Encoded { id, node: Arc::new(node), has_call }
    }
}

/// Tells whether a memory holds a call.
pub(crate) fn has_call(memory: &Memory) -> bool {
    memory.parts.iter().any(|part| matches!(part, Part::Call { .. }))
}

/// The memories that a draft appends, in order.
#[derive(Debug, Default)]
pub(crate) struct NewMemories {
    list: Vec<Encoded>,
    ids: HashSet<ObjectId>,
}

impl NewMemories {
    pub(crate) fn as_slice(&self) -> &[Encoded] {
        &self.list
    }

    pub(crate) fn holds(&self, id: &ObjectId) -> bool {
        self.ids.contains(id)
    }

    pub(crate) fn push(&mut self, memory: Encoded) {
        self.ids.insert(memory.id.id());
        self.list.push(memory);
    }
}
