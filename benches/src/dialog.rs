//! What real dialogs cost on disk, before any repack, beside the transcripts they came from.
//!
//! `PARTITA_TRANSCRIPTS` names the directory of the transcripts: none are kept here.

use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::PathBuf;

use partita::upkeep::GcOptions;
use partita::{Memory, Store, interop};

use crate::measure::{Table, megabytes};
use crate::size::bytes_below;
use crate::{Options, Result};

/// Memories of one durable step of an import, as the command has it.
const BATCH: usize = 512;

pub(crate) fn run(options: &Options) -> Result<()> {
    let Ok(dir) = std::env::var("PARTITA_TRANSCRIPTS") else {
        println!("PARTITA_TRANSCRIPTS names no directory of transcripts: nothing to do");
        return Ok(());
    };
    let table = Table::new(&[
        "transcripts",
        "messages",
        "their bytes",
        "a step a message",
        "in batches, as an import",
        "the same after gc",
    ]);
    let mut dirs: Vec<PathBuf> = std::fs::read_dir(dir)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()?;
    dirs.retain(|dir| dir.is_dir());
    dirs.sort();
    let (mut all, mut all_bytes) = (Vec::new(), 0);
    for dir in &dirs {
        let (mut memories, mut bytes) = (Vec::new(), 0);
        for entry in std::fs::read_dir(dir)? {
            let file = entry?.path();
            let Ok(read) = interop::read(BufReader::new(std::fs::File::open(&file)?), None) else {
                continue;
            };
            bytes += file.metadata()?.len();
            let entries =
                read.ended().transcripts.into_iter().flat_map(|transcript| transcript.entries);
            memories.extend(entries.map(|entry| entry.memory));
        }
        row(
            options,
            &table,
            &dir.file_name().unwrap_or_default().to_string_lossy(),
            &memories,
            bytes,
        )?;
        all.append(&mut memories);
        all_bytes += bytes;
    }
    row(options, &table, "all in one session", &all, all_bytes)
}

fn row(
    options: &Options,
    table: &Table,
    name: &str,
    memories: &[Memory],
    bytes: u64,
) -> Result<()> {
    let share = |stored: u64| {
        let percent = 100.0 * stored as f64 / bytes.max(1) as f64;
        format!("{}, {percent:.1} %", megabytes(stored))
    };
    let single = stored(options, memories, 1, false)?;
    let batched = stored(options, memories, BATCH, false)?;
    let collected = stored(options, memories, BATCH, true)?;
    table.row(&[
        &name,
        &memories.len(),
        &megabytes(bytes),
        &share(single),
        &share(batched),
        &share(collected),
    ]);
    Ok(())
}

/// Records memories, so many a durable step, and returns the bytes of the store's files.
fn stored(options: &Options, memories: &[Memory], batch: usize, collect: bool) -> Result<u64> {
    let dir = tempfile::tempdir_in(&options.dir)?;
    let path = dir.path().join("partita");
    let store = Store::open(&path)?;
    let session = store.session("dialogs")?;
    for memories in memories.chunks(batch) {
        session
            .batch(|batch| memories.iter().try_for_each(|memory| batch.remember(memory.clone())))?;
    }
    for _ in 0..usize::from(collect) * 2 {
        store.gc(&GcOptions::new(), &mut |_| ControlFlow::Continue(()))?;
    }
    drop((session, store));
    bytes_below(&path, &|_| true)
}
