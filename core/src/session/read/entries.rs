//! What a checkpoint's files are, whatever session it is of.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::error::Result;
use crate::id::{CheckpointId, MapId};
use crate::map::Map;
use crate::object::{Checkpoint, Entry, FilePath, Objects, read};
use crate::session::line::place::Place;
use crate::session::read::snapshot::{changes, file_path};
use crate::store::Store;

/// The files of a checkpoint, looked at one path at a time. Its session may be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileMap(Map);

impl FileMap {
    /// No files.
    pub(crate) const EMPTY: FileMap = FileMap(Map::EMPTY);

    /// Reads a checkpoint, and nothing else.
    pub(crate) fn of(objects: &impl Objects, checkpoint: CheckpointId) -> Result<Self> {
        let checkpoint: Checkpoint = read(objects, checkpoint.id())?;
        let files = checkpoint.roots.get(Checkpoint::FILES).copied();
        Ok(FileMap(Map::new(files.map(MapId::new))))
    }

    /// The map itself.
    pub(crate) fn map(&self) -> Map {
        self.0
    }

    /// What is at a path; a removal is nothing.
    pub(crate) fn entry(&self, objects: &impl Objects, path: &FilePath) -> Result<Option<Entry>> {
        let place = Place::find(self.0, objects, path)?;
        Ok(place.filter(Place::is_live).map(|place| place.entry))
    }

    /// Tells whether a path is a directory: whether something is below it.
    pub(crate) fn has_below(&self, objects: &impl Objects, path: &FilePath) -> Result<bool> {
        for row in self.0.prefix(objects, &[path.as_bytes(), b"/"].concat()) {
            if Place::from_value(&row?.1)?.is_live() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// All entries by path.
    pub(crate) fn entries(&self, objects: &impl Objects) -> Result<BTreeMap<FilePath, Entry>> {
        let mut entries = BTreeMap::new();
        for row in self.0.range(objects, Bound::Unbounded, Bound::Unbounded) {
            let (path, value) = row?;
            let place = Place::from_value(&value)?;
            if place.is_live() {
                entries.insert(file_path(&path)?, place.entry);
            }
        }
        Ok(entries)
    }

    /// The paths where others have something else.
    pub(crate) fn unlike(&self, other: FileMap, objects: &impl Objects) -> Result<Vec<FilePath>> {
        let changes = changes(objects, self.0, other.0)?;
        Ok(changes.into_iter().map(|change| change.path).collect())
    }
}

/// Returns the entries of a checkpoint by path, removals not counted. Reads the checkpoint and the
/// map of its files, and nothing else: its session may be gone.
pub(crate) fn entries(
    store: &Store,
    checkpoint: CheckpointId,
) -> Result<BTreeMap<FilePath, Entry>> {
    FileMap::of(store, checkpoint)?.entries(store)
}
