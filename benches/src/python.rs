//! The Python package beside the library: what a call costs more, and writing at full speed.
//!
//! A child runs `benches/python/contender.py` under the interpreter that `PARTITA_PYTHON` names; both take turns.

use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use partita::{Durability, Session, Store};

use crate::measure::{Samples, Spread, Table, time};
use crate::{Options, Result};

const CALLS: [&str; 5] = ["name", "id", "get", "memory", "state"];
const WRITES: [&str; 4] = ["buffered", "buffered-batch", "sync", "sync-batch"];
const CALLS_A_ROUND: usize = 5_000;
const WRITES_A_ROUND: usize = 500;
const BATCH: usize = 10;

pub(crate) fn run(options: &Options) -> Result<()> {
    let Some(python) = std::env::var_os("PARTITA_PYTHON") else {
        println!("left out: run `scripts/python-bench.sh`, which installs the package first");
        return Ok(());
    };
    let dir = tempfile::tempdir_in(&options.dir)?;
    let mut other = Python::start(Path::new(&python), &dir.path().join("python"))?;
    let mut ours = Rust::new(&dir.path().join("rust"))?;

    println!("{} rounds of {CALLS_A_ROUND} calls, session in memory\n", options.rounds);
    let table = Table::new(&["call", "Rust", "Python", "Python takes more, ns"]);
    for what in CALLS {
        let (one, two) = turns(options, CALLS_A_ROUND, what, &mut ours, &mut other)?;
        let each = |took: &Duration| took.as_nanos() as f64 / CALLS_A_ROUND as f64;
        let more = Spread::of(one.iter().zip(&two).map(|(one, two)| each(two) - each(one)));
        let nanos = |all: &[Duration]| format!("{:.0} ns", Spread::of(all.iter().map(each)).median);
        table.row(&[&what, &nanos(&one), &nanos(&two), &more]);
    }

    println!("\n{} rounds of {WRITES_A_ROUND} iterations of 30 files\n", options.rounds);
    let table = Table::new(&["iterations", "Rust", "Python", "Python's speed, of Rust's"]);
    for what in WRITES {
        let (one, two) = turns(options, WRITES_A_ROUND, what, &mut ours, &mut other)?;
        let speed = one.iter().zip(&two).map(|(one, two)| one.as_secs_f64() / two.as_secs_f64());
        let rate = |all: &[Duration]| {
            let mut samples = Samples::default();
            all.iter().for_each(|took| samples.push(*took));
            format!("{:.0} a second", WRITES_A_ROUND as f64 / samples.p50().as_secs_f64())
        };
        table.row(&[&what, &rate(&one), &rate(&two), &Spread::of(speed)]);
    }
    Ok(())
}

/// Lets both do the same by turns; the first round warms up.
fn turns(
    options: &Options,
    count: usize,
    what: &str,
    ours: &mut Rust,
    other: &mut Python,
) -> Result<(Vec<Duration>, Vec<Duration>)> {
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for round in 0..=options.rounds {
        let (ours_took, other_took) = if round % 2 == 0 {
            let ours_took = ours.run(what, count)?;
            (ours_took, other.run(what, count)?)
        } else {
            let other_took = other.run(what, count)?;
            (ours.run(what, count)?, other_took)
        };
        if round > 0 {
            one.push(ours_took);
            two.push(other_took);
        }
    }
    Ok((one, two))
}

struct Python {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Python {
    fn start(python: &Path, dir: &Path) -> Result<Python> {
        std::fs::create_dir_all(dir)?;
        let mut child = Command::new(python)
            .arg("benches/python/contender.py")
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take().ok_or("no stdin")?;
        let output = BufReader::new(child.stdout.take().ok_or("no stdout")?);
        Ok(Python { child, input, output })
    }

    fn run(&mut self, what: &str, count: usize) -> Result<Duration> {
        writeln!(self.input, "{what} {count}")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(Duration::from_nanos(line.trim().parse()?))
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

struct Rust {
    memory: Session,
    buffered: Session,
    sync: Session,
    written: usize,
}

impl Rust {
    fn new(dir: &Path) -> Result<Rust> {
        std::fs::create_dir_all(dir)?;
        let memory = Store::in_memory()?.session("s")?;
        memory.write("a", "x")?;
        memory.remember(partita::Memory::user("hello"))?;
        memory.state().put("k", "v")?;
        let open = |name, durability| {
            Store::options().durability(durability).open(dir.join(name))?.session("s")
        };
        Ok(Rust {
            memory,
            buffered: open("buffered", Durability::Buffered)?,
            sync: open("sync", Durability::Sync)?,
            written: 0,
        })
    }

    fn run(&mut self, what: &str, count: usize) -> Result<Duration> {
        let session = &self.memory;
        if CALLS.contains(&what) {
            return Ok(time(|| {
                for _ in 0..count {
                    match what {
                        "name" => drop(black_box(session.name().to_owned())),
                        "id" => drop(black_box(session.id())),
                        "get" => drop(black_box(session.get("a")?)),
                        "memory" => {
                            let entry = session.memory(1)?.resolve(session.store())?;
                            drop(black_box(entry));
                        }
                        _ => drop(black_box(session.latest()?.state().get("k")?)),
                    }
                }
                Ok(())
            })?
            .0);
        }
        let texts: Vec<(String, String)> = (self.written..self.written + count)
            .map(|n| (format!("src/{}.py", n % 30), format!("line {n}\n").repeat(40)))
            .collect();
        self.written += count;
        let session = if what.starts_with("sync") { &self.sync } else { &self.buffered };
        Ok(time(|| {
            if what.ends_with("-batch") {
                for texts in texts.chunks(BATCH) {
                    session.batch(|batch| {
                        texts.iter().try_for_each(|(path, text)| batch.write(path, text).map(drop))
                    })?;
                }
            } else {
                for (path, text) in &texts {
                    session.write(path, text)?;
                }
            }
            Ok(())
        })?
        .0)
    }
}
