//! What a damaged store was found to hold.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

use crate::id::ObjectId;
use crate::log::format::head::LiveSegment;
use crate::log::format::segment::SegmentId;
use crate::log::read::scan::Listed;
use crate::log::upkeep::salvage::timeline::Timeline;
use crate::log::write::handle::Log;
use crate::map::Map;

/// What is whole in it, and what its log says.
pub(crate) struct Salvage {
    /// Reads every whole object; its refs are what [`choose`](Self::choose) says.
    pub(crate) log: Log,
    /// Every object that can be read, and verified by its id.
    pub(crate) listed: Vec<Listed>,
    /// What the log says of refs.
    pub(crate) timeline: Timeline,
    /// Data segments without any damage.
    pub(super) whole: Vec<LiveSegment>,
    /// Files among the segments.
    pub(super) files: Vec<String>,
    /// Segments that a commit retired: nothing of them is part of the store.
    pub(super) retired: HashSet<SegmentId>,
    pub(super) newest: u64,
}

/// Told how many objects were looked at; ends the work.
pub(super) type Interrupt<'a> = &'a mut dyn FnMut(u64) -> ControlFlow<()>;

impl Salvage {
    /// Sets the refs that the new log will have.
    pub(crate) fn choose(&self, refs: BTreeMap<String, Option<ObjectId>>) {
        let mut state = self.log.state_mut();
        // Nothing that the new log begins with was purged, and the map that says what was is part
        // of it.
        state.purged = Some(Map::EMPTY);
        state.updates = refs;
    }

    /// Tells whether a data segment is whole, and stays as it is.
    pub(crate) fn stays(&self, id: SegmentId) -> bool {
        self.whole.iter().any(|live| live.id == id)
    }
}
