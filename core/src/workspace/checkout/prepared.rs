//! Prepared checkouts: a plan carried out.
//!
//! What may be there at any moment is recorded before anything is touched, and what is there in
//! the end after it. So a checkout that is cut short anywhere leaves whole files, never makes the
//! next one delete what it did not write, and can simply be made again.

use std::collections::BTreeMap;
use std::io::ErrorKind as IoKind;
use std::path::{Path, PathBuf};

#[cfg(unix)]
use super::again;
use super::draft::{Draft, Given, Job};
use super::fault::{self, Fault};
#[cfg(unix)]
use super::keep::{Known, keep};
use super::part::Part;
use super::place::{delete, kept_bytes, place};
use super::plan::{CheckoutAction, CheckoutPlan, CheckoutReason, CheckoutStep};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{CheckpointId, ObjectId, OperationId};
use crate::limits::BULK_BYTES;
use crate::object::{Entry, FilePath, Trace};
#[cfg(unix)]
use crate::session::FileMap;
use crate::session::entries;
use crate::store::{Batch, Store};
#[cfg(unix)]
use crate::workspace::clock;
use crate::workspace::directory::{Directory, is_name_refused, moved, system_bytes};
use crate::workspace::entries::{Entries, ancestors};
use crate::workspace::lock::DirectoryLock;
use crate::workspace::record::{Next, Record, Traces, implied, temporary};
use crate::workspace::site::Site;
#[cfg(unix)]
use crate::workspace::stats::StatCache;

/// What is to be checked out.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) session: OperationId,
    pub(super) checkpoint: Option<CheckpointId>,
    pub(super) part: Part,
    /// Whether the store is to remember it.
    pub(super) recorded: bool,
    /// What is in no checkpoint, for tests: no session takes such things any more.
    #[cfg(test)]
    pub(super) loose: Entries,
}

impl Asked {
    /// All of the checkpoint's.
    fn entries(&self, store: &Store) -> Result<Entries> {
        let all = self.checkpoint.map_or_else(|| Ok(Entries::new()), |id| entries(store, id))?;
        #[cfg(test)]
        let all = all.into_iter().chain(self.loose.clone()).collect();
        Ok(all)
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
    leftover: Option<String>,
    draft: Draft,
    plan: CheckoutPlan,
    /// The checkpoint that the directory holds from now on, and what that means.
    base: (Option<CheckpointId>, Traces),
    /// What is known of files without reading them, and from when on a file is too young for that.
    #[cfg(unix)]
    cache: StatCache,
    #[cfg(unix)]
    racy_from: Option<(i64, u32)>,
    /// Whether all is as it was left.
    pub(super) is_again: bool,
    untouched: bool,
    unwritable: bool,
    /// Directories that were made for it, the innermost first: to go again if nothing is written.
    made: Vec<PathBuf>,
    /// Given back when all is done.
    _lock: Option<DirectoryLock>,
}

/// Why a checkout failed.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: Error,
    /// Whether nothing in the directory was changed, and nothing recorded.
    pub(super) untouched: bool,
    /// Whether the store cannot be written by whoever asks.
    pub(super) unwritable: bool,
}

impl Prepared {
    /// Plans a checkout, which others may disturb until it is made.
    pub(super) fn new(store: &Store, asked: &Asked, directory: &Path) -> Result<Self> {
        let site = Site::new(directory, store.directory())?;
        let open = || Directory::open(&site.path);
        let disk = site.exists.then(open).transpose().map_err(|error| cannot_open(&site, error))?;
        Prepared::plan(store, asked, site, disk, None)
    }

    /// Plans a checkout into a directory that nobody else checks out into until it is made. What is
    /// asked for is asked when the directory is held, lest a state that is no longer the latest
    /// takes the place of what was captured since.
    pub(super) fn held(
        store: &Store,
        ask: impl FnOnce() -> Result<Asked>,
        directory: &Path,
    ) -> Result<Self> {
        let mut site = Site::new(directory, store.directory())?;
        let made = if site.exists { Vec::new() } else { create(&site)? };
        site.exists = true;
        let held = || -> Result<Self> {
            let doing = format!("another checkout into {} is made", site.path.display());
            let lock = store.wait_for(&doing, &site.path, &mut |step| {
                let taken = DirectoryLock::take(&site.path, step);
                taken.map_err(|error| cannot_open(&site, error))
            })?;
            let disk = Directory::open_held(&lock, &site.path);
            let disk = disk.map_err(|error| cannot_open(&site, error))?;
            Prepared::plan(store, &ask()?, site, Some(disk), Some(lock))
        };
        match held() {
            Ok(prepared) => Ok(Prepared { made, ..prepared }),
            Err(error) => {
                unmake(&made);
                Err(error)
            }
        }
    }

