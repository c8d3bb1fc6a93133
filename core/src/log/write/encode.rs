//! From objects to the parts of a frame.

use std::collections::HashSet;
use std::sync::Arc;

use crate::codec::Writer;
use crate::error::{Error, Result};
use crate::id::{IdMap, ObjectId};
use crate::limits::{
    BUFFERS_BYTES as BUFFERS, CONTENT_BYTES_MAX, DELTA_CHAIN_MAX, FRAME_OBJECTS_MAX, NODE_BYTES_MAX,
};
use crate::log::format::pack::takes;
use crate::log::format::parts::Parts;
use crate::log::format::row::{Delta, Location, Row};
use crate::log::format::segment::SegmentId;
use crate::log::format::splice;
use crate::log::format::zip::Level;
use crate::log::read::medium::Object;
use crate::log::transaction::{NewObject, Payload};
use crate::log::write::handle::Log;
use crate::log::write::prepare::{self, Prepared, PreparedDelta, Ready, ReadyPayload};
use crate::object::{Bytes, Node, Objects, room};

impl Log {
    /// Compresses contents and cuts large ones, before any lock is taken. Contents that are stored
    /// already fall away.
    pub(crate) fn prepare(&self, objects: Vec<NewObject>) -> Result<Vec<Ready>> {
        self.prepare_from(objects, self.options.bulk_bytes)
    }

    /// Prepares as [`prepare`](Self::prepare), where contents from so many bytes on are compressed
    /// when they are placed; with zero all are.
    pub(crate) fn prepare_from(&self, objects: Vec<NewObject>, later: usize) -> Result<Vec<Ready>> {
        let mut ready = Vec::with_capacity(objects.len());
        let mut own: IdMap<ObjectId, Bytes> = IdMap::default();
        let mut depths: IdMap<ObjectId, u8> = IdMap::default();
        let has_purged = self.purged()?.root().is_some();
        let texts = texts_of(&objects);
        for NewObject { id, payload, base } in objects {
            // What was purged stays away, whoever brings it.
            if has_purged && self.is_purged(&id)? {
                continue;
            }
            let bytes = match payload {
                Payload::Node(node) => {
                    if node.size() > NODE_BYTES_MAX {
                        return Err(Error::invalid(format!(
                            "a node of {} bytes, at most {NODE_BYTES_MAX} are allowed",
                            node.size()
                        )));
                    }
                    ready.push(Ready { id, payload: ReadyPayload::Node(node), base });
                    continue;
                }
                Payload::Content(bytes) => bytes,
            };
            if bytes.len() > CONTENT_BYTES_MAX {
                return Err(Error::invalid(format!(
                    "a content of {} bytes, at most {CONTENT_BYTES_MAX} are allowed",
                    bytes.len()
                )));
            }
            if own.contains_key(&id) || self.contains(&id)? {
                continue;
            }
            if prepare::is_chunked(bytes.len()) {
                self.prepare_chunks(id, bytes, base, later, &mut ready)?;
                continue;
            }
            let prepared = if later == 0 {
                Prepared::Later
            } else if base.is_none() && texts.contains(&id) && takes(bytes.len()) {
                Prepared::Text
            } else {
                self.prepare_content(&bytes, base, &own, &mut depths, id)?
            };
            own.insert(id, bytes.clone());
            ready.push(Ready { id, payload: ReadyPayload::Content(bytes, prepared), base });
        }
        Ok(ready)
    }

