//! What checkouts put aside: listed, and freed after its time.

use std::collections::HashMap;
use std::path::PathBuf;

use super::Store;
use super::refs::CHECKOUT;
use crate::codec::malformed;
use crate::error::{ErrorKind, Result};
use crate::id::{MapId, ObjectId, OperationId};
use crate::log::Expected;
use crate::map::{Edited, Map, Row, Value};
use crate::object::{
    Canonical, Checkout, Directory, Entry, FilePath, Kind, Node, Objects, Timestamp, Trace, read,
};

/// References of one page.
const PAGE: usize = 1_000;

/// What a checkout found, replaced and keeps in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kept {
    /// The directory of the checkout: absolute, without symlinks.
    pub directory: PathBuf,
    /// Where it was, relative to the directory.
    pub path: FilePath,
    /// What it was: a file or a symlink.
    pub entry: Entry,
    /// The bytes of the file or of the symlink's target; none where they were purged or lost.
    pub size: Option<u64>,
    /// When it was replaced; none where an earlier version of this library did it.
    pub time: Option<Timestamp>,
}

/// What is freed of what checkouts put aside.
#[derive(Debug, Default)]
pub(super) struct Freed {
    /// How many paths.
    pub(super) paths: u64,
    /// In a dry run: the refs of the records that would change, and what they would still lead to.
    pub(super) thinned: HashMap<String, Vec<ObjectId>>,
}

