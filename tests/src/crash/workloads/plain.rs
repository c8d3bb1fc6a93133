//! One process, one commit after the other; it closes in between and comes back.

use partita::{Result, Store, StoreOptions};

use super::{noise, text};
use crate::crash::{Stage, Workload, entropy};

pub(super) struct Plain;

const COMMITS: usize = 8;
const CLOSE_AFTER: usize = 5;

impl Workload for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn options(&self) -> StoreOptions {
        Store::options().entropy(entropy::fill)
    }

    fn content(&self, number: usize) -> Vec<u8> {
        if number == 4 { noise(number, 3_000) } else { text(number) }
    }

    fn run(&self, stage: &Stage<'_>) -> Result<()> {
        let store = stage.open(&stage.vfs)?;
        for number in 1..=CLOSE_AFTER {
            stage.commit(&store, number)?;
        }
        drop(store);
        let store = stage.open(&stage.vfs)?;
        for number in CLOSE_AFTER + 1..=COMMITS {
            stage.commit(&store, number)?;
        }
        Ok(())
    }
}
