//! The repository that is read: its first-parent line, its commits, its blobs.

use std::cell::RefCell;
use std::path::Path;

use gix::ObjectId;
use partita::{Error, ErrorKind, Result};

use super::changes::{self, Change, Differ};
use super::commit::Commit;

/// Bytes of decoded objects, trees above all, that are kept for the next commit's diff.
const OBJECT_CACHE_BYTES: usize = 32 << 20;

/// A git repository opened for reading, free of any configuration but its own format.
///
/// Replacement refs and grafts are ignored and no attribute, filter or driver is consulted: what
/// is read depends on the objects alone, so that an import makes the same ids everywhere.
pub(crate) struct Source {
    repository: gix::Repository,
    differ: RefCell<Differ>,
}

/// The commits from a point on to a tip along the first parents, oldest first.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) commits: Vec<ObjectId>,
    /// Whether the line begins where a shallow clone was cut off.
    pub(crate) shallow: bool,
}

impl Source {
    /// Opens the repository at a path: its work tree, its `.git`, or a bare one.
    pub(crate) fn open(path: &Path) -> Result<Source> {
        let options = gix::open::Options::isolated()
            .with(gix::sec::Trust::Full)
            .config_overrides(["core.useReplaceRefs=false"]);
        let mut repository = gix::open_opts(path, options).map_err(|error| {
            let what = if path.exists() { "is not a git repository" } else { "does not exist" };
            failed(ErrorKind::NotFound, format!("{} {what}", path.display()), error)
        })?;
        repository.object_cache_size(OBJECT_CACHE_BYTES);
        let differ = RefCell::new(Differ::new(repository.object_hash()));
        Ok(Source { repository, differ })
    }

    /// Returns the commit that a revision names; without one, that of `HEAD`.
    pub(crate) fn tip(&self, revision: Option<&str>) -> Result<ObjectId> {
        let Some(revision) = revision else {
            return match self.repository.head_id() {
                Ok(id) => self.peel(id.detach(), "HEAD"),
                Err(error) => Err(match self.repository.head() {
                    Ok(head) if head.is_unborn() => Error::new(
                        ErrorKind::NotFound,
                        "the git repository has no commits on HEAD; commit something, or name \
                         another revision with --rev",
                    ),
                    _ => failed(ErrorKind::NotFound, "HEAD cannot be read", error),
                }),
            };
        };
        let id = self.repository.rev_parse_single(revision).map_err(|error| {
            failed(ErrorKind::NotFound, format!("no git revision {revision:?}"), error)
        })?;
        self.peel(id.detach(), revision)
    }

    fn peel(&self, id: ObjectId, name: &str) -> Result<ObjectId> {
        let commit = self
            .repository
            .find_object(id)
            .and_then(|object| object.peel_to_kind(gix::object::Kind::Commit))
            .map_err(|error| {
                failed(ErrorKind::Invalid, format!("{name:?} does not name a commit"), error)
            })?;
        Ok(commit.id)
    }

    /// Walks from the tip along the first parents back to `imported`, which is left out, or to
    /// the beginning where nothing is imported.
    pub(crate) fn line(&self, tip: ObjectId, imported: Option<ObjectId>) -> Result<Line> {
        let shallow = self
            .repository
            .shallow_commits()
            .map_err(|error| failed(ErrorKind::Corrupt, "the list of shallow commits", error))?;
        let is_cut = |id: &ObjectId| {
            shallow.as_ref().is_some_and(|cut| cut.iter().any(|candidate| candidate == id))
        };
        let mut line = Line { commits: Vec::new(), shallow: false };
        let mut next = Some(tip);
        while let Some(id) = next {
            if Some(id) == imported {
                line.commits.reverse();
                return Ok(line);
            }
            line.commits.push(id);
            next = if is_cut(&id) {
                line.shallow = true;
                None
            } else {
                self.commit(id)?.parent
            };
        }
        match imported {
            None => {
                line.commits.reverse();
                Ok(line)
            }
            Some(imported) => Err(left_behind(imported, tip, line.shallow)),
        }
    }

    /// Reads a commit.
    pub(crate) fn commit(&self, id: ObjectId) -> Result<Commit> {
        let object = self.repository.find_object(id).map_err(|error| {
            failed(ErrorKind::Corrupt, format!("git commit {id} cannot be read"), error)
        })?;
        if object.kind != gix::object::Kind::Commit {
            return Err(Error::new(
                ErrorKind::Corrupt,
                format!("git object {id} is a {} where a commit is due", object.kind),
            ));
        }
        Commit::parse(id, &object.data)
    }

    /// Returns what a commit changes against its first parent; `first` says that the line begins
    /// with it, so that all of its tree is new.
    pub(crate) fn changes(&self, commit: &Commit, first: bool) -> Result<Vec<Change>> {
        let before = match commit.parent {
            Some(parent) if !first => Some(self.commit(parent)?.tree),
            _ => None,
        };
        if before == Some(commit.tree) {
            return Ok(Vec::new());
        }
        let before = before.map(|tree| self.tree(tree, commit.id)).transpose()?;
        let after = self.tree(commit.tree, commit.id)?;
        let mut differ = self.differ.borrow_mut();
        changes::between(
            &mut differ,
            &self.repository,
            before.as_deref().unwrap_or_default(),
            &after,
        )
        .map_err(|error| error.context(format!("git commit {}", commit.id)))
    }

    fn tree(&self, id: ObjectId, of: ObjectId) -> Result<Vec<u8>> {
        let object = self.repository.find_object(id).map_err(|error| {
            failed(ErrorKind::Corrupt, format!("git commit {of}: tree {id} cannot be read"), error)
        })?;
        Ok(object.detach().data)
    }

    /// Reads a blob whole, as it is stored: without filters or conversion of line ends.
    pub(crate) fn blob(&self, id: ObjectId) -> Result<Vec<u8>> {
        let object = self.repository.find_object(id).map_err(|error| {
            failed(ErrorKind::Corrupt, format!("git blob {id} cannot be read"), error)
        })?;
        Ok(object.detach().data)
    }
}

/// Makes an error out of one of the library's, which becomes the cause.
pub(super) fn failed(
    kind: ErrorKind,
    message: impl Into<String>,
    cause: impl std::error::Error + Send + Sync + 'static,
) -> Error {
    Error::new(kind, message).with_source(cause)
}

fn left_behind(imported: ObjectId, tip: ObjectId, shallow: bool) -> Error {
    let message = if shallow {
        format!(
            "git history does not reach the imported commit {imported}: the clone of {tip} is \
             shallow; fetch more of it, or import into a new session"
        )
    } else {
        format!(
            "git history was rewritten: the imported commit {imported} is not on the first-parent \
             line of {tip}; import into a new session"
        )
    };
    Error::new(ErrorKind::Conflict, message)
}
