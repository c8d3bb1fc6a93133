//! Blocks: records that are compressed together, and how.

use crate::log::format::parts::Parts;
use crate::log::format::zip::{self, Level};

/// Raw bytes of the texts of one group.
pub(crate) const TEXT_GROUP_BYTES_MAX: usize = 512 << 10;
/// Raw bytes of a block of the stream.
pub(crate) const BLOCK_BYTES: usize = 32 << 10;
/// Raw bytes of a frame's first block where objects are packed tightly: those behind it are packed
/// with it as their prefix, so that short texts share more than one block has.
pub(crate) const FIRST_BLOCK_BYTES: usize = 128 << 10;
/// Raw bytes of a block that may be a prefix: a read of any other decodes it too.
pub(crate) const PREFIX_BYTES_MAX: usize = 16 << 20;
/// The largest flag of a block: texts with the whole group as their prefix.
pub(crate) const FLAG_MAX: u64 = 5 + (TEXT_GROUP_BYTES_MAX >> 10).ilog2() as u64;

/// A block of the stream, where the stream is not in the control block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// Offset in the stream.
    pub(crate) from: u32,
    pub(crate) raw: u32,
    /// Offset in the payload.
    pub(crate) at: u32,
    pub(crate) stored: u32,
    pub(crate) packing: Packing,
}

/// How a block is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Raw,
    /// Compressed by itself.
    Alone,
    /// Compressed with the frame's first block as prefix.
    WithFirst,
    /// Texts as they are, part of no group.
    TextRaw,
    /// The first texts of a group, compressed by themselves.
    TextFirst,
    /// Texts compressed with the end of their group so far as prefix: 2 to the power of `window`
    /// KiB, or all of it.
    Text {
        window: u8,
    },
}

impl Packing {
    pub(crate) fn flag(self) -> u64 {
        match self {
            Packing::Raw => 0,
            Packing::Alone => 1,
            Packing::WithFirst => 2,
            Packing::TextRaw => 3,
            Packing::TextFirst => 4,
            Packing::Text { window } => 5 + u64::from(window),
        }
    }

    pub(crate) fn of_flag(flag: u64) -> Self {
        match flag {
            0 => Packing::Raw,
            1 => Packing::Alone,
            2 => Packing::WithFirst,
            3 => Packing::TextRaw,
            4 => Packing::TextFirst,
            _ => Packing::Text { window: (flag - 5) as u8 },
        }
    }

    pub(crate) fn is_text(self) -> bool {
        matches!(self, Packing::TextRaw) || self.prefix().is_some()
    }

    /// For texts of a group, the window of their prefix, if they have one.
    pub(crate) fn prefix(self) -> Option<Option<u8>> {
        match self {
            Packing::TextFirst => Some(None),
            Packing::Text { window } => Some(Some(window)),
            _ => None,
        }
    }
}

/// Cuts the stream into blocks, between records, and packs them.
pub(crate) fn cut_blocks(parts: &Parts, level: Level) -> Vec<(u32, Vec<u8>, Packing)> {
    let mut blocks: Vec<(u32, Vec<u8>, Packing)> = Vec::new();
    let mut first: &[u8] = &[];
    let mut from = 0;
    for (at, &end) in parts.record_ends.iter().enumerate() {
        let last = at + 1 == parts.record_ends.len();
        let due = match level {
            Level::Tight if blocks.is_empty() => FIRST_BLOCK_BYTES,
            _ => BLOCK_BYTES,
        };
        if (end - from) as usize >= due || last && end > from {
            let raw = &parts.stream[from as usize..end as usize];
            let packed = zip::compress(raw, first, level).filter(|packed| {
                zip::decompress(packed, first, raw.len()).is_ok_and(|back| back == raw)
            });
            blocks.push(match packed {
                Some(packed) if first.is_empty() => (end - from, packed, Packing::Alone),
                Some(packed) => (end - from, packed, Packing::WithFirst),
                None => (end - from, raw.to_vec(), Packing::Raw),
            });
            if level == Level::Tight && blocks.len() == 1 && raw.len() <= PREFIX_BYTES_MAX {
                first = raw;
            }
            from = end;
        }
    }
    blocks
}
