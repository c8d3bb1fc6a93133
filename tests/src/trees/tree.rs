//! Trees of files, as git and partita both have them.

use std::collections::{BTreeMap, BTreeSet};

use partita::{FilePath, NewEntry};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A regular file.
    File,
    /// A file that may be executed.
    Executable,
    /// A symbolic link.
    Link,
    /// A commit of another repository.
    Commit,
}

/// A file: what it is, and its bytes, its target, or its commit's id.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// What it is.
    pub(super) kind: Kind,
    /// What it holds.
    pub(super) bytes: Vec<u8>,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The seed makes the rest again.
        let bytes = &self.bytes[..self.bytes.len().min(60)];
        write!(f, "{:?} {} {:?}", self.kind, self.bytes.len(), String::from_utf8_lossy(bytes))
    }
}

impl Node {
    /// Makes a file.
    pub(super) fn new(kind: Kind, bytes: impl Into<Vec<u8>>) -> Self {
        Node { kind, bytes: bytes.into() }
    }

    /// Returns the mode that git has for it.
    pub(super) fn mode(&self) -> &'static str {
        match self.kind {
            Kind::File => "100644",
            Kind::Executable => "100755",
            Kind::Link => "120000",
            Kind::Commit => "160000",
        }
    }

    /// Returns what partita writes.
    pub(super) fn entry(&self) -> NewEntry {
        match self.kind {
            Kind::File => NewEntry::file(&self.bytes),
            Kind::Executable => NewEntry::file(&self.bytes).executable(),
            Kind::Link => NewEntry::symlink(&self.bytes),
            Kind::Commit => NewEntry::submodule(&self.bytes),
        }
    }

    /// Returns its bytes as a text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        let is_file = matches!(self.kind, Kind::File | Kind::Executable);
        std::str::from_utf8(&self.bytes).ok().filter(|text| is_file && !text.contains('\0'))
    }
}

/// Files by their paths.
pub(super) type Tree = BTreeMap<FilePath, Node>;

/// A change of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A path holds this.
    Write(FilePath, Node),
    /// A path holds nothing.
    Remove(FilePath),
    /// A file has another path.
    Rename(FilePath, FilePath),
}

impl Change {
    /// Changes a tree; says whether it could.
    pub(super) fn apply(&self, tree: &mut Tree) -> bool {
        match self {
            Change::Write(path, node) if is_free(tree, path) => {
                tree.get(path) != Some(node)
                    && tree.insert(path.clone(), node.clone()) != Some(node.clone())
            }
            Change::Remove(path) => tree.remove(path).is_some(),
            Change::Rename(from, to) if from != to => {
                let Some(node) = tree.remove(from) else { return false };
                let is_free = is_free(tree, to);
                tree.insert(if is_free { to } else { from }.clone(), node);
                is_free
            }
            Change::Write(..) | Change::Rename(..) => false,
        }
    }
}

/// Tells whether a file may stand at a path: none stands above or below.
pub(super) fn is_free(tree: &Tree, path: &FilePath) -> bool {
    let below = [path.as_bytes(), b"/"].concat();
    let is_above = |other: &FilePath| {
        path.as_bytes().strip_prefix(other.as_bytes()).is_some_and(|rest| rest.starts_with(b"/"))
    };
    !tree.keys().any(|other| other.as_bytes().starts_with(&below) || is_above(other))
}

/// What became of a merge.
#[derive(Clone, Debug, Default)]
pub(super) struct Merged {
    /// The files, with whatever stands at paths in conflict.
    pub(super) tree: Tree,
    /// Paths in conflict.
    pub(super) conflicts: Vec<FilePath>,
    /// What kinds of conflicts there are.
    pub(super) kinds: Vec<String>,
    /// Conflicts that were told of, although all is clean.
    pub(super) settled: Vec<String>,
}

/// Returns the paths at which two merges differ, those in conflict in either aside.
pub(super) fn differing<'a>(here: &'a Merged, there: &'a Merged) -> Vec<&'a FilePath> {
    let paths: BTreeSet<&FilePath> = here.tree.keys().chain(there.tree.keys()).collect();
    let in_conflict: BTreeSet<&FilePath> = here.conflicts.iter().chain(&there.conflicts).collect();
    let unlike = paths.into_iter().filter(|path| here.tree.get(*path) != there.tree.get(*path));
    unlike.filter(|path| !in_conflict.contains(path)).collect()
}

/// Refuses two clean trees that differ.
///
/// # Errors
/// Where they do.
pub(super) fn agree(here: &Merged, there: &Merged) -> Result<(), String> {
    if here.conflicts.is_empty() && there.kinds.is_empty() {
        let paths = differing(here, there);
        if let Some(path) = paths.first() {
            let (ours, theirs) = (here.tree.get(*path), there.tree.get(*path));
            return Err(format!("both are clean, and {path} is {ours:?} here, {theirs:?} in git"));
        }
    }
    Ok(())
}