impl Store {
    /// Returns all refs in the order of their names.
    pub(super) fn all_references(&self) -> Result<Vec<(String, ObjectId)>> {
        let mut all: Vec<(String, ObjectId)> = Vec::new();
        loop {
            let page = self.references("", all.last().map(|(name, _)| &name[..]), PAGE)?;
            let is_last = page.len() < PAGE;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// Returns what checkouts put aside, by directory, oldest first.
    ///
    /// [`read_content`](Self::read_content) gives the bytes. [`gc`](Self::gc) frees them after the
    /// time that its options give; what bears no time stays until there is another checkout into
    /// its directory.
    ///
    /// ```
    /// use partita::Store;
    /// let store = Store::in_memory()?;
    /// let session = store.session("notes")?;
    /// session.write("todo.md", "from the session")?;
    /// let room = tempfile::tempdir().expect("a directory for this example");
    /// std::fs::write(room.path().join("todo.md"), "by hand").expect("it can be written");
    /// session.checkout(None, room.path())?;
    /// let kept = &store.kept()?[0];
    /// assert_eq!(kept.path.to_string(), "todo.md");
    /// let content = kept.entry.content().expect("it was a file");
    /// assert_eq!(&*store.read_content(content)?, b"by hand");
    /// # Ok::<(), partita::Error>(())
    /// ```
    ///
    /// Lists what is left where a recovery gave up a part of a record for lost. What a newer version
    /// recorded is for that version to list.
    ///
    /// # Errors
    /// `Corrupt` if a directory's record is damaged.
    pub fn kept(&self) -> Result<Vec<Kept>> {
        let mut all = Vec::new();
        for (_, id) in self.directories()? {
            let mut own = Vec::new();
            match self.list_record(id, &mut own) {
                Ok(()) => all.append(&mut own),
                Err(error) if error.kind() == ErrorKind::Unsupported => {}
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    fn list_record(&self, id: ObjectId, all: &mut Vec<Kept>) -> Result<()> {
        match Record::read(self, &id)? {
            None => Ok(()),
            Some(Record::Checkout(newest)) => self.list_before(newest, all),
            Some(Record::Directory(known)) => {
                for (_, value) in Map::new(known.aside).left(self)?.0 {
                    let (kept, time) = aside(&value)?;
                    self.list_kept(&known.directory, kept, Some(time), all)?;
                }
                Ok(())
            }
        }
    }

    /// Lists what a record of an earlier version and those before it kept.
    fn list_before(&self, newest: Checkout, all: &mut Vec<Kept>) -> Result<()> {
        for checkout in line_of(self, newest)?.iter().rev() {
            if let Some(kept) = checkout.kept {
                self.list_kept(&checkout.directory, kept, None, all)?;
            }
        }
        Ok(())
    }

    fn list_kept(
        &self,
        directory: &[u8],
        kept: MapId,
        time: Option<Timestamp>,
        all: &mut Vec<Kept>,
    ) -> Result<()> {
        for (path, value) in Map::new(Some(kept)).left(self)?.0 {
            let path = FilePath::new(path).map_err(|error| malformed(error.to_string()))?;
            let traces = Trace::decode_all(&value.refs, &value.bytes)?;
            let Some(Trace::Entry(entry)) = traces.into_iter().next() else {
                return Err(malformed("something put aside is no entry"));
            };
            let size = match entry.content().map(|content| self.content_size(content)) {
                Some(Ok(size)) => Some(size),
                Some(Err(error)) if !error.kind().is_absence() => return Err(error),
                _ => None,
            };
            all.push(Kept { directory: system_path(directory), path, entry, size, time });
        }
        Ok(())
    }

    /// Returns the refs of all directories that checkouts wrote into.
    fn directories(&self) -> Result<Vec<(String, ObjectId)>> {
        let mut all = self.all_references()?;
        all.retain(|(name, _)| name.starts_with(CHECKOUT));
        Ok(all)
    }

    /// Frees what was put aside at `oldest` or before; in a dry run says what that would be. A
    /// checkout that has not ended keeps all of its own.
    pub(super) fn free_kept(&self, oldest: Timestamp, dry_run: bool) -> Result<Freed> {
        let mut freed = Freed::default();
        for (name, id) in self.directories()? {
            let known = match Record::read(self, &id)? {
                Some(Record::Directory(known)) if known.unfinished.is_none() => known,
                // What a newer version recorded is its own to free.
                _ => continue,
            };
            let asides = match self.asides(&known, oldest) {
                Err(error) if error.kind() == ErrorKind::Unsupported => continue,
                asides => asides?,
            };
            if asides.old.is_empty() {
                continue;
            }
            if dry_run {
                freed.thinned.insert(name, asides.keeps(&known)?);
            } else {
                let edited = asides.without_old(self, &known)?;
                let mut batch = self.batch();
                let aside = batch.put_map(edited).root();
                let new = batch.put(&Directory { aside, ..known }, Some(id));
                batch.set_ref(name, Expected::Id(id), Some(new));
                match batch.commit() {
                    // A checkout has begun: the next collection will do.
                    Err(error) if error.kind() == ErrorKind::Conflict => continue,
                    done => done?,
                }
            }
            freed.paths += asides.paths;
        }
        Ok(freed)
    }

    /// Tells which rows of what was put aside are old enough. Rows that are lost are neither.
    fn asides(&self, known: &Directory, oldest: Timestamp) -> Result<Asides> {
        let now = self.now().as_millis();
        let (rows, is_all) = Map::new(known.aside).left(self)?;
        let mut asides = Asides { old: Vec::new(), young: Vec::new(), is_all, paths: 0 };
        for row in rows {
            let (kept, time) = aside(&row.1)?;
            // A clock that stood in the future makes nothing stay for longer than from now on.
            if time.as_millis().min(now) <= oldest.as_millis() {
                asides.paths += Map::new(Some(kept)).left(self)?.0.len() as u64;
                asides.old.push(row);
            } else {
                asides.young.push(row);
            }
        }
        Ok(asides)
    }
}

/// What a directory's checkouts put aside.
struct Asides {
    /// The rows that are old enough to go.
    old: Vec<Row>,
    /// The others.
    young: Vec<Row>,
    /// Whether no row was lost.
    is_all: bool,
    /// How many paths the old ones have.
    paths: u64,
}

impl Asides {
    /// Returns what a record leads to without the old rows.
    fn keeps(&self, known: &Directory) -> Result<Vec<ObjectId>> {
        let mut ids = vec![known.session.id()];
        ids.extend(known.checkpoint.map(|id| id.id()));
        ids.extend(known.exceptions.map(|id| id.id()));
        for (_, value) in &self.young {
            ids.push(aside(value)?.0.id());
        }
        Ok(ids)
    }

    /// Makes the map without the old rows; a new one where some were lost.
    fn without_old(&self, store: &Store, known: &Directory) -> Result<Edited> {
        if self.is_all {
            let gone = self.old.iter().map(|(key, _)| (key.clone(), None));
            return Map::new(known.aside).edit(store, gone);
        }
        let left = self.young.iter().map(|(key, value)| (key.clone(), Some(value.clone())));
        Map::EMPTY.edit(store, left)
    }
}

/// What is known of a directory, in either form.
#[derive(Debug)]
pub(crate) enum Record {
    /// Of a version that knew no kind 10.
    Checkout(Checkout),
    Directory(Directory),
}

impl Record {
    /// Reads a record; nothing where it is of a form that is not known here.
    ///
    /// # Errors
    /// `Corrupt` if the form is known and the bytes are none of it.
    pub(crate) fn read(store: &Store, id: &ObjectId) -> Result<Option<Self>> {
        if !Record::is_known(store, id)? {
            return Ok(None);
        }
        Record::from_node(&*store.read_node(id)?)
            .map(Some)
            .map_err(|error| error.context(format!("object {id:.10}")))
    }

    /// Tells whether an object is a record of a form that is known here. What else a record's ref
    /// names a newer version left.
    pub(super) fn is_known(store: &Store, id: &ObjectId) -> Result<bool> {
        if !store.log().is_node(id)? {
            return Ok(false);
        }
        let node = store.read_node(id)?;
        Ok(match node.kind {
            Kind::CHECKOUT => Checkout::knows(node.version),
            Kind::DIRECTORY => Directory::knows(node.version),
            _ => false,
        })
    }

    fn from_node(node: &Node) -> Result<Self> {
        Ok(match node.kind {
            Kind::CHECKOUT => Record::Checkout(Checkout::from_node(node)?),
            _ => Record::Directory(Directory::from_node(node)?),
        })
    }

    /// Returns the session of the newest checkout.
    pub(super) fn session(&self) -> OperationId {
        match self {
            Record::Checkout(checkout) => checkout.session,
            Record::Directory(known) => known.session,
        }
    }
}

/// Returns a record of an earlier version and those before it that kept anything, newest first, as
/// far as they are not lost.
pub(crate) fn line_of(store: &Store, newest: Checkout) -> Result<Vec<Checkout>> {
    let mut line = vec![newest];
    while let Some(before) = line.last().and_then(|checkout| checkout.previous) {
        match read::<Checkout>(store, before) {
            Ok(checkout) => line.push(checkout),
            Err(error) if error.kind().is_absence() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(line)
}

/// Reads a row of the map of what was put aside.
fn aside(value: &Value) -> Result<(MapId, Timestamp)> {
    let (Some(kept), Ok(time)) = (value.refs.first(), value.bytes[..].try_into()) else {
        return Err(malformed("a row of what was put aside"));
    };
    Ok((MapId::new(*kept), Timestamp::from_millis(i64::from_be_bytes(time))))
}

#[cfg(unix)]
fn system_path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn system_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}
