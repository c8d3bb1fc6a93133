//! Reads: from an id to its bytes, verified.

use std::sync::Arc;

use crate::codec::malformed;
use crate::error::{Error, ErrorKind, Result};
use crate::id::{ObjectId, Prefix};
use crate::limits::{BUFFERS_BYTES, DELTA_CHAIN_MAX, NODE_BYTES_MAX};
use crate::log::format::check_site::{CheckSite, holds};
use crate::log::format::frame::{HEADER, TAG};
use crate::log::format::head::{Head, TableHead};
use crate::log::format::row::{Location, Row};
use crate::log::format::segment::{FRAMES_FROM, SegmentId};
use crate::log::format::splice;
use crate::log::format::table::{self, Table};
use crate::log::format::zip;
use crate::log::read::medium::{Frame, Object, holds_objects, of_frame};
use crate::log::read::reader::Reader;
use crate::log::read::segment_file::Segment;
use crate::log::read::state::{Damage, LoadedTable, TableSlot};
use crate::object::{Bytes, Node, Objects, room};

/// Where an object is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) segment: Arc<Segment>,
    pub(crate) frame: Arc<Frame>,
    pub(crate) position: u32,
}

impl Place {
    pub(crate) fn location(&self) -> Location {
        Location { frame: self.frame.offset, position: self.position }
    }

    pub(crate) fn row(&self) -> Result<Row> {
        self.frame.row(self.position)
    }
}

impl Objects for Reader {
    fn get_node(&self, id: &ObjectId) -> Result<Option<Arc<Node>>> {
        if let Some(node) = self.medium().node(id) {
            return Ok(Some(node));
        }
        let read_at = self.medium().retirements();
        let Some(place) = self.locate(id)? else { return Ok(None) };
        let node = self.read_node_at(&place).map_err(|error| of_object(error, id, &place))?;
        if !holds(CheckSite::NodeId, node.id() == *id) {
            return Err(of_object(malformed("bytes of another id"), id, &place));
        }
        let node = Arc::new(node);
        self.medium().keep_object(*id, Object::Node(node.clone()), read_at);
        Ok(Some(node))
    }
}

impl Reader {
    pub(crate) fn contains(&self, id: &ObjectId) -> Result<bool> {
        Ok(self.locate(id)?.is_some())
    }

    /// Returns a content, verified by its id.
    pub(crate) fn get_content(&self, id: &ObjectId) -> Result<Option<Bytes>> {
        if let Some(content) = self.medium().content(id) {
            return Ok(Some(content));
        }
        let read_at = self.medium().retirements();
        let Some(place) = self.locate(id)? else { return Ok(None) };
        let content = self.read_content_at(&place).map_err(|error| of_object(error, id, &place))?;
        if !holds(CheckSite::ContentId, ObjectId::of_content(&content) == *id) {
            return Err(of_object(malformed("bytes of another id"), id, &place));
        }
        self.medium().keep_object(*id, Object::Content(content.clone()), read_at);
        Ok(Some(content))
    }

    /// Tells whether an object is a node; one that is not there is none.
    pub(crate) fn is_node(&self, id: &ObjectId) -> Result<bool> {
        match self.locate(id)? {
            Some(place) => Ok(place.row()?.is_node()),
            None => Ok(false),
        }
    }

    /// Returns the size of a content in bytes, without reading it.
    pub(crate) fn content_size(&self, id: &ObjectId) -> Result<Option<u64>> {
        match self.locate(id)? {
            None => Ok(None),
            Some(place) => {
                let len = place.row()?.content_len();
                len.map(Some).ok_or_else(|| Error::invalid(format!("{id:.10} is not a content")))
            }
        }
    }

    /// Returns ids of stored objects that match, at most `max`.
    pub(crate) fn candidates(&self, prefix: &Prefix, max: usize) -> Result<Vec<ObjectId>> {
        self.refresh()?;
        self.undisturbed(|| self.candidates_once(prefix, max))
    }

    fn candidates_once(&self, prefix: &Prefix, max: usize) -> Result<Vec<ObjectId>> {
        let (mut found, tables) = {
            let state = self.state();
            let tail = state.tail.keys().filter(|id| prefix.matches(id)).copied();
            (tail.collect::<Vec<_>>(), state.tables.clone())
        };
        for slot in tables.iter() {
            let segment = self.segment(slot.segment)?;
            for at in self.table(slot)?.table.find_prefix(prefix) {
                let id = self.medium().id_at(&segment, at)?;
                if prefix.matches(&id) && !found.contains(&id) {
                    found.push(id);
                }
                if found.len() > max {
                    break;
                }
            }
        }
        found.sort_unstable();
        found.truncate(max);
        Ok(found)
    }

