//! The repository that is read: its first-parent line, its commits, its blobs.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::hash::RandomState;
use std::io::Read as _;
use std::path::Path;

use gix::ObjectId;
use partita::{Error, ErrorKind, FilePath, Result};

pub(crate) use super::blobs::Blob;
use super::blobs::{Blobs, bases};
use super::changes::{self, Change, Differ};
use super::commit::{Commit, Signature};
use super::limits::Limits;
use super::repository::{failed, no_blob, open};
use super::sum::Sum;
use super::tree::{self, Malformed};
use super::trees::{Fault, Trees, Why};
use super::value::{Value, ValueKind};

/// Bytes of decoded objects, trees above all, that are kept for the next commit's diff.
const OBJECT_CACHE_BYTES: usize = 32 << 20;

/// Bytes of decoded trees that are kept for those that git keeps as changes of them.
const BASES_BYTES: usize = 8 << 20;

/// Commits of which is asked how many steps lead to their trees.
const STEPS_COMPARED: usize = 32;

/// Characters of an entry's path that an error shows.
const ENTRY_CHARS_MAX: usize = 200;

/// A git repository opened for reading, free of any configuration but its own format.
///
/// Replacement refs and grafts are ignored and no attribute, filter or driver is consulted: what
/// is read depends on the objects alone, so that an import makes the same ids everywhere.
pub(crate) struct Source {
    /// Reads no object beyond the size that trees and commits may have.
    repository: gix::Repository,
    blobs: Blobs,
    differ: RefCell<Differ>,
    trees: Trees,
    limits: Limits,
    /// The commit whose changes were asked for last.
    last: Cell<Option<Commit>>,
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
        Source::open_within(path, Limits::default())
    }

    pub(super) fn open_within(path: &Path, limits: Limits) -> Result<Source> {
        let shown = path.display();
        let not_found = |what: String| Error::new(ErrorKind::NotFound, what);
        match std::fs::metadata(path) {
            Ok(found) if found.is_file() && !is_git_file(path) => {
                // What the file holds is nobody's business here.
                return Err(not_found(format!("{shown} is a file, and no git repository")));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(not_found(format!("{shown} does not exist")));
            }
            _ => {}
        }
        let mut repository = open(path, limits.object_bytes).map_err(|error| {
            let none = std::fs::metadata(path).is_ok_and(|found| found.is_dir())
                && !path.join(".git").exists()
                && !path.join("objects").exists();
            match none {
                true => not_found(format!("{shown} is not a git repository")),
                false => failed(
                    ErrorKind::NotFound,
                    format!("{shown} cannot be opened as a git repository"),
                    error,
                ),
            }
        })?;
        repository.object_cache_size(OBJECT_CACHE_BYTES);
        repository.objects.set_pack_cache(|| Box::new(bases(BASES_BYTES)));
        let differ = RefCell::new(Differ::new(repository.object_hash()));
        let trees = Trees::new(limits, RandomState::new());
        let (blobs, last) = (Blobs::new(repository.path(), limits), Cell::new(None));
        Ok(Source { repository, blobs, differ, trees, limits, last })
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
        let object = match self.repository.try_find_object(id) {
            Ok(Some(object)) => object,
            Ok(None) => return Err(self.missing(id)),
            Err(error) => {
                let message = match self.repository.try_find_header(id) {
                    Ok(Some(header)) if header.size() > self.limits.object_bytes => {
                        let (size, limit) = (header.size(), self.limits.object_bytes);
                        return Err(Error::new(
                            ErrorKind::Invalid,
                            format!(
                                "git object {id} has {size} bytes, beyond the limit of {limit}"
                            ),
                        ));
                    }
                    _ => format!("git commit {id} cannot be read"),
                };
                return Err(failed(ErrorKind::Corrupt, message, error));
            }
        };
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
    ///
    /// Every tree on the way is sound, and the changes lead from one tree to the other: both are
    /// checked. An error names the commit, the tree and the entry.
    pub(crate) fn changes(&self, commit: &Commit, first: bool) -> Result<Vec<Change>> {
        let before = match (commit.parent.filter(|_| !first), self.last.take()) {
            (Some(parent), Some(last)) if last.id == parent => Some(last),
            (Some(parent), _) => Some(self.commit(parent)?),
            (None, _) => None,
        };
        // The next commit's parent, as far as a difference wants to know it.
        self.last.set(Some(Commit {
            author: Signature::default(),
            committer: Signature::default(),
            message: Vec::new(),
            ..*commit
        }));
        let after = self.sum(commit)?;
        if before.as_ref().map(|parent| parent.tree) == Some(commit.tree) {
            return Ok(Vec::new());
        }
        let was = before.as_ref().map(|parent| self.sum(parent)).transpose()?.unwrap_or_default();
        let doing = |error: Error| error.context(format!("git commit {}", commit.id));
        let reader = self.trees.reader(&self.repository);
        let tree = before.as_ref().map(|parent| parent.tree);
        let mut differ = self.differ.borrow_mut();
        let changes =
            changes::between(&mut differ, &reader, tree, commit.tree).or_else(|error| {
                let plain = changes::identical(&mut differ, &reader, tree, commit.tree)?;
                self.look(before.as_ref(), commit, &plain)?;
                Err(doing(error))
            })?;
        if changes::sum(&self.trees.summer, was, &changes) != after {
            let message = format!(
                "the changes found lead to something else than its tree {}: nothing of it was \
                 recorded; this is a fault of partita",
                commit.tree
            );
            return Err(doing(Error::new(ErrorKind::Corrupt, message)));
        }
        Ok(changes)
    }

    /// Looks for a changed file whose object is missing or of another kind, which is an error.
    fn look(&self, before: Option<&Commit>, commit: &Commit, changes: &[Change]) -> Result<()> {
        let look = |commit: Option<&Commit>, path: &FilePath, value: &Value| {
            let Some(commit) = commit.filter(|_| value.kind != ValueKind::Submodule) else {
                return Ok(());
            };
            self.blob_size(value.id)
                .map(drop)
                .map_err(|error| self.at_path(commit, path.as_bytes(), error))
        };
        for change in changes {
            match change {
                Change::Rename { from, to, was, value } => {
                    look(before, from, was)?;
                    look(Some(commit), to, value)?;
                }
                Change::Remove { path, was } => look(before, path, was)?,
                Change::Put { path, value, was } => {
                    if let Some(was) = was {
                        look(before, path, was)?;
                    }
                    look(Some(commit), path, value)?;
                }
            }
        }
        Ok(())
    }

    /// Looks at all trees of a commit that were not looked at before; returns the sum of its files.
    fn sum(&self, commit: &Commit) -> Result<Sum> {
        self.trees.sum(&self.repository, commit.tree).map_err(|Fault { tree, entry, why }| {
            let error = match why {
                Why::Missing(id) => self.missing(id),
                Why::Unreadable(id, cause) => {
                    failed(ErrorKind::Corrupt, format!("git object {id} cannot be read"), cause)
                }
                Why::Malformed(why) => Error::new(ErrorKind::Corrupt, why),
            };
            self.at(commit, tree, &entry, error)
        })
    }

    /// Says of an error where it was met.
    fn at(&self, commit: &Commit, tree: ObjectId, entry: &[u8], error: Error) -> Error {
        let entry: String = String::from_utf8_lossy(entry).chars().take(ENTRY_CHARS_MAX).collect();
        let place = match &*entry {
            "" => format!("git commit {}: tree {tree}", commit.id),
            entry => format!("git commit {}: tree {tree}: entry {entry:?}", commit.id),
        };
        error.context(place)
    }

    /// Says of an error that a commit's entry met which tree holds the entry.
    pub(crate) fn at_path(&self, commit: &Commit, path: &[u8], error: Error) -> Error {
        let holder = self.trees.holder(&self.repository, commit.tree, path);
        self.at(commit, holder.unwrap_or(commit.tree), path, error)
    }

    /// Makes the error of an object that is not there.
    fn missing(&self, id: ObjectId) -> Error {
        let message = if self.is_partial() {
            format!(
                "git object {id} is missing: the repository is a partial clone, which lacks what \
                 git did not need yet; fetch all of it with `git fetch --refetch --no-filter`, or \
                 clone it again without --filter"
            )
        } else {
            format!("git object {id} is missing: the repository is damaged, see `git fsck`")
        };
        Error::new(ErrorKind::NotFound, message)
    }

    /// Tells whether objects may be missing here because another repository promised them.
    fn is_partial(&self) -> bool {
        let packs = self.repository.objects.store_ref().path().join("pack");
        let mut files = std::fs::read_dir(packs).into_iter().flatten().flatten();
        files.any(|file| file.path().extension().is_some_and(|end| end == "promisor"))
    }

    /// Reads a blob whole, as it is stored: without filters or conversion of line ends. Its size is
    /// asked first.
    pub(crate) fn blob(&self, id: ObjectId) -> Result<Blob> {
        self.blobs.read(&self.repository, id)?.ok_or_else(|| self.missing(id))
    }

    /// Tells whether git keeps the trees of commits, oldest first, as changes of later ones. It does
    /// so when it packs, but not for what `fast-import` wrote.
    pub(crate) fn keeps_newest_whole(&self, commits: &[Commit]) -> bool {
        let steps = |commit: &Commit| {
            let header = self.repository.try_find_header(commit.tree).ok()??;
            header.num_deltas()
        };
        let steps: Vec<_> = commits.iter().take(STEPS_COMPARED).map(steps).collect();
        let (mut later, mut earlier) = (0, 0);
        for pair in steps.windows(2) {
            later += usize::from(pair[1] < pair[0]);
            earlier += usize::from(pair[1] > pair[0]);
        }
        later > earlier
    }

    /// Looks at the trees of commits ahead, oldest commit first, and keeps what was read of them as
    /// far as there is room. Returns the bytes of the trees that were not looked at before.
    ///
    /// The newest are read first. What is wrong with one is for whoever comes to its commit.
    pub(crate) fn trees_ahead(&self, commits: &[Commit]) -> usize {
        let before = self.trees.bytes_read();
        for commit in commits.iter().rev() {
            if self.trees.sum(&self.repository, commit.tree).is_err() {
                break;
            }
        }
        self.trees.bytes_read() - before
    }

    /// Reads what changes bring ahead, oldest change first; returns whether there was room for all.
    pub(crate) fn blobs_ahead<'a>(
        &self,
        changes: impl DoubleEndedIterator<Item = &'a Change>,
    ) -> bool {
        self.blobs.read_ahead(changes.rev().filter_map(Change::blob))
    }

    /// Returns the bytes of a blob by its header.
    pub(crate) fn blob_size(&self, id: ObjectId) -> Result<u64> {
        match self.repository.try_find_header(id) {
            Ok(Some(header)) if header.kind() == gix::objs::Kind::Blob => Ok(header.size()),
            Ok(Some(header)) => Err(no_blob(id, header.kind())),
            Ok(None) => Err(self.missing(id)),
            Err(error) => {
                Err(failed(ErrorKind::Corrupt, format!("git object {id} cannot be read"), error))
            }
        }
    }

    /// Returns the bytes beyond which a blob is too large.
    pub(crate) fn blob_bytes_max(&self) -> u64 {
        self.limits.blob_bytes
    }

    /// Lists all files of a commit: each tree read anew, and held against its own id.
    pub(crate) fn listing(&self, commit: &Commit) -> Result<BTreeMap<Vec<u8>, Value>> {
        let mut files = BTreeMap::new();
        let mut pending = vec![(Vec::new(), commit.tree)];
        while let Some((path, id)) = pending.pop() {
            let data = self.verified(id, gix::objs::Kind::Tree)?;
            let (entries, _) = tree::parse(&data, id.kind(), self.limits.tree_entries).map_err(
                |Malformed { name, why }| {
                    self.at(commit, id, &name, Error::new(ErrorKind::Corrupt, why))
                },
            )?;
            for entry in entries {
                let mut below = path.clone();
                if !below.is_empty() {
                    below.push(b'/');
                }
                below.extend_from_slice(entry.name);
                match entry.kind {
                    tree::EntryKind::Tree => pending.push((below, entry.id.into())),
                    tree::EntryKind::Value(kind) => {
                        files.insert(below, Value { kind, id: entry.id.into() });
                    }
                }
            }
        }
        Ok(files)
    }

    /// Reads an object and refuses one whose bytes are not those that its id says.
    pub(crate) fn verified(&self, id: ObjectId, kind: gix::objs::Kind) -> Result<Vec<u8>> {
        let data = match kind {
            gix::objs::Kind::Blob => match self.blob(id)? {
                Blob::Bytes(data) => data,
                Blob::TooLarge(_) => {
                    return Err(Error::new(ErrorKind::Invalid, "a blob too large"));
                }
            },
            _ => match self.repository.try_find_object(id) {
                Ok(Some(object)) => object.detach().data,
                Ok(None) => return Err(self.missing(id)),
                Err(error) => {
                    let message = format!("git object {id} cannot be read");
                    return Err(failed(ErrorKind::Corrupt, message, error));
                }
            },
        };
        match gix::objs::compute_hash(id.kind(), kind, &data) {
            Ok(found) if found == id => Ok(data),
            _ => Err(Error::new(
                ErrorKind::Corrupt,
                format!("git {kind} {id} has other bytes than its id says; see `git fsck`"),
            )),
        }
    }
}

/// Tells whether a file begins as one that leads to a repository does.
fn is_git_file(path: &Path) -> bool {
    let mut head = [0; 8];
    std::fs::File::open(path).is_ok_and(|mut file| file.read_exact(&mut head).is_ok())
        && &head == b"gitdir: "
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
