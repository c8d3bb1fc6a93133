//! Drafts: edits of files, memories and state on their way into one checkpoint.

pub(crate) mod build;
mod conflicted;
pub(crate) mod conflicts;
pub(crate) mod entry;
pub(crate) mod evidence;
pub(crate) mod joined;
pub(crate) mod memories;
pub(crate) mod remember;
pub(crate) mod runs;
pub(crate) mod state;
mod stored;
pub(crate) mod texts;
pub(crate) mod view;

use std::collections::BTreeMap;

use crate::error::{Error, Result, quoted};
use crate::id::{ContentId, IdMap, IterationId, MemoryId, ObjectId};
use crate::limits::{LABEL_BYTES_MAX, LABELS_MAX};
use crate::map::{Map, Value};
use crate::object::{
    Bytes, Checkpoint, Entry, FilePath, Iteration, ModelCall, Objects, Timestamp, is_target,
};
use crate::session::draft::conflicts::ConflictsDraft;
use crate::session::draft::entry::NewEntry;
use crate::session::draft::evidence::EvidenceDraft;
use crate::session::draft::joined::JoinedDraft;
use crate::session::draft::memories::NewMemories;
use crate::session::draft::runs::RunsDraft;
use crate::session::draft::state::StateDraft;
use crate::session::draft::texts::TextsDraft;
use crate::session::draft::view::ViewDraft;
use crate::session::line::chain::{Link, number_after};
use crate::session::line::place::Place;
use crate::session::line::point::{Point, root};
use crate::session::line::roots::Roots;
use crate::store::Batch as StoreBatch;

/// Bytes of a submodule's commit id at the most: SHA-1 has 20, SHA-256 has 32.
const COMMIT_BYTES_MAX: usize = 64;

/// An earlier state of which a draft brings memories and state back.
#[derive(Debug)]
pub(crate) struct Reset {
    /// None for the state of an empty session.
    pub(crate) to: Option<Point>,
    /// Whether roots unknown to this version come back too.
    pub(crate) others: bool,
}

/// A path that a draft rests on.
#[derive(Clone, Debug)]
pub(crate) struct Touched {
    /// What was there when the draft began.
    pub(crate) base: Option<Box<Place>>,
    /// What is there now.
    pub(crate) now: Option<Place>,
}

impl Touched {
    pub(crate) fn has_changed(&self) -> bool {
        self.now.as_ref() != self.base.as_deref()
    }
}

/// Edits on their way into one checkpoint.
///
/// Contents and iterations go into the store's batch at once. They rest on the paths alone, so
/// where another writer comes first they hold as they are, and only maps and checkpoint are
/// built anew.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    base: Option<Point>,
    files: Map,
    pub(crate) touched: BTreeMap<FilePath, Touched>,
    pub(crate) memories: NewMemories,
    pub(crate) state: StateDraft,
    pub(crate) texts: TextsDraft,
    pub(crate) runs: RunsDraft,
    pub(crate) evidence: EvidenceDraft,
    pub(crate) view: ViewDraft,
    pub(crate) conflicts: ConflictsDraft,
    pub(crate) joined: JoinedDraft,
    /// The memory that iterations made from here on come from.
    pub(crate) cause: Option<MemoryId>,
    pub(crate) labels: BTreeMap<String, Vec<u8>>,
    pub(crate) time: Option<Timestamp>,
    pub(crate) reset: Option<Reset>,
    /// What a capture left out, in place of what the one before did.
    pub(crate) left_out: Option<Vec<(Vec<u8>, Value)>>,
    /// Whether bytes that were purged pass: an import goes on without them.
    pub(crate) passes_purged: bool,
    /// Whether names pass that no checkout writes: an import takes what is there.
    pub(crate) takes_any_name: bool,
    contents: Vec<(Bytes, Option<ContentId>)>,
    by_content: IdMap<ContentId, usize>,
    iterations: Vec<(Iteration, Option<ObjectId>)>,
    pub(crate) calls: Vec<ModelCall>,
}

impl Draft {
    pub(crate) fn new(base: Option<&Point>) -> Self {
        Draft {
            base: base.cloned(),
            files: root(base, Checkpoint::FILES),
            state: StateDraft::new(root(base, Checkpoint::STATE)),
            texts: TextsDraft::new(Roots::of(base)),
            view: ViewDraft::new(Roots::of(base).view()),
            ..Draft::default()
        }
    }

