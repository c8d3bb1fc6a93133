//! Edits of the view on their way into a checkpoint.

use std::collections::{BTreeMap, HashSet};

use crate::error::{Error, Result};
use crate::id::IterationId;
use crate::limits::{RECENT_MAX, VIEW_RULES_MAX};
use crate::map::{Edited, Map, Value};
use crate::object::{FilePath, Iteration, Objects, read};
use crate::session::draft::memories::Encoded;
use crate::session::line::chain::number_after;
use crate::session::line::glob::{Glob, ViewRule, is_hidden};
use crate::session::line::marks;
use crate::session::line::marks::{
    Edit, FILE, Laid, MEMORY, PINNED, Pair, RULE, SUMMARY, ViewMaps,
};
use crate::session::line::marks::{pairs, rule_of};
use crate::store::{Batch as StoreBatch, Store};

/// A key that the draft changes.
#[derive(Clone, Debug)]
struct KeyDraft {
    /// What it held when the draft began.
    base: Option<Value>,
    now: Option<Value>,
}

/// An iteration that goes into the view at the end; its place is given when the checkpoint is
/// built.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) path: FilePath,
    pub(crate) iteration: IterationId,
    pub(crate) flags: u8,
    /// Whether it was asked for by name, whatever is hidden.
    pub(crate) shown: bool,
    /// Whether the draft made it: no other writer can have brought it.
    pub(crate) is_new: bool,
}

/// What others did to files since a draft began.
#[derive(Debug, Default)]
pub(crate) struct Meanwhile {
    /// The paths that hold something else now.
    pub(crate) changed: HashSet<FilePath>,
    /// The iterations of changed paths that the draft is to show.
    pub(crate) came: Vec<Pending>,
}

/// Bytes of nodes that edits left behind one another, above which they are dropped: each edit leaves
/// a path of a few nodes of a few KiB.
const LEFT_BYTES_MAX: usize = if cfg!(test) { 1 << 20 } else { 16 << 20 };

/// A view with its own edits, which reads of the draft and edits of keys need. A plain write does
/// without.
#[derive(Debug)]
struct Opened {
    /// The view that the draft began with, in one map.
    base: Map,
    /// The same after the edits of keys.
    now: Map,
    /// Has the nodes of both.
    scratch: StoreBatch,
}

/// Edits of the view. Keys rest on what they held when the draft began; files and rules go to the
/// end, whoever else adds some.
#[derive(Debug, Default)]
pub(crate) struct ViewDraft {
    base: ViewMaps,
    opened: Option<Opened>,
    /// Bytes that the opened view had when all of its edits were made at once.
    opened_bytes: usize,
    keys: BTreeMap<Vec<u8>, KeyDraft>,
    /// Ranges of numbers that summaries were laid over: no memory in them may have moved.
    rests: Vec<(u64, u64)>,
    /// Memories and maps that the edits refer to and that may not be in the store yet.
    memories: Vec<Encoded>,
    maps: Vec<Edited>,
    pub(crate) files: Vec<Pending>,
    pub(crate) rules: Vec<ViewRule>,
    /// What was asked to be shown: files that came meanwhile are, too.
    pub(crate) shows: Vec<Glob>,
}

impl ViewDraft {
    pub(crate) fn new(base: ViewMaps) -> Self {
        ViewDraft { base, ..ViewDraft::default() }
    }

    /// Puts a written iteration in view, unless its path is hidden.
    pub(crate) fn put(&mut self, path: FilePath, iteration: IterationId) {
        self.files.push(Pending { path, iteration, flags: 0, shown: false, is_new: true });
    }

