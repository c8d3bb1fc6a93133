//! Edits of the view on their way into a checkpoint.

use std::collections::{BTreeMap, HashSet};

use super::entry::{self, Edit, FILE, Laid, MEMORY, PINNED, Pair, RULE, SUMMARY, ViewMaps};
use super::glob::{Glob, ViewRule, is_hidden};
use crate::codec::malformed;
use crate::error::{Error, Result};
use crate::id::IterationId;
use crate::limits::{RECENT_MAX, VIEW_RULES_MAX};
use crate::map::{Edited, Map, Value};
use crate::object::{FilePath, Iteration, Node, Objects, read};
use crate::session::chain::number_after;
use crate::session::state;
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
pub(in crate::session) struct Pending {
    pub(super) path: FilePath,
    pub(super) iteration: IterationId,
    pub(super) flags: u8,
    /// Whether it was asked for by name, whatever is hidden.
    pub(super) shown: bool,
}

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
pub(in crate::session) struct ViewDraft {
    base: ViewMaps,
    opened: Option<Opened>,
    keys: BTreeMap<Vec<u8>, KeyDraft>,
    /// Ranges of numbers that summaries were laid over: no memory in them may have moved.
    rests: Vec<(u64, u64)>,
    /// What the edits refer to and is not in the store yet.
    nodes: Vec<Node>,
    maps: Vec<Edited>,
    pub(super) files: Vec<Pending>,
    pub(super) rules: Vec<ViewRule>,
}

impl ViewDraft {
    pub(in crate::session) fn new(base: ViewMaps) -> Self {
        ViewDraft { base, ..ViewDraft::default() }
    }

    /// Puts a written iteration in view, unless its path is hidden.
    pub(in crate::session) fn put(&mut self, path: FilePath, iteration: IterationId) {
        self.files.push(Pending { path, iteration, flags: 0, shown: false });
    }

    /// Puts the iterations in view that changed paths have now, where an earlier one is in view.
    pub(in crate::session) fn follow<'a>(
        &mut self,
        objects: &impl Objects,
        changed: impl Iterator<Item = (&'a FilePath, IterationId)>,
    ) -> Result<()> {
        let mut in_view = HashSet::new();
        for (_, pair) in pairs(self.base, objects)? {
            in_view.insert(read::<Iteration>(objects, pair.iteration.id())?.path);
        }
        for (path, iteration) in changed.filter(|(path, _)| in_view.contains(*path)) {
            self.put(path.clone(), iteration);
        }
        Ok(())
    }

    /// Makes the view with its own edits readable.
    pub(super) fn open(&mut self, store: &Store) -> Result<(&StoreBatch, Map)> {
        let opened = self.opened(store)?;
        Ok((&opened.scratch, opened.now))
    }

    fn opened(&mut self, store: &Store) -> Result<&mut Opened> {
        let opened = match self.opened.take() {
            Some(opened) => opened,
            None => {
                let mut scratch = store.batch();
                let folding = self.base.folding(&scratch)?;
                let base = state::edit(&mut scratch, self.base.all, folding)?;
                Opened { base, now: base, scratch }
            }
        };
        Ok(self.opened.insert(opened))
    }

    /// Sets and removes keys.
    pub(super) fn edit(&mut self, store: &Store, edits: Vec<Edit>) -> Result<()> {
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
        *now = state::edit(scratch, *now, edits)?;
        Ok(())
    }

    /// Makes the draft rest on a range of numbers that a summary is laid over.
    pub(super) fn rest_on(&mut self, first: u64, last: u64) {
        self.rests.push((first, last));
    }

    pub(super) fn put_node(&mut self, store: &Store, node: Node) -> Result<()> {
        self.opened(store)?.scratch.put_node(node.clone(), None);
        self.nodes.push(node);
        Ok(())
    }

    pub(super) fn put_map(&mut self, store: &Store, edited: Edited) -> Result<Map> {
        self.maps.push(edited.clone());
        Ok(self.opened(store)?.scratch.put_map(edited))
    }

