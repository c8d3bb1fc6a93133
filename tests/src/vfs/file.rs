//! Open files and held locks of a recorded medium.

use std::io;

use partita::vfs::{SyncSite, VfsFile, VfsLock};

use super::{Action, Call, FileId, Recorder};

#[derive(Debug)]
pub(super) struct RecordedFile {
    pub(super) recorder: Recorder,
    pub(super) file: FileId,
    pub(super) write: bool,
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
pub(super) struct RecordedLock {
    pub(super) recorder: Recorder,
    /// The lock's name, if it was taken.
    pub(super) name: Option<String>,
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
