//! The prompt of a state: what is in view, resolved, and the request that it makes.

use crate::context::{
    ContextDiff, Dialect, Prompt, PromptMemory, Request, ViewedFile, into_trimmed,
};
use crate::error::{ErrorKind, Result};
use crate::id::{ContentId, IterationId};
use crate::object::{Body, Bytes, Entry, Iteration, Memory, Part, read};
use crate::session::read::snapshot::Snapshot;
use crate::session::read::truth::{Said, Truth};
use crate::session::read::view::{MemoryState, ViewFile, ViewMemory};
use crate::store::Store;

/// Stands in for bytes that were purged.
const PURGED: &str = "[purged]";

/// What is in view as a model is to see it and, place for place, how it stands there.
pub(crate) struct Shown {
    pub(crate) prompt: Prompt,
    pub(crate) memories: Vec<Standing>,
    pub(crate) files: Vec<ViewFile>,
}

/// How a memory stands in the view.
pub(crate) struct Standing {
    pub(crate) number: u64,
    pub(crate) state: MemoryState,
    pub(crate) pinned: bool,
}

impl Snapshot {
    /// Returns what a model is to see: instructions, tools, sandbox state, and the memories and
    /// files in view, all texts read.
    ///
    /// A reference to a file stands as a text that names path and iteration, in place of the
    /// reference; what was purged as `[purged]`; a file that is no text as a line that says so. A
    /// validation that rests on evidence ends in a line that says how it stands: stale, say, and since
    /// when. Merge conflicts that nobody has resolved are told behind the sandbox state, by file and
    /// sides.
    ///
    /// # Errors
    /// `Corrupt` if something of it cannot be read.
    ///
    /// ```
    /// use partita::{Memory, Selector};
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.set_instructions("You mend parsers.")?;
    /// session.remember(Memory::user("It drops the last token."))?;
    /// session.write("src/lib.rs", "fn parse() {}\n")?;
    /// session.remember(Memory::user("Never mind."))?;
    /// session.forget(&Selector::Number(2))?;
    /// let prompt = session.latest()?.prompt()?;
    /// assert_eq!((prompt.memories.len(), prompt.files[0].path.as_str()), (1, "src/lib.rs"));
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn prompt(&self) -> Result<Prompt> {
        Ok(self.shown(false)?.prompt)
    }

    /// Returns what a model is to see as [`prompt`](Self::prompt) does, without the validations whose
    /// evidence is stale. One that is a tool's answer stays, for its call needs one.
    ///
    /// # Errors
    /// As [`prompt`](Self::prompt).
    pub fn prompt_without_stale(&self) -> Result<Prompt> {
        Ok(self.shown(true)?.prompt)
    }

    /// As [`prompt`](Self::prompt), with what it was made of.
    pub(crate) fn shown(&self, without_stale: bool) -> Result<Shown> {
        let view = self.view();
        let mut truth = Truth::of(self)?;
        let mut prompt = Prompt::new(lossy(&self.instructions()?)).with_tools(self.tools()?);
        prompt.sandbox = standing(self)?;
        let (mut memories, mut files) = (Vec::new(), Vec::new());
        for memory in view.memories() {
            let memory = memory?;
            let ViewMemory { number, state, pinned, .. } = memory;
            let said = said_of(truth.as_mut(), &memory)?;
            let is_plain = || memory.memory.parts.iter().all(|part| matches!(part, Part::Text(_)));
            if without_stale && said.as_ref().is_some_and(|said| said.is_stale) && is_plain() {
                continue;
            }
            memories.push(Standing { number, state, pinned });
            prompt.memories.push(prompt_memory(&self.store, memory, said)?);
        }
        for file in view.files() {
            let file = file?;
            prompt.files.push(viewed_file(&self.store, &file)?);
            files.push(file);
        }
        Ok(Shown { prompt, memories, files })
    }

    /// Renders the request for a provider's model, with cache points.
    ///
    /// # Errors
    /// As [`prompt`](Self::prompt).
    pub fn context(&self, dialect: Dialect) -> Result<Request> {
        Ok(self.prompt()?.render(dialect))
    }

    /// Tells what a model sees otherwise in another state than in this one.
    ///
    /// # Errors
    /// As [`prompt`](Self::prompt).
    pub fn context_diff(&self, other: &Snapshot) -> Result<ContextDiff> {
        Ok(ContextDiff::between(&self.prompt()?, &other.prompt()?))
    }
}

