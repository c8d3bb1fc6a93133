//! Opening a store of many sessions: time, and resident memory of a process that opens and reads one.

use std::path::Path;

use partita::{Memory, Store};

use crate::measure::{Samples, Table, megabytes, time};
use crate::size::bytes_below;
use crate::{Options, Result, child};

const ROUNDS: usize = 7;

pub(crate) fn run(options: &Options) -> Result<()> {
    // A session of two memories is about ten objects.
    let sessions = if options.full { 100_000 } else { 10_000 };
    let dir = tempfile::tempdir_in(&options.dir)?;
    let path = dir.path().join("partita");
    let (fill, ()) = time(|| fill(&Store::open(&path)?, sessions))?;
    let bytes = bytes_below(&path, &|_| true)?;
    println!("{sessions} sessions, {}, filled in {fill:.0?}\n", megabytes(bytes));
    let table = Table::new(&["store", "open and read one session, p50", "most resident"]);
    measure(&table, "closed", &path)?;
    // A process that is killed leaves neither marker nor mark.
    child::spawn("open-killed", &[&path.to_string_lossy()], &[])?;
    measure(&table, "killed over its work", &path)?;
    tear(&path)?;
    measure(&table, "a torn commit at the end", &path)?;
    // The next writer abandons the segment and begins another.
    drop(Store::open(&path)?.open_session(&name(1))?.write("notes.md", "more\n")?);
    measure(&table, "an abandoned segment before the newest", &path)
}

/// Opens and reads in processes of their own, each with nothing in memory yet.
fn measure(table: &Table, what: &str, path: &Path) -> Result<()> {
    let (mut opened, mut resident) = (Samples::default(), 0);
    for _ in 0..ROUNDS {
        let said = child::spawn("open", &[&path.to_string_lossy()], &[])?;
        let mut said = said.split_whitespace().map(str::parse::<u64>);
        let nanos = said.next().ok_or("no time")??;
        resident = resident.max(said.next().ok_or("no memory")??);
        opened.push(std::time::Duration::from_nanos(nanos));
    }
    table.row(&[&what, &format!("{:.1?}", opened.p50()), &format!("{resident} KiB")]);
    Ok(())
}

/// Puts bytes behind the last frame that are no frame, as a power cut in a commit leaves them.
fn tear(path: &Path) -> Result<()> {
    let logs = std::fs::read_dir(path.join("segments"))?;
    let mut logs: Vec<_> =
        logs.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<_>>()?;
    logs.retain(|log| log.extension().is_some_and(|kind| kind == "log"));
    logs.sort();
    let newest = logs.last().ok_or("no log")?;
    let mut bytes = std::fs::read(newest)?;
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 1);
    bytes.splice(end.., [0x55; 700]);
    Ok(std::fs::write(newest, bytes)?)
}

/// Works on a store and leaves it as a killed process does.
pub(crate) fn killed(path: &str) -> Result<()> {
    let store = Store::open(path)?;
    for at in 0..100 {
        store.open_session(&name(at))?.write("notes.md", format!("more of {at}\n"))?;
    }
    println!("done");
    std::io::Write::flush(&mut std::io::stdout())?;
    std::process::exit(0)
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
    let peak = child::most_resident()?;
    println!("{} {peak}", took.as_nanos());
    Ok(())
}
