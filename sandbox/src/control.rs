//! Reaching a command that runs.

use std::sync::{Arc, Mutex, PoisonError};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// A hold on the command that a sandbox runs, for other threads. Where none runs, it does nothing.
#[derive(Clone, Debug, Default)]
pub struct Control {
    /// The process group of the command, as long as its first process was not waited for: so long no
    /// other group has its number.
    group: Arc<Mutex<Option<i32>>>,
}

impl Control {
    /// Sends a signal, by its number, to all processes of the command.
    pub fn signal(&self, signal: i32) {
        if let Ok(signal) = Signal::try_from(signal) {
            self.send(signal);
        }
    }

    /// Kills all processes of the command.
    pub fn kill(&self) {
        self.send(Signal::SIGKILL);
    }

    /// Tells whether a command runs.
    pub fn is_running(&self) -> bool {
        self.group().is_some()
    }

    pub(crate) fn set(&self, group: Option<i32>) {
        *self.group() = group;
    }

    fn send(&self, signal: Signal) {
        // Under the lock, so that the group is not waited for meanwhile.
        let group = self.group();
        if let Some(group) = *group {
            // One that has ended already is none to signal.
            let _ = killpg(Pid::from_raw(group), signal);
        }
    }

    fn group(&self) -> std::sync::MutexGuard<'_, Option<i32>> {
        self.group.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
