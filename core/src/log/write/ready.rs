//! The tail of the log: made ready for a commit, begun anew in the next segment, closed.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::log::format::frame::FrameKind;
use crate::log::format::segment::{DIRECTORY, FRAMES_FROM, SegmentId};
use crate::log::read::mark;
use crate::log::read::tail::Tail;
use crate::log::transaction::Durability;
use crate::log::vfs::wait::{LOCK_FILE, Patience, lock};
use crate::log::vfs::{SyncSite, Vfs};
use crate::log::write::group::{BLOCK, Building};
use crate::log::write::handle::Log;

/// Bytes of a segment after which a commit is preceded by a snapshot, so that opening replays little
/// more than this and one group of commits.
const SNAPSHOT_EVERY: u64 = 256 << 10;
/// How long closing waits for other processes' commits.
const CLOSE_WAIT: Duration = Duration::from_millis(500);
/// Old bytes that the first commit of a process verifies.
const VERIFY_BYTES_MAX: u64 = 64 << 20;

impl Log {
    /// Brings the tail to where a commit can be written: nothing of others is missing, nothing is
    /// damaged, what nobody vouches for is written again, a snapshot is near.
    pub(crate) fn make_ready(&self, tail: &mut Tail) -> Result<()> {
        refuse_poisoned(tail)?;
        self.advance(tail)?;
        // From here on readers of this process need not wait: nobody else can add to what is known.
        self.writing.store(true, Ordering::Release);
        self.refuse_damage()?;
        if !tail.verified {
            self.verify_recent(VERIFY_BYTES_MAX)?;
            self.refuse_damage()?;
            self.remove_retired()?;
            tail.verified = true;
        }
        // What another process left behind the end may have come since this one made ready.
        while !tail.ready || tail.garbage {
            tail.zeroed = tail.segment.file_len()?;
            if tail.garbage || !self.is_zero_behind(tail)? {
                self.rotate(tail)?;
                self.refuse_damage()?;
                continue;
            }
            self.vouch(tail)?;
            tail.ready = true;
        }
        if tail.end - u64::from(tail.snapshot).max(FRAMES_FROM) >= SNAPSHOT_EVERY {
            self.remove_retired()?;
            self.write_snapshot(tail)?;
            self.shared.grown.store(true, Ordering::Release);
        }
        Ok(())
    }

    fn refuse_damage(&self) -> Result<()> {
        match self.state().damage.first() {
            Some(damage) => Err(damage.error().context("nothing is written")),
            None => Ok(()),
        }
    }

    /// Tells whether behind the last frame, and the marker of closing if there is one, stand
    /// zeros alone.
    fn is_zero_behind(&self, tail: &Tail) -> Result<bool> {
        let marker = self.close_marker(tail);
        let len = usize::try_from(tail.zeroed.saturating_sub(tail.end)).unwrap_or(usize::MAX);
        let bytes = tail.segment.read_some(tail.end, len)?;
        let rest = bytes.strip_prefix(&marker[..]).unwrap_or(&bytes);
        Ok(rest.iter().all(|&byte| byte == 0))
    }

    /// Makes sure of frames that another process may have written without a sync: they are
    /// written again in place, and the sync of the commit that follows covers them.
    fn vouch(&self, tail: &mut Tail) -> Result<()> {
        let vfs = &*self.medium().vfs;
        if tail.sequence <= 1 {
            // Nothing but the base frame: the segment's name may not be durable yet.
            vfs.sync_dir(DIRECTORY, SyncSite::SegmentName)
                .map_err(|error| Error::io("sync the directory of the segments", error))?;
            if tail.segment.id.number == 1 {
                // Nor may the store's, if whoever created it was killed over that.
                crate::log::format_file::sync_names(vfs)?;
            }
        }
        let from = tail.durable.max(FRAMES_FROM);
        if from < tail.end {
            let len = usize::try_from(tail.end - from).expect("a segment fits into memory");
            let bytes = tail.segment.read(from, len)?;
            let file = tail.segment.writing(vfs)?;
            file.write_at(&bytes, from).map_err(|error| self.poison(tail, error))?;
        }
        Ok(())
    }

    /// Leaves the marker that says that all is durable.
    pub(crate) fn close(&self) {
        let wrote = {
            let tail = self.tail();
            tail.wrote && tail.poisoned.is_none()
        };
        if !wrote {
            return;
        }
        if self.options.durability == Durability::Sync {
            self.mark_end();
        }
        self.keep_reserve();
    }

