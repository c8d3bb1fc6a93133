//! What the log knows after its last frame: where objects are and what refs name.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, OnceLock};

use crate::error::Error;
use crate::id::{IdMap, ObjectId, Tag};
use crate::log::format::head::TableHead;
use crate::log::format::row::Location;
use crate::log::format::segment::SegmentId;
use crate::log::format::table::Table;
use crate::log::read::segment_file::Segment;
use crate::map::Map;

/// A stretch of acknowledged bytes that is no longer whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    pub(crate) segment: SegmentId,
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// Whether refs may have been set there.
    pub(crate) refs: bool,
    pub(crate) what: String,
}

impl Damage {
    pub(crate) fn error(&self) -> Error {
        Error::corrupt(format!(
            "segment {} is damaged at offset {}: {}; run `check`, and restore the file from a copy",
            self.segment, self.from, self.what
        ))
    }
}

/// An index table, read at its first use.
#[derive(Debug)]
pub(crate) struct TableSlot {
    /// The segment whose objects it knows.
    pub(crate) segment: SegmentId,
    /// Where it stands.
    pub(crate) host: SegmentId,
    pub(crate) frame: u32,
    pub(crate) loaded: OnceLock<LoadedTable>,
}

#[derive(Debug)]
pub(crate) struct LoadedTable {
    pub(crate) head: TableHead,
    pub(crate) table: Table,
    /// Why it had to be made anew, if it had.
    pub(crate) fault: Option<Damage>,
}

/// What readers share; changed only while the tail is held.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) segments: BTreeMap<SegmentId, Arc<Segment>>,
    /// The log segment that commits go to.
    pub(crate) current: u64,
    /// The bytes before the end of that segment's frames, where any was taken up.
    pub(crate) seen: Option<Tag>,
    /// Oldest first.
    pub(crate) tables: Arc<Vec<Arc<TableSlot>>>,
    /// Objects of the current segment that no table knows yet.
    pub(crate) tail: IdMap<ObjectId, Location>,
    /// The refs as of the last snapshot.
    pub(crate) refs: Map,
    /// Refs set or removed since.
    pub(crate) updates: BTreeMap<String, Option<ObjectId>>,
    /// Refs set since the last damage, which are therefore known for certain.
    pub(crate) certain: HashSet<String>,
    pub(crate) damage: Vec<Damage>,
    /// What was purged, once somebody asked.
    pub(crate) purged: Option<Map>,
    /// Segments retired since the last snapshot: their files may still be there.
    pub(crate) retired: Vec<SegmentId>,
}

impl State {
    pub(crate) fn current_segment(&self) -> Arc<Segment> {
        self.segments[&SegmentId::log(self.current)].clone()
    }

    /// Forgets segments whose objects have been copied to others, or are not wanted any more.
    pub(crate) fn retire(&mut self, ids: &[SegmentId]) {
        self.segments.retain(|id, _| !ids.contains(id));
        Arc::make_mut(&mut self.tables).retain(|slot| !ids.contains(&slot.segment));
        self.damage.retain(|damage| !ids.contains(&damage.segment));
        self.retired.extend_from_slice(ids);
    }

    /// The damage that may have taken a ref, unless it was set later.
    pub(crate) fn doubt(&self, name: Option<&str>) -> Option<&Damage> {
        let damage = self.damage.iter().rev().find(|damage| damage.refs)?;
        match name {
            Some(name) if self.certain.contains(name) => None,
            _ => Some(damage),
        }
    }
}
