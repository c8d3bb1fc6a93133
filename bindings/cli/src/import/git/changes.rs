//! What a commit changes: tree differences, with renames where the library's detection sees them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::PathBuf;

use gix::diff::tree_with_rewrites::ChangeRef;
use gix::objs::tree::{EntryKind, EntryMode};
use gix::objs::{Find as _, TreeRefIter};
use gix::{ObjectId, diff, filter, worktree};
use partita::{Error, ErrorKind, FilePath, Result};

use super::repository::failed;
use super::sum::{Sum, Summer};
use super::trees::Reader;
use super::value::{Value, ValueKind};

/// Files above this size are renamed by identity alone: a line diff of them takes too long.
const SIMILARITY_BYTES_MAX: u64 = 8 << 20;
/// Names at the end of two paths that are compared where equal files moved.
const NAMES_ALIKE_MAX: usize = 8;

/// One step of a commit. A commit's steps come in the order in which they apply: renames, then
/// removals, then new values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// A file goes on under another path, with another value or the same.
    Rename { from: FilePath, to: FilePath, was: Value, value: Value },
    /// A path holds nothing any more.
    Remove { path: FilePath, was: Value },
    /// A path has a new value; `was` is none where it had none.
    Put { path: FilePath, value: Value, was: Option<Value> },
}

impl Change {
    /// Returns the path that the change leaves something at, or takes it from.
    pub(super) fn path(&self) -> &FilePath {
        match self {
            Change::Rename { to: path, .. }
            | Change::Remove { path, .. }
            | Change::Put { path, .. } => path,
        }
    }

