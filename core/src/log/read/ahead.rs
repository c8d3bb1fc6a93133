//! What stands behind the last frame that is known.

use crate::error::Result;
use crate::log::format::check_site::{CheckSite, holds};
use crate::log::format::frame::{FrameHeader, FrameKind, HEADER, TAG};
use crate::log::read::segment_file::Segment;
use crate::log::read::tail::Tail;

/// Bytes read ahead while frames are replayed: at first, as there may be none, and at most.
const READ_AHEAD: (usize, usize) = (1 << 10, 256 << 10);

/// What stands behind the last frame.
pub(crate) enum Next {
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
    pub(crate) fn is_close(&self) -> bool {
        matches!(self, Next::Marker(header) if header.kind == FrameKind::Close)
    }
}

/// Bytes of one segment, read in large steps.
#[derive(Default)]
pub(crate) struct ReadAhead {
    from: u64,
    bytes: Vec<u8>,
}

impl ReadAhead {
    pub(crate) fn get(&mut self, segment: &Segment, offset: u64, len: usize) -> Result<&[u8]> {
        let end = offset + len as u64;
        if offset < self.from || end > self.from + self.bytes.len() as u64 {
            let ahead = (self.bytes.len() * 8).clamp(READ_AHEAD.0, READ_AHEAD.1);
            self.bytes = segment.read_some(offset, len.max(ahead))?;
            self.from = offset;
        }
        let at = (offset - self.from) as usize;
        Ok(&self.bytes[at..(at + len).min(self.bytes.len())])
    }

    /// Reads on behind a tail.
    pub(crate) fn next(&mut self, tail: &Tail) -> Result<Next> {
        let segment = &*tail.segment;
        let head = self.get(segment, tail.end, HEADER)?;
        let Some(header) = segment.keys.decode_header(head, tail.end) else {
            let silent = head.iter().all(|&byte| byte == 0);
            return Ok(if silent { Next::Silence } else { Next::Noise });
        };
        let len = usize::try_from(header.frame_len()).expect("a frame fits into memory");
        let bytes = self.get(segment, tail.end, len)?;
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
}
