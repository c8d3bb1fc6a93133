//! Snapshots and segments: what makes opening independent of history.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use crate::error::{Error, Result};
use crate::id::{IdMap, ObjectId, Salt};
use crate::log::format::check_site::{CheckSite, holds};
use crate::log::format::frame::{FrameHeader, FrameKind, Keys};
use crate::log::format::head::{Head, LiveSegment, SnapshotHead, TableHead};
use crate::log::format::payload::NewPayload;
use crate::log::format::segment::{DIRECTORY, FRAMES_FROM, SegmentHeader, SegmentId};
use crate::log::format::table;
use crate::log::read::state::TableSlot;
use crate::log::read::tail::Tail;
use crate::log::vfs::{SyncSite, Vfs};
use crate::log::write::encode::{Encoder, Fresh};
use crate::log::write::handle::Log;
use crate::log::write::prepare::{Ready, ReadyPayload};
use crate::log::write::room::advised;
use crate::map::Value;

/// The name of a log segment that has no name of its own yet.
pub(crate) const DRAFT: &str = "new.tmp";
/// Tables of one size after which they become one of the next size, eight times as large.
const MERGE_AT: usize = 8;
/// Bytes that the smallest tables cover.
const SPAN: u64 = 256 << 10;

impl Log {
    /// Builds a snapshot for the current segment: the refs as a map of their own, and a table of
    /// the frames since the last one.
    pub(crate) fn snapshot_payload(
        &self,
        tail: &Tail,
        fresh: &mut IdMap<ObjectId, Fresh>,
        offset: u32,
    ) -> Result<Vec<u8>> {
        let current = tail.segment.id;
        let mut encoder = Encoder::new(self, tail.segment.id, offset, fresh);
        let refs = self.encode_refs(&mut encoder)?;
        let (head, bytes) = self.build_table(tail)?;
        let snapshot = SnapshotHead {
            refs,
            segments: self.live_segments(current, &head, current, offset),
            table: Some(TableHead { len: bytes.len() as u32, ..head }),
        };
        Ok(NewPayload {
            tail: &bytes,
            ..NewPayload::new(&Head::Snapshot(snapshot), &encoder.parts, offset)
        }
        .encode())
    }

    /// Brings the refs' map up to date and adds its new nodes.
    pub(crate) fn encode_refs(&self, encoder: &mut Encoder<'_>) -> Result<Option<ObjectId>> {
        let (refs, updates) = {
            let state = self.state();
            (state.refs, state.updates.clone())
        };
        let edits = updates.into_iter().map(|(name, id)| {
            let value = id.map(|id| Value { refs: vec![id], bytes: Vec::new() });
            (name.into_bytes(), value)
        });
        let edited = refs.edit(self, edits)?;
        for new in edited.nodes {
            let payload = ReadyPayload::Node(new.node().clone());
            encoder.add(&Ready { id: new.id(), payload, base: new.base() })?;
        }
        Ok(edited.map.root().map(|root| root.id()))
    }

    /// Builds the table of the frames since the last snapshot; with enough tables of its size
    /// before it, it takes their place.
    fn build_table(&self, tail: &Tail) -> Result<(TableHead, Vec<u8>)> {
        let mut from = tail.range.from;
        let mut ranges = vec![(tail.end, tail.range.tag())];
        let mut frames = tail.frames.clone();
        let mut keys: Vec<u32> = tail.ids.iter().map(table::key_of).collect();
        for slot in self.mergeable(tail, from)?.iter().rev() {
            let loaded = self.table(slot)?;
            from = loaded.head.from;
            ranges.splice(0..0, loaded.head.ranges.iter().copied());
            frames.splice(0..0, loaded.table.frames());
            keys.splice(0..0, loaded.table.keys());
        }
        let head = TableHead { segment: tail.segment.id, from, ranges, len: 0 };
        Ok((head, table::encode(from, &frames, &keys)))
    }

    /// Returns the tables that the next one takes in, oldest first.
    fn mergeable(&self, tail: &Tail, from: u64) -> Result<Vec<std::sync::Arc<TableSlot>>> {
        let slots: Vec<_> = {
            let state = self.state();
            let own = state.tables.iter().filter(|slot| slot.segment == tail.segment.id);
            own.cloned().collect()
        };
        let (mut taken, mut begin) = (0, from);
        loop {
            let size = size_class(tail.end - begin);
            let mut run = 0;
            for slot in slots[..slots.len() - taken].iter().rev() {
                let head = &self.table(slot)?.head;
                let end = head.ranges.last().map_or(head.from, |(to, _)| *to);
                if head.ranges.is_empty() || size_class(end - head.from) > size {
                    break;
                }
                run += 1;
            }
            if run + 1 < MERGE_AT {
                return Ok(slots[slots.len() - taken..].to_vec());
            }
            taken += run;
            begin = self.table(&slots[slots.len() - taken])?.head.from;
        }
    }

