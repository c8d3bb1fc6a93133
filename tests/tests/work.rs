//! Directories and runs, by the command.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use partita_tests::command::{Partita, binary, field};
use partita_tests::git::Git;

/// A store, and a directory beside it.
struct Room {
    room: tempfile::TempDir,
    partita: Partita,
}

impl Room {
    fn new() -> Self {
        let room = tempfile::tempdir().unwrap();
        fs::create_dir(room.path().join("dir")).unwrap();
        let partita = Partita::at(room.path().join("store"));
        Room { room, partita }
    }

    fn dir(&self) -> PathBuf {
        self.room.path().join("dir")
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.dir().join(path), text).unwrap();
    }

    /// A command of ours that others' names go into.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.arg("--store").arg(self.room.path().join("store")).args(arguments);
        command.current_dir(self.dir()).env("XDG_STATE_HOME", self.room.path().join("state"));
        command
    }

    /// Runs it: its exit code, what it printed, and what it said.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.command(arguments).stdin(Stdio::null()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let (code, printed, said) = self.run(arguments);
        assert_eq!(code, 0, "{arguments:?}: {said}");
        printed
    }
}

#[test]
fn a_capture_creates_what_it_needs_and_a_refused_one_nothing() {
    let room = Room::new();
    let store = room.room.path().join("store");
    for (dir, why) in [("/", "the root or the home"), ("nowhere", "there is no directory")] {
        let (code, printed, said) = room.run(&["capture", "s", dir]);
        assert_eq!((code, &*printed), (1, ""));
        assert!(
            said.starts_with("error: ") && said.contains(why) && said.lines().count() == 1,
            "{said}"
        );
    }
    room.write("file", "1");
    let (code, _, said) = room.run(&["capture", "s", "file"]);
    assert!(code == 1 && said.contains("is no directory"), "{said}");
    assert!(!store.exists(), "nothing is created for what is refused");
    // A plan makes nothing either.
    assert!(room.ok(&["capture", "s", "--plan"]).contains("added  file"));
    assert!(!store.exists());
    assert!(room.ok(&["capture", "s"]).contains("1 added"));
    let (code, _, said) = room.run(&["capture", "s", store.to_str().unwrap()]);
    assert!(code == 1 && said.contains("inside the store"), "{said}");
    for line in ["status none", "watch none", "pause none", "resume none out"] {
        let words: Vec<&str> = line.split(' ').collect();
        let (code, _, said) = room.run(&words);
        assert!(code == 1 && said.contains("no session"), "{line}: {said}");
    }
    assert!(!room.dir().join("out").exists());
}

#[test]
fn what_was_missed_ends_with_1_after_all_else_was_recorded() {
    let room = Room::new();
    room.write("small", "1");
    room.write("large", &"x".repeat(100));
    room.write(".gitignore", "ignored\n");
    room.write("ignored", "");
    let (code, printed, said) = room.run(&["capture", "s", "--max-bytes", "50"]);
    assert_eq!(code, 1);
    assert!(printed.contains("2 added"), "{printed}");
    assert!(said.contains("large (too-large)") && !said.contains("ignored"), "{said}");
    assert_eq!(room.ok(&["cat", "s", "small"]), "1");
    let (code, _, said) = room.run(&["capture", "s", "--within", "0"]);
    assert!(code == 1 && said.contains("time ran out"), "{said}");
    assert_eq!(room.run(&["capture", "s"]).0, 0);
}

#[test]
fn the_example_of_the_page_holds() {
    let room = Room::new();
    room.write("a", "1");
    room.ok(&["capture", "s"]);
    room.ok(&["run", "s", "--", "sh", "-c", "mv a b && echo 2 > c"]);
    assert!(!room.dir().join("a").exists());
    room.ok(&["undo", "s"]);
    room.ok(&["checkout", "s", "."]);
    let mut names: Vec<_> =
        fs::read_dir(room.dir()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["a"]);
    assert!(room.ok(&["status", "s"]).contains("nothing changed"));
}