    /// Puts the iterations in view that changed paths have now, where an earlier one is in view: of
    /// the path, or of the one that it was moved from.
    pub(crate) fn follow<'a>(
        &mut self,
        objects: &impl Objects,
        changed: impl Iterator<Item = (Option<&'a FilePath>, &'a FilePath, IterationId)>,
    ) -> Result<()> {
        let mut in_view = HashSet::new();
        for (_, pair) in pairs(self.base, objects)? {
            in_view.insert(read::<Iteration>(objects, pair.iteration.id())?.path);
        }
        for (from, path, iteration) in changed {
            if in_view.contains(path) || from.is_some_and(|from| in_view.contains(from)) {
                self.put(path.clone(), iteration);
            }
        }
        Ok(())
    }

    /// Makes the view with its own edits readable.
    pub(crate) fn open(&mut self, store: &Store) -> Result<(&StoreBatch, Map)> {
        let opened = self.opened(store)?;
        Ok((&opened.scratch, opened.now))
    }

    fn opened(&mut self, store: &Store) -> Result<&mut Opened> {
        let opened = match self.opened.take() {
            Some(opened) => opened,
            None => {
                let mut scratch = store.batch();
                let folding = self.base.folding(&scratch)?;
                let base = scratch.edit_map(self.base.all, folding)?;
                Opened { base, now: base, scratch }
            }
        };
        Ok(self.opened.insert(opened))
    }

    /// Sets and removes keys.
    pub(crate) fn edit(&mut self, store: &Store, edits: Vec<Edit>) -> Result<()> {
        self.opened(store)?;
        let Some(Opened { base, now, scratch }) = &mut self.opened else { return Ok(()) };
        for (key, value) in &edits {
            match self.keys.get_mut(key) {
                Some(draft) => draft.now.clone_from(value),
                None => {
                    let base = base.get(&*scratch, key)?;
                    self.keys.insert(key.clone(), KeyDraft { base, now: value.clone() });
                }
            }
        }
        *now = scratch.edit_map(*now, edits)?;
        let left = scratch.raw_bytes().saturating_sub(self.opened_bytes);
        if left > LEFT_BYTES_MAX { self.open_anew(store) } else { Ok(()) }
    }

    /// Opens the view once more, with all edits at once.
    fn open_anew(&mut self, store: &Store) -> Result<()> {
        let edits = self.keys.iter().map(|(key, draft)| (key.clone(), draft.now.clone())).collect();
        let (memories, maps) = (self.memories.clone(), self.maps.clone());
        self.opened = None;
        let opened = self.opened(store)?;
        for memory in memories {
            opened.scratch.put_encoded(memory.id.id(), memory.node, None);
        }
        for edited in maps {
            opened.scratch.put_map(edited);
        }
        opened.now = opened.scratch.edit_map(opened.now, edits)?;
        self.opened_bytes = opened.scratch.raw_bytes();
        Ok(())
    }

    /// Bytes that the opened view holds.
    #[cfg(test)]
    pub(crate) fn opened_bytes(&self) -> usize {
        self.opened.as_ref().map_or(0, |opened| opened.scratch.raw_bytes())
    }

    /// Makes the draft rest on a range of numbers that a summary is laid over.
    pub(crate) fn rest_on(&mut self, first: u64, last: u64) {
        self.rests.push((first, last));
    }

    /// Brings a memory that the view refers to.
    pub(crate) fn put_memory(&mut self, store: &Store, memory: Encoded) -> Result<()> {
        let scratch = &mut self.opened(store)?.scratch;
        scratch.put_encoded(memory.id.id(), memory.node.clone(), None);
        self.memories.push(memory);
        Ok(())
    }

    pub(crate) fn put_map(&mut self, store: &Store, edited: Edited) -> Result<Map> {
        self.maps.push(edited.clone());
        Ok(self.opened(store)?.scratch.put_map(edited))
    }

    /// Applies the edits to a view, which need not be the one that they began with. `newest` is the
    /// number of the newest memory by then.
    pub(crate) fn apply(
        &self,
        batch: &mut StoreBatch,
        view: ViewMaps,
        newest: u64,
        since: &Meanwhile,
    ) -> Result<ViewMaps> {
        let moved = view != self.base;
        let own = self.own_rules(batch, view.all, moved)?;
        if self.keys.is_empty() && own.is_empty() {
            return self.append_files(batch, view, (moved, since), newest);
        }
        let folding = view.folding(batch)?;
        let all = batch.edit_map(view.all, folding)?;
        let mut edits = self.edits_of_keys(batch, all, moved)?;
        if moved && !own.is_empty() {
            edits.extend(self.hidden_since(batch, all, &own)?);
        }
        let folded = ViewMaps { all, recent: Map::EMPTY };
        let appended = self.pairs_to_come(batch, folded, (moved, since), &own)?;
        let mut number = marks::next_in(all, batch, RULE)?;
        for rule in &own {
            edits.push((marks::key(RULE, number), Some(rule_value(rule))));
            number = number_after(number)?;
        }
        if edits.is_empty() && appended.is_empty() {
            return Ok(view);
        }
        for memory in &self.memories {
            batch.put_encoded(memory.id.id(), memory.node.clone(), None);
        }
        for edited in &self.maps {
            batch.put_map(edited.clone());
        }
        let number = marks::next_in(all, batch, FILE)?;
        let edits = edits.into_iter().chain(laid_out(appended, number, newest)?);
        Ok(ViewMaps { all: batch.edit_map(all, edits.collect())?, recent: Map::EMPTY })
    }

    fn edits_of_keys(&self, batch: &StoreBatch, view: Map, moved: bool) -> Result<Vec<Edit>> {
        if moved {
            self.check_ranges(batch, view)?;
        }
        let mut edits = Vec::with_capacity(self.keys.len() + self.files.len() + self.rules.len());
        for (key, KeyDraft { base, now }) in &self.keys {
            if moved {
                let there = view.get(batch, key)?;
                if there == *now {
                    continue;
                }
                if there != *base || now.is_some() && is_covered(batch, view, key)? {
                    return Err(conflict(key)?);
                }
            }
            if moved || base != now {
                edits.push((key.clone(), now.clone()));
            }
        }
        Ok(edits)
    }

    /// The files that came into the view since the draft began and that its own rules hide: they go
    /// too, unless they are pinned. Refuses where a file that the rules show has left the view.
    fn hidden_since(&self, batch: &StoreBatch, view: Map, rules: &[ViewRule]) -> Result<Vec<Edit>> {
        let path = |pair: &Pair| -> Result<FilePath> {
            Ok(read::<Iteration>(batch, pair.iteration.id())?.path)
        };
        let hides = |path: &FilePath| {
            let mut own = rules.iter().rev();
            own.find(|rule| rule.glob.matches(path)).map(|rule| rule.hides)
        };
        let before = pairs(self.base, batch)?;
        let known: HashSet<IterationId> = before.iter().map(|(_, pair)| pair.iteration).collect();
        let (mut edits, mut there) = (Vec::new(), HashSet::new());
        for (key, pair) in pairs(ViewMaps { all: view, recent: Map::EMPTY }, batch)? {
            let path = path(&pair)?;
            let is_new = !known.contains(&pair.iteration) && pair.flags & PINNED == 0;
            if is_new && hides(&path) == Some(true) {
                edits.push((key, None));
            }
            there.insert(path);
        }
        for (key, pair) in before.iter().filter(|(key, _)| !self.keys.contains_key(key)) {
            let path = path(pair)?;
            if !there.contains(&path) && hides(&path) == Some(false) {
                return Err(conflict(key)?);
            }
        }
        Ok(edits)
    }

    /// Puts the files that came at the end, where nothing else is edited: among the recent ones, as
    /// long as these are few.
    fn append_files(
        &self,
        batch: &mut StoreBatch,
        view: ViewMaps,
        since: (bool, &Meanwhile),
        newest: u64,
    ) -> Result<ViewMaps> {
        let files = self.pairs_to_come(batch, view, since, &[])?;
        if files.is_empty() {
            return Ok(view);
        }
        let (number, recent) = view.next_file(batch)?;
        let are_few = recent.saturating_add(files.len() as u64) <= RECENT_MAX;
        let edits = laid_out(files, number, newest)?;
        if are_few {
            return Ok(ViewMaps { recent: batch.edit_map(view.recent, edits)?, ..view });
        }
        let mut all = view.folding(batch)?;
        all.extend(edits);
        Ok(ViewMaps { all: batch.edit_map(view.all, all)?, recent: Map::EMPTY })
    }

    /// The files that are to come, but for those that are hidden by now: the draft's own, and those
    /// that came meanwhile and are to be shown.
    fn pairs_to_come<'a>(
        &'a self,
        batch: &StoreBatch,
        view: ViewMaps,
        (moved, Meanwhile { changed, came }): (bool, &'a Meanwhile),
        own: &[ViewRule],
    ) -> Result<Vec<&'a Pending>> {
        if self.files.is_empty() && came.is_empty() {
            return Ok(Vec::new());
        }
        let rules = self.rules_of(batch, view.all, own)?;
        // Another writer may have brought the same iteration.
        let may_be_there = came.iter().chain(&self.files).any(|file| !file.is_new);
        let there = match moved && may_be_there {
            true => pairs(view, batch)?.into_iter().map(|(_, pair)| pair.iteration).collect(),
            false => HashSet::new(),
        };
        let comes = |file: &&Pending| {
            !there.contains(&file.iteration) && (file.shown || !is_hidden(rules.iter(), &file.path))
        };
        // Whoever changed a path since brought its iteration: the one before may not come after it.
        let files = self.files.iter().filter(|file| file.is_new || !changed.contains(&file.path));
        Ok(files.chain(came).filter(comes).collect())
    }

    /// The rules that the draft adds. One that shows was not needed where nothing hid; it is, where
    /// another writer hides by now.
    fn own_rules(&self, objects: &impl Objects, view: Map, moved: bool) -> Result<Vec<ViewRule>> {
        let mut own = self.rules.clone();
        if !moved || self.shows.is_empty() {
            return Ok(own);
        }
        let stays = self.rules_of(objects, view, &[])?;
        if stays.iter().any(|rule| rule.hides) {
            for glob in self.shows.iter().rev() {
                if own.iter().all(|rule| rule.glob != *glob) {
                    own.insert(0, ViewRule { hides: false, glob: glob.clone() });
                }
            }
        }
        Ok(own)
    }

    /// The rules of a view after the draft's edits.
    fn rules_of(
        &self,
        objects: &impl Objects,
        view: Map,
        own: &[ViewRule],
    ) -> Result<Vec<ViewRule>> {
        let mut all = Vec::new();
        for row in marks::rows(view, objects, RULE, 0, u64::MAX) {
            let (key, value) = row?;
            match self.keys.get(&key) {
                Some(draft) if draft.now.is_none() => {}
                _ => all.push(rule_of(&value)?),
            }
        }
        all.extend_from_slice(own);
        if all.len() > VIEW_RULES_MAX {
            return Err(too_many_rules());
        }
        Ok(all)
    }

    /// Refuses where another writer changed the view below a summary that is to be laid.
    fn check_ranges(&self, batch: &StoreBatch, view: Map) -> Result<()> {
        for &(first, last) in &self.rests {
            for section in [MEMORY, SUMMARY] {
                let there = marks::rows(view, batch, section, first, last);
                let base = marks::rows(self.base.all, batch, section, first, last);
                if there.collect::<Result<Vec<_>>>()? != base.collect::<Result<Vec<_>>>()? {
                    return Err(Error::conflict(format!(
                        "memories {first}..{last} changed in the view since this edit began"
                    )));
                }
            }
            if let Some(over) = Laid::between(view, batch, first, first)?.first()
                && over.first < first
            {
                return Err(conflict(&marks::key(SUMMARY, first))?);
            }
        }
        Ok(())
    }
}

