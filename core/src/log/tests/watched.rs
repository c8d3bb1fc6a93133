//! A directory in memory whose calls somebody watches, who may refuse one or change the files first.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;

/// A call, and the name of the file it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call<'a> {
    Create(&'a str),
    Open(&'a str),
    Read(&'a str),
    Len(&'a str),
    /// Where the bytes end.
    Write(&'a str, u64),
    Remove(&'a str),
    Lock(&'a str),
}

type Watch = Arc<dyn Fn(&Watched, Call<'_>) -> io::Result<()> + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Watched(Arc<Inner>);

struct Inner {
    memory: Mutex<Memory>,
    watch: Mutex<Watch>,
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").finish_non_exhaustive()
    }
}

impl Watched {
    pub(crate) fn new(memory: Memory) -> Self {
        let watch: Watch = Arc::new(|_, _| Ok(()));
        Watched(Arc::new(Inner { memory: Mutex::new(memory), watch: Mutex::new(watch) }))
    }

    /// Lets somebody look at each call from now on, before it is done.
    pub(crate) fn watch(
        &self,
        watch: impl Fn(&Watched, Call<'_>) -> io::Result<()> + Send + Sync + 'static,
    ) {
        *self.0.watch.lock().unwrap() = Arc::new(watch);
    }

    /// The directory itself: what is done there is no call.
    pub(crate) fn memory(&self) -> Memory {
        self.0.memory.lock().unwrap().clone()
    }

    /// Puts other files in the place of all of them, also of those that are open.
    pub(crate) fn swap(&self, memory: Memory) {
        *self.0.memory.lock().unwrap() = memory;
    }

    fn file(&self, name: &str, file: Box<dyn VfsFile>) -> Box<dyn VfsFile> {
        let (vfs, name) = (self.clone(), name.to_owned());
        Box::new(WatchedFile { vfs, name, file: Mutex::new(file.into()) })
    }

    fn call(&self, call: Call<'_>) -> io::Result<()> {
        let watch = self.0.watch.lock().unwrap().clone();
        watch(self, call)
    }
}

/// The names of all files.
fn names(memory: &Memory) -> Vec<String> {
    let below = memory.list("segments").unwrap().into_iter().map(|name| format!("segments/{name}"));
    let above = memory.list("").unwrap().into_iter().filter(|name| name != "segments");
    above.chain(below).collect()
}

pub(crate) fn len(memory: &Memory, name: &str) -> Option<u64> {
    Some(memory.open(name, false).ok()?.len().unwrap())
}

pub(crate) fn bytes(memory: &Memory, name: &str) -> Vec<u8> {
    let mut bytes = vec![0; len(memory, name).unwrap() as usize];
    memory.open(name, false).unwrap().read_at(&mut bytes, 0).unwrap();
    bytes
}

/// Bytes that all files take together.
pub(crate) fn used(memory: &Memory) -> u64 {
    names(memory).iter().filter_map(|name| len(memory, name)).sum()
}

/// A copy of a directory.
pub(crate) fn copy(memory: &Memory) -> Memory {
    let copy = Memory::default();
    for name in names(memory) {
        let file = copy.create_new(&name).unwrap();
        file.write_at(&bytes(memory, &name), 0).unwrap();
    }
    copy
}

impl Vfs for Watched {
    fn create_new(&self, name: &str) -> io::Result<Box<dyn VfsFile>> {
        self.call(Call::Create(name))?;
        Ok(self.file(name, self.memory().create_new(name)?))
    }
    fn open(&self, name: &str, write: bool) -> io::Result<Box<dyn VfsFile>> {
        self.call(Call::Open(name))?;
        Ok(self.file(name, self.memory().open(name, write)?))
    }
    fn create_dir(&self, name: &str) -> io::Result<()> {
        self.memory().create_dir(name)
    }
    fn list(&self, name: &str) -> io::Result<Vec<String>> {
        self.memory().list(name)
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.memory().rename(from, to)
    }
    fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        self.memory().rename_new(from, to)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.call(Call::Remove(name))?;
        self.memory().remove(name)
    }
    fn sync_dir(&self, name: &str, site: SyncSite) -> io::Result<()> {
        self.memory().sync_dir(name, site)
    }
    fn lock(&self, name: &str, timeout: Duration) -> io::Result<Option<Box<dyn VfsLock>>> {
        self.call(Call::Lock(name))?;
        self.memory().lock(name, timeout)
    }
    fn lock_holder(&self, name: &str) -> Option<String> {
        self.memory().lock_holder(name)
    }
}

#[derive(Debug)]
struct WatchedFile {
    vfs: Watched,
    name: String,
    file: Mutex<Arc<dyn VfsFile>>,
}

impl WatchedFile {
    /// The file that has the name now; one that is removed stays open.
    fn file(&self) -> Arc<dyn VfsFile> {
        let mut file = self.file.lock().unwrap();
        if let Ok(named) = self.vfs.memory().open(&self.name, true) {
            *file = named.into();
        }
        file.clone()
    }
}

impl VfsFile for WatchedFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.vfs.call(Call::Read(&self.name))?;
        self.file().read_at(buffer, offset)
    }
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.vfs.call(Call::Write(&self.name, offset + bytes.len() as u64))?;
        self.file().write_at(bytes, offset)
    }
    fn len(&self) -> io::Result<u64> {
        self.vfs.call(Call::Len(&self.name))?;
        self.file().len()
    }
    fn cut(&self, len: u64) -> io::Result<()> {
        self.file().cut(len)
    }
    fn sync_data(&self, site: SyncSite) -> io::Result<()> {
        self.file().sync_data(site)
    }
}
