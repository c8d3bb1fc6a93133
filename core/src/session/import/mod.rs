//! Imports: many checkpoints of another history in one durable commit.

pub(crate) mod transcript;

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::id::CheckpointId;
use crate::map::Map;
use crate::object::{AsPath, Bytes, Checkpoint, Entry, FilePath, Memory, OperationKind, Timestamp};
use crate::session::batch::read_drafted;
use crate::session::draft::Draft;
use crate::session::draft::entry::NewEntry;
use crate::session::handle::{NewOperation, Outcome, Session};
use crate::session::line::info::CheckpointInfo;
use crate::session::line::place::Place;
use crate::session::line::point::{Head, Point, root};
use crate::store::Batch as StoreBatch;

/// Records another history, such as git's: one [`ImportStep`] a checkpoint, one durable commit a
/// [`flush`](Self::flush).
///
/// Where the flushes fall has no influence on any checkpoint: the same steps make the same ids,
/// also after a crash and a second run. What is not flushed is lost when it is dropped.
///
/// ```
/// use partita::{NewEntry, Timestamp};
/// use partita::object::Checkpoint;
/// let session = partita::Store::in_memory()?.session("recorded")?;
/// let mut import = session.import()?;
/// for (number, text) in ["one", "two"].into_iter().enumerate() {
///     let mut step = import.checkpoint();
///     step.write_entry("a", NewEntry::file(text))?;
///     step.label(Checkpoint::GIT_COMMIT, [number as u8; 20])?;
///     step.time(Timestamp::from_millis(number as i64));
///     step.finish()?;
/// }
/// import.flush()?;
/// assert_eq!(session.checkpoint("git:0101")?, session.checkpoint("2")?);
/// assert_eq!(session.read_at("a", 1)?, b"one");
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Debug)]
pub struct Import {
    session: Session,
    head: Arc<Head>,
    /// The state after the newest finished step.
    point: Option<Point>,
    /// The state before this run.
    before: Option<CheckpointId>,
    batch: StoreBatch,
    /// The finished steps since the last flush.
    drafts: Vec<Draft>,
    /// Whether the batch holds what an unfinished step left behind.
    littered: bool,
    /// Whether the batch lacks the finished steps, because its commit failed.
    spent: bool,
    /// The files that steps must find as they were, and the files that this run began with.
    rests_on: Option<(Map, Map)>,
}

impl Session {
    /// Begins an import on the latest state.
    ///
    /// # Errors
    /// `NotFound` if the session is gone.
    pub fn import(&self) -> Result<Import> {
        // It comes first, so it knows of every collection since the head was read.
        let batch = self.store.batch();
        let head = self.head()?;
        Ok(Import {
            session: self.clone(),
            point: head.point.clone(),
            before: head.point().map(Point::checkpoint_id),
            head,
            batch,
            drafts: Vec::new(),
            littered: false,
            spent: false,
            rests_on: None,
        })
    }
}

impl Import {
    /// Makes every path that a step edits have to be as it was in this checkpoint: the newest
    /// imported one, so that nobody's own edits since are written over.
    ///
    /// # Errors
    /// `NotFound` if the checkpoint is not on the session's line.
    pub fn rest_on(&mut self, checkpoint: CheckpointId) -> Result<()> {
        let point = self.session.point_on_line(&self.head, checkpoint)?;
        let files = root(Some(&point), Checkpoint::FILES);
        self.rests_on = Some((files, root(self.head.point(), Checkpoint::FILES)));
        Ok(())
    }

    /// Returns the newest finished checkpoint, flushed or not.
    pub fn latest(&self) -> Option<CheckpointInfo> {
        self.point.as_ref().map(CheckpointInfo::of)
    }

    /// Returns what is at a path after the newest finished step, if anything.
    ///
    /// # Errors
    /// `Invalid` for a path that cannot be.
    pub fn entry(&self, path: impl AsPath) -> Result<Option<Entry>> {
        let files = root(self.point.as_ref(), Checkpoint::FILES);
        let place = Place::find(files, &self.batch, &FilePath::new(path)?)?;
        Ok(place.filter(Place::is_live).map(|place| place.entry))
    }