    /// Applies the edits to a view, which need not be the one that they began with. `newest` is the
    /// number of the newest memory by then.
    pub(in crate::session) fn apply(
        &self,
        batch: &mut StoreBatch,
        view: ViewMaps,
        newest: u64,
    ) -> Result<ViewMaps> {
        let moved = view != self.base;
        if self.keys.is_empty() && self.rules.is_empty() {
            return self.append_files(batch, view, moved, newest);
        }
        let folding = view.folding(batch)?;
        let all = state::edit(batch, view.all, folding)?;
        let edits = self.edits_of_keys(batch, all, moved)?;
        let appended = self.pairs_to_come(batch, ViewMaps { all, recent: Map::EMPTY }, moved)?;
        if edits.is_empty() && appended.is_empty() {
            return Ok(view);
        }
        for node in &self.nodes {
            batch.put_node(node.clone(), None);
        }
        for edited in &self.maps {
            batch.put_map(edited.clone());
        }
        let number = entry::next_in(all, batch, FILE)?;
        let edits = edits.into_iter().chain(laid_out(appended, number, newest)?);
        Ok(ViewMaps { all: state::edit(batch, all, edits.collect())?, recent: Map::EMPTY })
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
        if !self.rules.is_empty() {
            let mut number = entry::next_in(view, batch, RULE)?;
            for rule in &self.rules {
                edits.push((entry::key(RULE, number), Some(rule_value(rule))));
                number = number_after(number)?;
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
        moved: bool,
        newest: u64,
    ) -> Result<ViewMaps> {
        let files = self.pairs_to_come(batch, view, moved)?;
        if files.is_empty() {
            return Ok(view);
        }
        let (number, recent) = view.next_file(batch)?;
        let are_few = recent.saturating_add(files.len() as u64) <= RECENT_MAX;
        let edits = laid_out(files, number, newest)?;
        if are_few {
            return Ok(ViewMaps { recent: state::edit(batch, view.recent, edits)?, ..view });
        }
        let mut all = view.folding(batch)?;
        all.extend(edits);
        Ok(ViewMaps { all: state::edit(batch, view.all, all)?, recent: Map::EMPTY })
    }

    /// The files that are to come, but for those that are hidden by now.
    fn pairs_to_come(
        &self,
        batch: &StoreBatch,
        view: ViewMaps,
        moved: bool,
    ) -> Result<Vec<&Pending>> {
        if self.files.is_empty() {
            return Ok(Vec::new());
        }
        let rules = self.rules_of(batch, view.all)?;
        // Another writer may have shown the same iteration.
        let there = match moved && self.files.iter().any(|file| file.shown) {
            true => pairs(view, batch)?.into_iter().map(|(_, pair)| pair.iteration).collect(),
            false => HashSet::new(),
        };
        let comes = |file: &&Pending| {
            !there.contains(&file.iteration) && (file.shown || !is_hidden(rules.iter(), &file.path))
        };
        Ok(self.files.iter().filter(comes).collect())
    }

    /// The rules of a view after the draft's edits.
    fn rules_of(&self, objects: &impl Objects, view: Map) -> Result<Vec<ViewRule>> {
        let mut all = Vec::new();
        for row in entry::rows(view, objects, RULE, 0, u64::MAX) {
            let (key, value) = row?;
            match self.keys.get(&key) {
                Some(draft) if draft.now.is_none() => {}
                _ => all.push(rule_of(&value)?),
            }
        }
        all.extend(self.rules.iter().cloned());
        if all.len() > VIEW_RULES_MAX {
            return Err(too_many_rules());
        }
        Ok(all)
    }

    /// Refuses where another writer changed the view below a summary that is to be laid.
    fn check_ranges(&self, batch: &StoreBatch, view: Map) -> Result<()> {
        for &(first, last) in &self.rests {
            for section in [MEMORY, SUMMARY] {
                let there = entry::rows(view, batch, section, first, last);
                let base = entry::rows(self.base.all, batch, section, first, last);
                if there.collect::<Result<Vec<_>>>()? != base.collect::<Result<Vec<_>>>()? {
                    return Err(Error::conflict(format!(
                        "memories {first}..{last} changed in the view since this edit began"
                    )));
                }
            }
            if let Some(over) = Laid::between(view, batch, first, first)?.first()
                && over.first < first
            {
                return Err(conflict(&entry::key(SUMMARY, first))?);
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
    let number = entry::number_of(key)?;
    let over = Laid::between(view, objects, number, number)?;
    Ok(over.iter().any(|laid| key[0] == MEMORY || laid.first != number))
}

fn conflict(key: &[u8]) -> Result<Error> {
    let what = match key.first() {
        Some(&MEMORY) => format!("memory {}", entry::number_of(key)?),
        Some(&SUMMARY) => format!("the summary over memory {}", entry::number_of(key)?),
        Some(&FILE) => "a file".to_owned(),
        _ => "a rule of hiding".to_owned(),
    };
    Ok(Error::conflict(format!("{what} changed in the view since this edit began")))
}

pub(super) fn too_many_rules() -> Error {
    Error::invalid(format!(
        "more than {VIEW_RULES_MAX} globs hide and show files; show some of the hidden ones"
    ))
}

/// The pairs of a view with their keys, in their order.
pub(super) fn pairs(
    view: ViewMaps,
    objects: &(impl Objects + ?Sized),
) -> Result<Vec<(Vec<u8>, Pair)>> {
    view.files(objects)
        .map(|row| row.and_then(|(key, value)| Ok((key, Pair::from_value(&value)?))))
        .collect()
}

/// The rules of a view with their keys, in their order.
pub(super) fn rules(
    view: Map,
    objects: &(impl Objects + ?Sized),
) -> Result<Vec<(Vec<u8>, ViewRule)>> {
    entry::rows(view, objects, RULE, 0, u64::MAX)
        .map(|row| row.and_then(|(key, value)| Ok((key, rule_of(&value)?))))
        .collect()
}

/// The entries of files that come, from a number on.
fn laid_out(files: Vec<&Pending>, mut number: u64, newest: u64) -> Result<Vec<Edit>> {
    let mut edits = Vec::with_capacity(files.len());
    for file in files {
        let pair = Pair { iteration: file.iteration, after: newest, flags: file.flags };
        edits.push((entry::key(FILE, number), Some(pair.to_value())));
        number = number_after(number)?;
    }
    Ok(edits)
}

fn rule_value(rule: &ViewRule) -> Value {
    let mut bytes = vec![u8::from(rule.hides)];
    bytes.extend_from_slice(rule.glob.as_bytes());
    Value { refs: Vec::new(), bytes }
}

fn rule_of(value: &Value) -> Result<ViewRule> {
    let glob = |text: &[u8]| Glob::new(text).map_err(|error| malformed(error.to_string()));
    match (&value.refs[..], value.bytes.split_first()) {
        ([], Some((0, text))) => Ok(ViewRule { hides: false, glob: glob(text)? }),
        ([], Some((1, text))) => Ok(ViewRule { hides: true, glob: glob(text)? }),
        _ => Err(malformed("a rule in the view")),
    }
}

impl Pending {
    pub(super) fn is_pinned(&self) -> bool {
        self.flags & PINNED != 0
    }
}
