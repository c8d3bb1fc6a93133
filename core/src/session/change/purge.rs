//! Purging what a session holds: a file's content, a memory.

use crate::error::{Error, ErrorKind, Result};
use crate::id::{MemoryId, ObjectId};
use crate::object::{AsPath, Body, FilePath, Memory, Objects, read};
use crate::session::handle::Session;
use crate::session::history::iterations::newest;
use crate::store::{GcProgress, Progress, PurgeOptions, PurgeReport};

impl Session {
    /// Removes the bytes of a file for good: those of one iteration, or of all. Every id stays as
    /// it was, and whoever reads the bytes is told that they were purged. What else leads to the
    /// same bytes loses them too. This cannot be undone.
    ///
    /// # Errors
    /// `NotFound` if there is no such path or iteration, `Conflict` if other sessions hold the bytes
    /// and that was not asked for; else as [`gc`](crate::Store::gc).
    ///
    /// ```
    /// use partita::ErrorKind;
    /// use partita::upkeep::{PurgeOptions, go_on};
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.write(".env", "TOKEN=secret")?;
    /// session.write(".env", "TOKEN=")?;
    /// let options = PurgeOptions::new("a token slipped in");
    /// session.purge_file(".env", Some(1), &options, &mut go_on)?;
    /// assert_eq!(session.read_at(".env", 1).unwrap_err().kind(), ErrorKind::Purged);
    /// assert_eq!(session.read(".env")?, b"TOKEN=");
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn purge_file(
        &self,
        path: impl AsPath,
        number: Option<u64>,
        options: &PurgeOptions,
        progress: Progress<'_, GcProgress>,
    ) -> Result<PurgeReport> {
        let path = FilePath::new(path)?;
        let head = self.head()?;
        let mut targets = Vec::new();
        match number {
            Some(number) => {
                let link = self.iteration_of(&head, &path, number)?;
                targets.extend(link.value.entry.content().map(|content| content.id()));
            }
            None => {
                let (link, _) = newest(&self.store, &head, &path)?;
                let mut at = Some(link);
                while let Some(link) = at {
                    targets.extend(link.value.entry.content().map(|content| content.id()));
                    at = link.parent(&self.store)?;
                }
            }
        }
        self.purge(targets, &format!("file {path}"), options, progress)
    }

    /// Removes a memory for good, with the long texts that it holds. Its number and its id stay, and
    /// whoever reads it is told that it was purged. This cannot be undone.
    ///
    /// # Errors
    /// As [`purge_file`](Self::purge_file).
    pub fn purge_memory(
        &self,
        memory: MemoryId,
        options: &PurgeOptions,
        progress: Progress<'_, GcProgress>,
    ) -> Result<PurgeReport> {
        let mut targets = vec![memory.id()];
        match self.store.get_node(&memory.id())? {
            Some(_) => {
                let memory: Memory = read(&self.store, memory.id())?;
                let bodies = memory.parts.iter().flat_map(|part| part.bodies());
                targets.extend(bodies.filter_map(|body| match body {
                    Body::Content(content) => Some(content.id()),
                    Body::Inline(_) => None,
                }));
            }
            None => {
                let absence = self.store.absence(&memory.id())?;
                if absence.kind() != ErrorKind::Purged {
                    return Err(absence);
                }
            }
        }
        self.purge(targets, &format!("memory {memory:.10}"), options, progress)
    }

    fn purge(
        &self,
        mut targets: Vec<ObjectId>,
        what: &str,
        options: &PurgeOptions,
        progress: Progress<'_, GcProgress>,
    ) -> Result<PurgeReport> {
        targets.sort();
        targets.dedup();
        if targets.is_empty() {
            return Err(Error::not_found(format!("{what} has no bytes that could be purged")));
        }
        self.store.purge_objects(&targets, self.id, options, progress)
    }

    /// Returns the memory that a text names: its number, or `id:` and at least four of its id's
    /// digits. One that was purged is named too.
    ///
    /// # Errors
    /// `NotFound` if there is none in the newest state, `Ambiguous` if several match, `Invalid` for
    /// a text of neither form.
    pub fn memory_id(&self, spec: &str) -> Result<MemoryId> {
        self.latest()?.memory_id(spec)
    }
}
