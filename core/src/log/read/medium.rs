//! Open segments and the frames read from them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::codec::malformed;
use crate::error::{Error, ErrorKind, Result};
use crate::id::ObjectId;
use crate::log::format::block::Packing;
use crate::log::format::frame::{FrameHeader, FrameKind, HEADER};
use crate::log::format::payload::{self, CONTROL_GROUP_BYTES_MAX, FRONT_MAX, Front, Payload};
use crate::log::format::row::{Location, Row};
use crate::log::format::segment::SegmentId;
use crate::log::format::zip;
use crate::log::read::cache::Cache;
use crate::log::read::segment_file::Segment;
use crate::log::vfs::Vfs;
use crate::object::{Bytes, Node};

/// Bytes read at a frame's offset at first: most commits end within.
const FIRST_READ: usize = 4 << 10;

/// What the caches may hold, in bytes.
const FRAMES_CACHED: usize = 24 << 20;
const BLOCKS_CACHED: usize = 16 << 20;
const NODES_CACHED: usize = 32 << 20;
const CONTENTS_CACHED: usize = 12 << 20;

/// A frame in memory, but for its bodies.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) offset: u32,
    pub(crate) header: FrameHeader,
    pub(crate) payload: Payload,
    /// The frame before it in its group.
    previous: Option<Arc<Frame>>,
    /// Raw bytes of the control blocks of the group, this one's included.
    group_bytes: usize,
}

impl Frame {
    /// Takes a frame apart. `bytes` are the whole frame or as much of its beginning as holds the
    /// ids; `known` is the raw control block, where that need not be unpacked; `previous` finds the
    /// frame before it in its group.
    pub(crate) fn parse(
        header: FrameHeader,
        offset: u32,
        bytes: &[u8],
        known: Option<Arc<[u8]>>,
        previous: impl FnOnce(u32) -> Result<Arc<Frame>>,
    ) -> Result<Self> {
        let payload = bytes.get(HEADER..).unwrap_or(&[]);
        let front = Front::decode(payload)?;
        let stored = payload
            .get(front.len..)
            .and_then(|rest| rest.get(..front.stored))
            .ok_or_else(|| malformed("a control block cut short"))?;
        let previous = match front.back {
            None => None,
            Some(back) => {
                let at = offset.checked_sub(back).filter(|at| *at < offset);
                let at = at.ok_or_else(|| malformed("a group that begins nowhere"))?;
                Some(previous(at)?)
            }
        };
        let group_bytes = previous.as_ref().map_or(0, |frame| frame.group_bytes) + front.raw;
        if previous.is_some() && group_bytes > CONTROL_GROUP_BYTES_MAX {
            return Err(malformed("a group beyond its limit"));
        }
        let control = match known {
            Some(control) => control,
            None => {
                let prefix = previous.as_ref().map_or_else(Vec::new, |frame| frame.group());
                front.control(stored, &prefix)?
            }
        };
        let ids = &payload[front.len + front.stored..];
        let payload = payload::decode(header.kind, control, &front, ids, offset, header.payload)?;
        Ok(Frame { offset, header, payload, previous, group_bytes })
    }

    /// Returns the raw control blocks of the group up to this frame.
    pub(crate) fn group(&self) -> Vec<u8> {
        let mut frames = vec![self];
        while let Some(previous) = frames.last().and_then(|frame| frame.previous.as_deref()) {
            frames.push(previous);
        }
        let mut bytes = Vec::with_capacity(self.group_bytes);
        for frame in frames.iter().rev() {
            bytes.extend_from_slice(&frame.payload.control);
        }
        bytes
    }

    /// Returns the frame that holds the newest texts of the session, as far as this one or an
    /// earlier one of its group knows it.
    pub(crate) fn newest_texts(&self) -> Option<u32> {
        let mut frame = Some(self);
        while let Some(at) = frame {
            if at.payload.blocks.iter().any(|block| block.packing.prefix().is_some()) {
                return Some(at.offset);
            }
            if let Some(back) = at.payload.texts_back {
                return at.offset.checked_sub(back).filter(|before| *before < at.offset);
            }
            frame = at.previous.as_deref();
        }
        None
    }

