//! Records of the stream: nodes, in full or as a splice of an earlier one, and chunk lists.
//!
//! A node's record: 0, kind, version, the number of refs, the refs, and the body to the end; or
//! where the base is (1 and its position in this frame; 2, its frame's distance and position), the
//! number of operations on the refs, the operations (copy so many of the base's refs, skip so many,
//! insert so many: the refs), then the lengths of the common head and tail of the bodies and the
//! bytes between to the end. What of the base's refs is left after the operations is copied. Kind
//! and version are the base's.
//!
//! A ref: 0 and the id; 1, a frame's distance and a position in it; or 2 plus a position here.

use std::collections::HashMap;

use crate::codec::{Reader, Writer, malformed};
use crate::error::Result;
use crate::id::ObjectId;
use crate::limits::{FRAME_OBJECTS_MAX, NODE_BYTES_MAX, NODE_REFS_MAX};
use crate::log::format::row::Location;
use crate::log::format::zip::CHUNKS_MAX;
use crate::object::{Kind, Node};

/// Appends a node's record. `place` tells where in this segment an id stands.
pub(crate) fn encode_node(
    node: &Node,
    base: Option<(&Node, Location)>,
    frame: u32,
    place: &mut dyn FnMut(&ObjectId) -> Result<Option<Location>>,
    record: &mut Writer,
) -> Result<()> {
    let base = base.filter(|(base, _)| base.kind == node.kind && base.version == node.version);
    let Some((base, location)) = base else {
        record.uint(0).uint(u64::from(node.kind.0)).uint(u64::from(node.version));
        record.uint(node.refs.len() as u64);
        for id in &node.refs {
            encode_ref(record, id, frame, place)?;
        }
        record.raw(&node.body);
        return Ok(());
    };
    if location.frame == frame {
        record.uint(1);
    } else {
        record.uint(2).uint(u64::from(frame - location.frame));
    }
    record.uint(u64::from(location.position));
    let operations = align(&base.refs, &node.refs);
    record.uint(operations.len() as u64);
    for operation in &operations {
        record.uint(operation.copy as u64).uint(operation.skip as u64);
        record.uint(operation.insert.len() as u64);
        for id in operation.insert {
            encode_ref(record, id, frame, place)?;
        }
    }
    let (head, tail) = common_ends(&base.body, &node.body);
    record.uint(head as u64).uint(tail as u64);
    record.raw(&node.body[head..node.body.len() - tail]);
    Ok(())
}

struct Operation<'a> {
    copy: usize,
    skip: usize,
    insert: &'a [ObjectId],
}

/// Finds the operations that make `new` of `base`, of which an unchanged end is not one.
fn align<'a>(base: &[ObjectId], new: &'a [ObjectId]) -> Vec<Operation<'a>> {
    let head = base.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tail = base[head..].iter().rev().zip(new[head..].iter().rev());
    let tail = tail.take_while(|(a, b)| a == b).count();
    let base_end = base.len() - tail;
    let new_end = new.len() - tail;
    let places = Places::of(&base[head..base_end]);
    let mut operations = Vec::new();
    let (mut base_at, mut new_at, mut copy) = (head, head, head);
    while base_at < base_end || new_at < new_end {
        if base_at < base_end && new_at < new_end && base[base_at] == new[new_at] {
            (copy, base_at, new_at) = (copy + 1, base_at + 1, new_at + 1);
            continue;
        }
        let from = new_at;
        let mut next = base_end;
        while new_at < new_end {
            if let Some(place) = places.last(&new[new_at]).map(|at| head + at)
                && place >= base_at
            {
                next = place;
                break;
            }
            new_at += 1;
        }
        operations.push(Operation { copy, skip: next - base_at, insert: &new[from..new_at] });
        (copy, base_at) = (0, next);
    }
    operations
}

/// Ids among which few look-ups are cheaper one by one.
const FEW: usize = 8;

