//! Copies: objects worth keeping, packed tightly into new data segments.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::id::{IdMap, ObjectId};
use crate::limits::DELTA_CHAIN_MAX;
use crate::log::format::head::LiveSegment;
use crate::log::format::parts::Parts;
use crate::log::format::row::Row;
use crate::log::format::segment::FRAMES_FROM;
use crate::log::format::splice;
use crate::log::format::zip::Level;
use crate::log::read::objects::Place;
use crate::log::read::scan::{Listed, Scan, scan_frames};
use crate::log::read::segment_file::Segment;
use crate::log::write::bulk::{Bulk, is_full};
use crate::log::write::encode::{Encoder, Fresh};
use crate::log::write::handle::Log;
use crate::log::write::prepare::{self, Prepared};
use crate::log::write::prepare::{Ready, ReadyPayload};
use crate::object::Objects;

/// Copies objects, in the order in which they come, to as many data segments as they fill.
pub(crate) struct Copier<'a> {
    log: &'a Log,
    bulk: Option<Bulk>,
    fresh: IdMap<ObjectId, Fresh>,
    pending: Parts,
    done: Vec<LiveSegment>,
}

impl<'a> Copier<'a> {
    pub(crate) fn new(log: &'a Log) -> Self {
        let (fresh, pending) = (IdMap::default(), Parts::default());
        Copier { log, bulk: None, fresh, pending, done: Vec::new() }
    }

    /// Copies one object. Another copy of what was copied already is passed over.
    pub(crate) fn copy(&mut self, object: &Listed) -> Result<()> {
        if self.fresh.contains_key(&object.id) {
            return Ok(());
        }
        let place = self.log.place_of(object)?;
        let ready = self.ready(object.id, &place)?;
        self.push(&ready)
    }

    fn push(&mut self, ready: &Ready) -> Result<()> {
        if self.bulk.is_none() {
            self.bulk = Some(Bulk::create(self.log)?);
        }
        let bulk = self.bulk.as_mut().expect("created above");
        let mut encoder = Encoder::copying(self.log, bulk.id, bulk.offset()?, &mut self.fresh);
        encoder.parts = std::mem::take(&mut self.pending);
        encoder.add(ready)?;
        self.pending = encoder.parts;
        if is_full(&self.pending) {
            self.close_frame()?;
        }
        Ok(())
    }

    fn close_frame(&mut self) -> Result<()> {
        let Some(bulk) = &mut self.bulk else { return Ok(()) };
        let parts = std::mem::take(&mut self.pending);
        bulk.push_objects(parts, Level::Tight)?;
        if bulk.end >= self.log.options.segment_bytes {
            self.close_segment()?;
        }
        Ok(())
    }

    fn close_segment(&mut self) -> Result<()> {
        if let Some(bulk) = self.bulk.take() {
            let id = bulk.id;
            let live = bulk.finish(self.log).inspect_err(|_| self.log.discard(id))?;
            self.done.push(live);
        }
        // Nothing leans on another segment.
        self.fresh.clear();
        Ok(())
    }

    /// Makes the copies durable and verifies each. Nothing names the segments until a commit
    /// attaches them.
    pub(crate) fn finish(mut self) -> Result<Vec<LiveSegment>> {
        self.close_frame()?;
        self.close_segment()?;
        for live in &self.done {
            let verified = self.log.verify_copies(live);
            verified.map_err(|error| error.context("a copy is not what was copied"))?;
        }
        Ok(std::mem::take(&mut self.done))
    }

