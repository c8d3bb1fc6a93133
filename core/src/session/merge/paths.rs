//! One path of a merge: what its sides come to, and how it stands in conflict.

use crate::diff;
use crate::error::{Error, ErrorKind, Result};
use crate::id::ContentId;
use crate::limits::{CONFLICT_TERMS_MAX, DIFF_BYTES_MAX};
use crate::map::Map;
use crate::object::{Bytes, ConflictTerm, Entry, FilePath, MergeConflict, Objects, read};
use crate::session::draft::Draft;
use crate::session::line::conflict::ConflictRow;
use crate::session::line::place::Place;
use crate::session::merge::entry::{self, Joined, Made, Terms};
use crate::store::Batch as StoreBatch;

/// Files of a state, with the conflicts in them.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub(super) files: Map,
    pub(super) conflicts: Map,
    /// Whose they are.
    pub(super) label: String,
}

/// What somebody made of the text of a conflict that is to be written anew.
enum Edits {
    None,
    /// The new text, with these edits.
    In(Vec<u8>),
    /// What stands there, and how often its markers repeat their sign.
    Beside(Entry, u64),
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
    /// Gives a path what its terms come to, and makes or takes away its conflict.
    pub(super) fn settle(
        &mut self,
        path: &FilePath,
        [base, ours, theirs]: [Terms; 3],
        parents: [Option<&Place>; 2],
    ) -> Result<()> {
        let terms = Terms::joined(base, ours, theirs);
        let now = self.draft.place(self.batch, path)?;
        let before = self.our_terms(path, now.as_ref())?;
        if terms.is_like(&before) {
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
        let (made, conflict) = match self.kept_edits(path, now.as_ref(), &before, &made)? {
            Edits::None => (made, conflict),
            Edits::In(text) => match made {
                Made::Text { executable, .. } | Made::Entry(Entry::File { executable, .. }) => {
                    (Made::Text { text, executable }, conflict)
                }
                Made::Entry(_) => (made, conflict),
            },
            Edits::Beside(entry, marker) if conflict.is_some() => {
                (Made::Entry(entry), Some(marker))
            }
            // The sides agree by now, and what somebody made of their conflict does not fit to that.
            Edits::Beside(..) => return Ok(()),
        };
        let conflict = conflict.map(|marker| MergeConflict { marker, terms: terms.into_list() });
        if let Some(conflict) = &conflict {
            if conflict.terms.len() > CONFLICT_TERMS_MAX {
                return Err(Error::invalid(format!(
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
            _ if is_there && conflict.is_none() => {}
            // A conflict that changes nothing here has the other side's line all the same.
            theirs
                if is_there
                    && theirs.is_none_or(|theirs| now.as_ref() == Some(theirs))
                    && now.is_some() => {}
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

    /// What somebody made of the text of a conflict, where that is to be written anew.
    fn kept_edits(
        &self,
        path: &FilePath,
        now: Option<&Place>,
        before: &Terms,
        made: &Made,
    ) -> Result<Edits> {
        let conflict = self.draft.conflict_at(self.batch, self.ours.conflicts, path)?;
        let marker = conflict.map_or(0, |conflict| conflict.marker);
        let Some(now) = now.filter(|_| marker > 0) else { return Ok(Edits::None) };
        let Entry::File { content, .. } = &now.entry else { return Ok(Edits::None) };
        let beside = Edits::Beside(now.entry.clone(), marker);
        let ([ours, theirs], [base]) = (&before.sides[..], &before.bases[..]) else {
            return Ok(beside);
        };
        let written = match entry::join([base, ours, theirs], |id| self.read(id))? {
            Joined::Conflict(Made::Text { text, .. }, _) => text,
            _ => return Ok(beside),
        };
        let Some(edited) = self.read(*content)? else { return Ok(beside) };
        if *edited == written[..] {
            return Ok(Edits::None);
        }
        let anew = match made {
            Made::Text { text, .. } => text.clone(),
            Made::Entry(Entry::File { content, .. }) => match self.read(*content)? {
                Some(bytes) => bytes.to_vec(),
                None => return Ok(beside),
            },
            Made::Entry(_) => return Ok(beside),
        };
        let joined = diff::merge(written, edited, anew).and_then(|merge| merge.text());
        Ok(match (joined, made) {
            (Some(text), Made::Text { .. } | Made::Entry(Entry::File { .. })) => Edits::In(text),
            _ => beside,
        })
    }

    /// Makes a conflict of a path without asking whether its sides can be joined.
    pub(super) fn clash(&mut self, path: &FilePath, row: [&Option<Place>; 3]) -> Result<()> {
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

    /// The terms of a path in our files, as the draft has them.
    pub(super) fn our_terms(&self, path: &FilePath, place: Option<&Place>) -> Result<Terms> {
        match self.draft.conflict_at(self.batch, self.ours.conflicts, path)? {
            Some(conflict) => Ok(Terms::of(conflict.terms)),
            None => {
                let entry = place.map_or(Entry::Removed, |place| place.entry.clone());
                Ok(Terms::one(&self.ours.label, entry))
            }
        }
    }

    pub(super) fn terms(
        &self,
        side: &Side,
        path: &FilePath,
        place: Option<&Place>,
    ) -> Result<Terms> {
        Ok(match self.conflict_of(side, path, place)? {
            Some(conflict) => Terms::of(conflict.terms),
            None => {
                let entry = place.map_or(Entry::Removed, |place| place.entry.clone());
                Terms::one(&side.label, entry)
            }
        })
    }

    pub(super) fn gone(&self, side: &Side) -> Terms {
        Terms::one(&side.label, Entry::Removed)
    }

    pub(super) fn is_in_conflict(&self, path: &FilePath) -> Result<bool> {
        Ok(self.draft.conflict_at(self.batch, self.ours.conflicts, path)?.is_some()
            || self.has_row(self.base.conflicts, path)?
            || self.has_row(self.theirs.conflicts, path)?)
    }

    fn has_row(&self, conflicts: Map, path: &FilePath) -> Result<bool> {
        Ok(conflicts.root().is_some() && conflicts.get(&*self.batch, path.as_bytes())?.is_some())
    }

    /// The unresolved conflict of a path in a state.
    pub(super) fn conflict_of(
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
