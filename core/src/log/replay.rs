//! From frames to state: what a reader or a writer does with what others have written, and what
//! recovery does after a crash. Never writes.

use std::sync::atomic::Ordering;
use std::sync::{Arc, TryLockError};

use super::Log;
use super::check_site::{CheckSite, holds};
use super::frame::{FrameHeader, FrameKind, HEADER, TAG};
use super::head::{Head, LiveSegment, SnapshotHead};
use super::medium::Frame;
use super::open::LOOKS;
use super::purged::PURGED;
use super::row::Location;
use super::segment::{FRAMES_FROM, SegmentId};
use super::segment_file::Segment;
use super::state::{Damage, State, TableSlot};
use crate::error::{ErrorKind, Result};
use crate::id::{MapId, ObjectId, Tag, Tagger};
use crate::map::Map;

/// Damaged stretches, above which a store is not opened: looking through them takes its time.
const DAMAGE_MAX: usize = 4 << 10;

/// Bytes read ahead while frames are replayed: at first, as there may be none, and at most.
const READ_AHEAD: (usize, usize) = (1 << 10, 256 << 10);

/// What is needed to go on behind the last frame.
#[derive(Debug)]
pub(crate) struct Tail {
    pub(crate) segment: Arc<Segment>,
    pub(crate) end: u64,
    pub(crate) sequence: u32,
    pub(crate) tag: Tag,
    /// Everything before this offset is known to be synced.
    pub(crate) durable: u64,
    pub(crate) snapshot: u32,
    /// Frames with objects since the last snapshot, it included, and their ids in order.
    pub(crate) frames: Vec<(u32, u32)>,
    pub(crate) ids: Vec<ObjectId>,
    /// The tag over the segment's bytes since the last snapshot began.
    pub(crate) range: RangeTag,
    /// The bytes before the end, where a frame was taken up: they change only if it is void.
    pub(crate) seen: Option<Tag>,
    /// The end of the last commit of this handle in this segment, and its tag.
    pub(crate) own: Option<(u64, Tag)>,
    /// Behind the last frame stands what no commit can overwrite in good conscience.
    pub(crate) garbage: bool,
    /// Set by whoever writes: the file's length, whether the bytes behind the end were seen to be
    /// zeros, whether old frames were verified, whether this process wrote.
    pub(crate) zeroed: u64,
    pub(crate) ready: bool,
    pub(crate) verified: bool,
    pub(crate) wrote: bool,
    /// How often the log may still be read anew, while frames are replayed.
    pub(crate) anew: u32,
    pub(crate) poisoned: Option<String>,
}

/// A tag over a range of a segment, computed as the bytes come.
#[derive(Clone)]
pub(crate) struct RangeTag {
    pub(crate) from: u64,
    tagger: Tagger,
}

impl std::fmt::Debug for RangeTag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RangeTag").field("from", &self.from).finish_non_exhaustive()
    }
}

impl RangeTag {
    pub(crate) fn new(segment: &Segment, from: u64) -> Self {
        RangeTag { from, tagger: segment.keys.tagger() }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.tagger.update(bytes);
    }

    pub(crate) fn tag(&self) -> Tag {
        self.tagger.tag()
    }
}

impl Tail {
    /// Begins before the frame at `from`, whose number in the segment will be `sequence` + 1.
    pub(crate) fn new(segment: Arc<Segment>, from: u64, sequence: u32) -> Result<Self> {
        let tag = segment.tag_before(from)?;
        let range = RangeTag::new(&segment, from);
        Ok(Tail {
            segment,
            end: from,
            sequence,
            tag,
            durable: FRAMES_FROM,
            snapshot: 0,
            frames: Vec::new(),
            ids: Vec::new(),
            range,
            seen: None,
            own: None,
            garbage: false,
            zeroed: 0,
            ready: false,
            verified: false,
            wrote: false,
            anew: 0,
            poisoned: None,
        })
    }
}

/// What stands behind the last frame.
enum Next {
    /// A whole frame.
    Frame(FrameHeader, Vec<u8>),
    /// A marker of closing or of a successor.
    Marker(FrameHeader),
    /// Zeros, or the end of the file.
    Silence,
    /// Something else.
    Noise,
}

impl Next {
    fn is_close(&self) -> bool {
        matches!(self, Next::Marker(header) if header.kind == FrameKind::Close)
    }
}

impl Log {
    /// Takes up what was committed since by whoever it was.
    pub(crate) fn refresh(&self) -> Result<()> {
        if !self.peek()? {
            return Ok(());
        }
        match self.shared.tail.try_lock() {
            Ok(mut tail) => self.advance(&mut tail),
            // The error holds the lock: whoever panicked under it lets it go on.
            Err(TryLockError::Poisoned(tail)) => self.advance(&mut tail.into_inner()),
            // Whoever holds the tail under the writer lock has taken up what there was, and
            // nobody else can have added to it.
            Err(_) if self.shared.writing.load(Ordering::Acquire) => Ok(()),
            Err(_) => self.advance(&mut self.tail()),
        }
    }

    /// Tells whether there is something behind the last known frame.
    fn peek(&self) -> Result<bool> {
        let (segment, end, seen) = {
            let state = self.state();
            let segment = state.current_segment();
            let end = segment.end();
            (segment, end, state.seen)
        };
        // Asked first: a successor that is gone by then was retired, and then the seal stands there.
        // The marker of closing may be torn behind its header; then the log goes on in the next
        // segment, and nothing here says so.
        if self.has_successor(segment.id)? {
            return Ok(true);
        }
        let before = if seen.is_some() { TAG } else { 0 };
        let mut bytes = [0; TAG + HEADER];
        let bytes = &mut bytes[TAG - before..];
        let read = segment.read_into(end - before as u64, bytes)?;
        let (tag, head) = bytes[..read].split_at(before.min(read));
        if seen.is_some_and(|seen| !holds(CheckSite::EndTag, seen == *tag)) {
            return Ok(true);
        }
        let found = segment.keys.decode_header(head, end).map(|header| header.kind);
        Ok(found.is_some_and(|kind| kind != FrameKind::Close))
    }