    /// Begins the next checkpoint.
    pub fn checkpoint(&mut self) -> ImportStep<'_> {
        let mut draft = Draft::new(self.point.as_ref());
        draft.passes_purged = true;
        draft.takes_any_name = true;
        let littered = std::mem::replace(&mut self.littered, true);
        ImportStep { import: self, draft, littered }
    }

    /// Returns the bytes that wait for a flush, before compression.
    pub fn raw_bytes(&self) -> usize {
        self.batch.raw_bytes()
    }

    /// Commits the finished steps as one durable step; nothing where there are none.
    ///
    /// Where others committed meanwhile, the steps go on top of that, and their ids change.
    ///
    /// # Errors
    /// `Conflict` if others changed a path that a step edits, or if a collection took what
    /// [`ImportStep::store_contents`] had stored: begin a new import.
    pub fn flush(&mut self) -> Result<()> {
        if self.littered || self.spent {
            self.rebuild()?;
        }
        while !self.drafts.is_empty() {
            let anew = self.batch.anew();
            let batch = std::mem::replace(&mut self.batch, anew);
            self.spent = true;
            let new =
                NewOperation { before: self.before, ..NewOperation::new(OperationKind::Import) };
            match self.session.commit_on(&self.head, batch, self.point.clone(), new)? {
                Outcome::Committed(head) => {
                    self.head = head;
                    self.batch = self.session.store().batch();
                    self.drafts.clear();
                    self.spent = false;
                }
                Outcome::Moved(head) => {
                    // Undo must not take back what others did in between.
                    self.before = head.point().map(Point::checkpoint_id);
                    self.head = head;
                    self.rebuild()?;
                }
            }
        }
        Ok(())
    }

    /// After a flush that failed, builds the finished steps anew for those to come.
    fn ready(&mut self) -> Result<()> {
        if self.spent {
            self.rebuild()?;
            self.littered = true; // The step that asks is not finished.
        }
        Ok(())
    }

    /// Builds the finished steps anew on the head.
    fn rebuild(&mut self) -> Result<()> {
        self.batch = self.batch.anew();
        self.point = self.head.point.clone();
        for draft in &self.drafts {
            draft.replay(&mut self.batch)?;
            self.point = draft.build(&mut self.batch, self.point.as_ref(), true)?.point;
        }
        self.littered = false;
        self.spent = false;
        Ok(())
    }
}

/// One checkpoint of an [`Import`]: edits like a batch's, in memory until the import is flushed.
/// One that is dropped without [`finish`](Self::finish) leaves no trace.
#[derive(Debug)]
pub struct ImportStep<'a> {
    import: &'a mut Import,
    draft: Draft,
    /// Whether an earlier unfinished step left something behind.
    littered: bool,
}

