//! All segments of a damaged store, read for whatever is whole.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use crate::error::{Error, ErrorKind, Result};
use crate::id::Tag;
use crate::log::format::frame::FrameKind;
use crate::log::format::head::{Head, LiveSegment, TableHead};
use crate::log::format::segment::{DIRECTORY, FRAMES_FROM, SegmentId};
use crate::log::format::table::{self, Table};
use crate::log::options::LogOptions;
use crate::log::read::mark;
use crate::log::read::reader::Reader;
use crate::log::read::scan::{Scan, scan_frames};
use crate::log::read::segment_file::Segment;
use crate::log::read::state::{LoadedTable, State, TableSlot};
use crate::log::read::tail::Tail;
use crate::log::upkeep::salvage::found::{Interrupt, Salvage};
use crate::log::upkeep::salvage::frames::{self, Found, Frames, Gap, interrupted};
use crate::log::upkeep::salvage::timeline::{Timeline, Unread};
use crate::log::vfs::Vfs;
use crate::log::write::handle::Log;
use crate::log::write::snapshot::DRAFT;

impl Salvage {
    /// Reads all segments that there are. Nobody may write meanwhile.
    pub(crate) fn read(
        vfs: Arc<dyn Vfs>,
        options: LogOptions,
        progress: Interrupt<'_>,
    ) -> Result<Self> {
        let mut files =
            vfs.list(DIRECTORY).map_err(|error| Error::io("list the store's segments", error))?;
        files.sort();
        // Whoever makes a segment begins this one anew.
        files.retain(|name| name != DRAFT);
        let mut segments = BTreeMap::new();
        let mut newest = 0;
        for id in files.iter().filter_map(|name| SegmentId::from_file_name(name)) {
            if !id.role_data {
                newest = newest.max(id.number);
            }
            match Segment::open(&*vfs, id) {
                Ok(segment) => drop(segments.insert(id, Arc::new(segment))),
                Err(error) if error.kind() == ErrorKind::Corrupt => {}
                Err(error) => return Err(error),
            }
        }
        let last_log = segments.values().rfind(|segment| !segment.id.role_data);
        // Without any log its data may still tell of sessions.
        let Some(last) = last_log.or(segments.values().next()).cloned() else {
            return Err(Error::corrupt(
                "no segment has a whole header, so nothing says what the store held; put the \
                 files back from a copy",
            ));
        };
        let store = last.header.store;
        segments.retain(|_, segment| segment.header.store == store);
        let all: Vec<Arc<Segment>> = segments.values().cloned().collect();
        // No file has a larger number, whether it has a header or not: so reads find nothing that
        // comes after, and take up nothing.
        let mut end = Segment::open(&*vfs, last.id)?;
        end.id = SegmentId::log(newest);
        end.set_end(end.file_len()?);
        segments.entry(end.id).or_insert_with(|| Arc::new(end));
        let state = State { current: newest, segments, ..State::default() };
        let tail = Tail::new(last, FRAMES_FROM, 0)?;
        let options = LogOptions { read_only: true, ..options };
        let reader = Reader::new(vfs, options, state, tail);
        let mut salvage = Salvage {
            log: Log::new(reader),
            listed: Vec::new(),
            timeline: Timeline::default(),
            whole: Vec::new(),
            files,
            retired: HashSet::new(),
            newest,
        };
        let mut logs = Vec::new();
        for segment in &all {
            let frames = salvage.take_in(segment, progress)?;
            if !segment.id.role_data {
                logs.push((segment.clone(), frames));
            }
        }
        salvage.keep_what_verifies(&all, progress)?;
        salvage.take_refs(logs)?;
        salvage.leave_retired();
        salvage.list_each_once();
        Ok(salvage)
    }

