//! Big batches: a data segment of their own, written and synced without the writer lock, then
//! attached by one commit.

use std::collections::HashMap;

use super::Log;
use super::encode::{Encoder, Ready};
use super::frame::{FrameHeader, FrameKind, Keys};
use super::payload::{self, Head, LiveSegment, Parts, SnapshotHead, TableHead};
use super::segment::{DIRECTORY, FRAMES_FROM, SegmentHeader, SegmentId};
use super::table::{self, FrameCount};
use super::vfs::{SyncSite, VfsFile};
use crate::error::{Error, Result};
use crate::id::{ObjectId, Tag, Tagger};
use crate::limits::FRAME_BYTES_MAX;

/// Bytes and objects after which a bulk frame is closed.
const FRAME_BYTES: usize = 4 << 20;
const FRAME_OBJECTS: usize = 4 << 10;

/// A data segment as it grows.
struct Bulk {
    id: SegmentId,
    file: Box<dyn VfsFile>,
    keys: Keys,
    end: u64,
    sequence: u32,
    tag: Tag,
    range: Tagger,
    frames: Vec<FrameCount>,
    ids: Vec<ObjectId>,
}

impl Log {
    /// Writes objects to a data segment. Until a commit attaches it, nothing names it.
    pub(super) fn write_bulk(&self, objects: &[Ready]) -> Result<LiveSegment> {
        let vfs = &*self.medium().vfs;
        let mut number = [0; 8];
        (self.shared.options.entropy)(&mut number)?;
        let id = SegmentId::data(u64::from_le_bytes(number));
        let written = self.write_bulk_segment(id, objects);
        if written.is_err() {
            // Nothing names it; a failure to remove it costs room only.
            let _ = vfs.remove(&id.path());
        }
        written
    }

    fn write_bulk_segment(&self, id: SegmentId, objects: &[Ready]) -> Result<LiveSegment> {
        let vfs = &*self.medium().vfs;
        let doing = |error| Error::io(format!("write data segment {id}"), error);
        let header = SegmentHeader {
            id,
            store: self.state().current_segment().header.store,
            salt: self.salt()?,
            predecessor_len: 0,
            predecessor_tag: [0; 16],
        };
        let keys = Keys::new(&header.salt);
        let file = vfs.create_new(&id.path()).map_err(doing)?;
        file.write_at(&header.encode(), 0).map_err(doing)?;
        let mut bulk = Bulk {
            id,
            file,
            range: keys.tagger(),
            keys,
            end: FRAMES_FROM,
            sequence: 0,
            tag: header.check(),
            frames: Vec::new(),
            ids: Vec::new(),
        };
        let mut fresh = HashMap::new();
        let mut rest = objects.iter().peekable();
        while rest.peek().is_some() {
            let mut encoder = Encoder::new(self, id, bulk.offset()?, &mut fresh);
            while encoder.parts.size() < FRAME_BYTES
                && encoder.parts.ids.len() < FRAME_OBJECTS
                && let Some(object) = rest.next()
            {
                encoder.add(object)?;
            }
            let parts = encoder.parts;
            bulk.push_objects(&parts)?;
        }
        let table = table::encode(
            FRAMES_FROM,
            &bulk.frames,
            &bulk.ids.iter().map(table::key_of).collect::<Vec<_>>(),
        );
        let head = TableHead {
            segment: id,
            from: FRAMES_FROM,
            ranges: vec![(bulk.end, bulk.range.tag())],
            len: table.len() as u32,
        };
        let host = bulk.offset()?;
        let head = SnapshotHead { refs: None, segments: Vec::new(), table: Some(head) };
        let payload = payload::encode(&Head::Snapshot(head), &Parts::default(), host, None, &table);
        bulk.push(FrameKind::Snapshot, &payload)?;
        bulk.file.sync_data(SyncSite::Bulk).map_err(doing)?;
        vfs.sync_dir(DIRECTORY, SyncSite::SegmentName).map_err(doing)?;
        Ok(LiveSegment { id, len: bulk.end, tables: vec![(id, host)] })
    }
}

impl Bulk {
    fn offset(&self) -> Result<u32> {
        u32::try_from(self.end)
            .map_err(|_| Error::invalid("a batch beyond 4 GiB; commit in smaller steps"))
    }

    fn push_objects(&mut self, parts: &Parts) -> Result<()> {
        if parts.ids.is_empty() {
            return Ok(());
        }
        let offset = self.offset()?;
        let payload = payload::encode(&Head::Bulk, parts, offset, None, &[]);
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
