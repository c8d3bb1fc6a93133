//! The frames of a damaged segment: each that can be taken apart, whether it is proven to be what
//! was written, and where there is none.

use std::collections::HashSet;

use crate::error::{Error, ErrorKind, Result};
use crate::id::Tag;
use crate::log::format::frame::{FrameHeader, FrameKind, HEADER, TAG};
use crate::log::format::payload::Front;
use crate::log::format::segment::FRAMES_FROM;
use crate::log::read::medium::holds_objects;
use crate::log::read::segment_file::Segment;
use crate::log::write::handle::Log;

/// How often the bytes of a segment are hashed at the most.
const HASHED_MAX: u64 = 16;

/// A frame that can be taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) offset: u64,
    pub(super) end: u64,
    pub(super) kind: FrameKind,
    /// Whether its own tag, or one that goes on from it, proves every byte of it.
    pub(super) is_whole: bool,
    /// Whether one that it goes on from is not proven: then its own bytes are what was written, and
    /// what they say need not be.
    pub(super) is_misled: bool,
    /// The tag that it ought to end with.
    tag: Tag,
    /// Where the one begins that it goes on from.
    back: Option<u64>,
}

impl Found {
    /// Tells whether all that it says is what was written.
    pub(super) fn is_proven(&self) -> bool {
        self.is_whole && !self.is_misled
    }
}

/// A stretch that says nothing which can be believed.
#[derive(Clone, Debug)]
pub(super) struct Gap {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) what: String,
    /// The nearest frame of the same session that can be taken apart, if the stretch is a commit
    /// that says so.
    pub(super) near: Option<u32>,
}

/// What a segment consists of.
#[derive(Debug, Default)]
pub(super) struct Frames {
    pub(super) found: Vec<Found>,
    pub(super) gaps: Vec<Gap>,
    /// Whether a seal says that the segment has a successor.
    pub(super) is_sealed: bool,
    /// Where the last frame ends.
    pub(super) end: u64,
    /// Bytes hashed so far.
    hashed: u64,
}

impl Frames {
    /// Looks through all bytes of a segment.
    pub(super) fn find(
        log: &Log,
        segment: &Segment,
        bytes: &[u8],
        interrupt: &mut dyn FnMut() -> Result<()>,
    ) -> Result<Self> {
        let mut frames = Frames { end: FRAMES_FROM, ..Frames::default() };
        // The tag that ought to stand before the next frame.
        let mut before = segment.header.check();
        let mut at = FRAMES_FROM as usize;
        loop {
            let next = segment.keys.find_header(bytes, at, 0);
            frames.note_gap(bytes, next);
            let Some(start) = next else { return Ok(frames) };
            at = start + HEADER;
            let Some(header) = segment.keys.decode_header(&bytes[start..], start as u64) else {
                continue;
            };
            let adjoins = start as u64 == frames.end;
            let known = adjoins.then_some(before);
            let Some((is_whole, tag)) = frames.prove(segment, bytes, start, &header, known) else {
                frames.give_up(log, segment, bytes, start, &header, "is cut short");
                continue;
            };
            let (offset, end) = (start as u64, start as u64 + header.frame_len());
            if !holds_objects(header.kind) {
                frames.is_sealed |= is_whole && header.kind == FrameKind::Seal;
                if is_whole {
                    (frames.end, at) = (end, end as usize);
                }
                continue;
            }
            match log.medium().frame(segment, start as u32) {
                Ok(_) => {
                    let back = Front::decode(&bytes[at..]).ok().and_then(|front| front.back);
                    let back = back.and_then(|back| offset.checked_sub(back.into()));
                    let (kind, is_misled) = (header.kind, false);
                    let found = Found { offset, end, kind, is_whole, is_misled, tag, back };
                    frames.found.push(found);
                    (frames.end, at, before) = (end, end as usize, tag);
                }
                Err(error) if error.kind() == ErrorKind::Corrupt => {
                    frames.give_up(log, segment, bytes, start, &header, "cannot be read");
                    before = tag;
                }
                Err(error) => return Err(error),
            }
            interrupt()?;
        }
    }

