//! Checkouts: a plan carried out.
//!
//! What may be there at any moment is recorded before anything is touched, and what is there in
//! the end after it. So a checkout that is cut short anywhere leaves whole files, never makes the
//! next one delete what it did not write, and can simply be made again.

use std::path::Path;

use super::directory::{Directory, moved, system_bytes};
use super::draft::{Draft, Entries, Job, Seen, check_entries, see};
use super::plan::{CheckoutAction, CheckoutPlan};
use super::record::{Record, put_kept, temporary};
use super::site::Site;
use crate::error::{Error, Result};
use crate::id::{CheckpointId, OperationId};
use crate::limits::BULK_BYTES;
use crate::object::{Checkout, Entry};
use crate::session::Session;
use crate::store::Store;

impl Session {
    /// Returns what [`checkout`](Self::checkout) would do, and does nothing.
    ///
    /// # Errors
    /// As [`checkout`](Self::checkout).
    pub fn plan_checkout(
        &self,
        checkpoint: Option<CheckpointId>,
        directory: impl AsRef<Path>,
    ) -> Result<CheckoutPlan> {
        Ok(self.prepare_checkout(checkpoint, directory.as_ref())?.plan)
    }

    /// Writes the files of a checkpoint, or of the latest state, into a directory, which is made
    /// if need be, and returns what was done.
    ///
    /// Nothing outside the directory is written, nothing through a symlink below it, and nothing
    /// is deleted that an earlier checkout into the same directory did not write. What others
    /// wrote where the checkpoint has a file is [kept](CheckoutPlan::kept) in the store before it
    /// is replaced. A file system that folds case or normal forms makes two paths collide: the
    /// second is then `Conflict`, or replaces the first.
    ///
    /// A checkout that was cut short leaves whole files, and can be made again. The files are not
    /// synced: after a crash of the system the next checkout mends them.
    ///
    /// ```
    /// use partita::Store;
    /// let session = Store::in_memory()?.session("fix-parser")?;
    /// session.write("src/lib.rs", "fn parse() {}")?;
    /// let room = tempfile::tempdir().expect("a directory for this example");
    /// let plan = session.plan_checkout(None, room.path())?;
    /// assert_eq!(plan.create().count(), 1);
    /// session.checkout(None, room.path())?;
    /// let bytes = std::fs::read(room.path().join("src/lib.rs")).expect("just written");
    /// assert_eq!(bytes, b"fn parse() {}");
    /// assert!(session.plan_checkout(None, room.path())?.is_empty());
    /// # Ok::<(), partita::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` if a path of the checkpoint may not or cannot be written (it is in a `.git` or
    /// store directory, say), or if the directory is none or is the store's. `Conflict` if
    /// something stands in the way that no checkout wrote; nothing has been written then. Also
    /// `Conflict` if somebody changes the directory meanwhile, or another checkout into it runs:
    /// check out again. `Io` if the system refuses.
    pub fn checkout(
        &self,
        checkpoint: Option<CheckpointId>,
        directory: impl AsRef<Path>,
    ) -> Result<CheckoutPlan> {
        self.prepare_checkout(checkpoint, directory.as_ref())?.apply()
    }

    fn prepare_checkout(
        &self,
        checkpoint: Option<CheckpointId>,
        directory: &Path,
    ) -> Result<Prepared> {
        let snapshot = checkpoint.map_or_else(|| self.latest(), |id| self.at(id))?;
        let files = snapshot.files().map(|file| file.map(|file| (file.path, file.entry)));
        let entries = files.collect::<Result<Entries>>()?;
        let checkpoint = snapshot.checkpoint().map(|info| info.id);
        Prepared::new(self.store(), self.id(), checkpoint, &entries, directory)
    }
}

/// A checkout that is planned and not yet made.
#[derive(Debug)]
pub(super) struct Prepared {
    store: Store,
    session: OperationId,
    site: Site,
    pub(super) disk: Option<Directory>,
    record: Record,
    draft: Draft,
    plan: CheckoutPlan,
}

impl Prepared {
    pub(super) fn new(
        store: &Store,
        session: OperationId,
        checkpoint: Option<CheckpointId>,
        entries: &Entries,
        directory: &Path,
    ) -> Result<Self> {
        let site = Site::new(directory, store.directory())?;
        check_entries(entries, &site, store)?;
        let open = || Directory::open(&site.path);
        let mut disk =
            site.exists.then(open).transpose().map_err(|error| cannot_open(&site, error))?;
        let record = Record::load(store, &system_bytes(&site.path))?;
        let draft = Draft::new(entries, &record, disk.as_mut())?;
        let steps = draft.jobs.iter().map(|job| job.step.clone()).collect();
        let plan = CheckoutPlan { directory: site.path.clone(), checkpoint, steps };
        Ok(Prepared { store: store.clone(), session, site, disk, record, draft, plan })
    }

    #[cfg(test)]
    pub(super) fn into_plan(self) -> CheckoutPlan {
        self.plan
    }