#[test]
fn a_run_ends_as_its_command_and_passes_what_it_writes_through() {
    let room = Room::new();
    let (code, printed, said) =
        room.run(&["run", "s", "--", "sh", "-c", "echo out; echo err >&2; exit 7"]);
    assert_eq!((code, &*printed), (7, "out\n"));
    assert!(said.ends_with("err\n"), "{said}");
    for (words, code) in [
        (&["sh", "-c", "kill -9 $$"][..], 137),
        (&["no-such-command-at-all"], 127),
        (&["./plain"], 126),
        (&["true"], 0),
    ] {
        room.write("plain", "text");
        assert_eq!(room.run(&[&["run", "s", "--"][..], words].concat()).0, code, "{words:?}");
    }
    let begun = Instant::now();
    assert_eq!(room.run(&["run", "s", "--timeout", "0.2", "--", "sleep", "30"]).0, 124);
    assert!(begun.elapsed() < Duration::from_secs(20));
    // What cannot be recorded is not run.
    let (code, _, said) = room.run(&["run", "s", "--dir", "none", "--", "touch", "ran"]);
    assert!(code == 125 && said.starts_with("error: "), "{said}");
    assert!(!room.dir().join("ran").exists());
    assert_eq!(room.run(&["run", "s"]).0, 2);
    let (code, printed, said) =
        room.run(&["run", "s", "--json", "--", "sh", "-c", "echo out; touch new"]);
    let json: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(
        (code, &json["exit"], &json["added"][0]["path"]),
        (0, &"exit 0".into(), &"new".into())
    );
    assert!(said.contains("out"), "{said}");
    // The standard input is the command's.
    let mut child = room.command(&["run", "s", "--", "cat"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"from outside").unwrap();
    assert_eq!(child.wait_with_output().unwrap().stdout, b"from outside");
}

fn send(signal: &str, process: u32) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &process.to_string()]).status();
    assert!(sent.unwrap().success());
}