    fn weight(&self) -> usize {
        let payload = &self.payload;
        200 + payload.control.len() + payload.ids.len() * 56
    }

    /// Returns the object's id; a position beyond the frame is damage.
    pub(crate) fn id(&self, position: u32) -> Result<ObjectId> {
        let id = self.payload.ids.get(position as usize);
        id.copied().ok_or_else(|| malformed("a position beyond a frame's objects"))
    }

    pub(crate) fn row(&self, position: u32) -> Result<Row> {
        let row = self.payload.rows.get(position as usize);
        row.copied().ok_or_else(|| malformed("a position beyond a frame's objects"))
    }
}

/// What the caches hold of an object.
#[derive(Debug, Clone)]
pub(crate) enum Object {
    Node(Arc<Node>),
    Content(Bytes),
}

/// Reads frames, and keeps what was read.
#[derive(Debug)]
pub(crate) struct Medium {
    pub(crate) vfs: Arc<dyn Vfs>,
    frames: Cache<(SegmentId, u32), Arc<Frame>>,
    blocks: Cache<(SegmentId, u32, u32), Arc<[u8]>>,
    /// Each with how often segments had been retired when it was read: an object that was read
    /// before may since have been collected or purged.
    nodes: Cache<ObjectId, (u64, Arc<Node>)>,
    contents: Cache<ObjectId, (u64, Bytes)>,
    retirements: AtomicU64,
}

