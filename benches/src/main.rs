//! Measures partita against peers, in one run on one machine, and prints Markdown tables of ratios.
//!
//! Contenders take turns in short rounds, so that whatever else the machine does hits all of them;
//! each does the same prepared work. Ratios are medians over rounds. See `README.md` beside this.

mod capacity;
mod capture;
mod check;
mod child;
mod dialog;
mod evidence;
mod fork;
mod group;
mod history;
mod import;
mod ingest;
mod map;
mod measure;
mod merge;
mod open;
mod peers;
mod plan;
mod process;
mod python;
mod read;
mod recount;
mod scale;
mod size;
mod step;
mod turn;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;

/// Whatever a peer may fail with.
pub(crate) type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// How much to do, and where.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Where stores are made: a directory on the medium that is to be measured.
    pub(crate) dir: PathBuf,
    /// Where release histories are kept between runs.
    pub(crate) data: PathBuf,
    /// Rounds in which contenders take turns.
    pub(crate) rounds: usize,
    /// Steps of a round.
    pub(crate) steps: usize,
    /// The sizes of the goals, where smaller ones are the default.
    pub(crate) full: bool,
}

type Bench = fn(&Options) -> Result<()>;

const BENCHES: [(&str, Bench, &str); 21] = [
    ("durable-step", step::run, "a durable agent step beside append + fdatasync, SQLite, libgit2"),
    ("group-commit", group::run, "commits a second of 8 threads and of one"),
    ("ingest", ingest::run, "bulk ingest beside one-core zstd level 3"),
    ("import", import::run, "a git history of 10,000 commits beside git's own import and clone"),
    ("read", read::run, "any old iteration beside git cat-file --batch"),
    ("map", map::run, "one change in 100,000 files: nodes written, edit, diff"),
    ("recount", recount::run, "tokens after an edit of three lines beside a full count"),
    ("capacity", capacity::run, "the account of 20,000 items after an edit beside counting all"),
    ("dialog", dialog::run, "real dialogs on disk beside their transcripts"),
    ("fork", fork::run, "a fork of 100,000 files beside a durable step"),
    ("check", check::run, "check beside the bytes that it verifies"),
    ("open", open::run, "opening a store of many sessions"),
    ("process", process::run, "a process an edit beside an empty process"),
    ("python", python::run, "calls and writes of the Python package beside the library"),
    ("plan", plan::run, "plans that make room in prompts of 100 to 100,000 groups"),
    ("scale", scale::run, "the same acts in sessions of 1, 10 and 100 thousand files and memories"),
    ("capture", capture::run, "a directory of 100,000 files beside git add and git status"),
    ("merge", merge::run, "two forks of 100,000 files, 100 changed in each, beside git merge"),
    (
        "evidence",
        evidence::run,
        "claims after an edit, a report of 10,000 tests, blame beside git's",
    ),
    ("turn", turn::run, "a round of a turn in sessions of 1,000 and 10,000 exchanges"),
    ("size", size::run, "bytes on disk beside git gc --aggressive"),
];

const USAGE: &str =
    "usage: partita-benches [BENCH|all] [--rounds N] [--steps N] [--dir DIR] [--full]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(role) = arguments.first().and_then(|first| first.strip_prefix("child-")) {
        return report(play(role, &arguments[1..]));
    }
    match parse(&arguments) {
        Ok((name, options)) => report(select(&name, &options)),
        Err(error) => {
            eprintln!("error: {error}\n{USAGE}");
            for (name, _, about) in BENCHES {
                eprintln!("  {name:13} {about}");
            }
            ExitCode::from(2)
        }
    }
}

/// What a child does.
fn play(role: &str, arguments: &[String]) -> Result<()> {
    match (role, arguments) {
        ("empty", []) => child::read_input().map(drop),
        ("edit", [store]) => process::child(store),
        ("apply", [store]) => plan::child(store),
        ("open", [store]) => open::child(store),
        ("open-killed", [store]) => open::killed(store),
        ("merge", [store, into]) => merge::child(store, into),
        ("work", [what, store, dir]) => capture::child(what, store, dir),
        _ => Err(format!("no child {role:?}").into()),
    }
}

fn parse(arguments: &[String]) -> Result<(String, Options)> {
    let mut options = Options {
        dir: std::env::temp_dir(),
        data: PathBuf::from("target/bench-data"),
        rounds: 20,
        steps: 50,
        full: false,
    };
    let mut name = None;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("{argument} wants a value"));
        match argument.as_str() {
            "--rounds" => options.rounds = value()?.parse()?,
            "--steps" => options.steps = value()?.parse()?,
            "--dir" => options.dir = value()?.into(),
            "--full" => options.full = true,
            other if name.is_none() && !other.starts_with('-') => name = Some(other.to_owned()),
            other => return Err(format!("unexpected {other:?}").into()),
        }
    }
    let name = name.unwrap_or_else(|| "all".into());
    if name != "all" && !BENCHES.iter().any(|bench| bench.0 == name) {
        return Err(format!("no bench {name:?}").into());
    }
    Ok((name, options))
}

fn select(name: &str, options: &Options) -> Result<()> {
    for (bench, run, about) in BENCHES {
        if name == "all" || name == bench {
            println!("\n## {bench}: {about}\n");
            run(options)?;
        }
    }
    Ok(())
}

fn report(result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}
