//! Snapshots: a session's state at one checkpoint.

use crate::session::line::chain::Link;
use std::ops::Bound;

use crate::codec::malformed;
use crate::error::{Error, Result};
use crate::id::IterationId;
use crate::map::{Diff, Map, MapChange, Range, Value, prefix_end};
use crate::object::{AsPath, Entry, FilePath, Objects};
use crate::session::line::info::CheckpointInfo;
use crate::session::line::place::Place;
use crate::session::line::point::Point;
use crate::session::line::roots::Roots;
use crate::store::Store;

/// A fixed state of a session: what is committed later does not change it.
///
/// ```
/// let session = partita::Store::in_memory()?.session("s")?;
/// session.write("a/b", "1")?;
/// let then = session.latest()?;
/// session.write("a/b", "2")?;
/// session.write("c", "3")?;
/// assert_eq!(then.read("a/b")?, b"1");
/// let now = session.latest()?;
/// let changed: Vec<String> = then
///     .changes(&now)
///     .map(|change| Ok(change?.path.to_string()))
///     .collect::<partita::Result<_>>()?;
/// assert_eq!(changed, ["a/b", "c"]);
/// assert_eq!(now.files_under("a/").count(), 1);
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) store: Store,
    pub(crate) point: Option<Point>,
    info: Option<CheckpointInfo>,
}

impl Snapshot {
    pub(crate) fn new(store: &Store, point: Option<Point>) -> Self {
        let info = point.as_ref().map(CheckpointInfo::of);
        Snapshot { store: store.clone(), point, info }
    }

    /// Returns the checkpoint; none where the session is still empty.
    pub fn checkpoint(&self) -> Option<&CheckpointInfo> {
        self.info.as_ref()
    }

    /// Returns the store that holds it.
    pub fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn roots(&self) -> Roots {
        Roots::of(self.point.as_ref())
    }

    /// Returns what is at a path, if anything.
    ///
    /// # Errors
    /// `Invalid` for a path that cannot be.
    pub fn entry(&self, path: impl AsPath) -> Result<Option<Entry>> {
        Ok(self.file(path)?.map(|file| file.entry))
    }

    /// Returns the file at a path, if there is any.
    ///
    /// # Errors
    /// `Invalid` for a path that cannot be.
    pub fn file(&self, path: impl AsPath) -> Result<Option<FileEntry>> {
        let path = FilePath::new(path)?;
        let place = Place::find(self.roots().files(), &self.store, &path)?;
        let place = place.filter(Place::is_live);
        Ok(place.map(|place| FileEntry::new(&self.store, path, place)))
    }

    /// Reads the bytes of a file or the target of a link.
    ///
    /// # Errors
    /// `NotFound` if there is none, saying since when; `Invalid` for a submodule, which has none.
    pub fn read(&self, path: impl AsPath) -> Result<Vec<u8>> {
        let path = FilePath::new(path)?;
        let place = Place::find(self.roots().files(), &self.store, &path)?;
        let Some(place) = place else {
            return Err(Error::not_found(format!("no file {path}")));
        };
        if !place.is_live() {
            let number = place.iteration(&self.store)?.number();
            return Err(Error::not_found(format!("{path} was removed in iteration {number}")));
        }
        read_entry(&self.store, &path, &place.entry)
    }

    /// Reads the bytes of an entry of the store, whether or not a path has it here.
    pub(crate) fn read_entry(&self, path: &FilePath, entry: &Entry) -> Result<Vec<u8>> {
        read_entry(&self.store, path, entry)
    }

    /// Returns the files in the order of their paths' bytes.
    pub fn files(&self) -> Files<'_> {
        self.files_under("")
    }

    /// Returns the files whose path begins with these bytes, such as `src/`.
    pub fn files_under(&self, prefix: impl AsRef<[u8]>) -> Files<'_> {
        let (map, prefix) = (self.roots().files(), prefix.as_ref().to_vec());
        let rows = map.prefix(&self.store, &prefix);
        Files { store: &self.store, map, prefix, rows }
    }

    /// Returns how the files differ from this state to another, in the order of their paths. Only
    /// what is there counts: a file that was changed and restored did not change.
    pub fn changes<'a>(&'a self, other: &Snapshot) -> FileChanges<'a> {
        let rows = self.roots().files().diff(&other.roots().files(), &self.store);
        FileChanges { rows }
    }
}

/// The bytes of an entry that has some.
pub(crate) fn read_entry(store: &Store, path: &FilePath, entry: &Entry) -> Result<Vec<u8>> {
    match entry.content() {
        Some(content) => store.read_content(content)?.into_vec(),
        None => Err(Error::invalid(format!("{path} is a submodule, which has no bytes here"))),
    }
}

