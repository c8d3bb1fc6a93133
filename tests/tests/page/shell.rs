//! Completion and the manual, as a shell and `man` take them.

use std::io::Write as _;
use std::process::{Command, Stdio};

use partita_tests::command::{Outcome, Partita, binary};

/// Runs a script in a shell, if that is installed; the command is in its `PATH`.
fn run(shell: &str, script: &str) -> Option<Outcome> {
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", binary().parent().unwrap().display());
    let mut command = Command::new(shell);
    if shell == "bash" {
        command.arg("--norc");
    }
    command.env("PATH", path).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().ok()?;
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    Some(Outcome::of(child.wait_with_output().unwrap()))
}

#[test]
fn bash_takes_the_script_and_completes_words_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let script = dir.path().join("partita.bash");
    std::fs::write(&script, partita.ok(["completion", "bash"])).unwrap();
    let checked = Command::new("bash").arg("-n").arg(&script).output();
    let Ok(checked) = checked else { return };
    assert!(Outcome::of(checked).success().is_empty());
    for (words, expected) in [
        ("partita unde", "undelete"),
        ("partita import tr", "transcript"),
        ("partita cat --it", "--iteration"),
        ("partita say s --role as", "assistant"),
        ("partita context s --dialect ge", "gemini"),
        ("partita completion z", "zsh"),
    ] {
        let last = words.split(' ').count() - 1;
        let word = words.split(' ').next_back().unwrap();
        let before = words.split(' ').nth(last - 1).unwrap();
        let script = format!(
            "source '{}'\nCOMP_WORDS=({words})\nCOMP_CWORD={last}\n\
             _partita partita '{word}' '{before}'\necho \"${{COMPREPLY[@]}}\"\n",
            script.display()
        );
        let told = run("bash", &script).unwrap().success();
        assert_eq!(String::from_utf8(told).unwrap().trim(), expected, "{words}");
    }
}

#[test]
fn zsh_and_fish_take_their_scripts_if_they_are_there() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    for shell in ["zsh", "fish"] {
        let script = dir.path().join(shell);
        std::fs::write(&script, partita.ok(["completion", shell])).unwrap();
        if let Ok(checked) = Command::new(shell).arg("-n").arg(&script).output() {
            Outcome::of(checked).success();
        }
    }
    let question = "partita completion fish | source\ncomplete -C 'partita unde'\n";
    if let Some(told) = run("fish", question) {
        assert!(String::from_utf8(told.success()).unwrap().starts_with("undelete"));
    }
}

#[test]
fn the_manual_is_written_whole_and_man_reads_it_if_it_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let into = dir.path().join("man/man1");
    let told = partita.json(["man", into.to_str().unwrap()]);
    let files = told["files"].as_array().unwrap();
    assert!(files.len() > 50, "{told}");
    for file in files {
        let file = into.join(file.as_str().unwrap());
        let page = std::fs::read_to_string(&file).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{}", file.display());
        let read = Command::new("man").arg("-l").arg(&file).env("MANPAGER", "cat").output();
        if let Ok(read) = read {
            let text = String::from_utf8(Outcome::of(read).success()).unwrap();
            assert!(text.contains("SYNOPSIS"), "{}: {text}", file.display());
        }
    }
    assert_eq!(partita.ok(["man"]), std::fs::read(into.join("partita.1")).unwrap());
    partita.misused(["man", "--json"]);
    assert!(!partita.store().exists(), "neither needs a store");
}
