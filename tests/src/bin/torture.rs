//! Tortures a store: eight processes at a time, every operation, kills by system call.
//!
//! `--minutes M` how long, `--seed N` what chance starts from, `--without OP,OP` leaves operations
//! alone, `--command FILE` names a command that is built already, `--dir DIR` where to work. The
//! last line has the sums.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use partita_tests::command;
use partita_tests::torture::table::Op;
use partita_tests::torture::worker::Life;
use partita_tests::torture::{Killed, Outcome, Round, trace, watch};

/// How long one store is tortured: a round.
const ROUND: Duration = Duration::from_secs(100);

/// What of a round's findings is shown.
const SHOWN: usize = 8;

struct Asked {
    minutes: f64,
    seed: u64,
    without: Vec<Op>,
    command: Option<PathBuf>,
    dir: PathBuf,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("worker") => match Life::of_arguments(&arguments[1..]) {
            Some(life) => life.live(),
            None => fail("no life"),
        },
        Some("watch") => watch(arguments[1].as_ref()),
        Some("offer") => offer(&arguments[1..]),
        _ => match asked(&arguments) {
            Ok(asked) => torture(&asked),
            Err(what) => fail(&what),
        },
    }
}

fn fail(what: &str) -> ExitCode {
    eprintln!("torture: {what}");
    ExitCode::FAILURE
}

/// Becomes a command that is watched.
#[cfg(unix)]
fn offer(line: &[String]) -> ExitCode {
    use std::os::unix::process::CommandExt;
    if trace::offer().is_err() {
        return ExitCode::from(partita_tests::torture::worker::UNWATCHED);
    }
    let error = std::process::Command::new(&line[0]).args(&line[1..]).exec();
    fail(&format!("start {}: {error}", line[0]))
}

#[cfg(not(unix))]
fn offer(_: &[String]) -> ExitCode {
    let _ = trace::offer();
    ExitCode::from(partita_tests::torture::worker::UNWATCHED)
}

fn asked(arguments: &[String]) -> Result<Asked, String> {
    let mut asked = Asked {
        minutes: 1.0,
        seed: 1,
        without: Vec::new(),
        command: None,
        dir: command::build_directory().join("tmp").join("torture"),
    };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        let number = |what: &str| format!("{value:?} is no {what}");
        match &word[..] {
            "--minutes" => asked.minutes = value.parse().map_err(|_| number("number"))?,
            "--seed" => asked.seed = value.parse().map_err(|_| number("number"))?,
            "--command" => asked.command = Some(value.into()),
            "--dir" => asked.dir = value.into(),
            "--without" => {
                for name in value.split(',').filter(|name| !name.is_empty()) {
                    asked.without.push(Op::of_name(name).ok_or_else(|| number("operation"))?);
                }
            }
            other => return Err(format!("unknown {other}")),
        }
    }
    Ok(asked)
}

fn torture(asked: &Asked) -> ExitCode {
    let own = std::env::current_exe().expect("a process knows its file");
    let command = asked.command.clone().unwrap_or_else(|| command::binary().to_owned());
    let begun = Instant::now();
    let end = Duration::from_secs_f64(asked.minutes * 60.0);
    let (mut acknowledged, mut killed, mut round) = (0, Killed::default(), 0);
    while begun.elapsed() < end {
        round += 1;
        let seed = asked.seed.wrapping_mul(10_000).wrapping_add(round);
        let dir = asked.dir.join(format!("{}-{seed}", std::process::id()));
        let time = ROUND.min(end.saturating_sub(begun.elapsed()));
        let (own, command) = (own.clone(), command.clone());
        let told =
            Round { dir: dir.clone(), own, command, seed, time, without: asked.without.clone() };
        let outcome = told.run();
        acknowledged += outcome.verdict.acknowledged;
        killed.add(outcome.killed);
        show(round, &outcome);
        if !outcome.verdict.is_good() {
            println!("the store and its ledgers are in {}", dir.display());
            println!("again: make torture MINUTES={} SEED={}", asked.minutes, asked.seed);
            let verdict = &outcome.verdict;
            println!("{}", sums(acknowledged, killed, verdict.lost.len(), verdict.wrong.len()));
            return ExitCode::FAILURE;
        }
        if outcome.unwatched {
            println!("torture: skipped the kills: processes may not be watched here (ptrace)");
        }
        std::fs::remove_dir_all(&dir).expect("the torture made it");
    }
    println!("{}", sums(acknowledged, killed, 0, 0));
    ExitCode::SUCCESS
}

fn sums(acknowledged: usize, killed: Killed, lost: usize, wrong: usize) -> String {
    let within = (100 * killed.within).checked_div(killed.all).unwrap_or(0);
    format!(
        "torture: {acknowledged} acknowledged, {} killed ({within}% within), {lost} lost, {wrong} wrong",
        killed.all
    )
}

fn show(round: u64, outcome: &Outcome) {
    let verdict = &outcome.verdict;
    println!(
        "round {round}: {} acknowledged, {} killed, {} within, {:.0?} and {:.0?} to look at it",
        verdict.acknowledged,
        outcome.killed.all,
        outcome.killed.within,
        outcome.took.0,
        outcome.took.1
    );
    let rows: Vec<String> = verdict
        .by_operation
        .iter()
        .map(|(op, [done, refused, unknown])| format!("{} {done}/{refused}/{unknown}", op.name()))
        .collect();
    println!("  done/refused/unknown: {}", rows.join(", "));
    for (what, found) in [("LOST", &verdict.lost), ("WRONG", &verdict.wrong)] {
        for row in found.iter().take(SHOWN) {
            println!("  {what} {row}");
        }
        if found.len() > SHOWN {
            println!("  {what} and {} more", found.len() - SHOWN);
        }
    }
}
