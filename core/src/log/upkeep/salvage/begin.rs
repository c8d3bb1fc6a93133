//! A log begun anew with what is whole, and the files that it leaves moved away.

use std::collections::HashSet;

use crate::error::{Error, Result};
use crate::id::IdMap;
use crate::log::format::head::{Head, LiveSegment, SnapshotHead};
use crate::log::format::payload::NewPayload;
use crate::log::format::segment::{DIRECTORY, FRAMES_FROM, SegmentHeader, SegmentId};
use crate::log::format_file::write_format;
use crate::log::options::LogOptions;
use crate::log::transaction::NewObject;
use crate::log::upkeep::salvage::found::Salvage;
use crate::log::vfs::wait::{LOCK_FILE, MAINTENANCE_FILE, lock};
use crate::log::vfs::{SyncSite, Vfs, VfsLock};
use crate::log::write::encode::Encoder;
use crate::log::write::handle::Log;
use crate::log::write::snapshot::write_segment;

/// The directory that files go to which are no part of the store any more.
const QUARANTINE: &str = "quarantine";

/// What becomes of the files of a damaged store once a new log was begun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moves {
    /// Files that are moved aside: their names among the segments, and their new names in the
    /// store's directory.
    pub(crate) aside: Vec<(String, String)>,
    /// Files of segments that a commit had retired: they were to go, and go.
    pub(crate) gone: Vec<String>,
}

impl Salvage {
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
        let mut fresh = IdMap::default();
        let mut encoder = Encoder::copying(&self.log, next, FRAMES_FROM as u32, &mut fresh);
        for ready in self.log.prepare(objects)? {
            encoder.add(&ready)?;
        }
        let refs = self.log.encode_refs(&mut encoder)?;
        let mut segments = self.whole.clone();
        segments.extend(copies);
        segments.push(LiveSegment { id: next, len: 0, tables: Vec::new() });
        let head = Head::Snapshot(SnapshotHead { refs, segments, table: None });
        let payload = NewPayload::new(&head, &encoder.parts, FRAMES_FROM as u32).encode();
        let vfs = &*self.log.medium().vfs;
        if !write_segment(vfs, &header, &payload)? {
            return Err(Error::conflict(format!("segment {next} came meanwhile; recover again")));
        }
        write_format(vfs)
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
pub(crate) fn lock_out(vfs: &dyn Vfs, options: &LogOptions) -> Result<[Box<dyn VfsLock>; 2]> {
    let maintenance = lock(vfs, MAINTENANCE_FILE, &options.patience)?;
    Ok([maintenance, lock(vfs, LOCK_FILE, &options.patience)?])
}
