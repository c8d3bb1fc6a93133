//! The table that the catalogue is kept in. The only module that knows sled.
//!
//! sled panics on damage and on some failures of the system. Each call into it is guarded: the
//! first that panics or fails breaks the table, and nobody asks it again. No thread of its own
//! flushes in the background, so that closing waits for none; what its pool of threads may panic
//! over is told to the waiting call, which fails.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use sled::{Config, Db};

/// Bytes of pages that the table keeps in memory; its own default is a gigabyte.
const CACHE_BYTES: u64 = 16 << 20;

/// A table of keys and values.
pub(super) struct Table {
    db: Option<Db>,
    broken: AtomicBool,
}

impl Table {
    /// Opens the table in a directory of its own, and creates it first where there is none.
    pub(super) fn open(directory: &Path) -> Option<Self> {
        let config = Config::new().path(directory).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let opened = catch_unwind(AssertUnwindSafe(|| config.open()));
        let db = opened.ok()?.ok()?;
        Some(Table { db: Some(db), broken: AtomicBool::new(false) })
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.guarded(|db| db.get(key)).flatten().map(|value| value.to_vec())
    }

    /// Puts one row after the other: as one batch they would cost far more memory.
    pub(super) fn put(&self, rows: impl Iterator<Item = (Vec<u8>, Vec<u8>)>) -> Option<()> {
        self.guarded(|db| {
            for (key, value) in rows {
                db.insert(key, value)?;
            }
            Ok(())
        })
    }

    /// Returns the bytes of its files.
    pub(super) fn size(&self) -> Option<u64> {
        self.guarded(Db::size_on_disk)
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    /// Asks the table nothing more.
    pub(super) fn give_up(&self) {
        self.broken.store(true, Ordering::Release);
    }

    /// Writes out what is not yet written, and closes; tells whether all of it went well.
    pub(super) fn close(mut self) -> bool {
        self.guarded(|db| db.flush()).is_some() & self.shut()
    }

    fn guarded<T>(&self, call: impl FnOnce(&Db) -> sled::Result<T>) -> Option<T> {
        let db = self.db.as_ref().filter(|_| !self.is_broken())?;
        match catch_unwind(AssertUnwindSafe(|| call(db))) {
            Ok(Ok(value)) => Some(value),
            Ok(Err(_)) | Err(_) => {
                self.give_up();
                None
            }
        }
    }

    /// Drops the table: that too may panic.
    fn shut(&mut self) -> bool {
        let db = self.db.take();
        catch_unwind(AssertUnwindSafe(|| drop(db))).is_ok()
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        self.shut();
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("broken", &self.is_broken()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_panics_breaks_the_table_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let table = Table::open(directory.path()).unwrap();
        table.put([(vec![1], vec![2])].into_iter()).unwrap();
        let answer: Option<()> = table.guarded(|_| panic!("of the test"));
        assert_eq!(answer, None);
        assert!(table.is_broken());
        assert_eq!(table.get(&[1]), None);
        assert!(!table.close());
    }

    #[test]
    fn a_call_that_fails_breaks_the_table() {
        let directory = tempfile::tempdir().unwrap();
        let table = Table::open(directory.path()).unwrap();
        let answer: Option<()> = table.guarded(|_| Err(sled::Error::ReportableBug(String::new())));
        assert_eq!(answer, None);
        assert!(table.is_broken());
    }

    /// An orderly opening never comes to this, for it compares the files first; but a table may be
    /// damaged while it is open, or by somebody who makes the marker fit.
    #[test]
    fn damaged_files_never_panic_through_and_never_hang() {
        let made = tempfile::tempdir().unwrap();
        let table = Table::open(made.path()).unwrap();
        table.put((0..3_000u32).map(|at| (at.to_be_bytes().to_vec(), vec![7; 60]))).unwrap();
        assert!(table.close());
        let whole = std::fs::read(made.path().join("db")).unwrap();
        let mut state = 1u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % below
        };
        for round in 0..24 {
            let directory = tempfile::tempdir().unwrap();
            std::fs::copy(made.path().join("conf"), directory.path().join("conf")).unwrap();
            let mut bytes = whole.clone();
            match round % 3 {
                0 => (0..20).for_each(|_| bytes[random(whole.len())] ^= 1 << random(8)),
                1 => bytes.truncate(random(whole.len())),
                _ => {
                    let from = random(whole.len() - 4_096);
                    bytes[from..from + 4_096].fill_with(|| random(256) as u8);
                }
            }
            std::fs::write(directory.path().join("db"), bytes).unwrap();
            let Some(table) = Table::open(directory.path()) else { continue };
            for at in 0..3_000u32 {
                let _ = table.get(&at.to_be_bytes());
            }
            table.put([(vec![1], vec![2])].into_iter());
            table.close();
        }
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_no_table() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        std::fs::write(&file, "a file").unwrap();
        assert!(Table::open(&file.join("table")).is_none());
    }
}
