//! What the ledgers promise against what the store holds, once all places are done.

mod apart;
mod lines;
mod replay;
mod verdict;

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use partita::Store;
use partita::upkeep::GcOptions;

use self::lines::stored_lines;
pub use self::verdict::Verdict;
use super::ledger::Record;
use super::{copies, worker};

/// Goes through all that the ledgers of a torture tell.
pub fn verify(dir: &Path, commits: &[String]) -> Verdict {
    let mut verdict = Verdict::default();
    let record = match Record::read(&worker::ledgers(dir)) {
        Ok(record) => record,
        Err(error) => {
            verdict.wrong.push(format!("the ledgers: {error}"));
            return verdict;
        }
    };
    for deed in record.deeds.values() {
        verdict.count(deed);
    }
    verdict.wrong.extend(record.faults.iter().cloned());
    let store = worker::store(dir);
    examine(&store, &record, commits, &mut verdict);
    apart::purged(&store, &record, &mut verdict);
    if verdict.is_good() {
        // What nothing leads to goes twice; all that was there stays.
        let copy = dir.join("collected");
        match copies::copy(&store, &copy) {
            Ok(()) => collected(&copy, &record, commits, &mut verdict),
            Err(error) => verdict.wrong.push(format!("copy the store: {error}")),
        }
    }
    verdict
}

fn collected(copy: &Path, record: &Record, commits: &[String], verdict: &mut Verdict) {
    for keep in [Duration::from_secs(3_600), Duration::ZERO] {
        let options = GcOptions::new().keep(keep);
        let done = Store::open(copy)
            .and_then(|store| store.gc(&options, &mut |_| ControlFlow::Continue(())));
        if let Err(error) = done {
            verdict.wrong.push(format!("gc afterwards: {}", worker::told(&error)));
            return;
        }
    }
    let before = (verdict.lost.len(), verdict.wrong.len());
    examine(copy, record, commits, verdict);
    for what in verdict.lost[before.0..].iter_mut().chain(&mut verdict.wrong[before.1..]) {
        what.insert_str(0, "after a collection: ");
    }
}

fn examine(dir: &Path, record: &Record, commits: &[String], verdict: &mut Verdict) {
    let options = Store::options().read_only(true).catalogue(false);
    let store = match options.open(dir) {
        Ok(store) => store,
        Err(error) => {
            verdict.wrong.push(format!("the store does not open: {}", worker::told(&error)));
            return;
        }
    };
    match store.check(&mut |_| ControlFlow::Continue(())) {
        Ok(report) if report.is_ok() => {}
        Ok(report) => verdict.wrong.push(format!("check reports {:?}", report.faults)),
        Err(error) => verdict.wrong.push(format!("check: {}", worker::told(&error))),
    }
    let stored = stored_lines(&store, verdict);
    lines::sessions(record, &stored, verdict);
    lines::acknowledged(record, &stored, verdict);
    lines::horizons(record, &stored, verdict);
    lines::pins(record, &stored, verdict);
    lines::sights(record, &stored, verdict);
    replay::all(record, &stored, verdict);
    replay::contents(&store, record, &stored, verdict);
    apart::registers(&store, record, verdict);
    apart::imports(&store, record, commits, verdict);
    apart::merged(&store, record, verdict);
    apart::rewritten(&store, record, verdict);
    apart::worked(&store, record, verdict);
}
