//! Writing commits into a session.

use partita::{Checkpoint, Import, Memory, NewEntry, Result, Step};

use super::changes::{Change, Value, ValueKind};
use super::commit::Commit;
use super::source::Source;

/// Commits after which an import is made durable.
const FLUSH_COMMITS: usize = 128;

/// Raw bytes after which an import is made durable; they are in memory until then.
const FLUSH_BYTES: usize = 8 << 20;

/// Commits on their way into a session, durable in groups.
pub(super) struct Recorder<'a> {
    source: &'a Source,
    import: Import,
    waiting: usize,
    bytes: u64,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(source: &'a Source, import: Import) -> Self {
        Recorder { source, import, waiting: 0, bytes: 0 }
    }

    /// Returns the bytes of the files recorded so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Records a commit as the next checkpoint, and what waits if it is much by now.
    pub(super) fn record(&mut self, commit: &Commit, changes: &[Change]) -> Result<()> {
        let mut step = self.import.checkpoint();
        for change in changes {
            apply(self.source, &mut step, change, &mut self.bytes)?;
        }
        if let Some(time) = commit.committer.time {
            step.time(time);
        }
        step.label(Checkpoint::GIT_COMMIT, commit.id.as_bytes())?;
        step.label(Checkpoint::MESSAGE, commit.subject())?;
        if !commit.message.is_empty() {
            step.remember(memory(commit))?;
        }
        step.finish()?;
        self.waiting += 1;
        if is_due(self.waiting, self.import.raw_bytes()) { self.flush() } else { Ok(()) }
    }

    /// Makes all that was recorded durable.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.waiting = 0;
        self.import.flush()
    }
}

fn is_due(commits: usize, raw_bytes: usize) -> bool {
    commits >= FLUSH_COMMITS || raw_bytes >= FLUSH_BYTES
}

fn apply(source: &Source, step: &mut Step<'_>, change: &Change, bytes: &mut u64) -> Result<()> {
    match change {
        Change::Rename { from, to, was, value } if was == value => step.rename(from, to)?,
        Change::Rename { from, to, value, .. } => {
            let entry = new_entry(source, value, bytes)?;
            step.rename_entry(from, to, entry).map_err(|error| error.context(to))?
        }
        Change::Remove { path, .. } => step.remove(path)?,
        Change::Put { path, value, .. } => {
            let entry = new_entry(source, value, bytes)?;
            step.write_entry(path, entry).map_err(|error| error.context(path))?
        }
    };
    Ok(())
}

/// Reads what a value says is at a path, and counts its bytes.
fn new_entry(source: &Source, value: &Value, bytes: &mut u64) -> Result<NewEntry> {
    let mut blob = || -> Result<Vec<u8>> {
        let blob = source.blob(value.id)?;
        *bytes += blob.len() as u64;
        Ok(blob)
    };
    Ok(match value.kind {
        ValueKind::File { executable } => NewEntry::File { bytes: blob()?.into(), executable },
        ValueKind::Symlink => NewEntry::symlink(blob()?),
        ValueKind::Submodule => NewEntry::submodule(value.id.as_bytes()),
    })
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
