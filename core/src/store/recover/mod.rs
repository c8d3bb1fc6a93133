//! Recovery of a damaged store: what is whole is copied, what is not is put aside, nothing is
//! deleted, and whatever could be read before can be read after or is named as lost.

mod choose;
mod fragments;
mod operations;
mod plan;
mod record;
mod report;
mod stones;
mod versions;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use super::catalogue::{self, Catalogue};
use super::check::CheckProgress;
use super::progress::Progress;
use super::refs::{LOST, PURGED, RECOVERY};
use super::{Inner, Store, StoreOptions};
use crate::error::{ErrorKind, Result};
use crate::id::ObjectId;
use crate::log::{Copier, Disk, Listed, NewObject, Payload, Salvage, Vfs, lock_out};
use plan::Plan;
pub use report::{LostVersion, RecoverReport, RecoveredSession, SetBack, UnreadLog};
use stones::{Stones, bury};

/// The errors of a check that tell of damage.
const IS_DAMAGE: [ErrorKind; 3] = [ErrorKind::Corrupt, ErrorKind::NotFound, ErrorKind::Purged];

impl StoreOptions {
    /// Makes a damaged store whole again, with what is left of it: copies every object that is
    /// whole, lets each session go on from the newest operation whose state can be read, gives a
    /// session to every state that nothing leads to any more, and leaves a tombstone for whatever
    /// is lost. The damaged files move to `quarantine` in the store's directory; nothing is
    /// deleted but the files of segments that a commit had given up already. A store without damage
    /// stays as it is. Needs room for a copy.
    ///
    /// What could be read before can be read afterwards, or the report names it. The report is
    /// stored before any file is moved: one that was cut short, at whatever moment, goes on when it
    /// is run again, and tells the same.
    ///
    /// # Errors
    /// `Corrupt` if no segment has a whole header. `Busy` while others write. `Io` if the medium
    /// refuses, or if `progress` ended it.
    pub fn recover(
        self,
        directory: impl AsRef<Path>,
        progress: Progress<'_, CheckProgress>,
    ) -> Result<RecoverReport> {
        let directory = directory.as_ref();
        self.recover_vfs(Arc::new(Disk::new(directory)), progress)
            .and_then(|report| {
                // It may know of what is lost.
                if report.time.is_some() {
                    catalogue::remove(directory)?;
                }
                Ok(report)
            })
            .map_err(|error| error.context(format!("store {}", directory.display())))
    }

    /// As [`recover`](Self::recover), over a file layer of the caller's own, for tests.
    ///
    /// # Errors
    /// As [`recover`](Self::recover).
    pub fn recover_vfs(
        self,
        vfs: Arc<dyn Vfs>,
        progress: Progress<'_, CheckProgress>,
    ) -> Result<RecoverReport> {
        match self.clone().create(false).read_only(true).open_vfs(vfs.clone()) {
            Ok(store) => match store.check(progress) {
                Ok(report) if report.is_ok() => return self.finish(&vfs, &store, report.objects),
                Ok(_) => {}
                // What is missing where it is needed is damage as well.
                Err(error) if IS_DAMAGE.contains(&error.kind()) => {}
                Err(error) => return Err(error),
            },
            Err(error) if error.kind() == ErrorKind::Corrupt => {}
            Err(error) => return Err(error),
        }
        let locks = lock_out(&*vfs, &self.log)?;
        self.rebuild(&vfs, progress)?;
        drop(locks);
        // What it told is read back from the store: what cannot be read there was not told.
        let store = self.clone().create(false).read_only(true).open_vfs(vfs.clone())?;
        let report = self.finish(&vfs, &store, 0)?;
        Ok(RecoverReport { is_earlier: false, ..report })
    }

    /// Ends what a recovery began, if one did, and tells what it found.
    fn finish(&self, vfs: &Arc<dyn Vfs>, store: &Store, objects: u64) -> Result<RecoverReport> {
        let Some((report, moves)) = record::of(store)? else {
            return Ok(RecoverReport { objects, ..RecoverReport::default() });
        };
        if !store.log().has_left(&moves)? {
            return Ok(RecoverReport { is_earlier: true, ..report });
        }
        let _locks = lock_out(&**vfs, &self.log)?;
        store.log().refresh()?;
        store.log().clear_away(&moves)?;
        Ok(report)
    }

    /// Begins a new log with what is whole, and with what there is to tell.
    fn rebuild(&self, vfs: &Arc<dyn Vfs>, progress: Progress<'_, CheckProgress>) -> Result<()> {
        let mut done = 0;
        let mut salvage = Salvage::read(vfs.clone(), self.log.clone(), &mut |step| {
            done += step;
            progress(CheckProgress { done, total: done.next_power_of_two() })
        })?;
        let inner = Inner {
            log: salvage.log.clone(),
            clock: self.clock,
            entropy: self.log.entropy,
            directory: None,
            catalogue: Catalogue::new(None, false),
        };
        let store = Store { inner: Arc::new(inner) };
        let stones = Stones::read(&store, &salvage.listed)?;
        let listed: Vec<Listed> = salvage
            .listed
            .iter()
            .filter(|object| !stones.purged.contains_key(&object.id))
            .copied()
            .collect();
        let whole: HashSet<ObjectId> = listed.iter().map(|object| object.id).collect();
        salvage.leave_those_with(&stones.purged.keys().copied().collect())?;
        let plan = Plan::make(&store, &salvage, &listed, &whole, &stones)?;
        let Plan { mut refs, report, mut objects } = plan;
        let moves = salvage.moves()?;
        let Stones { purged, mut lost } = stones;
        lost.extend(report.lost.iter().map(|stone| (stone.target, stone.clone())));
        for (name, stones) in [(PURGED, purged), (LOST, lost)] {
            let map = bury(&store, &stones, &mut objects)?;
            refs.extend(map.map(|id| (name.to_owned(), id)));
        }
        let record = record::encode(&report, &moves);
        let id = ObjectId::of_content(&record);
        objects.push(NewObject { id, payload: Payload::Content(record.into()), base: None });
        refs.insert(RECOVERY.to_owned(), id);
        let mut copier = Copier::new(&salvage.log);
        for object in listed.iter().filter(|object| !salvage.stays(object.segment)) {
            copier.copy(object)?;
        }
        let copies = copier.finish()?;
        salvage.choose(refs.into_iter().map(|(name, id)| (name, Some(id))).collect());
        // What is new stands in the frame that makes the new log count, and nowhere before.
        salvage.begin_anew(copies, objects)
    }
}

impl Store {
    /// Returns the files among the segments that no commit names, but for those that a recovery is
    /// to move aside and did not come to.
    pub(super) fn strays_of_nobody(&self) -> Result<Vec<String>> {
        let mut strays = self.log().strays()?;
        if !strays.is_empty()
            && let Some((_, moves)) = record::of(self)?
        {
            strays.retain(|name| !moves.aside.iter().any(|(left, _)| left == name));
        }
        Ok(strays)
    }
}
