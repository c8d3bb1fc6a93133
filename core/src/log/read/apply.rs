//! From a frame to state: what it says of refs, segments and objects.

use std::sync::Arc;

use crate::error::{ErrorKind, Result};
use crate::id::MapId;
use crate::log::format::frame::{FrameHeader, FrameKind, TAG};
use crate::log::format::head::{Head, LiveSegment, SnapshotHead};
use crate::log::format::row::Location;
use crate::log::format::segment::SegmentId;
use crate::log::read::medium::{Frame, holds_objects};
use crate::log::read::purged::PURGED;
use crate::log::read::reader::Reader;
use crate::log::read::segment_file::Segment;
use crate::log::read::state::{Damage, State, TableSlot};
use crate::log::read::tail::{RangeTag, Tail};
use crate::map::Map;

/// Damaged stretches, above which a store is not opened: looking through them takes its time.
const DAMAGE_MAX: usize = 4 << 10;

impl Reader {
    /// Takes up one whole frame. Whoever wrote it knows its raw control block.
    pub(crate) fn apply(
        &self,
        tail: &mut Tail,
        state: &mut State,
        header: FrameHeader,
        bytes: &[u8],
        control: Option<Arc<[u8]>>,
    ) -> Result<()> {
        let segment = tail.segment.clone();
        let offset = tail.end as u32;
        let end = tail.end + header.frame_len();
        segment.set_end(segment.end().max(end));
        if state.current != segment.id.number {
            state.current = segment.id.number;
            state.tail.clear();
        }
        let parsed = &bytes[..bytes.len() - TAG];
        let frame =
            Frame::parse(header, offset, parsed, control, |at| self.medium().frame(&segment, at));
        match frame {
            Ok(frame) => self.apply_parts(tail, state, header, frame)?,
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                // The frame is whole, but an earlier one of its group is not.
                if state.damage.len() >= DAMAGE_MAX {
                    return Err(error.context("too much is damaged"));
                }
                state.certain.clear();
                state.damage.push(Damage {
                    segment: segment.id,
                    from: tail.end,
                    to: end,
                    refs: true,
                    what: format!("a frame that rests on damage ({error})"),
                });
            }
            Err(error) => return Err(error),
        }
        if header.kind == FrameKind::Snapshot {
            tail.snapshot = offset;
            tail.range = RangeTag::new(&segment, tail.end);
        }
        tail.range.update(bytes);
        tail.tag = bytes[bytes.len() - TAG..].try_into().expect("a tag is 16 bytes");
        (tail.seen, state.seen) = (Some(tail.tag), Some(tail.tag));
        tail.sequence = header.sequence;
        tail.durable = tail.durable.max(header.durable.into());
        tail.end = end;
        tail.ready = false;
        Ok(())
    }

    fn apply_parts(
        &self,
        tail: &mut Tail,
        state: &mut State,
        header: FrameHeader,
        frame: Frame,
    ) -> Result<()> {
        let frame = self.medium().keep(tail.segment.id, frame);
        match &frame.payload.head {
            Head::Commit { updates, attached, retired } => {
                for segment in attached {
                    self.add_segment(state, segment)?;
                }
                if !retired.is_empty() && !retired.contains(&tail.segment.id) {
                    state.retire(retired);
                    self.medium().note_retirement();
                }
                for update in updates {
                    if update.name == PURGED {
                        state.purged = Some(Map::new(update.new.map(MapId::new)));
                    }
                    state.updates.insert(update.name.clone(), update.new);
                    if !state.damage.is_empty() {
                        state.certain.insert(update.name.clone());
                    }
                }
            }
            Head::Snapshot(snapshot) => {
                self.apply_snapshot(state, tail.segment.id, snapshot)?;
                tail.frames.clear();
                tail.ids.clear();
            }
            Head::Bulk => {}
        }
        debug_assert!(holds_objects(header.kind));
        let frame_ids = &frame.payload.ids;
        tail.frames.push((frame.offset, frame_ids.len() as u32));
        tail.ids.extend_from_slice(frame_ids);
        for (position, id) in frame_ids.iter().enumerate() {
            let location = Location { frame: frame.offset, position: position as u32 };
            state.tail.insert(*id, location);
        }
        Ok(())
    }

    fn apply_snapshot(
        &self,
        state: &mut State,
        current: SegmentId,
        snapshot: &SnapshotHead,
    ) -> Result<()> {
        // A snapshot names every segment that there is.
        let named = |id: &SegmentId| snapshot.segments.iter().any(|live| live.id == *id);
        let known = state.segments.len();
        state.segments.retain(|id, _| *id == current || named(id));
        if state.segments.len() < known {
            self.medium().note_retirement();
        }
        let before = std::mem::take(&mut state.tables);
        for segment in &snapshot.segments {
            self.add_segment(state, segment)?;
        }
        for slot in Arc::make_mut(&mut state.tables) {
            if let Some(known) =
                before.iter().find(|known| known.host == slot.host && known.frame == slot.frame)
            {
                *slot = known.clone();
            }
        }
        state.current = current.number;
        // With damage in between, what the frames since the last snapshot said stays in doubt,
        // but the snapshot's own root was made before it was lost.
        state.refs = Map::new(snapshot.refs.map(MapId::new));
        state.updates.clear();
        state.tail.clear();
        state.retired.clear();
        Ok(())
    }

    /// Makes a segment and its tables known.
    fn add_segment(&self, state: &mut State, live: &LiveSegment) -> Result<()> {
        let known = state.segments.get(&live.id).cloned();
        let opened = match known {
            Some(segment) => Ok(segment),
            None => Segment::open(&*self.medium().vfs, live.id).map(Arc::new),
        };
        let segment = match opened {
            Ok(segment) => segment,
            // What the others hold can still be read.
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                let damage = Damage {
                    segment: live.id,
                    from: 0,
                    to: live.len,
                    refs: false,
                    what: error.to_string(),
                };
                if state.damage.len() >= DAMAGE_MAX {
                    return Err(error.context("too much is damaged"));
                }
                if !state.damage.contains(&damage) {
                    state.damage.push(damage);
                }
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        state.segments.insert(live.id, segment.clone());
        segment.set_end(segment.end().max(live.len));
        for (host, frame) in &live.tables {
            let slot = TableSlot {
                segment: live.id,
                host: *host,
                frame: *frame,
                loaded: std::sync::OnceLock::new(),
            };
            Arc::make_mut(&mut state.tables).push(Arc::new(slot));
        }
        Ok(())
    }
}
