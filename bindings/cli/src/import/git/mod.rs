//! The import of a git history: one checkpoint a commit, along the first parents.
//!
//! The same repository makes the same checkpoints, in one go or in many.

mod changes;
mod commit;
mod guard;
mod record;
mod source;
#[cfg(test)]
mod tests;

use std::path::Path;

use gix::ObjectId;
use partita::{Checkpoint, Error, ErrorKind, Result, Session, Store};

use self::guard::Guard;
use self::record::Recorder;
use self::source::Source;

/// A history that can be imported: a repository and the newest commit to record.
pub(crate) struct History {
    source: Source,
    tip: ObjectId,
}

/// What an import did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Imported {
    /// Commits recorded by this run.
    pub(crate) commits: u64,
    /// Bytes of the files that they changed.
    pub(crate) bytes: u64,
    /// The newest commit, in hexadecimal digits.
    pub(crate) tip: String,
    /// Whether the repository is a shallow clone, whose history was recorded as far as it goes.
    pub(crate) shallow: bool,
}

/// How far an import is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position {
    pub(crate) commits: u64,
    pub(crate) of_commits: u64,
    pub(crate) bytes: u64,
}

impl History {
    /// Opens a repository and finds the commit that a revision names; writes nothing.
    pub(crate) fn open(repository: &Path, revision: &str) -> Result<History> {
        let source = Source::open(repository)?;
        let tip = source.tip(Some(revision).filter(|revision| *revision != "HEAD"))?;
        Ok(History { source, tip })
    }

    /// Records what a session lacks. A session is created only when there is something to record.
    pub(crate) fn import(
        &self,
        store: &Store,
        name: &str,
        mut report: impl FnMut(Position),
    ) -> Result<Imported> {
        let existing = match store.open_session(name) {
            Ok(session) => Some(session),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let imported = existing.as_ref().map(newest_import).transpose()?.flatten();
        let line = self.source.line(self.tip, imported)?;
        let session = match existing {
            Some(session) => session,
            None => store.session(name)?,
        };
        let fresh = session.latest()?.checkpoint().is_none();
        let mut guard = Guard::new(&self.source, &session, fresh);
        let mut recorder = Recorder::new(&self.source, session.import()?);
        let of_commits = line.commits.len() as u64;
        for (done, id) in (0..).zip(&line.commits) {
            report(Position { commits: done, of_commits, bytes: recorder.bytes() });
            let doing = |error: Error| error.context(format!("git commit {id}"));
            let commit = self.source.commit(*id)?;
            let first = done == 0 && imported.is_none();
            let changes = self.source.changes(&commit, first)?;
            guard.check(&commit, &changes)?;
            recorder.record(&commit, &changes).map_err(doing)?;
        }
        if of_commits > 0 {
            recorder.flush()?;
        }
        Ok(Imported {
            commits: of_commits,
            bytes: recorder.bytes(),
            tip: self.tip.to_string(),
            shallow: line.shallow,
        })
    }
}

/// Returns the newest commit on a session's line that an import recorded.
fn newest_import(session: &Session) -> Result<Option<ObjectId>> {
    for entry in session.log()? {
        if let Some(raw) = entry?.labels.get(Checkpoint::GIT_COMMIT) {
            let id = ObjectId::try_from(&raw[..]).map_err(|_| {
                Error::new(ErrorKind::Invalid, "a checkpoint's commit id has an unknown length")
            })?;
            return Ok(Some(id));
        }
    }
    Ok(None)
}
