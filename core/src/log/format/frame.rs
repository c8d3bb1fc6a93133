//! Frames: what a segment consists of.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 4 | magic: the first bytes of the tag of `frame` under the salt |
//! | 4 | 1 | kind: 1 commit, 2 snapshot, 3 bulk, 4 close, 5 seal |
//! | 5 | 3 | 0 |
//! | 8 | 4 | bytes of the payload |
//! | 12 | 4 | offset of the newest snapshot frame before this one, or 0 |
//! | 16 | 4 | everything of this segment before this offset was synced when the frame was written |
//! | 20 | 4 | sequence number in the segment, from 1 |
//! | 24 | 8 | check: tag over the frame's offset (8 bytes) and bytes 0..24 |
//! | 32 | | payload |
//! | | 16 | tag over the tag before, the header and the payload |

use crate::id::{Salt, Tag, Tagger};
use crate::limits::FRAME_BYTES_MAX;
use crate::log::format::check_site::{CheckSite, holds};

/// Bytes of a frame's header.
pub(crate) const HEADER: usize = 32;
/// Where in a header its check begins.
pub(crate) const CHECK: usize = 24;
/// Bytes of a frame's tag.
pub(crate) const TAG: usize = 16;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameKind {
    /// Objects and ref updates: all of one transaction.
    Commit = 1,
    /// The root of the refs, the live segments, an index of the frames since the last one.
    Snapshot = 2,
    /// Objects of a data segment.
    Bulk = 3,
    /// Left by closing: all before it is durable. The next commit takes its place.
    Close = 4,
    /// The segment has a successor.
    Seal = 5,
}

impl FrameKind {
    fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => FrameKind::Commit,
            2 => FrameKind::Snapshot,
            3 => FrameKind::Bulk,
            4 => FrameKind::Close,
            5 => FrameKind::Seal,
            _ => return None,
        })
    }
}

/// The first bytes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) kind: FrameKind,
    pub(crate) payload: u32,
    pub(crate) snapshot: u32,
    pub(crate) durable: u32,
    pub(crate) sequence: u32,
}

impl FrameHeader {
    /// Bytes of the whole frame.
    pub(crate) fn frame_len(&self) -> u64 {
        (HEADER + TAG) as u64 + u64::from(self.payload)
    }
}

/// What keys the frames of one segment.
#[derive(Clone)]
pub(crate) struct Keys {
    tagger: Tagger,
    pub(crate) magic: [u8; 4],
}

impl Keys {
    pub(crate) fn new(salt: &Salt) -> Self {
        let tagger = Tagger::new(salt);
        let magic = tagger.clone().update(b"frame").tag();
        Keys { tagger, magic: [magic[0], magic[1], magic[2], magic[3]] }
    }

    pub(crate) fn tagger(&self) -> Tagger {
        self.tagger.clone()
    }

