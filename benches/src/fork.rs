//! A fork of a session of 100,000 files, beside a durable step in it.

use partita::Store;

use crate::measure::{Samples, Spread, Table, micros, time};
use crate::peers::{record, step_session};
use crate::work::{File, Step};
use crate::{Options, Result};

const FILES: usize = 100_000;
const ROUNDS: usize = 10;

pub(crate) fn run(options: &Options) -> Result<()> {
    let files: Vec<File> = (0..FILES)
        .map(|at| File {
            path: format!("crates/c{:03}/src/m{:02}/f{at:06}.rs", at / 500, at / 25 % 20),
            bytes: format!("pub const NUMBER: usize = {at};\n").into_bytes(),
        })
        .collect();
    let dir = tempfile::tempdir_in(&options.dir)?;
    let store = Store::open(dir.path().join("partita"))?;
    let (import, session) = time(|| step_session(&store, "bench", &files))?;
    let (mut steps, mut forks) = (Samples::default(), Samples::default());
    let mut ratios = Vec::new();
    for round in 0..=ROUNDS {
        let (mut one, mut other) = (Samples::default(), Samples::default());
        for number in 0..options.steps {
            let path = files[(round * 7_919 + number * 104_729) % FILES].path.clone();
            let said = [format!("Change {path}, please."), format!("Changed {path}.")];
            let bytes = format!("pub const NUMBER: usize = {round}{number};\n").into_bytes();
            one.push(time(|| record(&session, &Step { path, bytes, said }))?.0);
            other.push(time(|| Ok(session.fork(&format!("fork-{round}-{number}"))?))?.0);
        }
        if round > 0 {
            ratios.push(other.p50().as_secs_f64() / one.p50().as_secs_f64());
            steps.extend(&one);
            forks.extend(&other);
        }
    }
    println!("{FILES} files, recorded in {import:.1?}\n");
    let table = Table::new(&["what", "p50", "p99", "times a step"]);
    table.row(&[&"durable step", &micros(steps.p50()), &micros(steps.p99()), &"1"]);
    table.row(&[&"fork", &micros(forks.p50()), &micros(forks.p99()), &Spread::of(ratios)]);
    Ok(())
}
