//! Checkouts: what a caller asks for, tried until it holds.

#[cfg(unix)]
mod again;
mod draft;
mod fault;
#[cfg(unix)]
mod keep;
mod part;
mod place;
mod plan;
mod prepared;
#[cfg(test)]
#[cfg(unix)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::id::CheckpointId;
use crate::limits::CHECKOUT_ATTEMPTS_MAX;
use crate::object::{AsPath, FilePath};
use crate::session::Session;
use part::Part;
use prepared::{Asked, Failed, Prepared};

pub use plan::{CheckoutAction, CheckoutPlan, CheckoutReason, CheckoutStep};

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
        self.plan_of(checkpoint, directory.as_ref(), Part::Whole)
    }

    /// Writes the files of a checkpoint, or of the latest state, into a directory, which is made
    /// if need be, and returns what was done.
    ///
    /// Nothing outside the directory is written, nothing through a symlink below it. A path is
    /// deleted only where what is there is what an earlier checkout brought, so that the store has
    /// it. What others wrote where the checkpoint has a file is [kept](CheckoutPlan::kept) in the
    /// store before it is replaced. A file system that folds case or normal forms makes two paths
    /// collide: the second is then `Conflict`, or replaces the first.
    ///
    /// All that can be written is: what cannot, because its bytes were purged or its name is
    /// refused, is [left out](CheckoutPlan::left_out), each path with its reason. A store that
    /// cannot be written is checked out without a [record](CheckoutPlan::is_recorded).
    ///
    /// One checkout at a time works in a directory, whatever store it is from; another one waits as
    /// long as [`lock_timeout`](crate::StoreOptions::lock_timeout) says. A checkout that was cut
    /// short leaves whole files, and can be made again. The files are not synced: after a crash of
    /// the system the next checkout mends them.
    ///
    /// ```
    /// use partita::Store;
    /// let session = Store::in_memory()?.session("fix-parser")?;
    /// session.write("src/lib.rs", "fn parse() {}")?;
    /// let room = tempfile::tempdir().expect("a directory for this example");
    /// let plan = session.plan_checkout(None, room.path())?;
    /// assert_eq!(plan.create().count(), 1);
    /// let done = session.checkout(None, room.path())?;
    /// assert_eq!(done.left_out().count(), 0);
    /// let bytes = std::fs::read(room.path().join("src/lib.rs")).expect("just written");
    /// assert_eq!(bytes, b"fn parse() {}");
    /// assert!(session.plan_checkout(None, room.path())?.is_empty());
    /// # Ok::<(), partita::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` if the directory is none or is the store's. `Conflict` if something stands in the
    /// way that no checkout wrote and that cannot be kept; nothing has been written then. Also
    /// `Conflict` if somebody changes the directory meanwhile: check out again. `Busy` if another
    /// checkout into it runs for too long. `Io` if the system refuses.
    pub fn checkout(
        &self,
        checkpoint: Option<CheckpointId>,
        directory: impl AsRef<Path>,
    ) -> Result<CheckoutPlan> {
        self.check_out(checkpoint, directory.as_ref(), Part::Whole, true)
    }

    /// Returns what [`checkout_part`](Self::checkout_part) would do, and does nothing.
    ///
    /// # Errors
    /// As [`checkout_part`](Self::checkout_part).
    pub fn plan_checkout_part<P: AsPath>(
        &self,
        checkpoint: Option<CheckpointId>,
        directory: impl AsRef<Path>,
        paths: impl IntoIterator<Item = P>,
    ) -> Result<CheckoutPlan> {
        self.plan_of(checkpoint, directory.as_ref(), part(paths)?)
    }

    /// Writes some of a checkpoint's files into a directory: those at the paths and below them.
    ///
    /// As [`checkout`](Self::checkout), but nothing else in the directory is looked at or touched.
    /// What earlier checkouts wrote at these paths and the checkpoint lacks goes.
    ///
    /// ```
    /// use partita::Store;
    /// let session = Store::in_memory()?.session("fix-parser")?;
    /// session.write("src/lib.rs", "fn parse() {}")?;
    /// session.write("notes.md", "to do")?;
    /// let room = tempfile::tempdir().expect("a directory for this example");
    /// session.checkout_part(None, room.path(), ["src"])?;
    /// assert!(room.path().join("src/lib.rs").exists());
    /// assert!(!room.path().join("notes.md").exists());
    /// # Ok::<(), partita::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` if no path is given. `NotFound` if there is none of a path's in the checkpoint,
    /// and none that an earlier checkout wrote. Else as [`checkout`](Self::checkout).
    pub fn checkout_part<P: AsPath>(
        &self,
        checkpoint: Option<CheckpointId>,
        directory: impl AsRef<Path>,
        paths: impl IntoIterator<Item = P>,
    ) -> Result<CheckoutPlan> {
        self.check_out(checkpoint, directory.as_ref(), part(paths)?, true)
    }

    fn plan_of(
        &self,
        checkpoint: Option<CheckpointId>,
        directory: &Path,
        part: Part,
    ) -> Result<CheckoutPlan> {
        let recorded = !self.store().is_read_only();
        let asked = self.asked(checkpoint, part, recorded)?;
        Ok(Prepared::new(self.store(), &asked, directory)?.into_plan())
    }

    /// Writes the files of a checkpoint into a directory that the store is to know nothing of.
    #[cfg(unix)]
    pub(crate) fn checkout_unrecorded(
        &self,
        checkpoint: CheckpointId,
        directory: &Path,
    ) -> Result<CheckoutPlan> {
        self.check_out(Some(checkpoint), directory, Part::Whole, false)
    }

    fn check_out(
        &self,
        checkpoint: Option<CheckpointId>,
        directory: &Path,
        part: Part,
        recorded: bool,
    ) -> Result<CheckoutPlan> {
        // What cannot be had at all is said before a directory is made.
        self.asked(checkpoint, part.clone(), true)?;
        let mut recorded = recorded && !self.store().is_read_only();
        let mut attempts = 1;
        loop {
            let ask = || self.asked(checkpoint, part.clone(), recorded);
            match Prepared::held(self.store(), ask, directory)?.apply() {
                Ok(plan) => return Ok(plan),
                Err(Failed { error, untouched: true, .. })
                    if error.kind() == ErrorKind::Conflict && attempts < CHECKOUT_ATTEMPTS_MAX =>
                {
                    // The record has changed: something was collected, say.
                    attempts += 1;
                }
                Err(Failed { untouched: true, unwritable: true, .. }) if recorded => {
                    recorded = false;
                }
                Err(failed) => return Err(failed.error),
            }
        }
    }

    fn asked(&self, checkpoint: Option<CheckpointId>, part: Part, recorded: bool) -> Result<Asked> {
        let state = checkpoint.map_or_else(|| self.latest(), |id| self.at(id))?;
        Ok(Asked {
            session: self.id(),
            checkpoint: state.checkpoint().map(|info| info.id),
            part,
            recorded,
            #[cfg(test)]
            loose: Default::default(),
        })
    }
}

fn part<P: AsPath>(paths: impl IntoIterator<Item = P>) -> Result<Part> {
    let paths = paths.into_iter().map(FilePath::new).collect::<Result<BTreeSet<_>>>()?;
    if paths.is_empty() {
        return Err(Error::invalid("no path of the part to check out"));
    }
    Ok(Part::Paths(paths))
}

/// Begins a checkout of the latest state and ends it after so many changes, as a kill does.
#[cfg(test)]
pub(super) fn cut_short(session: &Session, directory: &Path, changes: u32) {
    let asked = session.asked(None, Part::Whole, true).expect("a state");
    let mut prepared = Prepared::held(session.store(), || Ok(asked), directory).expect("prepared");
    prepared.disk.as_mut().expect("it is there").changes_left = Some(changes);
    assert!(prepared.apply().is_err());
}
