//! Scans: every frame of every segment, by its tag.

use std::collections::HashSet;
use std::ops::ControlFlow;

use crate::error::{Error, ErrorKind, Result};
use crate::id::{ObjectId, Tag};
use crate::log::format::check_site::{CheckSite, holds};
use crate::log::format::frame::{FrameHeader, FrameKind, HEADER, TAG};
use crate::log::format::row::Row;
use crate::log::format::segment::{DIRECTORY, FRAMES_FROM, SegmentId};
use crate::log::read::medium::holds_objects;
use crate::log::read::reader::Reader;
use crate::log::read::segment_file::Segment;
use crate::log::read::state::Damage;

/// Bytes hashed at a time.
const STEP: usize = 1 << 20;

/// What a scan found.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub(crate) faults: Vec<Damage>,
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    /// Bytes behind the last frame that never were a commit: segment and offset.
    pub(crate) unfinished: Option<(SegmentId, u64)>,
    /// Files of the directory of segments that the log does not name.
    pub(crate) strays: Vec<String>,
}

/// An object as the log lists it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed {
    pub(crate) id: ObjectId,
    pub(crate) row: Row,
    pub(crate) segment: SegmentId,
    pub(crate) frame: u32,
    pub(crate) position: u32,
}

impl Reader {
    /// Verifies tags over the newest bytes, up to so many, and notes what is damaged: so that no
    /// process builds on what is broken.
    pub(crate) fn verify_recent(&self, bytes_max: u64) -> Result<()> {
        let (segments, tables) = {
            let state = self.state();
            (state.segments.clone(), state.tables.clone())
        };
        let mut damage: Vec<Damage> = segments
            .values()
            .filter_map(|segment| Some(damaged_copy(segment, segment.damaged_copy?)))
            .collect();
        let mut left = bytes_max;
        for slot in tables.iter().rev() {
            let segment = self.segment(slot.segment)?;
            let loaded = self.table(slot)?;
            damage.extend(loaded.fault.clone());
            let mut from = loaded.head.from;
            for (to, tag) in &loaded.head.ranges {
                let is_whole = || -> Result<bool> {
                    let found = range_tag(&segment, from, *to)?;
                    Ok(holds(CheckSite::RangeTag, found == Some(*tag)))
                };
                if to - from <= left && !is_whole()? {
                    let mut scan = Scan::default();
                    let mut quiet = |_| ControlFlow::Continue(());
                    scan_frames(&segment, from, *to, &mut scan, &mut quiet)?;
                    damage.extend(scan.faults);
                }
                left = left.saturating_sub(to - from);
                from = *to;
            }
        }
        let mut state = self.state_mut();
        for damage in damage {
            if !state.damage.contains(&damage) {
                state.damage.push(damage);
            }
        }
        Ok(())
    }

    /// Verifies every frame of every segment. `progress` is told the bytes done and may end it.
    pub(crate) fn scan(&self, progress: &mut dyn FnMut(u64) -> ControlFlow<()>) -> Result<Scan> {
        self.refresh()?;
        let (segments, tables, damage, current) = {
            let state = self.state();
            let segments: Vec<_> = state.segments.values().cloned().collect();
            (segments, state.tables.clone(), state.damage.clone(), state.current)
        };
        let mut scan = Scan { faults: damage, ..Scan::default() };
        for segment in &segments {
            scan.faults.extend(segment.damaged_copy.map(|at| damaged_copy(segment, at)));
            scan.bytes += FRAMES_FROM;
            scan_frames(segment, FRAMES_FROM, segment.end(), &mut scan, progress)?;
            if segment.id == SegmentId::log(current) {
                self.scan_end(segment, &mut scan)?;
            } else {
                scan.faults.extend(self.void_commits(segment)?.map(|void| void.damage()));
            }
        }
        for slot in tables.iter() {
            match self.table(slot) {
                Ok(loaded) => scan.faults.extend(loaded.fault.clone()),
                Err(error) if error.kind() == ErrorKind::Corrupt => {}
                Err(error) => return Err(error),
            }
        }
        let mut seen = HashSet::new();
        scan.faults.retain(|fault| seen.insert((fault.segment, fault.from)));
        scan.faults.sort_by_key(|fault| (fault.segment, fault.from));
        scan.strays = self.strays()?;
        Ok(scan)
    }

