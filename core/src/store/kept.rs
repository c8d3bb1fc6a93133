//! What checkouts put aside: listed, and freed after its time.

use std::collections::HashMap;
use std::ops::Bound;
use std::path::PathBuf;

use super::Store;
use super::refs::CHECKOUT;
use crate::codec::malformed;
use crate::error::{ErrorKind, Result};
use crate::id::{MapId, ObjectId};
use crate::log::Expected;
use crate::map::Map;
use crate::object::{
    Canonical, Checkout, Directory, Entry, FilePath, Kind, Node, Objects, Timestamp, Trace, read,
};

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
    /// # Errors
    /// `Corrupt` if a directory's record cannot be read.
    pub fn kept(&self) -> Result<Vec<Kept>> {
        let mut all = Vec::new();
        for (_, id) in self.directories()? {
            let node = self.read_node(&id)?;
            if node.kind == Kind::CHECKOUT {
                self.kept_before(id, &mut all)?;
                continue;
            }
            let known = Directory::from_node(&node)?;
            for row in Map::new(known.aside).range(self, Bound::Unbounded, Bound::Unbounded) {
                let (_, value) = row?;
                let (kept, time) = aside(&value)?;
                self.list_kept(&known.directory, kept, Some(time), &mut all)?;
            }
        }
        Ok(all)
    }

    /// Lists what a record of an earlier version and those before it kept.
    fn kept_before(&self, id: ObjectId, all: &mut Vec<Kept>) -> Result<()> {
        let (mut next, mut lines) = (Some(id), Vec::new());
        while let Some(id) = next {
            let checkout: Checkout = read(self, id)?;
            next = checkout.previous;
            lines.push(checkout);
        }
        for checkout in lines.iter().rev() {
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
        for row in Map::new(Some(kept)).range(self, Bound::Unbounded, Bound::Unbounded) {
            let (path, value) = row?;
            let path = FilePath::new(path).map_err(|error| malformed(error.to_string()))?;
            let traces = Trace::decode_all(&value.refs, &value.bytes)?;
            let Some(Trace::Entry(entry)) = traces.into_iter().next() else {
                return Err(malformed("something put aside is no entry"));
            };
            let size = match entry.content().map(|content| self.content_size(content)) {
                Some(Ok(size)) => Some(size),
                Some(Err(error)) if !is_absence(error.kind()) => return Err(error),
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
            let node = self.read_node(&id)?;
            // What a newer version recorded is its own to free.
            if node.kind != Kind::DIRECTORY || node.is_newer() {
                continue;
            }
            let known = Directory::from_node(&node)?;
            let old = self.old_asides(&known, oldest)?;
            if known.unfinished.is_some() || old.is_empty() {
                continue;
            }
            let mut count = 0;
            for (_, kept) in &old {
                let kept = Map::new(Some(*kept));
                count += kept.range(self, Bound::Unbounded, Bound::Unbounded).count() as u64;
            }
            if dry_run {
                freed.thinned.insert(name, self.without(&known, &old)?);
            } else {
                let gone = old.into_iter().map(|(key, _)| (key, None));
                let edited = Map::new(known.aside).edit(self, gone)?;
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
            freed.paths += count;
        }
        Ok(freed)
    }

    /// Returns what a record leads to without what was put aside in some rows.
    fn without(&self, known: &Directory, old: &[(Vec<u8>, MapId)]) -> Result<Vec<ObjectId>> {
        let mut left = vec![known.session.id()];
        left.extend(known.checkpoint.map(|id| id.id()));
        left.extend(known.exceptions.map(|id| id.id()));
        for row in Map::new(known.aside).range(self, Bound::Unbounded, Bound::Unbounded) {
            let (key, value) = row?;
            if !old.iter().any(|(gone, _)| *gone == key) {
                left.push(aside(&value)?.0.id());
            }
        }
        Ok(left)
    }

    /// Returns the rows of what was put aside that are old enough, each with its map.
    fn old_asides(&self, known: &Directory, oldest: Timestamp) -> Result<Vec<(Vec<u8>, MapId)>> {
        let now = self.now().as_millis();
        let mut old = Vec::new();
        for row in Map::new(known.aside).range(self, Bound::Unbounded, Bound::Unbounded) {
            let (key, value) = row?;
            let (kept, time) = aside(&value)?;
            // A clock that stood in the future makes nothing stay for longer than from now on.
            if time.as_millis().min(now) <= oldest.as_millis() {
                old.push((key, kept));
            }
        }
        Ok(old)
    }
}

/// Tells the two forms of a record apart, and returns the session.
pub(super) fn session_of_record(node: &Node) -> Result<crate::id::OperationId> {
    match node.kind {
        Kind::CHECKOUT => Ok(Checkout::from_node(node)?.session),
        _ => Ok(Directory::from_node(node)?.session),
    }
}

/// Reads a row of the map of what was put aside.
fn aside(value: &crate::map::Value) -> Result<(MapId, Timestamp)> {
    let (Some(kept), Ok(time)) = (value.refs.first(), value.bytes[..].try_into()) else {
        return Err(malformed("a row of what was put aside"));
    };
    Ok((MapId::new(*kept), Timestamp::from_millis(i64::from_be_bytes(time))))
}

fn is_absence(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::Purged)
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
