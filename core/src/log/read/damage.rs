//! Bytes behind the last frame that are no frame: what is damage, and what never was acknowledged.

use crate::error::Result;
use crate::id::Tag;
use crate::log::format::check_site::{CheckSite, holds};
use crate::log::format::frame::{FrameKind, HEADER, TAG};
use crate::log::format::segment::FRAMES_FROM;
use crate::log::read::reader::Reader;
use crate::log::read::state::Damage;
use crate::log::read::tail::Tail;

/// How often the bytes behind a tail are hashed at the most. Frames do not overlap, but in a hostile
/// file their headers may say that they do.
const HASHED_MAX: u64 = 16;

impl Reader {
    /// Notes as damage that a segment has no frame at all: its first one was synced before it got
    /// its name, and holds the refs.
    pub(crate) fn miss_base(&self, tail: &Tail) {
        if tail.sequence > 0 {
            return;
        }
        let damage = Damage {
            segment: tail.segment.id,
            from: tail.end,
            to: tail.end + 1,
            refs: true,
            what: "the first frame is missing".into(),
        };
        let mut state = self.state_mut();
        state.certain.clear();
        if !state.damage.contains(&damage) {
            state.damage.push(damage);
        }
    }

    /// Looks for a whole frame behind bytes that are none, whose writer knew those bytes as
    /// synced: then they were acknowledged, and are damaged. Else they never were.
    pub(crate) fn beyond_noise(&self, tail: &Tail) -> Result<Option<u64>> {
        let segment = &*tail.segment;
        let len = segment.file_len()?.saturating_sub(tail.end);
        let bytes = segment.read_some(tail.end, usize::try_from(len).unwrap_or(usize::MAX))?;
        let due = segment.due_tag(tail.end, &tail.tag)?;
        let mut first = None;
        let mut from = 1;
        let mut left = HASHED_MAX * bytes.len() as u64;
        while let Some(at) = segment.keys.find_header(&bytes, from, tail.end) {
            from = at + 1;
            let offset = tail.end + at as u64;
            let header = segment.keys.decode_header(&bytes[at..], offset);
            let header = header.expect("find_header found it");
            let len = usize::try_from(header.frame_len()).expect("a frame fits into memory");
            let Some(frame) = bytes[at..].get(..len) else { continue };
            left = left
                .checked_sub(header.frame_len())
                .ok_or_else(|| segment.damaged(offset, "frames that overlap"))?;
            let before: Tag = match at.checked_sub(TAG) {
                Some(tag) => bytes[tag..at].try_into().expect("sixteen bytes"),
                None => segment.tag_before(offset)?,
            };
            let (body, tag) = frame.split_at(len - TAG);
            let fits = |before: &Tag| segment.keys.frame_tag(before, body)[..] == *tag;
            let follows = due.as_ref().filter(|(end, _)| *end == offset);
            let is_whole = fits(&before) || follows.is_some_and(|(_, due)| fits(due));
            if !holds(CheckSite::ResyncTag, is_whole) {
                continue;
            }
            first = first.or(Some(offset));
            let durable = match header.kind {
                FrameKind::Close | FrameKind::Seal => offset,
                _ => header.durable.into(),
            };
            if durable > tail.end {
                return Ok(first);
            }
        }
        Ok(None)
    }

    /// Notes the bytes from the end on as damaged, and goes on behind them.
    pub(crate) fn skip_damage(&self, tail: &mut Tail, next: u64) -> Result<()> {
        let segment = tail.segment.clone();
        let head = segment.read_some(tail.end, HEADER)?;
        let header = segment.keys.decode_header(&head, tail.end);
        let (refs, what) = match header.map(|header| header.kind) {
            // The refs that it named are known from the frames before it. The first frame of a
            // segment has none before it.
            Some(FrameKind::Snapshot) if tail.end > FRAMES_FROM => (false, "an index frame"),
            Some(_) => (true, "a commit"),
            None => (true, "bytes that are no frame"),
        };
        let mut state = self.state_mut();
        state.certain.clear();
        state.purged = None;
        state.damage.push(Damage {
            segment: segment.id,
            from: tail.end,
            to: next,
            refs,
            what: format!("{what}, up to offset {next}"),
        });
        let due = segment.due_tag(tail.end, &tail.tag)?.filter(|(end, _)| *end == next);
        tail.end = next;
        tail.tag = segment.tag_before(next)?;
        (tail.seen, state.seen) = (Some(tail.tag), Some(tail.tag));
        if segment.read_verified(next).is_err()
            && let Some((_, due)) = due
        {
            tail.tag = due;
        }
        segment.set_end(segment.end().max(next));
        drop(state);
        let head = segment.read_some(next, HEADER)?;
        if let Some(header) = segment.keys.decode_header(&head, next) {
            tail.sequence = header.sequence.wrapping_sub(1);
        }
        Ok(())
    }
}
