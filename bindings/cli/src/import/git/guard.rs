//! Local edits of what an import is about to change.

use std::collections::HashSet;

use partita::{
    Checkpoint, ContentId, Entry, Error, ErrorKind, FilePath, ObjectId, Result, Session,
};

use super::changes::{Change, Value, ValueKind};
use super::commit::Commit;
use super::source::Source;

/// Refuses a commit that would overwrite a local edit.
///
/// A path is as git left it if its newest iteration came by an import, or if its entry equals the
/// one in the commit's parent. Each path is looked at once: after that it is the import's.
pub(super) struct Guard<'a> {
    source: &'a Source,
    session: &'a Session,
    /// None for a session without a past, in which nothing can be local.
    seen: Option<HashSet<FilePath>>,
}

impl<'a> Guard<'a> {
    pub(super) fn new(source: &'a Source, session: &'a Session, fresh: bool) -> Self {
        Guard { source, session, seen: (!fresh).then(HashSet::new) }
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
        let Some(seen) = &mut self.seen else { return Ok(()) };
        if !seen.insert(path.clone()) {
            return Ok(());
        }
        let newest = match self.session.history(path) {
            Ok(mut history) => history.next().transpose()?,
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let Some(newest) = newest else { return Ok(()) };
        if self.is_equal(&newest.entry, was)? {
            return Ok(());
        }
        let at = self.session.at(newest.checkpoint)?;
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
        let blob = || -> Result<ContentId> {
            Ok(ContentId::new(ObjectId::of_content(&self.source.blob(was.id)?)))
        };
        Ok(match (entry, was.kind) {
            (Entry::File { content, executable: now }, ValueKind::File { executable }) => {
                *now == executable && *content == blob()?
            }
            (Entry::Symlink { target }, ValueKind::Symlink) => *target == blob()?,
            (Entry::Submodule { commit }, ValueKind::Submodule) => commit == was.id.as_bytes(),
            _ => false,
        })
    }
}