    fn prepare_content(
        &self,
        bytes: &[u8],
        base: Option<ObjectId>,
        own: &IdMap<ObjectId, Bytes>,
        depths: &mut IdMap<ObjectId, u8>,
        id: ObjectId,
    ) -> Result<Prepared> {
        let Some(base) = base else { return Ok(prepare::plain(bytes, Level::Quick)) };
        let known = match own.get(&base) {
            Some(bytes) => Some((bytes.clone(), depths.get(&base).copied().unwrap_or(0))),
            None => self.near_base(&base)?,
        };
        if let Some((base_bytes, depth)) = known
            && depth < DELTA_CHAIN_MAX
            && !prepare::is_chunked(base_bytes.len())
            && let Some(prepared) = prepare::against(bytes, base, &base_bytes, Level::Quick)
        {
            if matches!(prepared, Prepared::Delta(_)) {
                depths.insert(id, depth + 1);
            }
            return Ok(prepared);
        }
        Ok(prepare::plain(bytes, Level::Quick))
    }

    /// Returns a base with its depth, if it stands in the segment that commits go to. A base that
    /// cannot be read is none: compression never fails a commit.
    fn near_base(&self, base: &ObjectId) -> Result<Option<(Bytes, u8)>> {
        let Ok(Some(place)) = self.locate(base) else { return Ok(None) };
        let row = place.row()?;
        if place.segment.id != SegmentId::log(self.state().current)
            || row.depth() >= DELTA_CHAIN_MAX
            || matches!(row, Row::Node { .. } | Row::Chunked { .. })
        {
            return Ok(None);
        }
        let bytes = self.get_content(base).ok().flatten();
        Ok(bytes.map(|bytes| (bytes, row.depth())))
    }

    fn prepare_chunks(
        &self,
        id: ObjectId,
        bytes: Bytes,
        base: Option<ObjectId>,
        later: usize,
        ready: &mut Vec<Ready>,
    ) -> Result<()> {
        let base_chunks = match base {
            Some(base) => match self.locate(&base) {
                Ok(Some(place)) => self.chunks_of(&place)?.unwrap_or_default(),
                _ => Vec::new(),
            },
            None => Vec::new(),
        };
        // Compression and frames work in buffers of their own. Where there is no memory for those,
        // it is better to say so now.
        drop(room(BUFFERS)?);
        let cut = prepare::chunk(&bytes, &base_chunks);
        let chunks = cut.iter().map(|(id, ..)| *id).collect();
        let mut new = Vec::new();
        for chunk in cut {
            if !self.contains(&chunk.0)? {
                new.push(chunk);
            }
        }
        // What goes into a data segment is compressed there, frame by frame.
        let size: usize = new.iter().map(|(_, range, _)| range.len()).sum();
        let is_later = size >= later;
        for (id, range, base) in new {
            let payload = match is_later {
                true => ReadyPayload::Content(bytes.part(range), Prepared::Later),
                false => self.prepare_chunk(&bytes[range], base)?,
            };
            ready.push(Ready { id, payload, base });
        }
        let raw = bytes.len() as u32;
        let payload = ReadyPayload::Content(bytes, Prepared::Chunked(chunks, raw));
        ready.push(Ready { id, payload, base });
        Ok(())
    }

    fn prepare_chunk(&self, bytes: &[u8], base: Option<ObjectId>) -> Result<ReadyPayload> {
        let near = match &base {
            Some(base) => self.near_base(base)?,
            None => None,
        };
        let prepared = near
            .and_then(|(base_bytes, _)| prepare::against(bytes, base?, &base_bytes, Level::Quick))
            .unwrap_or_else(|| prepare::plain(bytes, Level::Quick));
        Ok(ReadyPayload::Content(Bytes::copy(bytes)?, prepared))
    }
}

/// Returns what nodes that hold texts refer to.
fn texts_of(objects: &[NewObject]) -> HashSet<ObjectId> {
    let nodes = objects.iter().filter_map(|object| match &object.payload {
        Payload::Node(node) if node.kind.is_text() => Some(&node.refs),
        _ => None,
    });
    nodes.flatten().copied().collect()
}

/// An object of a frame that is not written yet.
#[derive(Debug, Clone)]
pub(crate) struct Fresh {
    pub(crate) location: Location,
    pub(crate) depth: u8,
    /// The object itself, where it is worth keeping.
    pub(crate) object: Option<Object>,
}

