//! The file layer in memory: for stores that need not outlive their process, and for tests.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::log::vfs::{SyncSite, Vfs, VfsFile, VfsLock};

type Bytes = Arc<RwLock<Vec<u8>>>;

/// A directory in memory.
#[derive(Debug, Default, Clone)]
pub(crate) struct Memory {
    files: Arc<Mutex<BTreeMap<String, Bytes>>>,
    locks: Arc<Mutex<Vec<String>>>,
}

impl Memory {
    fn files(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Bytes>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Vfs for Memory {
    fn create_new(&self, name: &str) -> io::Result<Box<dyn VfsFile>> {
        let mut files = self.files();
        if files.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let bytes = Bytes::default();
        files.insert(name.to_owned(), bytes.clone());
        Ok(Box::new(MemoryFile { bytes }))
    }

    fn open(&self, name: &str, _write: bool) -> io::Result<Box<dyn VfsFile>> {
        let bytes = self.files().get(name).cloned().ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(MemoryFile { bytes }))
    }

    fn create_dir(&self, _name: &str) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, name: &str) -> io::Result<Vec<String>> {
        let prefix = if name.is_empty() { String::new() } else { format!("{name}/") };
        let files = self.files();
        let below = files.keys().filter_map(|file| file.strip_prefix(&prefix));
        let mut names: Vec<String> =
            below.map(|rest| rest.split('/').next().unwrap_or(rest).to_owned()).collect();
        names.dedup();
        Ok(names)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = self.files();
        let bytes = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to.to_owned(), bytes);
        Ok(())
    }

    fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = self.files();
        let bytes = files.get(from).cloned().ok_or(io::ErrorKind::NotFound)?;
        if files.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        files.remove(from);
        files.insert(to.to_owned(), bytes);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.files().remove(name).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync_dir(&self, _name: &str, _site: SyncSite) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self, name: &str, timeout: Duration) -> io::Result<Option<Box<dyn VfsLock>>> {
        let begun = Instant::now();
        loop {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            if !locks.iter().any(|held| held == name) {
                locks.push(name.to_owned());
                let lock = MemoryLock { locks: self.locks.clone(), name: name.to_owned() };
                return Ok(Some(Box::new(lock)));
            }
            drop(locks);
            if begun.elapsed() >= timeout {
                return Ok(None);
            }
            std::thread::sleep(Duration::from_micros(100));
        }
    }

    fn lock_holder(&self, _name: &str) -> Option<String> {
        None
    }
}

#[derive(Debug)]
struct MemoryFile {
    bytes: Bytes,
}

impl VfsFile for MemoryFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let bytes = self.bytes.read().unwrap_or_else(PoisonError::into_inner);
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let read = buffer.len().min(bytes.len() - from);
        buffer[..read].copy_from_slice(&bytes[from..from + read]);
        Ok(read)
    }

    fn write_at(&self, new: &[u8], offset: u64) -> io::Result<()> {
        let mut bytes = self.bytes.write().unwrap_or_else(PoisonError::into_inner);
        let from = usize::try_from(offset).map_err(io::Error::other)?;
        let to = from + new.len();
        if bytes.len() < to {
            bytes.resize(to, 0);
        }
        bytes[from..to].copy_from_slice(new);
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes.read().unwrap_or_else(PoisonError::into_inner).len() as u64)
    }

    fn cut(&self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).map_err(io::Error::other)?;
        self.bytes.write().unwrap_or_else(PoisonError::into_inner).truncate(len);
        Ok(())
    }

    fn sync_data(&self, _site: SyncSite) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug)]
struct MemoryLock {
    locks: Arc<Mutex<Vec<String>>>,
    name: String,
}

impl VfsLock for MemoryLock {}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|held| *held != self.name);
    }
}