    /// The files after the edits so far, as a map of the batch.
    pub(crate) fn files_now(&self, batch: &mut StoreBatch) -> Result<Map> {
        batch.edit_map(self.files, self.file_edits())
    }

    /// What the edits so far do to the map of files.
    fn file_edits(&self) -> Vec<(Vec<u8>, Option<Value>)> {
        let edits = self.touched.iter().filter(|(_, touched)| touched.has_changed());
        let edits = edits.map(|(path, touched)| {
            (path.as_bytes().to_vec(), touched.now.as_ref().map(Place::to_value))
        });
        edits.collect()
    }

    /// Tells whether these are the files that the draft began with.
    pub(crate) fn rests_on(&self, files: Map) -> bool {
        self.files == files
    }

    /// Puts contents and iterations into a new batch, for another attempt.
    pub(crate) fn replay(&self, batch: &mut StoreBatch) -> Result<()> {
        for (bytes, base) in &self.contents {
            batch.put_content(bytes.clone(), *base)?;
        }
        for (iteration, base) in &self.iterations {
            batch.put(iteration, *base);
        }
        for call in &self.calls {
            batch.put(call, None);
        }
        Ok(())
    }

    /// What is at a path after the edits so far.
    pub(crate) fn place(&self, batch: &StoreBatch, path: &FilePath) -> Result<Option<Place>> {
        match self.touched.get(path) {
            Some(touched) => Ok(touched.now.clone()),
            None => Place::find(self.files, batch, path),
        }
    }

    /// The place of a path that holds something.
    pub(crate) fn live(&self, batch: &StoreBatch, path: &FilePath) -> Result<Place> {
        let place = self.place(batch, path)?;
        place.filter(Place::is_live).ok_or_else(|| Error::not_found(format!("no file {path}")))
    }

    /// Lets go of the bytes of contents that are stored already: no other attempt needs them.
    pub(crate) fn forget_contents(&mut self) {
        self.contents.clear();
        self.by_content.clear();
    }

    /// The same of contents and iterations.
    pub(crate) fn forget_stored(&mut self) {
        self.forget_contents();
        self.iterations.clear();
    }

    /// The bytes of a content of this draft.
    pub(crate) fn content(&self, id: ContentId) -> Option<Bytes> {
        self.by_content.get(&id).map(|&at| self.contents[at].0.clone())
    }

    /// The current iteration's number, where the path has one.
    pub(crate) fn number(&self, batch: &StoreBatch, path: &FilePath) -> Result<Option<u64>> {
        let place = self.place(batch, path)?;
        place.map(|place| Ok(place.iteration(batch)?.number())).transpose()
    }

    /// Makes the draft rest on what is at a path now.
    pub(crate) fn expect(
        &mut self,
        batch: &StoreBatch,
        path: FilePath,
        number: Option<u64>,
    ) -> Result<()> {
        let place = self.place(batch, &path)?;
        let found = match place.as_ref().filter(|place| place.is_live() || number.is_some()) {
            Some(place) => Some(place.iteration(batch)?.number()),
            None => None,
        };
        if found != number {
            let (found, number) = (said(found), said(number));
            return Err(Error::conflict(format!("{path} is at {found}, expected {number}")));
        }
        let base = place.clone().map(Box::new);
        self.touched.entry(path).or_insert(Touched { base, now: place });
        Ok(())
    }

    /// Writes a path, unless that is what it holds. Returns the number of its iteration.
    pub(crate) fn write(
        &mut self,
        batch: &mut StoreBatch,
        path: FilePath,
        new: NewEntry,
    ) -> Result<u64> {
        self.check_writable(batch, &path, &new)?;
        let place = self.place(batch, &path)?;
        let base = place.as_ref().and_then(|place| place.entry.content());
        let entry = self.put_entry(batch, new, base)?;
        self.set(batch, path, entry)
    }

    /// Puts the bytes of what a path is to hold, and leaves the path as it is.
    pub(crate) fn put_checked(
        &mut self,
        batch: &mut StoreBatch,
        path: &FilePath,
        new: NewEntry,
        base: Option<ContentId>,
    ) -> Result<Entry> {
        self.check_writable(batch, path, &new)?;
        self.put_entry(batch, new, base)
    }

