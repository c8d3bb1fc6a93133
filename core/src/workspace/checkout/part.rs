//! Parts: what of a checkpoint is checked out.

use std::collections::BTreeSet;

use crate::object::FilePath;
use crate::workspace::entries::ancestors;

/// All of a checkpoint, or what is at some paths and below them.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Whole,
    Paths(BTreeSet<FilePath>),
}

impl Part {
    /// Tells whether a path is in it.
    pub(super) fn holds(&self, path: &FilePath) -> bool {
        match self {
            Part::Whole => true,
            Part::Paths(paths) => {
                paths.contains(path) || ancestors(path).any(|above| paths.contains(&above))
            }
        }
    }

    /// Returns a path of the part that holds none of these.
    pub(super) fn without<'a>(
        &self,
        known: impl Iterator<Item = &'a FilePath> + Clone,
    ) -> Option<&FilePath> {
        let Part::Paths(paths) = self else { return None };
        let held = |part: &FilePath| {
            let mut known = known.clone();
            known.any(|path| path == part || ancestors(path).any(|above| above == *part))
        };
        paths.iter().find(|part| !held(part))
    }
}
