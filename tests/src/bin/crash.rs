//! Walks through crash states by the ten thousand, and takes out each sync and each lock in turn.
//!
//! `STATES` is the number of different states to see at least, `SEED` what chance starts from,
//! `REPLAY` the address of one state to look at and nothing else. The last line has the sums.

use std::env;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Instant;

use partita::CheckSite;
use partita::vfs::SyncSite;
use partita_tests::crash::address::Address;
use partita_tests::crash::beside::Seen;
use partita_tests::crash::knockout::{LOCKED, Verdict, without_lock, without_sync};
use partita_tests::crash::walk::{Limits, replay, walk_all};
use partita_tests::crash::{ALL, capture, checkout, merge, report, sweep};
use partita_tests::rot::damage::Density;
use partita_tests::rot::survey;
use partita_tests::survivors::{self, End, Victim};
use partita_tests::vfs::Recorder;

/// States of one workload in which a missing sync or lock is to show.
const KNOCKOUT_STATES: usize = 600;

/// Fates of the medium that are looked at, for each call at which a checkout or a run ends.
const DIRECTORY_FATES: usize = 400;

/// Sizes of a medium that is full too early.
const CAPACITIES: u64 = 200;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(what) => {
            eprintln!("crash: {what}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool, String> {
    if let Ok(address) = env::var("REPLAY") {
        let address: Address = address.parse()?;
        println!("{address}");
        return replay(&address).map(|()| {
            println!("every promise holds");
            true
        });
    }
    let seed = number("SEED", 1)?;
    let states: usize = number("STATES", 30_000)?;
    let begun = Instant::now();
    let (tours, losses) = walk_all(states, seed);
    println!("{}\n{}", report::states(&tours), report::syncs(&tours));
    let seen: usize = tours.iter().map(|tour| tour.states).sum();
    println!("{seen} different states in {:.1?}, seed {seed}", begun.elapsed());
    for loss in &losses {
        println!("BAD {loss:?}");
    }
    let mut is_good = losses.is_empty();
    for site in SyncSite::ALL {
        let by = report::reached_by(&tours, site);
        if losses.is_empty() && by.len() < 3 {
            println!("BAD the sync {site:?} is reached by {by:?} alone");
            is_good = false;
        }
    }
    println!();
    let limits = Limits { states: KNOCKOUT_STATES, seed };
    let syncs: Vec<Verdict> =
        SyncSite::ALL.into_iter().map(|site| without_sync(site, limits)).collect();
    let locks: Vec<Verdict> = LOCKED.into_iter().map(|doing| without_lock(doing, limits)).collect();
    for verdict in syncs.iter().chain(&locks) {
        println!("{}", report::verdict(verdict));
        is_good &= !verdict.caught.is_empty();
    }
    is_good &= directories(seed) & go_wrong() & live_on() & rot();
    let caught = syncs.iter().filter(|verdict| !verdict.caught.is_empty()).count();
    println!(
        "crash: {seen} states, {} sync sites knocked out, {caught} caught, {} acknowledged commits \
         lost",
        syncs.len(),
        losses.len()
    );
    Ok(is_good)
}

/// Stops checkouts, runs and their captures at every call of the store.
fn directories(seed: u64) -> bool {
    let without = || Recorder::new().without(SyncSite::Commit);
    cut_short("checkout", |fates| checkout::cut_short(Recorder::new, fates, seed))
        & is_caught("checkout", checkout::cut_short(without, DIRECTORY_FATES, seed))
        & cut_short("run", |fates| capture::cut_short(Recorder::new, fates, seed))
        & is_caught("run", capture::cut_short(without, DIRECTORY_FATES, seed))
        & cut_short("merge", |fates| merge::cut_short(Recorder::new, fates, seed))
        & is_caught("merge", merge::cut_short(without, DIRECTORY_FATES, seed))
}

fn cut_short(what: &str, cut: impl FnOnce(usize) -> Result<Seen, String>) -> bool {
    let begun = Instant::now();
    match cut(DIRECTORY_FATES) {
        Ok(Seen { calls, states }) => {
            println!("\n{what}: {states} states at {calls} calls in {:.1?}", begun.elapsed());
            true
        }
        Err(told) => {
            println!("BAD {told}");
            false
        }
    }
}

fn is_caught(what: &str, seen: Result<Seen, String>) -> bool {
    match seen {
        Err(told) => {
            println!("{what} without {:?}: caught\n    {told}", SyncSite::Commit);
            true
        }
        Ok(_) => {
            println!("{what} without {:?}: NOT CAUGHT", SyncSite::Commit);
            false
        }
    }
}

/// Lets every call go wrong, and the medium be full.
fn go_wrong() -> bool {
    let begun = Instant::now();
    let (mut rows, mut is_good) = (Vec::new(), true);
    for workload in ALL {
        for swept in [sweep::faults(workload, 1), sweep::capacities(workload, CAPACITIES)] {
            match swept {
                Ok(swept) => rows.push((workload.name(), swept)),
                Err(what) => {
                    println!("BAD {what}");
                    is_good = false;
                }
            }
        }
    }
    println!("\n{}in {:.1?}\n", report::faults(&rows), begun.elapsed());
    is_good
}

/// Lets one process die or fail at every call, and the others live on.
fn live_on() -> bool {
    let begun = Instant::now();
    let every = survivors::product(&End::ALL, &Victim::ALL, survivors::Density::All);
    let mut is_good = true;
    match every {
        Ok(tallies) => {
            let cells: usize = tallies.values().map(|tally| tally.cells).sum();
            println!("{}{cells} cells in {:.1?}\n", survivors::table(&tallies), begun.elapsed());
        }
        Err(what) => {
            println!("BAD {what}");
            is_good = false;
        }
    }
    for (site, end, victim) in [
        (CheckSite::MarkerSuccessor, End::Close, Victim::Gc),
        (CheckSite::EndTag, End::Zeros, Victim::Commit),
    ] {
        match survivors::caught(site, &[end], &[victim]) {
            Some(what) => println!("without {site:?}: caught\n    {what}"),
            None => {
                println!("without {site:?}: NOT CAUGHT");
                is_good = false;
            }
        }
    }
    is_good
}

/// Flips every bit, and what else happens to files that nobody writes to.
fn rot() -> bool {
    let begun = Instant::now();
    let mut is_good = true;
    match survey::survey(Density::All) {
        Ok(rows) => println!("{}in {:.1?}\n", survey::table(&rows), begun.elapsed()),
        Err(bad) => {
            println!("BAD {}", bad.join("\nBAD "));
            is_good = false;
        }
    }
    for site in CheckSite::ALL {
        match survey::without(site, Density::Sampled) {
            Some((_, what)) => println!("without {site:?}: caught\n    {what}"),
            None if survey::DOUBLED.contains(&site) => {
                println!("without {site:?}: another check sees the same damage");
            }
            None => {
                println!("without {site:?}: NOT CAUGHT");
                is_good = false;
            }
        }
    }
    println!();
    is_good
}

fn number<T: FromStr>(name: &str, otherwise: T) -> Result<T, String> {
    match env::var(name) {
        Ok(text) => text.parse().map_err(|_| format!("{name} is no number: {text}")),
        Err(_) => Ok(otherwise),
    }
}
