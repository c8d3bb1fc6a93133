//! Merge conflicts, and how they are resolved.

use crate::error::{Error, Result};
use crate::object::{AsPath, Entry, FilePath, OperationKind};
use crate::session::batch::Batch;
use crate::session::change::files::line;
use crate::session::draft::entry::NewEntry;
use crate::session::handle::Session;
use crate::session::line::info::CheckpointInfo;
use crate::session::line::roots::{Root, Roots};
use crate::session::read::snapshot::file_path;

/// How a merge conflict is resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resolution {
    /// By what a side has, counted from 0.
    Side(usize),
    /// By what the sides come from.
    Base,
    /// By this.
    Entry(NewEntry),
    /// By nothing: the path is removed.
    Removed,
}

impl Batch {
    /// Resolves a merge conflict. Where a file is chosen and a directory stands at its path, all that
    /// is below goes.
    ///
    /// # Errors
    /// `NotFound` if the path is in no conflict, `Invalid` if it has no such side, or if a file stands
    /// where the path needs a directory.
    pub fn resolve(&mut self, path: impl AsPath, resolution: Resolution) -> Result<()> {
        let path = FilePath::new(path)?;
        let conflicts = Roots::of(self.head.point()).map(Root::Conflicts);
        let conflict = self.draft.conflict_at(&self.batch, conflicts, &path)?;
        let conflict =
            conflict.ok_or_else(|| Error::not_found(format!("{path} is in no merge conflict")))?;
        let entry = match resolution {
            Resolution::Side(at) => {
                let count = conflict.sides().count();
                let side = conflict.sides().nth(at).ok_or_else(|| {
                    let last = count.saturating_sub(1);
                    Error::invalid(format!("{path} has no side {at}: its sides are 0 to {last}"))
                })?;
                NewEntry::Stored(side.entry.clone())
            }
            Resolution::Base => {
                let bases = conflict.bases().count();
                let base = conflict.bases().next().filter(|_| bases == 1).ok_or_else(|| {
                    Error::invalid(format!("{path} has {bases} bases: choose a side"))
                })?;
                NewEntry::Stored(base.entry.clone())
            }
            Resolution::Entry(entry) => entry,
            Resolution::Removed => NewEntry::Stored(Entry::Removed),
        };
        let is_live = self.drafted(&path)?.is_some();
        match entry {
            NewEntry::Stored(Entry::Removed) if is_live => drop(self.remove(&path)?),
            NewEntry::Stored(Entry::Removed) => {}
            entry => {
                if !is_live {
                    self.clear_below(&path)?;
                }
                self.write_entry(&path, entry)?;
            }
        }
        self.draft.set_conflict(&path, None);
        Ok(())
    }

    /// Removes the files below a path.
    fn clear_below(&mut self, path: &FilePath) -> Result<()> {
        let below = [path.as_bytes(), b"/"].concat();
        let files = Roots::of(self.head.point()).files();
        let mut paths = Vec::new();
        for row in files.prefix(&self.batch, &below) {
            paths.push(file_path(&row?.0)?);
        }
        let drafted = self.draft.touched.keys();
        paths.extend(drafted.filter(|other| other.as_bytes().starts_with(&below)).cloned());
        for path in paths {
            if self.drafted(&path)?.is_some() {
                self.remove(&path)?;
            }
        }
        Ok(())
    }
}

impl Session {
    /// Resolves a merge conflict as one durable commit, and returns the session's newest checkpoint.
    ///
    /// # Errors
    /// As [`Batch::resolve`]; `Conflict` if another writer changed the path meanwhile.
    pub fn resolve(&self, path: impl AsPath, resolution: Resolution) -> Result<CheckpointInfo> {
        let path = FilePath::new(path)?;
        let mut batch = self.begin()?;
        batch.set_kind(OperationKind::Resolve);
        batch.message(&line(&path))?;
        batch.resolve(&path, resolution)?;
        batch.commit()
    }
}
