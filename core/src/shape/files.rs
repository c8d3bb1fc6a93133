//! Files and their iterations.

use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};

use super::fields::{Fields, object, rows, write};
use super::value::in_words;
use crate::error::Error;
use crate::history::{FileChange, FileEntry, IterationInfo};

/// Reads the size and the number of the iteration: what fails there is the serializer's error.
impl Fields for FileEntry {
    fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let failed = |error: Error| M::Error::custom(in_words(&error));
        rows!(map
            ..self.path,
            ..self.entry,
            size: self.size().map_err(failed)?,
            iteration: self.number().map_err(failed)?,
            iteration_id: self.iteration,
        );
        Ok(())
    }
}

impl Serialize for FileEntry {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        write(self, to)
    }
}

object!(FileChange, change => {
    ..change.path,
    before: change.before,
    after: change.after,
});

object!(IterationInfo, info => {
    ..info.path,
    number: info.number,
    id: info.id,
    checkpoint: info.checkpoint_number,
    checkpoint_id: info.checkpoint,
    size: info.size,
    time: info.time,
    ..info.entry,
    renamed_from: info.renamed_from,
});
