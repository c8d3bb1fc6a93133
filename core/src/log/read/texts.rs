//! Texts read back: of a block, what stands before it in its group first.

use std::sync::Arc;

use crate::codec::malformed;
use crate::error::Result;
use crate::log::format::block::{Packing, TEXT_GROUP_BYTES_MAX};
use crate::log::format::pack::{Before, GROUP_BLOCKS_MAX, bytes_of, window_of};
use crate::log::format::parts::are_few;
use crate::log::format::zip;
use crate::log::read::medium::{Frame, Medium};
use crate::log::read::segment_file::Segment;

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
    pub(crate) fn texts_before(
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
    pub(crate) fn keep_texts(&self, segment: &Segment, frame: u32, texts: &[u8]) {
        let Ok(frame) = self.frame(segment, frame) else { return };
        for (index, block) in frame.payload.blocks.iter().enumerate() {
            if block.packing.prefix().is_some() {
                let raw = &texts[block.from as usize..(block.from + block.raw) as usize];
                self.keep_block((segment.id, frame.offset, index as u32), raw.into());
            }
        }
    }

    /// Returns the raw bytes of a block of texts.
    pub(crate) fn text(&self, segment: &Segment, frame: u32, index: usize) -> Result<Arc<[u8]>> {
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
            if bytes > TEXT_GROUP_BYTES_MAX || blocks > GROUP_BLOCKS_MAX {
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
