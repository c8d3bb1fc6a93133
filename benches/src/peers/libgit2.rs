//! libgit2: loose objects, each synced, and a commit a step.

use std::path::Path;

use git2::build::TreeUpdateBuilder;
use git2::{FileMode, Repository, Signature, Time};

use crate::Result;
use crate::measure::Contender;
use crate::work::{File, Step};

/// A bare repository that syncs each object and ref.
pub(crate) struct LibGit2 {
    repository: Repository,
    memories: usize,
}

impl LibGit2 {
    pub(crate) fn new(dir: &Path, files: &[File]) -> Result<Self> {
        let repository = Repository::init_bare(dir.join("libgit2.git"))?;
        let mut git = LibGit2 { repository, memories: 0 };
        let changes: Vec<(String, &[u8])> =
            files.iter().map(|file| (file.path.clone(), &file.bytes[..])).collect();
        git.commit(&changes)?;
        // What is there before is not what is measured, so only the steps pay for syncs.
        git.repository.config()?.set_bool("core.fsyncObjectFiles", true)?;
        git.repository = Repository::open_bare(git.repository.path())?;
        Ok(git)
    }

    fn commit(&mut self, changes: &[(String, &[u8])]) -> Result<()> {
        let git = &self.repository;
        let parent = git.head().ok().map(|head| head.peel_to_commit()).transpose()?;
        let base = match &parent {
            Some(parent) => parent.tree()?,
            None => git.find_tree(git.treebuilder(None)?.write()?)?,
        };
        let mut update = TreeUpdateBuilder::new();
        for (path, bytes) in changes {
            update.upsert(path.as_str(), git.blob(bytes)?, FileMode::Blob);
        }
        let tree = git.find_tree(update.create_updated(git, &base)?)?;
        let who = Signature::new("bench", "bench@example.invalid", &Time::new(1_600_000_000, 0))?;
        let parents: Vec<_> = parent.iter().collect();
        git.commit(Some("HEAD"), &who, &who, "step", &tree, &parents)?;
        Ok(())
    }
}

impl Contender for LibGit2 {
    fn name(&self) -> String {
        "libgit2, loose objects with fsync".into()
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        let mut changes = vec![(step.path.clone(), &step.bytes[..])];
        for text in &step.said {
            changes.push((memory_path(self.memories), text.as_bytes()));
            self.memories += 1;
        }
        self.commit(&changes)
    }
}

/// Where a memory lies in a git tree: a hundred in a directory keeps trees small.
pub(crate) fn memory_path(number: usize) -> String {
    format!("memories/{:03}/{number:06}", number / 100)
}
