//! Texts: what is said in a session, packed with what was said before it as prefix.
//!
//! Memories, and the long texts that they refer to, are most of what a session keeps, and they
//! repeat each other: a file is read, changed, read again. A commit lays its texts into blocks of
//! their own, each compressed with the end of its group as prefix: the texts of the session before
//! it, at most [`GROUP_BYTES_MAX`] of them. So a read decodes no more than that, and a damaged block
//! takes later ones of its group with it and none of another session.

use std::collections::HashSet;
use std::sync::Arc;

use super::block::Packing;
use super::medium::{Frame, Medium};
use super::payload::Parts;
use super::segment_file::Segment;
use super::zip::{self, Level};
use super::{NewObject, Payload};
use crate::codec::malformed;
use crate::error::Result;
use crate::id::ObjectId;

/// Raw bytes of the texts of one group.
pub(super) const GROUP_BYTES_MAX: usize = 512 << 10;
/// Blocks of one group.
const GROUP_BLOCKS_MAX: usize = 1 << 10;
/// Texts of a commit below this many bytes stay in the control block, whose prefix serves them.
const FEW_BYTES: usize = 1 << 10;
/// A longer text is packed alone: it would be a group for itself.
const TEXT_BYTES_MAX: usize = 128 << 10;
/// Raw bytes after which a block is closed.
const BLOCK_BYTES: usize = 32 << 10;
/// The least prefix, and how many times its own length a block is given: to take a prefix in costs
/// time, which shall grow with what is written.
const PREFIX_BYTES_MIN: usize = 16 << 10;
const PREFIX_TIMES: usize = 32;

/// Tells whether a record of this size may be a text.
pub(super) fn takes(len: usize) -> bool {
    len <= TEXT_BYTES_MAX
}

/// Returns what nodes that hold texts refer to.
pub(super) fn named(objects: &[NewObject]) -> HashSet<ObjectId> {
    let nodes = objects.iter().filter_map(|object| match &object.payload {
        Payload::Node(node) if node.kind.is_text() => Some(&node.refs),
        _ => None,
    });
    nodes.flatten().copied().collect()
}

/// Tells whether texts are too few for a block.
pub(super) fn are_few(len: usize) -> bool {
    len < FEW_BYTES
}

/// The window of a block, as a power of two in KiB: how much of its group is its prefix.
pub(super) fn window_of(raw: usize) -> u8 {
    let bytes = raw.saturating_mul(PREFIX_TIMES).clamp(PREFIX_BYTES_MIN, GROUP_BYTES_MAX);
    (bytes >> 10).next_power_of_two().ilog2() as u8
}

fn bytes_of(window: u8) -> usize {
    1 << (10 + window)
}

/// The group that a frame's texts go on with.
#[derive(Debug)]
pub(super) struct Before {
    /// Bytes back to the frame that holds its last block.
    pub(super) back: u32,
    /// The end of the group.
    raw: Vec<u8>,
    bytes: usize,
    blocks: usize,
}

/// A block on its way into a frame: bytes raw, bytes stored, and how.
pub(super) type Packed = (u32, Vec<u8>, Packing);

