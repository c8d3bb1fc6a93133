//! The log: frames, commits, deltas and refs, all behind checks that hold.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use partita::map::{Map, Value};
use partita::object::{Node, Objects};
use partita::{ObjectId, Result, Store};

use super::explore::explore;
use crate::forge::{
    Bytes, Files, IdCode, Live, Payload, Row, Segment, commit, kind, record, snapshot,
};

/// Objects of one input; more make it slow and no deeper.
const OBJECTS_MAX: usize = 200;

/// Takes bytes as numbers and runs.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn word(&mut self) -> Option<u16> {
        let (word, rest) = self.0.split_first_chunk::<2>()?;
        self.0 = rest;
        Some(u16::from_le_bytes(*word))
    }

    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (run, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        run
    }

    /// An integer in the form of the format, the shortest or not.
    fn uint(&mut self) -> Option<u64> {
        let first = self.byte()?;
        let width = match first {
            0..251 => return Some(first.into()),
            251 => 2,
            252 => 4,
            _ => 8,
        };
        let bytes = self.take(width);
        let number = bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
        (bytes.len() == width).then_some(number)
    }

    /// A run behind its length in two bytes.
    fn run(&mut self) -> Option<&'a [u8]> {
        let len = self.word()?;
        Some(self.take(len.into()))
    }
}

/// The base frame of a store: no refs, one segment, no table.
pub(super) fn base(segment: &mut Segment) {
    let live = Live { id: (false, segment.number()), len: 0, tables: Vec::new() };
    let payload = Payload::new(snapshot(IdCode::None, &[live], None));
    segment.push(kind::SNAPSHOT, &payload.to_bytes());
}

/// What stands where ids do in a payload that is laid out as it should be.
fn ids_of(payload: &[u8]) -> Vec<ObjectId> {
    let mut input = Input(payload);
    let mut skip_control = || {
        if input.uint()? & 2 != 0 {
            input.uint()?;
        }
        let (_, stored) = (input.uint()?, input.uint()?);
        Some(input.take(usize::try_from(stored).ok()?))
    };
    if skip_control().is_none() {
        return Vec::new();
    }
    let ids = input.0.chunks_exact(32).take(16);
    ids.map(|id| ObjectId::from_bytes(id.try_into().expect("32 bytes"))).collect()
}

/// Reads bytes as steps that make segments: frames of any kind with any payload and any header,
/// noise, zeros, successors, data segments, flipped bits.
pub fn frames(bytes: &[u8]) {
    let mut input = Input(bytes);
    let mut files = Files::new();
    let mut segment = Segment::log(1);
    let mut ids = Vec::new();
    while let Some(step) = input.byte() {
        match step {
            0..=6 => {
                let Some(payload) = input.run() else { break };
                ids.extend(ids_of(payload));
                segment.push(step, payload);
            }
            7 => base(&mut segment),
            8 => segment.bytes_mut().extend(input.run().unwrap_or_default()),
            9 => {
                let count = input.word().unwrap_or(0);
                segment.bytes_mut().extend(std::iter::repeat_n(0, count.into()));
            }
            10 | 11 => {
                let len = if step == 10 { segment.end() } else { input.number().unwrap_or(0) };
                let next =
                    Segment::after(segment.number().wrapping_add(1), len.into(), segment.tag());
                files.add(&std::mem::replace(&mut segment, next));
            }
            12 | 13 => {
                let number = input.byte().unwrap_or(0).into();
                let next = if step == 12 { Segment::data(number) } else { Segment::log(number) };
                files.add(&std::mem::replace(&mut segment, next));
            }
            14 => segment.sequence = input.number().unwrap_or(0),
            15 => segment.snapshot = input.number().unwrap_or(0),
            16 => segment.durable = input.number().unwrap_or(0),
            17 => segment.durable = segment.end(),
            18 => {
                let (at, bits) = (input.word().unwrap_or(0), input.byte().unwrap_or(1));
                let at = segment.bytes().len().saturating_sub(usize::from(at) + 1);
                segment.bytes_mut()[at] ^= bits;
            }
            19 => {
                let mark = input.take(32);
                files.put("mark", mark.to_vec());
            }
            _ => {}
        }
    }
    files.add(&segment);
    ids.truncate(OBJECTS_MAX);
    explore(&files, &ids);
}

