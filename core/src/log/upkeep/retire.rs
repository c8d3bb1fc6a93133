//! Retirement: segments whose objects have been copied, or are not wanted any more, give way. One
//! commit attaches the copies and retires the segments; then the files go.

use crate::error::{Error, ErrorKind, Result};
use crate::log::format::frame::{FrameHeader, FrameKind, HEADER};
use crate::log::format::head::LiveSegment;
use crate::log::format::segment::{DIRECTORY, FRAMES_FROM, SegmentId};
use crate::log::read::base::last_snapshot;
use crate::log::read::segment_file::Segment;
use crate::log::transaction::Transaction;
use crate::log::vfs::wait::{MAINTENANCE_FILE, lock};
use crate::log::vfs::{SyncSite, VfsLock};
use crate::log::write::group::Building;
use crate::log::write::handle::Log;

/// What takes the place of what.
#[derive(Debug, Default)]
pub(crate) struct Retirement {
    /// Goes into the commit beside it.
    pub(crate) transaction: Transaction,
    pub(crate) attached: Vec<LiveSegment>,
    pub(crate) retired: Vec<SegmentId>,
}

/// Why a retirement failed, and whether its commit happened.
#[derive(Debug)]
pub(crate) enum Unretired {
    /// Nothing was committed: what was to be attached is nobody's.
    Before(Error),
    /// The commit happened, or may have: what it attached may be all that there is.
    After(Error),
}

impl From<Unretired> for Error {
    fn from(why: Unretired) -> Self {
        match why {
            Unretired::Before(error) | Unretired::After(error) => error,
        }
    }
}

impl Log {
    /// Begins a new log segment, so that those before it change no more. Returns it, and those.
    pub(crate) fn freeze(&self) -> Result<(SegmentId, Vec<SegmentId>)> {
        self.under_lock(|tail| {
            self.make_ready(tail)?;
            // A segment of its base frame alone holds nothing worth copying.
            if tail.sequence > 1 {
                self.rotate(tail)?;
                self.make_ready(tail)?;
            }
            let current = tail.segment.id;
            let others =
                self.state().segments.keys().copied().filter(|id| *id != current).collect();
            Ok((current, others))
        })
    }

    /// Commits a retirement that `last` completes while nobody else can commit, and removes the
    /// retired files. Durable when it returns: the files do not come back.
    pub(crate) fn retire(
        &self,
        last: &mut dyn FnMut() -> Result<Retirement>,
    ) -> Result<(), Unretired> {
        let mut begun = false;
        let outcome = self.under_lock(|tail| {
            self.make_ready(tail)?;
            let Retirement { transaction, attached, retired } = last()?;
            self.refuse_orphans(&retired)?;
            self.seal(&retired)?;
            let mut item = self.item(transaction)?;
            item.attached.extend(attached);
            item.retired = retired.clone();
            let mut group = Building::new(tail);
            self.check_updates(&group, item.updates())?;
            self.encode(tail, &mut group, &item)?;
            begun = true;
            self.write(tail, &mut group)?;
            self.remove_retired()?;
            self.write_snapshot(tail)
        });
        outcome.map_err(|error| match begun {
            true => Unretired::After(error),
            false => Unretired::Before(error),
        })
    }

    /// Makes sure that whoever stands at the end of a log segment learns that it has a successor,
    /// whose file may be gone by then too. Refuses where commits stand that the successor does not
    /// count: with the segment the last of them would go.
    fn seal(&self, retired: &[SegmentId]) -> Result<()> {
        for id in retired.iter().filter(|id| !id.role_data) {
            let segment = self.segment(*id)?;
            if let Some(void) = self.void_commits(&segment)? {
                return Err(void.damage().error().context("nothing is collected"));
            }
            let end = segment.end();
            let head = segment.read_some(end, HEADER)?;
            let found = segment.keys.decode_header(&head, end);
            if found.is_some_and(|header| header.kind == FrameKind::Seal) {
                continue;
            }
            let header = FrameHeader {
                kind: FrameKind::Seal,
                payload: 0,
                snapshot: 0,
                durable: end as u32,
                sequence: last_sequence(&segment)? + 1,
            };
            let seal = segment.keys.frame(&header, end, &segment.tag_before(end)?, &[]);
            let file = segment.writing(&*self.medium().vfs)?;
            self.write_with_reserve(file, &seal, end)
                .map_err(|error| Error::io(format!("seal segment {id}"), error))?;
        }
        Ok(())
    }

    /// Takes the lock that lets one collection run at a time.
    pub(crate) fn maintenance_lock(&self) -> Result<Box<dyn VfsLock>> {
        if self.options.read_only {
            return Err(Error::new(ErrorKind::ReadOnly, "the store was opened for reading only"));
        }
        lock(&*self.medium().vfs, MAINTENANCE_FILE, &self.options.patience)
    }

    /// Removes files among the segments that no commit names.
    pub(crate) fn remove_strays(&self, names: &[String]) -> Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        self.under_lock(|tail| {
            self.make_ready(tail)?;
            let vfs = &*self.medium().vfs;
            for name in names {
                // What has another name than ours is somebody's.
                let Some(id) = SegmentId::from_file_name(name) else { continue };
                if !self.state().segments.contains_key(&id) {
                    match vfs.remove(&id.path()) {
                        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                            return Err(Error::io(format!("remove {name}"), error));
                        }
                        _ => {}
                    }
                }
            }
            vfs.sync_dir(DIRECTORY, SyncSite::Removal)
                .map_err(|error| Error::io("sync the directory of the segments", error))
        })
    }

    /// Removes copies that no commit attached.
    pub(crate) fn discard_copies(&self, copies: &[LiveSegment]) {
        for copy in copies {
            self.discard(copy.id);
        }
    }

    /// Refuses to retire a segment that holds the index of one that stays.
    fn refuse_orphans(&self, retired: &[SegmentId]) -> Result<()> {
        let state = self.state();
        let orphan = state
            .tables
            .iter()
            .find(|slot| retired.contains(&slot.host) && !retired.contains(&slot.segment));
        match orphan {
            None => Ok(()),
            Some(slot) => Err(Error::new(
                ErrorKind::Invalid,
                format!("segment {} has the index of {}, which stays", slot.host, slot.segment),
            )),
        }
    }
}

/// Returns the number of a segment's last frame.
fn last_sequence(segment: &Segment) -> Result<u32> {
    let mut at = last_snapshot(segment)?.map_or(FRAMES_FROM, |(offset, _)| offset);
    let mut sequence = 0;
    while at < segment.end() {
        let head = segment.read_some(at, HEADER)?;
        let Some(header) = segment.keys.decode_header(&head, at) else {
            return Err(segment.damaged(at, "no frame begins there"));
        };
        sequence = header.sequence;
        at += header.frame_len();
    }
    Ok(sequence)
}
