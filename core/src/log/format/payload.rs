//! What a frame of objects holds: the payload's parts and their bytes.
//!
//! A payload is a front, the control block, the ids (32 bytes each), the stream's blocks, the
//! bodies. All integers are those of the canonical codec.
//!
//! * Front: flags (1 the control block is compressed, 2 with a prefix); with flag 2 how many bytes
//!   back the frame before it in its group begins; bytes of the control block raw; bytes stored.
//! * Control block: the head (by the frame's kind), the number of objects, the number of blocks,
//!   the blocks (raw, stored, 1 if compressed), a row an object, and, where there are no blocks,
//!   the stream itself.
//! * The prefix of a control block is the raw control blocks of its group, in order.
//! * The stream holds the records of nodes, small contents and chunk lists, one after the other.

use std::sync::Arc;

use crate::codec::{Reader, Writer, malformed};
use crate::error::Result;
use crate::id::ObjectId;
use crate::limits::{FRAME_BYTES_MAX, FRAME_OBJECTS_MAX};
use crate::log::format::block::{
    BLOCK_BYTES, Block, FLAG_MAX, PREFIX_BYTES_MAX, Packing, TEXT_GROUP_BYTES_MAX, cut_blocks,
};
use crate::log::format::head::{Head, decode_head, encode_head};
use crate::log::format::pack::{Before, pack};
use crate::log::format::parts::Parts;
use crate::log::format::row::{Row, decode_row, encode_row};
use crate::log::format::zip::{self, Level, is_short};

/// Raw bytes of control blocks that one group shares: what a read of one may have to decode.
pub(crate) const CONTROL_GROUP_BYTES_MAX: usize = 16 << 10;
/// Of these, what a short control block is searched in: to take the rest in as well costs as much time
/// again, and finds nothing more.
const CONTROL_WINDOW: usize = 4 << 10;
/// Streams up to this size stay in the control block.
pub(crate) const INLINE_STREAM_MAX: usize = 48 << 10;
/// Blocks of a stream: all but the last have at least [`BLOCK_BYTES`], and they end below 4 GiB.
const BLOCKS_MAX: usize = u32::MAX as usize / BLOCK_BYTES + 2;

/// A payload taken apart; the bodies stay where they are.
#[derive(Debug)]
pub(crate) struct Payload {
    pub(crate) head: Head,
    pub(crate) ids: Vec<ObjectId>,
    pub(crate) rows: Vec<Row>,
    /// Blocks of texts, and behind them those of the other records, unless the control block holds
    /// these.
    pub(crate) blocks: Vec<Block>,
    /// How many blocks are of texts, and the bytes that these are raw.
    pub(crate) texts: u32,
    pub(crate) texts_len: u32,
    /// How far back the frame begins that holds the texts of the session before its own.
    pub(crate) texts_back: Option<u32>,
    /// The raw control block.
    pub(crate) control: Arc<[u8]>,
    /// Where in the control block the stream begins, if it is there.
    pub(crate) stream_from: usize,
    /// Where in the payload the bodies begin.
    pub(crate) bodies_from: u32,
}

/// The group that a frame goes on with: its last frame's distance and the raw control blocks.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) back: u32,
    pub(crate) prefix: Vec<u8>,
}

/// A payload to be made.
#[derive(Debug)]
pub(crate) struct NewPayload<'a> {
    pub(crate) head: &'a Head,
    pub(crate) parts: &'a Parts,
    /// Where its frame will begin.
    pub(crate) frame: u32,
    pub(crate) group: Option<Group>,
    pub(crate) before: Option<&'a Before>,
    /// Bytes behind the bodies.
    pub(crate) tail: &'a [u8],
    pub(crate) level: Level,
}

impl<'a> NewPayload<'a> {
    /// Begins a payload that goes on with no other frame, and is compressed quickly.
    pub(crate) fn new(head: &'a Head, parts: &'a Parts, frame: u32) -> Self {
        let level = Level::Quick;
        NewPayload { head, parts, frame, group: None, before: None, tail: &[], level }
    }

