//! A directory of 100,000 files beside git: what a capture, a status and a checkout cost again and again.
//!
//! Each is a process of its own, as git is.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use partita::Store;

use crate::child::{most_resident, spawn};
use crate::measure::{Samples, Spread, Table, megabytes, time};
use crate::{Options, Result};

const FILES: usize = 100_000;
/// Files of a directory.
const TOGETHER: usize = 100;
/// First captures, each into a store of its own, beside as many first `git add`.
const FIRST: usize = 3;
/// Git believes no file that is younger than its index.
const GRAIN: Duration = Duration::from_millis(1_100);

pub(crate) fn run(options: &Options) -> Result<()> {
    let room = tempfile::tempdir_in(&options.dir)?;
    let dir = room.path().join("dir");
    grow(&dir)?;
    let table = Table::new(&["100,000 files", "p50", "of git's", "resident at the most"]);
    let mut named = room.path().to_owned();
    let (mut add, mut first) = (Samples::default(), Samples::default());
    let (mut ratios, mut peak) = (Vec::new(), 0);
    for number in 0..FIRST {
        named = room.path().join(format!("store-{number}"));
        let _ = fs::remove_dir_all(dir.join(".git"));
        git(&dir, &["init", "--quiet"])?;
        std::thread::sleep(GRAIN);
        let theirs = time(|| git(&dir, &["add", "--all"]))?.0;
        let (ours, told) = time(|| act("capture", &named, &dir))?;
        peak = told.max(peak);
        ratios.push(ours.as_secs_f64() / theirs.as_secs_f64());
        add.push(theirs);
        first.push(ours);
    }
    row(&table, "git add --all, first", &add, None, None);
    row(&table, "capture, first", &first, Some(&ratios), Some(peak));
    let mut status = Samples::default();
    let mut ours = Acts::default();
    for number in 0..options.rounds + 1 {
        let theirs = time(|| git(&dir, &["status", "--porcelain"]))?.0;
        let none = act_timed("capture", &named, &dir)?;
        let again = act_timed("checkout", &named, &dir)?;
        let looked = act_timed("status", &named, &dir)?;
        fs::write(dir.join("d0003/f05.txt"), format!("changed {number}\n"))?;
        let one = act_timed("capture", &named, &dir)?;
        // What the file system had to read the first time is no round.
        if number > 0 {
            status.push(theirs);
            for (acts, took) in ours.all().into_iter().zip([none, looked, one, again]) {
                acts.push(took, theirs);
            }
        }
    }
    row(&table, "git status", &status, None, None);
    let names = ["capture, nothing changed", "status", "capture, one changed", "checkout again"];
    for (acts, name) in ours.all().into_iter().zip(names) {
        row(&table, name, &acts.took, Some(&acts.ratios), Some(acts.peak));
    }
    Ok(())
}

/// What is done in turns.
#[derive(Debug, Default)]
struct Acts {
    unchanged: Act,
    status: Act,
    one: Act,
    again: Act,
}

impl Acts {
    fn all(&mut self) -> [&mut Act; 4] {
        [&mut self.unchanged, &mut self.status, &mut self.one, &mut self.again]
    }
}

/// How long it took, by itself and by what git took in the same round.
#[derive(Debug, Default)]
struct Act {
    took: Samples,
    ratios: Vec<f64>,
    peak: u64,
}

impl Act {
    fn push(&mut self, (took, peak): (Duration, u64), theirs: Duration) {
        self.took.push(took);
        self.ratios.push(took.as_secs_f64() / theirs.as_secs_f64());
        self.peak = peak.max(self.peak);
    }
}

fn row(table: &Table, name: &str, took: &Samples, ratios: Option<&[f64]>, peak: Option<u64>) {
    let took = format!("{:.0} ms", took.p50().as_secs_f64() * 1e3);
    let ratio = ratios.map_or("1".to_owned(), |all| Spread::of(all.iter().copied()).to_string());
    let peak = peak.map_or("-".to_owned(), |kib| megabytes(kib * 1024));
    table.row(&[&name, &took, &ratio, &peak]);
}

fn act_timed(what: &str, store: &Path, dir: &Path) -> Result<(Duration, u64)> {
    time(|| act(what, store, dir))
}

/// Does it in a process of its own, which says how much it had resident, in KiB.
fn act(what: &str, store: &Path, dir: &Path) -> Result<u64> {
    let (store, dir) = (store.to_string_lossy(), dir.to_string_lossy());
    Ok(spawn("work", &[what, &store, &dir], &[])?.trim().parse()?)
}

/// What the child does.
pub(crate) fn child(what: &str, store: &str, dir: &str) -> Result<()> {
    let session = Store::open(store)?.session("bench")?;
    let workspace = session.workspace(dir);
    let is_empty = match what {
        "capture" => workspace.capture()?.is_unchanged(),
        "status" => workspace.status()?.is_unchanged(),
        _ => workspace.checkout(None)?.is_empty(),
    };
    std::hint::black_box(is_empty);
    println!("{}", most_resident()?);
    Ok(())
}

fn git(dir: &Path, arguments: &[&str]) -> Result<()> {
    let output = Command::new("git").args(arguments).current_dir(dir).output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into()),
    }
}

fn grow(dir: &Path) -> Result<()> {
    for number in 0..FILES / TOGETHER {
        let dir = dir.join(format!("d{number:04}"));
        fs::create_dir_all(&dir)?;
        for file in 0..TOGETHER {
            let text =
                format!("file {number} {file}\nabout as long as a short source file's line\n");
            fs::write(dir.join(format!("f{file:02}.txt")), text)?;
        }
    }
    Ok(())
}