    /// Looks at what stands behind the last frame.
    fn scan_end(&self, segment: &Segment, scan: &mut Scan) -> Result<()> {
        let end = segment.end();
        let len = usize::try_from(segment.file_len()?.saturating_sub(end)).unwrap_or(usize::MAX);
        let bytes = segment.read_some(end, len)?;
        let marker = match segment.read_verified(end) {
            Ok((header, _)) if header.kind == FrameKind::Close => HEADER + TAG,
            Ok(_) => 0,
            Err(error) if error.kind() == ErrorKind::Corrupt => 0,
            Err(error) => return Err(error),
        };
        let rest = bytes.get(marker..).unwrap_or(&[]);
        if let Some(at) = rest.iter().position(|&byte| byte != 0) {
            scan.unfinished = Some((segment.id, end + (marker + at) as u64));
        }
        Ok(())
    }

    /// Calls a function with every stored object, in the order of frames; copies of one object
    /// count each.
    pub(crate) fn for_each_object(
        &self,
        each: &mut dyn FnMut(Listed) -> ControlFlow<()>,
    ) -> Result<()> {
        self.refresh()?;
        let segments: Vec<_> = self.state().segments.values().cloned().collect();
        for segment in segments {
            let mut at = FRAMES_FROM;
            while at < segment.end() {
                let head = segment.read(at, HEADER)?;
                let Some(header) = segment.keys.decode_header(&head, at) else { break };
                if holds_objects(header.kind) {
                    let frame = self.medium().frame(&segment, at as u32)?;
                    let rows = frame.payload.ids.iter().zip(&frame.payload.rows);
                    for (position, (id, row)) in rows.enumerate() {
                        let listed = Listed {
                            id: *id,
                            row: *row,
                            segment: segment.id,
                            frame: at as u32,
                            position: position as u32,
                        };
                        if each(listed).is_break() {
                            return Ok(());
                        }
                    }
                }
                at += header.frame_len();
            }
        }
        Ok(())
    }

    /// Calls a function with all that any file of the log holds, compressed or not: each file as it
    /// is, and everything that decompresses in it.
    #[cfg(test)]
    pub(crate) fn for_each_stored_byte(&self, each: &mut dyn FnMut(&[u8])) -> Result<()> {
        use crate::log::read::objects::Place;
        for name in self.medium().vfs.list(DIRECTORY).expect("the directory is there") {
            let file = self.medium().vfs.open(&format!("{DIRECTORY}/{name}"), false);
            let file = file.expect("a listed file is there");
            let mut bytes = vec![0; file.len().expect("files have a length") as usize];
            file.read_at(&mut bytes, 0).expect("files can be read");
            each(&bytes);
        }
        assert_eq!(self.strays()?, Vec::<String>::new());
        let segments: Vec<_> = self.state().segments.values().cloned().collect();
        for segment in segments {
            let mut at = FRAMES_FROM;
            while at < segment.end() {
                let (header, _) = segment.read_verified(at)?;
                if holds_objects(header.kind) {
                    let frame = self.medium().frame(&segment, at as u32)?;
                    each(&frame.payload.control);
                    for position in 0..frame.payload.ids.len() as u32 {
                        let place =
                            Place { segment: segment.clone(), frame: frame.clone(), position };
                        match place.row()? {
                            Row::Node { at, len, .. }
                            | Row::Inline { at, len, .. }
                            | Row::Chunked { at, len, .. } => {
                                each(&self.medium().record(&segment, &frame, at, len)?);
                            }
                            _ => each(&self.read_content_at(&place)?),
                        }
                    }
                }
                at += header.frame_len();
            }
        }
        Ok(())
    }

    /// Returns the names of files among the segments that no commit names.
    pub(crate) fn strays(&self) -> Result<Vec<String>> {
        let names = self.medium().vfs.list(DIRECTORY);
        let names = names.map_err(|error| Error::io("list the store's segments", error))?;
        let state = self.state();
        let is_known = |name: &String| {
            SegmentId::from_file_name(name).is_some_and(|id| state.segments.contains_key(&id))
        };
        Ok(names.into_iter().filter(|name| !is_known(name)).collect())
    }

