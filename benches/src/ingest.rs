//! Bulk ingest, verified, beside one-core zstd of the same bytes.

use partita::Store;

use crate::history::History;
use crate::measure::{Samples, Spread, Table, megabytes, rate, time};
use crate::peers::record_history;
use crate::{Options, Result};

const ROUNDS: usize = 5;

pub(crate) fn run(options: &Options) -> Result<()> {
    let history = History::load(options)?;
    let bytes = history.raw_bytes();
    let (mut ours, mut zstd) = (Samples::default(), Samples::default());
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let (plain, _) = time(|| {
            let changes = history.releases.iter().flat_map(|release| &release.changes);
            changes.filter_map(|change| change.1).try_fold(0, |sum, at| -> Result<usize> {
                Ok(sum + zstd::bulk::compress(&history.contents[at], 3)?.len())
            })
        })?;
        let dir = tempfile::tempdir_in(&options.dir)?;
        let store = Store::open(dir.path().join("partita"))?;
        let (recorded, _) = time(|| record_history(&store, &history))?;
        ratios.push(plain.as_secs_f64() / recorded.as_secs_f64());
        zstd.push(plain);
        ours.push(recorded);
    }
    println!(
        "{} releases, {} files, {} of versions\n",
        history.releases.len(),
        history.paths(),
        megabytes(bytes)
    );
    let table = Table::new(&["who", "MB/s, median", "times zstd's"]);
    table.row(&[&"zstd level 3, one core", &format!("{:.0}", rate(bytes, zstd.p50())), &"1"]);
    let ours = format!("{:.0}", rate(bytes, ours.p50()));
    table.row(&[&"partita, durable, verified", &ours, &Spread::of(ratios)]);
    Ok(())
}
