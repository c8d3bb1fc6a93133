//! A reader whose every call is raced by a writer.

use std::io;
use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::log::SyncSite;

type Hook = Box<dyn FnOnce() + Send>;

/// A medium that lets something happen right after a call of a number.
#[derive(Clone, Default)]
struct Raced {
    inner: MemoryVfs,
    hook: Arc<Mutex<Option<(usize, Hook)>>>,
}

impl Raced {
    fn after(&self, calls: usize, hook: impl FnOnce() + Send + 'static) {
        *self.hook.lock().unwrap() = Some((calls, Box::new(hook)));
    }

    /// Tells whether what was to happen has happened.
    fn has_fired(&self) -> bool {
        self.hook.lock().unwrap().take().is_none()
    }

    fn count(&self) {
        let mut hook = self.hook.lock().unwrap();
        match hook.take() {
            Some((0, happen)) => {
                drop(hook);
                happen();
            }
            Some((calls, happen)) => *hook = Some((calls - 1, happen)),
            None => {}
        }
    }
}

impl std::fmt::Debug for Raced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Raced")
    }
}

#[derive(Debug)]
struct RacedFile {
    inner: Box<dyn VfsFile>,
    medium: Raced,
}

impl VfsFile for RacedFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let read = self.inner.read_at(buffer, offset);
        self.medium.count();
        read
    }
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.inner.write_at(bytes, offset)
    }
    fn len(&self) -> io::Result<u64> {
        let len = self.inner.len();
        self.medium.count();
        len
    }
    fn sync_data(&self, site: SyncSite) -> io::Result<()> {
        self.inner.sync_data(site)
    }
}

impl Vfs for Raced {
    fn create_new(&self, name: &str) -> io::Result<Box<dyn VfsFile>> {
        self.inner.create_new(name)
    }
    fn open(&self, name: &str, write: bool) -> io::Result<Box<dyn VfsFile>> {
        let opened = self.inner.open(name, write);
        self.count();
        Ok(Box::new(RacedFile { inner: opened?, medium: self.clone() }))
    }
    fn create_dir(&self, name: &str) -> io::Result<()> {
        self.inner.create_dir(name)
    }
    fn list(&self, name: &str) -> io::Result<Vec<String>> {
        let listed = self.inner.list(name);
        self.count();
        listed
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.inner.rename(from, to)
    }
    fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        self.inner.rename_new(from, to)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.inner.remove(name)
    }
    fn sync_dir(&self, name: &str, site: SyncSite) -> io::Result<()> {
        self.inner.sync_dir(name, site)
    }
    fn lock(&self, name: &str, timeout: Duration) -> io::Result<Option<Box<dyn VfsLock>>> {
        self.inner.lock(name, timeout)
    }
    fn lock_holder(&self, name: &str) -> Option<String> {
        self.inner.lock_holder(name)
    }
}

fn options() -> StoreOptions {
    Store::options().segment_bytes(4 << 10).bulk_bytes(16 << 10)
}

fn write_some(store: &Store, from: u64) {
    let session = store.session("s").unwrap();
    for step in from..from + 6 {
        session.write("a", text(step, 30)).unwrap();
        session.write("b", bytes(step, 900)).unwrap();
    }
}

fn collect(store: &Store) {
    store.gc(&GcOptions::new().keep(Duration::ZERO), &mut go_on).unwrap();
}

/// Races a reading with a writing at every call, and asks for what was there before.
fn race(write: fn(&Store), opens_anew: bool) {
    for call in 0.. {
        let medium = Raced::default();
        let writer = options().open_vfs(Arc::new(medium.inner.clone())).unwrap();
        write_some(&writer, 0);
        let reader = options().open_vfs(Arc::new(medium.clone())).unwrap();
        write_some(&writer, 50);
        medium.after(call, move || write(&writer));
        let reader = match opens_anew {
            true => options().read_only(true).open_vfs(Arc::new(medium.clone())).unwrap(),
            false => reader,
        };
        let session = reader.open_session("s").unwrap_or_else(|e| panic!("call {call}: {e}"));
        let read = session.read_at("a", 3).unwrap_or_else(|e| panic!("call {call}: {e}"));
        assert!(read == text(2, 30).into_bytes());
        if !medium.has_fired() {
            assert!(call > 5);
            return;
        }
        write_some(&reader_for_writing(&medium), 70);
        let report = assert_whole(&reader);
        assert!(report.objects > 0);
    }
}

fn reader_for_writing(medium: &Raced) -> Store {
    options().open_vfs(Arc::new(medium.inner.clone())).unwrap()
}

#[test]
fn a_reader_that_commits_and_rotations_race_takes_nothing_for_damage() {
    race(|store| write_some(store, 100), false);
    race(|store| write_some(store, 100), true);
}

#[test]
fn a_reader_that_collections_race_takes_nothing_for_damage() {
    race(collect, false);
    race(collect, true);
    let twice = |store: &Store| {
        collect(store);
        write_some(store, 100);
        collect(store);
        write_some(store, 200);
    };
    race(twice, false);
    race(twice, true);
}
