//! Two processes at the same time: one comes while the other is about to write, while it commits
//! and while it closes. The lock alone keeps them apart.

use partita::{Result, Store};

use super::{noise, text};
use crate::crash::{Stage, Workload};
use crate::vfs::Recorder;

pub(super) struct Overlap;

impl Workload for Overlap {
    fn name(&self) -> &'static str {
        "overlap"
    }

    fn content(&self, number: usize) -> Vec<u8> {
        if number == 5 { noise(number, 20_000) } else { text(number) }
    }

    /// Two that write at the same time know nothing of each other.
    fn line(&self, number: usize) -> usize {
        number % 2
    }

    fn run(&self, stage: &Stage<'_>) -> Result<()> {
        let (first, second) = (stage.vfs.process(), stage.vfs.process());
        let (mut one, two) = (stage.open(&first)?, stage.open(&second)?);
        for number in [1, 3, 5] {
            both_commit(stage, (&first, &one, number), (&second, &two, number + 1))?;
        }
        both_commit(stage, (&second, &two, 8), (&first, &one, 7))?;
        first.doing("close");
        let other = || stage.commit(&two, 10);
        let close = || {
            drop(one);
            Ok(())
        };
        stage.meet((&first, close), (&second, other))?;
        first.doing("open");
        one = stage.open(&first)?;
        both_commit(stage, (&first, &one, 9), (&second, &two, 12))
    }
}

fn both_commit(
    stage: &Stage<'_>,
    (first, one, number): (&Recorder, &Store, usize),
    (second, two, other): (&Recorder, &Store, usize),
) -> Result<()> {
    first.doing("commit");
    second.doing("commit");
    stage.meet((first, || stage.commit(one, number)), (second, || stage.commit(two, other)))?;
    Ok(())
}
