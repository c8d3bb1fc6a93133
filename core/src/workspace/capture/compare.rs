//! Comparisons: what the suspects of a walk are, against what the directory was and what the session
//! has by now.

use std::collections::HashMap;
use std::time::Instant;

use super::base::Base;
use super::renames::{self, Arrival};
use super::report::{Changes, Renamed};
use super::tree::{Look, Sort, Tree};
use super::walk::{Survey, Suspect};
use crate::error::Result;
use crate::id::{ContentId, ObjectId};
use crate::limits::{CONTENT_BYTES_MAX, RENAMES_BYTES_MAX};
use crate::object::{Bytes, Entry, FilePath, LeftOut, LeftOutReason};
use crate::session::NewEntry;
use crate::workspace::stats::Stat;

/// What a path was in the directory and is in the session, and where changes go.
pub(super) trait Side {
    fn base(&self) -> &Base;

    /// What the session has.
    fn has(&self, path: &FilePath) -> Result<Option<Entry>>;

    fn write(&mut self, path: &FilePath, new: NewEntry) -> Result<()>;

    fn rename(&mut self, from: &FilePath, to: &FilePath, new: NewEntry) -> Result<()>;

    fn remove(&mut self, path: &FilePath) -> Result<()>;
}

/// What is at a path by now: an entry with what the system said of it, or nothing.
pub(super) type There = Option<(Entry, Option<Stat>)>;

/// What came of a comparison.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) changes: Changes,
    /// What is known to be there, of the paths that were looked at, in their order.
    pub(super) there: Vec<(FilePath, There)>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) is_partial: bool,
}

/// A comparison on its way.
struct Compare<'a> {
    side: &'a mut dyn Side,
    done: Compared,
    /// New files that may turn out to be moved ones, with the bytes that they hold in memory.
    arrivals: Vec<Arrival>,
    held: usize,
    looks_for_renames: bool,
}

/// Reads the suspects, and hands what changed to the session's side. `tell` is told of each path that was looked
/// at, with how many bytes were read of it.
pub(super) fn compare(
    survey: Survey,
    tree: &mut dyn Tree,
    side: &mut dyn Side,
    deadline: Option<Instant>,
    tell: &mut dyn FnMut(&FilePath, u64) -> Result<()>,
) -> Result<Compared> {
    let Survey { mut suspects, mut missing, mut left_out, large, is_partial, .. } = survey;
    let moved = moved_contents(side, &missing, &large)?;
    for (suspect, size, row) in large {
        match moved.values().any(|moved| *moved == size) && is_moved(tree, &suspect, &moved)? {
            true => suspects.push(suspect),
            false => left_out.push(row),
        }
    }
    let looks_for_renames = !missing.is_empty() && !side.base().is_unfinished();
    let mut compare = Compare {
        side,
        done: Compared {
            there: Vec::with_capacity(suspects.len()),
            left_out,
            is_partial,
            ..Compared::default()
        },
        arrivals: Vec::new(),
        held: 0,
        looks_for_renames,
    };
    for suspect in suspects {
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            compare.done.is_partial = true;
            compare.done.left_out.push(LeftOut::new(suspect.path, LeftOutReason::Late));
            continue;
        }
        let path = suspect.path.clone();
        let mut read = 0;
        if !compare.look_at(suspect, tree, &mut read)? {
            missing.push(path.clone());
        }
        tell(&path, read)?;
    }
    missing.sort();
    missing.dedup();
    compare.finish(missing)
}

/// The contents of files that are missing, with their sizes, where a large new file may be one of them.
fn moved_contents(
    side: &dyn Side,
    missing: &[FilePath],
    large: &[(Suspect, u64, LeftOut)],
) -> Result<HashMap<ContentId, u64>> {
    let mut contents = HashMap::new();
    if large.is_empty() {
        return Ok(contents);
    }
    for path in missing {
        for content in side.base().was(path)?.iter().filter_map(Entry::content) {
            if let Ok(size) = side.base().size(content) {
                contents.insert(content, size);
            }
        }
    }
    Ok(contents)
}

/// Tells whether a new file has the bytes of one that is missing.
fn is_moved(
    tree: &mut dyn Tree,
    suspect: &Suspect,
    moved: &HashMap<ContentId, u64>,
) -> Result<bool> {
    Ok(match tree.read(&suspect.path, CONTENT_BYTES_MAX as u64)? {
        Look::Bytes { bytes, .. } => {
            moved.contains_key(&ContentId::new(ObjectId::of_content(&bytes)))
        }
        _ => false,
    })
}