/// Reads bytes as payloads of commits, each behind its length in two bytes.
pub fn commits(bytes: &[u8]) {
    let mut input = Input(bytes);
    let mut segment = Segment::log(1);
    base(&mut segment);
    let mut ids = Vec::new();
    while let Some(payload) = input.run() {
        ids.extend(ids_of(payload));
        segment.push(kind::COMMIT, payload);
    }
    ids.truncate(OBJECTS_MAX);
    explore(&Files::of([&segment]), &ids);
}

/// An object as this module understands the format; no value where it must be refused.
#[derive(Clone)]
struct Made {
    id: ObjectId,
    value: Option<Thing>,
    /// Links of the chain that it ends.
    links: u64,
    is_chunked: bool,
}

#[derive(Clone)]
enum Thing {
    Content(Vec<u8>),
    Node(Node),
}

/// Reads bytes as objects, one over the other: contents as changes, nodes as splices, chunks.
/// Those that are well made must be read as this module makes them, all others be refused.
pub fn deltas(bytes: &[u8]) {
    let mut input = Input(bytes);
    let mut segment = Segment::log(1);
    base(&mut segment);
    let mut frames: Vec<(u32, Vec<Made>)> = Vec::new();
    let mut is_sound = true;
    let mut count = 0;
    while !input.0.is_empty() && count < OBJECTS_MAX {
        let (offset, mut payload) = (segment.end(), Payload::new(commit::<&str>(&[], &[])));
        let mut made = Vec::new();
        while let Some(tag) = input.byte() {
            let Some(object) = make(&mut input, tag & 7, offset, &frames, &made, &mut payload)
            else {
                is_sound = false;
                break;
            };
            made.push(object);
            count += 1;
            if tag & 0x80 != 0 || count == OBJECTS_MAX {
                break;
            }
        }
        segment.push(kind::COMMIT, &payload.to_bytes());
        frames.push((offset, made));
    }
    let files = Files::of([&segment]);
    let made: Vec<Made> = frames.into_iter().flat_map(|(_, made)| made).collect();
    let ids: Vec<ObjectId> = made.iter().map(|made| made.id).collect();
    // Of an object that is there in chunks and whole, which no writer makes, either may be found; and
    // a chunk must not be in chunks.
    let is_twice =
        |one: &Made| one.is_chunked && ids.iter().filter(|id| **id == one.id).count() > 1;
    if is_sound && !made.iter().any(is_twice) {
        let store = Store::options().read_only(true).open_vfs(files.vfs());
        let store = store.expect("frames that are well made open");
        for object in &made {
            let id = partita::ContentId::new(object.id);
            match &object.value {
                Some(Thing::Content(bytes)) => {
                    assert!(store.read_content(id).expect("a sound content")[..] == bytes[..]);
                }
                Some(Thing::Node(node)) => {
                    let found = store.get_node(&object.id).expect("a sound node");
                    assert!(*found.expect("a sound node") == *node);
                }
                None => {
                    assert!(store.read_content(id).is_err() && store.get_node(&object.id).is_err());
                }
            }
        }
    }
    explore(&files, &ids);
}

