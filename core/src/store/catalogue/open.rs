//! Opening and closing a catalogue: a table is used again only if it is, byte for byte, what an
//! orderly closing left. So the table's engine never sees a damaged file, and what a crash or a
//! power cut left is never asked.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::entry;
use super::known::{KnownCount, Listing};
use super::place::{MARKER, MARKER_DRAFT, Place, is_table};
use super::signature::Signature;
use super::table::Table;
use crate::id::{MemoryId, ObjectId, OperationId, Tagger};
use crate::limits::CATALOGUE_BYTES_MAX;

/// The first line of the marker: its version is that of keys, values and the table's engine.
const TITLE: &str = "partita catalogue 1";
/// The file whose lock the process holds that has the catalogue open.
const LOCK: &str = "lock";
/// Bytes of a marker that are read; it has 128.
const MARKER_BYTES_MAX: u64 = 512;
/// Keys the digest of a table's files.
const SALT: &[u8; 32] = b"partita catalogue digest, v1    ";
/// Rows between two looks at the table's size.
const ROWS_BETWEEN_LOOKS: u64 = 4_096;
/// How often closing looks, a millisecond apart, whether the table's threads have let go of it.
const LOOKS: u32 = 200;

/// An open catalogue. Dropping it closes it.
#[derive(Debug)]
pub(super) struct Open {
    place: PlaceOfTable,
    table: Option<Table>,
    /// Rows put since it was opened.
    rows: AtomicU64,
    /// Let go of last.
    _lock: File,
}

/// What names a table: where it is, whose it is.
#[derive(Debug)]
struct PlaceOfTable {
    path: PathBuf,
    marker: PathBuf,
    marker_draft: PathBuf,
    name: String,
    store: [u8; 16],
}

impl Open {
    /// Opens a store's catalogue: the one that was closed in order, else a new one. None where
    /// another process has it open, or the system refuses.
    pub(super) fn at(place: &Place) -> Option<Self> {
        place.create()?;
        let lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(place.path(LOCK))
            .ok()?;
        lock.try_lock().ok()?;
        let closed = closed_table(place);
        // From here on a crash leaves a table that nobody will use.
        place.remove_but(closed.as_deref()).ok()?;
        let reopened = closed.and_then(|name| {
            let table = Table::open(&place.path(&name))?;
            Some((name, table))
        });
        let (name, table) = match reopened {
            Some(reopened) => reopened,
            None => {
                place.remove_but(None).ok()?;
                let name = place.new_table()?;
                let table = Table::open(&place.path(&name))?;
                (name, table)
            }
        };
        let place = PlaceOfTable {
            path: place.path(&name),
            marker: place.path(MARKER),
            marker_draft: place.path(MARKER_DRAFT),
            name,
            store: place.uuid,
        };
        Some(Open { place, table: Some(table), rows: AtomicU64::new(0), _lock: lock })
    }

    /// Closes it without a marker: it is to be removed.
    pub(super) fn discard(mut self) {
        self.table = None;
    }

    pub(super) fn count(&self, counter: &str, id: ObjectId) -> Option<KnownCount> {
        self.get(&entry::count_key(counter, id), entry::count_of)
    }

    pub(super) fn set_counts(
        &self,
        counter: &str,
        counts: &[(ObjectId, KnownCount)],
    ) -> Option<()> {
        self.put(
            counts
                .iter()
                .map(|&(id, count)| (entry::count_key(counter, id), entry::count_value(count))),
        )
    }

    pub(super) fn signature(&self, memory: MemoryId) -> Option<Signature> {
        self.get(&entry::signature_key(memory.id()), entry::signature_of)
    }

    pub(super) fn set_signature(&self, memory: MemoryId, signature: &Signature) -> Option<()> {
        let key = entry::signature_key(memory.id());
        self.put(std::iter::once((key, entry::signature_value(signature))))
    }

    pub(super) fn listing(&self, operation: OperationId) -> Option<Listing> {
        self.get(&entry::listing_key(operation.id()), entry::listing_of)
    }

    pub(super) fn set_listing(&self, operation: OperationId, listing: Listing) -> Option<()> {
        let key = entry::listing_key(operation.id());
        self.put(std::iter::once((key, entry::listing_value(listing))))
    }

