//! Stat caches: what the system said of a directory's files when their bytes were last read. As long
//! as it says the same, they need not be read again.
//!
//! A cache holds no truth: whatever is wrong with it, it is empty. It is one file per directory, of
//! chunks that are appended under the directory's lock, each with its checksum; a later chunk
//! outweighs an earlier one, and one that was cut short is as if it were not there.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, RawMode};

use crate::id::{ContentId, ObjectId, Tagger};
use crate::limits::{PATH_BYTES_MAX, STAT_CACHE_BYTES_MAX};
use crate::object::{Entry, FilePath};

/// The first line of a file: its number is that of the chunks' form.
const TITLE: &[u8] = b"partita stat cache 1\n";
/// Keys the checksums.
const SALT: &[u8; 32] = b"partita stat cache checksum, v1 ";
const TAG: usize = 16;
/// A cache is written anew where appended chunks have more bytes than this, and half of its first.
const APPENDED_MAX: u64 = 256 << 10;

const GONE: u8 = 0;
const FILE: u8 = 1;
const EXECUTABLE: u8 = 2;
const SYMLINK: u8 = 3;
const SUBMODULE: u8 = 4;
const HAS_STAT: u8 = 0x10;

/// What the system says of a file. As long as it says the same, the bytes are the same, unless they
/// were changed in the very tick of its clock in which they were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) size: u64,
    /// Seconds and nanoseconds of the last change of the bytes.
    pub(crate) modified: (i64, u32),
    /// The same of the last change of anything.
    pub(crate) changed: (i64, u32),
    pub(crate) inode: u64,
    pub(crate) device: u64,
    pub(crate) mode: u32,
}

impl Stat {
    #[expect(clippy::unnecessary_cast, reason = "systems disagree on the width of these")]
    pub(super) fn of(stat: &rustix::fs::Stat) -> Self {
        Stat {
            size: stat.st_size as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as u32),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as u32),
            inode: stat.st_ino as u64,
            device: stat.st_dev as u64,
            mode: stat.st_mode as u32,
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        FileType::from_raw_mode(self.mode as RawMode) == FileType::Directory
    }

    /// The later of its two times.
    pub(crate) fn newest(&self) -> (i64, u32) {
        self.modified.max(self.changed)
    }
}

/// A file of the directory that the session knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: Box<[u8]>,
    /// What it is.
    pub(super) entry: Entry,
    /// What the system said when it was read; none where it must be read again.
    pub(super) stat: Option<Stat>,
}

/// What is known of a directory's files.
#[derive(Debug, Default)]
pub(super) struct StatCache {
    /// Where it is kept, if it is.
    path: Option<PathBuf>,
    /// The record of the directory that the rows go with: they are exactly its files.
    record: Option<ObjectId>,
    directories: HashMap<Box<[u8]>, Vec<Row>>,
    /// Bytes of the first chunk, and of all that hold.
    first: u64,
    len: u64,
    /// Paths whose rows are other than what the file says; none where all of it is to be written.
    changed: Option<BTreeSet<FilePath>>,
}

impl StatCache {
    /// Reads the cache of a directory; it is empty where there is none that can be believed.
    pub(super) fn load(path: Option<PathBuf>) -> Self {
        let mut cache = StatCache { path, ..StatCache::default() };
        let Some(bytes) = cache.path.as_deref().and_then(read) else { return cache };
        let Some(mut rest) = bytes.strip_prefix(TITLE) else { return cache };
        let mut len = TITLE.len() as u64;
        while let Some((chunk, after)) = take_chunk(rest) {
            if cache.take_up(chunk).is_none() {
                return StatCache { path: cache.path, ..StatCache::default() };
            }
            len += (rest.len() - after.len()) as u64;
            if cache.first == 0 {
                cache.first = len;
            }
            rest = after;
        }
        if cache.first > 0 {
            cache.len = len;
            cache.changed = Some(BTreeSet::new());
        }
        cache
    }

    /// Tells whether it is kept anywhere.
    pub(super) fn is_kept(&self) -> bool {
        self.path.is_some()
    }

    /// Tells whether its rows are exactly the files that this record says.
    pub(super) fn goes_with(&self, record: Option<ObjectId>) -> bool {
        record.is_some() && self.record == record
    }

    /// The rows of a directory, by name.
    pub(super) fn directory(&self, path: &[u8]) -> &[Row] {
        self.directories.get(path).map_or(&[], |rows| rows)
    }