    /// Returns the payload's bytes. Positions of ids go before ids in full.
    pub(crate) fn encode(self) -> Vec<u8> {
        self.encode_with_control().0
    }

    /// Returns the payload's bytes, and the raw control block that a reader will find in them.
    pub(crate) fn encode_with_control(self) -> (Vec<u8>, Vec<u8>) {
        let NewPayload { head, parts, frame, group, before, tail, level } = self;
        let mut control = Writer::with_capacity(256 + parts.rows.len() * 8 + parts.stream.len());
        encode_head(&mut control, head, &parts.ids);
        control.uint(parts.ids.len() as u64);
        let mut blocks = pack(parts, before, level);
        let goes_on = blocks.iter().find_map(|(_, _, packing)| packing.prefix());
        let is_inline = parts.stream.len() <= INLINE_STREAM_MAX;
        if !is_inline {
            blocks.extend(cut_blocks(parts, level));
        }
        control.uint(blocks.len() as u64);
        for (raw, stored, packing) in &blocks {
            control.uint(u64::from(*raw)).uint(stored.len() as u64).uint(packing.flag());
        }
        for row in &parts.rows {
            encode_row(&mut control, row, frame);
        }
        if is_inline {
            control.raw(&parts.stream);
        }
        let control = control.into_bytes();
        let group =
            group.filter(|group| group.prefix.len() + control.len() <= CONTROL_GROUP_BYTES_MAX);
        let prefix = group.as_ref().map_or(&[][..], |group| &group.prefix);
        // Whoever unpacks counts back from the end, so a search may begin where it likes.
        let near = match is_short(control.len()) {
            true => &prefix[prefix.len().saturating_sub(CONTROL_WINDOW)..],
            false => prefix,
        };
        let packed = zip::compress(&control, near, level).filter(|packed| {
            zip::decompress(packed, prefix, control.len()).is_ok_and(|raw| raw == control)
        });
        let with_prefix = packed.is_some() && group.is_some();
        let blocks_len: usize = blocks.iter().map(|(_, stored, _)| stored.len()).sum();
        let mut payload = Writer::with_capacity(
            FRONT_MAX
                + control.len()
                + parts.ids.len() * ObjectId::LEN
                + blocks_len
                + parts.bodies.len()
                + tail.len(),
        );
        // A frame that neither goes on with texts nor with a group that knows of them says where they
        // are, for those behind it.
        let texts_back = match goes_on {
            Some(None) => None,
            Some(Some(_)) => before,
            None => before.filter(|_| !with_prefix),
        };
        let flags = u64::from(packed.is_some()) | u64::from(with_prefix) << 1;
        payload.uint(flags | u64::from(texts_back.is_some()) << 2);
        if let (true, Some(group)) = (with_prefix, &group) {
            payload.uint(u64::from(group.back));
        }
        if let Some(before) = texts_back {
            payload.uint(u64::from(before.back));
        }
        let stored = packed.as_deref().unwrap_or(&control);
        payload.uint(control.len() as u64).uint(stored.len() as u64).raw(stored);
        for id in &parts.ids {
            payload.raw(id.as_bytes());
        }
        for (_, stored, _) in &blocks {
            payload.raw(stored);
        }
        payload.raw(&parts.bodies).raw(tail);
        (payload.into_bytes(), control)
    }
}

/// What the front of a payload says, and what is needed to go on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Front {
    pub(crate) packed: bool,
    /// How far back the frame before it in its group begins.
    pub(crate) back: Option<u32>,
    /// How far back the frame begins that holds the texts of the session before its own.
    pub(crate) texts_back: Option<u32>,
    pub(crate) raw: usize,
    pub(crate) stored: usize,
    /// Bytes of the front itself.
    pub(crate) len: usize,
}

/// Bytes in which any front ends.
pub(crate) const FRONT_MAX: usize = 32;

