//! Workspaces: a session bound to a directory, and captures of it.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::compare::{self, Compared};
use super::local::LocalTree;
use super::options::CaptureOptions;
use super::recording::Recording;
use super::report::Capture;
use super::side::{Base, Looking, Taking, entry_of};
use super::tree::Tree;
use super::walk::{self, Given, Survey};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{CheckpointId, ObjectId};
use crate::limits::CHECKOUT_ATTEMPTS_MAX;
use crate::map::Value;
use crate::object::{AsPath, FilePath, LeftOut, LeftOutReason, OperationKind};
use crate::session::{Batch, IterationInfo, NewLeftOut, Session, Snapshot};
use crate::store::{Progress, Store, go_on};
use crate::workspace::checkout::CheckoutPlan;
use crate::workspace::directory::{Directory, system_bytes};
use crate::workspace::lock::DirectoryLock;
use crate::workspace::record::Record;
use crate::workspace::site::Site;
use crate::workspace::stats::StatCache;

/// How much older than now a file must be where the clock that gave it its time is not known.
const GRAIN: Duration = Duration::from_secs(2);

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

/// How far a capture is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaptureProgress {
    /// Names that were looked at.
    pub looked: u64,
    /// Files that were read.
    pub read: u64,
    /// Bytes of them.
    pub bytes: u64,
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
            let captured = self.capture_into(&mut batch, progress).and_then(|mut capture| {
                let line = self.options.message.clone();
                batch.message(&line.unwrap_or_else(|| capture.changes.line()))?;
                let done = batch.finish()?;
                capture.is_new = done.changed;
                capture.checkpoint = Snapshot::new(self.session.store(), done.head.point.clone())
                    .checkpoint()
                    .cloned();
                Ok(capture)
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
        let mut look = Look::begin(self, &site, file, progress)?;
        let survey = look.walk(&now)?;
        let base = Base { store: self.store(), record: &look.record, is_ours: look.is_ours };
        let mut side = Looking { base, now: &now };
        let compared = compare::compare(
            survey,
            &mut look.tree,
            &mut side,
            look.deadline,
            &mut look.told.tell(),
        )?;
        Ok(Capture { checkpoint: now.checkpoint().cloned(), ..report(&site, compared) })
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

    fn store(&self) -> &Store {
        self.session.store()
    }

    fn site(&self) -> Result<Site> {
        let site = Site::new(&self.directory, self.store().directory())?;
        let shown = self.directory.display();
        if !site.exists {
            return Err(Error::not_found(format!("there is no directory {shown}")));
        }
        if !self.options.anywhere && is_too_much(&site.path) {
            return Err(Error::invalid(format!(
                "{shown} is the root or the home directory: name a directory of the project, or say \
                 that you mean all of it"
            )));
        }
        Ok(site)
    }

    /// Adds what changed to a batch, with what the store is to remember of it.
    fn capture_into(
        &self,
        batch: &mut Batch,
        progress: Progress<'_, CaptureProgress>,
    ) -> Result<Capture> {
        if batch.alongside.is_some() {
            return Err(Error::invalid("a batch captures one directory, once"));
        }
        if batch.session.id() != self.session.id() {
            return Err(Error::invalid("a batch captures for its own session"));
        }
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
        let mut look = Look::begin(self, &site, file, progress)?;
        let now = batch.before();
        let survey = look.walk(&now)?;
        let leftovers = survey.leftovers.clone();
        let base = Base { store: self.store(), record: &look.record, is_ours: look.is_ours };
        let mut side = Taking { base, batch };
        let compared = compare::compare(
            survey,
            &mut look.tree,
            &mut side,
            look.deadline,
            &mut look.told.tell(),
        )?;
        let renamed = compared.changes.renamed.iter();
        let renamed: BTreeMap<FilePath, FilePath> =
            renamed.map(|moved| (moved.to.clone(), moved.from.clone())).collect();
        batch.draft.show_changes(&batch.batch, &renamed)?;
        for glob in &self.options.show {
            batch.show(glob)?;
        }
        self.note_left_out(batch, &now, &compared)?;
        let disk = match leftovers.is_empty() {
            true => None,
            false => Some(Directory::open_held(&lock, &site.path))
                .transpose()
                .map_err(|error| cannot_open(&site, error))?,
        };
        let mut compared = compared;
        let recording = Recording {
            store: self.store().clone(),
            temporary: look.record.temporary(),
            record: look.record,
            is_ours: look.is_ours,
            directory: system_bytes(&site.path),
            session: self.session.id(),
            there: std::mem::take(&mut compared.there),
            cache: look.cache,
            racy_from: look.racy_from,
            leftovers,
            disk,
            id: None,
            _lock: lock,
        };
        batch.alongside = Some(Box::new(recording));
        Ok(report(&site, compared))
    }

    /// Puts the listing of what was left out into the batch, unless only moments differ.
    fn note_left_out(&self, batch: &mut Batch, now: &Snapshot, compared: &Compared) -> Result<()> {
        let before = now.left_out()?;
        let mut rows: BTreeMap<&FilePath, &LeftOut> = BTreeMap::new();
        let late: Vec<&FilePath> = compared
            .left_out
            .iter()
            .filter(|row| row.reason == LeftOutReason::Late)
            .map(|row| &row.path)
            .collect();
        if compared.is_partial {
            // What was not looked at is as it was said to be.
            let is_late = |row: &&LeftOut| late.iter().any(|late| is_at_or_below(&row.path, late));
            rows.extend(before.iter().filter(is_late).map(|row| (&row.path, row)));
        }
        rows.extend(compared.left_out.iter().map(|row| (&row.path, row)));
        let lasting = |row: &&LeftOut| !row.reason.is_passing();
        let is_same = before.iter().filter(lasting).eq(rows.values().copied().filter(lasting));
        let is_equal = before.iter().eq(rows.values().copied());
        if is_equal || is_same && compared.changes.is_empty() {
            return Ok(());
        }
        let value = |row: &LeftOut| Value { refs: Vec::new(), bytes: row.row() };
        let rows = rows.into_iter().map(|(path, row)| (path.as_bytes().to_vec(), value(row)));
        batch.draft.left_out = Some(NewLeftOut::Rows(rows.collect()));
        Ok(())
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
    /// assert_eq!(session.log()?.count(), 2);
    /// assert_eq!(session.read("made.txt")?, b"by a command");
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn capture(&mut self, workspace: &Workspace) -> Result<Capture> {
        workspace.capture_into(self, &mut go_on)
    }
}

/// What a look at a directory needs.
struct Look<'a, 'p> {
    workspace: &'a Workspace,
    tree: LocalTree,
    record: Record,
    is_ours: bool,
    cache: StatCache,
    is_exact: bool,
    racy_from: (i64, u32),
    deadline: Option<Instant>,
    told: Told<'p>,
}

impl<'a, 'p> Look<'a, 'p> {
    fn begin(
        workspace: &'a Workspace,
        site: &Site,
        directory: File,
        progress: Progress<'p, CaptureProgress>,
    ) -> Result<Self> {
        let begun = Instant::now();
        let store = workspace.store();
        let name = system_bytes(&site.path);
        let record = Record::look(store, &name)?;
        let is_ours = is_ours(&workspace.session, &record)?;
        let path = store.stat_cache(&ObjectId::of_content(&name));
        let mut tree = LocalTree::new(directory, store.clock_file())
            .map_err(|error| cannot_open(site, error))?;
        let racy_from = tree.now().unwrap_or_else(now_less_grain);
        let mut cache = StatCache::load(path);
        let is_exact = is_ours && record.temporary().is_none() && cache.goes_with(record.id());
        if !is_exact {
            cache = expected(store, &record, is_ours, cache)?;
        }
        Ok(Look {
            workspace,
            tree,
            record,
            is_ours,
            cache,
            is_exact,
            racy_from,
            deadline: workspace.options.within.and_then(|within| begun.checked_add(within)),
            told: Told { progress, so_far: CaptureProgress { looked: 0, read: 0, bytes: 0 } },
        })
    }

    fn walk(&mut self, now: &Snapshot) -> Result<Survey> {
        let store = self.workspace.store();
        let base = Base { store, record: &self.record, is_ours: self.is_ours };
        let temporary = self.record.temporary();
        let identity =
            self.tree.identity().map_err(|error| Error::io("look at the root", error))?;
        let given = Given {
            options: &self.workspace.options,
            known: &Looking { base, now },
            cache: &self.cache,
            is_exact: self.is_exact,
            store: store.directory().and_then(identity_of),
            root: Some(identity),
            leftover: temporary.as_deref(),
            deadline: self.deadline,
        };
        let told = &mut self.told;
        walk::walk(&given, &mut self.tree, &mut |looked| told.looked(looked))
    }
}

/// Who is told how far a capture is.
struct Told<'p> {
    progress: Progress<'p, CaptureProgress>,
    so_far: CaptureProgress,
}

impl Told<'_> {
    fn looked(&mut self, looked: u64) -> Result<()> {
        self.so_far.looked = looked;
        self.say()
    }

    fn tell(&mut self) -> impl FnMut(&FilePath, u64) -> Result<()> {
        |_, bytes| {
            self.so_far.read += 1;
            self.so_far.bytes += bytes;
            self.say()
        }
    }

    fn say(&mut self) -> Result<()> {
        match (self.progress)(self.so_far.clone()) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => {
                let ended = std::io::Error::from(std::io::ErrorKind::Interrupted);
                Err(Error::io("capture the directory", ended))
            }
        }
    }
}

