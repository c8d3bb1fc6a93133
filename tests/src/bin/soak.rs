//! What `make test` runs a share of, for as long as one likes.
//!
//! The first argument names the suite, `help` lists them; the others are its own.

use std::process::ExitCode;

/// Runs a suite, with its own arguments.
type Run = fn(&[String]) -> Result<(), String>;

/// The suites: a name, what it takes, and what it does with that.
const SUITES: [(&str, &str, Run); 11] = [
    (
        "blame",
        "REPOSITORY: a git repository that was fetched by hand, each line's origin compared with git's",
        partita_tests::blame::soak,
    ),
    (
        "capture",
        "ROUNDS SEED: real commands in a directory, captured, taken back, forked; 2,000 by default",
        partita_tests::captures::soak,
    ),
    (
        "evidence",
        "STEPS SEED: commands that show something, claims by it, judged by a naive book; 10,000 by default",
        partita_tests::evidence::soak,
    ),
    (
        "import",
        "REPOSITORY: a git repository that was fetched by hand, imported and compared",
        partita_tests::git::soak,
    ),
    (
        "merges",
        "TEXTS TREES ROUNDS REPOSITORY: random texts and trees merged beside git, sessions that meet beside \
         plain maps, the merges of a git repository that was fetched by hand if one is named; 20,000, \
         2,000 and 5,000 by default",
        partita_tests::merges::soak,
    ),
    (
        "model",
        "OPERATIONS SEED: random operations against plain maps and lists, a million by default",
        partita_tests::witness::soak,
    ),
    (
        "dialogs",
        "DIALOGS FIRST: whole dialogs of every part kind, sent in every dialect and read again",
        partita_tests::judge::soak,
    ),
    (
        "recover",
        "STORES SEED: damaged stores of every layout, recovered",
        partita_tests::recover::soak,
    ),
    (
        "reports",
        "runs the test runners and benchmarks that are there, and reads what they write",
        partita_tests::reports::soak,
    ),
    (
        "turns",
        "CRASHED SCRIPTS JUDGED SEED: turns whose processes die, turns beside a naive interpreter, turns whose \
         requests are judged; 20,000, 20,000 and 500 by default",
        partita_tests::turns::soak,
    ),
    (
        "view",
        "OPERATIONS SEED: dialogs of every part, edits of the view, plans, undo; 100,000 by default",
        partita_tests::seen::soak,
    ),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (name, rest) =
        arguments.split_first().map_or(("help", &[][..]), |(name, rest)| (name, rest));
    let Some((_, _, run)) = SUITES.iter().find(|(suite, _, _)| *suite == name) else {
        for (suite, takes, _) in SUITES {
            println!("{suite} {takes}");
        }
        return if name == "help" { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    };
    match run(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("soak: {name}: {what}");
            ExitCode::FAILURE
        }
    }
}
