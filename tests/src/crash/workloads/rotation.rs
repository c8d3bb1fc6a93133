//! Segments that soon are full, so that one gives way to the next again and again.

use partita::{Result, Store, StoreOptions};

use super::{noise, text};
use crate::crash::{Stage, Workload, entropy};

pub(super) struct Rotation;

const COMMITS: usize = 14;

impl Workload for Rotation {
    fn name(&self) -> &'static str {
        "rotation"
    }

    fn options(&self) -> StoreOptions {
        Store::options().segment_bytes(4 << 10).bulk_bytes(8 << 10).entropy(entropy::fill)
    }

    fn content(&self, number: usize) -> Vec<u8> {
        match number {
            9 => noise(number, 9_000),
            _ if number.is_multiple_of(3) => noise(number, 2_500),
            _ => text(number),
        }
    }

    fn run(&self, stage: &Stage<'_>) -> Result<()> {
        let store = stage.open(&stage.vfs)?;
        for number in 1..=COMMITS {
            stage.commit(&store, number)?;
        }
        Ok(())
    }
}
