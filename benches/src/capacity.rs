//! Capacity after one edit beside counting everything.

use std::hint::black_box;

use partita::budget::Budget;
use partita::tokens::Encoding;
use partita::{Memory, Store};

use crate::history::History;
use crate::measure::{Samples, Table, time};
use crate::{Options, Result};

const FILES: usize = 10_000;
const MEMORIES: usize = 10_000;
const EDITS: usize = 50;

pub(crate) fn run(options: &Options) -> Result<()> {
    let history = History::load(options)?;
    let work = crate::work::edits(&history, FILES, EDITS, 5);
    let store = Store::in_memory()?;
    let session = store.session("bench")?;
    for files in work.files.chunks(1_000) {
        session.batch(|batch| {
            files.iter().try_for_each(|file| batch.write(&file.path, &file.bytes).map(drop))
        })?;
    }
    for first in (0..MEMORIES).step_by(1_000) {
        session.batch(|batch| {
            (first..first + 1_000).try_for_each(|at| {
                let said = &work.steps[at % work.steps.len()].said[at % 2];
                batch.remember(match at % 2 {
                    0 => Memory::user(format!("{at} {said}")),
                    _ => Memory::assistant(format!("{at} {said}")),
                })
            })
        })?;
    }
    let (counter, budget) = (Encoding::O200k, Budget::new(1_000_000));
    let (first, _) = time(|| Ok(session.capacity_of_largest(&budget, &counter, 10)?))?;
    let mut after_edit = Samples::default();
    let mut after_memory = Samples::default();
    for (at, step) in work.steps.iter().enumerate() {
        session.write(&step.path, &step.bytes)?;
        let (took, capacity) = time(|| Ok(session.capacity_of_largest(&budget, &counter, 10)?))?;
        black_box(capacity);
        after_edit.push(took);
        session.remember(Memory::user(format!("and now {at}")))?;
        let (took, capacity) = time(|| Ok(session.capacity_of_largest(&budget, &counter, 10)?))?;
        black_box(capacity);
        after_memory.push(took);
    }
    let prompt = session.latest()?.prompt()?;
    let mut all = Samples::default();
    for _ in 0..3 {
        let (took, total) = time(|| Ok(prompt.count(&counter)))?;
        let kept = session.capacity_of_largest(&budget, &counter, 0)?.total();
        if total != kept {
            return Err(format!("the kept account says {kept}, all counted is {total}").into());
        }
        all.push(took);
    }
    let ratio =
        |part: &Samples| format!("{:.0}x", all.p50().as_secs_f64() / part.p50().as_secs_f64());
    println!("{FILES} files and {MEMORIES} memories in view, first account in {first:.1?}\n");
    let table = Table::new(&["capacity", "p50", "faster than counting all"]);
    table.row(&[&"counting all texts of the prompt", &format!("{:.2?}", all.p50()), &"1x"]);
    table.row(&[
        &"after a 3-line edit of one file",
        &format!("{:.0?}", after_edit.p50()),
        &ratio(&after_edit),
    ]);
    table.row(&[
        &"after one more memory",
        &format!("{:.0?}", after_memory.p50()),
        &ratio(&after_memory),
    ]);
    Ok(())
}
