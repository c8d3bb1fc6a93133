//! Rows: how each object of a frame is stored.

use crate::codec::{Reader, Writer, malformed};
use crate::error::Result;
use crate::limits::{
    CONTENT_BYTES_MAX, DELTA_CHAIN_MAX, FRAME_BYTES_MAX, FRAME_OBJECTS_MAX, NODE_BYTES_MAX,
};

/// Bytes of a node's or a chunk list's record: a node's own, and a few more for each of its refs.
const RECORD_BYTES_MAX: usize = 2 * NODE_BYTES_MAX;

/// Where an object stands in a segment: its frame's offset and its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Location {
    pub(crate) frame: u32,
    pub(crate) position: u32,
}

/// How an object is stored. `at` is an offset into the stream or into the bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    Node { at: u32, len: u32, depth: u8, is_text: bool },
    Inline { at: u32, len: u32, is_text: bool },
    Raw { at: u32, len: u32 },
    Packed { at: u32, len: u32, raw: u32 },
    Delta { at: u32, len: u32, raw: u32, delta: Delta },
    Chunked { at: u32, len: u32, raw: u32 },
}

/// A content as a change of another one: the bytes between a common head and a common tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delta {
    pub(crate) base: Location,
    pub(crate) head: u32,
    pub(crate) tail: u32,
    /// Whether the middle is compressed, with the base as prefix.
    pub(crate) packed: bool,
    pub(crate) depth: u8,
}

impl Row {
    /// Links of the chain that a reader follows.
    pub(crate) fn depth(&self) -> u8 {
        match self {
            Row::Node { depth, .. } => *depth,
            Row::Delta { delta, .. } => delta.depth,
            _ => 0,
        }
    }

    pub(crate) fn is_chunked(&self) -> bool {
        matches!(self, Row::Chunked { .. })
    }

    /// Returns where its record stands, among the texts or the others.
    pub(crate) fn record(&self) -> Option<(u32, u32)> {
        match *self {
            Row::Node { at, len, .. }
            | Row::Inline { at, len, .. }
            | Row::Chunked { at, len, .. } => Some((at, len)),
            _ => None,
        }
    }

    /// Moves its record among those that are no texts.
    pub(crate) fn become_record(&mut self, to: u32) {
        match self {
            Row::Node { at, is_text, .. } | Row::Inline { at, is_text, .. } => {
                (*at, *is_text) = (to, false);
            }
            Row::Chunked { at, .. } => *at = to,
            _ => {}
        }
    }

    /// Tells whether it stands among the texts of its session.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Row::Node { is_text: true, .. } | Row::Inline { is_text: true, .. })
    }

    pub(crate) fn is_node(&self) -> bool {
        matches!(self, Row::Node { .. })
    }

    /// Bytes of the record or the body, before the compression of its block.
    pub(crate) fn stored_len(&self) -> u32 {
        match *self {
            Row::Node { len, .. }
            | Row::Inline { len, .. }
            | Row::Raw { len, .. }
            | Row::Packed { len, .. }
            | Row::Delta { len, .. }
            | Row::Chunked { len, .. } => len,
        }
    }

    /// Bytes of the content, or none for a node.
    pub(crate) fn content_len(&self) -> Option<u64> {
        match *self {
            Row::Node { .. } => None,
            Row::Inline { len, .. } | Row::Raw { len, .. } => Some(u64::from(len)),
            Row::Packed { raw, .. } | Row::Delta { raw, .. } | Row::Chunked { raw, .. } => {
                Some(u64::from(raw))
            }
        }
    }
}

/// Appends a row of the frame at an offset.
pub(crate) fn encode_row(control: &mut Writer, row: &Row, frame: u32) {
    match *row {
        Row::Node { len, depth, is_text, .. } => {
            control.uint(if is_text { 7 } else { 0 }).uint(u64::from(len)).uint(u64::from(depth));
        }
        Row::Inline { len, is_text, .. } => {
            control.uint(if is_text { 8 } else { 1 }).uint(u64::from(len));
        }
        Row::Raw { len, .. } => {
            control.uint(2).uint(u64::from(len));
        }
        Row::Packed { len, raw, .. } => {
            control.uint(3).uint(u64::from(len)).uint(u64::from(raw));
        }
        Row::Delta { len, raw, delta, .. } => {
            control.uint(if delta.packed { 5 } else { 4 }).uint(u64::from(len));
            control.uint(u64::from(raw)).uint(u64::from(delta.depth));
            control.uint(u64::from(frame - delta.base.frame));
            control.uint(u64::from(delta.base.position));
            control.uint(u64::from(delta.head)).uint(u64::from(delta.tail));
        }
        Row::Chunked { len, raw, .. } => {
            control.uint(6).uint(u64::from(len)).uint(u64::from(raw));
        }
    }
}

/// Reads a row; `text`, `stream` and `body` are where the next text, the next other record and the
/// next body begin.
pub(crate) fn decode_row(
    reader: &mut Reader<'_>,
    frame: u32,
    text: &mut u64,
    stream: &mut u64,
    body: &mut u64,
) -> Result<Row> {
    let tag = reader.bounded(8, "a row's tag")?;
    let len_max = if matches!(tag, 0 | 6) { RECORD_BYTES_MAX } else { FRAME_BYTES_MAX };
    let is_text = tag > 6;
    let len = reader.count(len_max, "a record")? as u32;
    let place = match tag {
        7 | 8 => text,
        0 | 1 | 6 => stream,
        _ => body,
    };
    let at = u32::try_from(*place).map_err(|_| malformed("a record beyond 4 GiB"))?;
    *place += u64::from(len);
    Ok(match tag {
        0 | 7 => {
            let depth = reader.bounded(u64::from(DELTA_CHAIN_MAX), "a chain")? as u8;
            Row::Node { at, len, depth, is_text }
        }
        1 | 8 => Row::Inline { at, len, is_text },
        2 => Row::Raw { at, len },
        3 => Row::Packed { at, len, raw: raw_len(reader)? },
        4 | 5 => {
            let raw = raw_len(reader)?;
            let depth = reader.bounded(u64::from(DELTA_CHAIN_MAX), "a chain")? as u8;
            let back = reader.bounded(u64::from(frame), "a base's distance")? as u32;
            let position = reader.count(FRAME_OBJECTS_MAX, "a base's position")? as u32;
            let head = raw_len(reader)?;
            let tail = raw_len(reader)?;
            if u64::from(head) + u64::from(tail) > u64::from(raw) || depth == 0 {
                return Err(malformed("a delta longer than its content"));
            }
            let base = Location { frame: frame - back, position };
            Row::Delta { at, len, raw, delta: Delta { base, head, tail, packed: tag == 5, depth } }
        }
        _ => Row::Chunked { at, len, raw: raw_len(reader)? },
    })
}

fn raw_len(reader: &mut Reader<'_>) -> Result<u32> {
    Ok(reader.count(CONTENT_BYTES_MAX, "a content's size")? as u32)
}