    /// All directories with rows.
    pub(super) fn directories(&self) -> impl Iterator<Item = (&[u8], &[Row])> {
        self.directories.iter().map(|(path, rows)| (&path[..], &rows[..]))
    }

    pub(super) fn row(&self, path: &FilePath) -> Option<&Row> {
        let (above, name) = split(path.as_bytes());
        let rows = self.directories.get(above)?;
        let at = rows.binary_search_by(|row| (*row.name).cmp(name)).ok()?;
        Some(&rows[at])
    }

    /// Sets the row of a path, or takes it away.
    pub(super) fn set(&mut self, path: &FilePath, entry: Option<(Entry, Option<Stat>)>) {
        let before = self.row(path);
        let is_same = match (&entry, before) {
            (None, None) => true,
            (Some((entry, stat)), Some(row)) => row.entry == *entry && row.stat == *stat,
            _ => false,
        };
        if is_same {
            return;
        }
        self.put(path.as_bytes(), entry);
        if let Some(changed) = &mut self.changed {
            changed.insert(path.clone());
        }
    }

    /// An empty one, to be kept in the place of this one.
    pub(super) fn begin_anew(&self) -> Self {
        StatCache { path: self.path.clone(), ..StatCache::default() }
    }

    fn put(&mut self, path: &[u8], entry: Option<(Entry, Option<Stat>)>) {
        let (above, name) = split(path);
        let Some((entry, stat)) = entry else {
            if let Some(rows) = self.directories.get_mut(above) {
                if let Ok(at) = rows.binary_search_by(|row| (*row.name).cmp(name)) {
                    rows.remove(at);
                }
                if rows.is_empty() {
                    self.directories.remove(above);
                }
            }
            return;
        };
        let rows = match self.directories.get_mut(above) {
            Some(rows) => rows,
            None => self.directories.entry(above.into()).or_default(),
        };
        let row = Row { name: name.into(), entry, stat };
        // Rows come in order, but for what changes later.
        match rows.last() {
            Some(last) if *last.name >= *name => {
                match rows.binary_search_by(|row| (*row.name).cmp(name)) {
                    Ok(at) => rows[at] = row,
                    Err(at) => rows.insert(at, row),
                }
            }
            _ => rows.push(row),
        }
    }

    /// Writes what changed, and which record the rows go with from now on. A cache that cannot be
    /// written is none: nobody is told.
    pub(super) fn save(&mut self, record: Option<ObjectId>) {
        let Some(path) = self.path.clone() else { return };
        let is_new = self.changed.as_ref().is_none_or(|changed| !changed.is_empty());
        if !is_new && self.record == record {
            return;
        }
        self.record = record;
        let appended = self.len.saturating_sub(self.first);
        let written = match &self.changed {
            Some(changed) if appended < APPENDED_MAX.max(self.first / 2) => {
                let chunk =
                    self.chunk(changed.iter().map(|path| (path.as_bytes(), self.row(path))));
                append(&path, self.len, &chunk)
            }
            _ => {
                let mut all = Vec::new();
                for (above, rows) in self.directories() {
                    let joined = |row: &Row| match above.is_empty() {
                        true => row.name.to_vec(),
                        false => [above, b"/", &row.name].concat(),
                    };
                    all.extend(rows.iter().map(|row| (joined(row), row)));
                }
                all.sort_by(|(a, _), (b, _)| split(a).cmp(&split(b)));
                let rows = all.iter().map(|(path, row)| (&path[..], Some(*row)));
                replace(&path, &self.chunk(rows))
            }
        };
        if written.is_err() {
            // What is there may say what is not so.
            let _ = fs::remove_file(&path);
        }
        self.changed = None;
    }

