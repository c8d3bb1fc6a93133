//! A durable agent step: one file iteration, two memories, one checkpoint.

use crate::history::History;
use crate::measure::{Contender, Table, interleave, micros, ratio};
use crate::peers::{LibGit2, Ours, Plain, Sqlite, Zeroed};
use crate::{Options, Result, work};

pub(crate) fn run(options: &Options) -> Result<()> {
    let history = History::load(options)?;
    for files in [30, 5_000] {
        let count = (options.rounds + 1) * options.steps;
        let work = work::edits(&history, files, count, 1);
        let dir = tempfile::tempdir_in(&options.dir)?;
        let mut contenders: Vec<Box<dyn Contender>> = vec![
            Box::new(Ours::new(dir.path(), &work.files)?),
            Box::new(Ours::buffered(dir.path(), &work.files)?),
            Box::new(Plain::new(dir.path())?),
            Box::new(Zeroed::new(dir.path(), count)?),
            Box::new(Sqlite::new(dir.path(), &work.files)?),
        ];
        let timed = interleave(&mut contenders, &work.steps, options.steps)?;

        // libgit2 is so much slower that a tenth of the steps must do, beside a fresh run of ours.
        let few = &work.steps[..options.steps * 2];
        let slow = tempfile::tempdir_in(&options.dir)?;
        let mut contenders: Vec<Box<dyn Contender>> = vec![
            Box::new(Ours::new(slow.path(), &work.files)?),
            Box::new(LibGit2::new(slow.path(), &work.files)?),
        ];
        let beside_git = interleave(&mut contenders, few, options.steps / 5)?;

        println!("{files} files, {} rounds of {} steps\n", options.rounds, options.steps);
        let table = Table::new(&["who", "p50", "p99", "partita's p50 is, times"]);
        for other in timed.iter().chain(&beside_git[1..]) {
            let ours = if other.name == beside_git[1].name { &beside_git[0] } else { &timed[0] };
            let (p50, p99) = (micros(other.all.p50()), micros(other.all.p99()));
            table.row(&[&other.name, &p50, &p99, &ratio(ours, other)]);
        }
        println!();
    }
    Ok(())
}