    fn plan(
        store: &Store,
        asked: &Asked,
        site: Site,
        disk: Option<Directory>,
        lock: Option<DirectoryLock>,
    ) -> Result<Self> {
        let at = system_bytes(&site.path);
        let record = Record::look(store, &at)?;
        #[cfg(unix)]
        let cache = StatCache::load(store.stat_cache(&ObjectId::of_content(&at)));
        let mut prepared = Prepared {
            store: store.clone(),
            session: asked.session,
            plan: CheckoutPlan {
                directory: site.path.clone(),
                checkpoint: asked.checkpoint,
                steps: Vec::new(),
                recorded: asked.recorded,
            },
            site,
            disk,
            leftover: record.temporary(),
            record,
            draft: Draft::default(),
            base: (asked.checkpoint, Traces::new()),
            #[cfg(unix)]
            cache,
            #[cfg(unix)]
            racy_from: clock::now(store.clock_file().as_ref()),
            is_again: false,
            untouched: true,
            unwritable: false,
            made: Vec::new(),
            _lock: lock,
        };
        match prepared.again(asked)? {
            Some(steps) => (prepared.plan.steps, prepared.is_again) = (steps, true),
            None => prepared.decide(asked)?,
        }
        Ok(prepared)
    }

    /// Returns the steps where the directory is as it was left, if that can be told at once.
    #[cfg(unix)]
    fn again(&mut self, asked: &Asked) -> Result<Option<Vec<CheckoutStep>>> {
        let (Part::Whole, Some(checkpoint)) = (&asked.part, asked.checkpoint) else {
            return Ok(None);
        };
        let Some(disk) = &mut self.disk else { return Ok(None) };
        let (record, store) = (&self.record, &self.store);
        let is_known = record.session() == Some(asked.session)
            && self.cache.goes_with(record.id())
            && record.is_exactly(store, FileMap::of(store, checkpoint)?)?;
        Ok(is_known.then(|| again::steps(&self.cache, disk)).flatten())
    }

    #[cfg(not(unix))]
    fn again(&mut self, _asked: &Asked) -> Result<Option<Vec<CheckoutStep>>> {
        Ok(None)
    }

    /// Decides what to do at each path.
    fn decide(&mut self, asked: &Asked) -> Result<()> {
        let (store, record) = (&self.store, &mut self.record);
        let all = asked.entries(store)?;
        let whole = match (&asked.part, asked.checkpoint) {
            (Part::Whole, Some(id)) => Some((id, implied(&all))),
            _ => None,
        };
        record.load(store, whole.as_ref().map(|(id, traces)| (*id, traces)))?;
        let known = all.keys().chain(record.traces().keys());
        if let Some(path) = asked.part.without(known) {
            return Err(Error::not_found(format!("{path} is neither in the checkpoint nor known")));
        }
        let entries: Entries = match &asked.part {
            Part::Whole => all,
            part => all.into_iter().filter(|(path, _)| part.holds(path)).collect(),
        };
        let faults = fault::find(&entries, &self.site, store)?;
        let given = Given {
            #[cfg(unix)]
            cache: &self.cache,
            entries: &entries,
            faults: &faults,
            known: record.traces(),
            part: &asked.part,
            leftover: self.leftover.as_deref(),
            full: (!asked.recorded).then_some(store),
        };
        self.draft = Draft::new(&given, self.disk.as_mut())?;
        self.base = match (&asked.part, whole) {
            (Part::Paths(_), _) => record.base(store)?,
            (Part::Whole, Some((id, implied))) => (Some(id), implied),
            (Part::Whole, None) => (None, Traces::new()),
        };
        self.plan.steps = self.draft.jobs.iter().map(|job| job.step.clone()).collect();
        Ok(())
    }

