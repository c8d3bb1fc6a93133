//! Files in view: shown, hidden, refreshed, pinned.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::error::Result;
use crate::id::IterationId;
use crate::limits::VIEW_RULES_MAX;
use crate::map::{Map, Value};
use crate::object::{Entry, FilePath, Iteration, Objects, OperationKind, read};
use crate::session::batch::Batch;
use crate::session::batch::report::{PairInView, ViewReport};
use crate::session::draft::view::{Pending, too_many_rules};
use crate::session::handle::Session;
use crate::session::line::glob::{Glob, ViewRule, is_hidden};
use crate::session::line::marks::{PINNED, Pair, ViewMaps, pairs, rules};
use crate::session::line::place::Place;
use crate::session::line::roots::Roots;

/// A pair in view, of the view map or still on its way there.
struct Seen {
    /// The key; none for one on its way.
    key: Option<Vec<u8>>,
    iteration: IterationId,
    /// What the iteration has at its path.
    entry: Entry,
    /// The newest memory when it came; of no use for one on its way.
    after: u64,
    pair: PairInView,
    pinned: bool,
}

impl Batch {
    /// Takes the files that match out of the view, those to come included. They exist as before.
    ///
    /// # Errors
    /// `Invalid` for a pattern that is none, or one too many.
    pub fn hide(&mut self, glob: &str) -> Result<ViewReport> {
        let glob = Glob::new(glob)?;
        // First what goes: with the rule in force, files on their way would no longer be seen.
        let mut out = ViewReport::default();
        let on_their_way = self.draft.view.files.clone();
        let gone = self.take_out(&mut out, |seen| glob.matches(&seen.pair.path))?;
        let rules = match self.rule(&glob, true) {
            Ok(report) => report.rules,
            Err(error) => {
                self.draft.view.files = on_their_way;
                return Err(error);
            }
        };
        self.draft.view.edit(&self.session.store().clone(), gone)?;
        Ok(ViewReport { rules, ..out })
    }

    /// Puts the current iterations of the files that match into the view, and hides them no
    /// longer.
    ///
    /// # Errors
    /// `Invalid` for a pattern that is none, or one too many.
    pub fn show(&mut self, glob: &str) -> Result<ViewReport> {
        let glob = Glob::new(glob)?;
        let mut report = self.rule(&glob, false)?;
        self.draft.view.shows.push(glob.clone());
        let seen = self.seen()?;
        let there: HashSet<IterationId> = seen.iter().map(|seen| seen.iteration).collect();
        // What a path's last iteration in view says is what a reader takes for current.
        let last: HashMap<_, _> =
            seen.into_iter().map(|seen| (seen.pair.path, seen.entry)).collect();
        let files = Roots::of(self.head.point()).files();
        let mut found: BTreeMap<FilePath, Place> = BTreeMap::new();
        for row in files.prefix(self.session.store(), &glob.prefix()) {
            let (key, value) = row?;
            let path =
                FilePath::new(&key).map_err(|error| crate::codec::malformed(error.to_string()))?;
            if glob.matches(&path) {
                found.insert(path, Place::from_value(&value)?);
            }
        }
        for (path, touched) in self.draft.touched.iter().filter(|(path, _)| glob.matches(path)) {
            match &touched.now {
                Some(place) => drop(found.insert(path.clone(), place.clone())),
                None => drop(found.remove(path)),
            }
        }
        for (path, place) in found {
            let is_shown =
                there.contains(&place.iteration) || last.get(&path) == Some(&place.entry);
            if place.is_live() && !is_shown {
                self.bring(&mut report, path, place.iteration, true)?;
            }
        }
        Ok(report)
    }

    /// Lets outdated iterations in view give way to the current one of their file, and takes out
    /// the files that are removed.
    ///
    /// # Errors
    /// `Corrupt` if an iteration cannot be read.
    pub fn refresh(&mut self) -> Result<ViewReport> {
        let mut report = ViewReport::default();
        let seen = self.seen()?;
        let mut current: BTreeMap<FilePath, Option<Place>> = BTreeMap::new();
        // Of each path the iteration that is current, else the last one that says the same.
        let mut stays: BTreeMap<FilePath, IterationId> = BTreeMap::new();
        for seen in &seen {
            let path = &seen.pair.path;
            if !current.contains_key(path) {
                let place = self.draft.place(&self.batch, path)?.filter(Place::is_live);
                current.insert(path.clone(), place);
            }
            if let Some(place) = &current[path]
                && place.entry == seen.entry
                && stays.get(path) != Some(&place.iteration)
            {
                stays.insert(path.clone(), seen.iteration);
            }
        }
        let mut refreshed = BTreeSet::new();
        let gone = self.take_out(&mut report, |seen| {
            let goes = stays.get(&seen.pair.path) != Some(&seen.iteration);
            if goes {
                refreshed.insert(seen.pair.path.clone());
            }
            goes
        })?;
        let store = self.session.store().clone();
        self.draft.view.edit(&store, gone)?;
        let rules = self.rules()?;
        // In the order in which their files came.
        for seen in seen {
            if refreshed.contains(&seen.pair.path)
                && !stays.contains_key(&seen.pair.path)
                && let Some(Some(place)) = current.remove(&seen.pair.path)
                && !is_hidden(rules.iter(), &seen.pair.path)
            {
                self.bring(&mut report, seen.pair.path, place.iteration, false)?;
            }
        }
        Ok(report)
    }

