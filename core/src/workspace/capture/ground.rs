//! What is captured: a directory of this machine, or what a sandbox lists and reads.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::base::{Base, entry_of};
use super::compare::{self, Compared};
use super::local::LocalTree;
use super::options::CaptureOptions;
use super::recording::Recording;
use super::report::Capture;
use super::side::{Looking, Taking};
use super::tree::Tree;
use super::walk::{self, Given, Survey};
use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::map::Value;
use crate::object::{FilePath, LeftOut, LeftOutReason};
use crate::session::{Batch, Held, Session, Snapshot};
use crate::store::{Progress, Store};
use crate::workspace::directory::{Directory, system_bytes};
use crate::workspace::lock::DirectoryLock;
use crate::workspace::record::Record;
use crate::workspace::site::Site;
use crate::workspace::stats::StatCache;

/// How much older than now a file must be where the clock that gave it its time is not known.
const GRAIN: Duration = Duration::from_secs(2);

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

/// A tree to capture, and what it is recorded under.
pub(crate) struct Ground<'t> {
    /// The name of its record: a directory's absolute path, or what no path is.
    pub(crate) name: Vec<u8>,
    /// What reports call it.
    pub(crate) shown: PathBuf,
    pub(crate) tree: Box<dyn Tree + 't>,
    /// Device and number of the store's directory, and of the root.
    pub(crate) store: Option<(u64, u64)>,
    pub(crate) root: Option<(u64, u64)>,
    /// Held until all is done.
    pub(crate) lock: Option<DirectoryLock>,
}

impl Ground<'_> {
    /// Takes over an open directory.
    pub(super) fn of_directory(
        store: &Store,
        site: &Site,
        directory: File,
        lock: Option<DirectoryLock>,
    ) -> Result<Self> {
        let tree = LocalTree::new(directory, store.clock_file())
            .map_err(|error| cannot_open(site, error))?;
        let root = tree.identity();
        Ok(Ground {
            name: system_bytes(&site.path),
            shown: site.path.clone(),
            tree: Box::new(tree),
            store: store.directory().and_then(identity_of),
            root: Some(root),
            lock,
        })
    }
}

/// Refuses a batch that cannot take a capture.
pub(super) fn check_batch(session: &Session, batch: &Batch) -> Result<()> {
    if batch.alongside.is_some() {
        return Err(Error::invalid("a batch captures one directory, once"));
    }
    if batch.session.id() != session.id() {
        return Err(Error::invalid("a batch captures for its own session"));
    }
    Ok(())
}

/// Tells what a capture would take.
pub(crate) fn look_at(
    session: &Session,
    options: &CaptureOptions,
    ground: Ground<'_>,
    now: &Snapshot,
    progress: Progress<'_, CaptureProgress>,
) -> Result<Capture> {
    let mut look = Look::begin(session, options, ground, progress)?;
    let survey = look.walk(now)?;
    let mut side = Looking { base: &look.base, now };
    let compared = compare::compare(
        survey,
        &mut *look.ground.tree,
        &mut side,
        look.deadline,
        &mut look.told.tell(),
    )?;
    Ok(Capture { checkpoint: now.checkpoint().cloned(), ..report(look.ground.shown, compared) })
}

/// Adds what changed to a batch, with what the store is to remember of it.
pub(crate) fn capture(
    session: &Session,
    options: &CaptureOptions,
    ground: Ground<'_>,
    batch: &mut Batch,
    progress: Progress<'_, CaptureProgress>,
) -> Result<Capture> {
    check_batch(session, batch)?;
    let mut look = Look::begin(session, options, ground, progress)?;
    let now = batch.before();
    let survey = look.walk(&now)?;
    let leftovers = survey.leftovers.clone();
    let mut side = Taking::new(&look.base, batch);
    let mut compared = compare::compare(
        survey,
        &mut *look.ground.tree,
        &mut side,
        look.deadline,
        &mut look.told.tell(),
    )?;
    side.finish()?;
    let renamed = compared.changes.renamed.iter();
    let renamed: BTreeMap<FilePath, FilePath> =
        renamed.map(|moved| (moved.to.clone(), moved.from.clone())).collect();
    batch.draft.show_changes(&batch.batch, &renamed)?;
    for glob in &options.show {
        batch.show(glob)?;
    }
    note_left_out(batch, &now, &compared)?;
    let shown = look.ground.shown;
    let disk = match (&look.ground.lock, leftovers.is_empty()) {
        (Some(lock), false) => Directory::open_held(lock, &shown).ok(),
        _ => None,
    };
    batch.alongside = Some(Box::new(Recording {
        store: session.store().clone(),
        temporary: look.base.record.temporary(),
        record: look.base.record,
        is_ours: look.base.is_ours,
        directory: look.ground.name,
        session: session.id(),
        there: std::mem::take(&mut compared.there),
        cache: look.cache,
        racy_from: look.racy_from,
        leftovers,
        disk,
        id: None,
        _lock: look.ground.lock,
    }));
    Ok(report(shown, compared))
}

