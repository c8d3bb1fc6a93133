//! Files of another session, merged into a draft.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, btree_map};

use crate::error::Result;
use crate::map::Map;
use crate::object::{ConflictTerm, Entry, FilePath, MergeConflict};
use crate::session::line::place::Place;
use crate::session::merge::paths::{FilesMerge, Side};
use crate::session::merge::renames::CameAndWent;
use crate::session::read::snapshot::file_path;
use crate::store::Batch as StoreBatch;

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
        let was = self.conflict_of(self.base, path, base.as_ref())?;
        let here = self.draft.conflict_at(self.batch, self.ours.conflicts, path)?;
        let there = self.conflict_of(self.theirs, path, theirs.as_ref())?;
        if theirs == base && there == was {
            return Ok(());
        }
        if ours == base
            && here == was
            && let Some(theirs) = theirs
        {
            // Only the other side did something: also to the text of a conflict.
            self.draft.adopt(self.batch, path.clone(), theirs.clone())?;
            self.draft.set_conflict(path, there);
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

    /// Where a file and a directory are to have one name, the directory stays, and the file is in
    /// conflict.
    fn part_files_from_directories(&mut self) -> Result<()> {
        let ours = self.ours.files;
        let mut files = BTreeSet::new();
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
            // What the merge made of the file is what its side has.
            if let Some(now) = now.as_ref().filter(|now| now.is_live()) {
                let side = if list[0].entry.is_removed() { 2 } else { 0 };
                list[side].entry = now.entry.clone();
            }
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
}