    /// Takes iterations out of the view, without a rule for those to come.
    pub(crate) fn take_out_some(
        &mut self,
        chosen: &mut dyn FnMut(IterationId) -> bool,
    ) -> Result<ViewReport> {
        let mut report = ViewReport::default();
        let gone = self.take_out(&mut report, |seen| chosen(seen.iteration))?;
        self.draft.view.edit(&self.session.store().clone(), gone)?;
        Ok(report)
    }

    /// Pins the files in view that match: their iterations stay until they are unpinned.
    ///
    /// # Errors
    /// `Invalid` for a pattern that is none.
    pub fn pin_files(&mut self, glob: &str) -> Result<ViewReport> {
        self.set_pins(glob, true)
    }

    /// Unpins the files in view that match.
    ///
    /// # Errors
    /// `Invalid` for a pattern that is none.
    pub fn unpin_files(&mut self, glob: &str) -> Result<ViewReport> {
        self.set_pins(glob, false)
    }

    fn set_pins(&mut self, glob: &str, pins: bool) -> Result<ViewReport> {
        let glob = Glob::new(glob)?;
        let mut report = ViewReport::default();
        let flags = if pins { PINNED } else { 0 };
        let mut edits = Vec::new();
        for seen in self.seen()? {
            if seen.pinned == pins || !glob.matches(&seen.pair.path) {
                continue;
            }
            match seen.key {
                Some(key) => {
                    let pair = Pair { iteration: seen.iteration, after: seen.after, flags };
                    edits.push((key, Some(pair.to_value())));
                }
                None => {
                    for file in &mut self.draft.view.files {
                        if file.iteration == seen.iteration {
                            file.flags = flags;
                        }
                    }
                }
            }
            report.files_changed.push(seen.pair);
        }
        self.draft.view.edit(&self.session.store().clone(), edits)?;
        Ok(report)
    }

    /// The pairs in view as the batch leaves it, in their order.
    fn seen(&mut self) -> Result<Vec<Seen>> {
        let store = self.session.store().clone();
        let (objects, view) = self.draft.view.open(&store)?;
        let mut all = Vec::new();
        for (key, pair) in pairs(ViewMaps { all: view, recent: Map::EMPTY }, objects)? {
            let iteration: Iteration = read(&store, pair.iteration.id())?;
            all.push(Seen {
                key: Some(key),
                iteration: pair.iteration,
                entry: iteration.entry,
                after: pair.after,
                pair: PairInView { path: iteration.path, number: iteration.number },
                pinned: pair.flags & PINNED != 0,
            });
        }
        let rules = self.rules()?;
        for file in &self.draft.view.files {
            if !file.shown && is_hidden(rules.iter(), &file.path) {
                continue;
            }
            let iteration: Iteration = read(&self.batch, file.iteration.id())?;
            all.push(Seen {
                key: None,
                iteration: file.iteration,
                entry: iteration.entry,
                after: 0,
                pair: PairInView { path: file.path.clone(), number: iteration.number },
                pinned: file.is_pinned(),
            });
        }
        Ok(all)
    }

    fn rules(&mut self) -> Result<Vec<ViewRule>> {
        let store = self.session.store().clone();
        let (objects, view) = self.draft.view.open(&store)?;
        let stored = rules(view, objects)?.into_iter().map(|(_, rule)| rule);
        Ok(stored.chain(self.draft.view.rules.iter().cloned()).collect())
    }