/// What a model is told of its sandbox, and of files in conflict.
pub(crate) fn standing(state: &Snapshot) -> Result<String> {
    let mut told = lossy(&state.sandbox_state()?);
    let conflicts = state.told_of_conflicts()?;
    if !told.is_empty() && !conflicts.is_empty() {
        told.push_str("\n\n");
    }
    told.push_str(&conflicts);
    Ok(told)
}

/// Bytes as text, with U+FFFD for what is not UTF-8.
pub(crate) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What is said of a memory in view that validates something.
pub(crate) fn said_of(truth: Option<&mut Truth<'_>>, entry: &ViewMemory) -> Result<Option<Said>> {
    match (truth, entry.state) {
        // It has the number of the first memory that it covers.
        (None, _) | (_, MemoryState::Summary { .. }) => Ok(None),
        (Some(truth), _) => truth.said(entry.number, &entry.memory),
    }
}

/// A memory in view as a model is to see it, with what is said of it.
pub(crate) fn prompt_memory(
    store: &Store,
    entry: ViewMemory,
    said: Option<Said>,
) -> Result<PromptMemory> {
    let memory = resolved(store, entry.memory)?;
    let mut memory = match entry.state {
        MemoryState::Trimmed => into_trimmed(memory),
        _ => memory,
    };
    if let Some(said) = said {
        say(&mut memory, said.text);
    }
    Ok(PromptMemory { number: entry.number, memory })
}

/// Adds a line to a memory: to the result that it ends in, if it does.
fn say(memory: &mut Memory, line: String) {
    let len = memory.parts.len() as u64;
    let last = memory.parts.iter_mut().enumerate().rev().find_map(|(at, part)| match part {
        Part::Result { parts, .. } if at as u64 + 1 + *parts == len => Some(parts),
        _ => None,
    });
    if let Some(parts) = last {
        *parts += 1;
    }
    memory.parts.push(Part::text(line));
}

/// A memory with all that it refers to read.
pub(crate) fn resolved(store: &Store, mut memory: Memory) -> Result<Memory> {
    for part in &mut memory.parts {
        if let Part::File { iteration } = part {
            *part = Part::text(referred_file(store, *iteration)?);
            continue;
        }
        for body in part.bodies_mut() {
            if let Body::Content(content) = body {
                *body = Body::Inline(content_or_purged(store, *content)?.into_vec()?);
            }
        }
    }
    Ok(memory)
}

fn content_or_purged(store: &Store, content: ContentId) -> Result<Bytes> {
    match store.read_content(content) {
        Err(error) if error.kind() == ErrorKind::Purged => Ok(PURGED.as_bytes().into()),
        read => read,
    }
}

/// The text that stands for a reference to a file.
fn referred_file(store: &Store, iteration: IterationId) -> Result<String> {
    let iteration: Iteration = match read(store, iteration.id()) {
        Ok(iteration) => iteration,
        // A reference may outlive the history that it points into.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Purged) => {
            return Ok("[a file that is no longer stored]".to_owned());
        }
        Err(error) => return Err(error),
    };
    let text = entry_text(store, &iteration.entry)?;
    Ok(format!("[file {}, iteration {}]\n{text}", iteration.path, iteration.number))
}

/// A file in view as a model is to see it.
pub(crate) fn viewed_file(store: &Store, file: &ViewFile) -> Result<ViewedFile> {
    let text = entry_text(store, &file.entry)?;
    Ok(ViewedFile::new(file.path.to_string(), file.number, text).with_after(file.after))
}

pub(crate) fn entry_text(store: &Store, entry: &Entry) -> Result<String> {
    Ok(match entry {
        Entry::File { content, .. } => {
            let bytes = content_or_purged(store, *content)?;
            match bytes.contains(&0) {
                true => format!("[{} bytes that are no text]", bytes.len()),
                false => lossy(&bytes),
            }
        }
        Entry::Symlink { target } => {
            format!("[a symbolic link to {}]", lossy(&content_or_purged(store, *target)?))
        }
        Entry::Submodule { .. } => "[a submodule]".to_owned(),
        Entry::Removed => "[removed]".to_owned(),
    })
}
