//! The head of a control block: what a frame says beside its objects, of refs and of segments.

use std::collections::HashSet;

use crate::codec::{Reader, Writer, malformed};
use crate::error::Result;
use crate::id::{ObjectId, Tag};
use crate::limits::{FRAME_BYTES_MAX, FRAME_OBJECTS_MAX, REF_NAME_BYTES_MAX};
use crate::log::format::segment::SegmentId;

/// Updates, segments and ranges that one frame may name.
const LIST_MAX: usize = 1 << 20;
/// Tables of one segment: eight of a size become one, so there are fewer than a hundred.
const TABLES_MAX: usize = 1 << 10;

/// What a ref is set to, or none to remove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Update {
    pub(crate) name: String,
    pub(crate) new: Option<ObjectId>,
}

/// A segment as a snapshot or an attachment names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LiveSegment {
    pub(crate) id: SegmentId,
    /// Bytes that hold frames; 0 for the segment that the snapshot stands in.
    pub(crate) len: u64,
    /// The snapshot frames that hold its tables.
    pub(crate) tables: Vec<(SegmentId, u32)>,
}

/// What a snapshot says beside its objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SnapshotHead {
    pub(crate) refs: Option<ObjectId>,
    pub(crate) segments: Vec<LiveSegment>,
    pub(crate) table: Option<TableHead>,
}

/// What an index table covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableHead {
    pub(crate) segment: SegmentId,
    pub(crate) from: u64,
    /// Ends of the covered ranges, one after the other, and the tags over their bytes.
    pub(crate) ranges: Vec<(u64, Tag)>,
    /// Bytes of the table, at the payload's end.
    pub(crate) len: u32,
}

/// The head of a control block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    Commit { updates: Vec<Update>, attached: Vec<LiveSegment>, retired: Vec<SegmentId> },
    Snapshot(SnapshotHead),
    Bulk,
}

pub(crate) fn encode_head(control: &mut Writer, head: &Head, ids: &[ObjectId]) {
    match head {
        Head::Commit { updates, attached, retired } => {
            control.uint(updates.len() as u64);
            for update in updates {
                control.bytes(update.name.as_bytes());
                encode_optional_id(control, update.new, ids);
            }
            control.uint(attached.len() as u64);
            for segment in attached {
                encode_segment(control, segment);
            }
            control.uint(retired.len() as u64);
            for id in retired {
                encode_segment_id(control, *id);
            }
            // Extensions: none yet.
            control.uint(0);
        }
        Head::Snapshot(snapshot) => {
            encode_optional_id(control, snapshot.refs, ids);
            control.uint(snapshot.segments.len() as u64);
            for segment in &snapshot.segments {
                encode_segment(control, segment);
            }
            control.uint(u64::from(snapshot.table.is_some()));
            if let Some(table) = &snapshot.table {
                encode_segment_id(control, table.segment);
                control.uint(table.from).uint(u64::from(table.len));
                control.uint(table.ranges.len() as u64);
                for (to, tag) in &table.ranges {
                    control.uint(*to).raw(tag);
                }
            }
        }
        Head::Bulk => {}
    }
}

fn encode_optional_id(control: &mut Writer, id: Option<ObjectId>, ids: &[ObjectId]) {
    match id {
        None => control.uint(0),
        Some(id) => match ids.iter().rposition(|candidate| *candidate == id) {
            Some(position) => control.uint(position as u64 + 2),
            None => control.uint(1).raw(id.as_bytes()),
        },
    };
}

fn encode_segment_id(control: &mut Writer, id: SegmentId) {
    control.uint(u64::from(id.role_data)).uint(id.number);
}

fn encode_segment(control: &mut Writer, segment: &LiveSegment) {
    encode_segment_id(control, segment.id);
    control.uint(segment.len).uint(segment.tables.len() as u64);
    for (host, frame) in &segment.tables {
        encode_segment_id(control, *host);
        control.uint(u64::from(*frame));
    }
}

/// A head whose ids may still be positions.
pub(crate) enum RawHead {
    Commit { updates: Vec<(String, RawId)>, attached: Vec<LiveSegment>, retired: Vec<SegmentId> },
    Snapshot { refs: RawId, segments: Vec<LiveSegment>, table: Option<TableHead> },
    Bulk,
}

pub(crate) enum RawId {
    None,
    Id(ObjectId),
    Position(usize),
}

impl RawId {
    fn resolve(self, ids: &[ObjectId]) -> Result<Option<ObjectId>> {
        match self {
            RawId::None => Ok(None),
            RawId::Id(id) => Ok(Some(id)),
            RawId::Position(at) => {
                Ok(Some(*ids.get(at).ok_or_else(|| malformed("a position beyond the objects"))?))
            }
        }
    }
}

