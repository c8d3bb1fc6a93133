//! Opening, and before it the creation of what is not there.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::log::format::head::{Head, LiveSegment, SnapshotHead};
use crate::log::format::parts::Parts;
use crate::log::format::payload::NewPayload;
use crate::log::format::segment::{DIRECTORY, FRAMES_FROM, SegmentHeader, SegmentId};
use crate::log::format_file::{FORMAT_DRAFT, FORMAT_FILE, read_format, write_format};
use crate::log::options::LogOptions;
use crate::log::read::base::newest_log;
use crate::log::read::reader::Reader;
use crate::log::vfs::Vfs;
use crate::log::vfs::wait::{LOCK_FILE, MAINTENANCE_FILE, lock};
use crate::log::write::handle::Log;
use crate::log::write::{reserve, snapshot};

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
        let reader = Reader::load(&vfs, &options)?;
        // A scan that raced a writer may take for damage what is none: look again, undisturbed.
        if reader.state().damage.is_empty() {
            return Ok(Log::new(reader));
        }
        let lock = match options.read_only {
            true => Ok(None),
            false => lock(&*vfs, LOCK_FILE, &options.patience).map(Some),
        };
        let again = Reader::load(&vfs, &options);
        drop(lock);
        again.map(Log::new)
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

fn is_ours(name: &str) -> bool {
    [LOCK_FILE, MAINTENANCE_FILE, FORMAT_DRAFT, DIRECTORY].contains(&name)
        || reserve::NAMES.contains(&name)
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
    let payload = NewPayload::new(&base, &Parts::default(), FRAMES_FROM as u32).encode();
    // Where something has the name there is a first segment.
    snapshot::write_segment(vfs, &header, &payload).map(drop)
}