    fn chunk<'a>(&self, rows: impl Iterator<Item = (&'a [u8], Option<&'a Row>)>) -> Vec<u8> {
        let mut payload = Vec::new();
        match self.record {
            Some(id) => {
                payload.push(1);
                payload.extend_from_slice(id.as_bytes());
            }
            None => payload.push(0),
        }
        for (path, row) in rows {
            payload.extend_from_slice(&(path.len() as u16).to_le_bytes());
            payload.extend_from_slice(path);
            let Some(row) = row else {
                payload.push(GONE);
                continue;
            };
            let stat_flag = if row.stat.is_some() { HAS_STAT } else { 0 };
            let sort = match &row.entry {
                Entry::File { executable: false, .. } => FILE,
                Entry::File { executable: true, .. } => EXECUTABLE,
                Entry::Symlink { .. } => SYMLINK,
                Entry::Submodule { .. } => SUBMODULE,
                Entry::Removed => {
                    payload.push(GONE);
                    continue;
                }
            };
            payload.push(sort | stat_flag);
            match &row.entry {
                Entry::Submodule { commit } => {
                    payload.push(commit.len() as u8);
                    payload.extend_from_slice(commit);
                }
                entry => payload.extend(entry.content().iter().flat_map(|id| *id.id().as_bytes())),
            }
            if let Some(stat) = &row.stat {
                payload.extend_from_slice(&stat.size.to_le_bytes());
                for (seconds, nanos) in [stat.modified, stat.changed] {
                    payload.extend_from_slice(&seconds.to_le_bytes());
                    payload.extend_from_slice(&nanos.to_le_bytes());
                }
                payload.extend_from_slice(&stat.inode.to_le_bytes());
                payload.extend_from_slice(&stat.device.to_le_bytes());
                payload.extend_from_slice(&stat.mode.to_le_bytes());
            }
        }
        let mut chunk = Vec::with_capacity(payload.len() + TAG + 4);
        chunk.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        chunk.extend_from_slice(&Tagger::new(SALT).update(&payload).tag());
        chunk.extend_from_slice(&payload);
        chunk
    }

    fn take_up(&mut self, payload: &[u8]) -> Option<()> {
        let mut rest = Bytes(payload);
        self.record = match rest.byte()? {
            0 => None,
            _ => Some(ObjectId::from_bytes(rest.array()?)),
        };
        while !rest.0.is_empty() {
            let len = usize::from(u16::from_le_bytes(rest.array()?));
            if len == 0 || len > PATH_BYTES_MAX {
                return None;
            }
            let path = rest.take(len)?;
            let flags = rest.byte()?;
            let entry = match flags & !HAS_STAT {
                GONE => {
                    self.put(path, None);
                    continue;
                }
                SUBMODULE => {
                    let len = usize::from(rest.byte()?);
                    Entry::Submodule { commit: rest.take(len)?.to_vec() }
                }
                sort => {
                    let content = ContentId::new(ObjectId::from_bytes(rest.array()?));
                    match sort {
                        FILE => Entry::File { content, executable: false },
                        EXECUTABLE => Entry::File { content, executable: true },
                        SYMLINK => Entry::Symlink { target: content },
                        _ => return None,
                    }
                }
            };
            let stat = match flags & HAS_STAT {
                0 => None,
                _ => Some(Stat {
                    size: u64::from_le_bytes(rest.array()?),
                    modified: rest.time()?,
                    changed: rest.time()?,
                    inode: u64::from_le_bytes(rest.array()?),
                    device: u64::from_le_bytes(rest.array()?),
                    mode: u32::from_le_bytes(rest.array()?),
                }),
            };
            self.put(path, Some((entry, stat)));
        }
        Some(())
    }
}

/// Bytes taken off one after the other.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn time(&mut self) -> Option<(i64, u32)> {
        Some((i64::from_le_bytes(self.array()?), u32::from_le_bytes(self.array()?)))
    }
}

/// Splits a path into what is above and the name.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|&byte| byte == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (&[], path),
    }
}

fn take_chunk(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = Bytes(bytes);
    let len = u32::from_le_bytes(rest.array()?) as usize;
    let tag: [u8; TAG] = rest.array()?;
    let payload = rest.take(len)?;
    (Tagger::new(SALT).update(payload).tag() == tag).then_some((payload, rest.0))
}

