//! The objects of a damaged store: those whose bytes are those of their ids, and no others.

use std::collections::HashSet;
use std::sync::Arc;

use crate::error::{ErrorKind, Result};
use crate::id::ObjectId;
use crate::log::format::row::{Location, Row};
use crate::log::format::segment::SegmentId;
use crate::log::read::objects::Place;
use crate::log::read::scan::Listed;
use crate::log::read::segment_file::Segment;
use crate::log::upkeep::salvage::found::{Interrupt, Salvage};
use crate::log::upkeep::salvage::frames::interrupted;
use crate::log::write::handle::Log;

impl Salvage {
    /// Lists every copy of an object whose bytes are those of its id. The tables name no others
    /// from then on: an id that is damaged, or a copy that is, stands in the way of no whole one.
    pub(super) fn keep_what_verifies(
        &mut self,
        segments: &[Arc<Segment>],
        progress: Interrupt<'_>,
    ) -> Result<()> {
        let mut chunked = Vec::new();
        for segment in segments {
            for offset in self.frames_of(segment.id)? {
                let frame = self.log.medium().frame(segment, offset)?;
                for (position, (id, row)) in
                    frame.payload.ids.iter().zip(&frame.payload.rows).enumerate()
                {
                    let (id, row, position) = (*id, *row, position as u32);
                    let object = Listed { id, row, segment: segment.id, frame: offset, position };
                    if matches!(row, Row::Chunked { .. }) {
                        chunked.push(object);
                        continue;
                    }
                    let place = Place { segment: segment.clone(), frame: frame.clone(), position };
                    if is_whole(&self.log, &place, &id)? {
                        self.listed.push(object);
                    }
                    if progress(1).is_break() {
                        return Err(interrupted());
                    }
                }
            }
        }
        // Chunks are found by their ids, so they come first.
        self.listed.extend_from_slice(&chunked);
        self.name_no_others()?;
        self.listed.retain(|object| !matches!(object.row, Row::Chunked { .. }));
        for object in chunked {
            let segment = self.log.segment(object.segment)?;
            let frame = self.log.medium().frame(&segment, object.frame)?;
            let place = Place { segment, frame, position: object.position };
            if is_whole(&self.log, &place, &object.id)? {
                self.listed.push(object);
            }
            if progress(1).is_break() {
                return Err(interrupted());
            }
        }
        self.name_no_others()
    }

    /// Sorts what is listed, and lets the tables name nothing else.
    fn name_no_others(&mut self) -> Result<()> {
        let place = |object: &Listed| (object.segment, object.frame, object.position);
        self.listed.sort_by_key(place);
        let listed = &self.listed;
        let mut state = self.log.state_mut();
        for slot in Arc::make_mut(&mut state.tables) {
            let segment = slot.segment;
            let is_listed = |at: Location| {
                listed.binary_search_by_key(&(segment, at.frame, at.position), place).is_ok()
            };
            let loaded = Arc::get_mut(slot).and_then(|slot| slot.loaded.get_mut());
            loaded.expect("nobody else has the tables yet").table.retain(is_listed);
        }
        Ok(())
    }

    /// Leaves one copy of each object in the list, of a segment that is part of the store.
    pub(super) fn list_each_once(&mut self) {
        let mut seen = HashSet::new();
        let retired = &self.retired;
        self.listed.retain(|object| !retired.contains(&object.segment) && seen.insert(object.id));
    }

    /// Returns where the frames of a segment begin that can be taken apart.
    fn frames_of(&self, segment: SegmentId) -> Result<Vec<u32>> {
        let slots = self.log.state().tables.clone();
        let slot = slots.iter().find(|slot| slot.segment == segment);
        let Some(slot) = slot else { return Ok(Vec::new()) };
        Ok(self.log.table(slot)?.table.frames().map(|(offset, _)| offset).collect())
    }

    /// Lets no segment stay that names any of these, which were purged: its file goes as well, once
    /// the rest of it is copied.
    pub(crate) fn leave_those_with(&mut self, purged: &HashSet<ObjectId>) -> Result<()> {
        let mut with = HashSet::new();
        for live in self.whole.iter().filter(|_| !purged.is_empty()) {
            let segment = self.log.segment(live.id)?;
            for offset in self.frames_of(live.id)? {
                let frame = self.log.medium().frame(&segment, offset)?;
                if frame.payload.ids.iter().any(|id| purged.contains(id)) {
                    with.insert(live.id);
                    break;
                }
            }
        }
        self.whole.retain(|live| !with.contains(&live.id));
        self.retired.extend(with);
        Ok(())
    }
}

/// Tells whether what stands at a place has that id.
fn is_whole(log: &Log, place: &Place, id: &ObjectId) -> Result<bool> {
    let found = match place.row()?.is_node() {
        true => log.read_node_at(place).map(|node| node.id()),
        false => log.read_content_at(place).map(|bytes| ObjectId::of_content(&bytes)),
    };
    match found {
        Ok(found) => Ok(found == *id),
        Err(error) if error.kind() == ErrorKind::Corrupt => Ok(false),
        Err(error) => Err(error),
    }
}
