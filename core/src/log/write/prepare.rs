//! Contents made ready outside the lock: compressed, or expressed as a change of an earlier one.

use std::ops::Range;
use std::sync::Arc;

use crate::id::ObjectId;
use crate::limits::CHUNKED_FROM_BYTES;
use crate::log::format::splice::common_ends;
use crate::log::format::zip::{self, Level};
use crate::object::{Bytes, Node};

/// Contents up to this size without a base go into the stream, where they share its compression.
const INLINE_MAX: usize = 512;
/// The same where blocks are packed once and kept: short texts compress together what they could
/// not alone.
const INLINE_TIGHT_MAX: usize = 4 << 10;
/// Middles below this many bytes are not worth a compressor.
const RAW_MIDDLE_MAX: usize = 48;
/// Bytes of a base before a short change from which on it is searched: to take in what stands further
/// ahead costs more time than it finds.
const NEAR_BYTES: usize = 2 << 10;

/// An object with the form in which it will be stored.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    pub(crate) id: ObjectId,
    pub(crate) payload: ReadyPayload,
    pub(crate) base: Option<ObjectId>,
}

#[derive(Debug, Clone)]
pub(crate) enum ReadyPayload {
    Node(Arc<Node>),
    Content(Bytes, Prepared),
}

impl Ready {
    pub(crate) fn is_node(&self) -> bool {
        matches!(self.payload, ReadyPayload::Node(_))
    }

    /// Bytes that it may take in a frame.
    pub(crate) fn size(&self) -> usize {
        match &self.payload {
            ReadyPayload::Node(node) => node.size(),
            ReadyPayload::Content(bytes, prepared) => match prepared {
                Prepared::Inline | Prepared::Text | Prepared::Raw | Prepared::Later => bytes.len(),
                Prepared::Packed(packed) => packed.len(),
                Prepared::Delta(delta) => delta.middle.len() + 32,
                Prepared::Chunked(chunks, _) => chunks.len() * 34,
            },
        }
    }
}

/// A content ready to be placed.
#[derive(Debug, Clone)]
pub(crate) enum Prepared {
    Inline,
    /// A text, which goes among those of its session.
    Text,
    Raw,
    Packed(Vec<u8>),
    Delta(PreparedDelta),
    /// To be compressed when it is placed: a copy of each chunk would be a copy of the content.
    Later,
    /// The chunks, and the bytes that they have together.
    Chunked(Vec<ObjectId>, u32),
}

/// A content as a change of its base.
#[derive(Debug, Clone)]
pub(crate) struct PreparedDelta {
    pub(crate) base: ObjectId,
    pub(crate) head: u32,
    pub(crate) tail: u32,
    pub(crate) packed: bool,
    pub(crate) middle: Vec<u8>,
}

/// Prepares a content without a base.
pub(crate) fn plain(bytes: &[u8], level: Level) -> Prepared {
    let inline_max = if level == Level::Quick { INLINE_MAX } else { INLINE_TIGHT_MAX };
    if bytes.len() <= inline_max {
        return Prepared::Inline;
    }
    let packed = zip::compress(bytes, &[], level).filter(|packed| {
        // Less than a thirty-second saved is not worth a decoder at every read.
        packed.len() < bytes.len() - bytes.len() / 32
            && zip::decompress(packed, &[], bytes.len()).is_ok_and(|back| back == bytes)
    });
    packed.map_or(Prepared::Raw, Prepared::Packed)
}

/// Prepares a content as a change of an earlier one, where that pays.
pub(crate) fn against(
    bytes: &[u8],
    base: ObjectId,
    base_bytes: &[u8],
    level: Level,
) -> Option<Prepared> {
    let (head, tail) = common_ends(base_bytes, bytes);
    let middle = &bytes[head..bytes.len() - tail];
    // Whoever unpacks counts back from the end of the base, so a search may begin where it likes.
    let near = match zip::is_short(middle.len()) && level == Level::Quick {
        true => &base_bytes[head.saturating_sub(NEAR_BYTES)..],
        false => base_bytes,
    };
    let packed = if middle.len() <= RAW_MIDDLE_MAX {
        None
    } else {
        zip::compress(middle, near, level).filter(|packed| {
            zip::decompress(packed, base_bytes, middle.len()).is_ok_and(|back| back == middle)
        })
    };
    let delta = PreparedDelta {
        base,
        head: head as u32,
        tail: tail as u32,
        packed: packed.is_some(),
        middle: packed.unwrap_or_else(|| middle.to_vec()),
    };
    if delta.middle.len() > bytes.len() / 8
        && let Prepared::Packed(plain) = plain(bytes, level)
        && plain.len() <= delta.middle.len() + delta.middle.len() / 4
    {
        return Some(Prepared::Packed(plain));
    }
    (delta.middle.len() + 16 < bytes.len()).then_some(Prepared::Delta(delta))
}

/// Tells whether a content of this size is placed as chunks.
pub(crate) fn is_chunked(len: usize) -> bool {
    len >= CHUNKED_FROM_BYTES
}

/// A chunk of a content: its id, where it stands, and the chunk that it resembles.
pub(crate) type Chunk = (ObjectId, Range<usize>, Option<ObjectId>);

/// Cuts a content into chunks, each with the chunk of the base that it probably came from: the
/// one with the same bytes, or the one behind or before a neighbour's.
pub(crate) fn chunk(bytes: &[u8], base: &[ObjectId]) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = zip::chunks(bytes)
        .map(|range| (ObjectId::of_content(&bytes[range.clone()]), range, None))
        .collect();
    let places: std::collections::HashMap<ObjectId, usize> =
        base.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    let mut next = Some(0);
    for (id, _, hint) in &mut chunks {
        match places.get(id) {
            Some(place) => next = Some(place + 1),
            None => {
                *hint = next.and_then(|at| base.get(at)).copied();
                next = next.map(|at| at + 1);
            }
        }
    }
    chunks
}
