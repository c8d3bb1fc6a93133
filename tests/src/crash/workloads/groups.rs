//! Threads of one process: while one of them writes, the others gather, and share the next write
//! and the next sync.

use std::time::Duration;

use partita::{ObjectId, Result, Store};

use super::{noise, text};
use crate::crash::ledger::begun;
use crate::crash::workload::wait_until;
use crate::crash::{Stage, Workload};
use crate::vfs::Action;

pub(super) struct Groups;

/// Threads, each with a line of its own; the first leads alone, the others share.
const THREADS: usize = 4;
const ROUNDS: usize = 3;

/// How long a thread has to get into the queue: nothing that can be seen tells that it has.
const QUEUE: Duration = Duration::from_millis(3);

impl Workload for Groups {
    fn name(&self) -> &'static str {
        "groups"
    }

    fn content(&self, number: usize) -> Vec<u8> {
        if number == 6 { noise(number, 2_000) } else { text(number) }
    }

    fn line(&self, number: usize) -> usize {
        (number - 1) % THREADS
    }

    fn run(&self, stage: &Stage<'_>) -> Result<()> {
        let store = stage.open(&stage.vfs)?;
        for round in 0..ROUNDS {
            share(stage, &store, round * THREADS + 1)?;
        }
        Ok(())
    }

    fn is_usual(&self, record: &[Action]) -> bool {
        (0..ROUNDS).all(|round| {
            let first = round * THREADS + 2;
            let ids: Vec<ObjectId> = (first..first + THREADS - 1)
                .map(|number| ObjectId::of_content(&self.content(number)))
                .collect();
            record.iter().any(|action| {
                let Action::Write { bytes, .. } = action else { return false };
                // The ids of a frame's objects stand in it as they are.
                let at = |id: &ObjectId| bytes.windows(32).position(|bytes| bytes == id.as_bytes());
                let places: Vec<_> = ids.iter().map(at).collect();
                places.iter().all(Option::is_some) && places.is_sorted()
            })
        })
    }
}

/// Commits one by a thread that is held at its write until the others wait behind it.
fn share(stage: &Stage<'_>, store: &Store, first: usize) -> Result<()> {
    let commit = |number: usize| {
        let (store, source) = (store.clone(), stage.source.clone());
        move || source.supply(|| stage.commit(&store, number))
    };
    stage.vfs.close_gate();
    let outcomes = std::thread::scope(|scope| {
        let mut threads = vec![scope.spawn(commit(first))];
        wait_until(|| stage.vfs.is_at_gate() || threads[0].is_finished());
        for number in first + 1..first + THREADS {
            threads.push(scope.spawn(commit(number)));
            wait_until(|| stage.vfs.has_mark(begun(number)));
            std::thread::sleep(QUEUE);
        }
        // The first is done before the others write, so that its mark is at its place.
        stage.vfs.pass_gate();
        wait_until(|| threads[0].is_finished());
        stage.vfs.open_gate();
        let join = |thread: std::thread::ScopedJoinHandle<'_, Result<()>>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect::<Vec<_>>()
    });
    outcomes.into_iter().collect()
}
