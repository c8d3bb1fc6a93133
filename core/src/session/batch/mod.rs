//! Batches: several changes as one checkpoint, all or nothing.

pub(crate) mod alongside;
mod cause;
pub(crate) mod compact;
mod evidence;
pub(crate) mod files;
pub(crate) mod mark;
pub(crate) mod recorded;
pub(crate) mod report;
mod runs;
pub(crate) mod select;
pub(crate) mod selector;
pub(crate) mod state;
pub(crate) mod texts;

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::id::{CheckpointId, MemoryId, OperationId};
use crate::object::{AsPath, Bytes, Entry, FilePath, Memory, ModelCall, OperationKind, Timestamp};
use crate::session::batch::alongside::Alongside;
use crate::session::draft::Draft;
use crate::session::draft::build::Built;
use crate::session::draft::entry::NewEntry;
use crate::session::handle::{NewOperation, Outcome, Session};
use crate::session::history::iterations::{numbered, unknown};
use crate::session::line::info::CheckpointInfo;
use crate::session::line::names::check_line;
use crate::session::line::place::Place;
use crate::session::line::point::{Head, Point};
use crate::session::read::snapshot::Snapshot;
use crate::store::Batch as StoreBatch;

/// Changes on their way into one checkpoint: all or nothing at [`commit`](Self::commit), nothing
/// at all when dropped.
///
/// It owns what it needs and holds no lock, so it may live as long as it likes. It sees its own
/// edits. A path that it edits must not be changed by others between
/// [`begin`](Session::begin) and the commit, else that is `Conflict`; memories and appended state
/// go to the end, whoever else appends.
///
/// ```
/// let session = partita::Store::in_memory()?.session("s")?;
/// let mut batch = session.begin()?;
/// batch.write("a", "1")?;
/// assert_eq!(batch.read("a")?, b"1");
/// assert_eq!(session.get("a")?, None);
/// session.write("a", "somebody else's")?;
/// assert_eq!(batch.commit().unwrap_err().kind(), partita::ErrorKind::Conflict);
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Debug)]
pub struct Batch {
    pub(crate) session: Session,
    pub(crate) head: Arc<Head>,
    pub(crate) batch: StoreBatch,
    pub(crate) draft: Draft,
    kind: OperationKind,
    message: String,
    /// Of an import: what it goes on from.
    run: Option<Run>,
    /// What is committed together with the checkpoint.
    pub(crate) alongside: Option<Box<dyn Alongside>>,
}

/// Where an import of several operations stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// Its newest operation.
    pub(crate) last: OperationId,
    /// The state before all of it.
    pub(crate) before: Option<CheckpointId>,
}

/// A batch after its commit.
pub(crate) struct Finished {
    pub(crate) head: Arc<Head>,
    /// The number of the batch's first memory.
    pub(crate) memory: u64,
    /// What an import goes on from.
    pub(crate) run: Option<Run>,
    /// Whether the head is the batch's own, and not one that was there.
    pub(crate) changed: bool,
}

impl Session {
    /// Begins a batch on the latest state.
    ///
    /// # Errors
    /// `NotFound` if the session is gone.
    pub fn begin(&self) -> Result<Batch> {
        // It comes first, so it knows of every collection since the head was read.
        let batch = self.store.batch();
        let head = self.head()?;
        Ok(Batch::of(self.clone(), head, batch))
    }

    /// Runs `edit` on a batch and commits it; an error of `edit` commits nothing.
    ///
    /// # Errors
    /// What `edit` returns, else as [`Batch::commit`]; nothing to commit is no error.
    pub fn batch<T>(&self, edit: impl FnOnce(&mut Batch) -> Result<T>) -> Result<T> {
        self.try_batch(edit)
    }

    /// Runs `edit` on a batch and commits it as [`batch`](Self::batch) does, and gives back errors
    /// of the host's own type. It is a second method because the type of the error is to be named.
    ///
    /// # Errors
    /// As [`batch`](Self::batch).
    ///
    /// ```
    /// #[derive(Debug)]
    /// enum HostError {
    ///     Budget,
    ///     Store(partita::Error),
    /// }
    /// impl From<partita::Error> for HostError {
    ///     fn from(error: partita::Error) -> Self {
    ///         HostError::Store(error)
    ///     }
    /// }
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// let done: Result<(), HostError> = session.try_batch(|batch| {
    ///     batch.write("a", "1")?;
    ///     Err(HostError::Budget)
    /// });
    /// assert!(matches!(done, Err(HostError::Budget)));
    /// assert_eq!(session.get("a")?, None);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn try_batch<T, E: From<Error>>(
        &self,
        edit: impl FnOnce(&mut Batch) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut batch = self.begin()?;
        let value = edit(&mut batch)?;
        batch.finish()?;
        Ok(value)
    }
}

