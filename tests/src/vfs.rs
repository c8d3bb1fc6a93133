//! A file layer in memory that writes down every call, and fails the one that it is told to.
//!
//! The store's directory is a directory of the medium, so its own name can be lost too.

mod action;
mod disk;
mod fate;
mod fault;
mod file;
mod image;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use partita::vfs::SyncSite;

pub use action::{Action, FileId};
pub use disk::Disk;
pub use fate::Fate;
pub use fault::{Call, Fault};
pub use image::Crash;

/// The store's directory on the medium.
const STORE: &str = "store";

/// How long a process waits at a gate that nobody opens.
const GATE_WAIT: Duration = Duration::from_secs(5);

/// The recording file layer of one process. Processes of one medium share its record.
#[derive(Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
    process: usize,
}

struct Shared {
    state: Mutex<State>,
    /// Told when a lock is let go or a gate opens.
    changed: Condvar,
}

/// What others do in the middle of a process's work.
type Meanwhile = Box<dyn FnOnce() + Send>;

/// Where the writes of a process wait.
struct Gate {
    process: usize,
    is_waiting: bool,
    /// Writes that may go on.
    passes: usize,
    /// The thread whose write went on: its next ones do as well.
    passed: Option<ThreadId>,
}

#[derive(Default)]
struct State {
    disk: Disk,
    /// What was done, in order.
    actions: Vec<Action>,
    /// All calls so far.
    calls: Vec<Call>,
    fault: Option<(usize, Fault)>,
    /// What goes wrong with a call of one process, counted among its own from 0.
    own_fault: Option<(usize, usize, Fault)>,
    /// What the others do right before a call of one process.
    meanwhile: Option<(usize, usize, Meanwhile)>,
    /// Calls of each process.
    own_calls: HashMap<usize, usize>,
    /// Bytes that the files may take together.
    capacity: Option<u64>,
    knocked_out: Option<SyncSite>,
    /// What processes are doing while their locks are none.
    lock_knocked_out: Option<&'static str>,
    /// What each process is at.
    doing: HashMap<usize, &'static str>,
    /// Locks that are held, each by how many.
    locks: HashMap<String, usize>,
    /// Processes that wait for a lock.
    waiting: HashSet<usize>,
    gate: Option<Gate>,
    /// Processes so far.
    processes: usize,
    dead: HashSet<usize>,
    /// Processes that are to die, with the calls that they have left.
    dies_at: HashMap<usize, usize>,
}

impl Recorder {
    /// Starts on an empty medium.
    pub fn new() -> Self {
        Recorder::on(Disk::default())
    }

    /// Starts on a medium that holds something.
    pub fn on(disk: Disk) -> Self {
        let state = Mutex::new(State { disk, ..State::default() });
        let shared = Arc::new(Shared { state, changed: Condvar::new() });
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

    /// Takes no lock for whoever is doing that, and says that it did.
    #[must_use]
    pub fn without_lock(self, doing: &'static str) -> Self {
        self.state().lock_knocked_out = Some(doing);
        self
    }

    /// Says what this process is at from now on.
    pub fn doing(&self, what: &'static str) {
        self.state().doing.insert(self.process, what);
    }

    /// Lets the call of that number, counted from 0, go wrong.
    pub fn fail(&self, call: usize, fault: Fault) {
        self.state().fault = Some((call, fault));
    }

    /// Lets a call of this process go wrong, that many calls of its own from now.
    pub fn fail_own(&self, call: usize, fault: Fault) {
        let mut state = self.state();
        let call = state.own(self.process) + call;
        state.own_fault = Some((self.process, call, fault));
    }

    /// Does something right before a call of this process, that many calls of its own from now.
    pub fn meanwhile(&self, call: usize, does: impl FnOnce() + Send + 'static) {
        let mut state = self.state();
        let call = state.own(self.process) + call;
        state.meanwhile = Some((self.process, call, Box::new(does)));
    }

    /// Lets no call go wrong any more, and nobody do anything in between.
    pub fn forget_fault(&self) {
        let mut state = self.state();
        (state.fault, state.own_fault) = (None, None);
        let meanwhile = state.meanwhile.take();
        drop(state);
        drop(meanwhile);
    }

    /// Tells whether a process was killed.
    pub fn is_dead(&self, process: &Recorder) -> bool {
        self.state().dead.contains(&process.process)
    }

    /// Cuts a file off, as if it never had been longer. No call, and nothing of it is in the record.
    pub fn cut(&self, name: &str, len: usize) {
        self.state().disk.cut(&full(name), len);
    }

    /// Kills this process at its call of that number from now on, counted from 0.
    pub fn die_at(&self, call: usize) {
        self.state().dies_at.insert(self.process, call);
    }

    /// Kills this process: no later call of it does anything, and its locks are free.
    pub fn kill(&self) {
        let mut state = self.state();
        state.dies_at.remove(&self.process);
        state.dead.insert(self.process);
    }

    /// Sets how many bytes the files may take together, or lets them take what they will.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.state().capacity = bytes;
    }

