//! Merges of trees by git.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use partita::FilePath;
use tempfile::TempDir;

use crate::git::{Blobs, Git};

use super::tree::{Kind, Merged, Node, Tree};

/// A repository without a work tree, in which git merges.
#[derive(Debug)]
pub(super) struct Beside {
    git: Git,
    blobs: Blobs,
    known: HashMap<String, Vec<u8>>,
    _room: TempDir,
}

impl Beside {
    /// Makes an empty one.
    ///
    /// # Errors
    /// That there is no room.
    pub(super) fn new() -> Result<Self, String> {
        Beside::with(None)
    }

    /// Makes one that borrows the objects of a repository, in which nothing is written.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(super) fn borrowing(repository: &Path) -> Result<Self, String> {
        let args = ["rev-parse", "--path-format=absolute", "--git-path", "objects"];
        Beside::with(Some(Git::at(repository).run(args)))
    }

    fn with(objects: Option<Vec<u8>>) -> Result<Self, String> {
        let room = tempfile::tempdir().map_err(|error| error.to_string())?;
        let git = Git::at(room.path());
        git.run(["init", "--quiet", "--bare"]);
        if let Some(objects) = objects {
            let file = room.path().join("objects/info/alternates");
            std::fs::write(file, objects).map_err(|error| error.to_string())?;
        }
        let blobs = git.blobs();
        Ok(Beside { git, blobs, known: HashMap::new(), _room: room })
    }

    /// Commits a tree and two that come from it, and merges these: ours and theirs.
    ///
    /// # Errors
    /// What git says.
    pub(super) fn merge_trees(&mut self, base: &Tree, sides: [&Tree; 2]) -> Result<Merged, String> {
        let mut stream = Vec::new();
        commit(&mut stream, "base", 1, &[], base);
        commit(&mut stream, "ours", 2, &[1], sides[0]);
        commit(&mut stream, "theirs", 3, &[1], sides[1]);
        self.git.fast_import(&stream);
        self.merge("base", ["ours", "theirs"], &[])
    }

    /// Merges two commits that come from a third.
    ///
    /// # Errors
    /// What git says.
    pub(super) fn merge(
        &mut self,
        base: &str,
        sides: [&str; 2],
        more: &[&str],
    ) -> Result<Merged, String> {
        let mut command = self.git.command();
        for setting in ["directoryRenames=false", "renames=true", "conflictStyle=diff3"] {
            command.arg("-c").arg(format!("merge.{setting}"));
        }
        command.args(["merge-tree", "--write-tree", "-z", "--messages", "--merge-base", base]);
        let output = command.args(more).args(sides).output().map_err(|error| error.to_string())?;
        if !matches!(output.status.code(), Some(0 | 1)) {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let is_clean = output.status.success();
        let mut records = output.stdout.split(|byte| *byte == 0);
        let tree = String::from_utf8_lossy(records.next().unwrap_or_default()).into_owned();
        let mut stages: BTreeMap<FilePath, BTreeSet<u8>> = BTreeMap::new();
        for row in records.by_ref().take_while(|row| !row.is_empty()) {
            let tab = row.iter().position(|byte| *byte == b'\t').ok_or("a row has no tab")?;
            let path = FilePath::new(&row[tab + 1..]).map_err(|error| error.to_string())?;
            stages.entry(path).or_default().insert(row[tab - 1]);
        }
        // What a rename left behind is in conflict elsewhere.
        let conflicts = stages.into_iter().filter(|(_, stages)| *stages != BTreeSet::from([b'1']));
        let kinds: BTreeSet<String> = records
            .map(|record| String::from_utf8_lossy(record).into_owned())
            .filter(|record| record.starts_with("CONFLICT") && record.ends_with(')'))
            .collect();
        let mut merged = Merged {
            tree: self.tree(&tree)?,
            conflicts: conflicts.map(|(path, _)| path).collect(),
            kinds: kinds.into_iter().collect(),
            settled: Vec::new(),
        };
        match is_clean {
            true => merged.settled = std::mem::take(&mut merged.kinds),
            false if merged.kinds.is_empty() => merged.kinds.push("a conflict".to_owned()),
            false => {}
        }
        if is_clean && !merged.conflicts.is_empty() {
            return Err(format!("git says that all is clean, and lists {:?}", merged.conflicts));
        }
        Ok(merged)
    }

    /// Reads a tree, or a commit's.
    ///
    /// # Errors
    /// That it has a path which partita never has.
    pub(super) fn tree(&mut self, id: &str) -> Result<Tree, String> {
        let mut tree = Tree::new();
        for entry in self.git.tree(id) {
            let path = FilePath::new(&entry.path).map_err(|error| error.to_string())?;
            let kind = match &*entry.mode {
                "100644" => Kind::File,
                "100755" => Kind::Executable,
                "120000" => Kind::Link,
                "160000" => Kind::Commit,
                mode => return Err(format!("{path} has the mode {mode}")),
            };
            let bytes = match kind {
                Kind::Commit => entry.id.clone().into_bytes(),
                _ => self.blob(&entry.id),
            };
            tree.insert(path, Node::new(kind, bytes));
        }
        Ok(tree)
    }

    fn blob(&mut self, id: &str) -> Vec<u8> {
        if let Some(bytes) = self.known.get(id) {
            return bytes.clone();
        }
        let bytes = self.blobs.read(id);
        self.known.insert(id.to_owned(), bytes.clone());
        bytes
    }
}

/// Adds a commit of a tree to a stream for `git fast-import`: its branch, its mark, its parents' marks.
pub(super) fn commit(
    stream: &mut Vec<u8>,
    branch: &str,
    mark: usize,
    parents: &[usize],
    tree: &Tree,
) {
    let head =
        format!("commit refs/heads/{branch}\nmark :{mark}\ncommitter A <a@b> {mark} +0000\n");
    stream.extend(head.as_bytes());
    stream.extend(b"data 0\n");
    for (word, parent) in ["from", "merge"].iter().zip(parents) {
        stream.extend(format!("{word} :{parent}\n").as_bytes());
    }
    stream.extend(b"deleteall\n");
    for (path, node) in tree {
        let head = format!("M {} inline {path}\ndata {}\n", node.mode(), node.bytes.len());
        stream.extend(head.as_bytes());
        stream.extend(&node.bytes);
        stream.extend(b"\n");
    }
}
