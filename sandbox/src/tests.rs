use std::time::{Duration, Instant};

use super::*;
use partita::host::{Command, Sandbox, Stream};
use partita::object::Exit;

fn sandbox() -> (tempfile::TempDir, ProcessSandbox) {
    let room = tempfile::tempdir().unwrap();
    let sandbox = ProcessSandbox::new(room.path()).unwrap();
    (room, sandbox)
}

fn exit(line: &str) -> Exit {
    let (_room, mut sandbox) = sandbox();
    sandbox.run(&Command::shell(line), &mut |_, _| {}).unwrap().exit
}

#[test]
fn every_end_is_told_apart() {
    assert_eq!(exit("exit 0"), Exit::Code(0));
    assert_eq!(exit("exit 7"), Exit::Code(7));
    assert_eq!(exit("kill -9 $$"), Exit::Signal(9));
    let (room, mut sandbox) = sandbox();
    let mut run = |words: &[&str]| sandbox.run(&Command::new(words), &mut |_, _| {}).unwrap().exit;
    assert_eq!(run(&["no-such-program-anywhere"]), Exit::NotFound);
    std::fs::write(room.path().join("plain"), "text").unwrap();
    assert_eq!(run(&["./plain"]), Exit::NotExecutable);
    let late = Command::shell("trap '' TERM; sleep 60").timeout(Duration::from_millis(100));
    let begun = Instant::now();
    assert_eq!(sandbox.run(&late, &mut |_, _| {}).unwrap().exit, Exit::Timeout);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn all_that_a_command_started_goes_with_it() {
    let (room, mut sandbox) = sandbox();
    let line = "(sleep 300; touch late) & (while :; do touch alive; sleep 0.05; done) & echo $!";
    let outcome = sandbox.run(&Command::shell(line), &mut |_, _| {}).unwrap();
    assert_eq!(outcome.exit, Exit::Code(0));
    std::thread::sleep(Duration::from_millis(200));
    let _ = std::fs::remove_file(room.path().join("alive"));
    std::thread::sleep(Duration::from_millis(300));
    assert!(!room.path().join("alive").exists());
}

#[test]
fn outputs_come_as_they_are_written_and_are_kept() {
    let (_room, mut sandbox) = sandbox();
    let mut told = Vec::new();
    let line = "printf one; sleep 0.2; printf two >&2; sleep 0.2; printf three";
    let outcome = sandbox
        .run(&Command::shell(line), &mut |stream, bytes| told.push((stream, bytes.to_vec())))
        .unwrap();
    let words = [(Stream::Stdout, "one"), (Stream::Stderr, "two"), (Stream::Stdout, "three")];
    assert_eq!(told, words.map(|(stream, word)| (stream, word.as_bytes().to_vec())));
    assert_eq!((&*outcome.stdout.text(), &*outcome.stderr.text()), ("onethree", "two"));
    let many = Command::shell("head -c 5000000 /dev/zero");
    let outcome = sandbox.run(&many, &mut |_, _| {}).unwrap();
    assert_eq!(outcome.stdout.total, 5_000_000);
    assert!(outcome.stdout.is_cut());
}

#[test]
fn who_left_the_group_and_holds_an_output_keeps_nobody_waiting() {
    let (_room, mut sandbox) = sandbox();
    let begun = Instant::now();
    let line = "setsid sleep 5 & echo begun";
    let outcome = sandbox.run(&Command::shell(line), &mut |_, _| {}).unwrap();
    assert_eq!((outcome.exit, &*outcome.stdout.text()), (Exit::Code(0), "begun\n"));
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[test]
fn only_listed_variables_are_there_and_no_input() {
    let (_room, sandbox) = sandbox();
    let mut sandbox = sandbox.inherit(["PATH"]).variable("OWN", "1");
    let command = Command::shell("env | sort; cat").variable("GIVEN", "2");
    let text = sandbox.run(&command, &mut |_, _| {}).unwrap().stdout.text();
    let names: Vec<&str> = text.lines().filter_map(|line| line.split('=').next()).collect();
    let by_shell = ["PWD", "OLDPWD", "SHLVL", "_"];
    let names: Vec<&str> = names.into_iter().filter(|name| !by_shell.contains(name)).collect();
    assert_eq!(names, ["GIVEN", "OWN", "PATH"]);
}

#[test]
fn a_command_is_reached_from_another_thread() {
    let (_room, mut sandbox) = sandbox();
    let control = sandbox.control();
    assert!(!control.is_running());
    let reaching = std::thread::spawn(move || {
        while !control.is_running() {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(50));
        control.signal(15);
    });
    let outcome = sandbox.run(&Command::shell("sleep 60"), &mut |_, _| {}).unwrap();
    reaching.join().unwrap();
    assert_eq!(outcome.exit, Exit::Signal(15));
}

#[test]
fn a_limit_without_a_launcher_is_refused() {
    let kind = |made: partita::Result<ProcessSandbox>| made.err().map(|error| error.kind());
    let refused = Some(partita::ErrorKind::Unsupported);
    assert_eq!(kind(sandbox().1.memory(1 << 30)), refused);
    assert_eq!(kind(sandbox().1.processes(10)), refused);
    assert_eq!(kind(sandbox().1.file_bytes(10)), refused);
    assert_eq!(kind(sandbox().1.confined([""; 0])), refused);
}

#[test]
fn an_instance_is_of_a_directory_on_a_machine_since_it_began() {
    let (room, mut one) = sandbox();
    let said = one.describe().unwrap();
    assert_eq!(ProcessSandbox::new(room.path()).unwrap().describe().unwrap(), said);
    assert_ne!(sandbox().1.describe().unwrap().instance, said.instance);
}
