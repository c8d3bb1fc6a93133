//! Salvage: a damaged store read for whatever is whole, and a log begun anew with it.

mod frames;
mod timeline;
mod verify;

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use frames::{Found, Frames, Gap, interrupted};
pub(crate) use timeline::{Known, Timeline, Unread};

use super::encode::Encoder;
use super::frame::FrameKind;
use super::head::{Head, LiveSegment, SnapshotHead, TableHead};
use super::mark;
use super::medium::Medium;
use super::payload::{self, Parts};
use super::queue::Queue;
use super::replay::Tail;
use super::scan::{Listed, Scan, scan_frames};
use super::segment::{DIRECTORY, FRAMES_FROM, SegmentHeader, SegmentId};
use super::segment_file::Segment;
use super::snapshot::{DRAFT, write_segment};
use super::state::{LoadedTable, State, TableSlot};
use super::sync::{Mutex, RwLock};
use super::table::{self, Table};
use super::vfs::{SyncSite, Vfs};
use super::zip::Level;
use super::{LOCK_FILE, Log, LogOptions, NewObject, Shared, lock};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{ObjectId, Tag};
use crate::map::Map;

/// The directory that files go to which are no part of the store any more.
const QUARANTINE: &str = "quarantine";

/// What a damaged store was found to hold.
pub(crate) struct Salvage {
    /// Reads every whole object; its refs are what [`choose`](Self::choose) says.
    pub(crate) log: Log,
    /// Every object that can be read, and verified by its id.
    pub(crate) listed: Vec<Listed>,
    /// What the log says of refs.
    pub(crate) timeline: Timeline,
    /// Data segments without any damage.
    whole: Vec<LiveSegment>,
    /// Files among the segments.
    files: Vec<String>,
    /// Segments that a commit retired: nothing of them is part of the store.
    retired: HashSet<SegmentId>,
    newest: u64,
}

/// What becomes of the files of a damaged store once a new log was begun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moves {
    /// Files that are moved aside: their names among the segments, and their new names in the
    /// store's directory.
    pub(crate) aside: Vec<(String, String)>,
    /// Files of segments that a commit had retired: they were to go, and go.
    pub(crate) gone: Vec<String>,
}