    /// Replays frames until there are no more.
    pub(crate) fn advance(&self, tail: &mut Tail) -> Result<()> {
        tail.anew = LOOKS;
        self.replay(tail)
    }

    /// Replays frames until there are no more, or the log has been begun anew too often.
    pub(super) fn replay(&self, tail: &mut Tail) -> Result<()> {
        let mut ahead = ReadAhead::default();
        tail.garbage = false;
        if !self.stand_by(tail, &mut ahead)? {
            ahead = ReadAhead::default();
        }
        loop {
            match self.next(tail, &mut ahead)? {
                Next::Frame(header, bytes) => {
                    let mut state = self.state_mut();
                    self.apply(tail, &mut state, header, &bytes)?;
                }
                Next::Marker(header) if header.kind == FrameKind::Close => {
                    let is_last = !self.has_successor(tail.segment.id)?;
                    // Bytes read before this was learned may be older than what it rests on. One that
                    // is gone again was retired meanwhile, and then there is a seal.
                    ahead = ReadAhead::default();
                    if !self.next(tail, &mut ahead)?.is_close() {
                        continue;
                    }
                    if holds(CheckSite::MarkerSuccessor, is_last) {
                        tail.durable = tail.durable.max(tail.end);
                        return Ok(());
                    }
                    // Whoever named the successor need not have come to seal this one.
                    self.succeed(tail)?;
                    ahead = ReadAhead::default();
                }
                Next::Marker(_) => {
                    if !self.succeed(tail)? {
                        return self.leap(tail);
                    }
                    ahead = ReadAhead::default();
                }
                found @ (Next::Silence | Next::Noise) => {
                    let succeeded = self.has_successor(tail.segment.id)?;
                    let beyond = match matches!(found, Next::Noise) && !succeeded {
                        true => self.beyond_noise(tail)?,
                        false => None,
                    };
                    // As above.
                    ahead = ReadAhead::default();
                    let is_noise = match self.next(tail, &mut ahead)? {
                        Next::Silence => false,
                        Next::Noise => true,
                        Next::Frame(..) | Next::Marker(_) => continue,
                    };
                    if succeeded {
                        self.succeed(tail)?;
                        ahead = ReadAhead::default();
                    } else if let Some(next) = beyond {
                        // Longer frames may have taken the place of one that was taken back: then the
                        // end that is known here is in the middle of one.
                        if self.stand_by(tail, &mut ReadAhead::default())? {
                            self.skip_damage(tail, next)?;
                        }
                        ahead = ReadAhead::default();
                    } else {
                        tail.garbage = is_noise && !self.is_close(tail)?;
                        self.miss_base(tail);
                        return Ok(());
                    }
                }
            }
        }
    }

    fn next(&self, tail: &Tail, ahead: &mut ReadAhead) -> Result<Next> {
        let segment = &*tail.segment;
        let head = ahead.get(segment, tail.end, HEADER)?;
        let Some(header) = segment.keys.decode_header(head, tail.end) else {
            let silent = head.iter().all(|&byte| byte == 0);
            return Ok(if silent { Next::Silence } else { Next::Noise });
        };
        let len = usize::try_from(header.frame_len()).expect("a frame fits into memory");
        let bytes = ahead.get(segment, tail.end, len)?;
        let whole = bytes.len() == len && header.sequence == tail.sequence + 1 && {
            let (body, tag) = bytes.split_at(len - TAG);
            holds(CheckSite::TailTag, segment.keys.frame_tag(&tail.tag, body)[..] == *tag)
        };
        Ok(match header.kind {
            _ if !whole => Next::Noise,
            FrameKind::Close | FrameKind::Seal => Next::Marker(header),
            _ => Next::Frame(header, bytes.to_vec()),
        })
    }

    /// Takes up one whole frame.
    pub(crate) fn apply(
        &self,
        tail: &mut Tail,
        state: &mut State,
        header: FrameHeader,
        bytes: &[u8],
    ) -> Result<()> {
        let segment = tail.segment.clone();
        let offset = tail.end as u32;
        let end = tail.end + header.frame_len();
        segment.set_end(segment.end().max(end));
        if state.current != segment.id.number {
            state.current = segment.id.number;
            state.tail.clear();
        }
        let frame = Frame::parse(header, offset, &bytes[..bytes.len() - TAG], |at| {
            self.medium().frame(&segment, at)
        });
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
        debug_assert!(super::medium::holds_objects(header.kind));
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

/// Bytes of one segment, read in large steps.
#[derive(Default)]
pub(super) struct ReadAhead {
    from: u64,
    bytes: Vec<u8>,
}

impl ReadAhead {
    pub(super) fn get(&mut self, segment: &Segment, offset: u64, len: usize) -> Result<&[u8]> {
        let end = offset + len as u64;
        if offset < self.from || end > self.from + self.bytes.len() as u64 {
            let ahead = (self.bytes.len() * 8).clamp(READ_AHEAD.0, READ_AHEAD.1);
            self.bytes = segment.read_some(offset, len.max(ahead))?;
            self.from = offset;
        }
        let at = (offset - self.from) as usize;
        Ok(&self.bytes[at..(at + len).min(self.bytes.len())])
    }
}
