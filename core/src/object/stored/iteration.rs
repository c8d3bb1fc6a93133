//! Iterations: the versions of a file.

use super::{BodyReader, BodyWriter, Canonical, FilePath, Kind, RefReader};
use crate::codec::malformed;
use crate::error::Result;
use crate::id::{ContentId, IterationId, MemoryId, ObjectId};
use crate::limits::{PARENTS_MAX, PATH_BYTES_MAX};

/// Bytes of a submodule's commit id at the most: SHA-1 has 20, SHA-256 has 32.
const COMMIT_BYTES_MAX: usize = 64;

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    /// A regular file.
    File {
        /// Its bytes.
        content: ContentId,
        /// Whether it may be executed.
        executable: bool,
    },
    /// A symbolic link.
    Symlink {
        /// The content whose bytes are the target, kept as they came.
        target: ContentId,
    },
    /// Another repository at a commit, recorded and not followed.
    Submodule {
        /// The raw bytes of the commit's id.
        commit: Vec<u8>,
    },
    /// Nothing any more; the line of iterations goes on from here if the path comes back.
    Removed,
}

impl Entry {
    /// Returns the content that holds the bytes, where the entry has one.
    pub fn content(&self) -> Option<ContentId> {
        match self {
            Entry::File { content, .. } | Entry::Symlink { target: content } => Some(*content),
            Entry::Submodule { .. } | Entry::Removed => None,
        }
    }

    /// Tells whether the path holds nothing any more.
    pub fn is_removed(&self) -> bool {
        matches!(self, Entry::Removed)
    }

    pub(crate) fn encode(&self, refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        let tag = match self {
            Entry::Removed => 0,
            Entry::File { executable: false, .. } => 1,
            Entry::File { executable: true, .. } => 2,
            Entry::Symlink { .. } => 3,
            Entry::Submodule { .. } => 4,
        };
        body.0.uint(tag);
        refs.extend(self.content().map(|content| content.id()));
        if let Entry::Submodule { commit } = self {
            body.0.bytes(commit);
        }
    }

    pub(crate) fn decode(refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        Ok(match body.0.uint()? {
            0 => Entry::Removed,
            tag @ (1 | 2) => {
                Entry::File { content: ContentId::new(refs.next()?), executable: tag == 2 }
            }
            3 => Entry::Symlink { target: ContentId::new(refs.next()?) },
            4 => Entry::Submodule {
                commit: body.0.bytes(COMMIT_BYTES_MAX, "a submodule's commit")?.to_vec(),
            },
            tag => return Err(malformed(format!("entry tag {tag}"))),
        })
    }
}

/// One version of the file at one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Iteration {
    /// Where it is.
    pub path: FilePath,
    /// Counts from 1 along a path's line; never used twice on it.
    pub number: u64,
    /// What is there.
    pub entry: Entry,
    /// What it came from: first the iteration before (after a rename, the source's), then others.
    pub parents: Vec<IterationId>,
    /// An ancestor further back, where that differs from the first parent.
    pub jump: Option<IterationId>,
    /// The memory that holds the call which made it.
    pub cause: Option<MemoryId>,
}

impl Canonical for Iteration {
    const KIND: Kind = Kind::ITERATION;
    const VERSION: u16 = 1;

    fn encode(&self, refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        body.0.bytes(self.path.as_bytes());
        self.entry.encode(refs, body);
        body.0.uint(self.parents.len() as u64);
        refs.extend(self.parents.iter().map(|id| id.id()));
        let flags = u64::from(self.jump.is_some()) | u64::from(self.cause.is_some()) << 1;
        body.0.uint(flags).uint(self.number);
        refs.extend(self.jump.map(|id| id.id()));
        refs.extend(self.cause.map(|id| id.id()));
    }

    fn decode(_version: u16, refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let path = FilePath::new(body.0.bytes(PATH_BYTES_MAX, "a path")?)
            .map_err(|error| malformed(error.to_string()))?;
        let entry = Entry::decode(refs, body)?;
        let parents = body.0.count(PARENTS_MAX, "the number of parents")?;
        let parents = refs.take(parents)?.into_iter().map(IterationId::new).collect();
        let flags = body.0.bounded(3, "iteration flags")?;
        let number = body.0.uint()?;
        let jump = if flags & 1 != 0 { Some(IterationId::new(refs.next()?)) } else { None };
        let cause = if flags & 2 != 0 { Some(MemoryId::new(refs.next()?)) } else { None };
        Ok(Iteration { path, number, entry, parents, jump, cause })
    }
}
