//! Opening: the newest segment's last snapshot, and the frames behind it.

use std::sync::Arc;

use super::check_site::{CheckSite, holds};
use super::frame::{FrameHeader, FrameKind, HEADER};
use super::head::{Head, LiveSegment, SnapshotHead};
use super::medium::Medium;
use super::payload::{self, Parts};
use super::queue::Queue;
use super::replay::Tail;
use super::segment::{DIRECTORY, FRAMES_FROM, SegmentHeader, SegmentId};
use super::segment_file::Segment;
use super::state::State;
use super::sync::{AtomicBool, Mutex, RwLock};
use super::vfs::{SyncSite, Vfs};
use super::zip::Level;
use super::{FORMAT_FILE, LOCK_FILE, Log, LogOptions, MAINTENANCE_FILE, Shared, lock};
use crate::error::{Error, ErrorKind, Result};

/// Bytes read at a segment's end at first, to find its last frame.
const END_READ: u64 = 320 << 10;
/// How often a log is read before damage is believed: a collection may take segments away under a
/// reader's eyes.
pub(super) const LOOKS: u32 = 3;
const FORMAT_TEXT: &str = "partita store, format 1\n";
const FORMAT_DRAFT: &str = "FORMAT.tmp";

impl Log {
    /// Opens a store, and creates it first if it is not there and the options say so.
    pub(crate) fn open(vfs: Arc<dyn Vfs>, options: LogOptions) -> Result<Self> {
        let (mut newest, mut is_complete) = find(&*vfs)?;
        if newest.is_none() && (options.read_only || !options.create) {
            return Err(Error::not_found("there is no store; create one first"));
        }
        if !is_complete && !options.read_only {
            create(&*vfs, &options)?;
            (newest, is_complete) = find(&*vfs)?;
        }
        debug_assert!(is_complete || options.read_only);
        if newest.is_none() {
            return Err(Error::corrupt("the first segment is gone right after its creation"));
        }
        let log = Self::load(&vfs, &options)?;
        // A scan that raced a writer may take for damage what is none: look again, undisturbed.
        if log.state().damage.is_empty() {
            return Ok(log);
        }
        let lock = if options.read_only { Ok(None) } else { log.lock().map(Some) };
        let again = Self::load(&vfs, &options);
        drop(lock);
        again
    }

    /// Reads the newest segment's state. Segments that are retired while it looks are no damage:
    /// then it looks again.
    pub(super) fn load(vfs: &Arc<dyn Vfs>, options: &LogOptions) -> Result<Self> {
        Self::load_within(vfs, options, LOOKS)
    }

    /// As [`load`](Self::load), and begins anew so often at the most at each look.
    pub(super) fn load_within(vfs: &Arc<dyn Vfs>, options: &LogOptions, anew: u32) -> Result<Self> {
        let mut looks = 0;
        loop {
            looks += 1;
            let newest = newest_log(&**vfs)?
                .ok_or_else(|| Error::corrupt("the store has no log segment any more"))?;
            let loaded = Self::begin(vfs.clone(), options.clone(), newest).and_then(|log| {
                let mut tail = log.tail();
                let mark = log.mark(&tail);
                tail.anew = anew;
                log.replay(&mut tail).map_err(|error| error.context("open the log"))?;
                log.heed_mark(&tail, mark);
                drop(tail);
                Ok(log)
            });
            let whole = loaded.as_ref().is_ok_and(|log| log.state().damage.is_empty());
            if whole || looks == LOOKS {
                return loaded;
            }
        }
    }

    /// Makes the state as of the newest segment's last snapshot.
    fn begin(vfs: Arc<dyn Vfs>, options: LogOptions, newest: SegmentId) -> Result<Self> {
        let segment = Arc::new(Segment::open(&*vfs, newest)?);
        let (from, before) = match last_snapshot(&segment)? {
            Some((offset, header)) => (offset, header.sequence - 1),
            None => (FRAMES_FROM, 0),
        };
        segment.set_end(from);
        let mut state = State { current: newest.number, ..State::default() };
        state.segments.insert(newest, segment.clone());
        let mut tail = Tail::new(segment, from, before)?;
        tail.durable = from;
        let shared = Shared {
            medium: Medium::new(vfs),
            options,
            state: RwLock::new(state),
            tail: Mutex::new(tail),
            writing: AtomicBool::new(false),
            queue: Queue::default(),
            spending: AtomicBool::new(false),
            freeing: Default::default(),
            grown: Default::default(),
        };
        Ok(Log { shared: Arc::new(shared) })
    }
}

/// Returns the newest log segment, or none where there is no store; and whether the format file is
/// there, the last to come when a store is created.
fn find(vfs: &dyn Vfs) -> Result<(Option<SegmentId>, bool)> {
    let names = match vfs.list("") {
        Ok(names) => names,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((None, false)),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            return Err(Error::invalid("the store's directory is a file"));
        }
        Err(error) => return Err(Error::io("list the store's directory", error)),
    };
    let has = |name: &str| names.iter().any(|found| found == name);
    if has(FORMAT_FILE) {
        read_format(vfs)?;
    }
    let newest = newest_log(vfs)?;
    if newest.is_none() && has(FORMAT_FILE) {
        return Err(Error::corrupt(
            "the store has no segment: its log is missing; put the files back from a copy",
        ));
    }
    if newest.is_none() && !names.iter().all(|name| is_ours(name)) {
        return Err(Error::invalid(
            "the directory holds other files and no store; name an empty or a new one",
        ));
    }
    Ok((newest, has(FORMAT_FILE)))
}