type Interrupt<'a> = &'a mut dyn FnMut(u64) -> ControlFlow<()>;

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
        let shared = Shared {
            medium: Medium::new(vfs),
            options: LogOptions { read_only: true, ..options },
            state: RwLock::new(state),
            tail: Mutex::new(tail),
            writing: false.into(),
            queue: Queue::default(),
            spending: false.into(),
            freeing: Default::default(),
            grown: Default::default(),
        };
        let mut salvage = Salvage {
            log: Log { shared: Arc::new(shared) },
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

    /// Sets the refs that the new log will have.
    pub(crate) fn choose(&self, refs: BTreeMap<String, Option<ObjectId>>) {
        let mut state = self.log.state_mut();
        // Nothing that the new log begins with was purged, and the map that says what was is part
        // of it.
        state.purged = Some(Map::EMPTY);
        state.updates = refs;
    }

    /// Tells whether a data segment is whole, and stays as it is.
    pub(crate) fn stays(&self, id: SegmentId) -> bool {
        self.whole.iter().any(|live| live.id == id)
    }

    /// Begins a log of what was chosen and copied, with objects of its own. From here on the store
    /// is whole.
    pub(crate) fn begin_anew(
        &self,
        copies: Vec<LiveSegment>,
        objects: Vec<NewObject>,
    ) -> Result<()> {
        let next = SegmentId::log(self.newest + 1);
        let header = SegmentHeader {
            id: next,
            store: self.log.state().current_segment().header.store,
            salt: self.log.salt()?,
            predecessor_len: 0,
            predecessor_tag: [0; 16],
        };
        let mut fresh = std::collections::HashMap::new();
        let mut encoder = Encoder::copying(&self.log, next, FRAMES_FROM as u32, &mut fresh);
        for ready in self.log.prepare(objects)? {
            encoder.add(&ready)?;
        }
        let refs = self.log.encode_refs(&mut encoder)?;
        let mut segments = self.whole.clone();
        segments.extend(copies);
        segments.push(LiveSegment { id: next, len: 0, tables: Vec::new() });
        let head = Head::Snapshot(SnapshotHead { refs, segments, table: None });
        let parts: &Parts = &encoder.parts;
        let payload =
            payload::encode(&head, parts, FRAMES_FROM as u32, None, None, &[], Level::Quick);
        let vfs = &*self.log.medium().vfs;
        if !write_segment(vfs, &header, &payload)? {
            return Err(Error::conflict(format!("segment {next} came meanwhile; recover again")));
        }
        super::open::write_format(vfs)
    }

    /// Says what is to become of the files that will be no part of the store any more.
    pub(crate) fn moves(&self) -> Result<Moves> {
        let vfs = &*self.log.medium().vfs;
        let mut taken: HashSet<String> = match vfs.list(QUARANTINE) {
            Ok(names) => names.into_iter().collect(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => HashSet::new(),
            Err(error) => return Err(Error::io("list the quarantine", error)),
        };
        let mut moves = Moves::default();
        for name in &self.files {
            let id = SegmentId::from_file_name(name);
            if id.is_some_and(|id| self.stays(id)) {
                continue;
            }
            if id.is_some_and(|id| self.retired.contains(&id)) {
                moves.gone.push(name.clone());
                continue;
            }
            let mut to = name.clone();
            let mut count = 1;
            while !taken.insert(to.clone()) {
                count += 1;
                to = format!("{name}.{count}");
            }
            moves.aside.push((name.clone(), format!("{QUARANTINE}/{to}")));
        }
        Ok(moves)
    }
}

impl Log {
    /// Moves the files away that a recovery left, as far as they are still there. The locks are
    /// held.
    pub(crate) fn clear_away(&self, moves: &Moves) -> Result<()> {
        let vfs = &*self.medium().vfs;
        let doing = |error| Error::io("move damaged files to the quarantine", error);
        let names = vfs.list(DIRECTORY).map_err(doing)?;
        let state = self.state().segments.clone();
        let is_left = |name: &&String| {
            let is_live = SegmentId::from_file_name(name).is_some_and(|id| state.contains_key(&id));
            !is_live && names.contains(name)
        };
        let aside: Vec<_> = moves.aside.iter().filter(|(name, _)| is_left(&name)).collect();
        let gone: Vec<_> = moves.gone.iter().filter(is_left).collect();
        if aside.is_empty() && gone.is_empty() {
            return Ok(());
        }
        if !aside.is_empty() {
            vfs.create_dir(QUARANTINE).map_err(doing)?;
        }
        for (name, to) in aside {
            vfs.rename(&format!("{DIRECTORY}/{name}"), to).map_err(doing)?;
        }
        for name in gone {
            vfs.remove(&format!("{DIRECTORY}/{name}")).map_err(doing)?;
        }
        if !moves.aside.is_empty() {
            vfs.sync_dir(QUARANTINE, SyncSite::Removal).map_err(doing)?;
            vfs.sync_dir("", SyncSite::Removal).map_err(doing)?;
        }
        vfs.sync_dir(DIRECTORY, SyncSite::Removal).map_err(doing)
    }

    /// Tells whether any file that a recovery left is still there.
    pub(crate) fn has_left(&self, moves: &Moves) -> Result<bool> {
        let strays = self.strays()?;
        let mut names = moves.aside.iter().map(|(name, _)| name).chain(&moves.gone);
        Ok(names.any(|name| strays.contains(name)))
    }
}

/// Takes the locks that keep writers and collections away from a damaged store.
pub(crate) fn lock_out(
    vfs: &dyn Vfs,
    options: &LogOptions,
) -> Result<[Box<dyn super::VfsLock>; 2]> {
    let maintenance = lock(vfs, super::MAINTENANCE_FILE, &options.patience)?;
    Ok([maintenance, lock(vfs, LOCK_FILE, &options.patience)?])
}
