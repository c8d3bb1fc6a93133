//! Keys: which thing in a prompt tokens are spent on.

use std::fmt;

use super::source::Source;

/// Which thing in a prompt tokens are spent on.
///
/// ```
/// use partita::context::ItemKey;
/// let key = ItemKey::File { path: "a.rs".into(), number: 2 };
/// assert_eq!((key.to_string(), key.to_word()), ("a.rs, iteration 2".into(), "a.rs@2".into()));
/// assert_eq!(ItemKey::Memory(7).memory(), Some(7));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ItemKey {
    /// The system instructions.
    Instructions,
    /// A tool, by the name under which it is sent.
    Tool(String),
    /// What the model is told of its sandbox.
    Sandbox,
    /// The words of nobody that go ahead of a dialog without beginning.
    Placeholder,
    /// A memory, by its number; of a summary the first that it covers.
    Memory(u64),
    /// An iteration of a file in view.
    File {
        /// Where it is.
        path: String,
        /// Which one.
        number: u64,
    },
}

impl ItemKey {
    /// Returns what the tokens are spent on.
    pub fn source(&self) -> Source {
        match self {
            ItemKey::Instructions => Source::Instructions,
            ItemKey::Tool(_) => Source::Tools,
            ItemKey::Sandbox => Source::Sandbox,
            ItemKey::Placeholder | ItemKey::Memory(_) => Source::Memories,
            ItemKey::File { .. } => Source::Files,
        }
    }

    /// Returns the number of the memory; nothing for all else.
    pub fn memory(&self) -> Option<u64> {
        match self {
            ItemKey::Memory(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns the key as JSON has it beside its source: `instructions`, `sandbox`, a tool's name, a
    /// memory's number, `PATH@ITERATION` of a file, `0` for the placeholder.
    pub fn to_word(&self) -> String {
        match self {
            ItemKey::Instructions | ItemKey::Sandbox => self.source().name().to_owned(),
            ItemKey::Tool(name) => name.clone(),
            ItemKey::Placeholder => "0".to_owned(),
            ItemKey::Memory(number) => number.to_string(),
            ItemKey::File { path, number } => format!("{path}@{number}"),
        }
    }
}

impl fmt::Display for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ItemKey::Instructions => f.pad("instructions"),
            ItemKey::Tool(name) => f.pad(&format!("tool {name}")),
            ItemKey::Sandbox => f.pad("sandbox"),
            ItemKey::Placeholder => f.pad("a beginning that is not in view"),
            ItemKey::Memory(number) => f.pad(&format!("memory {number}")),
            ItemKey::File { path, number } => f.pad(&format!("{path}, iteration {number}")),
        }
    }
}
