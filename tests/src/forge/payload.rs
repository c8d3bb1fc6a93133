//! Payloads: the parts of a frame and their order, section 8.3 of `docs/format.md`. Everything is
//! written raw, which the format allows anywhere.

use partita::ObjectId;

use super::segment::{Bytes, key};

/// How a payload names an id.
#[derive(Clone, Copy, Debug)]
pub enum IdCode {
    /// No id.
    None,
    /// The id itself.
    Id(ObjectId),
    /// A position among the frame's objects.
    At(u64),
}

/// A segment as a snapshot or a commit names it.
#[derive(Clone, Debug)]
pub struct Live {
    /// Whether it is a data segment, and its number.
    pub id: (bool, u64),
    /// Its valid length; 0 for the one that the snapshot stands in.
    pub len: u64,
    /// Where its tables stand: role and number of the host, and the frame's offset.
    pub tables: Vec<(bool, u64, u64)>,
}

/// What an index table covers.
#[derive(Clone, Debug)]
pub struct TableHead {
    /// The segment whose objects it knows.
    pub segment: (bool, u64),
    /// Where the covered bytes begin.
    pub from: u64,
    /// Ends of the ranges and their tags.
    pub ranges: Vec<(u64, [u8; 16])>,
}

/// How an object is stored: a row of the table of objects.
#[derive(Clone, Debug)]
pub struct Row(pub Vec<u64>);

impl Row {
    /// A node's record of so many bytes.
    pub fn node(len: usize, depth: u64) -> Self {
        Row(vec![0, len as u64, depth])
    }

    /// A content in the stream.
    pub fn inline(len: usize) -> Self {
        Row(vec![1, len as u64])
    }

    /// A content among the bodies.
    pub fn body(len: usize) -> Self {
        Row(vec![2, len as u64])
    }

    /// A compressed content among the bodies.
    pub fn packed(len: usize, raw: u64) -> Self {
        Row(vec![3, len as u64, raw])
    }

    /// A content in chunks.
    pub fn chunks(len: usize, raw: u64) -> Self {
        Row(vec![6, len as u64, raw])
    }
}

/// A payload in the making.
#[derive(Clone, Debug, Default)]
pub struct Payload {
    /// The head of the control block: [`commit`], [`snapshot`], or nothing for a bulk frame.
    pub head: Bytes,
    /// The ids of the objects.
    pub ids: Vec<ObjectId>,
    /// Their rows.
    pub rows: Vec<Row>,
    /// Their records.
    pub stream: Vec<u8>,
    /// Their bodies.
    pub bodies: Vec<u8>,
    /// The index table.
    pub table: Vec<u8>,
}

impl Payload {
    /// Begins a payload with a head.
    pub fn new(head: Bytes) -> Self {
        Payload { head, ..Payload::default() }
    }

    /// Adds a node in full.
    pub fn node(&mut self, node: &partita::object::Node) -> ObjectId {
        let record = record::full(node);
        self.record(node.id(), Row::node(record.len(), 0), &record)
    }

    /// Adds a content to the stream.
    pub fn content(&mut self, bytes: &[u8]) -> ObjectId {
        self.record(ObjectId::of_content(bytes), Row::inline(bytes.len()), bytes)
    }

    /// Adds a record of the stream under an id.
    pub fn record(&mut self, id: ObjectId, row: Row, record: &[u8]) -> ObjectId {
        self.stream.extend_from_slice(record);
        self.ids.push(id);
        self.rows.push(row);
        id
    }

    /// Adds a body under an id.
    pub fn body(&mut self, id: ObjectId, row: Row, body: &[u8]) -> ObjectId {
        self.bodies.extend_from_slice(body);
        self.ids.push(id);
        self.rows.push(row);
        id
    }

    /// Returns the payload's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.with_control(&self.control().0)
    }

    /// Returns the control block.
    pub fn control(&self) -> Bytes {
        Bytes::new()
            .raw(&self.head.0)
            .uint(self.ids.len() as u64)
            .uint(0)
            .each(&self.rows, |bytes, row| bytes.each(&row.0, |bytes, field| bytes.uint(*field)))
            .raw(&self.stream)
    }

    /// Returns the payload's bytes with another control block.
    pub fn with_control(&self, control: &[u8]) -> Vec<u8> {
        let front = Bytes::new().uint(0).uint(control.len() as u64).uint(control.len() as u64);
        let ids = self.ids.iter().flat_map(|id| *id.as_bytes()).collect::<Vec<_>>();
        [&front.0[..], control, &ids, &self.bodies, &self.table].concat()
    }
}