    pub(crate) fn segment(&self, id: SegmentId) -> Result<Arc<Segment>> {
        let segment = self.state().segments.get(&id).cloned();
        segment.ok_or_else(|| Error::corrupt(format!("segment {id} is not known to the store")))
    }

    /// Finds an object, or finds that it is not there. With damage in the log the second cannot
    /// be told from the first, and is an error.
    pub(crate) fn locate(&self, id: &ObjectId) -> Result<Option<Place>> {
        self.undisturbed(|| self.locate_once(id))
    }

    /// Looks again where segments were retired meanwhile: what was looked for has moved.
    fn undisturbed<T>(&self, mut look: impl FnMut() -> Result<T>) -> Result<T> {
        loop {
            let before = self.medium().retirements();
            match look() {
                Err(_) if self.medium().retirements() != before => {}
                done => return done,
            }
        }
    }

    fn locate_once(&self, id: &ObjectId) -> Result<Option<Place>> {
        let found = {
            let state = self.state();
            match state.tail.get(id) {
                Some(at) => Ok((state.current_segment(), *at)),
                None => Err((state.tables.clone(), state.damage.first().cloned())),
            }
        };
        let (tables, mut damage) = match found {
            Err(elsewhere) => elsewhere,
            Ok((segment, at)) => {
                let frame = self.medium().frame(&segment, at.frame)?;
                if frame.id(at.position)? != *id {
                    let what = format!("object {id:.10} is gone");
                    return Err(segment.damaged(at.frame.into(), what));
                }
                return Ok(Some(Place { segment, frame, position: at.position }));
            }
        };
        for slot in tables.iter().rev() {
            let loaded = self.table(slot)?;
            // One that was made anew lacks the frames that are damaged as well.
            damage = damage.or_else(|| loaded.fault.clone());
            let mut verified = None;
            for at in loaded.table.find(id) {
                let segment = self.segment(slot.segment)?;
                let frame = self.medium().frame(&segment, at.frame);
                let frame = frame.map_err(|error| of_frame(error, &segment, at.frame))?;
                if frame.id(at.position)? == *id {
                    return Ok(Some(Place { segment, frame, position: at.position }));
                }
                // The table names another object with the same first bits, or the frame's ids
                // are damaged: its tag tells.
                if verified.replace(at.frame) != Some(at.frame) {
                    segment.read_verified(at.frame.into())?;
                }
            }
        }
        match damage {
            Some(damage) => Err(damage.error().context(format!("object {id:.10} was not found"))),
            None => Ok(None),
        }
    }

    pub(crate) fn read_node_at(&self, place: &Place) -> Result<Node> {
        let segment = &place.segment;
        let (mut frame, mut position) = (place.frame.clone(), place.position);
        let mut chain = Vec::new();
        let mut node = loop {
            let Row::Node { at, len, .. } = frame.row(position)? else {
                return Err(malformed("a content where a node should be"));
            };
            let record = self.medium().record(segment, &frame, at, len)?;
            let base = splice::base_of(&record, frame.offset)?;
            chain.push((frame.clone(), record));
            let Some(base) = base else { break None };
            if chain.len() > usize::from(DELTA_CHAIN_MAX) {
                return Err(malformed("a chain beyond its limit"));
            }
            frame = self.medium().frame(segment, base.frame)?;
            position = base.position;
            if let Some(node) = self.medium().node(&frame.id(position)?) {
                break Some(node);
            }
        };
        while let Some((frame, record)) = chain.pop() {
            let mut name = |at: Location| {
                if at.frame == frame.offset {
                    frame.id(at.position)
                } else {
                    self.medium().id_at(segment, at)
                }
            };
            let next = splice::decode_node(&record, node.as_deref(), frame.offset, &mut name)?;
            node = Some(Arc::new(next));
        }
        let node = node.ok_or_else(|| malformed("a chain of nothing"))?;
        if node.size() > NODE_BYTES_MAX {
            return Err(malformed("a node beyond its limit"));
        }
        Ok(Arc::try_unwrap(node).unwrap_or_else(|node| (*node).clone()))
    }