    fn get<T>(&self, key: &[u8], read: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        let sealed = self.table.as_ref()?.get(key)?;
        read(entry::unseal(key, &sealed)?)
    }

    fn put(&self, rows: impl Iterator<Item = (Vec<u8>, Vec<u8>)>) -> Option<()> {
        let table = self.table.as_ref()?;
        let seal = |(key, value): (Vec<u8>, Vec<u8>)| {
            let sealed = entry::seal(&key, value);
            (key, sealed)
        };
        let mut rows: Vec<_> = rows.map(seal).collect();
        // In order, a page of the table is written few times.
        rows.sort();
        let more = rows.len() as u64;
        table.put(rows.into_iter())?;
        let before = self.rows.fetch_add(more, Ordering::Relaxed);
        if before / ROWS_BETWEEN_LOOKS != (before + more) / ROWS_BETWEEN_LOOKS
            && table.size()? > CATALOGUE_BYTES_MAX
        {
            table.give_up();
        }
        Some(())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(table) = self.table.take()
            && table.close()
            && self.place.is_quiet()
        {
            // Without a marker the next one begins anew.
            let _ = self.place.write_marker();
        }
    }
}

impl PlaceOfTable {
    /// Waits until the table's threads have let go of its file, and so write no more.
    fn is_quiet(&self) -> bool {
        let Ok(file) = File::open(self.path.join("db")) else { return false };
        for _ in 0..LOOKS {
            if file.try_lock().is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        false
    }

    fn write_marker(&self) -> io::Result<()> {
        let digest = digest(&self.path, CATALOGUE_BYTES_MAX)?;
        fs::write(&self.marker_draft, marker(self.store, &self.name, digest))?;
        fs::rename(&self.marker_draft, &self.marker)
    }
}

/// Returns the name of the table that was closed in order and is as it was then.
fn closed_table(place: &Place) -> Option<String> {
    let mut found = String::new();
    let file = File::open(place.path(MARKER)).ok()?;
    file.take(MARKER_BYTES_MAX).read_to_string(&mut found).ok()?;
    let name = found.lines().nth(2)?.strip_prefix("table ")?;
    if !is_table(name) || !found.starts_with(&marker_head(place.uuid, name)) {
        return None;
    }
    let digest = digest(&place.path(name), CATALOGUE_BYTES_MAX).ok()?;
    (found == marker(place.uuid, name, digest)).then(|| name.to_owned())
}

fn marker_head(store: [u8; 16], name: &str) -> String {
    format!("{TITLE}\nstore {}\ntable {name}\n", hex(store))
}

fn marker(store: [u8; 16], name: &str, digest: [u8; 16]) -> String {
    format!("{}digest {}\n", marker_head(store, name), hex(digest))
}

fn hex(bytes: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(bytes))
}

/// Computes a digest over the names and the bytes of all files of a table, at most `max` bytes.
pub(super) fn digest(table: &Path, max: u64) -> io::Result<[u8; 16]> {
    let mut files = Vec::new();
    list(table, "", &mut files)?;
    list(&table.join("blobs"), "blobs/", &mut files)?;
    files.sort();
    let mut tagger = Tagger::new(SALT);
    let mut left = max;
    let mut buffer = vec![0; 256 << 10];
    for name in &files {
        let mut file = File::open(table.join(name))?;
        tagger.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
        let mut len = 0u64;
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            len += read as u64;
            left = left.checked_sub(read as u64).ok_or(io::ErrorKind::FileTooLarge)?;
            tagger.update(&buffer[..read]);
        }
        tagger.update(&len.to_le_bytes());
    }
    Ok(tagger.tag())
}

/// Lists the files of a table's directory; whatever else is there is none of a table's.
fn list(directory: &Path, prefix: &str, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let name = entry.file_name().into_string().map_err(|_| io::ErrorKind::InvalidData)?;
        match kind {
            _ if kind.is_file() => files.push(format!("{prefix}{name}")),
            _ if kind.is_dir() && prefix.is_empty() && name == "blobs" => {}
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
    Ok(())
}
