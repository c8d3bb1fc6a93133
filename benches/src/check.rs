//! Checking a store: every stored byte by tag, every object by id.

use partita::Store;

use crate::history::History;
use crate::measure::{Samples, Table, megabytes, rate, time};
use crate::peers::record_history;
use crate::size::bytes_below;
use crate::{Options, Result};

const ROUNDS: usize = 5;

pub(crate) fn run(options: &Options) -> Result<()> {
    let history = History::load(options)?;
    let dir = tempfile::tempdir_in(&options.dir)?;
    let path = dir.path().join("partita");
    let store = Store::open(&path)?;
    record_history(&store, &history)?;
    let mut samples = Samples::default();
    for _ in 0..ROUNDS {
        let store = Store::open(&path)?;
        let report = || Ok(store.check(&mut |_| std::ops::ControlFlow::Continue(()))?);
        let (took, report) = time(report)?;
        assert!(report.is_ok(), "{:?}", report.faults);
        samples.push(took);
    }
    let (stored, raw) = (bytes_below(&path, &|_| true)?, history.raw_bytes());
    let took = samples.p50();
    println!("{} stored, {} raw\n", megabytes(stored), megabytes(raw));
    let table = Table::new(&["check, median of five", "MB/s"]);
    table.row(&[&"of stored bytes", &format!("{:.0}", rate(stored, took))]);
    table.row(&[&"of raw bytes", &format!("{:.0}", rate(raw, took))]);
    Ok(())
}
