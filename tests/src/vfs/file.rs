//! A recorded medium as a store calls it, with its open files and held locks.

use std::io;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use partita::vfs::{SyncSite, Vfs, VfsFile, VfsLock};

use super::action::parent;
use super::{Action, Call, FileId, Recorder, full};

impl Vfs for Recorder {
    fn create_new(&self, name: &str) -> io::Result<Box<dyn VfsFile>> {
        self.let_others();
        let file = self.state().disk.next_file();
        self.act(Call::Create, Action::Create { name: full(name), file })?;
        Ok(Box::new(RecordedFile { recorder: self.clone(), file, write: true }))
    }

    fn open(&self, name: &str, write: bool) -> io::Result<Box<dyn VfsFile>> {
        let file = self.look(Call::Open)?.disk.find(&full(name));
        let file = file.ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(RecordedFile { recorder: self.clone(), file, write }))
    }

    fn create_dir(&self, name: &str) -> io::Result<()> {
        let name = full(name);
        for (at, _) in name.match_indices('/').chain([(name.len(), "")]) {
            if !self.state().disk.has_directory(&name[..at]) {
                let action = Action::CreateDirectory { name: name[..at].to_owned() };
                self.act(Call::CreateDirectory, action)?;
            }
        }
        Ok(())
    }

    fn list(&self, name: &str) -> io::Result<Vec<String>> {
        let names = self.look(Call::List)?.disk.list(&full(name));
        names.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.act(Call::Rename, Action::Rename { from: full(from), to: full(to) })
    }

    /// Two calls, as a disk's are: a process may be killed in between.
    fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        self.act(Call::Link, Action::Link { from: full(from), to: full(to) })?;
        let _ = self.remove(from);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.act(Call::Remove, Action::Remove { name: full(name) })
    }

    fn sync_dir(&self, name: &str, site: SyncSite) -> io::Result<()> {
        let mut name = full(name);
        if site == SyncSite::ParentName {
            name = parent(&name).to_owned();
        }
        self.act(Call::SyncDirectory, Action::SyncDirectory { name, site })
    }

    fn lock(&self, name: &str, timeout: Duration) -> io::Result<Option<Box<dyn VfsLock>>> {
        let end = Instant::now() + timeout;
        let mut state = self.look(Call::Lock)?;
        let is_out = state.lock_knocked_out.is_some()
            && state.lock_knocked_out == state.doing.get(&self.process).copied();
        while !is_out && state.locks.get(name).is_some_and(|held| *held > 0) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.waiting.remove(&self.process);
                return Ok(None);
            }
            state.waiting.insert(self.process);
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.waiting.remove(&self.process);
        if !is_out {
            *state.locks.entry(name.to_owned()).or_default() += 1;
        }
        let name = (!is_out).then(|| name.to_owned());
        Ok(Some(Box::new(RecordedLock { recorder: self.clone(), name })))
    }

    fn lock_holder(&self, _name: &str) -> Option<String> {
        None
    }
}

#[derive(Debug)]
struct RecordedFile {
    recorder: Recorder,
    file: FileId,
    write: bool,
}

impl VfsFile for RecordedFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.recorder.look(Call::Read)?;
        let bytes = state.disk.bytes(self.file);
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let count = buffer.len().min(bytes.len() - from);
        buffer[..count].copy_from_slice(&bytes[from..from + count]);
        Ok(count)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if !self.write {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let action = Action::Write { file: self.file, offset, bytes: bytes.into() };
        self.recorder.act(Call::Write, action)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.recorder.look(Call::Len)?.disk.bytes(self.file).len() as u64)
    }

    fn sync_data(&self, site: SyncSite) -> io::Result<()> {
        self.recorder.act(Call::Sync, Action::Sync { file: self.file, site })
    }
}

#[derive(Debug)]
struct RecordedLock {
    recorder: Recorder,
    /// The lock's name, if it was taken.
    name: Option<String>,
}

impl VfsLock for RecordedLock {}

impl Drop for RecordedLock {
    fn drop(&mut self) {
        let Some(name) = &self.name else { return };
        if let Some(held) = self.recorder.state().locks.get_mut(name) {
            *held -= 1;
        }
        self.recorder.shared.changed.notify_all();
    }
}
