//! Files of another session, merged into a draft.

use std::collections::{BTreeMap, HashMap, HashSet, btree_map};

use crate::error::{ErrorKind, Result};
use crate::id::ContentId;
use crate::limits::{CONFLICT_TERMS_MAX, DIFF_BYTES_MAX};
use crate::map::Map;
use crate::object::{Bytes, ConflictTerm, Entry, FilePath, MergeConflict, Objects, read};
use crate::session::draft::Draft;
use crate::session::line::conflict::ConflictRow;
use crate::session::line::place::Place;
use crate::session::merge::entry::{self, Joined, Made, Terms};
use crate::session::merge::renames::CameAndWent;
use crate::session::read::snapshot::file_path;
use crate::store::Batch as StoreBatch;

/// Files of a state, with the conflicts in them.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub(super) files: Map,
    pub(super) conflicts: Map,
    /// Whose they are.
    pub(super) label: String,
}

/// What two sides made of a path.
#[derive(Clone, Debug, Default)]
struct Row {
    base: Option<Place>,
    ours: Option<Place>,
    theirs: Option<Place>,
}

/// What a merge of files did.
#[derive(Debug, Default)]
pub(super) struct FilesMerged {
    /// Paths that hold something else now.
    pub(super) changed: u64,
    /// Where paths that were renamed are now: new path to old one.
    pub(super) moved: BTreeMap<FilePath, FilePath>,
    /// Paths of each side that differ in case alone.
    pub(super) case_clashes: Vec<[FilePath; 2]>,
}

/// Paths that came on both sides and differ in case alone.
fn case_clashes([ours, theirs]: &[CameAndWent; 2]) -> Vec<[FilePath; 2]> {
    let folded = |path: &FilePath| path.to_string_lossy().to_lowercase();
    let known: HashMap<String, &FilePath> =
        ours.came.keys().map(|path| (folded(path), path)).collect();
    let clashes = theirs.came.keys().filter_map(|path| {
        let ours = known.get(&folded(path)).filter(|ours| **ours != path)?;
        Some([(*ours).clone(), path.clone()])
    });
    clashes.collect()
}

/// A merge of files on its way into a draft.
pub(super) struct FilesMerge<'a> {
    pub(super) draft: &'a mut Draft,
    pub(super) batch: &'a mut StoreBatch,
    pub(super) base: &'a Side,
    pub(super) ours: &'a Side,
    pub(super) theirs: &'a Side,
    /// Whether there may have been a base that nobody has any more.
    pub(super) is_base_hidden: bool,
}

