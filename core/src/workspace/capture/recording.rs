//! What the store remembers of a directory after its capture, committed with the capture itself.

use std::collections::btree_map::Entry::Vacant;
use std::collections::{BTreeMap, BTreeSet};

use super::compare::There;
use crate::error::Result;
use crate::id::{CheckpointId, ObjectId, OperationId};
use crate::object::{FilePath, Trace};
use crate::session::{Alongside, FileMap};
use crate::store::{Batch as StoreBatch, Store};
use crate::workspace::directory::Directory;
use crate::workspace::lock::DirectoryLock;
use crate::workspace::record::{Record, Traces};
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
    pub(super) there: BTreeMap<FilePath, There>,
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
    /// What is at the paths of which anything may be other than the new state says.
    fn traces(&self, batch: &StoreBatch, now: FileMap) -> Result<Traces> {
        let mut traces = Traces::new();
        for (path, there) in &self.there {
            let trace = there.as_ref().map(|(entry, _)| Trace::Entry(entry.clone()));
            traces.insert(path.clone(), trace.into_iter().collect());
        }
        let before = if self.is_ours { self.record.files() } else { FileMap::EMPTY };
        let mut others: BTreeSet<FilePath> = match before.unlike(now, batch) {
            Err(error) if error.kind().is_absence() => BTreeSet::new(),
            paths => paths?.into_iter().collect(),
        };
        if self.is_ours {
            others.extend(self.record.exceptions().keys().cloned());
        }
        for path in others {
            if let Vacant(trace) = traces.entry(path) {
                let was = match self.is_ours {
                    true => self.record.at(&self.store, trace.key())?,
                    false => Vec::new(),
                };
                trace.insert(was);
            }
        }
        Ok(traces)
    }

    /// Tells whether the record says all of it already, of the same files under another checkpoint.
    fn is_known(&self, now: FileMap, traces: &Traces) -> Result<bool> {
        let is_of_files = self.is_ours
            && self.record.session() == Some(self.session)
            && self.record.checkpoint().is_some()
            && self.record.temporary().is_none()
            && self.record.files() == now;
        if !is_of_files {
            return Ok(false);
        }
        for (path, traces) in traces {
            if self.record.at(&self.store, path)? != *traces {
                return Ok(false);
            }
        }
        Ok(true)
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
        let traces = self.traces(batch, now)?;
        if self.is_known(now, &traces)? {
            self.id = self.record.id();
            return Ok(false);
        }
        let put =
            self.record.put_captured(batch, &self.directory, self.session, checkpoint, &traces)?;
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