    pub(super) fn into_plan(self) -> CheckoutPlan {
        self.plan
    }

    /// Does what the plan says.
    pub(super) fn apply(mut self) -> Result<CheckoutPlan, Failed> {
        match self.run() {
            Ok(()) => Ok(self.plan),
            Err(error) => {
                if self.untouched {
                    unmake(&self.made);
                }
                let (untouched, unwritable) = (self.untouched, self.unwritable);
                Err(Failed { error, untouched, unwritable })
            }
        }
    }

    fn run(&mut self) -> Result<()> {
        let nonce = self.store.nonce()?;
        // A part may have left directories empty that are ours, where no path is left to be a step.
        let is_idle = self.plan.is_empty() && self.draft.unneeded.is_empty();
        if !is_idle || self.leftover.is_some() {
            self.clean_up()?;
            self.announce(nonce)?;
            self.untouched = false;
            let mut disk = match self.disk.take() {
                Some(disk) => disk,
                None => open_new(&self.site)?,
            };
            self.write(&mut disk, &temporary(&nonce))?;
            self.disk = Some(disk);
        } else if self.disk.is_none() {
            open_new(&self.site)?;
        }
        let batch = self.store.batch();
        let after = std::mem::take(&mut self.draft.after);
        self.commit(batch, after, None)?;
        #[cfg(unix)]
        if self.is_again {
            self.cache.save(self.record.id());
        } else if self.plan.recorded {
            let known = Known { cache: &self.cache, racy_from: self.racy_from };
            keep(
                &self.store,
                &self.record,
                &self.plan,
                &self.draft.stats,
                &known,
                self.disk.as_mut(),
            );
        }
        Ok(())
    }

    /// Records what may be there from now on, and puts what others wrote aside.
    fn announce(&mut self, nonce: [u8; 16]) -> Result<()> {
        let now = self.store.now();
        let mut batch = self.store.batch();
        if !self.plan.recorded {
            return Ok(());
        }
        self.record.take_over(&self.store, &mut batch, now)?;
        let (mut done, mut rows) = (0, Vec::new());
        let jobs = std::mem::take(&mut self.draft.jobs);
        for job in jobs.iter().filter(|job| job.step.kept.is_some()) {
            let disk = self.disk.as_mut().expect("something was seen in it");
            if Some(batch.put_content(kept_bytes(disk, job)?, None)?) != job.step.kept {
                return Err(moved(&job.step.path));
            }
            rows.extend(job.seen.clone().map(|seen| (&job.step.path, seen)));
            // The record leads to all of it from the first commit on, lest it be collected.
            if batch.raw_bytes() > BULK_BYTES {
                self.record.put_aside(&mut batch, rows.iter().cloned(), now)?;
                let full = std::mem::replace(&mut batch, self.store.batch());
                self.commit(full, self.draft.during.clone(), Some(nonce))?;
                done = rows.len();
            }
        }
        if done < rows.len() {
            self.record.put_aside(&mut batch, rows.into_iter(), now)?;
        }
        self.draft.jobs = jobs;
        let during = std::mem::take(&mut self.draft.during);
        self.commit(batch, during, Some(nonce))
    }

    fn commit(&mut self, batch: Batch, traces: Traces, unfinished: Option<[u8; 16]>) -> Result<()> {
        if !self.plan.recorded {
            return Ok(());
        }
        let next = Next {
            directory: system_bytes(&self.site.path),
            session: self.session,
            checkpoint: self.base.0,
            implied: &self.base.1,
            traces,
            unfinished,
        };
        let done = self.record.commit(batch, next);
        self.unwritable = done.as_ref().is_err_and(is_forbidden);
        done
    }

    /// Removes the temporary file of a checkout that was cut short, while its name is known.
    fn clean_up(&mut self) -> Result<()> {
        let Some(disk) = &mut self.disk else { return Ok(()) };
        disk.look_afresh();
        let Some(leftover) = self.leftover.take() else { return Ok(()) };
        for path in self.record.traces().keys() {
            disk.remove_temporary(path, &leftover)?;
        }
        Ok(())
    }

