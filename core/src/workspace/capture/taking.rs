//! Workspaces: a session bound to a directory, and captures of it.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::ground::{
    CaptureProgress, Ground, cannot_open, capture, check_batch, held, is_ours, look_at,
};
use super::options::CaptureOptions;
use super::report::Capture;
use crate::error::{Error, ErrorKind, Result};
use crate::id::CheckpointId;
use crate::limits::CHECKOUT_ATTEMPTS_MAX;
use crate::object::{AsPath, FilePath, OperationKind};
use crate::session::{Batch, Held, IterationInfo, Session, Snapshot};
use crate::store::{Progress, Store, go_on};
use crate::workspace::checkout::CheckoutPlan;
use crate::workspace::directory::system_bytes;
use crate::workspace::lock::DirectoryLock;
use crate::workspace::record::Record;
use crate::workspace::site::Site;

/// A session bound to a directory: what is changed there is captured, what is in the session is
/// checked out.
///
/// A capture compares the directory with what it was when it was last captured or checked out into,
/// and takes the differences into the session, as new iterations in one checkpoint. So what the
/// session changed in between is not undone by files that are merely old, and what was never in the
/// directory is not taken for deleted.
///
/// ```
/// use partita::Store;
/// let session = Store::in_memory()?.session("fix-parser")?;
/// let room = tempfile::tempdir().expect("a directory for this example");
/// std::fs::write(room.path().join("lib.rs"), "fn parse() {}\n").expect("it can be written");
/// let workspace = session.workspace(room.path());
/// let capture = workspace.capture()?;
/// assert_eq!(capture.added().len(), 1);
/// // A command changes files, and one is enough to see it.
/// std::fs::rename(room.path().join("lib.rs"), room.path().join("parser.rs")).expect("moved");
/// let capture = workspace.capture()?;
/// assert_eq!(capture.renamed()[0].to.to_string(), "parser.rs");
/// assert_eq!(session.history("parser.rs")?.count(), 2);
/// // And the way back is exact.
/// session.undo()?;
/// workspace.checkout(None)?;
/// assert!(room.path().join("lib.rs").exists() && !room.path().join("parser.rs").exists());
/// assert!(workspace.capture()?.is_unchanged());
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Workspace {
    session: Session,
    directory: PathBuf,
    options: CaptureOptions,
}

impl Session {
    /// Binds the session to a directory; nothing is looked at yet.
    pub fn workspace(&self, directory: impl AsRef<Path>) -> Workspace {
        Workspace {
            session: self.clone(),
            directory: directory.as_ref().to_owned(),
            options: CaptureOptions::new(),
        }
    }
}

impl Workspace {
    /// Sets what captures take.
    #[must_use]
    pub fn with_options(mut self, options: CaptureOptions) -> Self {
        self.options = options;
        self
    }

    /// Returns the session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the directory as it was given.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Takes what changed in the directory into the session, as one durable checkpoint: each changed
    /// file a new iteration. Where nothing changed there is no checkpoint.
    ///
    /// No file comes into view by it. One that is in view goes on there with its new iteration.
    ///
    /// A file is read only if the system says that it changed since it was read last; one that
    /// changes while it is read is left out as unstable, and taken by the next capture. Special files
    /// are never opened, links never followed, other file systems not entered. What was left out
    /// stands in the [report](Capture::left_out) and in the [checkpoint](Snapshot::left_out).
    ///
    /// Where there are many directories, a second thread lists some of them ahead; it ends with the
    /// capture.
    ///
    /// Not captured are empty directories, times, owners, permissions but the executable bit, extended
    /// attributes and that two names are one file.
    ///
    /// # Errors
    /// `Invalid` if the directory is none, is the store's or inside it, or is `/` or the home
    /// directory without [`anywhere`](CaptureOptions::anywhere). `NotFound` if it is not there, or the
    /// session is gone. `Busy` if a checkout or another capture works in it for too long. `Conflict`
    /// if another writer changes the same files meanwhile, again and again. `Io` if the system
    /// refuses.
    pub fn capture(&self) -> Result<Capture> {
        self.capture_with(&mut go_on)
    }

    /// Captures as [`capture`](Self::capture) does, and tells how far it is; `Break` ends it, and
    /// nothing was captured.
    ///
    /// # Errors
    /// As [`capture`](Self::capture); `Io` if it was ended.
    pub fn capture_with(&self, progress: Progress<'_, CaptureProgress>) -> Result<Capture> {
        let mut attempts = 1;
        loop {
            let mut batch = self.session.begin()?;
            batch.set_kind(OperationKind::Capture);
            let captured = self.capture_into(&mut batch, progress).and_then(|capture| {
                let line = self.options.message.clone();
                batch.message(&line.unwrap_or_else(|| capture.line()))?;
                let done = batch.finish()?;
                let now = Snapshot::new(self.session.store(), done.head.point.clone());
                Ok(capture.at(now.checkpoint().cloned(), done.changed))
            });
            match captured {
                Err(error)
                    if error.kind() == ErrorKind::Conflict && attempts < CHECKOUT_ATTEMPTS_MAX =>
                {
                    attempts += 1;
                }
                captured => return captured,
            }
        }
    }

    /// Returns what [`capture`](Self::capture) would take, and takes nothing.
    ///
    /// # Errors
    /// As [`capture`](Self::capture), but for `Busy` and `Conflict`: it waits for nobody.
    pub fn status(&self) -> Result<Capture> {
        self.status_with(&mut go_on)
    }

