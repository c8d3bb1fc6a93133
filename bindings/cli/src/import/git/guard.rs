//! Local edits of what an import is about to change.

use std::collections::HashSet;

use partita::object::Checkpoint;
use partita::{ContentId, Entry, Error, ErrorKind, FilePath, ObjectId, Result, Session};

use super::changes::Change;
use super::commit::Commit;
use super::source::{Blob, Source};
use super::value::{Value, ValueKind};

/// Refuses a commit that would overwrite a local edit.
///
/// A path is as git left it if its newest iteration came by an import, or if its entry equals the
/// one in the commit's parent. Each path is looked at once: after that it is the import's.
pub(super) struct Guard<'a> {
    source: &'a Source,
    /// None for a session without a past, in which nothing can be local.
    session: Option<&'a Session>,
    seen: HashSet<FilePath>,
}

impl<'a> Guard<'a> {
    pub(super) fn new(source: &'a Source, session: Option<&'a Session>) -> Result<Self> {
        let has_past = |session: &&Session| session.latest().map(|at| at.checkpoint().is_some());
        let session = match session.as_ref().map(has_past).transpose()? {
            Some(true) => session,
            _ => None,
        };
        Ok(Guard { source, session, seen: HashSet::new() })
    }

    /// Looks at every path that a commit changes.
    pub(super) fn check(&mut self, commit: &Commit, changes: &[Change]) -> Result<()> {
        for change in changes {
            match change {
                Change::Rename { from, to, was, .. } => {
                    self.path(commit, from, Some(was))?;
                    self.path(commit, to, None)?;
                }
                Change::Remove { path, was } => self.path(commit, path, Some(was))?,
                Change::Put { path, was, .. } => self.path(commit, path, was.as_ref())?,
            }
        }
        Ok(())
    }

    fn path(&mut self, commit: &Commit, path: &FilePath, was: Option<&Value>) -> Result<()> {
        let Some(session) = self.session else { return Ok(()) };
        if !self.seen.insert(path.clone()) {
            return Ok(());
        }
        let newest = match session.history(path) {
            Ok(mut history) => history.next().transpose()?,
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let Some(newest) = newest else { return Ok(()) };
        if self.is_equal(&newest.entry, was)? {
            return Ok(());
        }
        let at = session.at(newest.checkpoint)?;
        if at.checkpoint().is_some_and(|info| info.labels.contains_key(Checkpoint::GIT_COMMIT)) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Conflict,
            format!(
                "{path} was changed here in iteration {}, and by git commit {}; restore what git \
                 had, or import into a new session",
                newest.number, commit.id
            ),
        ))
    }

    fn is_equal(&self, entry: &Entry, was: Option<&Value>) -> Result<bool> {
        let Some(was) = was else { return Ok(entry.is_removed()) };
        // What is too large was left out, so no entry is equal to it.
        let blob = || -> Result<Option<ContentId>> {
            Ok(match self.source.blob(was.id)? {
                Blob::Bytes(bytes) => Some(ContentId::new(ObjectId::of_content(&bytes))),
                Blob::TooLarge(_) => None,
            })
        };
        Ok(match (entry, was.kind) {
            (Entry::File { content, executable: now }, ValueKind::File { executable }) => {
                *now == executable && Some(*content) == blob()?
            }
            (Entry::Symlink { target }, ValueKind::Symlink) => Some(*target) == blob()?,
            (Entry::Submodule { commit }, ValueKind::Submodule) => commit == was.id.as_bytes(),
            _ => false,
        })
    }
}