    pub(crate) fn read_content_at(&self, place: &Place) -> Result<Bytes> {
        let segment = &place.segment;
        let (mut frame, mut row) = (place.frame.clone(), place.row()?);
        let mut chain = Vec::new();
        let mut content: Bytes = loop {
            match row {
                Row::Node { .. } => return Err(malformed("a node where a content should be")),
                Row::Inline { at, len, .. } => {
                    break self.medium().record(segment, &frame, at, len)?.into();
                }
                Row::Raw { at, len } => break self.medium().body(segment, &frame, at, len)?.into(),
                Row::Packed { at, len, raw } => {
                    let body = self.medium().body(segment, &frame, at, len)?;
                    break zip::decompress(&body, &[], raw as usize)?.into();
                }
                Row::Chunked { at, len, raw } => {
                    let record = self.medium().record(segment, &frame, at, len)?;
                    break self.read_chunks(segment, &frame, &record, raw as usize)?.into();
                }
                Row::Delta { at, len, raw, delta } => {
                    // Bodies are read on the way back, so that no circle gathers them.
                    chain.push((frame.clone(), at, len, raw, delta));
                    if chain.len() > usize::from(DELTA_CHAIN_MAX) {
                        return Err(malformed("a chain beyond its limit"));
                    }
                    frame = self.medium().frame(segment, delta.base.frame)?;
                    row = frame.row(delta.base.position)?;
                    if let Some(content) = self.medium().content(&frame.id(delta.base.position)?) {
                        break content;
                    }
                }
            }
        };
        while let Some((frame, at, len, raw, delta)) = chain.pop() {
            let (head, tail) = (delta.head as usize, delta.tail as usize);
            if head + tail > content.len() {
                return Err(malformed("a delta longer than its base"));
            }
            let middle = raw as usize - head - tail;
            let body = self.medium().body(segment, &frame, at, len)?;
            let body = if delta.packed { zip::decompress(&body, &content, middle)? } else { body };
            if body.len() != middle {
                return Err(malformed("a delta of another length"));
            }
            let mut whole = room(raw as usize)?;
            for part in [&content[..head], &body, &content[content.len() - tail..]] {
                whole.extend_from_slice(part);
            }
            content = whole.into();
        }
        Ok(content)
    }

