//! What the store remembers of a directory after its capture, committed with the capture itself.

use super::compare::There;
use crate::error::Result;
use crate::id::{CheckpointId, ObjectId, OperationId};
use crate::object::{FilePath, Trace};
use crate::session::{Alongside, FileMap};
use crate::store::{Batch as StoreBatch, Store};
use crate::workspace::directory::Directory;
use crate::workspace::lock::DirectoryLock;
use crate::workspace::record::{Record, Traces, implied_at};
use crate::workspace::stats::{Stat, StatCache};

/// A capture's record on its way.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) store: Store,
    pub(super) record: Record,
    /// Whether the record before is of the session's own line.
    pub(super) is_ours: bool,
    pub(super) directory: Vec<u8>,
    pub(super) session: OperationId,
    /// What is at the paths that were looked at, in their order.
    pub(super) there: Vec<(FilePath, There)>,
    pub(super) cache: StatCache,
    /// Files that changed at this time or later may change again without another time.
    pub(super) racy_from: (i64, u32),
    /// Temporary files of a checkout that was cut short, and what removes them.
    pub(super) leftovers: Vec<FilePath>,
    pub(super) temporary: Option<String>,
    pub(super) disk: Option<Directory>,
    pub(super) id: Option<ObjectId>,
    /// Given back when all is done.
    pub(super) _lock: Option<DirectoryLock>,
}

impl Recording {
    /// The paths where something else is than the new state says, and what that is. `now` has the
    /// new state's files.
    fn exceptions(&self, batch: &StoreBatch, now: FileMap) -> Result<Traces> {
        let mut exceptions = Traces::new();
        let mut note = |path: &FilePath, traces: Vec<Trace>| -> Result<()> {
            if implied_at(now, batch, path)? != traces {
                exceptions.insert(path.clone(), traces);
            }
            Ok(())
        };
        for (path, there) in &self.there {
            let trace = there.as_ref().map(|(entry, _)| Trace::Entry(entry.clone()));
            note(path, trace.into_iter().collect())?;
        }
        let before = if self.is_ours { self.record.files() } else { FileMap::EMPTY };
        let unlike = match before.unlike(now, batch) {
            Err(error) if error.kind().is_absence() => Vec::new(),
            paths => paths?,
        };
        let known = self.record.exceptions().keys().filter(|_| self.is_ours);
        let is_looked_at =
            |path: &FilePath| self.there.binary_search_by(|(other, _)| other.cmp(path)).is_ok();
        for path in unlike.iter().chain(known).filter(|path| !is_looked_at(path)) {
            let was = match self.is_ours {
                true => self.record.at(&self.store, path)?,
                false => Vec::new(),
            };
            note(path, was)?;
        }
        Ok(exceptions)
    }

    /// Tells whether the record says all of it already, of the same files under another checkpoint.
    fn is_known(&self, now: FileMap, exceptions: &Traces) -> bool {
        self.is_ours
            && self.record.session() == Some(self.session)
            && self.record.checkpoint().is_some()
            && self.record.temporary().is_none()
            && self.record.files() == now
            && self.record.exceptions() == exceptions
    }

    fn is_racy(&self, stat: &Stat) -> bool {
        stat.newest() >= self.racy_from
    }
}

impl Alongside for Recording {
    fn put(&mut self, batch: &mut StoreBatch, checkpoint: Option<CheckpointId>) -> Result<bool> {
        let now = match checkpoint {
            Some(id) => FileMap::of(batch, id)?,
            None => FileMap::EMPTY,
        };
        let exceptions = self.exceptions(batch, now)?;
        if self.is_known(now, &exceptions) {
            self.id = self.record.id();
            return Ok(false);
        }
        let (directory, session) = (&self.directory, self.session);
        let put = self.record.put_captured(batch, directory, session, checkpoint, &exceptions)?;
        self.id = put.or(self.record.id());
        Ok(put.is_some())
    }

    fn done(mut self: Box<Self>) {
        for (path, there) in std::mem::take(&mut self.there) {
            let row = there.map(|(entry, stat)| (entry, stat.filter(|stat| !self.is_racy(stat))));
            self.cache.set(&path, row);
        }
        self.cache.save(self.id);
        if let (Some(disk), Some(temporary)) = (&mut self.disk, &self.temporary) {
            for path in &self.leftovers {
                // It is in nobody's way, and the next capture finds it again.
                let _ = disk.remove_temporary(path, temporary);
            }
        }
    }
}
