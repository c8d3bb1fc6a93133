//! What the command prints, and what it must not do while it prints.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Stdio;

use partita_tests::command::{Partita, bytes_of, field, number};
use partita_tests::history::History;

const COMMANDS: [&str; 18] = [
    "init", "new", "rename", "delete", "sessions", "import", "log", "files", "history", "cat",
    "diff", "write", "remove", "restore", "checkout", "fork", "undo", "check",
];

#[test]
fn a_reader_that_goes_away_ends_the_command_without_a_word() {
    let history = History::shared();
    for args in [&["log", "history"][..], &["log", "history", "--json"], &["files", "history"]] {
        let mut command = history.partita.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        let mut stdout = BufReader::with_capacity(1, child.stdout.take().unwrap());
        stdout.read_line(&mut first).unwrap();
        drop(stdout);
        let mut errors = String::new();
        child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        child.wait().unwrap();
        assert!(!first.is_empty() && errors.is_empty(), "{args:?}: {errors}");
    }
}

#[test]
fn every_json_output_is_one_document() {
    let history = History::shared();
    let partita = &history.partita;
    for row in partita.rows(["sessions"]) {
        assert_eq!(field(&row, "name"), "history");
    }
    let log = partita.rows(["log", "history", "--limit", "5"]);
    assert_eq!(log.len(), 5);
    for row in &log {
        assert_rfc_3339(field(row, "time"));
        for key in ["number", "id", "kind", "message"] {
            assert!(!row[key].is_null(), "no {key} in {row}");
        }
    }
    for row in partita.rows(["files", "history"]) {
        assert!(!row["path"].is_null(), "{row}");
    }
    for row in partita.rows(["history", "history", "special/crlf.txt"]) {
        for key in ["number", "id", "checkpoint", "size", "time"] {
            assert!(!row[key].is_null(), "no {key} in {row}");
        }
        assert_rfc_3339(field(&row, "time"));
    }
    assert!(partita.json(["check"]).is_object());
    let stats = partita.json(["stats"]);
    assert_eq!(stats["sessions"].as_u64(), Some(1), "{stats}");
}

#[track_caller]
fn assert_rfc_3339(time: &str) {
    let shape: String =
        time.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    assert!(shape.starts_with("0000-00-00T00:00:00"), "{time}");
    let zone = shape[19..].trim_start_matches('.').trim_start_matches('0');
    assert!(["Z", "+00:00", "-00:00"].contains(&zone), "{time}");
}

#[test]
fn output_that_goes_to_no_terminal_has_no_colour_and_no_progress() {
    let history = History::shared();
    for line in ["log history", "files history", "sessions", "check", "stats", "--help"] {
        let outcome = history.partita.run(line.split(' '));
        assert_eq!(outcome.code, Some(0), "{line}: {}", outcome.stderr);
        assert!(!outcome.stdout.contains(&0x1b), "{line}");
        assert!(!outcome.stderr.contains(['\x1b', '\r']), "{line}: {:?}", outcome.stderr);
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let all = partita.text(["--help"]);
    for name in COMMANDS.into_iter().chain(["report", "stats"]) {
        assert!(all.contains(name), "{name} is not in the help");
        let help = partita.text([name, "--help"]);
        assert!(help.contains("partita "), "{name} has no example:\n{help}");
    }
    assert!(partita.text(["--version"]).starts_with("partita "));
    assert!(!partita.store().exists());
}

#[test]
fn wrong_usage_is_told_apart_from_failure() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    for line in [
        "frobnicate",
        "cat",
        "cat s",
        "log s --limit many",
        "cat s a --iteration one",
        "cat s a --iteration 1 --at 1",
        "sessions --colour",
        "import svn repo --session s",
        "import git repo",
        "restore s --files --dialog --at 1",
    ] {
        let outcome = partita.run(line.split(' '));
        assert_eq!(outcome.code, Some(2), "{line}: {outcome:?}");
        assert!(outcome.stdout.is_empty() && !outcome.stderr.is_empty(), "{line}");
    }
    let outcome = partita.run::<&str>([]);
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert!(!partita.store().exists());
}

#[test]
fn no_command_but_five_creates_a_store() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    for line in [
        "rename s t",
        "delete s",
        "sessions",
        "log s",
        "files s",
        "history s a",
        "cat s a",
        "diff s a",
        "remove s a",
        "restore s --at 1",
        "checkout s out",
        "undo s",
        "check",
        "stats",
    ] {
        let error = partita.run(line.split(' ')).failure();
        assert!(error.contains("store"), "{line}: {error}");
        assert!(!partita.store().exists(), "{line} made a store");
    }
    assert!(!Path::new("out").exists());
}