/// Puts the listing of what was left out into the batch, unless only moments differ.
fn note_left_out(batch: &mut Batch, now: &Snapshot, compared: &Compared) -> Result<()> {
    let before = now.left_out()?;
    let mut rows: BTreeMap<&FilePath, &LeftOut> = BTreeMap::new();
    let late: Vec<&FilePath> = compared
        .left_out
        .iter()
        .filter(|row| row.reason == LeftOutReason::Late)
        .map(|row| &row.path)
        .collect();
    if compared.is_partial {
        // What was not looked at is as it was said to be; where no path is late, that is all of it.
        let is_late = |row: &&LeftOut| {
            late.is_empty() || late.iter().any(|late| is_at_or_below(&row.path, late))
        };
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
    batch.draft.left_out = Some(rows.collect());
    Ok(())
}

/// What a look at a tree needs.
struct Look<'a, 'p, 't> {
    options: &'a CaptureOptions,
    ground: Ground<'t>,
    base: Base,
    cache: StatCache,
    is_exact: bool,
    racy_from: (i64, u32),
    deadline: Option<Instant>,
    told: Told<'p>,
}

impl<'a, 'p, 't> Look<'a, 'p, 't> {
    fn begin(
        session: &'a Session,
        options: &'a CaptureOptions,
        mut ground: Ground<'t>,
        progress: Progress<'p, CaptureProgress>,
    ) -> Result<Self> {
        let begun = Instant::now();
        let store = session.store();
        let record = Record::look(store, &ground.name)?;
        let base = Base {
            is_ours: is_ours(session, &record)?,
            record,
            store: store.clone(),
            keeps_missing: options.keeps_missing,
        };
        let path = store.stat_cache(&ObjectId::of_content(&ground.name));
        let racy_from = ground.tree.now().unwrap_or_else(now_less_grain);
        let mut cache = StatCache::load(path);
        let record = &base.record;
        let is_exact = base.is_ours && record.temporary().is_none() && cache.goes_with(record.id());
        if !is_exact {
            cache = expected(&base, cache)?;
        }
        Ok(Look {
            options,
            ground,
            base,
            cache,
            is_exact,
            racy_from,
            deadline: options.within.and_then(|within| begun.checked_add(within)),
            told: Told { progress, so_far: CaptureProgress { looked: 0, read: 0, bytes: 0 } },
        })
    }

    fn walk(&mut self, now: &Snapshot) -> Result<Survey> {
        let base = &self.base;
        let temporary = base.record.temporary();
        let given = Given {
            options: self.options,
            known: &Looking { base, now },
            cache: &self.cache,
            is_exact: self.is_exact,
            store: self.ground.store,
            root: self.ground.root,
            leftover: temporary.as_deref(),
            deadline: self.deadline,
        };
        let told = &mut self.told;
        walk::walk(&given, &mut *self.ground.tree, &mut |looked| told.looked(looked))
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
fn expected(base: &Base, known: StatCache) -> Result<StatCache> {
    let (store, record) = (&base.store, &base.record);
    let mut rows = BTreeMap::new();
    if base.is_ours {
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

/// What is held under a name, as it was captured or checked out last: files of a checkpoint, but for
/// the paths where the session has something else.
pub(crate) fn held(session: &Session, name: &[u8]) -> Result<Held> {
    let store = session.store();
    let record = Record::look(store, name)?;
    if !is_ours(session, &record)? {
        return Ok(Held::default());
    }
    let files = record.files();
    let mut held = Held { state: files.map(), checkpoint: record.checkpoint(), ..Held::default() };
    for path in record.exceptions().keys() {
        let there = record.at(store, path)?.into_iter().find_map(entry_of);
        if there != files.entry(store, path)? {
            held.exceptions.insert(path.clone(), there);
        }
    }
    Ok(held)
}

/// Tells whether a record is of a session's own line: of itself, or of the one that it was forked
/// from, before the fork.
pub(super) fn is_ours(session: &Session, record: &Record) -> Result<bool> {
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

fn report(directory: PathBuf, compared: Compared) -> Capture {
    Capture {
        directory,
        changes: compared.changes,
        left_out: compared.left_out,
        is_partial: compared.is_partial,
        ..Capture::default()
    }
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

pub(super) fn cannot_open(site: &Site, error: std::io::Error) -> Error {
    Error::io(format!("open {} to capture it", site.path.display()), error)
}
