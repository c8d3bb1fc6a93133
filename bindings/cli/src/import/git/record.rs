//! Writing commits into a session: read first, then written.

use partita::import::{Import, ImportStep};
use partita::object::{Checkpoint, NameFault};
use partita::{Error, ErrorKind, FilePath, Memory, NewEntry, Result};

use super::changes::Change;
use super::commit::Commit;
use super::left_out::{self, LeftOut, TooLarge};
use super::source::{Blob, Source};
use super::value::{Value, ValueKind};

/// Commits after which an import is made durable.
const FLUSH_COMMITS: usize = 128;

/// Raw bytes after which an import is made durable; they are in memory until then.
const FLUSH_BYTES: usize = 8 << 20;

/// Bytes of contents that wait in the course of a commit: as many as go into a data segment of their
/// own.
const PART_BYTES: usize = 16 << 20;

/// A commit whose bytes are read: nothing of the repository is needed to write it, unless it brings
/// more than fits into memory with those that wait.
pub(super) struct Ready {
    commit: Commit,
    edits: Vec<Edit>,
    /// What is yet to be read.
    rest: std::vec::IntoIter<Change>,
    /// The files that the commit lacks, if nothing is yet to be read.
    left_out: Option<Vec<u8>>,
    bytes: u64,
}

/// One edit of a step.
enum Edit {
    Rename { from: FilePath, to: FilePath, entry: Option<NewEntry> },
    Remove(FilePath),
    Put(FilePath, NewEntry),
}

/// Reads commits into memory; knows which files are too large.
pub(super) struct Preparer<'a> {
    source: &'a Source,
    too_large: TooLarge,
    pub(super) left_out: LeftOut,
    pub(super) unwritable: Unwritable,
}

/// Paths that were recorded and that no checkout could write.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Unwritable {
    pub(crate) paths: u64,
    /// The first of them, and why.
    pub(crate) first: Option<(FilePath, NameFault)>,
}

impl<'a> Preparer<'a> {
    pub(super) fn new(source: &'a Source, too_large: TooLarge, left_out: LeftOut) -> Self {
        Preparer { source, too_large, left_out, unwritable: Unwritable::default() }
    }

    /// Reads what a commit brings, until it is much.
    pub(super) fn prepare(&mut self, commit: Commit, changes: Vec<Change>) -> Result<Ready> {
        let mut edits = Vec::with_capacity(changes.len());
        let mut bytes = 0;
        let mut rest = changes.into_iter();
        while bytes < FLUSH_BYTES as u64
            && let Some(change) = rest.next()
        {
            edits.extend(self.edit(&commit, change, &mut bytes)?);
        }
        let left_out = if rest.len() == 0 { self.left_out.label()? } else { None };
        Ok(Ready { commit, edits, rest, left_out, bytes })
    }

    /// Looks whether what is yet to be read of a commit is there, without reading it.
    pub(super) fn look_at_rest(&self, ready: &Ready) -> Result<()> {
        for change in ready.rest.as_slice() {
            let Some(id) = change.blob() else { continue };
            let found = self.source.blob_size(id);
            let path = change.path().as_bytes();
            let size = found.map_err(|error| self.source.at_path(&ready.commit, path, error))?;
            if size > self.source.blob_bytes_max() && self.too_large == TooLarge::Refuse {
                return Err(self.refusal(&ready.commit, change.path(), size));
            }
        }
        Ok(())
    }

    /// Returns the edit that a change is, if it is one.
    fn edit(&mut self, commit: &Commit, change: Change, bytes: &mut u64) -> Result<Option<Edit>> {
        Ok(match change {
            Change::Rename { from, to, was, value } => {
                self.look(&to);
                let lacking = self.left_out.remove(&from);
                if was == value {
                    return Ok(match lacking {
                        Some(size) => {
                            self.left_out.insert(&to, size);
                            None
                        }
                        None => Some(Edit::Rename { from, to, entry: None }),
                    });
                }
                match (self.entry(commit, &to, &value, bytes)?, lacking) {
                    (entry @ Some(_), None) => Some(Edit::Rename { from, to, entry }),
                    (Some(entry), Some(_)) => Some(Edit::Put(to, entry)),
                    (None, None) => Some(Edit::Remove(from)),
                    (None, Some(_)) => None,
                }
            }
            Change::Remove { path, .. } => match self.left_out.remove(&path) {
                None => Some(Edit::Remove(path)),
                Some(_) => None,
            },
            Change::Put { path, value, was } => {
                self.look(&path);
                let was_there = self.left_out.remove(&path).is_none() && was.is_some();
                match self.entry(commit, &path, &value, bytes)? {
                    Some(entry) => Some(Edit::Put(path, entry)),
                    None if was_there => Some(Edit::Remove(path)),
                    None => None,
                }
            }
        })
    }

    /// Notes a path that no checkout could write: it is kept all the same.
    fn look(&mut self, path: &FilePath) {
        if let Some(fault) = path.name_fault() {
            self.unwritable.paths += 1;
            self.unwritable.first.get_or_insert_with(|| (path.clone(), fault));
        }
    }

    fn refusal(&self, commit: &Commit, path: &FilePath, size: u64) -> Error {
        let limit = self.source.blob_bytes_max();
        let message = format!("it has {size} bytes, beyond the limit of {limit} of a file");
        self.source.at_path(commit, path.as_bytes(), Error::new(ErrorKind::Invalid, message))
    }

