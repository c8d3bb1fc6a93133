//! Every promise of partita, tested from outside, in one binary.

mod blamed;
mod bombs;
mod captured;
mod captures;
mod checkout;
mod clauses;
mod context;
mod corpus;
mod crash;
mod damage;
mod dialog;
mod dialogs;
mod displays;
mod edits;
mod evidence;
mod examples;
mod expired;
mod forks;
mod foundation;
mod git_import;
mod growing;
mod import;
mod inputs;
mod killed;
mod later;
mod law;
mod locks;
mod memory;
mod merged;
mod merges;
mod messages;
mod model;
mod output;
mod package;
mod page;
mod panics;
mod paths;
mod processes;
mod proven;
mod recover;
mod remembered;
mod reports;
mod repository;
mod room;
mod rot;
mod sealed;
mod seen;
mod shape;
mod survivors;
mod torture;
mod transcripts;
mod turned;
mod turns;
mod undo;
mod views;
mod witness;
mod work;

/// A file beside this one that no `mod` line names would never run.
#[test]
fn no_file_of_this_directory_is_forgotten() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let listed = std::fs::read_to_string(dir.join("main.rs")).unwrap();
    for file in partita_tests::source::files_below(&dir) {
        let below = file.strip_prefix(&dir).unwrap();
        let first = below.iter().next().unwrap().to_str().unwrap();
        let module = first.strip_suffix(".rs").unwrap_or(first);
        let named = listed.lines().any(|line| line == format!("mod {module};"));
        assert!(module == "main" || named, "{} is in no module of main.rs", below.display());
    }
}