/// Makes one object of a frame; none where its row alone makes the frame unsound.
fn make(
    input: &mut Input<'_>,
    tag: u8,
    offset: u32,
    frames: &[(u32, Vec<Made>)],
    here: &[Made],
    payload: &mut Payload,
) -> Option<Made> {
    let refused = |at: usize| {
        let text = format!("refused {offset} {at}");
        ObjectId::of_content(text.as_bytes())
    };
    let position = here.len();
    let find = |frame: u8, at: u8| -> (u32, Option<Made>) {
        let back = usize::from(frame);
        match frames.len().checked_sub(back) {
            _ if back == 0 => (0, here.get(usize::from(at)).cloned()),
            Some(index) => {
                let (from, made) = &frames[index];
                (offset - from, made.get(usize::from(at)).cloned())
            }
            None => (u32::from(frame).min(offset), None),
        }
    };
    Some(match tag {
        0 => {
            let refs = usize::from(input.byte()? & 3);
            let refs = (0..refs).map(|at| ObjectId::from_bytes([at as u8; 32])).collect();
            let node = Node {
                kind: partita::object::Kind(40_000),
                version: 1,
                refs,
                body: input.run()?.into(),
            };
            let id = payload.node(&node);
            Made { id, value: Some(Thing::Node(node)), links: 0, is_chunked: false }
        }
        1 => {
            let bytes = input.run()?;
            let id = payload.content(bytes);
            Made { id, value: Some(Thing::Content(bytes.into())), links: 0, is_chunked: false }
        }
        2 => {
            let bytes = input.run()?;
            let id = ObjectId::of_content(bytes);
            payload.body(id, Row::body(bytes.len()), bytes);
            Made { id, value: Some(Thing::Content(bytes.into())), links: 0, is_chunked: false }
        }
        3 | 4 => {
            let (frame, at, depth) = (input.byte()?, input.byte()?, u64::from(input.byte()?));
            let (head, tail) = (usize::from(input.word()?), usize::from(input.word()?));
            let (extra, middle) = (input.byte()?, input.run()?);
            let (back, base) = find(frame, at);
            let links = base.as_ref().map_or(0, |base| base.links) + 1;
            let raw = (head + tail + middle.len() + usize::from(extra)) as u64;
            if depth == 0 || depth > 32 {
                return None;
            }
            let value = base.filter(|base| base.links < 32).and_then(|base| match base.value {
                Some(Thing::Content(base)) if head + tail <= base.len() && extra == 0 => Some(
                    Thing::Content([&base[..head], middle, &base[base.len() - tail..]].concat()),
                ),
                _ => None,
            });
            let id = match &value {
                Some(Thing::Content(bytes)) => ObjectId::of_content(bytes),
                _ => refused(position),
            };
            let fields = [4, middle.len() as u64, raw, depth, back.into(), at.into()];
            let row = Row([&fields[..], &[head as u64, tail as u64]].concat());
            payload.body(id, row, middle);
            Made { id, value, links, is_chunked: false }
        }
        5 | 6 => {
            let (frame, at, depth) = (input.byte()?, input.byte()?, u64::from(input.byte()?));
            let (head, tail) = (usize::from(input.word()?), usize::from(input.word()?));
            let middle = input.run()?;
            let (back, base) = find(frame, at);
            let links = base.as_ref().map_or(0, |base| base.links) + 1;
            if depth > 32 {
                return None;
            }
            let value = base.filter(|base| base.links < 32).and_then(|base| match base.value {
                Some(Thing::Node(base)) if head + tail <= base.body.len() => {
                    let end = &base.body[base.body.len() - tail..];
                    let body = [&base.body[..head], middle, end].concat();
                    Some(Node { body, ..base })
                }
                _ => None,
            });
            let id = value.as_ref().map_or_else(|| refused(position), Node::id);
            let record = if frame == 0 {
                record::over(at.into(), head, tail, middle)
            } else {
                record::over_earlier(back, at.into(), head, tail, middle)
            };
            payload.record(id, Row::node(record.len(), depth), &record);
            Made { id, value: value.map(Thing::Node), links, is_chunked: false }
        }
        _ => {
            let chunks: Vec<usize> = input.run()?.iter().map(|at| usize::from(*at)).collect();
            let mut bytes = Some(Vec::new());
            for chunk in &chunks {
                let chunk = here.get(*chunk).filter(|made| !made.is_chunked);
                match (&mut bytes, chunk.and_then(|made| made.value.as_ref())) {
                    (Some(bytes), Some(Thing::Content(chunk))) => bytes.extend_from_slice(chunk),
                    _ => bytes = None,
                }
            }
            let raw = bytes.as_ref().map_or(1 << 30, Vec::len);
            let record = Bytes::new().each(&chunks, |bytes, at| bytes.uint(*at as u64 + 2)).0;
            let id = bytes.as_ref().map_or_else(|| refused(position), |b| ObjectId::of_content(b));
            payload.record(id, Row::chunks(record.len(), raw as u64), &record);
            Made { id, value: bytes.map(Thing::Content), links: 0, is_chunked: true }
        }
    })
}

/// Nodes in memory, for maps that are made by hand.
#[derive(Default)]
struct Nodes(HashMap<ObjectId, Arc<Node>>);

impl Objects for Nodes {
    fn get_node(&self, id: &ObjectId) -> Result<Option<Arc<Node>>> {
        Ok(self.0.get(id).cloned())
    }
}

