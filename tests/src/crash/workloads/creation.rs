//! The creation of a store, by two processes at the same time.

use partita::Result;

use super::{noise, text};
use crate::crash::{Stage, Workload};

pub(super) struct Creation;

impl Workload for Creation {
    fn name(&self) -> &'static str {
        "creation"
    }

    fn content(&self, number: usize) -> Vec<u8> {
        if number == 2 { noise(number, 1_500) } else { text(number) }
    }

    fn run(&self, stage: &Stage<'_>) -> Result<()> {
        let (first, second) = (stage.vfs.process(), stage.vfs.process());
        first.doing("create");
        second.doing("create");
        let (one, two) =
            stage.meet((&first, || stage.open(&first)), (&second, || stage.open(&second)))?;
        stage.commit(&one, 1)?;
        stage.commit(&two, 2)?;
        drop(two);
        stage.commit(&one, 3)
    }
}
