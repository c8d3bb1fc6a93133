//! Opening a store of many sessions: time, and resident memory of a process that opens and reads one.

use partita::{Memory, Store};

use crate::measure::{Samples, Table, megabytes, time};
use crate::size::bytes_below;
use crate::{Options, Result, process};

const ROUNDS: usize = 7;

pub(crate) fn run(options: &Options) -> Result<()> {
    // A session of two memories is about ten objects.
    let sessions = if options.full { 100_000 } else { 10_000 };
    let dir = tempfile::tempdir_in(&options.dir)?;
    let path = dir.path().join("partita");
    let (fill, ()) = time(|| fill(&Store::open(&path)?, sessions))?;
    let (mut opened, mut resident) = (Samples::default(), 0);
    for _ in 0..ROUNDS {
        let said = process::spawn("open", &[&path.to_string_lossy()], &[])?;
        let mut said = said.split_whitespace().map(str::parse::<u64>);
        let nanos = said.next().ok_or("no time")??;
        resident = resident.max(said.next().ok_or("no memory")??);
        opened.push(std::time::Duration::from_nanos(nanos));
    }
    let bytes = bytes_below(&path, &|_| true)?;
    println!("{sessions} sessions, {}, filled in {fill:.0?}\n", megabytes(bytes));
    let table = Table::new(&["what", "median of seven processes"]);
    table.row(&[&"open and read one session", &format!("{:.1?}", opened.p50())]);
    table.row(&[&"most resident memory", &format!("{} KiB", resident)]);
    Ok(())
}

fn fill(store: &Store, sessions: usize) -> Result<()> {
    for at in 0..sessions {
        let session = store.session(&name(at))?;
        session.batch(|batch| {
            batch.write("notes.md", format!("notes of session {at}\n"))?;
            batch.remember(Memory::user(format!("question {at}")))?;
            batch.remember(Memory::assistant(format!("answer {at}")))
        })?;
    }
    Ok(())
}

fn name(at: usize) -> String {
    format!("session-{at:06}")
}

/// Opens, reads one session, and prints nanoseconds and the most resident KiB.
pub(crate) fn child(path: &str) -> Result<()> {
    let (took, session) = time(|| Ok(Store::open(path)?.open_session(&name(4_711))?))?;
    session.read("notes.md")?;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|rest| rest.split_whitespace().next()).unwrap_or("0");
    println!("{} {peak}", took.as_nanos());
    Ok(())
}