/// Packs the texts of a frame.
pub(super) fn pack(parts: &Parts, before: Option<&Before>, level: Level) -> Vec<Packed> {
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
        if bytes + raw.len() > GROUP_BYTES_MAX || blocks >= GROUP_BLOCKS_MAX {
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

impl Parts {
    /// Returns the parts with few texts among the other records, where they are too few for a block.
    pub(super) fn without_few_texts(&self) -> Option<Parts> {
        if self.texts.is_empty() || !are_few(self.texts.len()) {
            return None;
        }
        let mut parts =
            Parts { ids: self.ids.clone(), bodies: self.bodies.clone(), ..Parts::default() };
        for row in &self.rows {
            let mut row = *row;
            if let Some((at, len)) = row.record() {
                let from = if row.is_text() { &self.texts } else { &self.stream };
                let record = &from[at as usize..(at + len) as usize];
                row.become_record(parts.stream.len() as u32);
                parts.stream.extend_from_slice(record);
                parts.record_ends.push(parts.stream.len() as u32);
            }
            parts.rows.push(row);
        }
        Some(parts)
    }
}

impl Frame {
    /// Returns the last block of the group of texts that this frame is in.
    fn last_text(&self) -> Option<usize> {
        self.text_before(self.payload.blocks.len())
    }

    fn text_before(&self, index: usize) -> Option<usize> {
        let blocks = &self.payload.blocks[..index];
        blocks.iter().rposition(|block| block.packing.prefix().is_some())
    }
}

impl Medium {
    /// Finds the texts that the commit behind a frame goes on with: those of its session.
    pub(super) fn texts_before(
        &self,
        segment: &Segment,
        follows: &Arc<Frame>,
        offset: u32,
        raw: usize,
    ) -> Option<Before> {
        let at = follows.newest_texts()?;
        // What cannot be read is not gone on with: compression never fails a commit.
        let frame = self.frame(segment, at).ok()?;
        let last = frame.last_text()?;
        let back = offset - at;
        if are_few(raw) {
            return Some(Before { back, raw: Vec::new(), bytes: 0, blocks: 0 });
        }
        let wanted = bytes_of(window_of(raw));
        let group = self.gather(segment, frame, last, wanted, true).ok()?;
        Some(Before { back, ..group })
    }

    /// Keeps the texts of a frame that was just written, for the next to go on with.
    pub(super) fn keep_texts(&self, segment: &Segment, frame: u32, texts: &[u8]) {
        let Ok(frame) = self.frame(segment, frame) else { return };
        for (index, block) in frame.payload.blocks.iter().enumerate() {
            if block.packing.prefix().is_some() {
                let raw = &texts[block.from as usize..(block.from + block.raw) as usize];
                self.keep_block((segment.id, frame.offset, index as u32), raw.into());
            }
        }
    }

    /// Returns the raw bytes of a block of texts.
    pub(super) fn text(&self, segment: &Segment, frame: u32, index: usize) -> Result<Arc<[u8]>> {
        let frame = self.frame(segment, frame)?;
        let (key, block) = ((segment.id, frame.offset, index as u32), frame.payload.blocks[index]);
        let stored = self.stored_block(segment, &frame, index)?;
        let wanted = match block.packing {
            Packing::Text { window } => bytes_of(window),
            _ => 0,
        };
        let raw: Arc<[u8]> = if block.packing == Packing::TextRaw {
            stored.into()
        } else if wanted == 0 {
            zip::decompress(&stored, &[], block.raw as usize)?.into()
        } else {
            let (before, last) = self.block_before(segment, &frame, index)?;
            let group = self.gather(segment, before, last, wanted, false)?;
            let prefix = &group.raw[group.raw.len().saturating_sub(wanted)..];
            zip::decompress(&stored, prefix, block.raw as usize)?.into()
        };
        self.keep_block(key, raw.clone());
        Ok(raw)
    }

    /// Returns the block before one in its group.
    fn block_before(
        &self,
        segment: &Segment,
        frame: &Arc<Frame>,
        index: usize,
    ) -> Result<(Arc<Frame>, usize)> {
        if let Some(before) = frame.text_before(index) {
            return Ok((frame.clone(), before));
        }
        let nowhere = || malformed("texts that go on with none");
        let back = frame.payload.texts_back.ok_or_else(nowhere)?;
        let at = frame.offset.checked_sub(back).filter(|at| *at < frame.offset);
        let before = self.frame(segment, at.ok_or_else(nowhere)?)?;
        let last = before.last_text().ok_or_else(nowhere)?;
        Ok((before, last))
    }

    /// Returns at least so many bytes of a group up to one of its blocks, or the whole; and, where
    /// it is to be measured, how much the whole is.
    fn gather(
        &self,
        segment: &Segment,
        frame: Arc<Frame>,
        index: usize,
        mut wanted: usize,
        measured: bool,
    ) -> Result<Before> {
        let mut chain = Vec::new();
        let (mut bytes, mut blocks) = (0, 0);
        let (mut frame, mut index) = (frame, index);
        loop {
            let block = frame.payload.blocks[index];
            let is_needed = bytes < wanted;
            bytes += block.raw as usize;
            blocks += 1;
            if bytes > GROUP_BYTES_MAX || blocks > GROUP_BLOCKS_MAX {
                return Err(malformed("a group of texts beyond its limit"));
            }
            if is_needed {
                let known = self.known_block((segment.id, frame.offset, index as u32));
                if let (None, Packing::Text { window }) = (&known, block.packing) {
                    wanted = wanted.max(bytes + bytes_of(window));
                }
                chain.push((frame.clone(), index, known));
            }
            if block.packing == Packing::TextFirst || bytes >= wanted && !measured {
                break;
            }
            (frame, index) = self.block_before(segment, &frame, index)?;
        }
        let mut raw = Vec::new();
        for (frame, index, known) in chain.into_iter().rev() {
            let block = frame.payload.blocks[index];
            let known = match (known, block.packing) {
                (Some(known), _) => known,
                (None, packing) => {
                    let window = packing.prefix().map_or(0, |window| window.map_or(0, bytes_of));
                    let prefix = &raw[raw.len().saturating_sub(window)..];
                    let stored = self.stored_block(segment, &frame, index)?;
                    let text: Arc<[u8]> =
                        zip::decompress(&stored, prefix, block.raw as usize)?.into();
                    self.keep_block((segment.id, frame.offset, index as u32), text.clone());
                    text
                }
            };
            raw.extend_from_slice(&known);
        }
        Ok(Before { back: 0, raw, bytes, blocks })
    }
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
            assert!(bytes as usize <= GROUP_BYTES_MAX);
        }
    }

    #[test]
    fn a_window_grows_with_what_is_written() {
        assert_eq!(bytes_of(window_of(1)), PREFIX_BYTES_MIN);
        assert_eq!(bytes_of(window_of(PREFIX_BYTES_MIN / PREFIX_TIMES)), PREFIX_BYTES_MIN);
        assert_eq!(bytes_of(window_of(PREFIX_BYTES_MIN / PREFIX_TIMES + 64)), 2 * PREFIX_BYTES_MIN);
        assert_eq!(bytes_of(window_of(TEXT_BYTES_MAX)), GROUP_BYTES_MAX);
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
