//! What a workload is.

use partita::{Result, Store, StoreOptions};

use super::ledger::{self, Commits};
use super::{Stage, entropy};
use crate::vfs::Action;

/// Something that processes do with a store. A new one is a file in `workloads` and a line in its
/// list; it says what it commits and when, and the suite does the rest.
pub trait Workload: Sync {
    /// Its name in tables and addresses.
    fn name(&self) -> &'static str;

    /// The content of a commit.
    fn content(&self, number: usize) -> Vec<u8>;

    /// How large a part of all states is its own: less for one whose states take long.
    fn share(&self) -> usize {
        4
    }

    /// Does it all, and writes down what was begun and what was acknowledged.
    ///
    /// # Errors
    /// What the store says; on a medium that works there must be none.
    fn run(&self, stage: &Stage<'_>) -> Result<()>;

    /// The line that a commit belongs to: it needs the earlier ones of its line and no others.
    fn line(&self, _number: usize) -> usize {
        0
    }

    /// Tells whether a record is the one that every run is to leave. Where threads run, chance may
    /// have it otherwise now and then; such a run is done again.
    fn is_usual(&self, _record: &[Action]) -> bool {
        true
    }

    /// How its stores are opened: with segments that soon are full.
    fn options(&self) -> StoreOptions {
        Store::options().segment_bytes(8 << 10).bulk_bytes(16 << 10).entropy(entropy::fill)
    }

    /// Tells whether what a crash leaves of it is recovered before it is opened: where the medium
    /// had damaged a file, and not the crash.
    fn is_recovered(&self) -> bool {
        false
    }

    /// Returns the commits that a store holds, if each of them is whole.
    ///
    /// # Errors
    /// What is not as it should be, in a line.
    fn held(&self, store: &Store) -> Result<Commits, String> {
        ledger::held(self, store)
    }

    /// What the first process after a crash does: one more commit, and whatever else is of
    /// interest. Returns the commits that the store holds then.
    ///
    /// # Errors
    /// What the store says.
    fn go_on(&self, stage: &Stage<'_>, store: &Store, held: &Commits) -> Result<Commits> {
        let mut next = 1;
        while self.line(next) != 0 || held.contains(&next) {
            next += 1;
        }
        stage.commit(store, next)?;
        Ok(held.iter().copied().chain([next]).collect())
    }
}
