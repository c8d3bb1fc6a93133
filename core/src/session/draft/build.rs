//! Building a checkpoint: a draft on top of a point.

use std::collections::HashSet;
use std::sync::Arc;

use crate::codec::malformed;
use crate::error::{Error, Result};
use crate::id::CheckpointId;
use crate::limits::TEXT_INLINE_BYTES_MAX;
use crate::map::{Map, Value};
use crate::object::{Checkpoint, FilePath, Objects};
use crate::session::draft::view::{Meanwhile, Pending};
use crate::session::draft::{Draft, Touched, said};
use crate::session::line::chain::number_after;
use crate::session::line::keys::FLOOR;
use crate::session::line::keys::{memory_key, memory_value, next_number};
use crate::session::line::place::Place;
use crate::session::line::point::Point;
use crate::session::line::roots::{Root, Roots, others};
use crate::session::read::snapshot::changes;
use crate::store::Batch as StoreBatch;

/// What a draft became.
pub(crate) struct Built {
    /// The new checkpoint, or none where nothing changes.
    pub(crate) point: Option<Point>,
    /// The number of the draft's first memory.
    pub(crate) memory: u64,
}

impl Draft {
    /// Builds the checkpoint after `parent`. With `always`, also where nothing changes.
    pub(crate) fn build(
        &self,
        batch: &mut StoreBatch,
        parent: Option<&Point>,
        always: bool,
    ) -> Result<Built> {
        let before = Roots::of(parent);
        self.check_unmoved(batch, before.files())?;
        self.check_directories(batch, before.files())?;
        let edits = self.file_edits();
        let mut after = self.joined.start(before);
        self.joined.apply(batch, &mut after, false)?;
        let memory = next_number(after.memories(), batch)?;
        if let Some(reset) = &self.reset {
            let old = Roots::of(reset.to.as_ref());
            for root in Root::ALL.into_iter().filter(|root| root.is_of_dialog()) {
                after.set(root, old.get(root));
            }
            after.set_map(Root::Memories, with_floor(batch, old.memories(), memory)?);
            for root in [Root::Claims, Root::Proposals, Root::Findings] {
                let next = next_number(before.map(root), batch)?;
                after.set_map(root, with_floor(batch, old.map(root), next)?);
            }
        }
        let memories = self.append_memories(batch, after.memories(), memory)?;
        after.set_map(Root::Memories, memories);
        after.set_map(Root::Files, batch.edit_map(after.files(), edits)?);
        let conflicts = after.map(Root::Conflicts);
        after.set_map(Root::Conflicts, self.apply_conflicts(batch, conflicts, after.files())?);
        if let Some(reset) = self.reset.as_ref().filter(|reset| reset.others) {
            after.set_map(Root::Merged, Roots::of(reset.to.as_ref()).map(Root::Merged));
        }
        if let Some(rows) = &self.left_out {
            let rows = rows.iter().map(|(path, row)| (path.clone(), Some(row.clone())));
            after.set_map(Root::LeftOut, batch.edit_map(Map::EMPTY, rows.collect())?);
        }
        after.set_map(Root::Runs, self.runs.apply(batch, after.map(Root::Runs))?);
        let (evidence, new) =
            self.evidence.apply(batch, after.map(Root::Evidence), after.map(Root::Runs))?;
        after.set_map(Root::Evidence, evidence);
        let claims = (after.map(Root::Claims), evidence);
        let claims = self.evidence.apply_claims(batch, claims, &new, memory)?;
        after.set_map(Root::Claims, claims);
        after.set_map(Root::State, self.state.apply(batch, after.map(Root::State))?);
        self.texts.apply(&mut after)?;
        let newest = memory.saturating_add(self.memories.as_slice().len() as u64) - 1;
        let since = self.meanwhile(batch, before.files())?;
        after.set_view(self.view.apply(batch, after.view(), newest, &since)?);
        self.joined.apply(batch, &mut after, true)?;
        let others_change = self
            .reset
            .as_ref()
            .is_some_and(|reset| reset.others && others(reset.to.as_ref()) != others(parent));
        let said = !self.labels.is_empty() || self.time.is_some();
        let joins = !self.joined.parents.is_empty();
        let changes = after != before || others_change || said || joins;
        if !always && !changes {
            return Ok(Built { point: None, memory });
        }
        let mut checkpoint = following(batch, parent)?;
        if let Some(forward) = &self.joined.forward {
            checkpoint.roots = forward.value.roots.clone();
        }
        let others = self.joined.parents.iter();
        let others = others.filter(|id| parent.is_none_or(|parent| parent.checkpoint_id() != **id));
        checkpoint.parents.extend(others);
        if let Some(reset) = self.reset.as_ref().filter(|reset| reset.others) {
            let old = reset.to.as_ref();
            checkpoint.roots = old.map(|old| old.value.roots.clone()).unwrap_or_default();
        }
        after.write(&mut checkpoint);
        checkpoint.labels = self.labels.clone();
        checkpoint.time = self.time;
        Ok(Built { point: Some(put(batch, checkpoint, parent)), memory })
    }

    /// What others did to files since the draft began, as far as the view asks for it.
    fn meanwhile(&self, batch: &StoreBatch, files: Map) -> Result<Meanwhile> {
        let mut since = Meanwhile::default();
        let asks = !self.view.shows.is_empty() || self.view.files.iter().any(|file| !file.is_new);
        if !asks || self.rests_on(files) {
            return Ok(since);
        }
        for change in changes(batch, self.files, files)? {
            let path = change.path;
            if self.touched.contains_key(&path) {
                continue;
            }
            if self.view.shows.iter().any(|glob| glob.matches(&path))
                && let Some(place) = Place::find(files, batch, &path)?.filter(Place::is_live)
            {
                let (path, iteration) = (path.clone(), place.iteration);
                since.came.push(Pending { path, iteration, flags: 0, shown: false, is_new: false });
            }
            since.changed.insert(path);
        }
        Ok(since)
    }