pub(crate) fn file_path(key: &[u8]) -> Result<FilePath> {
    FilePath::new(key).map_err(|error| malformed(error.to_string()))
}

/// A file of a snapshot.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FileEntry {
    /// Where it is.
    pub path: FilePath,
    /// What it is.
    pub entry: Entry,
    /// The iteration that put it there.
    pub iteration: IterationId,
    store: Store,
}

impl FileEntry {
    fn new(store: &Store, path: FilePath, place: Place) -> Self {
        FileEntry { path, entry: place.entry, iteration: place.iteration, store: store.clone() }
    }

    /// Reads the number of its iteration.
    ///
    /// # Errors
    /// `Corrupt` if the iteration cannot be read.
    pub fn number(&self) -> Result<u64> {
        let link: Link<crate::object::Iteration> = Link::read(&self.store, self.iteration.id())?;
        Ok(link.number())
    }

    /// Returns the bytes of its content without reading it; none for a submodule.
    ///
    /// # Errors
    /// `NotFound` if the content is missing.
    pub fn size(&self) -> Result<Option<u64>> {
        self.entry.content().map(|content| self.store.content_size(content)).transpose()
    }

    /// Reads its bytes, or the target of a link.
    ///
    /// # Errors
    /// `Invalid` for a submodule, which has none.
    pub fn read(&self) -> Result<Vec<u8>> {
        read_entry(&self.store, &self.path, &self.entry)
    }
}

/// The files of a snapshot, in the order of their paths' bytes.
///
/// ```
/// let session = partita::Store::in_memory()?.session("s")?;
/// for path in ["a", "b/1", "b/2"] {
///     session.write(path, "")?;
/// }
/// let now = session.latest()?;
/// assert_eq!(now.files().after("a").count(), 2);
/// let next = now.files_under("b/").after("b/1").next().transpose()?.expect("one is left");
/// assert_eq!(next.path.to_string(), "b/2");
/// # Ok::<(), partita::Error>(())
/// ```
pub struct Files<'a> {
    store: &'a Store,
    map: Map,
    prefix: Vec<u8>,
    rows: Range<'a, Store>,
}

impl Files<'_> {
    /// Begins after this path, which need not be there: with the next larger one.
    #[must_use]
    pub fn after(mut self, path: impl AsRef<[u8]>) -> Self {
        let from = match path.as_ref() {
            path if path < &self.prefix[..] => Bound::Included(&self.prefix[..]),
            path => Bound::Excluded(path),
        };
        let to = prefix_end(&self.prefix);
        self.rows = self.map.range(self.store, from, to.as_ref().map(|end| &end[..]));
        self
    }
}

impl Iterator for Files<'_> {
    type Item = Result<FileEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let row = self
                .rows
                .next()?
                .and_then(|(key, value)| Ok((file_path(&key)?, Place::from_value(&value)?)));
            match row {
                Ok((_, place)) if !place.is_live() => {}
                Ok((path, place)) => return Some(Ok(FileEntry::new(self.store, path, place))),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// How a path differs between two states.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileChange {
    /// Which path.
    pub path: FilePath,
    /// What was there, if anything.
    pub before: Option<Entry>,
    /// What is there, if anything.
    pub after: Option<Entry>,
}

/// How the files of two snapshots differ, in the order of their paths.
pub struct FileChanges<'a> {
    rows: Diff<'a, Store>,
}

impl Iterator for FileChanges<'_> {
    type Item = Result<FileChange>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.rows.next()?.and_then(|change| file_change(&change)) {
                Ok(change) if change.before == change.after => {}
                other => return Some(other),
            }
        }
    }
}

fn file_change(change: &MapChange) -> Result<FileChange> {
    let entry = |value: &Option<Value>| -> Result<Option<Entry>> {
        let place = value.as_ref().map(Place::from_value).transpose()?;
        Ok(place.filter(Place::is_live).map(|place| place.entry))
    };
    let (before, after) = (entry(&change.before)?, entry(&change.after)?);
    Ok(FileChange { path: file_path(&change.key)?, before, after })
}

/// The changes of files from one map to another, over any source of nodes.
pub(crate) fn changes<O: Objects + ?Sized>(
    objects: &O,
    from: crate::map::Map,
    to: crate::map::Map,
) -> Result<Vec<FileChange>> {
    let rows = from.diff(&to, objects).map(|row| row.and_then(|change| file_change(&change)));
    rows.filter(|row| !row.as_ref().is_ok_and(|change| change.before == change.after)).collect()
}

impl std::fmt::Debug for Files<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for FileChanges<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileChanges").finish_non_exhaustive()
    }
}