    pub(crate) fn encode_header(&self, header: &FrameHeader, offset: u64) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..4].copy_from_slice(&self.magic);
        bytes[4] = header.kind as u8;
        bytes[8..12].copy_from_slice(&header.payload.to_le_bytes());
        bytes[12..16].copy_from_slice(&header.snapshot.to_le_bytes());
        bytes[16..20].copy_from_slice(&header.durable.to_le_bytes());
        bytes[20..24].copy_from_slice(&header.sequence.to_le_bytes());
        let check = self.header_check(&bytes, offset);
        bytes[CHECK..].copy_from_slice(&check);
        bytes
    }

    /// Reads the header of a frame at that offset, or finds that there is none.
    pub(crate) fn decode_header(&self, bytes: &[u8], offset: u64) -> Option<FrameHeader> {
        let bytes = bytes.get(..HEADER)?;
        let is_whole = || bytes[CHECK..] == self.header_check(bytes, offset);
        if bytes[..4] != self.magic || !holds(CheckSite::FrameHeader, is_whole()) {
            return None;
        }
        let word =
            |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let header = FrameHeader {
            kind: FrameKind::from_byte(bytes[4])?,
            payload: word(8),
            snapshot: word(12),
            durable: word(16),
            sequence: word(20),
        };
        // A hostile file has checks that hold. So that no sum overflows, its frames end below 4 GiB,
        // and their sequence numbers are no larger than their offsets, as those of honest ones.
        let sane = bytes[5..8] == [0; 3]
            && header.payload as usize <= FRAME_BYTES_MAX
            && u64::from(header.snapshot) <= offset
            && u64::from(header.durable) <= offset
            && header.sequence > 0
            && u64::from(header.sequence) <= offset
            && offset + header.frame_len() <= u32::MAX.into();
        sane.then_some(header)
    }

    /// Tells whether these bytes can be the beginning of a frame at that offset, as far as they go.
    pub(crate) fn may_begin_frame(&self, bytes: &[u8], offset: u64) -> bool {
        let magic = bytes.len().min(self.magic.len());
        let check = bytes.get(CHECK..bytes.len().min(HEADER)).unwrap_or(&[]);
        bytes[..magic] == self.magic[..magic]
            && (check.is_empty() || self.header_check(bytes, offset).starts_with(check))
    }

    fn header_check(&self, bytes: &[u8], offset: u64) -> [u8; 8] {
        let mut tagger = self.tagger();
        let tag = tagger.update(&offset.to_le_bytes()).update(&bytes[..CHECK]).tag();
        tag[..8].try_into().expect("eight bytes")
    }

    /// Returns the tag of a frame's header and payload, going on from the tag before.
    pub(crate) fn frame_tag(&self, before: &Tag, header_and_payload: &[u8]) -> Tag {
        self.tagger().update(before).update(header_and_payload).tag()
    }

    /// Returns the next offset from `from` on, below `bytes.len()`, at which a header stands;
    /// `base` is the offset of `bytes[0]` in the segment.
    pub(crate) fn find_header(&self, bytes: &[u8], from: usize, base: u64) -> Option<usize> {
        let mut at = from;
        while let Some(step) = bytes.get(at..)?.windows(4).position(|four| four == self.magic) {
            at += step;
            if self.decode_header(&bytes[at..], base + at as u64).is_some() {
                return Some(at);
            }
            at += 1;
        }
        None
    }

    /// Returns the last offset at which a header stands.
    pub(crate) fn find_last_header(&self, bytes: &[u8], base: u64) -> Option<usize> {
        let used = bytes.iter().rposition(|&byte| byte != 0)? + 1;
        let mut end = used;
        loop {
            let at = bytes[..end].windows(4).rposition(|four| four == self.magic)?;
            if self.decode_header(&bytes[at..], base + at as u64).is_some() {
                return Some(at);
            }
            end = at + 3;
        }
    }

    /// Builds a whole frame.
    pub(crate) fn frame(
        &self,
        header: &FrameHeader,
        offset: u64,
        before: &Tag,
        payload: &[u8],
    ) -> Vec<u8> {
        let mut frame = Vec::with_capacity(HEADER + payload.len() + TAG);
        frame.extend_from_slice(&self.encode_header(header, offset));
        frame.extend_from_slice(payload);
        let tag = self.frame_tag(before, &frame);
        frame.extend_from_slice(&tag);
        frame
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> FrameHeader {
        FrameHeader {
            kind: FrameKind::Commit,
            payload: 5,
            snapshot: 256,
            durable: 300,
            sequence: 9,
        }
    }

    #[test]
    fn a_header_is_known_only_at_its_offset_and_under_its_salt() {
        let keys = Keys::new(&[1; 32]);
        let bytes = keys.encode_header(&header(), 400);
        assert_eq!(keys.decode_header(&bytes, 400), Some(header()));
        assert_eq!(keys.decode_header(&bytes, 401), None);
        assert_eq!(Keys::new(&[2; 32]).decode_header(&bytes, 400), None);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(keys.decode_header(&flipped, 400), None, "{bit}");
        }
    }

    #[test]
    fn a_beginning_of_a_frame_is_told_as_far_as_it_goes() {
        let keys = Keys::new(&[1; 32]);
        let bytes = keys.encode_header(&header(), 400);
        for len in 0..=bytes.len() {
            assert!(keys.may_begin_frame(&bytes[..len], 400), "{len}");
            let mut flipped = bytes[..len].to_vec();
            if let Some(first) = flipped.first_mut() {
                *first ^= 1;
                assert!(!keys.may_begin_frame(&flipped, 400), "{len}");
            }
        }
        let mut flipped = bytes;
        flipped[9] ^= 1;
        assert!(keys.may_begin_frame(&flipped[..24], 400));
        assert!(!keys.may_begin_frame(&flipped[..26], 400));
    }

    #[test]
    fn headers_are_found_among_other_bytes_from_either_end() {
        let keys = Keys::new(&[3; 32]);
        let mut bytes = vec![0xaa; 1_000];
        for at in [100, 600] {
            let header = FrameHeader { snapshot: 0, durable: 0, ..header() };
            bytes[at..at + HEADER].copy_from_slice(&keys.encode_header(&header, at as u64));
        }
        bytes[700..704].copy_from_slice(&keys.magic);
        bytes.resize(5_000, 0);
        assert_eq!(keys.find_header(&bytes, 0, 0), Some(100));
        assert_eq!(keys.find_header(&bytes, 101, 0), Some(600));
        assert_eq!(keys.find_header(&bytes, 601, 0), None);
        assert_eq!(keys.find_last_header(&bytes, 0), Some(600));
        assert_eq!(keys.find_last_header(&bytes[..500], 0), Some(100));
        assert_eq!(keys.find_last_header(&[0; 100], 0), None);
    }
}