    /// Makes a pattern the last word on the files that match it.
    fn rule(&mut self, glob: &Glob, hides: bool) -> Result<ViewReport> {
        let all = self.rules()?;
        let mut report = ViewReport::default();
        let new = ViewRule { hides, glob: glob.clone() };
        let is_last = all.last() == Some(&new);
        let needs = hides || all.iter().any(|rule| rule.hides && rule.glob != *glob);
        if is_last && needs || !needs && all.iter().all(|rule| rule.glob != *glob) {
            return Ok(report);
        }
        let others = all.iter().filter(|rule| rule.glob != *glob).count();
        if others + usize::from(needs) > VIEW_RULES_MAX {
            return Err(too_many_rules());
        }
        let store = self.session.store().clone();
        let (objects, view) = self.draft.view.open(&store)?;
        let same = rules(view, objects)?.into_iter().filter(|(_, rule)| rule.glob == *glob);
        let edits: Vec<(Vec<u8>, Option<Value>)> = same.map(|(key, _)| (key, None)).collect();
        self.draft.view.edit(&store, edits)?;
        self.draft.view.rules.retain(|rule| rule.glob != *glob);
        if needs {
            self.draft.view.rules.push(new);
        }
        report.rules = true;
        Ok(report)
    }

    /// Takes pairs out of the view but for pinned ones: those on their way at once, the others by
    /// the edits that come back.
    fn take_out(
        &mut self,
        report: &mut ViewReport,
        mut goes: impl FnMut(&Seen) -> bool,
    ) -> Result<Vec<(Vec<u8>, Option<Value>)>> {
        let mut edits = Vec::new();
        let mut dropped = BTreeSet::new();
        for seen in self.seen()? {
            if !goes(&seen) {
                continue;
            }
            if seen.pinned {
                report.files_pinned.push(seen.pair);
                continue;
            }
            match seen.key {
                Some(key) => edits.push((key, None)),
                None => drop(dropped.insert(seen.iteration)),
            }
            report.files_out.push(seen.pair);
        }
        self.draft.view.files.retain(|file| !dropped.contains(&file.iteration));
        Ok(edits)
    }

    fn bring(
        &mut self,
        report: &mut ViewReport,
        path: FilePath,
        iteration: IterationId,
        shown: bool,
    ) -> Result<()> {
        report.files_in.push(pair_of(&self.batch, path.clone(), iteration)?);
        self.draft.view.files.push(Pending { path, iteration, flags: 0, shown, is_new: false });
        Ok(())
    }
}

fn pair_of(objects: &impl Objects, path: FilePath, iteration: IterationId) -> Result<PairInView> {
    let number = read::<Iteration>(objects, iteration.id())?.number;
    Ok(PairInView { path, number })
}

impl Session {
    /// Takes the files that match out of the view, those to come included, as one durable
    /// operation. They exist as before. [`Glob`] says what a pattern may be.
    ///
    /// # Errors
    /// `Invalid` for a pattern that is none, or one too many; `Conflict` if another writer changed
    /// the same files' part in the view meanwhile.
    ///
    /// ```
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.write("src/lib.rs", "1")?;
    /// session.write("run.log", "1")?;
    /// session.hide("*.log")?;
    /// session.write("run.log", "2")?;
    /// assert_eq!(session.latest()?.view().files().count(), 1);
    /// session.show("run.log")?;
    /// assert_eq!(session.latest()?.view().files().count(), 2);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn hide(&self, glob: &str) -> Result<ViewReport> {
        self.edit_view(OperationKind::Hide, glob, |batch| batch.hide(glob))
    }

    /// Puts the current iterations of the files that match into the view, and hides them no
    /// longer.
    ///
    /// # Errors
    /// As [`hide`](Self::hide).
    pub fn show(&self, glob: &str) -> Result<ViewReport> {
        self.edit_view(OperationKind::Show, glob, |batch| batch.show(glob))
    }

    /// Lets outdated iterations in view give way to the current one of their file, and takes out
    /// the files that are removed.
    ///
    /// # Errors
    /// As [`hide`](Self::hide).
    pub fn refresh(&self) -> Result<ViewReport> {
        let _freeing = self.store.freeing();
        self.edit_view(OperationKind::Refresh, "", Batch::refresh)
    }

    /// Pins the files in view that match: their iterations stay until they are unpinned.
    ///
    /// # Errors
    /// As [`hide`](Self::hide).
    pub fn pin_files(&self, glob: &str) -> Result<ViewReport> {
        self.edit_view(OperationKind::Pin, glob, |batch| batch.pin_files(glob))
    }

    /// Unpins the files in view that match.
    ///
    /// # Errors
    /// As [`hide`](Self::hide).
    pub fn unpin_files(&self, glob: &str) -> Result<ViewReport> {
        self.edit_view(OperationKind::Unpin, glob, |batch| batch.unpin_files(glob))
    }
}