    /// Deletes, then writes, symlinks last: until then there is none of ours to be led astray by.
    fn write(&mut self, disk: &mut Directory, temporary: &str) -> Result<()> {
        for job in self.draft.jobs.iter().filter(|job| job.step.action == CheckoutAction::Delete) {
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
        let refused = self.make_directories(disk)?;
        let is_link = |job: &&Job| matches!(job.entry, Some(Entry::Symlink { .. }));
        let is_new = |job: &&Job| {
            matches!(job.step.action, CheckoutAction::Create | CheckoutAction::Overwrite)
        };
        let mut faults = Vec::new();
        for is_last in [false, true] {
            let jobs = self.draft.jobs.iter().enumerate().filter(|(_, job)| is_new(job));
            for (at, job) in jobs.filter(|(_, job)| is_link(job) == is_last) {
                let above = ancestors(&job.step.path).find_map(|above| refused.get(&above));
                let fault = match above {
                    Some(fault) => Some(fault.clone()),
                    None => place(&self.store, disk, job, temporary)?,
                };
                faults.extend(fault.map(|fault| (at, fault)));
            }
        }
        for (at, fault) in faults {
            self.leave_out(at, fault);
        }
        Ok(())
    }

    /// Makes the directories that are needed, and returns those that the file system refuses.
    fn make_directories(&mut self, disk: &mut Directory) -> Result<BTreeMap<FilePath, Fault>> {
        let mut refused: BTreeMap<FilePath, Fault> = BTreeMap::new();
        for path in &self.draft.new_dirs {
            let above = ancestors(path).find_map(|above| refused.get(&above)).cloned();
            let fault = match above {
                Some(fault) => Some(fault),
                None => match disk.make_dir(path) {
                    Ok(true) => None,
                    Ok(false) => {
                        self.draft.after.remove(path);
                        None
                    }
                    Err(error) if is_name_refused(&error) => Some(Fault::of_name(&error)),
                    Err(error) => return Err(error),
                },
            };
            if let Some(fault) = fault {
                self.draft.after.remove(path);
                refused.insert(path.clone(), fault);
            }
        }
        Ok(refused)
    }

    /// Notes that a path turned out to be one that cannot be written.
    fn leave_out(&mut self, at: usize, fault: Fault) {
        let job = &mut self.draft.jobs[at];
        let ours = job.seen.take().filter(|_| job.step.reason == CheckoutReason::Outdated);
        match ours {
            Some(entry) => {
                self.draft.after.insert(job.step.path.clone(), vec![Trace::Entry(entry)]);
            }
            None => drop(self.draft.after.remove(&job.step.path)),
        }
        let step = &mut self.plan.steps[at];
        step.action = CheckoutAction::LeaveOut;
        step.reason = fault.reason;
        step.why = Some(fault.why);
        step.kept = None;
    }
}

/// Makes the directory and what it needs above it; returns what was made, the innermost first.
fn create(site: &Site) -> Result<Vec<PathBuf>> {
    let missing = site.path.ancestors().take_while(|above| !above.exists());
    let made = missing.map(Path::to_owned).collect();
    std::fs::create_dir_all(&site.path).map_err(|error| cannot_open(site, error))?;
    Ok(made)
}

/// Removes directories that were made, as far as nobody has put anything into them.
fn unmake(made: &[PathBuf]) {
    for path in made {
        if std::fs::remove_dir(path).is_err() {
            return;
        }
    }
}

fn open_new(site: &Site) -> Result<Directory> {
    create(site)?;
    Directory::open(&site.path).map_err(|error| cannot_open(site, error))
}

fn cannot_open(site: &Site, error: std::io::Error) -> Error {
    Error::io(format!("open {} to check out into", site.path.display()), error)
}

/// Tells whether the store cannot be written by whoever asks.
fn is_forbidden(error: &Error) -> bool {
    let source = std::error::Error::source(error);
    let cause = source.and_then(|source| source.downcast_ref::<std::io::Error>());
    error.kind() == ErrorKind::ReadOnly
        || cause.is_some_and(|cause| {
            matches!(cause.kind(), IoKind::PermissionDenied | IoKind::ReadOnlyFilesystem)
        })
}
