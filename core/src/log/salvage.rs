//! Salvage: a damaged store read for whatever is whole, and a log begun anew with it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use super::encode::Encoder;
use super::frame::{FrameKind, HEADER};
use super::medium::{Medium, Segment, holds_objects};
use super::payload::{self, Head, LiveSegment, Parts, SnapshotHead, TableHead};
use super::queue::Queue;
use super::read::Place;
use super::replay::Tail;
use super::scan::{Listed, Scan, scan_frames};
use super::segment::{DIRECTORY, FRAMES_FROM, SegmentHeader, SegmentId};
use super::snapshot::write_segment;
use super::state::{LoadedTable, State, TableSlot};
use super::sync::{Mutex, RwLock};
use super::table::{self, Table};
use super::vfs::{SyncSite, Vfs};
use super::zip::Level;
use super::{LOCK_FILE, Log, LogOptions, Shared, lock};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{MapId, ObjectId};
use crate::map::Map;

/// The directory that files go to which are no part of the store any more.
const QUARANTINE: &str = "quarantine";

/// What a damaged store was found to hold.
pub(crate) struct Salvage {
    /// Reads every whole object; its refs are what [`choose`](Self::choose) says.
    pub(crate) log: Log,
    /// Every object that can be read, and verified by its id.
    pub(crate) listed: Vec<Listed>,
    /// Every ref, with each value that it is known to have had, oldest first; none for a removal.
    pub(crate) refs: BTreeMap<String, Vec<Option<ObjectId>>>,
    /// Data segments without any damage.
    whole: Vec<LiveSegment>,
    /// Files among the segments that are not whole segments of this store.
    pub(crate) files: Vec<String>,
    newest: u64,
}

