//! The mark: how far the log is known to be synced, beside the log. It tells a log that was cut
//! short from one that never was longer.
//!
//! The file `mark` holds the number of a log segment (8 bytes), an offset in it (8), both
//! little-endian, and the tag over them under that segment's salt (16). Closing writes it without a
//! sync: an old or a torn one claims less, or nothing.

use crate::log::format::check_site::{CheckSite, holds};
use crate::log::format::segment::SegmentId;
use crate::log::read::reader::Reader;
use crate::log::read::segment_file::Segment;
use crate::log::read::state::Damage;
use crate::log::read::tail::Tail;
use crate::log::vfs::Vfs;

/// The mark's file.
pub(crate) const FILE: &str = "mark";
const LEN: usize = 32;

/// The mark's bytes.
pub(crate) fn encode(segment: &Segment, end: u64) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    bytes[..8].copy_from_slice(&segment.id.number.to_le_bytes());
    bytes[8..16].copy_from_slice(&end.to_le_bytes());
    let tag = segment.keys.tagger().update(b"mark").update(&bytes[..16]).tag();
    bytes[16..].copy_from_slice(&tag);
    bytes
}

/// Tells how far a segment is known to have been synced, if the mark is about it.
pub(crate) fn synced(vfs: &dyn Vfs, segment: &Segment) -> Option<u64> {
    let mut bytes = [0; LEN];
    let read = vfs.open(FILE, false).and_then(|file| file.read_at(&mut bytes, 0)).ok()?;
    let end = u64::from_le_bytes(bytes[8..16].try_into().expect("eight bytes"));
    let is_ours = bytes[..8] == segment.id.number.to_le_bytes();
    let is_whole = || holds(CheckSite::Mark, bytes == encode(segment, end));
    (read == LEN && is_ours && is_whole()).then_some(end)
}

/// The log segment that the mark is about, whether that is there or not.
pub(crate) fn segment(vfs: &dyn Vfs) -> Option<SegmentId> {
    let mut bytes = [0; 8];
    let read = vfs.open(FILE, false).and_then(|file| file.read_at(&mut bytes, 0)).ok()?;
    let number = u64::from_le_bytes(bytes);
    (read == bytes.len() && number <= u64::from(u32::MAX)).then(|| SegmentId::log(number))
}

impl Reader {
    /// Reads the mark. To be done before frames are replayed: others may go on meanwhile.
    pub(crate) fn mark(&self, tail: &Tail) -> Option<(SegmentId, u64)> {
        Some((tail.segment.id, synced(&*self.medium().vfs, &tail.segment)?))
    }

    /// Notes as damage what the mark said was there and no frame covers.
    pub(crate) fn heed_mark(&self, tail: &Tail, mark: Option<(SegmentId, u64)>) {
        let Some((segment, end)) = mark else { return };
        if segment == tail.segment.id && end > tail.end {
            let damage = Damage {
                segment: tail.segment.id,
                from: tail.end,
                to: end,
                refs: true,
                what: format!("acknowledged commits up to offset {end} are not there"),
            };
            let mut state = self.state_mut();
            state.certain.clear();
            if !state.damage.contains(&damage) {
                state.damage.push(damage);
            }
        }
    }
}