/// Where ids stand in a list.
enum Places<'a> {
    Few(&'a [ObjectId]),
    Many(HashMap<&'a ObjectId, usize>),
}

impl<'a> Places<'a> {
    fn of(ids: &'a [ObjectId]) -> Self {
        match ids.len() {
            0..=FEW => Places::Few(ids),
            _ => Places::Many(ids.iter().enumerate().map(|(at, id)| (id, at)).collect()),
        }
    }

    /// The last place of an id.
    fn last(&self, id: &ObjectId) -> Option<usize> {
        match self {
            Places::Few(ids) => ids.iter().rposition(|other| other == id),
            Places::Many(places) => places.get(id).copied(),
        }
    }
}

/// Returns the lengths of the common head and of the common tail behind it.
pub(crate) fn common_ends(base: &[u8], new: &[u8]) -> (usize, usize) {
    let head = common_head(base, new);
    let (base, new) = (&base[head..], &new[head..]);
    let chunks = base.rchunks_exact(64).zip(new.rchunks_exact(64)).take_while(|(a, b)| a == b);
    let tail = chunks.count() * 64;
    let (base, new) = (&base[..base.len() - tail], &new[..new.len() - tail]);
    let rest = base.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b);
    (head, tail + rest.count())
}

fn common_head(base: &[u8], new: &[u8]) -> usize {
    let chunks = base.chunks_exact(64).zip(new.chunks_exact(64)).take_while(|(a, b)| a == b);
    let head = chunks.count() * 64;
    head + base[head..].iter().zip(&new[head..]).take_while(|(a, b)| a == b).count()
}

fn encode_ref(
    record: &mut Writer,
    id: &ObjectId,
    frame: u32,
    place: &mut dyn FnMut(&ObjectId) -> Result<Option<Location>>,
) -> Result<()> {
    match place(id)? {
        None => record.uint(0).raw(id.as_bytes()),
        Some(location) if location.frame == frame => record.uint(u64::from(location.position) + 2),
        Some(location) => {
            record.uint(1).uint(u64::from(frame - location.frame)).uint(location.position.into())
        }
    };
    Ok(())
}

/// Tells where the base of a node's record stands, if it has one.
pub(crate) fn base_of(record: &[u8], frame: u32) -> Result<Option<Location>> {
    let mut reader = Reader::new(record);
    decode_base(&mut reader, frame)
}

fn decode_base(reader: &mut Reader<'_>, frame: u32) -> Result<Option<Location>> {
    let back = match reader.bounded(2, "a base's place")? {
        0 => return Ok(None),
        1 => 0,
        _ => distance(reader, frame)?,
    };
    let position = reader.count(FRAME_OBJECTS_MAX, "a base's position")? as u32;
    Ok(Some(Location { frame: frame - back, position }))
}

fn distance(reader: &mut Reader<'_>, frame: u32) -> Result<u32> {
    let back = reader.bounded(u64::from(frame), "a distance")? as u32;
    if back == 0 { Err(malformed("a distance of nothing")) } else { Ok(back) }
}

/// Reads a node's record over its base. `name` tells the id of what stands at a place.
pub(crate) fn decode_node(
    record: &[u8],
    base: Option<&Node>,
    frame: u32,
    name: &mut dyn FnMut(Location) -> Result<ObjectId>,
) -> Result<Node> {
    let mut reader = Reader::new(record);
    let Some(base) = base else {
        if decode_base(&mut reader, frame)?.is_some() {
            return Err(malformed("a splice without its base"));
        }
        let kind = Kind(reader.bounded(u64::from(u16::MAX), "a kind")? as u16);
        let version = reader.bounded(u64::from(u16::MAX), "a version")? as u16;
        let count = reader.count(NODE_REFS_MAX, "the number of refs")?;
        let mut refs = Vec::with_capacity(count.min(record.len()));
        for _ in 0..count {
            refs.push(decode_ref(&mut reader, frame, name)?);
        }
        return Ok(Node { kind, version, refs, body: reader.rest().to_vec() });
    };
    decode_base(&mut reader, frame)?;
    let mut refs = Vec::with_capacity(base.refs.len() + 4);
    let mut rest = &base.refs[..];
    for _ in 0..reader.count(record.len(), "the number of operations")? {
        let copy = reader.count(rest.len(), "refs to copy")?;
        refs.extend_from_slice(&rest[..copy]);
        rest = &rest[copy..];
        let skip = reader.count(rest.len(), "refs to skip")?;
        rest = &rest[skip..];
        for _ in 0..reader.count(NODE_REFS_MAX, "refs to insert")? {
            refs.push(decode_ref(&mut reader, frame, name)?);
        }
        if refs.len() > NODE_REFS_MAX {
            return Err(malformed("too many refs"));
        }
    }
    refs.extend_from_slice(rest);
    let head = reader.count(base.body.len(), "a common head")?;
    let tail = reader.count(base.body.len() - head, "a common tail")?;
    let middle = reader.rest();
    if refs.len() > NODE_REFS_MAX || head + tail + middle.len() > NODE_BYTES_MAX {
        return Err(malformed("a node beyond its limits"));
    }
    let body = [&base.body[..head], middle, &base.body[base.body.len() - tail..]].concat();
    Ok(Node { kind: base.kind, version: base.version, refs, body })
}