fn id_code(bytes: Bytes, code: &IdCode) -> Bytes {
    match code {
        IdCode::None => bytes.uint(0),
        IdCode::Id(id) => bytes.uint(1).raw(id.as_bytes()),
        IdCode::At(position) => bytes.uint(position + 2),
    }
}

fn segments(bytes: Bytes, segments: &[Live]) -> Bytes {
    bytes.uint(segments.len() as u64).each(segments, |bytes, live| {
        let bytes = bytes.uint(live.id.0.into()).uint(live.id.1).uint(live.len);
        bytes.uint(live.tables.len() as u64).each(&live.tables, |bytes, (is_data, host, frame)| {
            bytes.uint(u64::from(*is_data)).uint(*host).uint(*frame)
        })
    })
}

/// Builds a commit's head.
pub fn commit<N: AsRef<[u8]>>(updates: &[(N, IdCode)], attached: &[Live]) -> Bytes {
    let bytes = Bytes::new().uint(updates.len() as u64);
    let bytes = bytes.each(updates, |bytes, (name, id)| id_code(bytes.bytes(name.as_ref()), id));
    segments(bytes, attached).uint(0).uint(0)
}

/// Builds the head of a commit that retires segments, each a role and a number.
pub fn retiring<N: AsRef<[u8]>>(
    updates: &[(N, IdCode)],
    attached: &[Live],
    retired: &[(bool, u64)],
) -> Bytes {
    let bytes = Bytes::new().uint(updates.len() as u64);
    let bytes = bytes.each(updates, |bytes, (name, id)| id_code(bytes.bytes(name.as_ref()), id));
    let bytes = segments(bytes, attached).uint(retired.len() as u64);
    let bytes = bytes
        .each(retired, |bytes, (is_data, number)| bytes.uint(u64::from(*is_data)).uint(*number));
    bytes.uint(0)
}

/// Builds a snapshot's head; `table` comes with the bytes that the table takes.
pub fn snapshot(refs: IdCode, live: &[Live], table: Option<(&TableHead, usize)>) -> Bytes {
    let bytes = segments(id_code(Bytes::new(), &refs), live).uint(table.is_some().into());
    let Some((head, len)) = table else { return bytes };
    let bytes = bytes.uint(head.segment.0.into()).uint(head.segment.1);
    let bytes = bytes.uint(head.from).uint(len as u64).uint(head.ranges.len() as u64);
    bytes.each(&head.ranges, |bytes, (end, tag)| bytes.uint(*end).raw(tag))
}

/// Builds an index table without buckets: frames by their distance and their ids.
pub fn table(frames: &[(u64, Vec<ObjectId>)]) -> Vec<u8> {
    let bytes = Bytes::new().uint(frames.len() as u64);
    let bytes =
        bytes.each(frames, |bytes, (distance, ids)| bytes.uint(*distance).uint(ids.len() as u64));
    let ids = frames.iter().flat_map(|(_, ids)| ids);
    let mut entries: Vec<(u32, u8)> =
        ids.enumerate().map(|(ordinal, id)| (key(id.as_bytes()), ordinal as u8)).collect();
    entries.sort_unstable();
    let bytes = bytes.uint(0).uint(entries.len() as u64);
    let bytes = bytes.each(&entries, |bytes, (key, _)| bytes.raw(&key.to_be_bytes()));
    bytes.each(&entries, |bytes, (_, ordinal)| bytes.raw(&[*ordinal])).0
}

/// Records of the stream.
pub mod record {
    use super::super::segment::Bytes;
    use partita::object::Node;

    /// A node in full.
    pub fn full(node: &Node) -> Vec<u8> {
        let bytes = Bytes::new().uint(0).uint(node.kind.0.into()).uint(node.version.into());
        let bytes = bytes.uint(node.refs.len() as u64);
        bytes.each(&node.refs, |bytes, id| bytes.uint(0).raw(id.as_bytes())).raw(&node.body).0
    }

    /// A node over a base in the same frame: no operations on the refs, common ends, the middle.
    pub fn over(base: u64, head: usize, tail: usize, middle: &[u8]) -> Vec<u8> {
        let bytes = Bytes::new().uint(1).uint(base).uint(0);
        bytes.uint(head as u64).uint(tail as u64).raw(middle).0
    }

    /// A node over a base in an earlier frame.
    pub fn over_earlier(
        distance: u32,
        base: u64,
        head: usize,
        tail: usize,
        middle: &[u8],
    ) -> Vec<u8> {
        let bytes = Bytes::new().uint(2).uint(distance.into()).uint(base).uint(0);
        bytes.uint(head as u64).uint(tail as u64).raw(middle).0
    }
}