impl Compare<'_> {
    /// Looks what a path is; false where it has gone since.
    fn look_at(&mut self, suspect: Suspect, tree: &mut dyn Tree, read: &mut u64) -> Result<bool> {
        let Suspect { path, entry, stat, .. } = suspect;
        if let Some(entry) = entry {
            let bytes = Source::Known;
            self.found(path, entry, stat, bytes, tree)?;
            return Ok(true);
        }
        match tree.read(&path, CONTENT_BYTES_MAX as u64)? {
            Look::Bytes { bytes, sort, stat } => {
                *read = bytes.len() as u64;
                let content = ContentId::new(ObjectId::of_content(&bytes));
                let entry = match sort {
                    Sort::Symlink => Entry::Symlink { target: content },
                    Sort::File { executable } => Entry::File { content, executable },
                    Sort::Directory | Sort::Special => return Ok(false),
                };
                self.found(path, entry, stat, Source::Read(bytes.into()), tree)?;
            }
            Look::Gone => return Ok(false),
            Look::Unstable => self.leave(path, LeftOutReason::Unstable, None),
            Look::Unreadable(why) => self.leave(path, LeftOutReason::Unreadable, Some(why)),
            Look::TooLarge(size) => {
                let why = format!("{size} bytes, at most {CONTENT_BYTES_MAX} can be kept");
                self.leave(path, LeftOutReason::TooLarge, Some(why));
            }
        }
        Ok(true)
    }

    fn leave(&mut self, path: FilePath, reason: LeftOutReason, why: Option<String>) {
        let left_out = LeftOut::new(path, reason);
        self.done.left_out.push(match why {
            Some(why) => left_out.because(why),
            None => left_out,
        });
    }

    fn found(
        &mut self,
        path: FilePath,
        entry: Entry,
        stat: Option<Stat>,
        source: Source,
        tree: &mut dyn Tree,
    ) -> Result<()> {
        let was = self.side.base().was(&path)?;
        if was.contains(&entry) {
            self.done.there.push((path, Some((entry, stat))));
            return Ok(());
        }
        let has = self.side.has(&path)?;
        if has.as_ref() == Some(&entry) {
            self.done.there.push((path, Some((entry, stat))));
            return Ok(());
        }
        let Some(new) = self.new_entry(&path, &entry, source, tree)? else { return Ok(()) };
        self.done.there.push((path.clone(), Some((entry.clone(), stat))));
        let is_moved = !was.is_empty() && has.as_ref().is_none_or(|has| !was.contains(has));
        if is_moved || was.is_empty() && has.is_some() {
            self.done.changes.parted.push(path.clone());
        }
        if has.is_some() {
            self.done.changes.changed.push(path.clone());
            return self.side.write(&path, new);
        }
        let size = new_size(&new);
        if self.looks_for_renames && self.held + size <= RENAMES_BYTES_MAX {
            self.held += size;
            self.arrivals.push(Arrival { path, entry, new });
            return Ok(());
        }
        self.done.changes.added.push(path.clone());
        self.side.write(&path, new)
    }

    /// What is to be written; none where it cannot be had any more, which is said.
    fn new_entry(
        &mut self,
        path: &FilePath,
        entry: &Entry,
        source: Source,
        tree: &mut dyn Tree,
    ) -> Result<Option<NewEntry>> {
        let bytes = match (source, entry) {
            (_, Entry::Submodule { commit }) => return Ok(Some(NewEntry::submodule(commit))),
            (Source::Read(bytes), _) => bytes,
            // What it is was known without reading it. It may be in the store, or may not.
            (Source::Known, entry) => match tree.read(path, CONTENT_BYTES_MAX as u64)? {
                Look::Bytes { bytes, .. }
                    if entry
                        .content()
                        .is_some_and(|id| id.id() == ObjectId::of_content(&bytes)) =>
                {
                    bytes.into()
                }
                _ => {
                    self.leave(path.clone(), LeftOutReason::Unstable, None);
                    return Ok(None);
                }
            },
        };
        Ok(Some(match entry {
            Entry::Symlink { .. } => NewEntry::Symlink { target: bytes },
            Entry::File { executable, .. } => NewEntry::File { bytes, executable: *executable },
            Entry::Submodule { .. } | Entry::Removed => return Ok(None),
        }))
    }

    /// Decides what became of the paths that are missing, and of the files that are new.
    fn finish(mut self, missing: Vec<FilePath>) -> Result<Compared> {
        let mut gone = Vec::new();
        for path in missing {
            let was = self.side.base().was(&path)?;
            if was.is_empty() {
                continue;
            }
            self.done.there.push((path.clone(), None));
            if self.side.base().is_unfinished() {
                continue;
            }
            match self.side.has(&path)? {
                Some(entry) if was.contains(&entry) => gone.push((path, entry)),
                Some(_) => self.done.changes.parted.push(path),
                None => {}
            }
        }
        let moves = renames::find(&gone, &self.arrivals, |content| self.side.base().read(content))?;
        let mut moved = std::collections::HashSet::new();
        for (at, arrival) in self.arrivals.into_iter().enumerate() {
            match moves.get(&at) {
                Some(&from) => {
                    let from = gone[from].0.clone();
                    moved.insert(from.clone());
                    self.side.rename(&from, &arrival.path, arrival.new)?;
                    self.done.changes.renamed.push(Renamed { from, to: arrival.path });
                }
                None => {
                    self.side.write(&arrival.path, arrival.new)?;
                    self.done.changes.added.push(arrival.path);
                }
            }
        }
        for (path, _) in gone {
            if !moved.contains(&path) {
                self.side.remove(&path)?;
                self.done.changes.removed.push(path);
            }
        }
        let changes = &mut self.done.changes;
        for paths in [&mut changes.added, &mut changes.changed, &mut changes.parted] {
            paths.sort();
        }
        changes.renamed.sort_by(|a, b| a.to.cmp(&b.to));
        self.done.there.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.done.left_out.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(self.done)
    }
}

/// Where the bytes of an entry are.
enum Source {
    Read(Bytes),
    Known,
}

fn new_size(new: &NewEntry) -> usize {
    match new {
        NewEntry::File { bytes, .. } => bytes.len(),
        NewEntry::Symlink { target } => target.len(),
        _ => 0,
    }
}
