//! The whole comparison: each recorded checkpoint beside its commit's tree, path by path.
//!
//! Nothing that the import used to find what changed is used here: each tree is read whole, and
//! every object is held against its own id.

use std::collections::{BTreeMap, HashMap};

use gix::ObjectId;
use gix::objs::Kind;
use partita::object::Checkpoint;
use partita::{ContentId, Entry, Error, ErrorKind, FilePath, Result, Session};

use super::base::{Base, Recorded};
use super::left_out::{self, LeftOut};
use super::source::Source;
use super::value::{Value, ValueKind};

/// What a comparison found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verified {
    /// Checkpoints that were compared.
    pub(crate) checkpoints: u64,
    /// Files of them that were changed in the session, and so are not the commit's.
    pub(crate) changed_here: u64,
}

/// Compares all checkpoints that record commits, newest first.
pub(super) fn verify(
    source: &Source,
    session: &Session,
    mut report: impl FnMut(u64),
) -> Result<Verified> {
    let mut contents = Contents { source, session, known: HashMap::new() };
    let mut verified = Verified::default();
    for base in Recorded::new(session)? {
        let base = base?;
        report(verified.checkpoints);
        verified.changed_here += compare(&mut contents, &base)?;
        verified.checkpoints += 1;
    }
    Ok(verified)
}

fn compare(contents: &mut Contents<'_>, base: &Base) -> Result<u64> {
    let (source, session) = (contents.source, contents.session);
    let commit = source.commit(base.commit)?;
    let left_out = LeftOut::read(base.labels.get(left_out::LABEL))?;
    let snapshot = session.at(base.checkpoint)?;
    let mut expected: BTreeMap<Vec<u8>, Value> = source.listing(&commit)?;
    let mut changed_here = 0;
    let mut differing = |path: &FilePath, what: &str| -> Result<()> {
        if is_from_here(session, base, path)? {
            changed_here += 1;
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Corrupt,
            format!(
                "checkpoint {} is not what git commit {} has: {path} {what}; import into a new \
                 session",
                base.number, commit.id
            ),
        ))
    };
    for file in snapshot.files() {
        let file = file?;
        match expected.remove(file.path.as_bytes()) {
            None => differing(&file.path, "is not in the commit")?,
            Some(value) if !contents.are_equal(&file.entry, &value)? => {
                differing(&file.path, "differs")?;
            }
            Some(_) => {}
        }
    }
    for (path, value) in expected {
        let path = FilePath::new(path)?;
        let is_too_large = || -> Result<bool> {
            Ok(value.kind != ValueKind::Submodule
                && source.blob_size(value.id)? > source.blob_bytes_max())
        };
        if !left_out.contains(&path) || !is_too_large()? {
            differing(&path, "is missing")?;
        }
    }
    Ok(changed_here)
}

/// Tells whether what a checkpoint has at a path came by an edit of the session itself.
fn is_from_here(session: &Session, base: &Base, path: &FilePath) -> Result<bool> {
    let history = match session.history(path) {
        Ok(history) => history,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    for iteration in history {
        let iteration = iteration?;
        if iteration.checkpoint_number <= base.number {
            let at = session.at(iteration.checkpoint)?;
            let labels = at.checkpoint().map(|info| &info.labels);
            return Ok(labels.is_some_and(|labels| !labels.contains_key(Checkpoint::GIT_COMMIT)));
        }
    }
    Ok(false)
}

/// The contents of blobs, each read once: from git, and back from the store.
struct Contents<'a> {
    source: &'a Source,
    session: &'a Session,
    known: HashMap<ObjectId, ContentId>,
}

impl Contents<'_> {
    fn are_equal(&mut self, entry: &Entry, value: &Value) -> Result<bool> {
        Ok(match (entry, value.kind) {
            (Entry::File { content, executable: now }, ValueKind::File { executable }) => {
                *now == executable && *content == self.of(value.id)?
            }
            (Entry::Symlink { target }, ValueKind::Symlink) => *target == self.of(value.id)?,
            (Entry::Submodule { commit }, ValueKind::Submodule) => commit == value.id.as_bytes(),
            _ => false,
        })
    }

    fn of(&mut self, id: ObjectId) -> Result<ContentId> {
        if let Some(known) = self.known.get(&id) {
            return Ok(*known);
        }
        let bytes = self.source.verified(id, Kind::Blob)?;
        let content = ContentId::new(partita::ObjectId::of_content(&bytes));
        match self.session.store().read_content(content) {
            Ok(stored) if stored[..] != bytes[..] => {
                let message = format!("content {content} is not what git blob {id} has");
                return Err(Error::new(ErrorKind::Corrupt, message));
            }
            // Whether the store should have it is for whoever compares entries.
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Purged) => {}
            Err(error) => return Err(error),
        }
        self.known.insert(id, content);
        Ok(content)
    }
}