    /// Refuses what no checkout could ever write into a directory.
    fn check_writable(&self, batch: &StoreBatch, path: &FilePath, new: &NewEntry) -> Result<()> {
        if let NewEntry::Stored(entry) = new {
            stored::check(batch, path, entry)?;
        }
        let target = stored::link_target(batch, new)?;
        self.check_name(path, target.is_some())?;
        if !self.takes_any_name && target.is_some_and(|target| !is_target(&target)) {
            return Err(Error::invalid(format!(
                "{path} is a symlink whose target no system can hold: it has 1 to 4095 bytes and \
                 no NUL"
            )));
        }
        Ok(())
    }

    fn check_name(&self, path: &FilePath, is_link: bool) -> Result<()> {
        let fault = if is_link { path.link_fault() } else { path.name_fault() };
        match fault.filter(|_| !self.takes_any_name) {
            Some(fault) => {
                let shown = quoted(&path.to_string_lossy());
                let message = format!("path {shown} {fault}, so no checkout could write it");
                Err(Error::invalid(message))
            }
            None => Ok(()),
        }
    }

    fn put_entry(
        &mut self,
        batch: &mut StoreBatch,
        new: NewEntry,
        base: Option<ContentId>,
    ) -> Result<Entry> {
        Ok(match new {
            NewEntry::File { bytes, executable } => {
                Entry::File { content: self.put_content(batch, bytes, base)?, executable }
            }
            NewEntry::Symlink { target } => {
                Entry::Symlink { target: self.put_content(batch, target, base)? }
            }
            NewEntry::Submodule { commit } => {
                if commit.is_empty() || commit.len() > COMMIT_BYTES_MAX {
                    return Err(Error::invalid(format!(
                        "a submodule's commit has 1 to {COMMIT_BYTES_MAX} bytes, got {}",
                        commit.len()
                    )));
                }
                Entry::Submodule { commit }
            }
            NewEntry::Stored(entry) => entry,
        })
    }

    /// Writes the bytes of a file, which keeps its executable bit.
    pub(crate) fn write_bytes(
        &mut self,
        batch: &mut StoreBatch,
        path: FilePath,
        bytes: Bytes,
    ) -> Result<u64> {
        let place = self.place(batch, &path)?;
        let entry = place.map(|place| place.entry);
        let executable = matches!(entry, Some(Entry::File { executable: true, .. }));
        self.write(batch, path, NewEntry::File { bytes, executable })
    }

    pub(crate) fn remove(&mut self, batch: &mut StoreBatch, path: FilePath) -> Result<u64> {
        self.live(batch, &path)?;
        self.set(batch, path, Entry::Removed)
    }

    /// Puts an entry at a path, unless it is there. Returns the number of its iteration.
    pub(crate) fn set(
        &mut self,
        batch: &mut StoreBatch,
        path: FilePath,
        entry: Entry,
    ) -> Result<u64> {
        let place = self.place(batch, &path)?;
        let Some(place) = place else {
            return self.iterate(batch, path, entry, None, None);
        };
        let parent = place.iteration_to_follow(batch, &path, self.base.as_ref())?;
        if place.entry == entry && batch.knows(&parent.id)? {
            self.conflicts.kept.insert(path);
            return Ok(parent.number());
        }
        self.iterate(batch, path, entry, Some(parent), None)
    }

    /// Lets a path hold what another session has there, in its very iteration.
    pub(crate) fn adopt(&mut self, batch: &StoreBatch, path: FilePath, place: Place) -> Result<()> {
        self.put_place(batch, path, Some(place))
    }

    /// Adds an iteration of a path that comes from two, as far as there are two.
    pub(crate) fn join(
        &mut self,
        batch: &mut StoreBatch,
        path: FilePath,
        entry: Entry,
        [ours, theirs]: [Option<&Place>; 2],
    ) -> Result<u64> {
        let base = self.base.clone();
        let link = |place: Option<&Place>| {
            place.map(|place| place.iteration_to_follow(&*batch, &path, base.as_ref())).transpose()
        };
        let (ours, theirs) = (link(ours)?, link(theirs)?);
        let theirs = theirs.filter(|theirs| ours.as_ref().is_none_or(|ours| ours.id != theirs.id));
        match ours {
            Some(ours) => self.iterate(batch, path, entry, Some(ours), theirs),
            None => self.iterate(batch, path, entry, theirs, None),
        }
    }

    /// Puts what changed of the files in view into view, also those that were `moved`: new path to
    /// old one.
    pub(crate) fn show_changes(
        &mut self,
        batch: &StoreBatch,
        moved: &BTreeMap<FilePath, FilePath>,
    ) -> Result<()> {
        let changed = self.touched.iter().filter_map(|(path, touched)| {
            let now = touched.now.as_ref().filter(|place| place.is_live())?;
            let was_changed =
                touched.base.as_ref().map(|base| base.iteration) != Some(now.iteration);
            was_changed.then_some((moved.get(path), path, now.iteration))
        });
        self.view.follow(batch, changed)
    }

