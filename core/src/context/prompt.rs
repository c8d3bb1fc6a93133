//! The prompt: everything that a model is to see, before it is put into a provider's words.

use super::tool::Tool;
use crate::object::Memory;

/// An iteration of a file that the model is shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ViewedFile {
    /// The path in the session.
    pub path: String,
    /// The iteration's number.
    pub iteration: u64,
    /// What it holds.
    pub text: String,
    /// The number of the newest memory when the file came into view; 0 puts it ahead of the dialog.
    pub after: u64,
}

impl ViewedFile {
    /// Makes a file that is shown ahead of the dialog.
    pub fn new(path: impl Into<String>, iteration: u64, text: impl Into<String>) -> Self {
        ViewedFile { path: path.into(), iteration, text: text.into(), after: 0 }
    }

    /// Sets the newest memory when the file came into view.
    #[must_use]
    pub fn with_after(mut self, number: u64) -> Self {
        self.after = number;
        self
    }
}

/// A memory in view, with its number in the session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PromptMemory {
    /// The number, which mends and items name it by.
    pub number: u64,
    /// The memory, all bodies inline.
    pub memory: Memory,
}

/// Everything that a model is to see: instructions, tools, sandbox, dialog, files.
///
/// # Where things go
/// Tools, instructions, sandbox, dialog: in the order in which they rarely change, since a
/// provider's prompt cache keeps what stands before the first change. The sandbox's state stands
/// behind the instructions, for it changes on resume, when a cache has usually expired anyway. A
/// file stands once: right behind the exchange that holds the memory
/// [`after`](ViewedFile::after) which it came into view, ahead of the dialog (behind leading system
/// memories) if that is 0. So a file that comes into view, or a memory, changes nothing that stands
/// before; a file that leaves the view changes the prompt from its place on.
///
/// # What it holds
/// Plain values. A body that is not inline, or a [`File`](crate::Part::File) part, has no text here:
/// a stated placeholder takes its place, and the request reports it. A session replaces both before
/// it renders, files by a text that names path and iteration.
///
/// ```
/// use partita::Memory;
/// use partita::context::{Dialect, Prompt};
/// let prompt = Prompt::new("You mend parsers.").with_memory(Memory::user("The parser is wrong."));
/// let request = prompt.render(Dialect::OpenAiChat);
/// assert_eq!(
///     request.body.to_string(),
///     r#"{"messages":[{"role":"system","content":"You mend parsers."},{"role":"user","content":"The parser is wrong."}]}"#,
/// );
/// assert!(request.mends.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Prompt {
    /// What the host tells the model to be and to do; may be empty.
    pub instructions: String,
    /// The tools, in the order in which they are shown; the first of a name counts.
    pub tools: Vec<Tool>,
    /// What the model is told of its sandbox; may be empty.
    pub sandbox: String,
    /// The files in view.
    pub files: Vec<ViewedFile>,
    /// The memories in view, by rising numbers.
    pub memories: Vec<PromptMemory>,
}

impl Prompt {
    /// Makes a prompt of instructions alone.
    pub fn new(instructions: impl Into<String>) -> Self {
        Prompt { instructions: instructions.into(), ..Prompt::default() }
    }

    /// Sets the tools.
    #[must_use]
    pub fn with_tools(mut self, tools: impl IntoIterator<Item = Tool>) -> Self {
        self.tools = tools.into_iter().collect();
        self
    }

    /// Sets what the model is told of its sandbox.
    #[must_use]
    pub fn with_sandbox(mut self, state: impl Into<String>) -> Self {
        self.sandbox = state.into();
        self
    }

    /// Appends a file.
    #[must_use]
    pub fn with_file(mut self, file: ViewedFile) -> Self {
        self.files.push(file);
        self
    }

    /// Appends a memory, numbered after the last.
    #[must_use]
    pub fn with_memory(mut self, memory: Memory) -> Self {
        let number = self.memories.last().map_or(0, |last| last.number).saturating_add(1);
        self.memories.push(PromptMemory { number, memory });
        self
    }
}
