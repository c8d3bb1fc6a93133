//! A process for each edit: open, edit, commit, exit; beside a process that does nothing.

use std::path::Path;

use partita::Store;

use crate::child::{read_input, spawn};
use crate::history::History;
use crate::measure::{Samples, Spread, Table, micros, time};
use crate::peers::{Ours, record};
use crate::work::Step;
use crate::{Options, Result, work};

const ROUNDS: usize = 7;
const EDITS: usize = 100;

pub(crate) fn run(options: &Options) -> Result<()> {
    let history = History::load(options)?;
    let work = work::edits(&history, 30, (ROUNDS + 1) * EDITS, 6);
    let dir = tempfile::tempdir_in(&options.dir)?;
    drop(Ours::new(dir.path(), &work.files)?);
    let path = dir.path().join("partita");
    let (mut edits, mut empties) = (Samples::default(), Samples::default());
    let mut ratios = Vec::new();
    for (number, steps) in work.steps.chunks(EDITS).enumerate() {
        let (mut one, mut other) = (Samples::default(), Samples::default());
        for step in steps {
            one.push(time(|| edit(&path, step))?.0);
            other.push(time(|| spawn("empty", &[], &encode(step)))?.0);
        }
        if number > 0 {
            ratios.push(one.p50().as_secs_f64() / other.p50().as_secs_f64());
            edits.extend(&one);
            empties.extend(&other);
        }
    }
    let table = Table::new(&["process", "p50", "p99", "times an empty one"]);
    table.row(&[
        &"reads its input and exits",
        &micros(empties.p50()),
        &micros(empties.p99()),
        &"1",
    ]);
    let (p50, p99) = (micros(edits.p50()), micros(edits.p99()));
    table.row(&[&"opens, edits, commits, exits", &p50, &p99, &Spread::of(ratios)]);
    Ok(())
}

/// Records a step from a process of its own.
pub(crate) fn edit(store: &Path, step: &Step) -> Result<()> {
    spawn("edit", &[&store.to_string_lossy()], &encode(step)).map(drop)
}

/// Opens a store, records the step that its input is, and exits.
pub(crate) fn child(store: &str) -> Result<()> {
    let session = Store::open(store)?.session("bench")?;
    record(&session, &decode(&read_input()?)?)
}

fn encode(step: &Step) -> Vec<u8> {
    let fields =
        [step.path.as_bytes(), &step.bytes, step.said[0].as_bytes(), step.said[1].as_bytes()];
    let mut bytes = Vec::new();
    for field in fields {
        bytes.extend((field.len() as u64).to_le_bytes());
        bytes.extend(field);
    }
    bytes
}

fn decode(mut bytes: &[u8]) -> Result<Step> {
    let mut field = || -> Result<Vec<u8>> {
        let (len, rest) = bytes.split_first_chunk::<8>().ok_or("cut short")?;
        let len = usize::try_from(u64::from_le_bytes(*len))?;
        let (field, rest) = rest.split_at_checked(len).ok_or("cut short")?;
        bytes = rest;
        Ok(field.to_vec())
    };
    let path = String::from_utf8(field()?)?;
    let bytes = field()?;
    let said = [String::from_utf8(field()?)?, String::from_utf8(field()?)?];
    Ok(Step { path, bytes, said })
}
