//! Data segments: objects written and synced without the writer lock, then attached by one commit.
//! Big batches make them, and so do copies of what is worth keeping of older segments.

use crate::error::{Error, Result};
use crate::id::{IdMap, ObjectId, Tag, Tagger};
use crate::limits::FRAME_BYTES_MAX;
use crate::log::format::frame::{FrameHeader, FrameKind, Keys};
use crate::log::format::head::{Head, LiveSegment, SnapshotHead, TableHead};
use crate::log::format::parts::Parts;
use crate::log::format::payload::NewPayload;
use crate::log::format::segment::{DIRECTORY, FRAMES_FROM, SegmentHeader, SegmentId};
use crate::log::format::table::{self, FrameCount};
use crate::log::format::zip::Level;
use crate::log::vfs::{SyncSite, VfsFile};
use crate::log::write::encode::Encoder;
use crate::log::write::handle::Log;
use crate::log::write::prepare::Ready;

/// Bytes and objects after which a bulk frame is closed.
const FRAME_BYTES: usize = 4 << 20;
const FRAME_OBJECTS: usize = 4 << 10;

/// A data segment as it grows.
pub(crate) struct Bulk {
    pub(crate) id: SegmentId,
    file: Box<dyn VfsFile>,
    keys: Keys,
    pub(crate) end: u64,
    sequence: u32,
    tag: Tag,
    range: Tagger,
    frames: Vec<FrameCount>,
    ids: Vec<ObjectId>,
}

impl Log {
    /// Writes objects to a data segment, but for those that are stored already; none if all are.
    /// Until a commit attaches it, nothing names it.
    pub(crate) fn write_bulk(&self, objects: &[Ready]) -> Result<Option<LiveSegment>> {
        let mut bulk = Bulk::create(self)?;
        let written = self.fill(&mut bulk, objects);
        let id = bulk.id;
        let finished = match written {
            Ok(()) if bulk.ids.is_empty() => Ok(None),
            Ok(()) => bulk.finish(self).map(Some),
            Err(error) => Err(error),
        };
        if !matches!(finished, Ok(Some(_))) {
            self.discard(id);
        }
        finished
    }

    fn fill(&self, bulk: &mut Bulk, objects: &[Ready]) -> Result<()> {
        let mut fresh = IdMap::default();
        let mut rest = objects.iter().peekable();
        while rest.peek().is_some() {
            let mut encoder = Encoder::new(self, bulk.id, bulk.offset()?, &mut fresh);
            while !is_full(&encoder.parts)
                && let Some(object) = rest.next()
            {
                encoder.add(object)?;
            }
            bulk.push_objects(encoder.parts, Level::Quick)?;
        }
        Ok(())
    }

    /// Removes a data segment that nothing names. If it stays, gc finds it: it costs room only.
    pub(crate) fn discard(&self, id: SegmentId) {
        let _ = self.medium().vfs.remove(&id.path());
    }
}

/// Tells whether a frame of these parts is large enough.
pub(crate) fn is_full(parts: &Parts) -> bool {
    parts.size() >= FRAME_BYTES || parts.ids.len() >= FRAME_OBJECTS
}

impl Bulk {
    /// Creates the file of a data segment.
    pub(crate) fn create(log: &Log) -> Result<Self> {
        let mut number = [0; 8];
        (log.options.entropy)(&mut number)?;
        let id = SegmentId::data(u64::from_le_bytes(number));
        let header = SegmentHeader {
            id,
            store: log.state().current_segment().header.store,
            salt: log.salt()?,
            predecessor_len: 0,
            predecessor_tag: [0; 16],
        };
        let keys = Keys::new(&header.salt);
        let doing = |error| Error::io(format!("create data segment {id}"), error);
        let file = log.medium().vfs.create_new(&id.path()).map_err(doing)?;
        if let Err(error) = file.write_at(&header.encode(), 0) {
            log.discard(id);
            return Err(doing(error));
        }
        Ok(Bulk {
            id,
            file,
            range: keys.tagger(),
            keys,
            end: FRAMES_FROM,
            sequence: 0,
            tag: header.check(),
            frames: Vec::new(),
            ids: Vec::new(),
        })
    }

    /// Writes the index, and makes the segment durable under its name.
    pub(crate) fn finish(mut self, log: &Log) -> Result<LiveSegment> {
        let id = self.id;
        let doing = |error| Error::io(format!("write data segment {id}"), error);
        let keys: Vec<u32> = self.ids.iter().map(table::key_of).collect();
        let table = table::encode(FRAMES_FROM, &self.frames, &keys);
        let head = TableHead {
            segment: id,
            from: FRAMES_FROM,
            ranges: vec![(self.end, self.range.tag())],
            len: table.len() as u32,
        };
        let host = self.offset()?;
        let head = SnapshotHead { refs: None, segments: Vec::new(), table: Some(head) };
        let head = Head::Snapshot(head);
        let payload =
            NewPayload { tail: &table, ..NewPayload::new(&head, &Parts::default(), host) }.encode();
        self.push(FrameKind::Snapshot, &payload)?;
        self.file.sync_data(SyncSite::Bulk).map_err(doing)?;
        let vfs = &*log.medium().vfs;
        vfs.sync_dir(DIRECTORY, SyncSite::SegmentName).map_err(doing)?;
        Ok(LiveSegment { id, len: self.end, tables: vec![(id, host)] })
    }

    pub(crate) fn offset(&self) -> Result<u32> {
        u32::try_from(self.end)
            .map_err(|_| Error::invalid("a batch beyond 4 GiB; commit in smaller steps"))
    }

    pub(crate) fn push_objects(&mut self, mut parts: Parts, level: Level) -> Result<()> {
        if parts.ids.is_empty() {
            return Ok(());
        }
        parts.fold_few_texts();
        let offset = self.offset()?;
        let payload = NewPayload { level, ..NewPayload::new(&Head::Bulk, &parts, offset) }.encode();
        self.frames.push((offset, parts.ids.len() as u32));
        self.ids.extend_from_slice(&parts.ids);
        self.push(FrameKind::Bulk, &payload)
    }

    fn push(&mut self, kind: FrameKind, payload: &[u8]) -> Result<()> {
        if payload.len() > FRAME_BYTES_MAX {
            return Err(Error::invalid("an object too large for a frame"));
        }
        self.sequence += 1;
        let header = FrameHeader {
            kind,
            payload: payload.len() as u32,
            snapshot: 0,
            durable: FRAMES_FROM as u32,
            sequence: self.sequence,
        };
        let frame = self.keys.frame(&header, self.end, &self.tag, payload);
        self.file
            .write_at(&frame, self.end)
            .map_err(|error| Error::io(format!("write data segment {}", self.id), error))?;
        self.tag = frame[frame.len() - 16..].try_into().expect("a tag is 16 bytes");
        self.range.update(&frame);
        self.end += frame.len() as u64;
        Ok(())
    }
}