    /// Tells as [`status`](Self::status) does, and tells how far it is; `Break` ends it.
    ///
    /// # Errors
    /// As [`status`](Self::status); `Io` if it was ended.
    pub fn status_with(&self, progress: Progress<'_, CaptureProgress>) -> Result<Capture> {
        let now = self.session.latest()?;
        let site = self.site()?;
        let file = File::open(&site.path).map_err(|error| cannot_open(&site, error))?;
        let ground = Ground::of_directory(self.store(), &site, file, None)?;
        look_at(&self.session, &self.options, ground, &now, progress)
    }

    /// Tells whether the session's line knows the directory: whether it was captured or checked out
    /// into.
    ///
    /// # Errors
    /// As [`status`](Self::status).
    pub fn is_known(&self) -> Result<bool> {
        let site = self.site()?;
        let record = Record::look(self.store(), &system_bytes(&site.path))?;
        is_ours(&self.session, &record)
    }

    /// Writes the files of a checkpoint, or of the latest state, into the directory, as
    /// [`Session::checkout`] does.
    ///
    /// # Errors
    /// As there.
    pub fn checkout(&self, checkpoint: Option<CheckpointId>) -> Result<CheckoutPlan> {
        self.session.checkout(checkpoint, &self.directory)
    }

    /// Brings back what an earlier iteration of a path held, in the session and in the directory.
    ///
    /// # Errors
    /// As [`Session::restore`] and [`Session::checkout_part`].
    pub fn restore(&self, path: impl AsPath, number: u64) -> Result<IterationInfo> {
        let path = FilePath::new(path)?;
        let restored = self.session.restore(&path, number)?;
        self.session.checkout_part(None, &self.directory, [&path])?;
        Ok(restored)
    }

    /// What the directory held when it was captured or checked out into last.
    pub(crate) fn held(&self) -> Result<Held> {
        held(&self.session, &system_bytes(&self.site()?.path))
    }

    fn store(&self) -> &Store {
        self.session.store()
    }

    fn site(&self) -> Result<Site> {
        site(&self.directory, self.store().directory(), &self.options)
    }

    /// Adds what changed to a batch, with what the store is to remember of it.
    fn capture_into(
        &self,
        batch: &mut Batch,
        progress: Progress<'_, CaptureProgress>,
    ) -> Result<Capture> {
        check_batch(&self.session, batch)?;
        let site = self.site()?;
        let doing = format!("what works in {} is done", site.path.display());
        let lock = self.store().wait_for(&doing, &site.path, &mut |step| {
            let taken = DirectoryLock::take(&site.path, step);
            taken.map_err(|error| cannot_open(&site, error))
        })?;
        let file = match lock.handle().map_err(|error| cannot_open(&site, error))? {
            Some(file) => file,
            None => File::open(&site.path).map_err(|error| cannot_open(&site, error))?,
        };
        let ground = Ground::of_directory(self.store(), &site, file, Some(lock))?;
        capture(&self.session, &self.options, ground, batch, progress)
    }
}

impl Batch {
    /// Takes what changed in a directory into the batch, as [`Workspace::capture`] does: so what a
    /// command changed, its result and what called it are one checkpoint. The directory is held until
    /// the batch is committed or dropped. A path that others change meanwhile makes the commit a
    /// `Conflict`.
    ///
    /// # Errors
    /// As [`Workspace::capture`]; `Invalid` for a second capture, or a workspace of another session.
    ///
    /// ```
    /// use partita::{Memory, Store};
    /// let session = Store::in_memory()?.session("s")?;
    /// let room = tempfile::tempdir().expect("a directory for this example");
    /// let workspace = session.workspace(room.path());
    /// std::fs::write(room.path().join("made.txt"), "by a command").expect("it can be written");
    /// session.batch(|batch| {
    ///     batch.remember(Memory::tool("call_1", "done"))?;
    ///     batch.capture(&workspace)
    /// })?;
    /// assert_eq!(session.log()?.count(), 1);
    /// assert_eq!(session.read("made.txt")?, b"by a command");
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn capture(&mut self, workspace: &Workspace) -> Result<Capture> {
        workspace.capture_into(self, &mut go_on)
    }
}

/// Refuses a directory that cannot be captured, before there is a session or a store for it; returns
/// its absolute path without symlinks. `store` is where the store is or would be.
///
/// # Errors
/// As [`Workspace::capture`]; `Io` if the directory cannot be read.
///
/// ```
/// use partita::ErrorKind;
/// use partita::workspace::{CaptureOptions, check_directory};
/// let error = check_directory("/", None, &CaptureOptions::new()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Invalid);
/// ```
pub fn check_directory(
    directory: impl AsRef<Path>,
    store: Option<&Path>,
    options: &CaptureOptions,
) -> Result<PathBuf> {
    let store = store.filter(|store| store.exists());
    let site = site(directory.as_ref(), store, options)?;
    std::fs::read_dir(&site.path).map_err(|error| cannot_open(&site, error))?;
    Ok(site.path)
}

fn site(directory: &Path, store: Option<&Path>, options: &CaptureOptions) -> Result<Site> {
    let site = Site::new(directory, store)?;
    let shown = directory.display();
    if !site.exists {
        return Err(Error::not_found(format!("there is no directory {shown}")));
    }
    if !options.anywhere && is_too_much(&site.path) {
        return Err(Error::invalid(format!(
            "{shown} is the root or the home directory: name a directory of the project, or say \
             that you mean all of it"
        )));
    }
    Ok(site)
}

/// Tells whether a directory is one that nobody means when he names it.
fn is_too_much(directory: &Path) -> bool {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let home = home.and_then(|home| home.canonicalize().ok());
    directory.parent().is_none() || home.is_some_and(|home| home == directory)
}

impl Session {
    /// Tells whether the session's line knows what is recorded under a name.
    pub(crate) fn knows_ground(&self, name: &[u8]) -> Result<bool> {
        is_ours(self, &Record::look(self.store(), name)?)
    }
}
