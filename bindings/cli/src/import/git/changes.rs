//! What a commit changes: tree differences, with renames where the library's detection sees them.

use std::ops::ControlFlow;
use std::path::PathBuf;

use gix::diff::tree_with_rewrites::ChangeRef;
use gix::objs::TreeRefIter;
use gix::objs::tree::{EntryKind, EntryMode};
use gix::{ObjectId, diff, filter, worktree};
use partita::{ErrorKind, FilePath, Result};

use super::source::failed;

/// Files above this size are renamed by identity alone: a line diff of them takes too long.
const SIMILARITY_BYTES_MAX: u64 = 8 << 20;

/// One step of a commit. A commit's steps come in the order in which they apply: renames, then
/// removals, then new values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// A file goes on under another path, its value as yet the same.
    Rename { from: FilePath, to: FilePath },
    /// A path holds nothing any more.
    Remove { path: FilePath },
    /// A path has a new value.
    Put { path: FilePath, kind: PutKind, id: ObjectId },
}

/// What a new value is; its bytes are the blob's, those of a submodule the commit's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PutKind {
    File { executable: bool },
    Symlink,
    Submodule,
}

/// What a diff needs beside the trees, kept from one commit to the next.
pub(super) struct Differ {
    resources: diff::blob::Platform,
    state: diff::tree::State,
    hash: gix::hash::Kind,
}

impl Differ {
    /// Makes one that reads blobs as they are stored: no attributes, no drivers, no filters.
    pub(super) fn new(hash: gix::hash::Kind) -> Differ {
        let attributes = worktree::Stack::new(
            PathBuf::new(),
            worktree::stack::State::AttributesStack(worktree::stack::state::Attributes::default()),
            gix::glob::pattern::Case::Sensitive,
            Vec::new(),
            Vec::new(),
        );
        let pipeline = diff::blob::Pipeline::new(
            diff::blob::pipeline::WorktreeRoots::default(),
            filter::plumbing::Pipeline::new(
                gix::command::Context::default(),
                hash,
                filter::plumbing::pipeline::Options::default(),
            ),
            Vec::new(),
            diff::blob::pipeline::Options {
                large_file_threshold_bytes: SIMILARITY_BYTES_MAX,
                ..Default::default()
            },
        );
        let resources = diff::blob::Platform::new(
            diff::blob::platform::Options {
                algorithm: Some(diff::blob::Algorithm::Myers),
                skip_internal_diff_if_external_is_configured: false,
            },
            pipeline,
            diff::blob::pipeline::Mode::ToGit,
            attributes,
        );
        Differ { resources, state: diff::tree::State::default(), hash }
    }
}

/// Returns the steps that lead from one tree to another.
///
/// Renames are those of the library with git's defaults: the same content, or at least half of
/// it, and no copies.
pub(super) fn between(
    differ: &mut Differ,
    repository: &gix::Repository,
    before: &[u8],
    after: &[u8],
) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    let mut refused = None;
    let options = diff::tree_with_rewrites::Options {
        location: Some(diff::tree::recorder::Location::Path),
        rewrites: Some(diff::Rewrites::default()),
    };
    let outcome = diff::tree_with_rewrites(
        TreeRefIter::from_bytes(before, differ.hash),
        TreeRefIter::from_bytes(after, differ.hash),
        &mut differ.resources,
        &mut differ.state,
        &repository.objects,
        |change| {
            Ok(match add(&mut changes, change) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    refused = Some(error);
                    ControlFlow::Break(())
                }
            })
        },
        options,
    );
    differ.resources.clear_resource_cache_keep_allocation();
    if let Some(error) = refused {
        return Err(error);
    }
    outcome.map_err(|error| failed(ErrorKind::Corrupt, "its tree cannot be read", error))?;
    changes.sort();
    Ok(changes)
}

fn add(changes: &mut Vec<Change>, change: ChangeRef<'_>) -> Result<()> {
    match change {
        ChangeRef::Addition { location, entry_mode, id, .. } => {
            if let Some(kind) = kind_of(entry_mode) {
                changes.push(Change::Put { path: FilePath::new(location)?, kind, id });
            }
        }
        ChangeRef::Deletion { location, entry_mode, .. } => {
            if kind_of(entry_mode).is_some() {
                changes.push(Change::Remove { path: FilePath::new(location)? });
            }
        }
        ChangeRef::Modification { location, previous_entry_mode, previous_id, entry_mode, id } => {
            match (kind_of(previous_entry_mode), kind_of(entry_mode)) {
                // A mode of old that means the same as today's.
                (Some(before), Some(kind)) if before == kind && previous_id == id => {}
                (_, Some(kind)) => {
                    changes.push(Change::Put { path: FilePath::new(location)?, kind, id });
                }
                (Some(_), None) => changes.push(Change::Remove { path: FilePath::new(location)? }),
                (None, None) => {}
            }
        }
        ChangeRef::Rewrite {
            source_location,
            source_entry_mode,
            source_id,
            location,
            entry_mode,
            id,
            ..
        } => {
            if let Some(kind) = kind_of(entry_mode) {
                let (from, to) = (FilePath::new(source_location)?, FilePath::new(location)?);
                changes.push(Change::Rename { from, to: to.clone() });
                if source_id != id || kind_of(source_entry_mode) != Some(kind) {
                    changes.push(Change::Put { path: to, kind, id });
                }
            }
        }
    }
    Ok(())
}

/// Returns what an entry is to a session; a directory is nothing, its files say it all.
fn kind_of(mode: EntryMode) -> Option<PutKind> {
    match mode.kind() {
        EntryKind::Tree => None,
        EntryKind::Blob => Some(PutKind::File { executable: false }),
        EntryKind::BlobExecutable => Some(PutKind::File { executable: true }),
        EntryKind::Link => Some(PutKind::Symlink),
        EntryKind::Commit => Some(PutKind::Submodule),
    }
}
