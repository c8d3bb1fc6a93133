//! Paths in conflict as a draft leaves them.

use std::collections::BTreeMap;

use crate::error::{ErrorKind, Result};
use crate::id::ContentId;
use crate::map::{Map, Value};
use crate::object::{Entry, FilePath, MergeConflict, read};
use crate::session::draft::Draft;
use crate::session::draft::conflicts::has_markers;
use crate::session::draft::entry::NewEntry;
use crate::session::line::conflict::ConflictRow;
use crate::session::line::place::Place;
use crate::session::line::roots::{Root, Roots};
use crate::store::Batch as StoreBatch;

impl Draft {
    /// Makes a path's merge conflict, or takes it away.
    pub(crate) fn set_conflict(&mut self, path: &FilePath, conflict: Option<MergeConflict>) {
        match conflict {
            Some(conflict) => {
                self.conflicts.resolved.remove(path);
                self.conflicts.made.insert(path.clone(), conflict);
            }
            None => {
                self.conflicts.made.remove(path);
                self.conflicts.resolved.insert(path.clone());
            }
        }
    }

    /// The merge conflict at a path after the edits so far.
    pub(crate) fn conflict_at(
        &self,
        batch: &StoreBatch,
        conflicts: Map,
        path: &FilePath,
    ) -> Result<Option<MergeConflict>> {
        if let Some(made) = self.conflicts.made.get(path) {
            return Ok(Some(made.clone()));
        }
        if self.conflicts.resolved.contains(path) || conflicts.root().is_none() {
            return Ok(None);
        }
        let Some(row) = conflicts.get(batch, path.as_bytes())? else { return Ok(None) };
        let row = ConflictRow::of(&row)?;
        match self.place(batch, path)? {
            Some(place) if place.iteration == row.iteration => read(batch, row.conflict).map(Some),
            _ => Ok(None),
        }
    }

    /// Moves a file, and changes it where `new` says so. A conflict goes with a text that still has a line
    /// of its markers.
    pub(crate) fn move_file(
        &mut self,
        batch: &mut StoreBatch,
        from: FilePath,
        to: FilePath,
        new: Option<NewEntry>,
    ) -> Result<u64> {
        let conflicts = Roots::of(self.base.as_ref()).map(Root::Conflicts);
        let conflict = self.conflict_at(batch, conflicts, &from)?;
        let number = self.rename(batch, from, to.clone(), new)?;
        if let Some(conflict) = conflict.filter(|conflict| conflict.marker > 0)
            && let Some(place) = self.place(batch, &to)?
            && let Entry::File { content, .. } = place.entry
            && self.has_markers(batch, content, conflict.marker)?
        {
            self.set_conflict(&to, Some(conflict));
        }
        Ok(number)
    }

    /// The conflicts after the edits, in `files` as they are after them.
    pub(super) fn apply_conflicts(
        &self,
        batch: &mut StoreBatch,
        before: Map,
        files: Map,
    ) -> Result<Map> {
        let drafted = &self.conflicts;
        if before.root().is_none() && drafted.made.is_empty() && drafted.back.is_none() {
            return Ok(before);
        }
        let mut edits = Vec::new();
        if let Some(old) = self.conflicts.back {
            // What comes back stands in iterations of its own.
            let row = |batch: &StoreBatch, key: &[u8], value: Option<Value>| -> Result<_> {
                let Some(value) = value else { return Ok(None) };
                let conflict = ConflictRow::of(&value)?.conflict;
                let place = files.get(batch, key)?.map(|place| Place::from_value(&place));
                let place = place.transpose()?;
                Ok(place.map(|Place { iteration, .. }| ConflictRow { conflict, iteration }.value()))
            };
            for change in before.diff(&old, batch) {
                let change = change?;
                let value = row(batch, &change.key, change.after)?;
                edits.push((change.key, value));
            }
            let changed = self.touched.iter().filter(|(_, touched)| touched.has_changed());
            for (path, _) in changed.take_while(|_| old.root().is_some()) {
                if let Some(value) = old.get(batch, path.as_bytes())? {
                    let value = row(batch, path.as_bytes(), Some(value))?;
                    edits.push((path.as_bytes().to_vec(), value));
                }
            }
        } else if before.root().is_some() {
            let changed = self.touched.iter().filter(|(_, touched)| touched.has_changed());
            let changed = changed.map(|(path, _)| path);
            for path in changed.chain(&self.conflicts.kept).chain(&self.conflicts.resolved) {
                let Some(row) = before.get(batch, path.as_bytes())? else { continue };
                let left = match self.conflicts.resolved.contains(path) {
                    true => None,
                    false => self.left_of(batch, path, files, &row)?,
                };
                edits.push((path.as_bytes().to_vec(), left));
            }
        }
        for (path, conflict) in &self.conflicts.made {
            let Some(place) = Place::find(files, batch, path)? else { continue };
            let conflict = batch.put(conflict, None);
            let row = ConflictRow { conflict, iteration: place.iteration };
            edits.push((path.as_bytes().to_vec(), Some(row.value())));
        }
        // The last edit of a key counts.
        let edits: BTreeMap<Vec<u8>, Option<Value>> = edits.into_iter().collect();
        batch.edit_map(before, edits.into_iter().collect())
    }

    /// What is left of a conflict whose path was changed: all of it, as long as a line of its markers is
    /// still in the text.
    fn left_of(
        &self,
        batch: &StoreBatch,
        path: &FilePath,
        files: Map,
        row: &Value,
    ) -> Result<Option<Value>> {
        let ConflictRow { conflict, .. } = ConflictRow::of(row)?;
        let Some(place) = Place::find(files, batch, path)? else { return Ok(None) };
        let Entry::File { content, .. } = &place.entry else { return Ok(None) };
        let marker = match read::<MergeConflict>(batch, conflict) {
            Err(error) if error.kind().is_absence() => return Ok(None),
            conflict => conflict?.marker,
        };
        let is_left = marker > 0 && self.has_markers(batch, *content, marker)?;
        Ok(is_left.then(|| ConflictRow { conflict, iteration: place.iteration }.value()))
    }

    fn has_markers(&self, batch: &StoreBatch, content: ContentId, marker: u64) -> Result<bool> {
        let bytes = match self.content(content) {
            Some(bytes) => bytes,
            None => match batch.read_content(content) {
                Err(error) if error.kind() == ErrorKind::Purged => return Ok(false),
                bytes => bytes?,
            },
        };
        Ok(has_markers(&bytes, usize::try_from(marker).unwrap_or(usize::MAX)))
    }
}