    /// Lists the segments that hold the store's objects, with their tables: those known, but for
    /// the ones that the new table takes in, and the new one.
    fn live_segments(
        &self,
        segment: SegmentId,
        new: &TableHead,
        host: SegmentId,
        frame: u32,
    ) -> Vec<LiveSegment> {
        let state = self.state();
        let mut live: Vec<LiveSegment> = state
            .segments
            .values()
            .map(|segment| LiveSegment {
                id: segment.id,
                len: if segment.id == host { 0 } else { segment.end() },
                tables: Vec::new(),
            })
            .collect();
        let mut tables: HashMap<SegmentId, Vec<(SegmentId, u32)>> = HashMap::new();
        for slot in state.tables.iter() {
            let taken = slot.segment == segment
                && slot.loaded.get().is_some_and(|loaded| loaded.head.from >= new.from);
            if !taken {
                tables.entry(slot.segment).or_default().push((slot.host, slot.frame));
            }
        }
        tables.entry(segment).or_default().push((host, frame));
        for segment in &mut live {
            segment.tables = tables.remove(&segment.id).unwrap_or_default();
        }
        live
    }

    /// Creates the successor of the current segment, with a base frame that knows all before it.
    /// Returns false where something has its name already.
    pub(crate) fn create_segment(&self, tail: &Tail, next: SegmentId) -> Result<bool> {
        let vfs = &*self.medium().vfs;
        let header = SegmentHeader {
            id: next,
            store: tail.segment.header.store,
            salt: self.salt()?,
            predecessor_len: tail.end,
            predecessor_tag: tail.tag,
        };
        // The base frame's nodes go to the new segment, so they have no base in the old one.
        let mut fresh = IdMap::default();
        let mut encoder = Encoder::new(self, next, FRAMES_FROM as u32, &mut fresh);
        let refs = self.encode_refs(&mut encoder)?;
        let (head, bytes) = self.build_table(tail)?;
        let mut segments = self.live_segments(tail.segment.id, &head, next, FRAMES_FROM as u32);
        for segment in &mut segments {
            if segment.id == tail.segment.id {
                segment.len = tail.end;
            }
        }
        segments.push(LiveSegment { id: next, len: 0, tables: Vec::new() });
        let table = Some(TableHead { len: bytes.len() as u32, ..head });
        let snapshot = Head::Snapshot(SnapshotHead { refs, segments, table });
        let payload = NewPayload {
            tail: &bytes,
            ..NewPayload::new(&snapshot, &encoder.parts, FRAMES_FROM as u32)
        }
        .encode();
        let frees = self.shared.spending.load(Ordering::Acquire);
        let made = self.with_reserve(frees, || write_segment(vfs, &header, &payload));
        let made = made.map_err(advised)?;
        if !made {
            return Ok(false);
        }
        // The old segment says that it has a successor, so that a lost one is missed. It need not
        // be durable, nor be there: whoever opens the directory sees the new one, and whoever stands
        // at the old one's end looks for it.
        let seal = FrameHeader {
            kind: FrameKind::Seal,
            payload: 0,
            snapshot: tail.snapshot,
            durable: tail.end as u32,
            sequence: tail.sequence + 1,
        };
        let seal = tail.segment.keys.frame(&seal, tail.end, &tail.tag, &[]);
        if !tail.garbage
            && let Ok(file) = tail.segment.writing(vfs)
        {
            let _ = file.write_at(&seal, tail.end);
        }
        Ok(true)
    }

    /// Returns fresh random bytes for a segment.
    pub(crate) fn salt(&self) -> Result<Salt> {
        let mut salt = [0; 32];
        (self.options.entropy)(&mut salt)?;
        Ok(salt)
    }
}

/// Writes a whole new log segment and gives it its name. Returns false where something has that name
/// already: then that stays, and this is nothing.
pub(crate) fn write_segment(vfs: &dyn Vfs, header: &SegmentHeader, payload: &[u8]) -> Result<bool> {
    let name = header.id.path();
    let draft = format!("{DIRECTORY}/{DRAFT}");
    let doing = |error| Error::io(format!("create segment {}", header.id), error);
    let base = FrameHeader {
        kind: FrameKind::Snapshot,
        payload: payload.len() as u32,
        snapshot: 0,
        durable: FRAMES_FROM as u32,
        sequence: 1,
    };
    let keys = Keys::new(&header.salt);
    let mut bytes = header.encode();
    bytes.extend(keys.frame(&base, FRAMES_FROM, &header.check(), payload));
    // What an interrupted creation left; the lock is held.
    let _ = vfs.remove(&draft);
    let file = vfs.create_new(&draft).map_err(doing)?;
    let written = file.write_at(&bytes, 0).and_then(|()| file.sync_data(SyncSite::Segment));
    drop(file);
    if let Err(error) = written {
        // A beginning takes room where there may be none.
        let _ = vfs.remove(&draft);
        return Err(doing(error));
    }
    match name_segment(vfs, &draft, &name) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let _ = vfs.remove(&draft);
            return Ok(false);
        }
        Err(error) => return Err(doing(error)),
    }
    vfs.sync_dir(DIRECTORY, SyncSite::SegmentName).map_err(doing)?;
    Ok(true)
}

/// Gives a segment its name, which nothing may have: others may have committed to what has it.
fn name_segment(vfs: &dyn Vfs, draft: &str, name: &str) -> std::io::Result<()> {
    match vfs.rename_new(draft, name) {
        Err(error)
            if error.kind() == std::io::ErrorKind::AlreadyExists
                && holds(CheckSite::FreeName, false) =>
        {
            vfs.rename(draft, name)
        }
        named => named,
    }
}

fn size_class(span: u64) -> u32 {
    (span / SPAN).max(1).ilog2() / 3
}