    /// Refuses where another writer changed a path that an edit rests on.
    fn check_unmoved(&self, batch: &StoreBatch, files: Map) -> Result<()> {
        if self.rests_on(files) {
            return Ok(());
        }
        for (path, Touched { base, .. }) in &self.touched {
            let found = Place::find(files, batch, path)?;
            if found.as_ref() != base.as_deref() {
                let number = |place: Option<&Place>| -> Result<Option<u64>> {
                    place.map(|place| Ok(place.iteration(batch)?.number())).transpose()
                };
                let base = said(number(base.as_deref())?);
                let found = said(number(found.as_ref())?);
                return Err(Error::conflict(format!(
                    "{path} is at {found}, this edit rests on {base}; read it again"
                )));
            }
        }
        Ok(())
    }

    /// Refuses a path that would be both a file and a directory. Looks at the outcome alone, so
    /// one checkpoint may turn the one into the other.
    fn check_directories(&self, batch: &StoreBatch, files: Map) -> Result<()> {
        let is_live = |place: Option<&Place>| place.is_some_and(Place::is_live);
        let mut free = HashSet::new();
        for (path, touched) in &self.touched {
            if is_live(touched.base.as_deref()) || !is_live(touched.now.as_ref()) {
                continue;
            }
            let bytes = path.as_bytes();
            let slashes = bytes.iter().enumerate().rev().filter(|(_, byte)| **byte == b'/');
            for (at, _) in slashes {
                let directory = &bytes[..at];
                if !free.insert(directory) {
                    break; // With it, all above it were looked at.
                }
                let directory = FilePath::new(directory)?;
                let place = match self.touched.get(&directory) {
                    Some(touched) => touched.now.clone(),
                    None => Place::find(files, batch, &directory)?,
                };
                if is_live(place.as_ref()) {
                    return Err(clash(&directory, path));
                }
            }
            let mut below = bytes.to_vec();
            below.push(b'/');
            let bound = FilePath::new([&below[..], b"\x01"].concat());
            // A path as long as paths can be has nothing below it.
            let Ok(bound) = bound else { continue };
            let mut drafted = self
                .touched
                .range(bound..)
                .take_while(|(other, _)| other.as_bytes().starts_with(&below));
            if let Some((other, _)) = drafted.find(|(_, touched)| is_live(touched.now.as_ref())) {
                return Err(clash(path, other));
            }
            for row in files.prefix(batch, &below) {
                let (key, value) = row?;
                let other = FilePath::new(&key).map_err(|error| malformed(error.to_string()))?;
                if !self.touched.contains_key(&other) && Place::from_value(&value)?.is_live() {
                    return Err(clash(path, &other));
                }
            }
        }
        Ok(())
    }

    fn append_memories(&self, batch: &mut StoreBatch, map: Map, first: u64) -> Result<Map> {
        let memories = self.memories.as_slice();
        if memories.is_empty() {
            return Ok(map);
        }
        let mut edits = Vec::with_capacity(memories.len() + 1);
        let ends = map.ends(batch)?;
        if ends.as_ref().is_some_and(|(first, _)| first == FLOOR) {
            edits.push((FLOOR.to_vec(), None));
        }
        let mut last = ends.and_then(|(_, (_, value))| value.refs.first().copied());
        let mut number = first;
        for memory in memories {
            let id = memory.id.id();
            let base = last.filter(|_| memory.node.size() <= TEXT_INLINE_BYTES_MAX);
            batch.put_encoded(id, memory.node.clone(), base);
            edits.push((memory_key(number), Some(memory_value(id))));
            last = Some(id);
            number = number_after(number)?;
        }
        batch.edit_map(map, edits)
    }
}

/// A checkpoint after `parent` that keeps all its roots, also those of later versions.
fn following(objects: &impl Objects, parent: Option<&Point>) -> Result<Checkpoint> {
    let (number, jump) = match parent {
        Some(parent) => (number_after(parent.number())?, parent.jump_of_child(objects)?),
        None => (1, None),
    };
    Ok(Checkpoint {
        number,
        parents: parent.map(Point::checkpoint_id).into_iter().collect(),
        jump: jump.map(CheckpointId::new),
        roots: parent.map(|parent| parent.value.roots.clone()).unwrap_or_default(),
        labels: Default::default(),
        time: None,
    })
}

fn put(batch: &mut StoreBatch, checkpoint: Checkpoint, parent: Option<&Point>) -> Point {
    let id = batch.put(&checkpoint, parent.map(|parent| parent.id));
    Point { id, value: Arc::new(checkpoint) }
}

/// An old map of memories or claims in which no number given since can be given again.
fn with_floor(batch: &mut StoreBatch, old: Map, next: u64) -> Result<Map> {
    if next_number(old, batch)? >= next {
        return Ok(old);
    }
    let floor = Value { refs: Vec::new(), bytes: next.to_be_bytes().to_vec() };
    batch.edit_map(old, vec![(FLOOR.to_vec(), Some(floor))])
}

fn clash(file: &FilePath, below: &FilePath) -> Error {
    Error::invalid(format!("{file} cannot be a file and the directory of {below}"))
}