    fn mark_end(&self) {
        // The marker is worth no long wait.
        let vfs = &*self.medium().vfs;
        let Ok(_lock) = lock(vfs, LOCK_FILE, &Patience::new(CLOSE_WAIT)) else { return };
        let mut tail = self.tail();
        // Others may have gone on, and then it is theirs to say.
        let ours = tail.durable == tail.end;
        if ours && self.advance(&mut tail).is_ok() && tail.durable == tail.end && !tail.garbage {
            let marker = self.close_marker(&tail);
            if let Ok(file) = tail.segment.writing(&*self.medium().vfs)
                && tail.end + marker.len() as u64 <= tail.zeroed
            {
                let _ = file.write_at(&marker, tail.end);
                // Of the zeros ahead one block stays. Under the lock nobody writes behind the end,
                // and whoever counts on more zeros than there are makes the file longer.
                let len = (tail.end + marker.len() as u64).next_multiple_of(BLOCK);
                if len < tail.zeroed {
                    let _ = file.cut(len);
                }
            }
            leave_mark(&*self.medium().vfs, &tail);
        }
    }

    /// Makes everything committed so far durable.
    pub(crate) fn sync(&self) -> Result<()> {
        if self.options.read_only {
            return Ok(());
        }
        let _lock = self.lock()?;
        let mut tail = self.tail();
        refuse_poisoned(&tail)?;
        self.advance(&mut tail)?;
        if !tail.ready && tail.durable < tail.end && self.state().damage.is_empty() {
            // Frames of others: a sync of theirs that failed may have lost them, and the system says
            // that only once.
            self.vouch(&mut tail)?;
        }
        let segment = tail.segment.clone();
        let file = segment.writing(&*self.medium().vfs)?;
        file.sync_data(SyncSite::Commit).map_err(|error| self.poison(&mut tail, error))?;
        tail.durable = tail.end;
        Ok(())
    }

    /// Begins the next segment; what comes after goes there. Where others have begun it already,
    /// goes on in theirs.
    ///
    /// The old one is synced first as it stands: what was taken back behind its end must not come
    /// back whole in a crash, for it would look like a commit that was acknowledged.
    pub(crate) fn rotate(&self, tail: &mut Tail) -> Result<()> {
        if tail.durable < tail.end {
            self.vouch(tail)?;
        }
        let segment = tail.segment.clone();
        let file = segment.writing(&*self.medium().vfs)?;
        file.sync_data(SyncSite::Commit).map_err(|error| self.poison(tail, error))?;
        tail.durable = tail.end;
        let next = SegmentId::log(segment.id.number + 1);
        self.create_segment(tail, next)?;
        self.advance(tail)?;
        if tail.segment.id == segment.id {
            return Err(Error::conflict(format!("segment {next} came and went; try again")));
        }
        Ok(())
    }

    /// Writes a snapshot at the tail.
    pub(crate) fn write_snapshot(&self, tail: &mut Tail) -> Result<()> {
        let mut group = Building::new(tail);
        let payload = self.snapshot_payload(tail, &mut group.fresh, group.offset as u32)?;
        self.push_frame(tail, &mut group, FrameKind::Snapshot, &payload, None)?;
        self.write(tail, &mut group)
    }

    /// Removes the files of segments that were retired since the last snapshot, and of which a
    /// crash may have left some.
    pub(crate) fn remove_retired(&self) -> Result<()> {
        let retired = std::mem::take(&mut self.state_mut().retired);
        if retired.is_empty() {
            return Ok(());
        }
        let removed = self.remove_files(&retired);
        if removed.is_err() {
            // Until their names are gone for good, whoever comes to it next removes them again.
            self.state_mut().retired = retired;
        }
        removed
    }

    fn remove_files(&self, retired: &[SegmentId]) -> Result<()> {
        let vfs = &*self.medium().vfs;
        for id in retired {
            match vfs.remove(&id.path()) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    let doing = format!("remove segment {id}, which is not needed any more");
                    return Err(Error::io(doing, error));
                }
                _ => {}
            }
        }
        vfs.sync_dir(DIRECTORY, SyncSite::Removal)
            .map_err(|error| Error::io("sync the directory of the segments", error))
    }
}

/// Leaves the mark. A failure costs nothing but the mark.
fn leave_mark(vfs: &dyn Vfs, tail: &Tail) {
    let bytes = mark::encode(&tail.segment, tail.end);
    let file = vfs.open(mark::FILE, true).or_else(|_| vfs.create_new(mark::FILE));
    let _ = file.and_then(|file| file.write_at(&bytes, 0));
}

fn refuse_poisoned(tail: &Tail) -> Result<()> {
    let Some(why) = &tail.poisoned else { return Ok(()) };
    let message = "an earlier write failed, so this handle writes no more; reopen the store";
    Err(Error::new(ErrorKind::Poisoned, message).with_source(why.clone()))
}