    /// Notes what is between the last frame and the next, or the end of the file.
    fn note_gap(&mut self, bytes: &[u8], next: Option<usize>) {
        let from = (self.end as usize).min(bytes.len());
        let to = next.unwrap_or(bytes.len());
        let is_silent = || bytes[from..to].iter().all(|&byte| byte == 0);
        if to > from && (next.is_some() || !is_silent()) {
            let what = "bytes that are no frame".to_owned();
            self.gaps.push(Gap { from: from as u64, to: to as u64, what, near: None });
        }
    }

    /// Tells whether a frame's tag fits, and the tag that it ought to end with; none where the file
    /// ends before it does. A frame that goes on from the tag that the one before ought to have
    /// proves that one.
    fn prove(
        &mut self,
        segment: &Segment,
        bytes: &[u8],
        start: usize,
        header: &FrameHeader,
        known: Option<Tag>,
    ) -> Option<(bool, Tag)> {
        let len = usize::try_from(header.frame_len()).ok()?;
        let (body, stored) = bytes[start..].get(..len)?.split_at(len - TAG);
        // Frames do not overlap, but in a hostile file their headers may say that they do.
        self.hashed += 2 * len as u64;
        if self.hashed > HASHED_MAX * bytes.len() as u64 {
            return None;
        }
        let stored: Tag = stored.try_into().expect("a tag is 16 bytes");
        let written = match start as u64 {
            FRAMES_FROM => segment.header.check(),
            _ => bytes[start - TAG..start].try_into().expect("sixteen bytes"),
        };
        if let Some(known) = known {
            let due = segment.keys.frame_tag(&known, body);
            if due == stored {
                if let Some(last) = self.found.last_mut().filter(|last| last.end == start as u64) {
                    last.is_whole = true;
                }
                return Some((true, stored));
            }
        }
        let fits = segment.keys.frame_tag(&written, body) == stored;
        let tag =
            if fits { stored } else { segment.keys.frame_tag(&known.unwrap_or(written), body) };
        Some((fits, tag))
    }

    /// Notes a frame of which nothing but the header can be read.
    fn give_up(
        &mut self,
        log: &Log,
        segment: &Segment,
        bytes: &[u8],
        start: usize,
        header: &FrameHeader,
        what: &str,
    ) {
        let end = (start as u64 + header.frame_len()).min(bytes.len() as u64);
        let near = neighbour(log, segment, bytes, start);
        let what = format!("a {} that {what}", name(header.kind));
        self.gaps.push(Gap { from: start as u64, to: end, what, near });
        self.end = end;
    }

    /// Proves the last frame by the tag that the successor of its segment has.
    pub(super) fn prove_last(&mut self, end: u64, tag: &Tag) {
        if let Some(last) = self.found.last_mut().filter(|last| last.end == end) {
            last.is_whole |= last.tag == *tag;
        }
    }

    /// Finds what goes on from frames that are not proven: its control block was compressed with
    /// theirs before it.
    pub(super) fn mistrust(&mut self) {
        let mut proven = HashSet::new();
        for found in &mut self.found {
            found.is_misled = found.back.is_some_and(|back| !proven.contains(&back));
            if found.is_proven() {
                proven.insert(found.offset);
            }
        }
    }
}

/// Goes back along the group of a frame that cannot be read to one that can.
fn neighbour(log: &Log, segment: &Segment, bytes: &[u8], start: usize) -> Option<u32> {
    let mut at = start;
    loop {
        let front = Front::decode(bytes.get(at + HEADER..)?).ok()?;
        let back = front.back.or(front.texts_back)?;
        let before = at.checked_sub(back as usize).filter(|before| *before < at)?;
        segment.keys.decode_header(bytes.get(before..)?, before as u64)?;
        if log.medium().frame(segment, before as u32).is_ok() {
            return Some(before as u32);
        }
        at = before;
    }
}

/// What people call a frame of that kind.
pub(super) fn name(kind: FrameKind) -> &'static str {
    match kind {
        FrameKind::Commit => "commit",
        FrameKind::Snapshot => "base or index frame",
        FrameKind::Bulk => "frame of objects",
        FrameKind::Close | FrameKind::Seal => "marker",
    }
}

/// What a caller who said `Break` gets.
pub(super) fn interrupted() -> Error {
    Error::new(ErrorKind::Io, "interrupted; nothing was changed")
}