impl FilesMerge<'_> {
    /// Merges every path that the other side changed.
    pub(super) fn run(mut self) -> Result<FilesMerged> {
        let mut rows: BTreeMap<FilePath, Row> = BTreeMap::new();
        let mut sides = [CameAndWent::default(), CameAndWent::default()];
        let [base, ours, theirs] = [self.base.files, self.ours.files, self.theirs.files];
        for change in base.merge(&ours, &theirs, &*self.batch) {
            let change = change?;
            let path = file_path(&change.key)?;
            let place = |value: Option<&_>| value.map(Place::from_value).transpose();
            let [ours, theirs] = &change.sides;
            let row = Row {
                base: place(change.base.as_ref())?,
                ours: place(ours.as_ref())?,
                theirs: place(theirs.as_ref())?,
            };
            sides[0].take(&path, row.base.as_ref(), row.ours.as_ref());
            sides[1].take(&path, row.base.as_ref(), row.theirs.as_ref());
            if change.sides[1] != change.base {
                rows.insert(path, row);
            }
        }
        // A path can be in conflict, or no longer, although it holds what it held.
        for change in self.base.conflicts.diff(&self.theirs.conflicts, &*self.batch) {
            let path = file_path(&change?.key)?;
            if let btree_map::Entry::Vacant(vacant) = rows.entry(path) {
                let at = |map: Map| Place::find(map, &*self.batch, vacant.key());
                let row = Row { base: at(base)?, ours: at(ours)?, theirs: at(theirs)? };
                vacant.insert(row);
            }
        }
        let [ours, theirs] = [sides[0].renames(&*self.batch)?, sides[1].renames(&*self.batch)?];
        let mut merged = FilesMerged { case_clashes: case_clashes(&sides), ..Default::default() };
        let mut met = Vec::new();
        for (from, to) in &theirs {
            let to_ours = ours.get(from);
            merged.moved.insert(to.clone(), from.clone());
            self.renamed(&rows, from, [to_ours, Some(to)])?;
            met.extend([from, to]);
            met.extend(to_ours);
        }
        for (from, to) in &ours {
            if !theirs.contains_key(from) && rows.contains_key(from) {
                self.renamed(&rows, from, [Some(to), None])?;
                met.extend([from, to]);
            }
        }
        let met: HashSet<&FilePath> = met.into_iter().collect();
        for (path, row) in rows.iter().filter(|(path, _)| !met.contains(path)) {
            self.plain(path, row)?;
        }
        self.part_files_from_directories()?;
        let changed = self.draft.touched.values().filter(|touched| touched.has_changed());
        merged.changed = changed.count() as u64;
        Ok(merged)
    }

    /// Merges a path that nobody renamed.
    fn plain(&mut self, path: &FilePath, row: &Row) -> Result<()> {
        let Row { base, ours, theirs } = row;
        let entry = |place: &Option<Place>| place.as_ref().map(|place| place.entry.clone());
        let is_settled = |place: &Option<Place>| place.as_ref().is_some_and(|at| !at.is_live());
        if self.is_base_hidden
            && base.is_none()
            && (is_settled(ours) && theirs.as_ref().is_some_and(Place::is_live)
                || is_settled(theirs) && ours.as_ref().is_some_and(Place::is_live))
        {
            // One side removed it. Whether the other one kept it or made it is not known.
            return self.clash(path, [base, ours, theirs]);
        }
        let is_in_conflict = self.is_in_conflict(path)?;
        if !is_in_conflict && entry(theirs) == entry(base) {
            return Ok(());
        }
        if ours == base
            && let Some(theirs) = theirs
            && self.draft.conflict_at(self.batch, self.ours.conflicts, path)?.is_none()
            && self.conflict_of(self.base, path, base.as_ref())?.is_none()
        {
            let conflict = self.conflict_of(self.theirs, path, Some(theirs))?;
            self.draft.adopt(self.batch, path.clone(), theirs.clone())?;
            self.draft.set_conflict(path, conflict);
            return Ok(());
        }
        let terms = [
            self.terms(self.base, path, base.as_ref())?,
            self.our_terms(path, ours.as_ref())?,
            self.terms(self.theirs, path, theirs.as_ref())?,
        ];
        self.settle(path, terms, [ours.as_ref(), theirs.as_ref()])
    }

    /// Merges a path that at least one side renamed.
    fn renamed(
        &mut self,
        rows: &BTreeMap<FilePath, Row>,
        from: &FilePath,
        to: [Option<&FilePath>; 2],
    ) -> Result<()> {
        let at = |map: Map, path: &FilePath, batch: &StoreBatch| Place::find(map, batch, path);
        let base = at(self.base.files, from, self.batch)?;
        let base_terms = self.terms(self.base, from, base.as_ref())?;
        match to {
            [Some(ours), Some(theirs)] if ours != theirs => {
                // Each has a name that the other does not know.
                let at_ours = self.draft.place(self.batch, ours)?;
                self.clash(ours, [&base, &at_ours, &None])?;
                let there = self.draft.place(self.batch, theirs)?;
                let at_theirs = at(self.theirs.files, theirs, self.batch)?;
                self.clash(theirs, [&base, &there, &at_theirs])
            }
            [Some(to), Some(_)] => {
                let ours = self.draft.place(self.batch, to)?;
                let theirs = at(self.theirs.files, to, self.batch)?;
                let terms = [
                    base_terms,
                    self.our_terms(to, ours.as_ref())?,
                    self.terms(self.theirs, to, theirs.as_ref())?,
                ];
                self.settle(to, terms, [ours.as_ref(), theirs.as_ref()])
            }
            [None, Some(to)] => {
                let ours = self.draft.place(self.batch, from)?;
                let there = self.draft.place(self.batch, to)?.filter(Place::is_live);
                let theirs = at(self.theirs.files, to, self.batch)?;
                let is_live = ours.as_ref().is_some_and(Place::is_live);
                if ours == base && there.is_none() && !self.is_in_conflict(from)? {
                    // Nothing happened here: both paths become what they are there.
                    for path in [from, to] {
                        if let Some(row) = rows.get(path) {
                            self.plain(path, &Row { ours: row.base.clone(), ..row.clone() })?;
                        }
                    }
                    return Ok(());
                }
                if !is_live {
                    // One side removed what the other renamed.
                    return match there {
                        None => self.clash(to, [&base, &None, &theirs]),
                        Some(_) => self.apart(rows, [from, to]),
                    };
                }
                let terms = [
                    base_terms,
                    self.our_terms(from, ours.as_ref())?,
                    self.terms(self.theirs, to, theirs.as_ref())?,
                ];
                let removed = at(self.theirs.files, from, self.batch)?;
                let parents = [ours.as_ref(), removed.as_ref()];
                self.draft.join(self.batch, from.clone(), Entry::Removed, parents)?;
                self.draft.set_conflict(from, None);
                let met = self.our_terms(to, there.as_ref())?;
                self.settle(to, terms, [ours.as_ref(), theirs.as_ref()])?;
                let Some(there) = there else { return Ok(()) };
                let now = self.draft.place(self.batch, to)?;
                let mut renamed = self.our_terms(to, now.as_ref())?;
                if let [one] = &mut renamed.sides[..] {
                    one.label.clone_from(&self.theirs.label);
                }
                let terms = [self.gone(self.base), met, renamed];
                self.settle(to, terms, [Some(&there), now.as_ref()])
            }
            [Some(to), None] => {
                let ours = self.draft.place(self.batch, to)?;
                let theirs = at(self.theirs.files, from, self.batch)?;
                let there = at(self.theirs.files, to, self.batch)?.filter(Place::is_live);
                if !theirs.as_ref().is_some_and(Place::is_live) {
                    return match there {
                        None => self.clash(to, [&base, &ours, &None]),
                        Some(_) => self.apart(rows, [from, to]),
                    };
                }
                let terms = [
                    base_terms,
                    self.our_terms(to, ours.as_ref())?,
                    self.terms(self.theirs, from, theirs.as_ref())?,
                ];
                self.settle(to, terms, [ours.as_ref(), theirs.as_ref()])?;
                let Some(there) = there else { return Ok(()) };
                // What was renamed meets what the other side has at its new name.
                let now = self.draft.place(self.batch, to)?;
                let met = self.terms(self.theirs, to, Some(&there))?;
                let terms = [self.gone(self.base), self.our_terms(to, now.as_ref())?, met];
                self.settle(to, terms, [now.as_ref(), Some(&there)])
            }
            [None, None] => Ok(()),
        }
    }

    /// Merges two paths without the rename that leads from one to the other: what was renamed is removed
    /// on one side, which has something of its own at the new name.
    fn apart(&mut self, rows: &BTreeMap<FilePath, Row>, paths: [&FilePath; 2]) -> Result<()> {
        for path in paths {
            if let Some(row) = rows.get(path) {
                self.plain(path, row)?;
            }
        }
        Ok(())
    }

    /// Gives a path what its terms come to, and makes or takes away its conflict.
    fn settle(
        &mut self,
        path: &FilePath,
        [base, ours, theirs]: [Terms; 3],
        parents: [Option<&Place>; 2],
    ) -> Result<()> {
        let terms = Terms::joined(base, ours, theirs);
        let now = self.draft.place(self.batch, path)?;
        if terms == self.our_terms(path, now.as_ref())? {
            return Ok(());
        }
        let (made, conflict) = match (&terms.sides[..], &terms.bases[..]) {
            ([one], _) => (Made::Entry(one.entry.clone()), None),
            ([ours, theirs], [base]) => {
                let joined = entry::join([base, ours, theirs], |id| self.read(id))?;
                match joined {
                    Joined::Clean(made) => (made, None),
                    Joined::Conflict(made, marker) => (made, Some(marker)),
                }
            }
            (sides, _) => {
                // What stands there stays: its markers, too, where it has some.
                let kept = self.draft.conflict_at(self.batch, self.ours.conflicts, path)?;
                let left = sides.iter().find(|side| !side.entry.is_removed());
                let left = left.map_or(Entry::Removed, |side| side.entry.clone());
                let live = now.as_ref().filter(|now| now.is_live());
                let entry = live.map_or(left, |now| now.entry.clone());
                (Made::Entry(entry), Some(kept.map_or(0, |kept| kept.marker)))
            }
        };
        let conflict = conflict.map(|marker| MergeConflict { marker, terms: terms.into_list() });
        if let Some(conflict) = &conflict {
            if conflict.terms.len() > CONFLICT_TERMS_MAX {
                return Err(crate::error::Error::invalid(format!(
                    "{path} would be in conflict between more sides than one path can have: resolve \
                     it first"
                )));
            }
            conflict.validate()?;
        }
        let entry = match made {
            Made::Entry(entry) => entry,
            Made::Text { text, executable } => {
                let base = now.as_ref().and_then(|now| now.entry.content());
                let content = self.draft.put_content(self.batch, text.into(), base)?;
                Entry::File { content, executable }
            }
        };
        let is_there = now.as_ref().map_or(Entry::Removed, |now| now.entry.clone()) == entry;
        let [_, theirs] = parents;
        match theirs {
            _ if is_there && (now.is_some() || conflict.is_none()) => {}
            Some(theirs) if now.is_none() && parents[0].is_none() && theirs.entry == entry => {
                self.draft.adopt(self.batch, path.clone(), theirs.clone())?;
            }
            _ => {
                let parents = [parents[0].or(now.as_ref()), theirs];
                self.draft.join(self.batch, path.clone(), entry, parents)?;
            }
        }
        self.draft.set_conflict(path, conflict);
        Ok(())
    }

    /// Makes a conflict of a path without asking whether its sides can be joined.
    fn clash(&mut self, path: &FilePath, row: [&Option<Place>; 3]) -> Result<()> {
        let entry = |place: &Option<Place>| {
            place.as_ref().map_or(Entry::Removed, |place| place.entry.clone())
        };
        let labels = [&self.ours.label, &self.base.label, &self.theirs.label];
        let entries = [entry(row[1]), entry(row[0]), entry(row[2])];
        let terms = labels.into_iter().zip(entries);
        let terms = terms.map(|(label, entry)| ConflictTerm { label: label.clone(), entry });
        let conflict = MergeConflict { marker: 0, terms: terms.collect() };
        if let (false, Some(theirs)) = (row[1].as_ref().is_some_and(Place::is_live), row[2]) {
            match row[1] {
                None => self.draft.adopt(self.batch, path.clone(), theirs.clone())?,
                Some(ours) => {
                    let parents = [Some(ours), Some(theirs)];
                    self.draft.join(self.batch, path.clone(), theirs.entry.clone(), parents)?;
                }
            }
        }
        self.draft.set_conflict(path, Some(conflict));
        Ok(())
    }

    /// Where a file and a directory are to have one name, the directory stays, and the file is in
    /// conflict.
    fn part_files_from_directories(&mut self) -> Result<()> {
        let ours = self.ours.files;
        let mut files = HashSet::new();
        let live = self.draft.touched.iter().filter(|(_, touched)| {
            let is_live = |place: Option<&Place>| place.is_some_and(Place::is_live);
            !is_live(touched.base.as_deref()) && is_live(touched.now.as_ref())
        });
        for (path, _) in live {
            let bytes = path.as_bytes();
            for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
                let above = FilePath::new(&bytes[..at])?;
                if self.draft.place(self.batch, &above)?.is_some_and(|place| place.is_live()) {
                    files.insert(above);
                }
            }
            if self.has_live_below(ours, path)? {
                files.insert(path.clone());
            }
        }
        for path in files {
            let now = self.draft.place(self.batch, &path)?;
            let terms = |side: &Side, merge: &Self| -> Result<ConflictTerm> {
                let place = Place::find(side.files, &*merge.batch, &path)?;
                let entry = place.map_or(Entry::Removed, |place| place.entry);
                Ok(ConflictTerm { label: side.label.clone(), entry })
            };
            let mut list =
                vec![terms(self.ours, self)?, terms(self.base, self)?, terms(self.theirs, self)?];
            if let Some(conflict) =
                self.draft.conflict_at(self.batch, self.ours.conflicts, &path)?
            {
                list = conflict.terms;
            }
            self.draft.join(self.batch, path.clone(), Entry::Removed, [now.as_ref(), None])?;
            let conflict = MergeConflict { marker: 0, terms: list };
            self.draft.set_conflict(&path, Some(conflict));
        }
        Ok(())
    }

    fn has_live_below(&self, files: Map, path: &FilePath) -> Result<bool> {
        let below = [path.as_bytes(), b"/"].concat();
        let drafted = &self.draft.touched;
        if let Ok(from) = FilePath::new([&below[..], b"\x01"].concat()) {
            let mut near = drafted.range(from..);
            let mut near =
                near.by_ref().take_while(|(other, _)| other.as_bytes().starts_with(&below));
            if near.any(|(_, touched)| touched.now.as_ref().is_some_and(Place::is_live)) {
                return Ok(true);
            }
        }
        for row in files.prefix(&*self.batch, &below) {
            let (key, value) = row?;
            if !drafted.contains_key(&file_path(&key)?) && Place::from_value(&value)?.is_live() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The terms of a path in our files, as the draft has them.
    fn our_terms(&self, path: &FilePath, place: Option<&Place>) -> Result<Terms> {
        match self.draft.conflict_at(self.batch, self.ours.conflicts, path)? {
            Some(conflict) => Ok(Terms::of(conflict.terms)),
            None => {
                let entry = place.map_or(Entry::Removed, |place| place.entry.clone());
                Ok(Terms::one(&self.ours.label, entry))
            }
        }
    }

    fn terms(&self, side: &Side, path: &FilePath, place: Option<&Place>) -> Result<Terms> {
        Ok(match self.conflict_of(side, path, place)? {
            Some(conflict) => Terms::of(conflict.terms),
            None => {
                let entry = place.map_or(Entry::Removed, |place| place.entry.clone());
                Terms::one(&side.label, entry)
            }
        })
    }

    fn gone(&self, side: &Side) -> Terms {
        Terms::one(&side.label, Entry::Removed)
    }

    fn is_in_conflict(&self, path: &FilePath) -> Result<bool> {
        Ok(self.draft.conflict_at(self.batch, self.ours.conflicts, path)?.is_some()
            || self.has_row(self.base.conflicts, path)?
            || self.has_row(self.theirs.conflicts, path)?)
    }

    fn has_row(&self, conflicts: Map, path: &FilePath) -> Result<bool> {
        Ok(conflicts.root().is_some() && conflicts.get(&*self.batch, path.as_bytes())?.is_some())
    }

    /// The unresolved conflict of a path in a state.
    fn conflict_of(
        &self,
        side: &Side,
        path: &FilePath,
        place: Option<&Place>,
    ) -> Result<Option<MergeConflict>> {
        if side.conflicts.root().is_none() {
            return Ok(None);
        }
        let Some(row) = side.conflicts.get(&*self.batch, path.as_bytes())? else { return Ok(None) };
        let row = ConflictRow::of(&row)?;
        match place.filter(|place| place.iteration == row.iteration) {
            Some(_) => read(&*self.batch as &dyn Objects, row.conflict).map(Some),
            None => Ok(None),
        }
    }

    /// The bytes of a content; none where they are purged.
    fn read(&self, id: ContentId) -> Result<Option<Bytes>> {
        if let Some(bytes) = self.draft.content(id) {
            return Ok(Some(bytes));
        }
        // What is that long has no lines: it need not be read for that.
        match self.batch.content_size(id) {
            Err(error) if error.kind() == ErrorKind::Purged => return Ok(None),
            size => {
                if size? > DIFF_BYTES_MAX as u64 {
                    return Ok(None);
                }
            }
        }
        match self.batch.read_content(id) {
            Err(error) if error.kind() == ErrorKind::Purged => Ok(None),
            bytes => bytes.map(Some),
        }
    }
}
