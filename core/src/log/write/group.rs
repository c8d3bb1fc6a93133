//! Frames on their way: what a group of commits puts together, and how that is written, synced and
//! made known, or taken back.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::id::{IdMap, ObjectId, Tag};
use crate::limits::FRAME_BYTES_MAX;
use crate::log::format::frame::{FrameHeader, FrameKind};
use crate::log::read::tail::Tail;
use crate::log::transaction::Durability;
use crate::log::vfs::{SyncSite, VfsFile};
use crate::log::write::encode::Fresh;
use crate::log::write::handle::Log;
use crate::log::write::room::{advised, has_no_room};

/// Bytes that a file system gives a file at once.
pub(crate) const BLOCK: u64 = 4 << 10;
/// Bytes of failed frames that are taken back at a time.
const TAKEN_BACK: usize = 64 << 10;

/// What a group of commits has put together so far.
pub(crate) struct Building {
    pub(crate) offset: u64,
    sequence: u32,
    tag: Tag,
    buffer: Vec<u8>,
    /// Each with its raw control block, where that is worth keeping.
    frames: Vec<(FrameHeader, Option<Arc<[u8]>>)>,
    pub(crate) fresh: IdMap<ObjectId, Fresh>,
    /// The texts of frames, by offset.
    pub(crate) texts: Vec<(u32, Vec<u8>)>,
    pub(crate) updates: HashMap<String, Option<ObjectId>>,
}

impl Building {
    pub(crate) fn new(tail: &Tail) -> Self {
        Building {
            offset: tail.end,
            sequence: tail.sequence,
            tag: tail.tag,
            buffer: Vec::new(),
            frames: Vec::new(),
            fresh: IdMap::default(),
            texts: Vec::new(),
            updates: HashMap::new(),
        }
    }
}

impl Log {
    pub(crate) fn push_frame(
        &self,
        tail: &Tail,
        group: &mut Building,
        kind: FrameKind,
        payload: &[u8],
        control: Option<Arc<[u8]>>,
    ) -> Result<()> {
        if payload.len() > FRAME_BYTES_MAX || group.offset + payload.len() as u64 > u32::MAX.into()
        {
            return Err(Error::invalid(format!(
                "a commit of {} bytes, at most {FRAME_BYTES_MAX} are allowed; commit in smaller \
                 steps",
                payload.len()
            )));
        }
        let header = FrameHeader {
            kind,
            payload: payload.len() as u32,
            snapshot: tail.snapshot,
            durable: tail.durable as u32,
            sequence: group.sequence + 1,
        };
        let frame = tail.segment.keys.frame(&header, group.offset, &group.tag, payload);
        group.tag = frame[frame.len() - 16..].try_into().expect("a tag is 16 bytes");
        group.offset += frame.len() as u64;
        group.sequence += 1;
        group.buffer.extend_from_slice(&frame);
        group.frames.push((header, control));
        Ok(())
    }

    /// Writes what the group has, syncs, and makes it known.
    pub(crate) fn write(&self, tail: &mut Tail, group: &mut Building) -> Result<()> {
        if group.frames.is_empty() {
            return Ok(());
        }
        let frames = std::mem::take(&mut group.frames);
        self.write_synced(tail, &group.buffer)?;
        let taken_up = self.take_up(tail, frames, &group.buffer);
        taken_up.map_err(|error| self.poison(tail, std::io::Error::other(error.to_string())))?;
        for (frame, texts) in group.texts.drain(..) {
            self.medium().keep_texts(&tail.segment, frame, &texts);
        }
        let now = self.medium().retirements();
        for (id, fresh) in group.fresh.drain() {
            if let Some(object) = fresh.object {
                self.medium().keep_object(id, object, now);
            }
        }
        if self.options.durability == Durability::Sync {
            tail.durable = tail.end;
        }
        tail.own = Some((tail.end, tail.tag));
        tail.wrote = true;
        tail.ready = true;
        Ok(())
    }

    /// Makes frames known that were written.
    fn take_up(
        &self,
        tail: &mut Tail,
        frames: Vec<(FrameHeader, Option<Arc<[u8]>>)>,
        buffer: &[u8],
    ) -> Result<()> {
        let mut at = 0;
        let mut state = self.state_mut();
        for (header, control) in frames {
            let len = header.frame_len() as usize;
            self.apply(tail, &mut state, header, &buffer[at..at + len], control)?;
            at += len;
        }
        Ok(())
    }

    /// Writes frames at the end of the segment, zeros ahead of them where the file must grow, and
    /// syncs once.
    fn write_synced(&self, tail: &mut Tail, frames: &[u8]) -> Result<()> {
        let end = tail.end + frames.len() as u64;
        let file = tail.segment.writing(&*self.medium().vfs)?;
        let grown;
        let mut bytes = frames;
        let mut zeroed = tail.zeroed;
        if end > tail.zeroed {
            let step = (tail.end / 32).clamp(16 << 10, 256 << 10);
            zeroed = (end + step).next_multiple_of(BLOCK);
            grown = [frames, &vec![0; (zeroed - end) as usize]].concat();
            bytes = &grown;
        }
        let written = match file.write_at(bytes, tail.end) {
            // Where there is no room for the zeros, there may be for the frames, or in the reserve.
            // Nothing was synced, so the same bytes may be written again.
            Err(error) if has_no_room(&error) => {
                zeroed = zeroed.min(end.max(tail.zeroed));
                self.write_with_reserve(file, frames, tail.end)
            }
            done => done,
        };
        let written = written.and_then(|()| match self.options.durability {
            Durability::Sync => file.sync_data(SyncSite::Commit),
            Durability::Buffered => Ok(()),
        });
        match written {
            Ok(()) => {
                tail.zeroed = zeroed;
                Ok(())
            }
            Err(error) => {
                take_back(file, tail.end, frames.len());
                Err(self.poison(tail, error))
            }
        }
    }

    pub(crate) fn poison(&self, tail: &mut Tail, error: std::io::Error) -> Error {
        tail.poisoned = Some(error.to_string());
        let message = format!(
            "the commit was not confirmed by the medium, so whether it lasts is not known; \
             reopen the store and look (segment {}, offset {})",
            tail.segment.id, tail.end
        );
        advised(Error::new(ErrorKind::Indeterminate, message).with_source(error))
    }
}

/// Takes frames back whose write or sync failed, as far as the medium lets it, so that the next
/// commit can stand in their place. The last go first: whoever has taken them up looks at the last
/// one's end, and of those that stay a beginning is whole.
fn take_back(file: &dyn VfsFile, from: u64, len: usize) {
    let there = file.len().map_or(0, |end| end.saturating_sub(from));
    let mut left = len.min(usize::try_from(there).unwrap_or(len));
    let zeros = vec![0; left.min(TAKEN_BACK)];
    while left > 0 {
        let step = left.min(TAKEN_BACK);
        left -= step;
        if file.write_at(&zeros[..step], from + left as u64).is_err() {
            return;
        }
    }
}