    /// Reads an object and finds what it can lean on among the copies.
    fn ready(&self, id: ObjectId, place: &Place) -> Result<Ready> {
        let base = self.base_among_copies(place)?;
        let gone = || Error::corrupt(format!("object {id:.10} is gone"));
        let row = place.row()?;
        let payload = if row.is_node() {
            ReadyPayload::Node(self.log.get_node(&id)?.ok_or_else(gone)?)
        } else if let Row::Chunked { raw, .. } = row {
            let chunks = self.log.chunks_of(place)?.unwrap_or_default();
            ReadyPayload::Content(Vec::new().into(), Prepared::Chunked(chunks, raw))
        } else {
            let bytes = self.log.get_content(&id)?.ok_or_else(gone)?;
            let prepared = if row.is_text() { Prepared::Text } else { self.prepare(&bytes, base)? };
            ReadyPayload::Content(bytes, prepared)
        };
        Ok(Ready { id, payload, base })
    }

    fn prepare(&self, bytes: &[u8], base: Option<ObjectId>) -> Result<Prepared> {
        if let Some(base) = base
            && self.fresh[&base].depth < DELTA_CHAIN_MAX
            && let Some(base_bytes) = self.log.get_content(&base)?
            && let Some(prepared) = prepare::against(bytes, base, &base_bytes, Level::Tight)
        {
            return Ok(prepared);
        }
        Ok(prepare::plain(bytes, Level::Tight))
    }

    /// Returns the object that one leans on now, or that this one leans on in its turn, and so on:
    /// the first that is among the copies.
    fn base_among_copies(&self, place: &Place) -> Result<Option<ObjectId>> {
        let mut at = place.clone();
        for _ in 0..DELTA_CHAIN_MAX {
            let Some(base) = self.log.base_of(&at)? else { return Ok(None) };
            let id = base.frame.id(base.position)?;
            if self.fresh.contains_key(&id) {
                return Ok(Some(id));
            }
            at = base;
        }
        Ok(None)
    }
}

impl Drop for Copier<'_> {
    fn drop(&mut self) {
        let open = self.bulk.iter().map(|bulk| bulk.id);
        for id in open.chain(self.done.iter().map(|live| live.id)) {
            self.log.discard(id);
        }
    }
}

impl Log {
    /// Reads back every object of a new segment, from the medium and not from what is remembered.
    fn verify_copies(&self, live: &LiveSegment) -> Result<()> {
        let segment = Arc::new(Segment::open(&*self.medium().vfs, live.id)?);
        segment.set_end(live.len);
        let mut scan = Scan::default();
        let mut quiet = |_| ControlFlow::Continue(());
        scan_frames(&segment, FRAMES_FROM, live.len, &mut scan, &mut quiet)?;
        if let Some(fault) = scan.faults.first() {
            return Err(fault.error());
        }
        let mut at = FRAMES_FROM;
        while at < live.len {
            let frame = self.medium().frame(&segment, at as u32)?;
            for position in 0..frame.payload.ids.len() as u32 {
                let place = Place { segment: segment.clone(), frame: frame.clone(), position };
                let id = frame.id(position)?;
                let found = match place.row()?.is_node() {
                    true => self.read_node_at(&place)?.id(),
                    false => ObjectId::of_content(&self.read_content_at(&place)?),
                };
                if found != id {
                    return Err(segment.damaged(at, format!("object {id:.10} has other bytes")));
                }
            }
            at += frame.header.frame_len();
        }
        Ok(())
    }

    fn place_of(&self, object: &Listed) -> Result<Place> {
        let segment = self.segment(object.segment)?;
        let frame = self.medium().frame(&segment, object.frame)?;
        Ok(Place { segment, frame, position: object.position })
    }

    /// Returns where the object stands that this one is stored as a change of.
    fn base_of(&self, place: &Place) -> Result<Option<Place>> {
        let at = match place.row()? {
            Row::Node { at, len, .. } => {
                let record = self.medium().record(&place.segment, &place.frame, at, len)?;
                splice::base_of(&record, place.frame.offset)?
            }
            Row::Delta { delta, .. } => Some(delta.base),
            _ => None,
        };
        let Some(at) = at else { return Ok(None) };
        let frame = self.medium().frame(&place.segment, at.frame)?;
        Ok(Some(Place { segment: place.segment.clone(), frame, position: at.position }))
    }
}