    /// Returns all calls so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// Tells whether a process was killed.
    pub fn has_dead(&self) -> bool {
        !self.state().dead.is_empty()
    }

    /// Writes a mark into the record, such as "commit 3 was acknowledged".
    pub fn mark(&self, mark: usize) {
        self.state().actions.push(Action::Mark(mark));
    }

    /// Returns the record so far. The order of marks that follow each other says nothing.
    pub fn actions(&self) -> Vec<Action> {
        let mut actions = self.state().actions.clone();
        let is_mark = |action: &Action| matches!(action, Action::Mark(_));
        for marks in actions.chunk_by_mut(|one, other| is_mark(one) == is_mark(other)) {
            if let Some(Action::Mark(_)) = marks.first() {
                marks.sort_by_key(|mark| if let Action::Mark(mark) = mark { *mark } else { 0 });
            }
        }
        actions
    }

    /// Returns the medium as a process sees it that is not interrupted.
    pub fn disk(&self) -> Disk {
        self.state().disk.clone()
    }

    /// Lets this process's next write wait until the gate is opened. There is one gate: whoever
    /// waits at another process's goes on.
    pub fn close_gate(&self) {
        self.state().gate =
            Some(Gate { process: self.process, is_waiting: false, passes: 0, passed: None });
        self.shared.changed.notify_all();
    }

    /// Lets one write through.
    pub fn pass_gate(&self) {
        if let Some(gate) = &mut self.state().gate {
            gate.passes += 1;
        }
        self.shared.changed.notify_all();
    }

    /// Tells whether that mark is in the record.
    pub fn has_mark(&self, mark: usize) -> bool {
        self.state().actions.contains(&Action::Mark(mark))
    }

    /// Opens the gate.
    pub fn open_gate(&self) {
        self.state().gate = None;
        self.shared.changed.notify_all();
    }

    /// Tells whether a write waits at the gate.
    pub fn is_at_gate(&self) -> bool {
        self.state().gate.as_ref().is_some_and(|gate| gate.is_waiting)
    }

    /// Tells whether this process waits for a lock.
    pub fn waits_for_lock(&self) -> bool {
        self.state().waiting.contains(&self.process)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call; tells what is to go wrong with it.
    fn count(&self, state: &mut State, call: Call) -> io::Result<Option<Fault>> {
        if state.dead.contains(&self.process) {
            return Err(io::Error::other("the process is dead"));
        }
        if let Some(left) = state.dies_at.get_mut(&self.process) {
            if *left == 0 {
                state.dead.insert(self.process);
                return Err(io::Error::other("the process was killed"));
            }
            *left -= 1;
        }
        let number = state.calls.len();
        state.calls.push(call);
        let own = state.own_calls.entry(self.process).or_default();
        let at = (self.process, *own);
        *own += 1;
        let fault = state.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
        let own = state.own_fault.filter(|(process, own, _)| (*process, *own) == at);
        let fault = fault.or(own.map(|(_, _, fault)| fault));
        if matches!(fault, Some(Fault::Killed | Fault::Torn)) {
            state.dead.insert(self.process);
        }
        Ok(fault)
    }

    /// Counts a call that only looks.
    fn look(&self, call: Call) -> io::Result<MutexGuard<'_, State>> {
        self.let_others();
        let mut state = self.state();
        match self.count(&mut state, call)? {
            Some(Fault::Refused(kind)) => Err(kind.into()),
            Some(_) => Err(failed()),
            None => Ok(state),
        }
    }