#[test]
fn commands_that_read_write_nothing_but_the_catalogue() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    partita.write("s", "a", b"1\n").success();
    partita.write("s", "a", b"2\n").success();
    let before = bytes_of(partita.store());
    let out = dir.path().join("out");
    for line in [
        "sessions",
        "sessions --json",
        "log s",
        "files s",
        "files s --at 1",
        "history s a",
        "cat s a",
        "cat s a --iteration 1",
        "diff s a",
        "diff s a --from 1 --to 2",
        "diff s --from 1 --to 2",
        "check",
        "check --json",
        "stats",
        "restore s --at 1 --plan",
        "restore s a --iteration 1 --plan",
    ] {
        partita.ok(line.split(' '));
        assert!(bytes_of(partita.store()) == before, "{line} wrote");
    }
    partita.ok(["checkout", "s", out.to_str().unwrap(), "--plan"]);
    assert!(bytes_of(partita.store()) == before && !out.exists());
    let catalogue = partita.store().join("catalogue");
    assert!(!catalogue.exists(), "none of these derives anything");
    for line in [
        "sessions --sizes",
        "search s one",
        "capacity s",
        "plan s --limit 1000",
        "context s --dialect anthropic",
        "context s --diff 1..2",
        "view s",
        "memories s",
    ] {
        let first = partita.text(line.split(' '));
        assert!(bytes_of(partita.store()) == before, "{line} wrote");
        assert_eq!(partita.text(line.split(' ')), first, "{line}, from what it kept");
    }
    assert!(catalogue.join("closed").exists());
    std::fs::remove_dir_all(&catalogue).unwrap();
    assert_eq!(number(&partita.rows(["sessions", "--sizes"])[0], "files"), 1);
    assert!(partita.rows(["sessions"])[0]["files"].is_null(), "not asked for");
}

#[test]
fn an_environment_variable_names_the_store_and_the_option_overrules_it() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    partita.write("s", "a", b"1").success();
    let mut command = std::process::Command::new(partita_tests::command::binary());
    command.args(["cat", "s", "a"]).env("PARTITA_STORE", partita.store());
    assert_eq!(command.output().unwrap().stdout, b"1");
    let mut command = partita.command(["cat", "s", "a"]);
    command.env("PARTITA_STORE", dir.path().join("elsewhere"));
    assert_eq!(command.output().unwrap().stdout, b"1");
}

#[test]
fn a_patch_says_what_changed_and_git_can_apply_it() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let work = dir.path().join("work");
    let git = partita_tests::git::Git::init(&work);
    let (old, new) = ("one\ntwo\nthree\n", "one\n2\nthree\nfour");
    partita.write("s", "a.txt", old.as_bytes()).success();
    partita.write("s", "a.txt", new.as_bytes()).success();
    let patch = partita.ok(["diff", "s", "a.txt", "--from", "1", "--to", "2"]);
    std::fs::write(work.join("a.txt"), old).unwrap();
    std::fs::write(dir.path().join("patch"), &patch).unwrap();
    git.run(["apply", "-p1", dir.path().join("patch").to_str().unwrap()]);
    assert_eq!(std::fs::read_to_string(work.join("a.txt")).unwrap(), new);
}

#[test]
fn restore_fork_and_undo_do_what_they_say() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    for bytes in ["1", "2", "3"] {
        partita.write("s", "a", bytes.as_bytes()).success();
    }
    partita.ok(["restore", "s", "a", "--iteration", "1"]);
    assert_eq!(partita.ok(["cat", "s", "a"]), b"1");
    assert_eq!(partita.rows(["history", "s", "a"]).len(), 4);
    partita.ok(["undo", "s"]);
    assert_eq!(partita.ok(["cat", "s", "a"]), b"3");
    partita.ok(["fork", "s", "t", "--at", "2"]);
    assert_eq!(partita.ok(["cat", "t", "a"]), b"2");
    partita.write("t", "a", b"other").success();
    assert_eq!(partita.ok(["cat", "s", "a"]), b"3");
    partita.ok(["restore", "s", "--at", "2"]);
    assert_eq!(partita.ok(["cat", "s", "a"]), b"2");
    partita.ok(["remove", "s", "a"]);
    partita.refused(["cat", "s", "a"]);
    partita.ok(["rename", "s", "u"]);
    partita.refused(["log", "s"]);
    partita.ok(["delete", "u"]);
    partita.refused(["log", "u"]);
    assert_eq!(partita.rows(["sessions"]).len(), 1);
    partita.ok(["check"]);
}