/// The rows that a walk is to expect: what the record says is there, with what the system said of it
/// where the cache knows that of the same bytes.
fn expected(store: &Store, record: &Record, is_ours: bool, known: StatCache) -> Result<StatCache> {
    let mut rows = BTreeMap::new();
    if is_ours {
        match record.files().entries(store) {
            Err(error) if error.kind().is_absence() => {}
            entries => rows = entries?,
        }
        for path in record.exceptions().keys() {
            match record.at(store, path)?.into_iter().find_map(entry_of) {
                Some(entry) => drop(rows.insert(path.clone(), entry)),
                None => drop(rows.remove(path)),
            }
        }
    }
    let mut expected = known.begin_anew();
    for (path, entry) in rows {
        let row = known.row(&path).filter(|row| row.entry == entry);
        let stat = row.and_then(|row| row.stat);
        expected.set(&path, Some((entry, stat)));
    }
    Ok(expected)
}

/// Tells whether a record is of a session's own line: of itself, or of the one that it was forked
/// from, before the fork.
fn is_ours(session: &Session, record: &Record) -> Result<bool> {
    let Some(of) = record.session() else { return Ok(false) };
    if of == session.id() {
        return Ok(true);
    }
    let Some(checkpoint) = record.checkpoint() else { return Ok(false) };
    match session.at(checkpoint) {
        Ok(_) => Ok(true),
        Err(error) if error.kind().is_absence() => Ok(false),
        Err(error) => Err(error),
    }
}

fn report(site: &Site, compared: Compared) -> Capture {
    Capture {
        directory: site.path.clone(),
        changes: compared.changes,
        left_out: compared.left_out,
        is_partial: compared.is_partial,
        ..Capture::default()
    }
}

/// Tells whether a directory is one that nobody means when he names it.
fn is_too_much(directory: &Path) -> bool {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let home = home.and_then(|home| home.canonicalize().ok());
    directory.parent().is_none() || home.is_some_and(|home| home == directory)
}

fn is_at_or_below(path: &FilePath, above: &FilePath) -> bool {
    let rest = path.as_bytes().strip_prefix(above.as_bytes());
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
}

fn identity_of(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let found = path.metadata().ok()?;
    Some((found.dev(), found.ino()))
}

fn now_less_grain() -> (i64, u32) {
    let then = SystemTime::now().checked_sub(GRAIN).unwrap_or(UNIX_EPOCH);
    let since = then.duration_since(UNIX_EPOCH).unwrap_or_default();
    (since.as_secs() as i64, since.subsec_nanos())
}

fn cannot_open(site: &Site, error: std::io::Error) -> Error {
    Error::io(format!("open {} to capture it", site.path.display()), error)
}
