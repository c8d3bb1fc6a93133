//! How memories are made.

use super::{Memory, MemoryKind, Part, Role};

impl Memory {
    /// Makes a message of a role, with one text.
    pub fn message(role: Role, text: impl AsRef<[u8]>) -> Self {
        Memory {
            origin: String::new(),
            actor: String::new(),
            time: None,
            role,
            kind: MemoryKind::Message,
            parts: vec![Part::text(text)],
            links: Vec::new(),
        }
    }

    /// Makes a message of whoever asks.
    pub fn user(text: impl AsRef<[u8]>) -> Self {
        Memory::message(Role::User, text)
    }

    /// Makes a message of the model.
    pub fn assistant(text: impl AsRef<[u8]>) -> Self {
        Memory::message(Role::Assistant, text)
    }

    /// Makes an instruction of the host.
    pub fn system(text: impl AsRef<[u8]>) -> Self {
        Memory::message(Role::System, text)
    }

    /// Makes a tool's answer to a call: a `Result` part and its text.
    pub fn tool(call: impl Into<String>, text: impl AsRef<[u8]>) -> Self {
        let result = Part::Result { call: call.into(), error: false, parts: 1 };
        let mut memory = Memory::message(Role::Tool, text);
        memory.parts.insert(0, result);
        memory
    }

    /// Makes what stands for a tool's answer where the tool failed: a `Result` part that says so,
    /// and a text.
    ///
    /// ```
    /// use partita::{Memory, Part};
    /// let memory = Memory::tool_error("c1", "no such file");
    /// assert!(matches!(&memory.parts[0], Part::Result { error: true, .. }));
    /// ```
    pub fn tool_error(call: impl Into<String>, text: impl AsRef<[u8]>) -> Self {
        let mut memory = Memory::tool(call, text);
        if let Some(Part::Result { error, .. }) = memory.parts.first_mut() {
            *error = true;
        }
        memory
    }

    /// Makes a note beside the dialog, in the role of whoever asks.
    pub fn note(text: impl AsRef<[u8]>) -> Self {
        Memory { kind: MemoryKind::Note, ..Memory::user(text) }
    }
}