/// Reads bytes as changes of refs, in commits and snapshots: the listing must be what a plain map
/// says, whole and in pages.
pub fn refs(bytes: &[u8]) {
    let mut input = Input(bytes);
    let mut segment = Segment::log(1);
    base(&mut segment);
    let (mut model, mut is_sound) = (BTreeMap::<Vec<u8>, ObjectId>::new(), true);
    let (mut nodes, mut stored) = (Nodes::default(), Map::EMPTY);
    let mut updates: Vec<(Vec<u8>, IdCode)> = Vec::new();
    let mut pending = BTreeMap::<Vec<u8>, Option<ObjectId>>::new();
    let flush = |segment: &mut Segment, updates: &mut Vec<(Vec<u8>, IdCode)>| {
        let payload = Payload::new(commit(updates, &[]));
        segment.push(kind::COMMIT, &payload.to_bytes());
        updates.clear();
    };
    while let Some(step) = input.byte() {
        match step % 8 {
            0 => flush(&mut segment, &mut updates),
            1 => {
                flush(&mut segment, &mut updates);
                let edits = std::mem::take(&mut pending).into_iter().map(|(name, id)| {
                    (name, id.map(|id| Value { refs: vec![id], bytes: Vec::new() }))
                });
                let edited = stored.edit(&nodes, edits).expect("a map of our own");
                let live = Live { id: (false, 1), len: 0, tables: Vec::new() };
                let root = edited.map.root().map_or(IdCode::None, |root| IdCode::Id(root.id()));
                let mut payload = Payload::new(snapshot(root, &[live], None));
                for new in &edited.nodes {
                    nodes.0.insert(new.id(), new.node().clone());
                }
                // Every node again: without a table, what is before a snapshot is not found.
                for node in nodes.0.values() {
                    payload.node(node);
                }
                stored = edited.map;
                segment.push(kind::SNAPSHOT, &payload.to_bytes());
            }
            step => {
                let Some(len) = input.byte() else { break };
                let mut name = input.take(len.into()).to_vec();
                if step >= 5 {
                    name.splice(0..0, *b"session/");
                }
                is_sound &= !name.is_empty() && std::str::from_utf8(&name).is_ok();
                let id = ObjectId::of_content(&name);
                let new = (step != 2).then_some(id);
                updates.push((name.clone(), new.map_or(IdCode::None, IdCode::Id)));
                pending.insert(name.clone(), new);
                match new {
                    Some(id) => drop(model.insert(name, id)),
                    None => drop(model.remove(&name)),
                }
            }
        }
    }
    flush(&mut segment, &mut updates);
    let files = Files::of([&segment]);
    if is_sound {
        let store = Store::options().read_only(true).open_vfs(files.vfs()).expect("sound frames");
        assert_listings(&store, &model);
    }
    explore(&files, &[]);
}

fn assert_listings(store: &Store, model: &BTreeMap<Vec<u8>, ObjectId>) {
    let all = store.references("", None, usize::MAX).expect("a listing");
    let all: BTreeMap<Vec<u8>, ObjectId> =
        all.into_iter().map(|(name, id)| (name.into_bytes(), id)).collect();
    assert!(all == *model, "the listing is not what was set");
    for (name, id) in model.iter().take(16) {
        let name = std::str::from_utf8(name).expect("a sound name");
        assert_eq!(store.reference(name).expect("a ref"), Some(*id));
        let half = (0..=name.len() / 2).rev().find(|at| name.is_char_boundary(*at));
        let prefix = &name[..half.expect("zero is a boundary")];
        let mut after = None;
        let mut paged = Vec::new();
        loop {
            let page = store.references(prefix, after.as_deref(), 3).expect("a page");
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            paged.extend(page.into_iter().map(|(name, _)| name.into_bytes()));
        }
        let expected = model.keys().filter(|name| name.starts_with(prefix.as_bytes()));
        assert!(paged.iter().eq(expected), "pages of {prefix:?} are not what was set");
    }
    let sessions = model.keys().filter_map(|name| name.strip_prefix(b"session/"));
    let listed = store.sessions().map(|entry| entry.expect("a row").name().as_bytes().to_vec());
    assert!(listed.eq(sessions.map(<[u8]>::to_vec)), "the sessions are not what was set");
}