    /// Moves a file, and changes it where `new` says so: its line goes on at the new path, the
    /// old path's ends in a removal.
    pub(crate) fn rename(
        &mut self,
        batch: &mut StoreBatch,
        from: FilePath,
        to: FilePath,
        new: Option<NewEntry>,
    ) -> Result<u64> {
        if from == to {
            return Err(Error::invalid(format!("cannot rename {from} to itself")));
        }
        let source = self.live(batch, &from)?;
        match &new {
            Some(new) => self.check_writable(batch, &to, new)?,
            None => self.check_name(&to, matches!(source.entry, Entry::Symlink { .. }))?,
        }
        let base = self.base.as_ref();
        let line = source.iteration_to_follow(batch, &from, base)?;
        let old = match self.place(batch, &to)? {
            Some(place) => Some(place.iteration_to_follow(batch, &to, base)?),
            None => None,
        };
        let entry = match new {
            Some(new) => self.put_entry(batch, new, source.entry.content())?,
            None => source.entry,
        };
        let number = self.iterate(batch, to, entry, Some(line.clone()), old)?;
        self.iterate(batch, from, Entry::Removed, Some(line), None)?;
        Ok(number)
    }

    pub(crate) fn label(&mut self, name: &str, value: &[u8]) -> Result<()> {
        if name.is_empty() || name.len() > LABEL_BYTES_MAX || value.len() > LABEL_BYTES_MAX {
            return Err(Error::invalid(format!(
                "label {}: name and value have at most {LABEL_BYTES_MAX} bytes, the name one",
                quoted(name)
            )));
        }
        self.labels.insert(name.to_owned(), value.to_vec());
        if self.labels.len() > LABELS_MAX {
            return Err(Error::invalid(format!("more than {LABELS_MAX} labels")));
        }
        Ok(())
    }

    pub(crate) fn put_content(
        &mut self,
        batch: &mut StoreBatch,
        bytes: Bytes,
        base: Option<ContentId>,
    ) -> Result<ContentId> {
        let id = batch.put_content(bytes.clone(), base)?;
        if !self.passes_purged {
            batch.refuse_purged(&id.id())?;
        }
        if let std::collections::hash_map::Entry::Vacant(vacant) = self.by_content.entry(id) {
            vacant.insert(self.contents.len());
            self.contents.push((bytes, base));
        }
        Ok(id)
    }

    /// Adds an iteration of a path after `parent`, and after `old` where a rename covers one.
    fn iterate(
        &mut self,
        batch: &mut StoreBatch,
        path: FilePath,
        entry: Entry,
        parent: Option<Link<Iteration>>,
        old: Option<Link<Iteration>>,
    ) -> Result<u64> {
        let lines = [&parent, &old];
        let number = lines.iter().filter_map(|line| line.as_ref()).map(Link::number).max();
        let jump = match &parent {
            Some(parent) => parent.jump_of_child(batch)?.map(IterationId::new),
            None => None,
        };
        let base = parent.as_ref().map(|parent| parent.id);
        let ids = [parent.as_ref(), old.as_ref()].into_iter().flatten();
        let iteration = Iteration {
            path: path.clone(),
            number: number_after(number.unwrap_or(0))?,
            entry: entry.clone(),
            parents: ids.map(|link| IterationId::new(link.id)).collect(),
            jump,
            cause: self.cause,
        };
        let number = iteration.number;
        let id = IterationId::new(batch.put(&iteration, base));
        self.iterations.push((iteration, base));
        self.put_place(batch, path, Some(Place { entry, iteration: id }))?;
        Ok(number)
    }

    fn put_place(&mut self, batch: &StoreBatch, path: FilePath, now: Option<Place>) -> Result<()> {
        match self.touched.get_mut(&path) {
            Some(touched) => touched.now = now,
            None => {
                let base = Place::find(self.files, batch as &dyn Objects, &path)?.map(Box::new);
                self.touched.insert(path, Touched { base, now });
            }
        }
        Ok(())
    }
}

/// An iteration as an error names it.
pub(crate) fn said(number: Option<u64>) -> String {
    number.map_or("no iteration".to_owned(), |number| format!("iteration {number}"))
}