impl ImportStep<'_> {
    /// Writes a file, which keeps its executable bit, and returns the number of its iteration.
    ///
    /// # Errors
    /// `Invalid` for a path that cannot be, `Conflict` as [`Import::rest_on`] has it.
    pub fn write(&mut self, path: impl AsPath, bytes: impl AsRef<[u8]>) -> Result<u64> {
        let path = self.path(path)?;
        self.draft.write_bytes(&mut self.import.batch, path, Bytes::copy(bytes.as_ref())?)
    }

    /// Writes a file as [`write`](Self::write) does, without copying its bytes.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_bytes(&mut self, path: impl AsPath, bytes: impl Into<Bytes>) -> Result<u64> {
        let path = self.path(path)?;
        self.draft.write_bytes(&mut self.import.batch, path, bytes.into())
    }

    /// Puts a file with its executable bit, a link or a submodule at a path.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_entry(&mut self, path: impl AsPath, entry: impl Into<NewEntry>) -> Result<u64> {
        let path = self.path(path)?;
        self.draft.write(&mut self.import.batch, path, entry.into())
    }

    /// Removes a file.
    ///
    /// # Errors
    /// `NotFound` if there is none, else as [`write`](Self::write).
    pub fn remove(&mut self, path: impl AsPath) -> Result<u64> {
        let path = self.path(path)?;
        self.draft.remove(&mut self.import.batch, path)
    }

    /// Moves a file; its history moves along.
    ///
    /// # Errors
    /// `NotFound` if there is none, else as [`write`](Self::write).
    pub fn rename(&mut self, from: impl AsPath, to: impl AsPath) -> Result<u64> {
        let (from, to) = (self.path(from)?, self.path(to)?);
        self.draft.rename(&mut self.import.batch, from, to, None)
    }

    /// Moves a file and changes it, in one iteration.
    ///
    /// # Errors
    /// As [`rename`](Self::rename).
    pub fn rename_entry(
        &mut self,
        from: impl AsPath,
        to: impl AsPath,
        entry: impl Into<NewEntry>,
    ) -> Result<u64> {
        let (from, to) = (self.path(from)?, self.path(to)?);
        self.draft.rename(&mut self.import.batch, from, to, Some(entry.into()))
    }

    /// Appends a memory.
    ///
    /// # Errors
    /// `Invalid` for a memory that breaks a limit, `NotFound` for one that refers to what the store does
    /// not hold.
    pub fn remember(&mut self, memory: Memory) -> Result<()> {
        self.draft.remember(&mut self.import.batch, memory).map(drop)
    }

    /// Labels the checkpoint with what its source says of it, for ever.
    ///
    /// # Errors
    /// `Invalid` for a label beyond the limits.
    pub fn label(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<()> {
        self.draft.label(name, value.as_ref())
    }

    /// Gives the checkpoint its source's time.
    pub fn time(&mut self, time: Timestamp) {
        self.draft.time = Some(time);
    }

    /// Returns what is at a path after the edits so far, if anything.
    ///
    /// # Errors
    /// `Invalid` for a path that cannot be.
    pub fn entry(&self, path: impl AsPath) -> Result<Option<Entry>> {
        let place = self.draft.place(&self.import.batch, &FilePath::new(path)?)?;
        Ok(place.filter(Place::is_live).map(|place| place.entry))
    }

    /// Reads a file of this step, or one that is flushed already.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub fn read(&self, path: impl AsPath) -> Result<Vec<u8>> {
        let path = FilePath::new(path)?;
        read_drafted(&self.draft, &self.import.batch, &self.import.session, &path)
    }

    /// Returns the bytes of the contents that wait for a flush, before compression.
    pub fn content_bytes(&self) -> usize {
        self.import.batch.content_bytes()
    }

    /// Stores the contents that were written so far and lets go of their bytes, so that one
    /// checkpoint may bring more than memory holds.
    ///
    /// Nothing refers to them until the import is flushed. If that never comes they are garbage, and
    /// if a collection comes first, the flush is a `Conflict`.
    ///
    /// ```
    /// let session = partita::Store::in_memory()?.session("recorded")?;
    /// let mut import = session.import()?;
    /// let mut step = import.checkpoint();
    /// step.write("a", vec![1; 1_000])?;
    /// step.store_contents()?;
    /// assert_eq!(step.content_bytes(), 0);
    /// step.write("b", "2")?;
    /// step.finish()?;
    /// import.flush()?;
    /// assert_eq!(session.read("a")?, vec![1; 1_000]);
    /// # Ok::<(), partita::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Indeterminate` if the medium failed: reopen and look.
    pub fn store_contents(&mut self) -> Result<()> {
        self.import.batch.store_contents()?;
        self.draft.forget_contents();
        Ok(())
    }

    /// Finishes the checkpoint, which is made even where nothing changes, and returns its id.
    ///
    /// # Errors
    /// `Invalid` if a path would be both file and directory.
    pub fn finish(self) -> Result<CheckpointId> {
        let import = self.import;
        import.ready()?;
        let built = self.draft.build(&mut import.batch, import.point.as_ref(), true)?;
        let point = built.point.expect("a build that must make a checkpoint makes one");
        let id = point.checkpoint_id();
        import.point = Some(point);
        import.drafts.push(self.draft);
        import.littered = self.littered;
        Ok(id)
    }

    fn path(&mut self, path: impl AsPath) -> Result<FilePath> {
        let path = FilePath::new(path)?;
        self.import.ready()?;
        let Some((origin, start)) = self.import.rests_on else { return Ok(path) };
        if origin != start {
            let entry = |files| -> Result<Option<Entry>> {
                let place = Place::find(files, &self.import.batch, &path)?;
                Ok(place.filter(Place::is_live).map(|place| place.entry))
            };
            if entry(origin)? != entry(start)? {
                return Err(Error::conflict(format!(
                    "{path} was changed here since the last import; undo that, or import into \
                     another session"
                )));
            }
        }
        Ok(path)
    }
}