impl Batch {
    pub(crate) fn of(session: Session, head: Arc<Head>, batch: StoreBatch) -> Self {
        Batch {
            session,
            draft: Draft::new(head.point()),
            head,
            batch,
            kind: OperationKind::Batch,
            message: String::new(),
            run: None,
            alongside: None,
        }
    }

    /// Returns the session as it was when the batch began, without the batch's edits.
    ///
    /// ```
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// let mut batch = session.begin()?;
    /// batch.write("a", "1")?;
    /// session.write("b", "somebody else's")?;
    /// assert_eq!(batch.before().files().count(), 0);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn before(&self) -> Snapshot {
        Snapshot::new(&self.session.store, self.head.point.clone())
    }

    /// Writes a file, which keeps its executable bit, and returns the number of its iteration.
    /// Bytes that it has already make no iteration.
    ///
    /// # Errors
    /// `Invalid` for a path that cannot be or that [no checkout could
    /// write](FilePath::name_fault), or bytes above the limit.
    pub fn write(&mut self, path: impl AsPath, bytes: impl AsRef<[u8]>) -> Result<u64> {
        let path = FilePath::new(path)?;
        self.write_bytes(path, Bytes::copy(bytes.as_ref())?)
    }

    /// Writes a file as [`write`](Self::write) does, without copying its bytes.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_bytes(&mut self, path: impl AsPath, bytes: impl Into<Bytes>) -> Result<u64> {
        let bytes = bytes.into();
        self.written(FilePath::new(path)?, |draft, batch, path| {
            draft.write_bytes(batch, path, bytes)
        })
    }

    /// Puts a file with its executable bit, a link, a submodule or an [`Entry`] that
    /// the store holds at a path.
    ///
    /// # Errors
    /// As [`write`](Self::write); `NotFound` or `Purged` if the store does not hold an entry's
    /// content, `Invalid` for a removal.
    pub fn write_entry(&mut self, path: impl AsPath, entry: impl Into<NewEntry>) -> Result<u64> {
        let entry = entry.into();
        self.written(FilePath::new(path)?, |draft, batch, path| draft.write(batch, path, entry))
    }

    /// Gives a path something new and puts the iteration that this makes in view.
    fn written(
        &mut self,
        path: FilePath,
        write: impl FnOnce(&mut Draft, &mut StoreBatch, FilePath) -> Result<u64>,
    ) -> Result<u64> {
        let before = self.draft.place(&self.batch, &path)?.map(|place| place.iteration);
        let number = write(&mut self.draft, &mut self.batch, path.clone())?;
        let now = self.draft.place(&self.batch, &path)?.filter(Place::is_live);
        let now = now.map(|place| place.iteration);
        if let Some(iteration) = now.filter(|_| now != before) {
            self.draft.view.put(path, iteration);
        }
        Ok(number)
    }

    /// Removes a file and returns the number of the iteration that says so.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub fn remove(&mut self, path: impl AsPath) -> Result<u64> {
        self.draft.remove(&mut self.batch, FilePath::new(path)?)
    }

    /// Moves a file, over what is at the new path if anything is. Its history moves along.
    ///
    /// # Errors
    /// `NotFound` if there is none, `Invalid` if both paths are one or if [no checkout could
    /// write](FilePath::name_fault) the new one.
    pub fn rename(&mut self, from: impl AsPath, to: impl AsPath) -> Result<u64> {
        let from = FilePath::new(from)?;
        self.written(FilePath::new(to)?, |draft, batch, to| draft.move_file(batch, from, to, None))
    }

    /// Moves a file and changes it, in one iteration.
    ///
    /// # Errors
    /// As [`rename`](Self::rename) and [`write_entry`](Self::write_entry).
    pub fn rename_entry(
        &mut self,
        from: impl AsPath,
        to: impl AsPath,
        entry: impl Into<NewEntry>,
    ) -> Result<u64> {
        let (from, entry) = (FilePath::new(from)?, entry.into());
        self.written(FilePath::new(to)?, |draft, batch, to| {
            draft.move_file(batch, from, to, Some(entry))
        })
    }

    /// Brings back what an earlier iteration of a path held, as a new iteration, and returns that
    /// one's number.
    ///
    /// # Errors
    /// `NotFound` if there is no such path or number.
    pub fn restore(&mut self, path: impl AsPath, number: u64) -> Result<u64> {
        let path = FilePath::new(path)?;
        let place = self.draft.place(&self.batch, &path)?.ok_or_else(|| unknown(&path))?;
        let end = self.session.end(&self.head)?;
        let newest = place.iteration(&self.batch)?;
        let old = numbered(&self.batch, newest, &path, number, end.as_ref())?;
        self.written(path, |draft, batch, path| draft.set(batch, path, old.value.entry.clone()))
    }

    /// Appends a memory; its number is given at the commit.
    ///
    /// # Errors
    /// `Invalid` for a memory that breaks a limit, `NotFound` for one that refers to what the store does
    /// not hold.
    pub fn remember(&mut self, memory: Memory) -> Result<()> {
        self.remember_kept(memory).map(drop)
    }

    /// Appends a memory, and returns it as it will be recorded, with its id.
    pub(crate) fn remember_kept(&mut self, memory: Memory) -> Result<(MemoryId, Memory)> {
        let memory = self.draft.remember(&mut self.batch, memory)?;
        let last = self.draft.memories.as_slice().last().expect("it was just appended");
        Ok((last.id, memory))
    }

    /// Appends a memory that came of a model's call, stores the call and links to it.
    ///
    /// # Errors
    /// As [`remember`](Self::remember); `Invalid` for a call that breaks a limit.
    ///
    /// ```
    /// use partita::Memory;
    /// use partita::object::{Canonical, ModelCall, Objects};
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// let call = ModelCall::new("claude-x");
    /// session.batch(|b| b.remember_with_call(Memory::assistant("Hello."), call.clone()))?;
    /// let link = session.memory(1)?.memory.links[0];
    /// let node = session.store().get_node(&link)?.unwrap();
    /// assert_eq!(ModelCall::from_node(&node)?, call);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn remember_with_call(&mut self, memory: Memory, call: ModelCall) -> Result<()> {
        self.draft.remember_with_call(&mut self.batch, memory, call)
    }

    /// Makes the batch rest on a path being at this iteration, or with `None` on there being no
    /// file, now and still at the commit.
    ///
    /// # Errors
    /// `Conflict` if it is not so now.
    pub fn expect(&mut self, path: impl AsPath, number: Option<u64>) -> Result<()> {
        self.draft.expect(&self.batch, FilePath::new(path)?, number)
    }

    /// Labels the checkpoint with what its source says of it, for ever.
    ///
    /// # Errors
    /// `Invalid` for a label beyond the limits.
    pub fn label(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<()> {
        self.draft.label(name, value.as_ref())
    }

    /// Gives the checkpoint its source's time. The clock's is the operation's own and needs none.
    pub fn time(&mut self, time: Timestamp) {
        self.draft.time = Some(time);
    }

    /// Says in a line what the operation is about.
    ///
    /// # Errors
    /// `Invalid` for a message beyond the limit.
    pub fn message(&mut self, message: &str) -> Result<()> {
        check_line("a message", message)?;
        message.clone_into(&mut self.message);
        Ok(())
    }

    /// Says what the operation does, by a name of the host's own, such as `acme/deploy`; `batch` if
    /// nobody says. Listings show the name, and undo takes the operation back as any other.
    ///
    /// Names have 1 to 64 bytes of `a-z`, `0-9`, `-`, `_` and `.` in two or more parts that begin
    /// with a letter and are joined by `/`. Names of one part are partita's own.
    ///
    /// # Errors
    /// `Invalid` for a name that cannot be, or that is not a host's to give.
    ///
    /// ```
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.batch(|b| {
    ///     b.kind("acme/deploy")?;
    ///     b.write("deployed", "3")
    /// })?;
    /// assert_eq!(session.log()?.next().unwrap()?.kind.name(), "acme/deploy");
    /// assert!(session.begin()?.kind("undo").is_err());
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn kind(&mut self, name: &str) -> Result<()> {
        match OperationKind::from_name(name)? {
            kind @ OperationKind::Named(own) if own.is_of_host() => {
                self.kind = kind;
                Ok(())
            }
            _ => Err(Error::invalid(format!(
                "{name:?} is partita's to give: name an operation in two parts, such as \
                 host/{name}"
            ))),
        }
    }

    /// Says what the operation does.
    pub(crate) fn set_kind(&mut self, kind: OperationKind) {
        self.kind = kind;
    }

    /// Makes it a part of an import, which one undo takes back as a whole.
    pub(crate) fn import(&mut self, run: Option<Run>) {
        self.kind = OperationKind::Import;
        self.run = run;
    }

    /// Reads a file as the batch leaves it.
    ///
    /// # Errors
    /// `NotFound` if there is none, `Invalid` for a submodule.
    pub fn read(&self, path: impl AsPath) -> Result<Vec<u8>> {
        let path = FilePath::new(path)?;
        read_drafted(&self.draft, &self.batch, &self.session, &path)
    }

    /// What is at a path as the batch leaves it.
    pub(crate) fn drafted(&self, path: &FilePath) -> Result<Option<Entry>> {
        let place = self.draft.place(&self.batch, path)?;
        Ok(place.filter(Place::is_live).map(|place| place.entry))
    }

    /// Returns the number of a path's newest iteration, its own edits included.
    ///
    /// # Errors
    /// `Invalid` for a path that cannot be.
    pub fn iteration(&self, path: impl AsPath) -> Result<Option<u64>> {
        self.draft.number(&self.batch, &FilePath::new(path)?)
    }

    /// Commits all of it as one durable step and returns the session's newest checkpoint: the one
    /// this makes, or the one there is where nothing changes.
    ///
    /// # Errors
    /// `Conflict` if a path or state key that it edits was changed meanwhile. `Invalid` if a path
    /// would be both file and directory, or if nothing changes in a session that is still empty.
    pub fn commit(self) -> Result<CheckpointInfo> {
        let nothing = || Error::invalid("nothing to commit in a session that is still empty");
        self.commit_changes()?.ok_or_else(nothing)
    }

    /// Commits as [`commit`](Self::commit), but takes it for no error if nothing changes in a session
    /// that is still empty: then there is no checkpoint.
    ///
    /// # Errors
    /// `Conflict` and `Invalid` as there.
    pub fn commit_changes(self) -> Result<Option<CheckpointInfo>> {
        Ok(self.finish()?.head.point().map(CheckpointInfo::of))
    }

    /// The state that undoing an import brings back: the one before its run, as long as nobody else
    /// came in between.
    fn before_run(&self) -> Option<CheckpointId> {
        match self.run {
            Some(run) if run.last == self.head.id() => run.before,
            _ => self.head.point().map(Point::checkpoint_id),
        }
    }

    pub(crate) fn finish(self) -> Result<Finished> {
        let done = self.finish_or_stop(true)?;
        Ok(done.expect("a batch that may move is committed"))
    }

    /// Commits the batch on the state that it began with; none, and nothing is done, where somebody
    /// else came first.
    pub(crate) fn finish_in_place(self) -> Result<Option<Finished>> {
        self.finish_or_stop(false)
    }

    fn finish_or_stop(mut self, may_move: bool) -> Result<Option<Finished>> {
        loop {
            let Built { point, memory } =
                self.draft.build(&mut self.batch, self.head.point(), false)?;
            let Some(point) = point else {
                let (head, run) = (self.head, self.run);
                if let Some(alongside) = self.alongside {
                    alongside.commit(self.batch.anew(), head.point().map(Point::checkpoint_id))?;
                }
                return Ok(Some(Finished { head, memory, run, changed: false }));
            };
            if let Some(alongside) = &mut self.alongside {
                alongside.put(&mut self.batch, Some(point.checkpoint_id()))?;
            }
            let before = match self.kind {
                OperationKind::Import => self.before_run(),
                _ => None,
            };
            let message = self.message.clone();
            let new = NewOperation { message, before, ..NewOperation::new(self.kind) };
            let next = self.batch.anew();
            let batch = std::mem::replace(&mut self.batch, next);
            match self.session.commit_on(&self.head, batch, Some(point), new)? {
                Outcome::Committed(head) => {
                    if let Some(alongside) = self.alongside {
                        alongside.done();
                    }
                    let run = Some(Run { last: head.id(), before });
                    return Ok(Some(Finished { head, memory, run, changed: true }));
                }
                Outcome::Moved(_) if !may_move => return Ok(None),
                Outcome::Moved(head) => self.head = head,
            }
            self.draft.replay(&mut self.batch)?;
        }
    }
}

/// Reads a file as a draft leaves it.
pub(crate) fn read_drafted(
    draft: &Draft,
    batch: &StoreBatch,
    session: &Session,
    path: &FilePath,
) -> Result<Vec<u8>> {
    let place = draft.live(batch, path)?;
    match place.entry.content() {
        Some(id) => match draft.content(id) {
            Some(bytes) => bytes.into_vec(),
            None => session.store().read_content(id)?.into_vec(),
        },
        None => Err(Error::invalid(format!("{path} is a submodule, which has no bytes here"))),
    }
}