    /// Reads what a value says is at a path, and counts its bytes; none where it is left out.
    fn entry(
        &mut self,
        commit: &Commit,
        path: &FilePath,
        value: &Value,
        bytes: &mut u64,
    ) -> Result<Option<NewEntry>> {
        if value.kind == ValueKind::Submodule {
            return Ok(Some(NewEntry::submodule(value.id.as_bytes())));
        }
        let doing = |error| self.source.at_path(commit, path.as_bytes(), error);
        let blob = match self.source.blob(value.id).map_err(doing)? {
            Blob::Bytes(blob) => blob,
            Blob::TooLarge(size) if self.too_large == TooLarge::Refuse => {
                return Err(self.refusal(commit, path, size));
            }
            Blob::TooLarge(size) => {
                self.left_out.insert(path, size);
                return Ok(None);
            }
        };
        *bytes += blob.len() as u64;
        Ok(Some(match value.kind {
            ValueKind::Symlink => NewEntry::Symlink { target: blob.into() },
            kind => NewEntry::File {
                bytes: blob.into(),
                executable: kind == ValueKind::File { executable: true },
            },
        }))
    }
}

/// Commits on their way into a session, durable in groups.
pub(super) struct Recorder {
    import: Import,
    waiting: usize,
    bytes: u64,
}

impl Recorder {
    pub(super) fn new(import: Import) -> Self {
        Recorder { import, waiting: 0, bytes: 0 }
    }

    /// Returns the bytes of the files recorded so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Records a commit as the next checkpoint, and what waits if it is much by now.
    pub(super) fn record(&mut self, preparer: &mut Preparer<'_>, ready: Ready) -> Result<()> {
        let before = self.bytes;
        self.bytes += ready.bytes;
        self.write(preparer, ready)?;
        self.waiting += 1;
        let read = usize::try_from(self.bytes - before).unwrap_or(usize::MAX);
        if is_due(self.waiting, self.import.raw_bytes().max(read)) { self.flush() } else { Ok(()) }
    }

    fn write(&mut self, preparer: &mut Preparer<'_>, ready: Ready) -> Result<()> {
        let Ready { commit, edits, rest, mut left_out, .. } = ready;
        let doing = |error: Error| error.context(format!("git commit {}", commit.id));
        let is_whole = rest.len() == 0;
        let mut step = self.import.checkpoint();
        for edit in edits {
            apply(&mut step, edit).map_err(doing)?;
        }
        for change in rest {
            // Before the next is read: the largest there is need not find others in memory.
            if step.content_bytes() >= PART_BYTES {
                step.store_contents().map_err(doing)?;
            }
            if let Some(edit) = preparer.edit(&commit, change, &mut self.bytes)? {
                apply(&mut step, edit).map_err(doing)?;
            }
        }
        if !is_whole {
            left_out = preparer.left_out.label()?;
        }
        finish(step, &commit, left_out).map_err(doing)
    }

    /// Makes all that was recorded durable.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.waiting = 0;
        self.import.flush()
    }
}

/// The commits of an import that wait for its session: a session is made only when there is
/// something to write into it, and none if that cannot be had.
#[derive(Default)]
pub(super) struct Waiting {
    pub(super) commits: Vec<Ready>,
    bytes: u64,
}

impl Waiting {
    pub(super) fn push(&mut self, ready: Ready) {
        self.bytes += ready.bytes;
        self.commits.push(ready);
    }

    pub(super) fn is_due(&self) -> bool {
        is_due(self.commits.len(), usize::try_from(self.bytes).unwrap_or(usize::MAX))
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

fn is_due(commits: usize, raw_bytes: usize) -> bool {
    commits >= FLUSH_COMMITS || raw_bytes >= FLUSH_BYTES
}

/// Says of a checkpoint which commit it is.
fn finish(mut step: ImportStep<'_>, commit: &Commit, left_out: Option<Vec<u8>>) -> Result<()> {
    if let Some(time) = commit.committer.time {
        step.time(time);
    }
    step.label(Checkpoint::GIT_COMMIT, commit.id.as_bytes())?;
    step.label(Checkpoint::MESSAGE, commit.subject())?;
    if let Some(left_out) = left_out {
        step.label(left_out::LABEL, left_out)?;
    }
    if !commit.message.is_empty() {
        step.remember(memory(commit))?;
    }
    step.finish().map(drop)
}

fn apply(step: &mut ImportStep<'_>, edit: Edit) -> Result<()> {
    match edit {
        Edit::Rename { from, to, entry: None } => step.rename(from, to)?,
        Edit::Rename { from, to, entry: Some(entry) } => {
            step.rename_entry(from, &to, entry).map_err(|error| error.context(&to))?
        }
        Edit::Remove(path) => step.remove(path)?,
        Edit::Put(path, entry) => {
            step.write_entry(&path, entry).map_err(|error| error.context(&path))?
        }
    };
    Ok(())
}

/// A commit's message as what was asked: the author's words, bytes as they came.
fn memory(commit: &Commit) -> Memory {
    let memory = Memory::user(&commit.message)
        .with_origin(format!("git:{}", commit.id))
        .with_actor(&*commit.author.actor);
    match commit.author.time {
        Some(time) => memory.with_time(time),
        None => memory,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_bounded_in_commits_and_in_bytes() {
        assert!(!is_due(FLUSH_COMMITS - 1, FLUSH_BYTES - 1));
        assert!(is_due(FLUSH_COMMITS, 0));
        assert!(is_due(1, FLUSH_BYTES));
    }
}