impl Salvage {
    /// Reads all segments that there are. Nobody may write meanwhile.
    pub(crate) fn read(
        vfs: Arc<dyn Vfs>,
        options: LogOptions,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Self> {
        let mut files =
            vfs.list(DIRECTORY).map_err(|error| Error::io("list the store's segments", error))?;
        files.sort();
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
        let Some(last_log) = last_log.cloned() else {
            return Err(Error::corrupt(
                "no log segment has a whole header, so nothing says what the store held; put the \
                 files back from a copy",
            ));
        };
        let store = last_log.header.store;
        segments.retain(|_, segment| segment.header.store == store);
        let state = State { current: last_log.id.number, segments, ..State::default() };
        let tail = Tail::new(last_log, FRAMES_FROM, 0)?;
        let shared = Shared {
            medium: Medium::new(vfs),
            options: LogOptions { read_only: true, ..options },
            state: RwLock::new(state),
            tail: Mutex::new(tail),
            writing: false.into(),
            queue: Queue::default(),
            freeing: Default::default(),
            spent: Default::default(),
            grown: Default::default(),
        };
        let log = Log { shared: Arc::new(shared) };
        let (refs, listed, whole) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut salvage = Salvage { log, listed, refs, whole, files, newest };
        let segments: Vec<_> = salvage.log.state().segments.values().cloned().collect();
        for segment in segments {
            salvage.take_in(&segment, progress)?;
        }
        salvage.keep_what_verifies(progress)?;
        Ok(salvage)
    }

    /// Finds the frames of a segment, and makes an index of their objects.
    fn take_in(
        &mut self,
        segment: &Arc<Segment>,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<()> {
        let len = segment.file_len()?;
        segment.set_end(len);
        let bytes = segment.read_some(0, usize::try_from(len).unwrap_or(usize::MAX))?;
        let (mut frames, mut keys, mut index) = (Vec::new(), Vec::new(), None);
        let mut at = FRAMES_FROM as usize;
        while let Some(found) = segment.keys.find_header(&bytes, at, 0) {
            at = found + HEADER;
            let Some(header) = segment.keys.decode_header(&bytes[found..], found as u64) else {
                continue;
            };
            if !holds_objects(header.kind) {
                continue;
            }
            if let Ok(frame) = self.log.medium().frame(segment, found as u32) {
                at = (found as u64 + header.frame_len()).min(len) as usize;
                frames.push((found as u32, frame.payload.ids.len() as u32));
                keys.extend(frame.payload.ids.iter().map(table::key_of));
                let is_whole = segment.read_verified(found as u64).is_ok();
                if is_whole && !segment.id.role_data {
                    self.take_refs(&frame.payload.head);
                }
                if header.kind == FrameKind::Snapshot {
                    index = Some((found as u32, found as u64 + header.frame_len()));
                }
            }
            if progress(0).is_break() {
                return Err(Error::new(ErrorKind::Io, "interrupted; nothing was changed"));
            }
        }
        if let (true, Some((host, end))) = (segment.id.role_data, index) {
            let mut scan = Scan::default();
            let mut quiet = |_| ControlFlow::Continue(());
            scan_frames(segment, FRAMES_FROM, end, &mut scan, &mut quiet)?;
            if scan.faults.is_empty() && segment.damaged_copy.is_none() && end == len {
                let tables = vec![(segment.id, host)];
                self.whole.push(LiveSegment { id: segment.id, len, tables });
            }
        }
        let table = Table::decode(&table::encode(FRAMES_FROM, &frames, &keys), FRAMES_FROM)?;
        let head = TableHead { segment: segment.id, from: FRAMES_FROM, ranges: Vec::new(), len: 0 };
        let loaded = OnceLock::from(LoadedTable { head, table, fault: None });
        let slot = TableSlot { segment: segment.id, host: segment.id, frame: 0, loaded };
        Arc::make_mut(&mut self.log.state_mut().tables).push(Arc::new(slot));
        Ok(())
    }

    /// Takes up what a frame says of refs.
    fn take_refs(&mut self, head: &Head) {
        match head {
            Head::Commit { updates, .. } => {
                for update in updates {
                    self.refs.entry(update.name.clone()).or_default().push(update.new);
                }
            }
            Head::Snapshot(snapshot) => {
                let map = Map::new(snapshot.refs.map(MapId::new));
                // As far as the map can be read; what it holds is older than the commits behind.
                for row in map.prefix(&self.log, b"") {
                    let Ok((key, value)) = row else { break };
                    if let (Ok(name), Some(id)) = (String::from_utf8(key), value.refs.first()) {
                        self.refs.entry(name).or_default().push(Some(*id));
                    }
                }
            }
            Head::Bulk => {}
        }
    }

    /// Lists the objects whose bytes are those of their ids, each once.
    fn keep_what_verifies(
        &mut self,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<()> {
        let segments: Vec<_> = self.log.state().segments.values().cloned().collect();
        let slots = self.log.state().tables.clone();
        let mut seen = std::collections::HashSet::new();
        for slot in slots.iter() {
            let Some(segment) = segments.iter().find(|segment| segment.id == slot.segment) else {
                continue;
            };
            for (offset, count) in self.log.table(slot)?.table.frames() {
                let frame = self.log.medium().frame(segment, offset)?;
                for position in 0..count {
                    let place = Place { segment: segment.clone(), frame: frame.clone(), position };
                    let (id, row) = (frame.id(position)?, place.row()?);
                    let found = if row.is_node() {
                        self.log.read_node_at(&place).map(|node| node.id())
                    } else {
                        self.log.read_content_at(&place).map(|bytes| ObjectId::of_content(&bytes))
                    };
                    match found {
                        Ok(found) if found == id && seen.insert(id) => {
                            let (segment, frame) = (segment.id, offset);
                            self.listed.push(Listed { id, row, segment, frame, position });
                        }
                        Err(error) if error.kind() != ErrorKind::Corrupt => return Err(error),
                        _ => {}
                    }
                    if progress(1).is_break() {
                        return Err(Error::new(ErrorKind::Io, "interrupted; nothing was changed"));
                    }
                }
            }
        }
        Ok(())
    }

    /// Sets the refs that the new log will have.
    pub(crate) fn choose(&self, refs: BTreeMap<String, Option<ObjectId>>) {
        let mut state = self.log.state_mut();
        state.purged = None;
        state.updates = refs;
    }

    /// Tells whether a data segment is whole, and stays as it is.
    pub(crate) fn stays(&self, id: SegmentId) -> bool {
        self.whole.iter().any(|live| live.id == id)
    }

    /// Begins a log of what was chosen and copied. From here on the store is whole.
    pub(crate) fn begin_anew(&self, copies: Vec<LiveSegment>) -> Result<()> {
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
        let refs = self.log.encode_refs(&mut encoder)?;
        let mut segments = self.whole.clone();
        segments.extend(copies);
        segments.push(LiveSegment { id: next, len: 0, tables: Vec::new() });
        let head = Head::Snapshot(SnapshotHead { refs, segments, table: None });
        let parts: &Parts = &encoder.parts;
        let payload =
            payload::encode(&head, parts, FRAMES_FROM as u32, None, None, &[], Level::Quick);
        let vfs = &*self.log.medium().vfs;
        write_segment(vfs, &header, &payload)?;
        super::open::write_format(vfs)
    }

    /// Moves files that are no part of the store any more out of the way; returns their new names.
    pub(crate) fn quarantine(&self) -> Result<Vec<String>> {
        let vfs = &*self.log.medium().vfs;
        let doing = |error| Error::io("move damaged files to the quarantine", error);
        let mut moved = Vec::new();
        for name in &self.files {
            if SegmentId::from_file_name(name).is_some_and(|id| self.stays(id)) {
                continue;
            }
            vfs.create_dir(QUARANTINE).map_err(doing)?;
            let mut to = format!("{QUARANTINE}/{name}");
            let mut count = 1;
            while vfs.open(&to, false).is_ok() {
                count += 1;
                to = format!("{QUARANTINE}/{name}.{count}");
            }
            vfs.rename(&format!("{DIRECTORY}/{name}"), &to).map_err(doing)?;
            moved.push(to);
        }
        if !moved.is_empty() {
            vfs.sync_dir(QUARANTINE, SyncSite::Removal).map_err(doing)?;
            vfs.sync_dir("", SyncSite::Removal).map_err(doing)?;
            vfs.sync_dir(DIRECTORY, SyncSite::Removal).map_err(doing)?;
        }
        Ok(moved)
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
