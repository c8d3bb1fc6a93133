//! Commits in groups, whose trees and blobs are read newest first where that is shorter.
//!
//! When git packs, it keeps an object as a change of a later one, that of a still later one, and so
//! on up to fifty times. Read oldest first, each takes all of these steps; newest first, each takes
//! one, from the one that was read before.

use gix::ObjectId;
use partita::{Error, Result};

use super::changes::Change;
use super::commit::Commit;
use super::source::Source;

/// Commits of a group: at first, so that a short history is begun at once, and at the most.
const COMMITS: (usize, usize) = (32, 1 << 10);

/// Bytes of messages, and changes, after which a group ends: they are in memory together.
const MESSAGES_BYTES: usize = 4 << 20;
const CHANGES: usize = 8 << 10;

/// Bytes of trees beyond which a group's do not stay until they are compared.
const TREES_BYTES: usize = 16 << 20;

/// Commits with what they change, and why there are no more of them.
pub(super) struct Group {
    pub(super) commits: Vec<(Commit, Vec<Change>)>,
    pub(super) failed: Option<Error>,
}

/// The commits of a line, in groups.
pub(super) struct Ahead<'a> {
    source: &'a Source,
    left: &'a [ObjectId],
    /// Whether the next commit is the line's first, all of whose tree is new.
    is_first: bool,
    /// Commits that the next group may have.
    commits: usize,
    /// Commits that were read, but were not compared for those before them changed too much.
    read: Vec<Commit>,
}

impl<'a> Ahead<'a> {
    pub(super) fn new(source: &'a Source, commits: &'a [ObjectId], is_first: bool) -> Self {
        Ahead { source, left: commits, is_first, commits: COMMITS.0, read: Vec::new() }
    }

    /// Returns the next group, or none at the end.
    pub(super) fn next(&mut self) -> Option<Group> {
        let mut failed = self.read().err();
        if self.read.is_empty() && failed.is_none() {
            return None;
        }
        let is_ahead = self.source.keeps_newest_whole(&self.read);
        let trees = if is_ahead { self.source.trees_ahead(&self.read) } else { 0 };
        let mut commits = Vec::with_capacity(self.read.len());
        let mut changed = 0;
        let mut read = std::mem::take(&mut self.read).into_iter();
        while changed < CHANGES
            && let Some(commit) = read.next()
        {
            match self.source.changes(&commit, std::mem::take(&mut self.is_first)) {
                Ok(changes) => {
                    changed += changes.len();
                    commits.push((commit, changes));
                }
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        if read.len() > 0 && changed >= CHANGES {
            // Why one could not be read is said when those before it are recorded.
            failed = None;
        }
        self.read = read.collect();
        let all = commits.iter().flat_map(|(_, changes): &(Commit, Vec<Change>)| changes);
        let all = all.filter(|_| is_ahead);
        let has_room = self.source.blobs_ahead(all) && trees < TREES_BYTES && changed < CHANGES;
        self.commits = match has_room {
            true => (self.commits * 2).min(COMMITS.1),
            false => (self.commits / 2).max(1),
        };
        Some(Group { commits, failed })
    }

    /// Reads the commits of the next group.
    fn read(&mut self) -> Result<()> {
        let mut messages: usize = self.read.iter().map(|commit| commit.message.len()).sum();
        while self.read.len() < self.commits
            && messages < MESSAGES_BYTES
            && let Some(id) = self.left.first()
        {
            let commit = self.source.commit(*id)?;
            messages += commit.message.len();
            self.read.push(commit);
            self.left = &self.left[1..];
        }
        Ok(())
    }
}
