//! Large contents: some in the log, so that a snapshot comes between commits, some in chunks and in
//! data segments of their own.

use partita::{Result, Store, StoreOptions};

use super::{noise, text};
use crate::crash::{Stage, Workload, entropy};

pub(super) struct Large;

const COMMITS: usize = 7;

impl Workload for Large {
    fn name(&self) -> &'static str {
        "large"
    }

    fn options(&self) -> StoreOptions {
        Store::options().segment_bytes(4 << 20).bulk_bytes(256 << 10).entropy(entropy::fill)
    }

    fn content(&self, number: usize) -> Vec<u8> {
        match number {
            1..=3 => noise(number, 100_000),
            // From 1 MiB on it is placed in chunks. The second has most of them from the first.
            5 => noise(5, 550_000).repeat(2),
            7 => [&noise(7, 300)[..], &noise(5, 550_000).repeat(2)].concat(),
            _ => text(number),
        }
    }

    fn share(&self) -> usize {
        1
    }

    fn run(&self, stage: &Stage<'_>) -> Result<()> {
        let store = stage.open(&stage.vfs)?;
        for number in 1..=COMMITS {
            stage.commit(&store, number)?;
        }
        Ok(())
    }
}
