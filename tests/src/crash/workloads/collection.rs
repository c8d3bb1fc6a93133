//! Garbage is made and collected, segments give way to packed ones, and work goes on.

use std::ops::ControlFlow;

use partita::plumbing::Expected;
use partita::upkeep::{GcOptions, PurgeOptions};
use partita::{ContentId, ObjectId, Result, Store, StoreOptions, Timestamp};

use super::{noise, text};
use crate::crash::ledger::Commits;
use crate::crash::{Stage, Workload, entropy};

/// One process makes garbage and collects it.
pub(super) struct Collection;
/// Another process stands where the log was before it was collected, twice.
pub(super) struct Collected;
/// A secret is purged: once that is acknowledged, its bytes never come back.
pub(super) struct Purge;

fn options() -> StoreOptions {
    let options = Store::options().segment_bytes(4 << 10).bulk_bytes(8 << 10);
    options.entropy(entropy::fill).clock(|| Timestamp::from_millis(0))
}

fn content(number: usize) -> Vec<u8> {
    if number.is_multiple_of(3) { noise(number, 2_500) } else { text(number) }
}

/// Stores bytes under a ref of their own.
fn store_bytes(store: &Store, name: &str, bytes: Vec<u8>) -> Result<ObjectId> {
    let mut batch = store.batch();
    let id = batch.put_content(bytes, None)?.id();
    batch.set_ref(name, Expected::Any, Some(id));
    batch.commit()?;
    Ok(id)
}

fn make_garbage(store: &Store, number: usize) -> Result<()> {
    store_bytes(store, "scratch", noise(500 + number, 1_500))?;
    let mut batch = store.batch();
    batch.set_ref("scratch", Expected::Any, None);
    batch.commit()
}

fn collect(store: &Store) -> Result<()> {
    store.gc(&GcOptions::new(), &mut |_| ControlFlow::Continue(())).map(drop)
}

impl Workload for Collection {
    fn name(&self) -> &'static str {
        "collection"
    }

    fn options(&self) -> StoreOptions {
        options()
    }

    fn content(&self, number: usize) -> Vec<u8> {
        content(number)
    }

    fn run(&self, stage: &Stage<'_>) -> Result<()> {
        let store = stage.open(&stage.vfs)?;
        for number in 1..=4 {
            stage.commit(&store, number)?;
        }
        make_garbage(&store, 1)?;
        collect(&store)?;
        stage.commit(&store, 5)?;
        make_garbage(&store, 2)?;
        drop(store);
        let store = stage.open(&stage.vfs.process())?;
        collect(&store)?;
        stage.commit(&store, 6)
    }

    fn go_on(&self, stage: &Stage<'_>, store: &Store, held: &Commits) -> Result<Commits> {
        let next = held.len() + 1;
        stage.commit(store, next)?;
        collect(store)?;
        Ok(held.iter().copied().chain([next]).collect())
    }
}

impl Workload for Collected {
    fn name(&self) -> &'static str {
        "collected"
    }

    fn options(&self) -> StoreOptions {
        options()
    }

    fn content(&self, number: usize) -> Vec<u8> {
        content(number)
    }

    fn run(&self, stage: &Stage<'_>) -> Result<()> {
        let (first, second) = (stage.vfs.process(), stage.vfs.process());
        let one = stage.open(&first)?;
        stage.commit(&one, 1)?;
        let two = stage.open(&second)?;
        stage.commit(&two, 2)?;
        make_garbage(&one, 1)?;
        collect(&one)?;
        stage.commit(&one, 3)?;
        collect(&one)?;
        stage.commit(&two, 4)?;
        make_garbage(&two, 2)?;
        collect(&two)?;
        stage.commit(&one, 5)
    }
}

/// What must not come back, whatever crashes. Nothing compresses it, so that it is found as it is.
fn secret() -> Vec<u8> {
    noise(999, 64)
}

impl Workload for Purge {
    fn name(&self) -> &'static str {
        "purge"
    }

    fn options(&self) -> StoreOptions {
        options()
    }

    fn content(&self, number: usize) -> Vec<u8> {
        content(number)
    }

    fn run(&self, stage: &Stage<'_>) -> Result<()> {
        let store = stage.open(&stage.vfs)?;
        stage.commit(&store, 1)?;
        store_bytes(&store, "leak", secret())?;
        stage.commit(&store, 2)?;
        let options = PurgeOptions::new("it slipped in");
        store.purge_matching(&secret(), &options, &mut |_| ControlFlow::Continue(()))?;
        stage.commit(&store, 3)?;
        drop(store);
        let store = stage.open(&stage.vfs)?;
        stage.commit(&store, 4)
    }

    /// Once somebody has written after a purge, no file holds what was purged.
    fn go_on(&self, stage: &Stage<'_>, store: &Store, held: &Commits) -> Result<Commits> {
        let next = held.len() + 1;
        stage.commit(store, next)?;
        let secret = secret();
        let id = ContentId::new(ObjectId::of_content(&secret));
        let purged = store.read_content(id).map_err(|error| error.kind());
        if purged == Err(partita::ErrorKind::Purged) {
            for (name, bytes) in stage.vfs.disk().files() {
                if bytes.windows(secret.len()).any(|window| window == secret) {
                    stage.violate(format!("{name} holds what was purged"));
                }
            }
        }
        Ok(held.iter().copied().chain([next]).collect())
    }
}