fn read(path: &Path) -> Option<Vec<u8>> {
    let file = File::open(path).ok()?;
    let len = file.metadata().ok()?.len();
    if len > STAT_CACHE_BYTES_MAX {
        return None;
    }
    let mut bytes = Vec::with_capacity(len as usize + 1);
    file.take(STAT_CACHE_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Appends a chunk behind those that hold, over what was cut short.
fn append(path: &Path, len: u64, chunk: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.set_len(len)?;
    file.seek(SeekFrom::Start(len))?;
    file.write_all(chunk)
}

/// Writes the file anew, and gives it its name when it is whole.
fn replace(path: &Path, chunk: &[u8]) -> std::io::Result<()> {
    let draft = path.with_extension("tmp");
    let mut file = File::create(&draft)?;
    file.write_all(TITLE)?;
    file.write_all(chunk)?;
    drop(file);
    fs::rename(&draft, path).inspect_err(|_| drop(fs::remove_file(&draft)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> FilePath {
        FilePath::new(name).unwrap()
    }

    fn stat(at: u64) -> Stat {
        Stat {
            size: at,
            modified: (-5, 7),
            changed: (at as i64, 999_999_999),
            inode: u64::MAX - at,
            device: 1 << 40,
            mode: 0o100_644,
        }
    }

    fn entry(at: u8) -> Entry {
        let content = ContentId::new(ObjectId::of_content(&[at]));
        match at % 4 {
            0 => Entry::File { content, executable: false },
            1 => Entry::File { content, executable: true },
            2 => Entry::Symlink { target: content },
            _ => Entry::Submodule { commit: vec![at; 20] },
        }
    }

    fn record(at: u8) -> Option<ObjectId> {
        Some(ObjectId::of_content(&[at, at]))
    }

    /// A cache of 40 rows in a file, and what its rows are.
    fn filled(file: &Path) -> Vec<(FilePath, Entry, Option<Stat>)> {
        let mut cache = StatCache::load(Some(file.to_owned()));
        let row = |at: u8| {
            let name = if at.is_multiple_of(3) {
                format!("f{at:03}")
            } else {
                format!("d{}/f{at:03}", at % 5)
            };
            (path(&name), entry(at), at.is_multiple_of(2).then(|| stat(at.into())))
        };
        let rows: Vec<_> = (0..40).map(row).collect();
        for (path, entry, stat) in &rows {
            cache.set(path, Some((entry.clone(), *stat)));
        }
        cache.save(record(1));
        rows
    }

    fn assert_holds(file: &Path, rows: &[(FilePath, Entry, Option<Stat>)]) {
        let cache = StatCache::load(Some(file.to_owned()));
        assert_eq!(cache.directories().map(|(_, rows)| rows.len()).sum::<usize>(), rows.len());
        for (path, entry, stat) in rows {
            let row = cache.row(path).unwrap();
            assert_eq!((&row.entry, &row.stat), (entry, stat), "{path}");
        }
    }

    #[test]
    fn rows_come_back_after_appends_and_after_writing_anew() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("cache");
        let mut rows = filled(&file);
        assert_holds(&file, &rows);
        for round in 0..300_u16 {
            let mut cache = StatCache::load(Some(file.clone()));
            assert!(cache.goes_with(record(round.max(1) as u8)) || round > 255 || round == 0);
            let at = usize::from(round) % rows.len();
            rows[at].2 = Some(stat(u64::from(round) + 1_000));
            cache.set(&rows[at].0, Some((rows[at].1.clone(), rows[at].2)));
            if round % 7 == 0 {
                let (gone, ..) = rows.remove(at);
                cache.set(&gone, None);
                rows.push((path(&format!("new/{round}")), entry(0), None));
                cache.set(&path(&format!("new/{round}")), Some((entry(0), None)));
            }
            cache.save(record((round + 1) as u8));
        }
        assert_holds(&file, &rows);
    }

    #[test]
    fn whatever_is_wrong_with_a_cache_it_says_nothing_that_is_not_so() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("cache");
        let rows = filled(&file);
        let mut cache = StatCache::load(Some(file.clone()));
        cache.set(&rows[0].0, None);
        cache.save(record(2));
        let whole = fs::read(&file).unwrap();
        for len in 0..whole.len() {
            fs::write(&file, &whole[..len]).unwrap();
            let cut = StatCache::load(Some(file.clone()));
            assert!(!cut.goes_with(record(2)));
            assert!(cut.goes_with(record(1)) == (cut.row(&rows[0].0).is_some()));
        }
        for at in (0..whole.len()).step_by(3) {
            let mut wrong = whole.clone();
            wrong[at] ^= 0x20;
            fs::write(&file, &wrong).unwrap();
            let read = StatCache::load(Some(file.clone()));
            assert!(!read.goes_with(record(2)));
            for (path, entry, stat) in &rows {
                let row = read.row(path);
                assert!(row.is_none_or(|row| row.entry == *entry && row.stat == *stat));
            }
        }
    }

    #[test]
    fn a_chunk_behind_one_that_was_cut_short_counts() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("cache");
        let rows = filled(&file);
        let mut bytes = fs::read(&file).unwrap();
        bytes.extend_from_slice(&[9; 30]);
        fs::write(&file, bytes).unwrap();
        let mut cache = StatCache::load(Some(file.clone()));
        cache.set(&rows[1].0, None);
        cache.save(record(3));
        let read = StatCache::load(Some(file.clone()));
        assert!(read.goes_with(record(3)));
        assert!(read.row(&rows[1].0).is_none());
    }
}
