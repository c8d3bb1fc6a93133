//! Commits that nobody reads: whole frames behind the end that a segment's successor names for it.
//!
//! Before a segment is succeeded it is synced as it stands, so no commit that was not acknowledged
//! is whole there. What is was acknowledged by a writer that did not see the successor, under a
//! version that did not look for it, or without a lock that keeps writers apart.

use crate::error::Result;
use crate::id::Tag;
use crate::log::format::frame::{FrameKind, HEADER, TAG};
use crate::log::format::segment::{FRAMES_FROM, SegmentHeader, SegmentId};
use crate::log::read::reader::Reader;
use crate::log::read::segment_file::Segment;
use crate::log::read::state::Damage;

/// Frames of a segment that its successor does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Void {
    pub(crate) segment: SegmentId,
    /// Where the first begins, and the last ends.
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// Commits among them.
    pub(crate) commits: u64,
}

impl Void {
    pub(crate) fn damage(&self) -> Damage {
        let what = match self.commits {
            1 => "a whole commit stands".to_owned(),
            many => format!("{many} whole commits stand"),
        };
        Damage {
            segment: self.segment,
            from: self.from,
            to: self.to,
            refs: false,
            what: format!(
                "{what} behind the end that segment {} names: acknowledged, and lost to every \
                 reader",
                SegmentId::log(self.segment.number + 1)
            ),
        }
    }
}

/// Returns the whole frames that go on, in sequence and tag, where the successor's header says that
/// the segment ends; none where there is no commit among them. A successor that a recovery began
/// goes on from no frame.
pub(crate) fn void_frames(segment: &Segment, successor: &SegmentHeader) -> Result<Option<Void>> {
    let from = successor.predecessor_len;
    let (mut at, mut tag, mut commits) = (from, successor.predecessor_tag, 0);
    let mut sequence = None;
    if from < FRAMES_FROM {
        return Ok(None);
    }
    loop {
        let head = segment.read_some(at, HEADER)?;
        let Some(header) = segment.keys.decode_header(&head, at) else { break };
        let len = usize::try_from(header.frame_len()).expect("a frame fits into memory");
        let bytes = segment.read_some(at, len)?;
        if bytes.len() < len || sequence.is_some_and(|before| header.sequence != before + 1) {
            break;
        }
        let (body, stored) = bytes.split_at(len - TAG);
        let due: Tag = segment.keys.frame_tag(&tag, body);
        if due[..] != *stored || matches!(header.kind, FrameKind::Close | FrameKind::Seal) {
            break;
        }
        commits += u64::from(header.kind == FrameKind::Commit);
        (at, tag, sequence) = (at + header.frame_len(), due, Some(header.sequence));
    }
    let void = Void { segment: segment.id, from, to: at, commits };
    Ok((commits > 0).then_some(void))
}

impl Reader {
    /// Returns the commits of a segment that its successor does not count, if it has one.
    pub(crate) fn void_commits(&self, segment: &Segment) -> Result<Option<Void>> {
        let next = SegmentId::log(segment.id.number + 1);
        if segment.id.role_data {
            return Ok(None);
        }
        let known = self.state().segments.get(&next).cloned();
        match known {
            Some(successor) => void_frames(segment, &successor.header),
            None if self.has_successor(segment.id)? => {
                void_frames(segment, &Segment::open(&*self.medium().vfs, next)?.header)
            }
            None => Ok(None),
        }
    }
}
