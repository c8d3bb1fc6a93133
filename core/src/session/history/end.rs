//! Where the history of a trimmed session ends.

use crate::error::{ErrorKind, Result};
use crate::map::Map;
use crate::object::Checkpoint;
use crate::object::{FilePath, Iteration, Objects};
use crate::session::handle::Session;
use crate::session::line::chain::Link;
use crate::session::line::place::Place;
use crate::session::line::point::{Head, root};

/// The oldest checkpoint that is left, and its files.
#[derive(Clone, Debug)]
pub(crate) struct End {
    /// The number of the oldest checkpoint.
    pub(crate) oldest: u64,
    /// The files as of that.
    files: Map,
}

impl End {
    /// Tells whether a path's line ends with this iteration: what is before it was trimmed.
    pub(crate) fn is_last(&self, objects: &impl Objects, link: &Link<Iteration>) -> Result<bool> {
        Ok(match self.number_at(objects, &link.value.path)? {
            Some(number) => link.number() <= number,
            None => false,
        })
    }

    /// Tells whether an iteration was not trimmed.
    pub(crate) fn keeps(&self, objects: &impl Objects, link: &Link<Iteration>) -> Result<bool> {
        let oldest = self.number_at(objects, &link.value.path)?;
        Ok(oldest.is_none_or(|oldest| link.number() >= oldest))
    }

    fn number_at(&self, objects: &impl Objects, path: &FilePath) -> Result<Option<u64>> {
        let found = Place::find(self.files, objects, path)
            .and_then(|place| place.map(|place| place.iteration(objects)).transpose());
        match found {
            // A recovery gave up what says it: nothing is known to be trimmed.
            Err(error) if error.kind() == ErrorKind::Purged => Ok(None),
            found => Ok(found?.map(|link| link.number())),
        }
    }
}

impl Session {
    /// Where the history ends, with what is needed to tell which iterations are beyond.
    pub(crate) fn end(&self, head: &Head) -> Result<Option<End>> {
        let Some(horizon) = self.horizon()? else { return Ok(None) };
        let newest = head.point.clone();
        let oldest = match newest {
            Some(newest) => match newest.ancestor(&self.store, horizon.checkpoint) {
                // A recovery gave up what is between: history ends there, and not the session.
                Err(error) if error.kind() == ErrorKind::Purged => None,
                found => found?,
            },
            None => None,
        };
        let files = root(oldest.as_ref(), Checkpoint::FILES);
        Ok(Some(End { oldest: horizon.checkpoint, files }))
    }
}
