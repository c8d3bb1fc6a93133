//! A file layer in memory that writes down every call, and fails the one that it is told to.

mod disk;
mod image;

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use partita::{SyncSite, Vfs, VfsFile, VfsLock};

pub use disk::{Action, Disk, FileId};
pub use image::{Fate, images};

/// What goes wrong, at the call of that number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call fails and does nothing.
    Refused(io::ErrorKind),
    /// A write that stops half-way; any other call is refused.
    ShortWrite,
    /// A sync that fails after the medium lost part of what it was to keep; no later sync of the
    /// same file brings it back. Any other call is refused.
    LostSync,
    /// The process that calls is killed before the call: no later call of it does anything.
    Killed,
}

/// The recording file layer of one process. Processes of one medium share its record.
#[derive(Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
    process: usize,
}

struct Shared {
    state: Mutex<State>,
    unlocked: Condvar,
}

#[derive(Default)]
struct State {
    disk: Disk,
    /// What was done, in order.
    actions: Vec<Action>,
    /// Calls that change or sync something, so far.
    calls: usize,
    fault: Option<(usize, Fault)>,
    knocked_out: Option<SyncSite>,
    locks: HashSet<String>,
    /// Processes so far.
    processes: usize,
    dead: HashSet<usize>,
}

impl Recorder {
    /// Starts on an empty medium.
    pub fn new() -> Self {
        Recorder::on(Disk::default())
    }

    /// Starts on a medium that holds something.
    pub fn on(disk: Disk) -> Self {
        let state = Mutex::new(State { disk, ..State::default() });
        let shared = Arc::new(Shared { state, unlocked: Condvar::new() });
        Recorder { shared, process: 0 }
    }

    /// Starts another process on the same medium.
    #[must_use]
    pub fn process(&self) -> Self {
        let mut state = self.state();
        state.processes += 1;
        Recorder { shared: self.shared.clone(), process: state.processes }
    }

    /// Makes every sync of that site do nothing and say that it did.
    #[must_use]
    pub fn without(self, site: SyncSite) -> Self {
        self.state().knocked_out = Some(site);
        self
    }

    /// Lets the call of that number, counted from 0, go wrong.
    pub fn fail(&self, call: usize, fault: Fault) {
        self.state().fault = Some((call, fault));
    }

    /// Returns how many calls changed or synced something so far.
    pub fn calls(&self) -> usize {
        self.state().calls
    }

    /// Writes a mark into the record, such as "commit 3 was acknowledged".
    pub fn mark(&self, mark: usize) {
        self.state().actions.push(Action::Mark(mark));
    }

    /// Returns the record so far.
    pub fn actions(&self) -> Vec<Action> {
        self.state().actions.clone()
    }

    /// Returns the medium as a process sees it that is not interrupted.
    pub fn disk(&self) -> Disk {
        self.state().disk.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call, does it unless it is the one to fail, and writes it down.
    fn act(&self, action: Action) -> io::Result<()> {
        let mut state = self.state();
        if state.dead.contains(&self.process) {
            return Err(io::Error::other("the process is dead"));
        }
        let call = state.calls;
        state.calls += 1;
        if let Some((at, fault)) = state.fault
            && at == call
        {
            if fault == Fault::Killed {
                state.dead.insert(self.process);
            }
            return Err(state.go_wrong(fault, action));
        }
        let is_out = |site| state.knocked_out == Some(site);
        let skipped = match &action {
            Action::Sync { site, .. } | Action::SyncDirectory { site, .. } => is_out(*site),
            _ => false,
        };
        if !skipped {
            state.disk.apply(&action)?;
            state.actions.push(action);
        }
        Ok(())
    }
}

impl State {
    fn go_wrong(&mut self, fault: Fault, action: Action) -> io::Error {
        match (fault, action) {
            (Fault::ShortWrite, Action::Write { file, offset, bytes }) => {
                let half = Action::Write { file, offset, bytes: bytes[..bytes.len() / 2].into() };
                if let Err(error) = self.disk.apply(&half) {
                    return error;
                }
                self.actions.push(half);
                io::ErrorKind::StorageFull.into()
            }
            (Fault::LostSync, Action::Sync { file, .. }) => {
                self.actions.push(Action::Lost { file });
                io::Error::other("the medium failed")
            }
            (Fault::Refused(kind), _) => kind.into(),
            _ => io::Error::other("the medium failed"),
        }
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Recorder::new()
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

impl Vfs for Recorder {
    fn create_new(&self, name: &str) -> io::Result<Box<dyn VfsFile>> {
        let file = self.state().disk.next_file();
        self.act(Action::Create { name: name.to_owned(), file })?;
        Ok(Box::new(RecordedFile { recorder: self.clone(), file, write: true }))
    }

    fn open(&self, name: &str, write: bool) -> io::Result<Box<dyn VfsFile>> {
        let file = self.state().disk.find(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(RecordedFile { recorder: self.clone(), file, write }))
    }

    fn create_dir(&self, name: &str) -> io::Result<()> {
        if self.state().disk.has_directory(name) {
            return Ok(());
        }
        self.act(Action::CreateDirectory { name: name.to_owned() })
    }

    fn list(&self, name: &str) -> io::Result<Vec<String>> {
        self.state().disk.list(name).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.act(Action::Rename { from: from.to_owned(), to: to.to_owned() })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.act(Action::Remove { name: name.to_owned() })
    }

    fn sync_dir(&self, name: &str, site: SyncSite) -> io::Result<()> {
        self.act(Action::SyncDirectory { name: name.to_owned(), site })
    }

    fn lock(&self, name: &str, timeout: Duration) -> io::Result<Option<Box<dyn VfsLock>>> {
        let end = Instant::now() + timeout;
        let mut state = self.state();
        while !state.locks.insert(name.to_owned()) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let waited = self.shared.unlocked.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(Some(Box::new(RecordedLock { recorder: self.clone(), name: name.to_owned() })))
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
        let state = self.recorder.state();
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
        self.recorder.act(Action::Write { file: self.file, offset, bytes: bytes.into() })
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.recorder.state().disk.bytes(self.file).len() as u64)
    }

    fn sync_data(&self, site: SyncSite) -> io::Result<()> {
        self.recorder.act(Action::Sync { file: self.file, site })
    }
}

#[derive(Debug)]
struct RecordedLock {
    recorder: Recorder,
    name: String,
}

impl VfsLock for RecordedLock {}

impl Drop for RecordedLock {
    fn drop(&mut self) {
        self.recorder.state().locks.remove(&self.name);
        self.recorder.shared.unlocked.notify_all();
    }
}