    /// Returns the blob whose bytes the change brings.
    pub(super) fn blob(&self) -> Option<ObjectId> {
        let value = match self {
            Change::Rename { was, value, .. } if was != value => value,
            Change::Put { value, .. } => value,
            Change::Rename { .. } | Change::Remove { .. } => return None,
        };
        (value.kind != ValueKind::Submodule).then_some(value.id)
    }
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
/// it, and no copies. Where looking for similar files would take more memory than a commit may,
/// only the same content counts.
pub(super) fn between(
    differ: &mut Differ,
    reader: &Reader<'_>,
    before: Option<ObjectId>,
    after: ObjectId,
) -> Result<Vec<Change>> {
    match run(differ, reader, before, after, diff::Rewrites::default()) {
        Err(_) if reader.is_exhausted() => identical(differ, reader, before, after),
        done => done,
    }
}

/// As [`between`], with the renames of unchanged files alone: no blob is read.
pub(super) fn identical(
    differ: &mut Differ,
    reader: &Reader<'_>,
    before: Option<ObjectId>,
    after: ObjectId,
) -> Result<Vec<Change>> {
    let rewrites = diff::Rewrites { percentage: None, ..diff::Rewrites::default() };
    run(differ, reader, before, after, rewrites)
}

fn run(
    differ: &mut Differ,
    reader: &Reader<'_>,
    before: Option<ObjectId>,
    after: ObjectId,
    rewrites: diff::Rewrites,
) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    let mut refused = None;
    let options = diff::tree_with_rewrites::Options {
        location: Some(diff::tree::recorder::Location::Path),
        rewrites: Some(rewrites),
    };
    let (mut old, mut new) = (Vec::new(), Vec::new());
    if let Some(before) = before {
        read(reader, before, &mut old)?;
    }
    read(reader, after, &mut new)?;
    let outcome = diff::tree_with_rewrites(
        TreeRefIter::from_bytes(&old, differ.hash),
        TreeRefIter::from_bytes(&new, differ.hash),
        &mut differ.resources,
        &mut differ.state,
        reader,
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
    pair_alike(&mut changes);
    changes.sort();
    Ok(changes)
}

/// Pairs the files that moved unchanged and are equal anew, as a licence in each of many directories
/// is: those go together whose paths end alike, for as many names as possible.
fn pair_alike(changes: &mut [Change]) {
    let mut moved: BTreeMap<Value, Vec<usize>> = BTreeMap::new();
    for (at, change) in changes.iter().enumerate() {
        if let Change::Rename { was, value, .. } = change
            && was == value
        {
            moved.entry(*value).or_default().push(at);
        }
    }
    for group in moved.into_values().filter(|group| group.len() > 1) {
        let ends = |at: usize| match &changes[at] {
            Change::Rename { from, to, .. } => Some((from.clone(), to.clone())),
            _ => None,
        };
        let (mut sources, mut targets): (BTreeSet<FilePath>, BTreeSet<FilePath>) =
            group.iter().filter_map(|at| ends(*at)).unzip();
        let mut pairs = Vec::with_capacity(group.len());
        for names in (1..=NAMES_ALIKE_MAX).rev() {
            let mut by_end: BTreeMap<Vec<u8>, Vec<FilePath>> = BTreeMap::new();
            for source in sources.iter().rev() {
                if let Some(end) = end_of(source, names) {
                    by_end.entry(end).or_default().push(source.clone());
                }
            }
            targets.retain(|target| {
                let alike = end_of(target, names).and_then(|end| by_end.get_mut(&end)?.pop());
                let Some(source) = alike else { return true };
                sources.remove(&source);
                pairs.push((source, target.clone()));
                false
            });
        }
        pairs.extend(sources.into_iter().zip(targets));
        for (at, pair) in group.into_iter().zip(pairs) {
            if let Change::Rename { from, to, .. } = &mut changes[at] {
                (*from, *to) = pair;
            }
        }
    }
}

/// The last names of a path; none where it has fewer.
fn end_of(path: &FilePath, names: usize) -> Option<Vec<u8>> {
    let bytes = path.as_bytes();
    let mut slashes = bytes.iter().enumerate().rev().filter(|(_, byte)| **byte == b'/');
    match slashes.nth(names - 1) {
        Some((at, _)) => Some(bytes[at + 1..].to_vec()),
        None => {
            let has = bytes.iter().filter(|byte| **byte == b'/').count() + 1;
            (has == names).then(|| bytes.to_vec())
        }
    }
}

fn read(reader: &Reader<'_>, id: ObjectId, buffer: &mut Vec<u8>) -> Result<()> {
    let found = reader.try_find(&id, buffer).map_err(|error| {
        failed(ErrorKind::Corrupt, format!("git tree {id} cannot be read"), error)
    })?;
    match found {
        Some(_) => Ok(()),
        None => Err(Error::new(ErrorKind::Corrupt, format!("git tree {id} is missing"))),
    }
}

/// Returns the sum that a state has after these steps.
pub(super) fn sum(summer: &Summer, mut sum: Sum, changes: &[Change]) -> Sum {
    for change in changes {
        match change {
            Change::Rename { from, to, was, value } => {
                sum.take(summer.path(from.as_bytes(), was));
                sum.add(summer.path(to.as_bytes(), value));
            }
            Change::Remove { path, was } => sum.take(summer.path(path.as_bytes(), was)),
            Change::Put { path, value, was } => {
                if let Some(was) = was {
                    sum.take(summer.path(path.as_bytes(), was));
                }
                sum.add(summer.path(path.as_bytes(), value));
            }
        }
    }
    sum
}

fn add(changes: &mut Vec<Change>, change: ChangeRef<'_>) -> Result<()> {
    match change {
        ChangeRef::Addition { location, entry_mode, id, .. } => {
            if let Some(value) = value_of(entry_mode, id) {
                changes.push(Change::Put { path: FilePath::new(&**location)?, value, was: None });
            }
        }
        ChangeRef::Deletion { location, entry_mode, id, .. } => {
            if let Some(was) = value_of(entry_mode, id) {
                changes.push(Change::Remove { path: FilePath::new(&**location)?, was });
            }
        }
        ChangeRef::Modification { location, previous_entry_mode, previous_id, entry_mode, id } => {
            match (value_of(previous_entry_mode, previous_id), value_of(entry_mode, id)) {
                // Modes of old may differ and mean the same.
                (was, Some(value)) if was != Some(value) => {
                    changes.push(Change::Put { path: FilePath::new(&**location)?, value, was });
                }
                (Some(was), None) => {
                    changes.push(Change::Remove { path: FilePath::new(&**location)?, was });
                }
                _ => {}
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
            let (was, value) = (value_of(source_entry_mode, source_id), value_of(entry_mode, id));
            if let (Some(was), Some(value)) = (was, value) {
                let (from, to) = (FilePath::new(&**source_location)?, FilePath::new(&**location)?);
                changes.push(Change::Rename { from, to, was, value });
            }
        }
    }
    Ok(())
}

/// Returns what an entry is to a session; a directory is nothing, its files say it all.
fn value_of(mode: EntryMode, id: ObjectId) -> Option<Value> {
    let kind = match mode.kind() {
        EntryKind::Tree => return None,
        EntryKind::Blob => ValueKind::File { executable: false },
        EntryKind::BlobExecutable => ValueKind::File { executable: true },
        EntryKind::Link => ValueKind::Symlink,
        EntryKind::Commit => ValueKind::Submodule,
    };
    Some(Value { kind, id })
}
