//! Edits of the view on their way into a checkpoint.

use std::collections::{BTreeMap, HashSet};

use super::entry::{self, FILE, Laid, MEMORY, PINNED, Pair, RULE, SUMMARY};
use super::glob::{Glob, ViewRule, is_hidden};
use crate::codec::malformed;
use crate::error::{Error, Result};
use crate::id::IterationId;
use crate::limits::VIEW_RULES_MAX;
use crate::map::{Edited, Map, Value};
use crate::object::{FilePath, Node, Objects};
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

/// Edits of the view. Keys rest on what they held when the draft began; files and rules go to the
/// end, whoever else adds some.
#[derive(Debug, Default)]
pub(in crate::session) struct ViewDraft {
    base: Map,
    /// The view after the edits of keys, for the draft's own reads. Its nodes are in `scratch`.
    now: Map,
    scratch: Option<StoreBatch>,
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
    pub(in crate::session) fn new(base: Map) -> Self {
        ViewDraft { base, now: base, ..ViewDraft::default() }
    }

    /// Puts a written iteration in view, unless its path is hidden.
    pub(in crate::session) fn put(&mut self, path: FilePath, iteration: IterationId) {
        self.files.push(Pending { path, iteration, flags: 0, shown: false });
    }

    /// Makes the view with its own edits readable.
    pub(super) fn open(&mut self, store: &Store) -> (&StoreBatch, Map) {
        (self.scratch.get_or_insert_with(|| store.batch()), self.now)
    }

    /// Sets and removes keys.
    pub(super) fn edit(
        &mut self,
        store: &Store,
        edits: Vec<(Vec<u8>, Option<Value>)>,
    ) -> Result<()> {
        let scratch = self.scratch.get_or_insert_with(|| store.batch());
        for (key, now) in &edits {
            match self.keys.get_mut(key) {
                Some(draft) => draft.now.clone_from(now),
                None => {
                    let base = self.base.get(&*scratch, key)?;
                    self.keys.insert(key.clone(), KeyDraft { base, now: now.clone() });
                }
            }
        }
        self.now = state::edit(scratch, self.now, edits)?;
        Ok(())
    }

    /// Makes the draft rest on a range of numbers that a summary is laid over.
    pub(super) fn rest_on(&mut self, first: u64, last: u64) {
        self.rests.push((first, last));
    }

    pub(super) fn put_node(&mut self, store: &Store, node: Node) {
        let scratch = self.scratch.get_or_insert_with(|| store.batch());
        scratch.put_node(node.clone(), None);
        self.nodes.push(node);
    }

    pub(super) fn put_map(&mut self, store: &Store, edited: Edited) -> Map {
        let scratch = self.scratch.get_or_insert_with(|| store.batch());
        self.maps.push(edited.clone());
        scratch.put_map(edited)
    }

    /// Applies the edits to a view, which need not be the one that they began with. `newest` is the
    /// number of the newest memory by then.
    pub(in crate::session) fn apply(
        &self,
        batch: &mut StoreBatch,
        view: Map,
        newest: u64,
    ) -> Result<Map> {
        if self.keys.is_empty() && self.files.is_empty() && self.rules.is_empty() {
            return Ok(view);
        }
        let moved = view != self.base;
        if moved {
            self.check_ranges(batch, view)?;
        }
        let mut edits = Vec::with_capacity(self.keys.len() + self.files.len() + self.rules.len());
        for (key, KeyDraft { base, now }) in &self.keys {
            if moved {
                let there = view.get(&*batch, key)?;
                if there == *now {
                    continue;
                }
                if there != *base || now.is_some() && is_covered(&*batch, view, key)? {
                    return Err(conflict(key)?);
                }
            }
            if moved || base != now {
                edits.push((key.clone(), now.clone()));
            }
        }
        if !self.rules.is_empty() {
            let mut number = entry::next_in(view, &*batch, RULE)?;
            for rule in &self.rules {
                edits.push((entry::key(RULE, number), Some(rule_value(rule))));
                number = number_after(number)?;
            }
        }
        if !self.files.is_empty() {
            self.append_files(batch, view, &mut edits, moved, newest)?;
        }
        for node in &self.nodes {
            batch.put_node(node.clone(), None);
        }
        for edited in &self.maps {
            batch.put_map(edited.clone());
        }
        state::edit(batch, view, edits)
    }

    /// Puts the files that came at the end, but for those that are hidden by now.
    fn append_files(
        &self,
        batch: &StoreBatch,
        view: Map,
        edits: &mut Vec<(Vec<u8>, Option<Value>)>,
        moved: bool,
        newest: u64,
    ) -> Result<()> {
        let rules = self.rules_of(batch, view)?;
        // Another writer may have shown the same iteration.
        let there = match moved && self.files.iter().any(|file| file.shown) {
            true => pairs(view, batch)?.into_iter().map(|(_, pair)| pair.iteration).collect(),
            false => HashSet::new(),
        };
        let mut number = entry::next_in(view, batch, FILE)?;
        for file in &self.files {
            if there.contains(&file.iteration) || !file.shown && is_hidden(rules.iter(), &file.path)
            {
                continue;
            }
            let pair = Pair { iteration: file.iteration, after: newest, flags: file.flags };
            edits.push((entry::key(FILE, number), Some(pair.to_value())));
            number = number_after(number)?;
        }
        Ok(())
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
                let base = entry::rows(self.base, batch, section, first, last);
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
pub(super) fn pairs(view: Map, objects: &(impl Objects + ?Sized)) -> Result<Vec<(Vec<u8>, Pair)>> {
    entry::rows(view, objects, FILE, 0, u64::MAX)
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
