//! The objects that were purged, as far as the log needs to know: what was purged is not stored
//! again, whoever brings it.

use crate::error::Result;
use crate::id::{MapId, ObjectId};
use crate::log::read::reader::Reader;
use crate::map::Map;

/// The ref that names the map of purged objects: id to tombstone.
pub(crate) const PURGED: &str = "purge";

impl Reader {
    /// Returns the map of what was purged. Looks at what is known, not for what others committed.
    pub(crate) fn purged(&self) -> Result<Map> {
        if let Some(map) = self.state().purged {
            return Ok(map);
        }
        let map = Map::new(self.known_reference(PURGED)?.map(MapId::new));
        // Whoever applied a commit meanwhile knows better.
        Ok(*self.state_mut().purged.get_or_insert(map))
    }

    /// Tells whether an object was purged.
    pub(crate) fn is_purged(&self, id: &ObjectId) -> Result<bool> {
        let purged = self.purged()?;
        Ok(purged.root().is_some() && purged.get(self, id.as_bytes())?.is_some())
    }
}