    /// Counts a call, does it unless it is the one to fail, and writes it down.
    fn act(&self, call: Call, action: Action) -> io::Result<()> {
        self.let_others();
        let mut state = self.wait_at_gate(call, self.state());
        if let Some(fault) = self.count(&mut state, call)? {
            return Err(state.go_wrong(fault, action));
        }
        if action.site().is_some_and(|site| state.knocked_out == Some(site)) {
            return Ok(());
        }
        if let Some(room) = state.room(&action) {
            return Err(state.write_short(action, room));
        }
        state.disk.apply(&action)?;
        state.actions.push(action);
        Ok(())
    }

    /// Lets the others do what they do before this call.
    fn let_others(&self) {
        let mut state = self.state();
        let own = state.own(self.process);
        let is_due = |(process, call): (usize, usize)| (process, call) == (self.process, own);
        if state.meanwhile.as_ref().is_some_and(|(process, call, _)| is_due((*process, *call))) {
            let meanwhile = state.meanwhile.take();
            drop(state);
            if let Some((_, _, does)) = meanwhile {
                does();
            }
        }
    }

    fn wait_at_gate<'a>(
        &self,
        call: Call,
        mut state: MutexGuard<'a, State>,
    ) -> MutexGuard<'a, State> {
        let end = Instant::now() + GATE_WAIT;
        while call == Call::Write
            && !state.dead.contains(&self.process)
            && Instant::now() < end
            && let Some(gate) = &mut state.gate
            && gate.process == self.process
            && gate.passed != Some(thread::current().id())
        {
            gate.is_waiting = gate.passes == 0;
            if gate.passes > 0 {
                gate.passes -= 1;
                gate.passed = Some(thread::current().id());
                break;
            }
            let waited = self.shared.changed.wait_timeout(state, GATE_WAIT);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state
    }
}

fn failed() -> io::Error {
    io::Error::other("the medium failed")
}

/// The name on the medium.
fn full(name: &str) -> String {
    if name.is_empty() { STORE.to_owned() } else { format!("{STORE}/{name}") }
}

impl State {
    fn own(&self, process: usize) -> usize {
        self.own_calls.get(&process).copied().unwrap_or(0)
    }

    fn go_wrong(&mut self, fault: Fault, action: Action) -> io::Error {
        match (fault, action) {
            (Fault::ShortWrite | Fault::Torn, Action::Write { file, offset, bytes }) => {
                let half = bytes.len() / 2;
                self.write_short(Action::Write { file, offset, bytes }, half)
            }
            (Fault::LostSync, Action::Sync { file, .. }) => {
                self.actions.push(Action::Lost { file });
                failed()
            }
            (Fault::Refused(kind), _) => kind.into(),
            _ => failed(),
        }
    }

    /// The bytes of a write for which there is room, where there is not for all.
    fn room(&self, action: &Action) -> Option<usize> {
        let Action::Write { file, offset, bytes } = action else { return None };
        let len = self.disk.bytes(*file).len() as u64;
        let grows = (offset + bytes.len() as u64).saturating_sub(len);
        let left = self.capacity?.saturating_sub(self.disk.used());
        let fits = len.saturating_sub(*offset).saturating_add(left);
        (grows > left).then(|| bytes.len().min(usize::try_from(fits).unwrap_or(usize::MAX)))
    }

    /// Writes the beginning alone.
    fn write_short(&mut self, action: Action, count: usize) -> io::Error {
        if let Action::Write { file, offset, bytes } = action {
            let part = Action::Write { file, offset, bytes: bytes[..count].into() };
            if let Err(error) = self.disk.apply(&part) {
                return error;
            }
            self.actions.push(part);
        }
        io::ErrorKind::StorageFull.into()
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