    /// Does what the plan says.
    pub(super) fn apply(mut self) -> Result<CheckoutPlan> {
        let leftover = self.record.temporary();
        if let Some(disk) = &mut self.disk {
            disk.look_afresh();
            for path in self.record.traces().keys() {
                if let Some(leftover) = &leftover {
                    disk.remove_temporary(path, leftover)?;
                }
            }
        }
        let mut batch = self.store.batch();
        for job in self.draft.jobs.iter().filter(|job| job.step.kept.is_some()) {
            let disk = self.disk.as_mut().expect("something was seen in it");
            if Some(batch.put_content(kept_bytes(disk, job)?, None)?) != job.step.kept {
                return Err(moved(&job.step.path));
            }
            if batch.raw_bytes() > BULK_BYTES {
                let full = std::mem::replace(&mut batch, self.store.batch());
                full.commit()?;
            }
        }
        let kept = self.draft.jobs.iter().filter(|job| job.step.kept.is_some());
        let kept = kept.filter_map(|job| Some((&job.step.path, job.seen.clone()?)));
        let nonce = self.store.nonce()?;
        let mut checkout = Checkout {
            directory: system_bytes(&self.site.path),
            session: self.session,
            checkpoint: self.plan.checkpoint,
            written: None,
            kept: put_kept(&mut batch, kept)?,
            previous: self.record.newest_kept(),
            unfinished: Some(nonce),
        };
        if !self.plan.is_empty() || leftover.is_some() {
            self.record.commit(batch, checkout.clone(), self.draft.during.clone())?;
            let mut disk = self.disk.take().map_or_else(|| create(&self.site), Ok)?;
            self.write(&mut disk, &temporary(&nonce))?;
            batch = self.store.batch();
        } else if self.disk.is_none() {
            create(&self.site)?;
        }
        checkout.unfinished = None;
        self.record.commit(batch, checkout, self.draft.after)?;
        Ok(self.plan)
    }

    /// Deletes, then writes, symlinks last: until then there is none of ours to be led astray by.
    fn write(&mut self, disk: &mut Directory, temporary: &str) -> Result<()> {
        let jobs = &self.draft.jobs;
        for job in jobs.iter().filter(|job| job.step.action == CheckoutAction::Delete) {
            delete(disk, job)?;
        }
        for path in self.draft.emptied.iter().rev() {
            if !disk.remove_empty_dir(path)? {
                return Err(moved(path));
            }
        }
        for path in self.draft.unneeded.iter().rev() {
            let is_module = !self.draft.after.contains_key(path);
            if disk.remove_empty_dir(path)? {
                self.draft.after.remove(path);
            } else if is_module {
                return Err(moved(path));
            }
        }
        for path in &self.draft.new_dirs {
            if !disk.make_dir(path)? {
                self.draft.after.remove(path);
            }
        }
        let is_link = |job: &&Job| matches!(job.entry, Some(Entry::Symlink { .. }));
        let is_new = |job: &&Job| {
            matches!(job.step.action, CheckoutAction::Create | CheckoutAction::Overwrite)
        };
        let links = jobs.iter().filter(|job| is_link(job));
        let rest = jobs.iter().filter(|job| !is_link(job));
        for job in rest.chain(links).filter(is_new) {
            place(&self.store, disk, job, temporary)?;
        }
        Ok(())
    }
}

fn delete(disk: &mut Directory, job: &Job) -> Result<()> {
    let path = &job.step.path;
    if let Some(Entry::Submodule { .. }) = job.seen {
        // An empty directory, which goes with the others that nothing needs.
        return Ok(());
    }
    check_unmoved(disk, job)?;
    disk.remove_file(path)
}

fn place(store: &Store, disk: &mut Directory, job: &Job, temporary: &str) -> Result<()> {
    let path = &job.step.path;
    let replace = job.seen.is_some();
    if replace {
        check_unmoved(disk, job)?;
    }
    match &job.entry {
        Some(Entry::File { content, executable }) => {
            let bytes = store.read_content(*content)?;
            disk.place_file(path, temporary, &bytes, *executable, replace)
        }
        Some(Entry::Symlink { target }) => {
            disk.place_symlink(path, temporary, &store.read_content(*target)?, replace)
        }
        Some(Entry::Submodule { .. }) => {
            if replace {
                disk.remove_file(path)?;
            }
            disk.make_dir(path).map(drop)
        }
        Some(Entry::Removed) | None => Ok(()),
    }
}

/// Makes sure that what goes is what the plan saw, and, where it was kept, is in the store.
fn check_unmoved(disk: &mut Directory, job: &Job) -> Result<()> {
    match (see(disk, &job.step.path)?, &job.seen) {
        (Seen::Entry(now), Some(then)) if now == *then => Ok(()),
        _ => Err(moved(&job.step.path)),
    }
}

fn kept_bytes(disk: &mut Directory, job: &Job) -> Result<Vec<u8>> {
    let path = &job.step.path;
    match job.seen {
        Some(Entry::Symlink { .. }) => disk.read_link(path),
        _ => disk.read(path),
    }
}

fn create(site: &Site) -> Result<Directory> {
    std::fs::create_dir_all(&site.path)
        .and_then(|()| Directory::open(&site.path))
        .map_err(|error| cannot_open(site, error))
}

fn cannot_open(site: &Site, error: std::io::Error) -> Error {
    Error::io(format!("open {} to check out into", site.path.display()), error)
}
