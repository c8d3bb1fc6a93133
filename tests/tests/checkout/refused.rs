//! What cannot be written, by the command: the rest is, and each path left out is named.

use partita_tests::command::{Outcome, field};

use super::*;

fn lines(outcome: &Outcome) -> Vec<&str> {
    outcome.stderr.lines().collect()
}

#[test]
fn all_that_can_be_written_is_and_the_exit_code_says_that_it_is_not_all() {
    let room = Room::new();
    let long = "x".repeat(300);
    let fine = plain([("a", "1".to_owned()), ("src/b", "2".to_owned())]);
    let mut all = fine.clone();
    all.extend(plain([
        (".git/config", "theirs".to_owned()),
        (&*long, "3".to_owned()),
        ("src/key", "a secret key".to_owned()),
    ]));
    room.checkpoint(&all);
    let partita = room.command();
    partita.ok(["purge", "s", "src/key", "--reason", "a key"]);
    let dir = room.at("out");
    let outcome = partita.run(["checkout", "s", text(&dir)]);
    assert_eq!(outcome.code, Some(1));
    assert_eq!(lines(&outcome).len(), 1);
    let said = String::from_utf8(outcome.stdout.clone()).unwrap();
    for named in [".git/config", &long, "src/key"] {
        assert!(outcome.stderr.contains(named), "{}", outcome.stderr);
        assert!(said.contains(named), "{said}");
    }
    assert_exact(&dir, &fine, "the rest");
    let json = partita.run(["checkout", "s", text(&dir), "--json"]);
    assert_eq!(json.code, Some(1));
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let left_out = json["left_out"].as_array().unwrap();
    let reasons: Vec<_> =
        left_out.iter().map(|row| (field(row, "path"), field(row, "reason"))).collect();
    assert_eq!(reasons, [(".git/config", "refused"), ("src/key", "purged"), (&*long, "too-long")]);
    assert!(left_out.iter().all(|row| !field(row, "why").is_empty()));
    // A part that can be written is a success.
    let part = room.at("part");
    partita.ok(["checkout", "s", text(&part), "src/b"]);
    assert_exact(&part, &plain([("src/b", "2".to_owned())]), "a part");
    let error = partita.run(["checkout", "s", text(&part), "nothing"]).failure();
    assert!(error.contains("nothing"), "{error}");
}

#[test]
fn what_no_checkout_writes_is_refused_at_once_and_no_store_is_made_for_it() {
    let room = tempfile::tempdir().unwrap();
    let partita = Partita::at(room.path().join("store"));
    for path in [".git/config", "a/.GIT", "git~1", ".partita/x", &"x".repeat(256)] {
        let error = partita.write("s", path, b"1").failure();
        assert!(error.contains("no checkout"), "{error}");
        assert!(!partita.store().exists());
    }
}

#[test]
fn an_import_keeps_what_no_checkout_writes_and_says_so() {
    let room = tempfile::tempdir().unwrap();
    let git = |line: &[&str], input: &str| {
        use std::io::Write;
        let mut command = std::process::Command::new("git");
        command.args(["-C", text(room.path())]).args(line);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for (key, value) in [("NAME", "a"), ("EMAIL", "a@a"), ("DATE", "2026-11-01T00:00:00Z")] {
            command.env(format!("GIT_AUTHOR_{key}"), value);
            command.env(format!("GIT_COMMITTER_{key}"), value);
        }
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{line:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["init", "-q", "-b", "main"], "");
    let blob = git(&["hash-object", "-w", "--stdin"], "theirs");
    let inner = git(&["mktree"], &format!("100644 blob {blob}\tconfig\n"));
    let tree = git(&["mktree"], &format!("040000 tree {inner}\tGIT~1\n100644 blob {blob}\ta\n"));
    let commit = git(&["commit-tree", &tree, "-m", "one"], "");
    git(&["update-ref", "HEAD", &commit], "");
    let partita = Partita::at(room.path().join("store"));
    let outcome = partita.run(["import", "git", text(room.path()), "--session", "s"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("GIT~1/config"), "{}", outcome.stderr);
    assert_eq!(partita.ok(["cat", "s", "GIT~1/config"]), b"theirs");
    partita.ok(["remove", "s", "GIT~1/config"]);
    partita.ok(["undo", "s"]);
    assert_eq!(partita.ok(["cat", "s", "GIT~1/config"]), b"theirs");
}
