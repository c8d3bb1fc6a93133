//! Commits that are acknowledged by a later sync, or by a durable commit of another process.

use std::sync::Arc;

use partita::{Durability, Result, Store};

use super::{noise, text};
use crate::crash::ledger::{Commits, begun};
use crate::crash::{Stage, Workload};
use crate::vfs::Recorder;

pub(super) struct Buffered;

impl Workload for Buffered {
    fn name(&self) -> &'static str {
        "buffered"
    }

    fn content(&self, number: usize) -> Vec<u8> {
        match number {
            3 => noise(number, 2_000),
            8 => noise(number, 20_000),
            _ => text(number),
        }
    }

    fn run(&self, stage: &Stage<'_>) -> Result<()> {
        let (first, second) = (stage.vfs.process(), stage.vfs.process());
        let hasty = open(self, stage, &first)?;
        let careful = stage.open(&second)?;
        for (from, to) in [(1, 3), (4, 4), (5, 8)] {
            for number in from..=to {
                stage.commit_buffered(&hasty, number)?;
            }
            hasty.sync()?;
            stage.acknowledge(from..=to);
        }
        for (hasty_one, careful_one) in [(9, 10), (11, 12)] {
            stage.commit_buffered(&hasty, hasty_one)?;
            // It builds on the other's commit, so that one is to last as well.
            stage.commit(&careful, careful_one)?;
            stage.acknowledge([hasty_one]);
        }
        drop(hasty);
        Ok(())
    }

    fn go_on(&self, stage: &Stage<'_>, _store: &Store, held: &Commits) -> Result<Commits> {
        let hasty = open(self, stage, &stage.vfs)?;
        let (one, two) = (held.len() + 1, held.len() + 2);
        stage.commit_buffered(&hasty, one)?;
        stage.commit_buffered(&hasty, two)?;
        hasty.sync()?;
        stage.acknowledge([one, two]);
        Ok(held.iter().copied().chain([one, two]).collect())
    }
}

/// Opens a handle whose commits wait for a sync. That the store is there is not promised before.
fn open(of: &Buffered, stage: &Stage<'_>, process: &Recorder) -> Result<Store> {
    stage.vfs.mark(begun(0));
    let options = of.options().durability(Durability::Buffered);
    stage.source.supply(|| options.open_vfs(Arc::new(process.clone())))
}
