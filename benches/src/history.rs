//! Release histories: real versions of real files, as git repositories made by `scripts/releases.sh`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Options, Result};

const CRATES: [(&str, &[&str]); 3] = [
    (
        "tokio",
        &[
            "1.18.0", "1.19.0", "1.20.0", "1.21.0", "1.22.0", "1.23.0", "1.24.0", "1.25.0",
            "1.26.0", "1.27.0", "1.28.0", "1.29.0", "1.30.0", "1.31.0", "1.32.0", "1.33.0",
            "1.34.0", "1.35.0", "1.36.0", "1.37.0", "1.38.0", "1.39.3", "1.40.0",
        ],
    ),
    (
        "syn",
        &[
            "2.0.0", "2.0.5", "2.0.10", "2.0.15", "2.0.20", "2.0.25", "2.0.30", "2.0.35", "2.0.40",
            "2.0.45", "2.0.50", "2.0.55", "2.0.60", "2.0.65", "2.0.70", "2.0.75", "2.0.80",
            "2.0.85",
        ],
    ),
    (
        "serde",
        &[
            "1.0.150", "1.0.155", "1.0.160", "1.0.165", "1.0.170", "1.0.175", "1.0.180", "1.0.185",
            "1.0.190", "1.0.195", "1.0.200", "1.0.205",
        ],
    ),
];

/// What one release changed.
#[derive(Clone, Debug)]
pub(crate) struct Release {
    pub(crate) message: String,
    /// Path and the index of its new content, or none where it is gone.
    pub(crate) changes: Vec<(String, Option<usize>)>,
}

/// A whole history in memory, each distinct content once, oldest first.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) repository: PathBuf,
    pub(crate) releases: Vec<Release>,
    pub(crate) contents: Vec<Vec<u8>>,
    /// git's ids of the contents, in the same order.
    pub(crate) git_ids: Vec<git2::Oid>,
}

impl History {
    /// Makes the repository on first use, and reads it.
    pub(crate) fn load(options: &Options) -> Result<Self> {
        let repository = options.data.join("releases");
        if !repository.join("complete").exists() {
            if repository.exists() {
                std::fs::remove_dir_all(&repository)?;
            }
            std::fs::create_dir_all(&options.data)?;
            for (name, versions) in CRATES {
                eprintln!("fetching {} releases of {name}", versions.len());
                let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/releases.sh");
                let status =
                    Command::new(script).arg(&repository).arg(name).args(versions).status()?;
                if !status.success() {
                    return Err(format!("scripts/releases.sh failed for {name}").into());
                }
            }
            std::fs::write(repository.join("complete"), "")?;
        }
        Self::read(repository)
    }

    fn read(repository: PathBuf) -> Result<Self> {
        let git = git2::Repository::open(&repository)?;
        let mut walk = git.revwalk()?;
        walk.push_head()?;
        walk.set_sorting(git2::Sort::TOPOLOGICAL | git2::Sort::REVERSE)?;
        let mut history =
            History { repository, releases: Vec::new(), contents: Vec::new(), git_ids: Vec::new() };
        let mut index = std::collections::HashMap::new();
        let mut previous: Option<git2::Tree<'_>> = None;
        for id in walk {
            let commit = git.find_commit(id?)?;
            let tree = commit.tree()?;
            let diff = git.diff_tree_to_tree(previous.as_ref(), Some(&tree), None)?;
            let mut changes = Vec::new();
            for delta in diff.deltas() {
                let file = delta.new_file();
                let path = file.path().or(delta.old_file().path()).expect("a delta has a path");
                let path = path.to_str().ok_or("a path is not UTF-8")?.to_owned();
                let content = match file.id() {
                    id if id.is_zero() => None,
                    id => Some(match index.get(&id) {
                        Some(&at) => at,
                        None => {
                            history.contents.push(git.find_blob(id)?.content().to_vec());
                            history.git_ids.push(id);
                            index.insert(id, history.contents.len() - 1);
                            history.contents.len() - 1
                        }
                    }),
                };
                changes.push((path, content));
            }
            let message = String::from_utf8_lossy(commit.message_bytes()).trim().to_owned();
            history.releases.push(Release { message, changes });
            previous = Some(tree);
        }
        Ok(history)
    }

    /// The bytes of all versions of all files, those that came twice counted twice.
    pub(crate) fn raw_bytes(&self) -> u64 {
        let changes = self.releases.iter().flat_map(|release| &release.changes);
        changes.filter_map(|change| change.1).map(|at| self.contents[at].len() as u64).sum()
    }

    /// Paths that were ever there.
    pub(crate) fn paths(&self) -> usize {
        let changes = self.releases.iter().flat_map(|release| &release.changes);
        changes.map(|change| &change.0).collect::<HashSet<_>>().len()
    }
}
