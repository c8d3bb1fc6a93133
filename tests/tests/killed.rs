//! A process that dies at any moment loses nothing and leaves nothing half.

use std::process::Stdio;
use std::time::{Duration, Instant};

use partita_tests::command::Partita;
use partita_tests::history::import;
use partita_tests::random::Random;
use partita_tests::repository::{Repository, Shape};

#[test]
fn an_import_killed_at_any_moment_goes_on_and_ends_with_the_same_checkpoints() {
    let dir = tempfile::tempdir().unwrap();
    let shape = Shape { seed: 6, commits: 400, files: 60, big_bytes: 2 << 20 };
    let repository = Repository::generate(&dir.path().join("repository"), &shape);
    let whole = Partita::at(dir.path().join("whole"));
    let started = Instant::now();
    whole.ok(import(&repository.git, "s"));
    let time = started.elapsed();
    let expected = whole.checkpoints("s");
    assert_eq!(expected.len(), 400);

    let mut random = Random::new(8);
    for round in 0..8 {
        let killed = Partita::at(dir.path().join(format!("killed-{round}")));
        let mut seen = 0;
        for _ in 0..5 {
            let share = Duration::from_micros(random.below(time.as_micros() as usize / 2) as u64);
            let mut command = killed.command(import(&repository.git, "s"));
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(share);
            child.kill().unwrap();
            child.wait().unwrap();
            seen = assert_beginning_of(&killed, &expected, seen);
        }
        killed.ok(import(&repository.git, "s"));
        assert_eq!(killed.checkpoints("s"), expected, "round {round}");
        killed.ok(["check"]);
    }
}

/// What a kill left is a beginning of the line, and never shorter than before.
fn assert_beginning_of(partita: &Partita, expected: &[String], seen: usize) -> usize {
    let outcome = partita.run(["log", "s", "--json"]);
    if outcome.code != Some(0) {
        // Killed before there was a session, or a store at all.
        assert_eq!(seen, 0, "{}", outcome.stderr);
        outcome.failure();
        return 0;
    }
    let found = partita.checkpoints("s");
    assert!(found.len() >= seen, "checkpoints went away");
    assert!(expected.ends_with(&found), "not the line of the whole import");
    partita.ok(["check"]);
    found.len()
}