impl Front {
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        let flags = reader.bounded(7, "payload flags")?;
        if flags & 3 == 2 {
            return Err(malformed("a prefix without compression"));
        }
        let mut distance = |flag| match flags & flag {
            0 => Ok(None),
            _ => {
                reader.bounded(u64::from(u32::MAX), "a group's distance").map(|at| Some(at as u32))
            }
        };
        let (back, texts_back) = (distance(2)?, distance(4)?);
        let raw = reader.count(FRAME_BYTES_MAX, "a control block")?;
        let stored = reader.count(FRAME_BYTES_MAX, "a stored control block")?;
        let packed = flags & 1 != 0;
        if !packed && raw != stored {
            return Err(malformed("a raw control block of another length"));
        }
        let len = bytes.len() - reader.rest().len();
        Ok(Front { packed, back, texts_back, raw, stored, len })
    }

    pub(crate) fn control(&self, stored: &[u8], prefix: &[u8]) -> Result<Arc<[u8]>> {
        if self.packed {
            Ok(zip::decompress(stored, prefix, self.raw)?.into())
        } else {
            Ok(stored.into())
        }
    }
}

/// Reads a control block; `ids` are the bytes behind it, as many as there are, and `payload_len`
/// bounds what the rows may name.
pub(crate) fn decode(
    kind: crate::log::format::frame::FrameKind,
    control: Arc<[u8]>,
    front: &Front,
    ids: &[u8],
    frame: u32,
    payload_len: u32,
) -> Result<Payload> {
    let mut reader = Reader::new(&control);
    let head = decode_head(kind, &mut reader)?;
    let count = reader.count(FRAME_OBJECTS_MAX, "the number of objects")?;
    let ids = decode_ids(ids, count)?;
    let head = head.resolve(&ids)?;
    let after_ids = front.len + front.stored + count * ObjectId::LEN;
    let block_count = reader.count(BLOCKS_MAX, "the number of blocks")?;
    let mut blocks = Vec::with_capacity(block_count);
    let (mut from, mut at) = (0usize, after_ids);
    let (mut texts, mut texts_len) = (0, 0);
    for _ in 0..block_count {
        let raw = reader.count(FRAME_BYTES_MAX, "a block")?;
        let stored = reader.count(FRAME_BYTES_MAX, "a stored block")?;
        let packing = Packing::of_flag(reader.bounded(FLAG_MAX, "a block's flag")?);
        let first = blocks.get(texts).map_or(0, |first: &Block| first.raw as usize);
        let has_prefix = match packing {
            Packing::WithFirst => texts < blocks.len() && first <= PREFIX_BYTES_MAX,
            Packing::Text { .. } => {
                let mut before = blocks.iter().filter_map(|block: &Block| block.packing.prefix());
                before.next().is_some() || front.texts_back.is_some()
            }
            _ => true,
        };
        if !has_prefix {
            return Err(malformed("a block without the one that is its prefix"));
        }
        if packing.is_text() {
            if texts < blocks.len() || raw > TEXT_GROUP_BYTES_MAX {
                return Err(malformed("texts behind what is none, or too many"));
            }
            texts += 1;
            texts_len += raw;
        }
        let block = Block {
            from: offset(from)?,
            raw: raw as u32,
            at: offset(at)?,
            stored: stored as u32,
            packing,
        };
        blocks.push(block);
        from += raw;
        at += stored;
    }
    let bodies_from = offset(at)?;
    let mut rows = Vec::with_capacity(count.min(reader.rest().len()));
    let (mut text, mut stream, mut body) = (0u64, texts_len as u64, 0u64);
    for _ in 0..count {
        rows.push(decode_row(&mut reader, frame, &mut text, &mut stream, &mut body)?);
    }
    let is_inline = texts == blocks.len();
    let stream_end = if is_inline { texts_len + reader.rest().len() } else { from };
    if text != texts_len as u64 || stream != stream_end as u64 {
        return Err(malformed("a stream of another length"));
    }
    if u64::from(bodies_from) + body > u64::from(payload_len) {
        return Err(malformed("bodies beyond the payload"));
    }
    let stream_from = control.len() - reader.rest().len();
    let (texts, texts_len, texts_back) = (texts as u32, texts_len as u32, front.texts_back);
    Ok(Payload {
        head,
        ids,
        rows,
        blocks,
        texts,
        texts_len,
        texts_back,
        control,
        stream_from,
        bodies_from,
    })
}