    /// Returns the segments with the bytes that their frames take.
    pub(crate) fn segment_lens(&self) -> Vec<(SegmentId, u64)> {
        self.state().segments.values().map(|segment| (segment.id, segment.end())).collect()
    }

    /// Returns the bytes at which a segment gives way to the next.
    pub(crate) fn segment_bytes(&self) -> u64 {
        self.options.segment_bytes
    }

    /// Returns the bytes of all files of the log, and their number.
    pub(crate) fn stored_bytes(&self) -> Result<(u64, u64)> {
        let segments: Vec<_> = self.state().segments.values().cloned().collect();
        let mut bytes = 0;
        for segment in &segments {
            bytes += segment.file_len()?;
        }
        Ok((bytes, segments.len() as u64))
    }
}

fn damaged_copy(segment: &Segment, at: u64) -> Damage {
    Damage {
        segment: segment.id,
        from: at,
        to: at + 128,
        refs: false,
        what: "one of the header's two copies".into(),
    }
}

/// Returns the tag over a range, or none where the file ends before it.
fn range_tag(segment: &Segment, from: u64, to: u64) -> Result<Option<Tag>> {
    let mut tagger = segment.keys.tagger();
    let mut at = from;
    let mut buffer = vec![0; STEP.min(usize::try_from(to - from).unwrap_or(STEP))];
    while at < to {
        let step = buffer.len().min(usize::try_from(to - at).unwrap_or(usize::MAX));
        if segment.read_into(at, &mut buffer[..step])? != step {
            return Ok(None);
        }
        tagger.update(&buffer[..step]);
        at += step as u64;
    }
    Ok(Some(tagger.tag()))
}

/// Verifies the frames of a stretch, one after the other, and goes on behind damage.
pub(crate) fn scan_frames(
    segment: &Segment,
    from: u64,
    to: u64,
    scan: &mut Scan,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<()> {
    let (mut at, mut due) = (from, None);
    while at < to {
        let bad = match segment.read_verified_after(at, due.take()) {
            Ok((header, _)) if at + header.frame_len() <= to => {
                scan.frames += 1;
                scan.bytes += header.frame_len();
                if progress(header.frame_len()).is_break() {
                    return Err(Error::new(ErrorKind::Io, "interrupted"));
                }
                at += header.frame_len();
                continue;
            }
            Ok(_) => "a frame beyond its stretch".to_owned(),
            Err(error) if error.kind() == ErrorKind::Corrupt => error.to_string(),
            Err(error) => return Err(error),
        };
        let (next, what) = match next_frame(segment, at, to)? {
            (next, Some(header)) => {
                (next, format!("{:?} frame: {bad}", header.kind).to_lowercase())
            }
            (next, None) => (next, bad),
        };
        scan.faults.push(Damage { segment: segment.id, from: at, to: next, refs: false, what });
        due = match segment.tag_before(at) {
            Ok(before) => segment.due_tag(at, &before)?.filter(|(end, _)| *end == next),
            Err(_) => None,
        }
        .map(|(_, tag)| tag);
        at = next;
    }
    Ok(())
}

/// Returns where the scan goes on behind a frame that is not whole, and that frame's header if
/// that is.
fn next_frame(segment: &Segment, at: u64, to: u64) -> Result<(u64, Option<FrameHeader>)> {
    let head = segment.read_some(at, HEADER)?;
    if let Some(header) = segment.keys.decode_header(&head, at) {
        let next = at + header.frame_len();
        if next <= to {
            return Ok((next, Some(header)));
        }
    }
    // Step by step: a hostile file may have many places like this one.
    let mut from = at + 1;
    while from < to {
        let step = STEP.min(usize::try_from(to - from).unwrap_or(STEP));
        let bytes = segment.read_some(from, step)?;
        if let Some(next) = segment.keys.find_header(&bytes, 0, from) {
            return Ok((from + next as u64, None));
        }
        if bytes.len() < step || from + step as u64 >= to {
            break;
        }
        from += (step - HEADER) as u64;
    }
    Ok((to, None))
}
