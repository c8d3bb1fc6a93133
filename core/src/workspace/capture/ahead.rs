//! Listings made ahead: while a walk looks at what one directory holds, a thread lists some of those
//! that come later. Most of a walk is the system's own work, which two threads get done in less time.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::directories::{Directories, Listed};

/// Directories that wait from which on a thread is worth its beginning.
const WORTH_IT: usize = 8;
/// How many of the next directories the thread leaves to the walk, which comes to them at once.
const LEFT: usize = 8;
/// Names that are listed ahead at the most, but for those of the last directory.
const NAMES_MAX: usize = 1 << 16;

/// What lists ahead, until this is dropped.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    is_refused: bool,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Directories that are yet to be listed; the walk comes to the last one first.
    waiting: Vec<Vec<u8>>,
    under_way: Option<Vec<u8>>,
    done: HashMap<Vec<u8>, Listed>,
    /// Names in what is done.
    names: usize,
    is_over: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&'a self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ahead {
    /// Says which directories the walk comes to next, in their order.
    pub(super) fn expect(&mut self, next: &[&[u8]], directories: &Directories) {
        let mut state = self.shared.state();
        state.waiting.extend(next.iter().rev().map(|path| path.to_vec()));
        let is_worth_it = state.waiting.len() >= WORTH_IT;
        drop(state);
        if self.thread.is_none() && is_worth_it && !self.is_refused {
            self.begin(directories);
        }
        self.shared.changed.notify_all();
    }

    /// Takes what was listed ahead of a directory; none if the walk is to list it itself.
    pub(super) fn take(&mut self, directory: &[u8]) -> Option<Listed> {
        let mut state = self.shared.state();
        while state.under_way.as_deref() == Some(directory) {
            state = self.shared.wait(state);
        }
        if state.waiting.last().is_some_and(|next| next == directory) {
            state.waiting.pop();
        }
        let listed = state.done.remove(directory)?;
        state.names -= names(&listed);
        self.shared.changed.notify_all();
        Some(listed)
    }

    fn begin(&mut self, directories: &Directories) {
        let Ok(mut own) = directories.try_clone() else {
            self.is_refused = true;
            return;
        };
        let shared = self.shared.clone();
        let thread = thread::Builder::new().name("partita-list".to_owned());
        match thread.spawn(move || list(&shared, &mut own)) {
            Ok(thread) => self.thread = Some(thread),
            // The walk lists all by itself.
            Err(_) => self.is_refused = true,
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Lets the walk go on by itself where the thread ends, however it ends.
struct Ending<'a>(&'a Shared);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.state().under_way = None;
        self.0.changed.notify_all();
    }
}

/// What the thread does.
fn list(shared: &Shared, directories: &mut Directories) {
    let _ending = Ending(shared);
    let mut state = shared.state();
    while !state.is_over {
        let at = state.waiting.len().checked_sub(LEFT + 1);
        let Some(at) = at.filter(|_| state.names < NAMES_MAX) else {
            state = shared.wait(state);
            continue;
        };
        let directory = state.waiting.remove(at);
        state.under_way = Some(directory.clone());
        drop(state);
        let listed = directories.list(&directory);
        state = shared.state();
        state.under_way = None;
        state.names += names(&listed);
        state.done.insert(directory, listed);
        shared.changed.notify_all();
    }
}

fn names(listed: &Listed) -> usize {
    listed.as_ref().map_or(0, Vec::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_panics_over_a_directory_keeps_no_walk_waiting() {
        let mut ahead = Ahead::default();
        let shared = ahead.shared.clone();
        shared.state().under_way = Some(b"d".to_vec());
        let ended = thread::spawn(move || {
            let _ending = Ending(&shared);
            panic!("over a directory, as the test wants");
        });
        assert!(ahead.take(b"d").is_none());
        assert!(ended.join().is_err());
    }
}