fn wait_for(path: &Path) {
    let begun = Instant::now();
    while !path.exists() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{} never came", path.display());
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn signals_go_on_to_the_command_and_the_outcome_is_recorded() {
    let room = Room::new();
    let line = "trap 'echo caught > caught' INT; touch ready; while :; do sleep 0.05; done";
    let mut child =
        room.command(&["run", "s", "--", "sh", "-c", line]).stdin(Stdio::null()).spawn().unwrap();
    wait_for(&room.dir().join("ready"));
    send("INT", child.id());
    wait_for(&room.dir().join("caught"));
    send("INT", child.id());
    assert_eq!(child.wait().unwrap().code(), Some(137), "the second interrupt kills");
    assert_eq!(room.ok(&["cat", "s", "caught"]), "caught\n");
    let log = room.ok(&["log", "s", "--limit", "1"]);
    assert!(log.contains("signal 9"), "{log}");
    fs::remove_file(room.dir().join("ready")).unwrap();
    let mut child =
        room.command(&["run", "s", "--", "sh", "-c", "touch ready; sleep 30"]).spawn().unwrap();
    wait_for(&room.dir().join("ready"));
    send("TERM", child.id());
    assert_eq!(child.wait().unwrap().code(), Some(143));
}

#[test]
fn a_run_that_was_killed_is_found_and_resuming_says_that_nobody_knows() {
    let room = Room::new();
    room.write("kept", "1");
    let line = "touch ready; sleep 30";
    let mut child =
        room.command(&["run", "s", "--", "sh", "-c", line]).stdin(Stdio::null()).spawn().unwrap();
    wait_for(&room.dir().join("ready"));
    child.kill().unwrap();
    child.wait().unwrap();
    let status = room.ok(&["status", "s"]);
    assert!(status.starts_with("s: running") && status.contains("has no outcome"), "{status}");
    let json: serde_json::Value =
        serde_json::from_str(&room.ok(&["status", "s", "--json"])).unwrap();
    assert_eq!(
        (&json["session"]["state"], &json["session"]["runs"][0]["exit"]),
        (&"running".into(), &serde_json::Value::Null)
    );
    let said = room.ok(&["resume", "s", "elsewhere"]);
    assert!(said.contains("how it ended is unknown"), "{said}");
    assert_eq!(fs::read_to_string(room.dir().join("elsewhere/kept")).unwrap(), "1");
    assert!(room.ok(&["status", "s"]).starts_with("s: idle"));
}

#[test]
fn what_somebody_else_ran_is_not_run_again_without_a_word() {
    let room = Room::new();
    room.ok(&["run", "s", "--setup", "--", "touch", "set-up"]);
    room.ok(&["undo", "s"]);
    // This user ran it, so it is his to run again.
    let said = room.ok(&["resume", "s", "one", "--replay"]);
    assert!(said.contains("run again, exit 0"), "{said}");
    assert!(room.dir().join("one/set-up").exists());
    // For another user it is a stranger's word.
    let strange = |arguments: &[&str]| {
        let mut command = room.command(arguments);
        command.env("XDG_STATE_HOME", room.room.path().join("another"));
        let output = command.output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let said = strange(&["resume", "s", "two", "--replay"]);
    assert!(said.contains("not run") && said.contains("touch set-up"), "{said}");
    // `one` was captured by its own replay, so the file is there by that: look at the runs.
    let runs = |room: &Room| room.ok(&["log", "s"]).matches(" begin-run ").count();
    let before = runs(&room);
    strange(&["resume", "s", "three", "--replay"]);
    assert_eq!(runs(&room), before);
    strange(&["resume", "s", "four", "--replay", "--yes"]);
    assert_eq!(runs(&room), before + 1);
}

#[test]
fn a_pause_is_shown_until_something_is_done() {
    let room = Room::new();
    room.write("a", "1");
    room.ok(&["capture", "s"]);
    room.ok(&["pause", "s", "--reason", "until Monday"]);
    assert!(room.ok(&["status", "s"]).starts_with("s: paused: until Monday, checkpoint 1"));
    assert_eq!(room.run(&["pause", "s", "--reason", &"x".repeat(5_000)]).0, 1);
    room.write("a", "2");
    room.ok(&["capture", "s"]);
    assert!(room.ok(&["status", "s"]).starts_with("s: idle, checkpoint 2"));
    let json: serde_json::Value =
        serde_json::from_str(&room.ok(&["status", "s", "/tmp", "--json"])).unwrap();
    assert_eq!(json["directory"], serde_json::Value::Null, "it never was there");
}

#[test]
fn a_log_that_is_followed_goes_on_with_what_comes() {
    let room = Room::new();
    room.write("a", "1");
    room.ok(&["capture", "s", "--message", "first"]);
    let mut child = room.command(&["log", "s", "--follow", "--json"]);
    let mut child = child.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next =
        || -> serde_json::Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["message"], "first");
    for at in 0..3 {
        room.write("a", &format!("changed {at}"));
        room.ok(&["capture", "s", "--message", &format!("number {at}")]);
        let entry = next();
        assert_eq!(
            (&entry["message"], &entry["number"]),
            (&format!("number {at}").into(), &(at + 2).into())
        );
    }
    room.partita.ok(["delete", "s"]);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn whoever_watches_captures_what_changes_also_after_the_directory_was_replaced() {
    let room = Room::new();
    room.write("a", "1");
    room.ok(&["new", "s"]);
    let mut child = room.command(&["watch", "s", room.dir().to_str().unwrap()]);
    let mut child =
        child.current_dir("/").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let session = |path: &str| room.partita.run(["cat", "s", path]).stdout;
    let becomes = |path: &str, text: &str| {
        let begun = Instant::now();
        while session(path) != text.as_bytes() {
            assert!(begun.elapsed() < Duration::from_secs(45), "{path} was not captured");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    becomes("a", "1");
    room.write("b", "2");
    becomes("b", "2");
    fs::create_dir(room.dir().join("sub")).unwrap();
    room.write("sub/c", "3");
    becomes("sub/c", "3");
    // The directory is moved away, and another one comes.
    fs::rename(room.dir(), room.room.path().join("away")).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    fs::create_dir(room.dir()).unwrap();
    room.write("d", "4");
    becomes("d", "4");
    child.kill().unwrap();
    child.wait().unwrap();
    let status = room.partita.json(["status", "s", room.dir().to_str().unwrap()]);
    assert_eq!(field(&status["session"], "id").len(), 64);
}

/// A run on a repository is recorded with exactly what it changed, and what `resume` writes elsewhere is,
/// for git itself, the same work tree, apart from what was left out.
#[test]
fn what_a_run_left_in_a_repository_comes_back_elsewhere_and_git_says_so() {
    let room = Room::new();
    let git = Git::init(&room.dir());
    room.write(".gitignore", "target/\n*.tmp\n");
    room.write("lib.rs", "fn one() {}\n");
    room.write("run.sh", "#!/bin/sh\n");
    fs::set_permissions(room.dir().join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("lib.rs", room.dir().join("link")).unwrap();
    git.run(["add", "--all"]);
    git.run(["-c", "user.name=a", "-c", "user.email=a", "commit", "--quiet", "--message", "first"]);
    room.ok(&["capture", "s", "."]);
    let build = "mkdir target && echo built >target/out && echo x >a.tmp && echo '// two' >>lib.rs && \
                 mkdir new && echo y >new/file";
    let told = room.ok(&["run", "s", "--json", "--", "sh", "-c", build]);
    assert!(told.contains("new/file"), "{told}");
    let patch = room.ok(&["diff", "s"]);
    let changed: Vec<&str> =
        patch.lines().filter_map(|line| line.strip_prefix("diff --git a/")).collect();
    assert_eq!(changed, ["lib.rs b/lib.rs", "new/file b/new/file"]);
    let elsewhere = room.room.path().join("elsewhere");
    let resumed = room.ok(&["resume", "s", elsewhere.to_str().unwrap()]);
    let status = |tree: &Path, ignored: &str| {
        let mut command = git.command();
        command.arg("--git-dir").arg(git.dir().join(".git")).arg("--work-tree").arg(tree);
        let output = command.args(["status", "--porcelain", ignored]).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let there = status(&room.dir(), "--ignored=no");
    assert_eq!(there, " M lib.rs\n?? new/\n");
    assert_eq!(status(&elsewhere, "--ignored=no"), there);
    // What is not there was left out, and each was named.
    assert_eq!(status(&elsewhere, "--ignored"), there, "{resumed}");
    let state = room.ok(&["status", "s"]);
    for left_out in [".git", "a.tmp", "target"] {
        assert!(state.contains(left_out), "{left_out}: {state}");
    }
}
