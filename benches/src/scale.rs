//! The same acts in sessions of 1, 10 and 100 thousand files and memories: cost follows the change.

use partita::budget::Budget;
use partita::tokens::Encoding;
use partita::{Durability, Memory, Session, Store};

use crate::measure::{Samples, Table, micros, time};
use crate::{Options, Result};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// Files that are written to: few, so that the first time that each is read does not count.
const WRITTEN: usize = 50;
/// Items that a capacity lists.
const LISTED: usize = 20;

/// What is measured, and how.
type Act = (&'static str, fn(&Session, usize) -> Result<()>);

const ACTS: [Act; 5] = [
    ("write", |session, number| {
        session.write(path(number % WRITTEN * 13), format!("new {number}\n"))?;
        Ok(())
    }),
    ("remember", |session, number| {
        session.remember(Memory::user(format!("one more, {number}")))?;
        Ok(())
    }),
    ("fork", |session, number| {
        session.fork(&format!("fork-{number}"))?;
        Ok(())
    }),
    ("capacity after one more memory", |session, number| {
        session.remember(Memory::user(format!("yet one more, {number}")))?;
        session.capacity_of_largest(&Budget::new(1 << 30), &Encoding::O200k, LISTED)?;
        Ok(())
    }),
    ("diff of one change", |session, number| {
        let before = session.latest()?;
        session.write(path(number % WRITTEN * 13), format!("newer {number}\n"))?;
        match before.changes(&session.latest()?).count() {
            1 => Ok(()),
            other => Err(format!("{other} changes, not 1").into()),
        }
    }),
];

fn path(number: usize) -> String {
    format!("crates/c{:03}/src/f{number:06}.rs", number / 500)
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let mut rows: Vec<Vec<String>> =
        ACTS.iter().map(|(name, _)| vec![(*name).to_owned()]).collect();
    for size in SIZES {
        let dir = tempfile::tempdir_in(&options.dir)?;
        let store =
            Store::options().durability(Durability::Buffered).open(dir.path().join("partita"))?;
        let session = store.session("bench")?;
        for thousand in 0..size / 1_000 {
            session.batch(|batch| {
                for number in thousand * 1_000..(thousand + 1) * 1_000 {
                    batch.write(path(number), format!("pub const NUMBER: usize = {number};\n"))?;
                    batch.remember(Memory::user(format!("memory {number} says little")))?;
                }
                Ok(())
            })?;
        }
        // Whoever opens it later has nothing in memory.
        session.capacity_of_largest(&Budget::new(1 << 30), &Encoding::O200k, LISTED)?;
        for (row, (_, act)) in rows.iter_mut().zip(ACTS) {
            let mut samples = Samples::default();
            for number in 0..WRITTEN * 6 {
                let (took, ()) = time(|| act(&session, number))?;
                if number >= WRITTEN {
                    samples.push(took);
                }
            }
            row.push(micros(samples.p50()));
        }
    }
    let table = Table::new(&["buffered, p50", "1,000 files and memories", "10,000", "100,000"]);
    for row in &rows {
        table.row(&[&row[0], &row[1], &row[2], &row[3]]);
    }
    Ok(())
}
