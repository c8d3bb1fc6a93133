//! Memory: a content is there once, on its way in and on its way out; where there is no room for it,
//! that is an error.

#![cfg(target_os = "linux")]

use std::ffi::OsStr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use partita_tests::command::{Partita, binary};
use partita_tests::git::Git;

/// Bytes of the address space that a command takes that has next to nothing to do.
struct Limits {
    least: u64,
}

const MIB: u64 = 1 << 20;

/// Runs the command in an address space of so many bytes.
fn limited<S: AsRef<OsStr>>(partita: &Partita, bytes: u64, args: &[S]) -> Output {
    let mut command = Command::new("sh");
    let script = format!("ulimit -v {}; exec \"$@\"", bytes / 1024);
    command.args(["-c", &script, "sh"]).arg(binary()).arg("--store").arg(partita.store());
    command.args(args).env_remove("PARTITA_STORE").stdin(Stdio::null());
    command.output().unwrap()
}

impl Limits {
    fn find(partita: &Partita) -> Self {
        let mut steps = (1..64).map(|step| step * 16 * MIB);
        let is_enough = |&bytes: &u64| {
            let args = ["write", "least", "a", "/dev/null"];
            limited(partita, bytes, &args).status.success()
        };
        Limits { least: steps.find(is_enough).expect("a gibibyte is enough") }
    }
}

/// A file of bytes that do not compress.
fn file(dir: &Path, name: &str, bytes: u64) -> PathBuf {
    let path = dir.join(name);
    let output = std::fs::File::create(&path).unwrap();
    let count = bytes.to_string();
    let status = Command::new("head").args(["-c", &count, "/dev/urandom"]).stdout(output).status();
    assert!(status.unwrap().success());
    path
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A store with two iterations of a large file, and the commands that read it.
fn reads(dir: &Path, round: &str) -> Vec<Vec<String>> {
    let out = dir.join(format!("out-{round}")).display().to_string();
    [
        &["cat", "s", "big"][..],
        &["cat", "s", "big", "--iteration", "1"],
        &["diff", "s", "big"],
        &["restore", "s", "big", "--iteration", "1"],
        &["checkout", "s", &out],
        &["check"],
        &["gc"],
    ]
    .iter()
    .map(|args| args.iter().map(|arg| (*arg).to_owned()).collect())
    .collect()
}

#[test]
fn a_content_is_allocated_once_when_it_is_written_and_once_when_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let least = Limits::find(&partita).least;
    let size = 144 * MIB;
    let room = least + size + 112 * MIB;
    let first = file(dir.path(), "first", size);
    let second = file(dir.path(), "second", size);
    for file in [&first, &second] {
        let args = ["write", "s", "big", file.to_str().unwrap()];
        let output = limited(&partita, room, &args);
        assert!(output.status.success(), "{}", said(&output));
    }
    assert_eq!(partita.ok(["cat", "s", "big"]), std::fs::read(&second).unwrap());
    for args in reads(dir.path(), "one") {
        if args[0] == "diff" {
            continue; // Both sides are read.
        }
        let output = limited(&partita, room, &args);
        assert!(output.status.success(), "{args:?}: {}", said(&output));
    }
    let output = limited(&partita, room + size, &["diff", "s", "big", "--from", "1", "--to", "2"]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(std::fs::read(dir.path().join("out-one/big")).unwrap().len() as u64, size);
}

#[test]
fn too_little_memory_is_an_error_and_never_the_end_of_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let least = Limits::find(&partita).least;
    let size = 64 * MIB;
    let (first, second) = (file(dir.path(), "first", size), file(dir.path(), "second", size));
    let text = dir.path().join("text");
    std::fs::write(&text, "a line of text, and no more\n".repeat(1 << 20)).unwrap();
    let names = [&first, &second, &text].map(|path| path.to_str().unwrap().to_owned());
    let git = Git::init(&dir.path().join("repository"));
    std::fs::copy(&first, dir.path().join("repository/big")).unwrap();
    git.run(["add", "big"]);
    let author = ["-c", "user.name=a", "-c", "user.email=a@b"];
    git.run(author.into_iter().chain(["commit", "--quiet", "-m", "a large file"]));
    partita.ok(["write", "s", "big", &names[0]]);
    partita.ok(["write", "s", "big", &names[1]]);
    partita.ok(["write", "s", "text", "/dev/null"]);
    partita.ok(["write", "s", "text", &names[2]]);
    let (mut failed, mut done) = (0, 0);
    // What a command takes for itself, whatever it does with contents.
    let least = least + 32 * MIB;
    for step in 0..8 {
        let limit = least + step * 20 * MIB;
        let new = Partita::at(dir.path().join(format!("new-{step}")));
        let repository = dir.path().join("repository").display().to_string();
        let mut runs = vec![
            (&new, ["write", "s", "big", &names[0]].map(str::to_owned).to_vec()),
            (&new, ["import", "git", &repository, "--session", "git"].map(str::to_owned).to_vec()),
            (&partita, ["diff", "s", "text"].map(str::to_owned).to_vec()),
        ];
        runs.extend(reads(dir.path(), &step.to_string()).into_iter().map(|args| (&partita, args)));
        for (store, args) in runs {
            let output = limited(store, limit, &args);
            let said = said(&output);
            let bound = limit / MIB;
            assert_eq!(output.status.signal(), None, "{args:?} in {bound} MiB: {said}");
            match output.status.code() {
                Some(0) => done += 1,
                Some(1) => failed += 1,
                code => panic!("{args:?} in {bound} MiB: exit code {code:?}: {said}"),
            }
            if output.status.code() == Some(1) {
                assert!(said.lines().last().unwrap().starts_with("error: "), "{args:?}: {said}");
            }
        }
        let _ = std::fs::remove_dir_all(new.store());
        let _ = std::fs::remove_dir_all(dir.path().join(format!("out-{step}")));
    }
    assert!(failed > 8 && done > 30, "{failed} failed, {done} done");
    partita.ok(["check"]);
}
