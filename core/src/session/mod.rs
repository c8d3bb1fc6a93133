//! Sessions: files, memories and state that change together, and all that they ever were.

mod batch;
mod build;
mod calibrate;
mod capacity;
mod chain;
mod deleted;
mod draft;
mod entries;
mod files;
mod fork;
mod head;
mod history;
mod import;
mod info;
mod known;
mod ledger;
mod log;
mod makeup;
mod memories;
mod names;
mod naming;
mod pins;
mod place;
mod plan;
mod planned;
mod prompt;
mod purge;
mod resolve;
mod restore;
mod roots;
mod run;
mod sessions;
mod snapshot;
mod state;
mod texts;
mod timeline;
mod transcript;
mod trim;
mod undo;
mod view;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex};

pub use batch::Batch;
pub use capacity::ItemKey;
pub use deleted::DeletedSession;
pub use draft::NewEntry;
pub(crate) use entries::entries;
pub use history::History;
pub use import::{Import, Step};
pub use info::{CheckpointInfo, IterationInfo, OperationInfo};
pub use log::{LogEntries, LogEntry};
pub use memories::{FoundMemories, Memories, MemoryEntry, Remembered};
pub use plan::{PlanKey, PlanOptions};
pub use restore::{RestorePlan, RestoreScope};
pub use sessions::{SessionEntry, SessionSizes, Sessions};
pub use snapshot::{FileChange, FileChanges, FileEntry, Files, Snapshot};
pub use state::{State, StateEntries, StateEntry, StateSnapshot, StateValue};
pub use transcript::{TranscriptImport, TranscriptProgress};
pub use trim::{Trim, TrimReport};
pub use undo::UndoReport;
pub use view::{
    Glob, MemoryState, PairInView, Selector, Summarizer, View, ViewFile, ViewFiles, ViewMemories,
    ViewMemory, ViewReport, ViewRule,
};

use crate::error::{Error, Result};
use crate::id::OperationId;
use crate::limits::LABEL_BYTES_MAX;
use crate::store::Store;
use head::Head;
use ledger::Ledger;

/// Characters of a path or a selector that an operation's message keeps.
const MESSAGE_CHARS_MAX: usize = 200;

/// A persistent workspace: files with every iteration, the dialog, and the host's own state.
///
/// Each change is one durable commit, unless it runs in a [`batch`](Self::batch), which is all or
/// nothing. Reads see the latest committed state, whoever committed it;
/// [`at`](Self::at) gives a fixed one. A handle is cheap to clone and may be used from many
/// threads. It stands for one session under one name: once that is renamed or deleted, every
/// call is `NotFound`.
///
/// ```
/// use partita::{Memory, Store};
/// let store = Store::in_memory()?;
/// let session = store.session("fix-parser")?;
/// session.write("src/lib.rs", "fn parse() {}")?;
/// session.batch(|b| {
///     b.remember(Memory::user("The parser drops the last token."))?;
///     b.write("src/lib.rs", "fn parse() -> Tokens {}")
/// })?;
/// assert_eq!(session.read_at("src/lib.rs", 1)?, b"fn parse() {}");
/// assert_eq!(session.restore("src/lib.rs", 1)?.number, 3);
/// session.undo()?;
/// assert_eq!(session.read("src/lib.rs")?, b"fn parse() -> Tokens {}");
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone)]
pub struct Session {
    store: Store,
    name: Arc<str>,
    id: OperationId,
    actor: Arc<str>,
    /// What chance gave its first operation: a purge that rewrites history keeps it, and it alone.
    nonce: Arc<[u8]>,
    /// The head as last seen: good as long as the ref names its operation.
    cache: Arc<Mutex<Option<Arc<Head>>>>,
    /// The account of tokens as last asked for.
    ledger: Arc<Mutex<Option<Ledger>>>,
}

impl Session {
    fn new(store: &Store, name: &str, head: Head) -> Self {
        let id = head.session();
        Session {
            store: store.clone(),
            name: name.into(),
            id,
            nonce: head::nonce_of(store, id).unwrap_or_default().into(),
            actor: "".into(),
            cache: Arc::new(Mutex::new(Some(Arc::new(head)))),
            ledger: Arc::default(),
        }
    }

    /// Returns the name that it was opened by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the id of its first operation, which stays when it is renamed.
    pub fn id(&self) -> OperationId {
        self.id
    }

    /// Returns the store that holds it.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Names who makes the operations that come through this handle. A name above
    /// [`LABEL_BYTES_MAX`] bytes makes every change `Invalid`.
    #[must_use]
    pub fn with_actor(mut self, actor: &str) -> Self {
        self.actor = actor.into();
        self
    }

    fn ref_name(&self) -> String {
        crate::store::refs::session_ref(&self.name)
    }
}

/// Refuses a text that an operation cannot hold.
fn check_line(what: &str, text: &str) -> Result<()> {
    if text.len() > LABEL_BYTES_MAX {
        return Err(Error::invalid(format!(
            "{what} of {} bytes, at most {LABEL_BYTES_MAX} are allowed",
            text.len()
        )));
    }
    Ok(())
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("name", &self.name).field("id", &self.id).finish()
    }
}