    /// Finds the frames of a segment, and makes an index of their objects.
    fn take_in(&mut self, segment: &Arc<Segment>, progress: Interrupt<'_>) -> Result<Frames> {
        let len = segment.file_len()?;
        segment.set_end(len);
        let bytes = segment.read_some(0, usize::try_from(len).unwrap_or(usize::MAX))?;
        let frames = Frames::find(&self.log, segment, &bytes, &mut || match progress(0) {
            ControlFlow::Break(()) => Err(interrupted()),
            ControlFlow::Continue(()) => Ok(()),
        })?;
        drop(bytes);
        let (mut counts, mut keys) = (Vec::new(), Vec::new());
        for found in &frames.found {
            let frame = self.log.medium().frame(segment, found.offset as u32)?;
            counts.push((frame.offset, frame.payload.ids.len() as u32));
            keys.extend(frame.payload.ids.iter().map(table::key_of));
        }
        let index = frames.found.last().filter(|last| last.kind == FrameKind::Snapshot);
        if let (true, Some(index)) = (segment.id.role_data, index) {
            let mut scan = Scan::default();
            let mut quiet = |_| ControlFlow::Continue(());
            scan_frames(segment, FRAMES_FROM, index.end, &mut scan, &mut quiet)?;
            if scan.faults.is_empty() && segment.damaged_copy.is_none() && index.end == len {
                let tables = vec![(segment.id, index.offset as u32)];
                self.whole.push(LiveSegment { id: segment.id, len, tables });
            }
        }
        let table = Table::decode(&table::encode(FRAMES_FROM, &counts, &keys), FRAMES_FROM)?;
        let head = TableHead { segment: segment.id, from: FRAMES_FROM, ranges: Vec::new(), len: 0 };
        let loaded = OnceLock::from(LoadedTable { head, table, fault: None });
        let slot = TableSlot { segment: segment.id, host: segment.id, frame: 0, loaded };
        Arc::make_mut(&mut self.log.state_mut().tables).push(Arc::new(slot));
        Ok(frames)
    }

    /// Takes up what the logs say of refs, once the objects of every segment are known: the maps of
    /// refs may stand in any of them.
    fn take_refs(&mut self, mut logs: Vec<(Arc<Segment>, Frames)>) -> Result<()> {
        let ends: BTreeMap<u64, (u64, Tag)> = logs
            .iter()
            .map(|(segment, _)| &segment.header)
            // One that a recovery began says nothing of those before.
            .filter(|header| header.predecessor_len > 0)
            .map(|header| (header.id.number - 1, (header.predecessor_len, header.predecessor_tag)))
            .collect();
        let mut void = Vec::new();
        for (segment, frames) in &mut logs {
            if let Some((end, tag)) = ends.get(&segment.id.number) {
                frames.prove_last(*end, tag);
                let beyond = |found: &Found| found.offset >= *end;
                void.extend(
                    frames
                        .found
                        .extract_if(.., |found| beyond(found))
                        .map(|found| (segment.clone(), found)),
                );
            }
            frames.mistrust();
        }
        for (segment, frames) in &logs {
            for found in frames.found.iter().filter(|found| found.is_proven()) {
                let frame = self.log.medium().frame(segment, found.offset as u32)?;
                if let Head::Commit { retired, .. } = &frame.payload.head
                    && !retired.contains(&segment.id)
                {
                    self.retired.extend(retired);
                }
            }
        }
        let mut last: Option<u64> = None;
        for (segment, frames) in &logs {
            let number = segment.id.number;
            self.miss_logs(last.map(|last| last + 1), number);
            last = Some(number);
            self.read_log(segment, frames, ends.get(&number).map(|(end, _)| *end))?;
        }
        let sealed = logs.last().is_some_and(|(_, frames)| frames.is_sealed);
        let next = last.map_or(self.newest.max(1), |last| last + 1);
        let is_missing = sealed || last.is_none();
        self.miss_logs(Some(next), (self.newest + 1).max(next + u64::from(is_missing)));
        if last.is_none()
            && let Some(segment) = mark::segment(&*self.log.medium().vfs)
        {
            self.miss_logs(Some(segment.number), segment.number + 1);
        }
        for (segment, found) in void {
            let what = format!(
                "a {} behind the end that the next segment names",
                frames::name(found.kind)
            );
            self.doubt_frame(&segment, found.offset as u32, what)?;
        }
        Ok(())
    }

