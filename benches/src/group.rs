//! Group commit: threads that wait for one sync together.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use partita::{Session, Store};

use crate::history::History;
use crate::measure::{Spread, Table};
use crate::peers::{record, step_session};
use crate::work::Work;
use crate::{Options, Result, work};

const THREADS: usize = 8;
const ROUNDS: usize = 6;
const ROUND: Duration = Duration::from_secs(2);

pub(crate) fn run(options: &Options) -> Result<()> {
    let history = History::load(options)?;
    let work = work::edits(&history, 30, 2_000, 2);
    let dir = tempfile::tempdir_in(&options.dir)?;
    let store = Store::open(dir.path().join("partita"))?;
    let sessions: Vec<Session> = (0..THREADS)
        .map(|at| step_session(&store, &format!("thread-{at}"), &work.files))
        .collect::<Result<_>>()?;

    let mut rounds = [Vec::new(), Vec::new()];
    for number in 0..ROUNDS * 2 {
        let threads = if number % 2 == 0 { 1 } else { THREADS };
        rounds[number % 2].push(round(&sessions[..threads], &work, dir.path())?);
    }
    let table = Table::new(&["threads", "commits a second", "device flushes a commit"]);
    for (threads, rounds) in [1, THREADS].into_iter().zip(&rounds) {
        let rates = Spread::of(rounds.iter().map(|round| round.rate));
        let flushes = Spread::of(rounds.iter().map(|round| round.flushes));
        table.row(&[&threads, &format!("{:.0}", rates.median), &flushes]);
    }
    let pairs = rounds[1].iter().zip(&rounds[0]);
    let ratio = Spread::of(pairs.map(|(many, one)| many.rate / one.rate));
    println!("\n{THREADS} threads make {ratio} times the commits of one.");
    Ok(())
}

struct Round {
    rate: f64,
    flushes: f64,
}

fn round(sessions: &[Session], work: &Work, dir: &std::path::Path) -> Result<Round> {
    let stop = AtomicBool::new(false);
    let flushes = flushes(dir);
    let start = Instant::now();
    let commits = std::thread::scope(|scope| -> Result<usize> {
        let threads: Vec<_> = sessions
            .iter()
            .enumerate()
            .map(|(at, session)| {
                let stop = &stop;
                scope.spawn(move || -> Result<usize> {
                    let mut done = 0;
                    while !stop.load(Ordering::Relaxed) {
                        record(session, &work.steps[(at * 250 + done) % work.steps.len()])?;
                        done += 1;
                    }
                    Ok(done)
                })
            })
            .collect();
        std::thread::sleep(ROUND);
        stop.store(true, Ordering::Relaxed);
        let mut commits = 0;
        for thread in threads {
            commits += thread.join().map_err(|_| "a thread panicked")??;
        }
        Ok(commits)
    })?;
    let flushed = self::flushes(dir).zip(flushes).map(|(after, before)| after - before);
    Ok(Round {
        rate: commits as f64 / start.elapsed().as_secs_f64(),
        flushes: flushed.map_or(f64::NAN, |flushed| flushed as f64 / commits as f64),
    })
}

/// Flush requests that the device of a directory has completed, where the kernel counts them. It
/// counts everybody's, so the machine should be quiet.
fn flushes(dir: &std::path::Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    let device = std::fs::metadata(dir).ok()?.dev();
    let (major, minor) = ((device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xfff00));
    let stats = std::fs::read_to_string("/proc/diskstats").ok()?;
    stats.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is_device = fields.first()?.parse() == Ok(major) && fields.get(1)?.parse() == Ok(minor);
        if is_device { fields.get(18)?.parse().ok() } else { None }
    })
}