/// Tells whether a memory or summary stands below a summary that another writer laid.
fn is_covered(objects: &impl Objects, view: Map, key: &[u8]) -> Result<bool> {
    if !matches!(key.first(), Some(&MEMORY | &SUMMARY)) {
        return Ok(false);
    }
    let number = marks::number_of(key)?;
    let over = Laid::between(view, objects, number, number)?;
    Ok(over.iter().any(|laid| key[0] == MEMORY || laid.first != number))
}

fn conflict(key: &[u8]) -> Result<Error> {
    let what = match key.first() {
        Some(&MEMORY) => format!("memory {}", marks::number_of(key)?),
        Some(&SUMMARY) => format!("the summary over memory {}", marks::number_of(key)?),
        Some(&FILE) => "a file".to_owned(),
        _ => "a rule of hiding".to_owned(),
    };
    Ok(Error::conflict(format!("{what} changed in the view since this edit began")))
}

pub(crate) fn too_many_rules() -> Error {
    Error::invalid(format!(
        "more than {VIEW_RULES_MAX} globs hide and show files; show some of the hidden ones"
    ))
}

/// The entries of files that come, from a number on.
fn laid_out(files: Vec<&Pending>, mut number: u64, newest: u64) -> Result<Vec<Edit>> {
    let mut edits = Vec::with_capacity(files.len());
    for file in files {
        let pair = Pair { iteration: file.iteration, after: newest, flags: file.flags };
        edits.push((marks::key(FILE, number), Some(pair.to_value())));
        number = number_after(number)?;
    }
    Ok(edits)
}

fn rule_value(rule: &ViewRule) -> Value {
    let mut bytes = vec![u8::from(rule.hides)];
    bytes.extend_from_slice(rule.glob.as_bytes());
    Value { refs: Vec::new(), bytes }
}

impl Pending {
    pub(crate) fn is_pinned(&self) -> bool {
        self.flags & PINNED != 0
    }
}
