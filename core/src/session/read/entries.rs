//! What a checkpoint's files are, whatever session it is of.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::error::Result;
use crate::id::{CheckpointId, MapId};
use crate::map::Map;
use crate::object::{Checkpoint, Entry, FilePath, read};
use crate::session::line::place::Place;
use crate::session::read::snapshot::file_path;
use crate::store::Store;

/// Returns the entries of a checkpoint by path, removals not counted. Reads the checkpoint and the
/// map of its files, and nothing else: its session may be gone.
pub(crate) fn entries(
    store: &Store,
    checkpoint: CheckpointId,
) -> Result<BTreeMap<FilePath, Entry>> {
    let checkpoint: Checkpoint = read(store, checkpoint.id())?;
    let files = Map::new(checkpoint.roots.get(Checkpoint::FILES).copied().map(MapId::new));
    let mut entries = BTreeMap::new();
    for row in files.range(store, Bound::Unbounded, Bound::Unbounded) {
        let (path, value) = row?;
        let place = Place::from_value(&value)?;
        if place.is_live() {
            entries.insert(file_path(&path)?, place.entry);
        }
    }
    Ok(entries)
}
