//! What tokens of a session are spent on.

use std::fmt;

/// What an item of a session's capacity is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ItemKey {
    /// The system instructions.
    Instructions,
    /// A tool, by the name under which it is sent.
    Tool(String),
    /// What the model is told of its sandbox.
    Sandbox,
    /// A memory, by its number; of a summary the first that it covers. 0 is the placeholder of a
    /// dialog without beginning.
    Memory(u64),
    /// An iteration of a file in view.
    File {
        /// Where it is.
        path: String,
        /// Which one.
        number: u64,
    },
}

impl fmt::Display for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ItemKey::Instructions => f.pad("instructions"),
            ItemKey::Tool(name) => f.pad(&format!("tool {name}")),
            ItemKey::Sandbox => f.pad("sandbox"),
            ItemKey::Memory(0) => f.pad("a beginning that is not in view"),
            ItemKey::Memory(number) => f.pad(&format!("memory {number}")),
            ItemKey::File { path, number } => f.pad(&format!("{path}, iteration {number}")),
        }
    }
}