impl RawHead {
    pub(crate) fn resolve(self, ids: &[ObjectId]) -> Result<Head> {
        Ok(match self {
            RawHead::Commit { updates, attached, retired } => {
                let updates = updates
                    .into_iter()
                    .map(|(name, new)| Ok(Update { name, new: new.resolve(ids)? }))
                    .collect::<Result<_>>()?;
                Head::Commit { updates, attached, retired }
            }
            RawHead::Snapshot { refs, segments, table } => {
                Head::Snapshot(SnapshotHead { refs: refs.resolve(ids)?, segments, table })
            }
            RawHead::Bulk => Head::Bulk,
        })
    }
}

pub(crate) fn decode_head(
    kind: crate::log::format::frame::FrameKind,
    reader: &mut Reader<'_>,
) -> Result<RawHead> {
    use crate::log::format::frame::FrameKind;
    match kind {
        FrameKind::Commit => {
            let mut updates = Vec::new();
            for _ in 0..reader.count(LIST_MAX, "the number of updates")? {
                let name = reader.text(REF_NAME_BYTES_MAX, "a ref's name")?.to_owned();
                updates.push((name, decode_optional_id(reader)?));
            }
            let attached = decode_segments(reader)?;
            let mut retired = Vec::new();
            for _ in 0..reader.count(LIST_MAX, "the number of retired segments")? {
                retired.push(decode_segment_id(reader)?);
            }
            for _ in 0..reader.count(LIST_MAX, "the number of extensions")? {
                let critical = reader.bounded(1, "an extension's flag")? == 1;
                let kind = reader.uint()?;
                reader.bytes(FRAME_BYTES_MAX, "an extension")?;
                if critical {
                    return Err(crate::error::Error::new(
                        crate::error::ErrorKind::Unsupported,
                        format!("a commit needs extension {kind}; use a newer version"),
                    ));
                }
            }
            Ok(RawHead::Commit { updates, attached, retired })
        }
        FrameKind::Snapshot => {
            let refs = decode_optional_id(reader)?;
            let segments = decode_segments(reader)?;
            let table = match reader.bounded(1, "the table flag")? {
                0 => None,
                _ => Some(decode_table_head(reader)?),
            };
            Ok(RawHead::Snapshot { refs, segments, table })
        }
        FrameKind::Bulk => Ok(RawHead::Bulk),
        FrameKind::Close | FrameKind::Seal => Err(malformed("a marker with a control block")),
    }
}

fn decode_table_head(reader: &mut Reader<'_>) -> Result<TableHead> {
    let segment = decode_segment_id(reader)?;
    let from = reader.uint()?;
    let len = reader.count(FRAME_BYTES_MAX, "a table")? as u32;
    let mut ranges = Vec::new();
    let mut end = from;
    for _ in 0..reader.count(LIST_MAX, "the number of ranges")? {
        let to = reader.uint()?;
        let tag = reader.raw(16)?.try_into().expect("raw gave 16 bytes");
        if to <= end {
            return Err(malformed("ranges out of order"));
        }
        end = to;
        ranges.push((to, tag));
    }
    Ok(TableHead { segment, from, ranges, len })
}

fn decode_optional_id(reader: &mut Reader<'_>) -> Result<RawId> {
    Ok(match reader.bounded(FRAME_OBJECTS_MAX as u64 + 2, "a position")? {
        0 => RawId::None,
        1 => RawId::Id(reader.id()?),
        code => RawId::Position(code as usize - 2),
    })
}

fn decode_segment_id(reader: &mut Reader<'_>) -> Result<SegmentId> {
    let role_data = reader.bounded(1, "a segment's role")? == 1;
    Ok(SegmentId { role_data, number: reader.uint()? })
}

fn decode_segments(reader: &mut Reader<'_>) -> Result<Vec<LiveSegment>> {
    let mut segments = Vec::new();
    let mut seen = HashSet::new();
    for _ in 0..reader.count(LIST_MAX, "the number of segments")? {
        let id = decode_segment_id(reader)?;
        if !seen.insert(id) {
            return Err(malformed("a segment that is named twice"));
        }
        let len = reader.uint()?;
        let mut tables = Vec::new();
        for _ in 0..reader.count(TABLES_MAX, "the number of tables")? {
            let host = decode_segment_id(reader)?;
            tables.push((host, reader.bounded(u64::from(u32::MAX), "a table's frame")? as u32));
        }
        segments.push(LiveSegment { id, len, tables });
    }
    Ok(segments)
}
