//! Blocks of texts: what is said in a session, packed with what was said before it as prefix.
//!
//! Memories, and the long texts that they refer to, are most of what a session keeps, and they
//! repeat each other: a file is read, changed, read again. A commit lays its texts into blocks of
//! their own, each compressed with the end of its group as prefix: the texts of the session before
//! it, at most [`TEXT_GROUP_BYTES_MAX`] of them. So a read decodes no more than that, and a damaged
//! block takes later ones of its group with it and none of another session.

use crate::log::format::block::{Packing, TEXT_GROUP_BYTES_MAX};
use crate::log::format::parts::Parts;
use crate::log::format::zip::{self, Level};

/// Blocks of one group.
pub(crate) const GROUP_BLOCKS_MAX: usize = 1 << 10;
/// A longer text is packed alone: it would be a group for itself.
const TEXT_BYTES_MAX: usize = 128 << 10;
/// Raw bytes after which a block is closed.
const BLOCK_BYTES: usize = 32 << 10;
/// The least prefix, and how many times its own length a block is given: to take a prefix in costs
/// time, which shall grow with what is written.
const PREFIX_BYTES_MIN: usize = 16 << 10;
const PREFIX_TIMES: usize = 32;

/// Tells whether a record of this size may be a text.
pub(crate) fn takes(len: usize) -> bool {
    len <= TEXT_BYTES_MAX
}

/// The window of a block, as a power of two in KiB: how much of its group is its prefix.
pub(crate) fn window_of(raw: usize) -> u8 {
    let bytes = raw.saturating_mul(PREFIX_TIMES).clamp(PREFIX_BYTES_MIN, TEXT_GROUP_BYTES_MAX);
    (bytes >> 10).next_power_of_two().ilog2() as u8
}

pub(crate) fn bytes_of(window: u8) -> usize {
    1 << (10 + window)
}

/// The group that a frame's texts go on with.
#[derive(Debug)]
pub(crate) struct Before {
    /// Bytes back to the frame that holds its last block.
    pub(crate) back: u32,
    /// The end of the group.
    pub(crate) raw: Vec<u8>,
    pub(crate) bytes: usize,
    pub(crate) blocks: usize,
}

/// A block on its way into a frame: bytes raw, bytes stored, and how.
pub(crate) type Packed = (u32, Vec<u8>, Packing);

/// Packs the texts of a frame.
pub(crate) fn pack(parts: &Parts, before: Option<&Before>, level: Level) -> Vec<Packed> {
    let level = if level == Level::Quick { Level::Text } else { level };
    let mut packed = Vec::new();
    let mut group: Vec<u8> = before.map_or_else(Vec::new, |before| before.raw.clone());
    let (mut bytes, mut blocks) = before.map_or((0, 0), |before| (before.bytes, before.blocks));
    let mut from = 0;
    for (at, &end) in parts.text_ends.iter().enumerate() {
        let raw = &parts.texts[from as usize..end as usize];
        let is_last = at + 1 == parts.text_ends.len();
        if raw.is_empty() || raw.len() < BLOCK_BYTES && !is_last {
            continue;
        }
        from = end;
        if bytes + raw.len() > TEXT_GROUP_BYTES_MAX || blocks >= GROUP_BLOCKS_MAX {
            (bytes, blocks) = (0, 0);
            group.clear();
        }
        let window = window_of(raw.len());
        let prefix = &group[group.len().saturating_sub(bytes_of(window))..];
        let stored = zip::compress(raw, prefix, level).filter(|stored| {
            zip::decompress(stored, prefix, raw.len()).is_ok_and(|back| back == raw)
        });
        let Some(stored) = stored else {
            packed.push((raw.len() as u32, raw.to_vec(), Packing::TextRaw));
            continue;
        };
        let packing = if blocks == 0 { Packing::TextFirst } else { Packing::Text { window } };
        packed.push((raw.len() as u32, stored, packing));
        group.extend_from_slice(raw);
        bytes += raw.len();
        blocks += 1;
    }
    packed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(lens: &[usize]) -> Parts {
        let mut parts = Parts::default();
        for (at, &len) in lens.iter().enumerate() {
            let line = format!("line {} of a text that is said again\n", at % 3);
            parts.texts.extend(line.bytes().cycle().take(len));
            parts.text_ends.push(parts.texts.len() as u32);
        }
        parts
    }

    #[test]
    fn a_full_group_gives_way_to_the_next_and_no_block_is_longer_than_it_must() {
        let packed = pack(&parts(&[10 << 10; 200]), None, Level::Quick);
        assert!(packed.iter().all(|(raw, _, _)| *raw as usize <= BLOCK_BYTES + (10 << 10)));
        let begun: Vec<_> =
            (0..packed.len()).filter(|&at| packed[at].2 == Packing::TextFirst).collect();
        // Twelve blocks of 40 KiB fit, and there are fifty.
        assert_eq!(begun.len(), 5);
        for (at, end) in begun.iter().zip(begun[1..].iter().chain([&packed.len()])) {
            let bytes: u32 = packed[*at..*end].iter().map(|(raw, _, _)| raw).sum();
            assert!(bytes as usize <= TEXT_GROUP_BYTES_MAX);
        }
    }

    #[test]
    fn a_window_grows_with_what_is_written() {
        assert_eq!(bytes_of(window_of(1)), PREFIX_BYTES_MIN);
        assert_eq!(bytes_of(window_of(PREFIX_BYTES_MIN / PREFIX_TIMES)), PREFIX_BYTES_MIN);
        assert_eq!(bytes_of(window_of(PREFIX_BYTES_MIN / PREFIX_TIMES + 64)), 2 * PREFIX_BYTES_MIN);
        assert_eq!(bytes_of(window_of(TEXT_BYTES_MAX)), TEXT_GROUP_BYTES_MAX);
    }

    #[test]
    fn what_does_not_compress_is_raw_and_in_no_group() {
        let mut seed = 7u64;
        let mut parts = parts(&[2_000]);
        parts.texts = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as u8
        })
        .take(2_000)
        .collect();
        let packed = pack(&parts, None, Level::Quick);
        assert!(packed.iter().all(|(_, _, packing)| *packing == Packing::TextRaw));
    }
}
