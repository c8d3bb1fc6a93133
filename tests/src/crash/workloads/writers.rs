//! Two processes that take turns; the first closes in the middle and comes back.

use partita::Result;

use super::{noise, text};
use crate::crash::{Stage, Workload};

pub(super) struct Writers;

const COMMITS: usize = 12;

impl Workload for Writers {
    fn name(&self) -> &'static str {
        "writers"
    }

    fn content(&self, number: usize) -> Vec<u8> {
        match number {
            6 => noise(number, 20_000),
            4 | 9 => noise(number, 3_000),
            _ => text(number),
        }
    }

    fn run(&self, stage: &Stage<'_>) -> Result<()> {
        let (first, second) = (stage.vfs.process(), stage.vfs.process());
        let mut one = Some(stage.open(&first)?);
        let two = stage.open(&second)?;
        for number in 1..=COMMITS {
            if number == 8 {
                one = None;
            } else if number == 10 {
                one = Some(stage.open(&first)?);
            }
            let store = one.as_ref().filter(|_| number % 3 != 0).unwrap_or(&two);
            stage.commit(store, number)?;
        }
        Ok(())
    }
}