impl Medium {
    /// Tells whether a segment has a file. That the system cannot tell is an error: a commit behind
    /// a segment that has a successor would be void, and one whose data segment is there is not
    /// lost.
    pub(crate) fn has(&self, id: SegmentId) -> Result<bool> {
        match self.vfs.open(&id.path(), false) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::io(format!("open segment {id}"), error)),
        }
    }

    pub(crate) fn new(vfs: Arc<dyn Vfs>) -> Self {
        Medium {
            vfs,
            frames: Cache::new(FRAMES_CACHED),
            blocks: Cache::new(BLOCKS_CACHED),
            nodes: Cache::new(NODES_CACHED),
            contents: Cache::new(CONTENTS_CACHED),
            retirements: AtomicU64::new(0),
        }
    }

    /// Returns how often segments were retired since the log was opened.
    pub(crate) fn retirements(&self) -> u64 {
        self.retirements.load(Ordering::Acquire)
    }

    /// Lets nothing that was read so far count as stored.
    pub(crate) fn note_retirement(&self) {
        self.retirements.fetch_add(1, Ordering::AcqRel);
    }

    /// Forgets what frames held, where others may stand in their places by now.
    pub(crate) fn forget_frames(&self) {
        self.frames.clear();
        self.blocks.clear();
    }

    /// Returns a node that was read not long ago.
    pub(crate) fn node(&self, id: &ObjectId) -> Option<Arc<Node>> {
        let (read_at, node) = self.nodes.get(id)?;
        (read_at == self.retirements()).then_some(node)
    }

    /// Returns a content that was read not long ago.
    pub(crate) fn content(&self, id: &ObjectId) -> Option<Bytes> {
        let (read_at, content) = self.contents.get(id)?;
        (read_at == self.retirements()).then_some(content)
    }

    /// Returns the frame at an offset; its tag is not verified, what is read through it is.
    pub(crate) fn frame(&self, segment: &Segment, offset: u32) -> Result<Arc<Frame>> {
        // Predecessors of a group are found first, so that nothing recurses.
        let mut pending = Vec::new();
        let mut at = offset;
        let mut found = loop {
            if let Some(frame) = self.frames.get(&(segment.id, at)) {
                break Some(frame);
            }
            let (header, bytes) = self.fetch(segment, at)?;
            let front = Front::decode(&bytes[HEADER..])
                .map_err(|error| segment.damaged(at.into(), error))?;
            pending.push((header, at, bytes));
            match front.back {
                None => break None,
                Some(back) if back > 0 && back < at && pending.len() <= CONTROL_GROUP_BYTES_MAX => {
                    at -= back;
                }
                Some(_) => return Err(segment.damaged(at.into(), "a group that begins nowhere")),
            }
        };
        while let Some((header, at, bytes)) = pending.pop() {
            let previous = found.take();
            let frame = Frame::parse(header, at, &bytes, None, |_| {
                previous.ok_or_else(|| malformed("a group without its beginning"))
            })
            .map_err(|error| told_from_damage(error, segment, at))?;
            found = Some(self.keep(segment.id, frame));
        }
        Ok(found.expect("the loop ended with a frame, or one was pending"))
    }

    pub(crate) fn keep(&self, segment: SegmentId, frame: Frame) -> Arc<Frame> {
        let (offset, weight) = (frame.offset, frame.weight());
        let frame = Arc::new(frame);
        self.frames.insert((segment, offset), frame.clone(), weight);
        frame
    }

    /// Keeps an object; `read_at` is the number of retirements before it was looked up.
    pub(crate) fn keep_object(&self, id: ObjectId, object: Object, read_at: u64) {
        match object {
            Object::Node(node) => {
                let weight = node.size() + 100;
                self.nodes.insert(id, (read_at, node), weight);
            }
            // A part would keep the whole in memory.
            Object::Content(content) if content.is_part() => {}
            Object::Content(content) => {
                let weight = content.len() + 100;
                self.contents.insert(id, (read_at, content), weight);
            }
        }
    }

    /// Reads a frame's beginning: its header, front, control block and ids.
    fn fetch(&self, segment: &Segment, offset: u32) -> Result<(FrameHeader, Vec<u8>)> {
        let at = u64::from(offset);
        let room = usize::try_from(segment.end().saturating_sub(at)).unwrap_or(usize::MAX);
        let mut bytes = segment.read(at, room.min(FIRST_READ))?;
        let header = segment
            .keys
            .decode_header(&bytes, at)
            .ok_or_else(|| segment.damaged(at, "no frame begins there"))?;
        let payload = header.payload as usize;
        if header.frame_len() > room as u64 {
            return Err(segment.damaged(at, "a frame beyond the segment's end"));
        }
        if bytes.len() >= HEADER + payload {
            bytes.truncate(HEADER + payload);
            return Ok((header, bytes));
        }
        let damaged = |error: Error| of_frame(error, segment, offset);
        let front_bytes = &bytes[HEADER..bytes.len().min(HEADER + FRONT_MAX)];
        let front = Front::decode(front_bytes).map_err(damaged)?;
        self.extend(segment, &mut bytes, at, payload, front.len + front.stored)?;
        if front.back.is_some() {
            // How many ids there are stands in the block, which cannot be read yet; but a row
            // takes two bytes of it at the least, and the blocks of a group are small.
            let most = front.len + front.stored + front.raw / 2 * ObjectId::LEN;
            self.extend(segment, &mut bytes, at, payload, most.min(payload))?;
            return Ok((header, bytes));
        }
        let stored = &bytes[HEADER + front.len..][..front.stored];
        let control = front.control(stored, &[]).map_err(damaged)?;
        let count = payload::count_ids(header.kind, &control).map_err(damaged)?;
        let ids = front.len + front.stored + count * ObjectId::LEN;
        self.extend(segment, &mut bytes, at, payload, ids)?;
        Ok((header, bytes))
    }

    fn extend(
        &self,
        segment: &Segment,
        bytes: &mut Vec<u8>,
        offset: u64,
        payload: usize,
        wanted: usize,
    ) -> Result<()> {
        if wanted > payload {
            return Err(segment.damaged(offset, "a frame shorter than its parts"));
        }
        if HEADER + wanted > bytes.len() {
            let more = HEADER + wanted - bytes.len();
            bytes.extend(segment.read(offset + bytes.len() as u64, more)?);
        }
        Ok(())
    }

    /// Returns a record of the stream.
    pub(crate) fn record(
        &self,
        segment: &Segment,
        frame: &Frame,
        at: u32,
        len: u32,
    ) -> Result<Vec<u8>> {
        let payload = &frame.payload;
        let cut = || malformed("a record beyond its stream");
        let slice = |bytes: &[u8], at: usize| {
            bytes.get(at..).and_then(|rest| rest.get(..len as usize)).map(<[u8]>::to_vec)
        };
        if at >= payload.texts_len && payload.texts as usize == payload.blocks.len() {
            let at = (at - payload.texts_len) as usize;
            return slice(&payload.control, payload.stream_from + at).ok_or_else(cut);
        }
        let index = payload.blocks.partition_point(|block| block.from <= at);
        let index = index.checked_sub(1).ok_or_else(cut)?;
        let raw = self.block(segment, frame, index)?;
        let block = payload.blocks[index];
        slice(&raw, (at - block.from) as usize).ok_or_else(cut)
    }

    /// Returns the raw bytes of a block of the stream.
    fn block(&self, segment: &Segment, frame: &Frame, index: usize) -> Result<Arc<[u8]>> {
        let block = frame.payload.blocks[index];
        let key = (segment.id, frame.offset, index as u32);
        if let Some(raw) = self.blocks.get(&key) {
            return Ok(raw);
        }
        if index < frame.payload.texts as usize {
            return self.text(segment, frame.offset, index);
        }
        let first = match block.packing {
            Packing::WithFirst => self.block(segment, frame, frame.payload.texts as usize)?,
            _ => Arc::default(),
        };
        let stored = self.stored_block(segment, frame, index)?;
        let raw: Arc<[u8]> = match block.packing {
            Packing::Raw => stored.into(),
            _ => zip::decompress(&stored, &first, block.raw as usize)?.into(),
        };
        self.keep_block(key, raw.clone());
        Ok(raw)
    }

    pub(crate) fn known_block(&self, key: (SegmentId, u32, u32)) -> Option<Arc<[u8]>> {
        self.blocks.get(&key)
    }

    pub(crate) fn keep_block(&self, key: (SegmentId, u32, u32), raw: Arc<[u8]>) {
        let weight = raw.len() + 100;
        self.blocks.insert(key, raw, weight);
    }

    pub(crate) fn stored_block(
        &self,
        segment: &Segment,
        frame: &Frame,
        index: usize,
    ) -> Result<Vec<u8>> {
        let block = frame.payload.blocks[index];
        if u64::from(block.at) + u64::from(block.stored) > frame.header.payload.into() {
            return Err(malformed("a block beyond its frame"));
        }
        let at = u64::from(frame.offset) + HEADER as u64 + u64::from(block.at);
        segment.read(at, block.stored as usize)
    }

    /// Returns stored bytes of a content.
    pub(crate) fn body(
        &self,
        segment: &Segment,
        frame: &Frame,
        at: u32,
        len: u32,
    ) -> Result<Vec<u8>> {
        let from = u64::from(frame.payload.bodies_from) + u64::from(at);
        if from + u64::from(len) > u64::from(frame.header.payload) {
            return Err(malformed("a body beyond its frame"));
        }
        segment.read(u64::from(frame.offset) + HEADER as u64 + from, len as usize)
    }

    /// Tells which id stands at a place.
    pub(crate) fn id_at(&self, segment: &Segment, at: Location) -> Result<ObjectId> {
        self.frame(segment, at.frame)?.id(at.position)
    }
}

/// What looks like a frame of a newer version is one only if its tag fits.
fn told_from_damage(error: Error, segment: &Segment, frame: u32) -> Error {
    match (error.kind(), segment.read_verified(frame.into())) {
        (ErrorKind::Unsupported, Err(damage)) => damage,
        _ => of_frame(error, segment, frame),
    }
}

/// Says where an object was that could not be read.
pub(crate) fn of_frame(error: Error, segment: &Segment, frame: u32) -> Error {
    match error.kind() {
        ErrorKind::Corrupt if !error.to_string().contains("segment") => {
            segment.damaged(frame.into(), error)
        }
        _ => error,
    }
}

/// Tells whether a frame of this kind holds objects.
pub(crate) fn holds_objects(kind: FrameKind) -> bool {
    matches!(kind, FrameKind::Commit | FrameKind::Snapshot | FrameKind::Bulk)
}
