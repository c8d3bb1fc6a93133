//! A few rows that a contributor measures before and after a change, in seconds and not in minutes.
//!
//! `partita-quick DIR` prints a line a row: its name, a tab, and the median in nanoseconds.
//! `partita-quick DIR steps FILES STEPS` takes so many steps and prints nothing: for whoever counts
//! instructions. It makes its own text, so it needs no files.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use partita::{Durability, Memory, Session, Store};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Steps of a row.
const STEPS: usize = 600;
/// Shorter acts of a row.
const ACTS: usize = 200;

const WORDS: [&str; 24] = [
    "let",
    "self",
    "fn",
    "match",
    "return",
    "if",
    "else",
    "state",
    "frame",
    "offset",
    "segment",
    "reader",
    "writer",
    "error",
    "result",
    "bytes",
    "len",
    "index",
    "node",
    "entry",
    "value",
    "path",
    "number",
    "checkpoint",
];

/// Numbers that are the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    /// A line of source code, or of something like it.
    fn line(&mut self, text: &mut String) {
        text.push_str(&"    ".repeat(self.below(4)));
        for _ in 0..2 + self.below(6) {
            text.push_str(WORDS[self.below(WORDS.len())]);
            text.push([' ', '.', '_', '('][self.below(4)]);
        }
        text.push_str([";\n", "{\n", "}\n", ",\n"][self.below(4)]);
    }

    fn text(&mut self, bytes: usize) -> String {
        let mut text = String::new();
        while text.len() < bytes {
            self.line(&mut text);
        }
        text
    }
}

/// A session's files, and the edits of an agent.
struct Work {
    random: Random,
    files: Vec<String>,
}

/// One step: a file as it becomes, and what was said before and after.
struct Step {
    path: String,
    text: String,
    said: [String; 2],
}

impl Work {
    fn new(files: usize) -> Self {
        let mut random = Random(7);
        let size = if files > 100 { 4_000 } else { 14_000 };
        let files = (0..files)
            .map(|_| {
                let bytes = size / 2 + random.below(size);
                random.text(bytes)
            })
            .collect();
        Work { random, files }
    }

    fn begin(&self, store: &Store) -> Result<Session> {
        let session = store.session("quick")?;
        session.batch(|batch| {
            for (number, text) in self.files.iter().enumerate() {
                batch.write(path(number), text)?;
            }
            Ok(())
        })?;
        Ok(session)
    }

    /// Changes one to three lines of a file.
    fn step(&mut self) -> Step {
        let number = self.random.below(self.files.len());
        let mut lines: Vec<&str> = self.files[number].split_inclusive('\n').collect();
        let from = self.random.below(lines.len() - 3);
        let many = 1 + self.random.below(3);
        let mut new = String::new();
        for _ in 0..many {
            self.random.line(&mut new);
        }
        lines.splice(from..from + many, [&new[..]]);
        let text = lines.concat();
        self.files[number].clone_from(&text);
        let said = [self.random.text(300), self.random.text(300)];
        Step { path: path(number), text, said }
    }
}

fn path(number: usize) -> String {
    format!("src/part{}/file{number}.rs", number % 17)
}

fn take(session: &Session, step: &Step) -> Result<()> {
    session.batch(|batch| {
        batch.remember(Memory::user(&step.said[0]))?;
        batch.write(&step.path, &step.text)?;
        batch.remember(Memory::assistant(&step.said[1]))
    })?;
    Ok(())
}

/// The median time of acts in nanoseconds.
fn median(count: usize, mut act: impl FnMut(usize) -> Result<()>) -> Result<u128> {
    let mut times = Vec::with_capacity(count);
    for number in 0..count {
        let begun = Instant::now();
        act(number)?;
        times.push(begun.elapsed().as_nanos());
    }
    times.sort_unstable();
    Ok(times[count / 2])
}

fn open(dir: &Path, durability: Durability) -> Result<Store> {
    Ok(Store::options().durability(durability).open(dir)?)
}

fn steps(
    dir: &Path,
    durability: Durability,
    files: usize,
    count: usize,
) -> Result<(Session, u128)> {
    let mut work = Work::new(files);
    let session = work.begin(&open(dir, durability)?)?;
    let steps: Vec<Step> = (0..count).map(|_| work.step()).collect();
    let took = median(count, |number| take(&session, &steps[number]))?;
    Ok((session, took))
}

fn rows(dir: &Path) -> Result<()> {
    let row = |name: &str, nanos: u128| println!("{name}\t{nanos}");
    let (_, took) = steps(&dir.join("durable"), Durability::Sync, 30, STEPS)?;
    row("step, 30 files, durable", took);
    let (session, took) = steps(&dir.join("few"), Durability::Buffered, 30, STEPS)?;
    row("step, 30 files, buffered", took);
    row("remember", median(ACTS, |_| Ok(session.remember(Memory::user("a word")).map(drop)?))?);
    row("fork", median(ACTS, |number| Ok(session.fork(&format!("fork-{number}")).map(drop)?))?);
    let mut random = Random(3);
    let read = median(ACTS, |_| {
        let path = path(random.below(30));
        let newest = session.history(&path)?.next().ok_or("a file has an iteration")??.number;
        session.read_at(&path, 1 + random.below(newest as usize) as u64)?;
        Ok(())
    })?;
    row("read an old iteration", read);
    drop(session);
    let (session, took) = steps(&dir.join("many"), Durability::Buffered, 5_000, STEPS)?;
    row("step, 5,000 files, buffered", took);
    drop(session);
    let opened = median(ACTS, |_| {
        open(&dir.join("many"), Durability::Sync)?.open_session("quick")?.read(path(7))?;
        Ok(())
    })?;
    row("open and read", opened);
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        [dir] => rows(&PathBuf::from(dir)),
        [dir, "steps", files, count] => match (files.parse(), count.parse()) {
            (Ok(files), Ok(count)) => {
                steps(Path::new(dir), Durability::Buffered, files, count).map(drop)
            }
            _ => Err("FILES and STEPS are numbers".into()),
        },
        _ => Err("usage: partita-quick DIR [steps FILES STEPS]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