/// Lays objects into one frame of a segment.
pub(crate) struct Encoder<'a> {
    log: &'a Log,
    segment: SegmentId,
    frame: u32,
    /// Objects of frames before this one that are not written yet, and then this one's too.
    fresh: &'a mut IdMap<ObjectId, Fresh>,
    pub(crate) parts: Parts,
    /// The frame that holds the base of the last node that has one.
    pub(crate) follows: Option<u32>,
    level: Level,
    /// Room for the record under way.
    record: Writer,
}

impl<'a> Encoder<'a> {
    pub(crate) fn new(
        log: &'a Log,
        segment: SegmentId,
        frame: u32,
        fresh: &'a mut IdMap<ObjectId, Fresh>,
    ) -> Self {
        let (parts, follows, level) = (Parts::default(), None, Level::Quick);
        Encoder { log, segment, frame, fresh, parts, follows, level, record: Writer::new() }
    }

    /// Lays objects into a new segment that will take the place of those that hold them now.
    pub(crate) fn copying(
        log: &'a Log,
        segment: SegmentId,
        frame: u32,
        fresh: &'a mut IdMap<ObjectId, Fresh>,
    ) -> Self {
        Encoder { level: Level::Tight, ..Encoder::new(log, segment, frame, fresh) }
    }

    /// Makes room for so many objects.
    pub(crate) fn reserve(&mut self, objects: usize) {
        self.parts.ids.reserve(objects);
        self.parts.rows.reserve(objects);
        self.fresh.reserve(objects);
    }

    fn is_copying(&self) -> bool {
        self.level == Level::Tight
    }

    /// Adds an object, unless it is stored already.
    pub(crate) fn add(&mut self, object: &Ready) -> Result<()> {
        if self.fresh.contains_key(&object.id)
            || !self.is_copying() && self.log.contains(&object.id)?
        {
            return Ok(());
        }
        if self.parts.ids.len() >= FRAME_OBJECTS_MAX {
            return Err(Error::invalid("a commit of too many objects; commit in smaller steps"));
        }
        let (row, cached) = match &object.payload {
            ReadyPayload::Node(node) => {
                (self.add_node(node, object.base.as_ref())?, Object::Node(node.clone()))
            }
            ReadyPayload::Content(bytes, prepared) => {
                (self.add_content(bytes, prepared)?, Object::Content(bytes.clone()))
            }
        };
        let location = Location { frame: self.frame, position: self.parts.ids.len() as u32 };
        // A part would keep the whole in memory for as long as the frame is under way, and longer.
        let is_part = matches!(&cached, Object::Content(bytes) if bytes.is_part());
        let cached = (!self.is_copying() && !is_part).then_some(cached);
        self.fresh.insert(object.id, Fresh { location, depth: row.depth(), object: cached });
        self.parts.ids.push(object.id);
        self.parts.rows.push(row);
        Ok(())
    }

    /// Tells where in this segment an object stands, and its depth.
    fn place(&self, id: &ObjectId) -> Result<Option<(Location, u8)>> {
        if let Some(fresh) = self.fresh.get(id) {
            return Ok(Some((fresh.location, fresh.depth)));
        }
        if self.is_copying() {
            return Ok(None);
        }
        match self.log.locate(id)? {
            Some(place) if place.segment.id == self.segment => {
                Ok(Some((place.location(), place.row()?.depth())))
            }
            _ => Ok(None),
        }
    }

