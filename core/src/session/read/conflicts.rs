//! Merge conflicts of a state.

use std::ops::Bound;

use crate::error::Result;
use crate::map::Value;
use crate::object::{Entry, FilePath, MergeConflict, read};
use crate::session::line::conflict::ConflictRow;
use crate::session::line::place::Place;
use crate::session::line::roots::Root;
use crate::session::read::snapshot::{Snapshot, file_path};

/// Conflicts that a model is told of by name.
const CONFLICTS_TOLD: usize = 20;

/// A merge conflict that nobody has resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConflictEntry {
    /// Where it is.
    pub path: FilePath,
    /// What stands there meanwhile; a removal where nothing does.
    pub entry: Entry,
    /// What the sides have, and what they come from.
    pub conflict: MergeConflict,
}

impl ConflictEntry {
    /// Says in a line which file it is and which sides there are.
    pub fn in_words(&self) -> String {
        let sides = self.conflict.sides().map(|side| match side.entry {
            Entry::Removed => format!("{} has nothing there", side.label),
            _ => side.label.clone(),
        });
        let sides: Vec<String> = sides.collect();
        let marked = if self.is_marked() { ", marked in the text" } else { "" };
        format!("{}: {}{marked}", self.path, sides.join(" against "))
    }

    /// Tells whether the text that stands at the path has the conflict in lines of markers.
    pub fn is_marked(&self) -> bool {
        self.conflict.marker > 0
    }
}

impl Snapshot {
    /// Returns the merge conflicts that nobody has resolved, in the order of their paths.
    ///
    /// ```
    /// use partita::merge::{MergeOptions, Resolution};
    /// let store = partita::Store::in_memory()?;
    /// let session = store.session("s")?;
    /// session.write("a", "1\n")?;
    /// let fork = session.fork("t")?;
    /// session.write("a", "2\n")?;
    /// fork.write("a", "3\n")?;
    /// session.merge(&[&fork], MergeOptions::new())?;
    /// let conflict = session.latest()?.conflicts().next().expect("both changed it")?;
    /// assert_eq!((conflict.path.as_bytes(), conflict.conflict.sides().count()), (&b"a"[..], 2));
    /// session.resolve("a", Resolution::Side(1))?;
    /// assert_eq!(session.read("a")?, b"3\n");
    /// assert_eq!(session.latest()?.conflicts().count(), 0);
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn conflicts(&self) -> impl Iterator<Item = Result<ConflictEntry>> + '_ {
        self.conflicts_after(None)
    }

    /// Returns a page of merge conflicts: those behind a path.
    pub fn conflicts_after(
        &self,
        path: Option<&FilePath>,
    ) -> impl Iterator<Item = Result<ConflictEntry>> + '_ {
        let from = path.map_or(Bound::Unbounded, |path| Bound::Excluded(path.as_bytes()));
        let rows = self.roots().map(Root::Conflicts).range(&self.store, from, Bound::Unbounded);
        rows.filter_map(|row| {
            let (key, value) = match row {
                Ok(row) => row,
                Err(error) => return Some(Err(error)),
            };
            self.conflict_of(&key, &value).transpose()
        })
    }

    /// What a model is told of merge conflicts; empty where there are none.
    pub(crate) fn told_of_conflicts(&self) -> Result<String> {
        let mut told = String::new();
        for (at, conflict) in self.conflicts().enumerate() {
            let conflict = conflict?;
            if at == 0 {
                told.push_str("[merge conflicts that nobody has resolved]");
            }
            if at == CONFLICTS_TOLD {
                told.push_str("\nand more");
                break;
            }
            told.push('\n');
            told.push_str(&conflict.in_words());
        }
        Ok(told)
    }

    /// The conflict of a row; none where something else stands at the path by now, as a version that
    /// knows no conflicts may have written.
    fn conflict_of(&self, key: &[u8], value: &Value) -> Result<Option<ConflictEntry>> {
        let (path, row) = (file_path(key)?, ConflictRow::of(value)?);
        match Place::find(self.roots().files(), &self.store, &path)? {
            Some(place) if place.iteration == row.iteration => {
                let conflict = read(&self.store, row.conflict)?;
                Ok(Some(ConflictEntry { path, entry: place.entry, conflict }))
            }
            _ => Ok(None),
        }
    }
}
