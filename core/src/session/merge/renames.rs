//! Renames of one side since a base: by what iterations know, then by equal content.

use std::collections::{BTreeMap, HashMap};

use crate::error::Result;
use crate::id::{ContentId, ObjectId};
use crate::object::{Entry, FilePath, Iteration, Objects};
use crate::session::line::chain::Link;
use crate::session::line::place::Place;

/// Renames behind one another that are followed.
const RENAMES_FOLLOWED: usize = 64;

/// What a side has and its base lacks, and the reverse.
#[derive(Debug, Default)]
pub(super) struct CameAndWent {
    pub(super) came: BTreeMap<FilePath, Place>,
    pub(super) went: BTreeMap<FilePath, Entry>,
}

impl CameAndWent {
    /// Takes up a path that the side changed.
    pub(super) fn take(&mut self, path: &FilePath, base: Option<&Place>, side: Option<&Place>) {
        let live = |place: Option<&Place>| place.filter(|place| place.is_live()).cloned();
        match (live(base), live(side)) {
            (None, Some(place)) => drop(self.came.insert(path.clone(), place)),
            (Some(place), None) => drop(self.went.insert(path.clone(), place.entry)),
            _ => {}
        }
    }

    /// Where each path that was renamed is now.
    pub(super) fn renames(
        &self,
        objects: &(impl Objects + ?Sized),
    ) -> Result<BTreeMap<FilePath, FilePath>> {
        let mut renames = BTreeMap::new();
        if self.went.is_empty() || self.came.is_empty() {
            return Ok(renames);
        }
        let mut left: BTreeMap<&FilePath, &Place> = self.came.iter().collect();
        for (path, place) in &self.came {
            if let Some(source) = self.source(objects, place)?
                && !renames.contains_key(&source)
            {
                renames.insert(source, path.clone());
                left.remove(path);
            }
        }
        let mut by_entry: HashMap<&Entry, (Vec<&FilePath>, Vec<&FilePath>)> = HashMap::new();
        for (path, place) in left {
            by_entry.entry(&place.entry).or_default().1.push(path);
        }
        for (path, entry) in &self.went {
            if !renames.contains_key(path)
                && let Some((went, _)) = by_entry.get_mut(entry)
            {
                went.push(path);
            }
        }
        for (entry, (went, came)) in by_entry {
            // Empty files are all alike.
            let empty = ContentId::new(ObjectId::of_content(b""));
            let is_telling = entry.content().is_some_and(|content| content != empty);
            if let ([from], [to]) = (&went[..], &came[..])
                && is_telling
            {
                renames.insert((*from).clone(), (*to).clone());
            }
        }
        Ok(renames)
    }

    /// The path that went, and from which an iteration's line came.
    fn source(&self, objects: &(impl Objects + ?Sized), place: &Place) -> Result<Option<FilePath>> {
        let found = || -> Result<Option<FilePath>> {
            let mut at: Link<Iteration> = place.iteration(objects)?;
            for _ in 0..RENAMES_FOLLOWED {
                let path = at.value.path.clone();
                let first = at.earliest(objects, |link| Ok(link.value.path == path))?;
                match first.parent(objects)? {
                    Some(before) if self.went.contains_key(&before.value.path) => {
                        return Ok(Some(before.value.path.clone()));
                    }
                    Some(before) => at = before,
                    None => break,
                }
            }
            Ok(None)
        };
        match found() {
            Err(error) if error.kind().is_absence() => Ok(None),
            found => found,
        }
    }
}