pub(super) fn newest_log(vfs: &dyn Vfs) -> Result<Option<SegmentId>> {
    let segments = match vfs.list(DIRECTORY) {
        Ok(segments) => segments,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(Error::io("list the store's segments", error)),
    };
    let logs = segments.iter().filter_map(|name| SegmentId::from_file_name(name));
    Ok(logs.filter(|id| !id.role_data).max())
}

fn is_ours(name: &str) -> bool {
    [LOCK_FILE, MAINTENANCE_FILE, FORMAT_DRAFT, DIRECTORY].contains(&name)
        || super::reserve::NAMES.contains(&name)
}

fn read_format(vfs: &dyn Vfs) -> Result<()> {
    let doing = |error| Error::io(format!("read {FORMAT_FILE}"), error);
    let file = vfs.open(FORMAT_FILE, false).map_err(doing)?;
    let mut bytes = [0; 128];
    let read = file.read_at(&mut bytes, 0).map_err(doing)?;
    let text = std::str::from_utf8(&bytes[..read]).unwrap_or_default();
    if holds(CheckSite::Format, text == FORMAT_TEXT) {
        return Ok(());
    }
    let version = text.lines().next().and_then(|line| line.strip_prefix("partita store, format "));
    match version.and_then(|version| version.parse::<u64>().ok()) {
        Some(1) | None => Err(Error::corrupt(format!(
            "the store's {FORMAT_FILE} file is damaged; it must read {FORMAT_TEXT:?}"
        ))),
        Some(version) => Err(Error::new(
            ErrorKind::Unsupported,
            format!("the store has format {version}, this version reads 1; use a newer version"),
        )),
    }
}

/// Creates a store, or ends what a process began that was killed over it.
fn create(vfs: &dyn Vfs, options: &LogOptions) -> Result<()> {
    let doing = |error| Error::io("create the store", error);
    vfs.create_dir("").map_err(doing)?;
    vfs.create_dir(DIRECTORY).map_err(doing)?;
    let _lock = lock(vfs, LOCK_FILE, &options.patience)?;
    match find(vfs)? {
        (Some(_), true) => return Ok(()),
        (Some(_), false) => {}
        (None, _) => create_first_segment(vfs, options)?,
    }
    write_format(vfs)
}

/// Writes the file that says what the directory is.
pub(super) fn write_format(vfs: &dyn Vfs) -> Result<()> {
    let doing = |error| Error::io(format!("write {FORMAT_FILE}"), error);
    // The format file is the last to come, also on a file system that keeps no order of names.
    vfs.sync_dir("", SyncSite::SegmentsName).map_err(doing)?;
    let _ = vfs.remove(FORMAT_DRAFT);
    let file = vfs.create_new(FORMAT_DRAFT).map_err(doing)?;
    file.write_at(FORMAT_TEXT.as_bytes(), 0).map_err(doing)?;
    file.sync_data(SyncSite::Format).map_err(doing)?;
    vfs.rename(FORMAT_DRAFT, FORMAT_FILE).map_err(doing)?;
    sync_names(vfs)
}

/// Makes the names of the store and of what is in it durable.
pub(super) fn sync_names(vfs: &dyn Vfs) -> Result<()> {
    let doing = |error| Error::io("sync the store's directory", error);
    vfs.sync_dir("", SyncSite::StoreName).map_err(doing)?;
    vfs.sync_dir("", SyncSite::ParentName).map_err(doing)
}

fn create_first_segment(vfs: &dyn Vfs, options: &LogOptions) -> Result<()> {
    let mut random = [0; 48];
    (options.entropy)(&mut random)?;
    let header = SegmentHeader {
        id: SegmentId::log(1),
        store: random[..16].try_into().expect("sixteen bytes"),
        salt: random[16..].try_into().expect("32 bytes"),
        predecessor_len: 0,
        predecessor_tag: [0; 16],
    };
    let live = LiveSegment { id: header.id, len: 0, tables: Vec::new() };
    let base = SnapshotHead { refs: None, segments: vec![live], table: None };
    let base = Head::Snapshot(base);
    let payload = payload::encode(
        &base,
        &Parts::default(),
        FRAMES_FROM as u32,
        None,
        None,
        &[],
        Level::Quick,
    );
    // Where something has the name there is a first segment.
    super::snapshot::write_segment(vfs, &header, &payload).map(drop)
}

/// Finds the last snapshot frame through the last frame's header, without reading what is between.
/// None where it cannot be found so; then all frames are replayed.
pub(super) fn last_snapshot(segment: &Segment) -> Result<Option<(u64, FrameHeader)>> {
    let len = segment.file_len()?;
    let mut window = END_READ;
    let last = loop {
        let from = len.saturating_sub(window).max(FRAMES_FROM.min(len));
        let bytes = segment.read_some(from, usize::try_from(len - from).unwrap_or(usize::MAX))?;
        if let Some(at) = segment.keys.find_last_header(&bytes, from) {
            let offset = from + at as u64;
            break segment.keys.decode_header(&bytes[at..], offset).map(|header| (offset, header));
        }
        if from <= FRAMES_FROM {
            break None;
        }
        window *= 8;
    };
    let Some((offset, header)) = last else { return Ok(None) };
    let at = if header.kind == FrameKind::Snapshot { offset } else { header.snapshot.into() };
    if at < FRAMES_FROM {
        return Ok(None);
    }
    let candidates = [at, previous_snapshot(segment, at)?];
    for at in candidates {
        if at >= FRAMES_FROM
            && let Ok((header, _)) = segment.read_verified(at)
            && header.kind == FrameKind::Snapshot
        {
            return Ok(Some((at, header)));
        }
    }
    Ok(None)
}

fn previous_snapshot(segment: &Segment, at: u64) -> Result<u64> {
    let head = segment.read_some(at, HEADER)?;
    let header = segment.keys.decode_header(&head, at);
    Ok(header.map_or(0, |header| header.snapshot.into()))
}