fn decode_ref(
    reader: &mut Reader<'_>,
    frame: u32,
    name: &mut dyn FnMut(Location) -> Result<ObjectId>,
) -> Result<ObjectId> {
    match reader.bounded(FRAME_OBJECTS_MAX as u64 + 2, "a ref")? {
        0 => reader.id(),
        1 => {
            let back = distance(reader, frame)?;
            let position = reader.count(FRAME_OBJECTS_MAX, "a ref's position")? as u32;
            name(Location { frame: frame - back, position })
        }
        code => name(Location { frame, position: code as u32 - 2 }),
    }
}

/// Appends the list of a large content's chunks.
pub(crate) fn encode_chunks(
    chunks: &[ObjectId],
    frame: u32,
    place: &mut dyn FnMut(&ObjectId) -> Result<Option<Location>>,
    record: &mut Writer,
) -> Result<()> {
    for id in chunks {
        encode_ref(record, id, frame, place)?;
    }
    Ok(())
}

/// Reads the list of a large content's chunks.
pub(crate) fn decode_chunks(
    record: &[u8],
    frame: u32,
    name: &mut dyn FnMut(Location) -> Result<ObjectId>,
) -> Result<Vec<ObjectId>> {
    let mut reader = Reader::new(record);
    let mut chunks = Vec::new();
    while !reader.is_empty() {
        if chunks.len() == CHUNKS_MAX {
            return Err(malformed("more chunks than a content has"));
        }
        chunks.push(decode_ref(&mut reader, frame, name)?);
    }
    Ok(chunks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::golden::id;
    use proptest::prelude::*;

    fn node(refs: &[u8], body: &[u8]) -> Node {
        let refs = refs.iter().map(|&seed| id(seed)).collect();
        Node { kind: Kind(1), version: 1, refs, body: body.to_vec() }
    }

    proptest! {
        #[test]
        fn a_splice_gives_the_node_back(
            base in (prop::collection::vec(0u8..20, 0..40), prop::collection::vec(0u8..3, 0..40)),
            new in (prop::collection::vec(0u8..20, 0..40), prop::collection::vec(0u8..3, 0..40)),
            with_base: bool,
        ) {
            let (base, new) = (node(&base.0, &base.1), node(&new.0, &new.1));
            let known = |id: &ObjectId| match id.as_bytes()[0] {
                seed @ 0..5 => Some(Location { frame: 100, position: u32::from(seed) }),
                seed @ 5..10 => Some(Location { frame: 40, position: u32::from(seed) }),
                _ => None,
            };
            let at = Location { frame: 40, position: 3 };
            let base = with_base.then_some((&base, at));
            let mut record = Writer::new();
            encode_node(&new, base, 100, &mut |id| Ok(known(id)), &mut record).unwrap();
            let record = record.into_bytes();
            prop_assert_eq!(base_of(&record, 100).unwrap(), base.map(|(_, at)| at));
            let back = decode_node(&record, base.map(|(base, _)| base), 100, &mut |at| {
                Ok(id(at.position as u8))
            });
            prop_assert_eq!(back.unwrap(), new);
        }

        #[test]
        fn any_record_decodes_or_fails_without_panic(record: Vec<u8>, refs: Vec<u8>, body: Vec<u8>) {
            let base = node(&refs, &body);
            let _ = decode_node(&record, Some(&base), 100, &mut |_| Ok(id(1)));
            let _ = decode_node(&record, None, 100, &mut |_| Ok(id(1)));
            let _ = decode_chunks(&record, 100, &mut |_| Ok(id(1)));
        }
    }

    #[test]
    fn a_replaced_ref_costs_a_few_bytes() {
        let base = node(&(0..60).collect::<Vec<u8>>(), b"unchanged body");
        let mut new = base.clone();
        new.refs[30] = id(200);
        let at = Location { frame: 40, position: 3 };
        let here = Location { frame: 100, position: 1 };
        let mut record = Writer::new();
        let mut place = |_: &ObjectId| Ok(Some(here));
        encode_node(&new, Some((&base, at)), 100, &mut place, &mut record).unwrap();
        let record = record.into_bytes();
        assert!(record.len() <= 10, "{}", record.len());
    }
}