    /// Notes log segments of which nothing is there, unless they were retired.
    fn miss_logs(&mut self, from: Option<u64>, to: u64) {
        let Some(from) = from else { return };
        // One stands for all: a file's name may say any number.
        let missing = (from..to).map(SegmentId::log).find(|id| !self.retired.contains(id));
        if let Some(segment) = missing {
            let what = "a segment that is missing, or has no whole header".to_owned();
            let (offset, end, near) = (0, u64::from(u32::MAX), Vec::new());
            self.timeline.doubt(Some(Unread { segment, offset, end, what, near }));
        }
    }

    /// Takes up what one log segment says, in order; `end` is where the next says that it ends.
    fn read_log(
        &mut self,
        segment: &Arc<Segment>,
        frames: &Frames,
        end: Option<u64>,
    ) -> Result<()> {
        let mut gaps =
            frames.gaps.iter().filter(|gap| end.is_none_or(|end| gap.from < end)).peekable();
        for found in &frames.found {
            while let Some(gap) = gaps.next_if(|gap| gap.from < found.offset) {
                self.doubt_gap(segment, gap);
            }
            if found.is_proven() {
                let frame = self.log.medium().frame(segment, found.offset as u32)?;
                let at = (segment.id, found.offset, found.end);
                self.timeline.take(&self.log, &frame.payload.head, at)?;
            } else {
                let name = frames::name(found.kind);
                let what = match found.is_whole {
                    true => format!("a {name} that goes on from what cannot be read"),
                    false => format!("a {name} whose tag does not fit"),
                };
                self.doubt_frame(segment, found.offset as u32, what)?;
            }
        }
        for gap in gaps {
            self.doubt_gap(segment, gap);
        }
        let synced = mark::synced(&*self.log.medium().vfs, segment);
        let end = end.into_iter().chain(synced).max().unwrap_or(FRAMES_FROM);
        if frames.end < end || frames.found.is_empty() {
            let what = "frames that are not there".to_owned();
            let (segment, offset, near) = (segment.id, frames.end, Vec::new());
            self.timeline.doubt(Some(Unread { segment, offset, end, what, near }));
        }
        Ok(())
    }

    fn doubt_gap(&mut self, segment: &Arc<Segment>, gap: &Gap) {
        let near = gap.near.and_then(|at| self.log.medium().frame(segment, at).ok());
        let near = near.map_or_else(Vec::new, |frame| frame.payload.ids.clone());
        let (segment, offset, end) = (segment.id, gap.from, gap.to);
        let what = gap.what.clone();
        self.timeline.doubt(Some(Unread { segment, offset, end, what, near }));
    }

    fn doubt_frame(&mut self, segment: &Arc<Segment>, at: u32, what: String) -> Result<()> {
        let frame = self.log.medium().frame(segment, at)?;
        let near = frame.payload.ids.clone();
        let end = u64::from(at) + frame.header.frame_len();
        let unread = Unread { segment: segment.id, offset: at.into(), end, what, near };
        self.timeline.doubt(Some(unread));
        self.timeline.hear(&self.log, &frame.payload.head)
    }

    /// Takes retired segments out: what they hold has been copied, or was to go.
    fn leave_retired(&mut self) {
        let retired: Vec<SegmentId> = self.retired.iter().copied().collect();
        let current = self.log.state().current;
        let retired: Vec<_> =
            retired.into_iter().filter(|id| *id != SegmentId::log(current)).collect();
        self.retired = retired.iter().copied().collect();
        self.whole.retain(|live| !self.retired.contains(&live.id));
        self.log.state_mut().retire(&retired);
        self.log.medium().note_retirement();
    }
}