    fn read_chunks(
        &self,
        segment: &Segment,
        frame: &Frame,
        record: &[u8],
        raw: usize,
    ) -> Result<Vec<u8>> {
        let ids = self.chunk_ids(segment, frame, record)?;
        // A hostile size takes no more than its chunks could fill.
        let mut bytes = room(raw.min(ids.len() * zip::CHUNK_BYTES_MAX))?;
        drop(room(BUFFERS_BYTES)?);
        for id in ids {
            let place = self.locate(&id)?.ok_or_else(|| malformed("a chunk is missing"))?;
            if matches!(place.row()?, Row::Chunked { .. }) {
                return Err(malformed("a chunk of chunks"));
            }
            let chunk = self.read_content_at(&place)?;
            if bytes.len() + chunk.len() > raw {
                return Err(malformed("chunks beyond the content's size"));
            }
            if bytes.capacity() - bytes.len() < chunk.len() {
                let mut more = room(raw)?;
                more.extend_from_slice(&bytes);
                bytes = more;
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn chunk_ids(&self, segment: &Segment, frame: &Frame, record: &[u8]) -> Result<Vec<ObjectId>> {
        splice::decode_chunks(record, frame.offset, &mut |at| {
            if at.frame == frame.offset {
                frame.id(at.position)
            } else {
                self.medium().id_at(segment, at)
            }
        })
    }

    /// Returns the chunks that a content is placed as, none where it is stored whole.
    pub(crate) fn chunks(&self, id: &ObjectId) -> Result<Vec<ObjectId>> {
        match self.locate(id)? {
            Some(place) => Ok(self.chunks_of(&place)?.unwrap_or_default()),
            None => Ok(Vec::new()),
        }
    }

    /// Returns the chunks of a content that is placed so, else none.
    pub(crate) fn chunks_of(&self, place: &Place) -> Result<Option<Vec<ObjectId>>> {
        let Row::Chunked { at, len, .. } = place.row()? else { return Ok(None) };
        let record = self.medium().record(&place.segment, &place.frame, at, len)?;
        self.chunk_ids(&place.segment, &place.frame, &record).map(Some)
    }

    /// Returns a table, read and verified at its first use. A damaged one is made anew of the
    /// frames, for it holds nothing of its own.
    pub(crate) fn table<'a>(&self, slot: &'a TableSlot) -> Result<&'a LoadedTable> {
        if let Some(loaded) = slot.loaded.get() {
            return Ok(loaded);
        }
        let loaded = match self.load_table(slot) {
            Ok(loaded) => loaded,
            Err(error) if error.kind() == ErrorKind::Corrupt => self.remake_table(slot, &error)?,
            Err(error) => return Err(error),
        };
        let _ = slot.loaded.set(loaded);
        Ok(slot.loaded.get().expect("set above"))
    }

    fn load_table(&self, slot: &TableSlot) -> Result<LoadedTable> {
        let host = self.segment(slot.host)?;
        let (header, bytes) = host.read_verified(slot.frame.into())?;
        let frame = Frame::parse(header, slot.frame, &bytes[..bytes.len() - TAG], None, |back| {
            self.medium().frame(&host, back)
        })?;
        let payload = &bytes[HEADER..bytes.len() - TAG];
        let Head::Snapshot(snapshot) = &frame.payload.head else {
            return Err(malformed("a table where none is"));
        };
        let head = snapshot.table.clone().ok_or_else(|| malformed("a snapshot without a table"))?;
        if head.segment != slot.segment || head.len as usize > payload.len() {
            return Err(malformed("a table of another segment"));
        }
        // What it covers is in its segment, and before it where it stands there too.
        let end = if slot.host == slot.segment { slot.frame.into() } else { u32::MAX.into() };
        let to = head.ranges.last().map_or(head.from, |(to, _)| *to);
        if head.from < FRAMES_FROM || to > end {
            return Err(malformed("a table of bytes that are not before it"));
        }
        let table = Table::decode(&payload[payload.len() - head.len as usize..], head.from)?;
        Ok(LoadedTable { head, table, fault: None })
    }

    /// Makes a table of the frames between the table before it and where it stands.
    fn remake_table(&self, slot: &TableSlot, error: &Error) -> Result<LoadedTable> {
        let segment = self.segment(slot.segment)?;
        let earlier: Vec<_> = {
            let state = self.state();
            let same = state.tables.iter().filter(|other| other.segment == slot.segment);
            same.take_while(|other| other.frame != slot.frame || other.host != slot.host)
                .cloned()
                .collect()
        };
        // The nearest that is whole: one that is not would have to be made anew in turn.
        let before = earlier.iter().rev().find_map(|before| match before.loaded.get() {
            Some(loaded) => Some(loaded.head.clone()),
            None => self.load_table(before).ok().map(|loaded| loaded.head),
        });
        let from =
            before.map_or(FRAMES_FROM, |head| head.ranges.last().map_or(head.from, |(to, _)| *to));
        let to = if slot.host == slot.segment { slot.frame.into() } else { segment.end() };
        let (mut frames, mut keys, mut at) = (Vec::new(), Vec::new(), from);
        while at < to {
            let head = segment.read(at, HEADER)?;
            let Some(header) = segment.keys.decode_header(&head, at) else { break };
            if holds_objects(header.kind)
                && let Ok(frame) = self.medium().frame(&segment, at as u32)
            {
                frames.push((at as u32, frame.payload.ids.len() as u32));
                keys.extend(frame.payload.ids.iter().map(table::key_of));
            }
            at += header.frame_len();
        }
        let table = Table::decode(&table::encode(from, &frames, &keys), from)?;
        let head = TableHead { segment: slot.segment, from, ranges: Vec::new(), len: 0 };
        let fault = Damage {
            segment: slot.host,
            from: slot.frame.into(),
            to: u64::from(slot.frame) + 1,
            refs: false,
            what: format!("an index ({error})"),
        };
        Ok(LoadedTable { head, table, fault: Some(fault) })
    }
}

fn of_object(error: Error, id: &ObjectId, place: &Place) -> Error {
    match error.kind() {
        ErrorKind::Corrupt => {
            of_frame(error, &place.segment, place.frame.offset).context(format!("object {id:.10}"))
        }
        _ => error,
    }
}
