//! The last base frame of a segment, where opening begins.

use crate::error::{Error, Result};
use crate::log::format::frame::{FrameHeader, FrameKind, HEADER};
use crate::log::format::segment::{DIRECTORY, FRAMES_FROM, SegmentId};
use crate::log::read::reader::Reader;
use crate::log::read::segment_file::Segment;
use crate::log::vfs::Vfs;

/// Bytes read at a segment's end at first, to find its last frame.
const END_READ: u64 = 320 << 10;

/// Returns the newest log segment.
pub(crate) fn newest_log(vfs: &dyn Vfs) -> Result<Option<SegmentId>> {
    let segments = match vfs.list(DIRECTORY) {
        Ok(segments) => segments,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(Error::io("list the store's segments", error)),
    };
    let logs = segments.iter().filter_map(|name| SegmentId::from_file_name(name));
    Ok(logs.filter(|id| !id.role_data).max())
}

/// Finds the last snapshot frame through the last frame's header, without reading what is between.
/// None where it cannot be found so; then all frames are replayed.
pub(crate) fn last_snapshot(segment: &Segment) -> Result<Option<(u64, FrameHeader)>> {
    let len = segment.file_len()?;
    let mut window = END_READ;
    let last = loop {
        let from = len.saturating_sub(window).max(FRAMES_FROM.min(len));
        let bytes = segment.read_some(from, usize::try_from(len - from).unwrap_or(usize::MAX))?;
        if let Some(at) = segment.keys.find_last_header(&bytes, from) {
            let offset = from + at as u64;
            break segment.keys.decode_header(&bytes[at..], offset).map(|header| (offset, header));
        }
        if from <= FRAMES_FROM {
            break None;
        }
        window *= 8;
    };
    let Some((offset, header)) = last else { return Ok(None) };
    let at = if header.kind == FrameKind::Snapshot { offset } else { header.snapshot.into() };
    if at < FRAMES_FROM {
        return Ok(None);
    }
    let candidates = [at, previous_snapshot(segment, at)?];
    for at in candidates {
        if at >= FRAMES_FROM
            && let Ok((header, _)) = segment.read_verified(at)
            && header.kind == FrameKind::Snapshot
        {
            return Ok(Some((at, header)));
        }
    }
    Ok(None)
}

fn previous_snapshot(segment: &Segment, at: u64) -> Result<u64> {
    let head = segment.read_some(at, HEADER)?;
    let header = segment.keys.decode_header(&head, at);
    Ok(header.map_or(0, |header| header.snapshot.into()))
}

impl Reader {
    /// Tells whether a log segment has a successor. It has one once the name is there, whatever
    /// else the process came to that made it.
    pub(crate) fn has_successor(&self, id: SegmentId) -> Result<bool> {
        self.medium().has(SegmentId::log(id.number + 1))
    }
}
