//! Waits for the locks of a store: told, bounded, ended, and never blamed on the dead.

#![cfg(target_os = "linux")]

use std::fs::{File, OpenOptions};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use partita_tests::command::{Outcome, Partita};

/// Takes one of a store's locks as another process would.
fn hold(partita: &Partita, name: &str) -> File {
    let path = partita.store().join(name);
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).open(path).unwrap();
    file.lock().unwrap();
    file
}

fn spawn(partita: &Partita, args: &[&str]) -> Child {
    let mut command = partita.command(args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn store() -> (tempfile::TempDir, Partita) {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    partita.write("s", "a", b"1").success();
    (dir, partita)
}

#[test]
fn a_wait_is_told_after_a_second_and_names_the_process_that_holds_the_lock() {
    let (_dir, partita) = store();
    for (name, args, doing) in
        [("lock", &["remove", "s", "a"][..], "written"), ("maintenance", &["gc"][..], "collected")]
    {
        let held = hold(&partita, name);
        let waiting = spawn(&partita, args);
        std::thread::sleep(Duration::from_millis(2_500));
        held.unlock().unwrap();
        let outcome = Outcome::of(waiting.wait_with_output().unwrap());
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        let own = std::process::id();
        let told = format!("waiting: the store is being {doing} by process {own} (");
        assert!(outcome.stderr.starts_with(&told), "{outcome:?}");
        assert_eq!(outcome.stderr.lines().count(), 1, "it is told once: {outcome:?}");
    }
}

#[test]
fn a_wait_can_be_bounded_and_a_short_one_is_not_told() {
    let (_dir, partita) = store();
    for (name, args) in [
        ("lock", &["remove", "s", "a"][..]),
        ("lock", &["write", "s", "b", "/dev/null"]),
        ("maintenance", &["gc"]),
        ("maintenance", &["purge", "s", "a", "--reason", "x"]),
    ] {
        let _held = hold(&partita, name);
        let begun = Instant::now();
        let args = args.iter().copied().chain(["--wait", "0.3"]);
        let error = partita.run(args).failure();
        assert!(begun.elapsed() < Duration::from_secs(20), "{error}");
        assert!(error.contains(&format!("process {} (", std::process::id())), "{error}");
        assert!(error.contains("wait"), "{error}");
    }
    let outcome = partita.run(["--wait", "soon", "gc"]);
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
}

#[test]
fn a_checkout_that_waits_for_another_into_its_directory_is_told_and_can_be_bounded() {
    let (dir, partita) = store();
    let out = dir.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let held = File::open(&out).unwrap();
    held.lock().unwrap();
    let out = out.to_str().unwrap();
    let outcome = partita.run(["checkout", "s", out, "--wait", "1.5"]);
    let lines: Vec<_> = outcome.stderr.lines().collect();
    let told = format!("is made by process {} (", std::process::id());
    assert_eq!((outcome.code, lines.len()), (Some(1), 2), "{outcome:?}");
    assert!(lines[0].starts_with("waiting: another checkout into "), "{outcome:?}");
    assert!(lines.iter().all(|line| line.contains(&told)), "{outcome:?}");
    drop(held);
    partita.ok(["checkout", "s", out, "--wait", "0"]);
}

#[test]
fn a_signal_ends_a_wait_and_nothing_was_changed() {
    let (_dir, partita) = store();
    let held = hold(&partita, "lock");
    let mut waiting = spawn(&partita, &["write", "s", "a", "/dev/null"]);
    std::thread::sleep(Duration::from_millis(1_500));
    let kill = Command::new("kill").args(["-INT", &waiting.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let begun = Instant::now();
    let status = waiting.wait().unwrap();
    assert_eq!(status.signal(), Some(2), "{status:?}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    drop(held);
    assert_eq!(partita.ok(["cat", "s", "a"]), b"1");
}

#[test]
fn the_dead_process_that_a_lock_file_names_is_not_told() {
    let (_dir, partita) = store();
    let written = std::fs::read_to_string(partita.store().join("lock")).unwrap();
    assert!(written.starts_with("process "), "the command that wrote is over: {written}");
    let _held = hold(&partita, "lock");
    let error = partita.run(["remove", "s", "a", "--wait", "0"]).failure();
    assert!(error.contains(&format!("by process {} (", std::process::id())), "{error}");
    let dead = written.trim();
    assert!(!error.contains(&format!("{dead} ")), "{dead} is over: {error}");
}

/// A store that waits for no lock reads while somebody writes.
#[test]
fn reading_waits_for_nobody() {
    let (_dir, partita) = store();
    let (_lock, _maintenance) = (hold(&partita, "lock"), hold(&partita, "maintenance"));
    let begun = Instant::now();
    assert_eq!(partita.ok(["cat", "s", "a", "--wait", "0"]), b"1");
    partita.ok(["log", "s", "--wait", "0"]);
    partita.ok(["check", "--wait", "0"]);
    assert!(begun.elapsed() < Duration::from_secs(20));
}