/// Returns how many ids stand behind a control block, so that they can be fetched.
pub(crate) fn count_ids(
    kind: crate::log::format::frame::FrameKind,
    control: &[u8],
) -> Result<usize> {
    let mut reader = Reader::new(control);
    decode_head(kind, &mut reader)?;
    reader.count(FRAME_OBJECTS_MAX, "the number of objects")
}

fn decode_ids(bytes: &[u8], count: usize) -> Result<Vec<ObjectId>> {
    let mut reader = Reader::new(bytes);
    if bytes.len() < count * ObjectId::LEN {
        return Err(malformed("ids are cut short"));
    }
    (0..count).map(|_| reader.id()).collect()
}

fn offset(value: usize) -> Result<u32> {
    u32::try_from(value).map_err(|_| malformed("an offset beyond 4 GiB"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::format::block::FIRST_BLOCK_BYTES;
    use crate::log::format::frame::FrameKind;

    fn parts() -> Parts {
        let mut parts = Parts::default();
        for number in 0..3_000u64 {
            let id = ObjectId::of_content(&number.to_le_bytes());
            let said = format!("what {} said of {} at {id}\n", number % 7, number * 7_919);
            parts.stream.extend_from_slice(said.as_bytes());
            parts.record_ends.push(parts.stream.len() as u32);
        }
        parts
    }

    #[test]
    fn tightly_packed_blocks_lean_on_the_first_and_quick_ones_on_none() {
        let parts = parts();
        let tight = cut_blocks(&parts, Level::Tight);
        assert!(tight.len() > 2 && tight[0].0 as usize >= FIRST_BLOCK_BYTES);
        assert_eq!(tight[0].2, Packing::Alone);
        assert!(tight[1..].iter().all(|block| block.2 == Packing::WithFirst));
        let quick = cut_blocks(&parts, Level::Quick);
        assert!(quick.iter().all(|block| block.2 == Packing::Alone));
    }

    #[test]
    fn a_block_whose_prefix_is_itself_or_too_large_is_refused() {
        let decoded = |blocks: &[(u64, u64, u64)]| {
            let mut control = Writer::new();
            control.uint(0).uint(blocks.len() as u64);
            for (raw, stored, flag) in blocks {
                control.uint(*raw).uint(*stored).uint(*flag);
            }
            let control = control.into_bytes();
            let front =
                Front { packed: false, back: None, texts_back: None, raw: 0, stored: 0, len: 0 };
            let decoded = decode(FrameKind::Bulk, control.into(), &front, &[], 256, u32::MAX);
            decoded.map(|payload| payload.blocks.len()).map_err(|error| error.to_string())
        };
        let without = Err("malformed object: a block without the one that is its prefix".into());
        assert_eq!(decoded(&[(10, 10, 2)]), without);
        assert_eq!(decoded(&[(PREFIX_BYTES_MAX as u64 + 1, 9, 1), (10, 10, 2)]), without);
        assert_eq!(decoded(&[(10, 10, 5)]), without);
        let behind = Err("malformed object: texts behind what is none, or too many".into());
        assert_eq!(decoded(&[(10, 10, 1), (10, 10, 4)]), behind);
        assert_eq!(decoded(&[(TEXT_GROUP_BYTES_MAX as u64 + 1, 9, 4)]), behind);
        let length = Err("malformed object: a stream of another length".into());
        assert_eq!(decoded(&[(PREFIX_BYTES_MAX as u64, 9, 1), (10, 10, 2)]), length);
    }
}