    fn add_node(&mut self, node: &Node, base: Option<&ObjectId>) -> Result<Row> {
        let base = match base {
            None => None,
            Some(id) => self.base_node(id)?,
        };
        let depth = base.as_ref().map_or(0, |(_, _, depth)| depth + 1);
        if let Some((_, location, _)) = &base {
            self.follows = Some(location.frame);
        }
        let mut record = std::mem::take(&mut self.record);
        record.clear();
        let mut place = |id: &ObjectId| Ok(self.place(id)?.map(|(location, _)| location));
        let base = base.as_ref().map(|(node, location, _)| (&**node, *location));
        splice::encode_node(node, base, self.frame, &mut place, &mut record)?;
        let bytes = record.as_bytes();
        let is_text = node.kind.is_text() && takes(bytes.len());
        let (at, len) = if is_text { self.add_text(bytes) } else { self.add_record(bytes) };
        self.record = record;
        Ok(Row::Node { at, len, depth, is_text })
    }

    fn base_node(&self, id: &ObjectId) -> Result<Option<(Arc<Node>, Location, u8)>> {
        let Some((location, depth)) = self.place(id)? else { return Ok(None) };
        if depth >= DELTA_CHAIN_MAX {
            return Ok(None);
        }
        let node = match self.fresh.get(id).and_then(|fresh| fresh.object.as_ref()) {
            Some(Object::Node(node)) => Some(node.clone()),
            Some(Object::Content(_)) => None,
            None => self.log.get_node(id)?,
        };
        Ok(node.map(|node| (node, location, depth)))
    }

    fn add_content(&mut self, bytes: &Bytes, prepared: &Prepared) -> Result<Row> {
        let raw = bytes.len() as u32;
        Ok(match prepared {
            Prepared::Inline => {
                let (at, len) = self.add_record(bytes);
                Row::Inline { at, len, is_text: false }
            }
            Prepared::Text => {
                let (at, len) = self.add_text(bytes);
                Row::Inline { at, len, is_text: true }
            }
            Prepared::Raw => {
                let (at, len) = self.add_body(bytes);
                Row::Raw { at, len }
            }
            Prepared::Packed(packed) => {
                let (at, len) = self.add_body(packed);
                Row::Packed { at, len, raw }
            }
            Prepared::Delta(delta) => match self.place_delta(delta)? {
                Some(placed) => {
                    let (at, len) = self.add_body(&delta.middle);
                    Row::Delta { at, len, raw, delta: placed }
                }
                // The base has moved to an older segment since, or its chain has grown.
                None => return self.add_content(bytes, &prepare::plain(bytes, self.level)),
            },
            Prepared::Later => return self.add_content(bytes, &prepare::plain(bytes, self.level)),
            Prepared::Chunked(chunks, raw) => {
                let mut place = |id: &ObjectId| Ok(self.place(id)?.map(|(location, _)| location));
                let mut record = Writer::new();
                splice::encode_chunks(chunks, self.frame, &mut place, &mut record)?;
                let (at, len) = self.add_record(record.as_bytes());
                Row::Chunked { at, len, raw: *raw }
            }
        })
    }

    fn place_delta(&self, delta: &PreparedDelta) -> Result<Option<Delta>> {
        let placed = self.place(&delta.base)?.filter(|(_, depth)| *depth < DELTA_CHAIN_MAX);
        Ok(placed.map(|(base, depth)| Delta {
            base,
            head: delta.head,
            tail: delta.tail,
            packed: delta.packed,
            depth: depth + 1,
        }))
    }

    fn add_text(&mut self, text: &[u8]) -> (u32, u32) {
        let at = self.parts.texts.len() as u32;
        self.parts.texts.extend_from_slice(text);
        self.parts.text_ends.push(self.parts.texts.len() as u32);
        (at, text.len() as u32)
    }

    fn add_record(&mut self, record: &[u8]) -> (u32, u32) {
        let at = self.parts.stream.len() as u32;
        self.parts.stream.extend_from_slice(record);
        self.parts.record_ends.push(self.parts.stream.len() as u32);
        (at, record.len() as u32)
    }

    fn add_body(&mut self, body: &[u8]) -> (u32, u32) {
        let at = self.parts.bodies.len() as u32;
        self.parts.bodies.extend_from_slice(body);
        (at, body.len() as u32)
    }
}
