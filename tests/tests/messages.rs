//! What a wrong command line is told, by one rule of exit codes, and what a terminal is shown.

use std::process::{Command, Stdio};

use partita_tests::command::{Outcome, Partita, binary, bytes_of};
use tempfile::TempDir;

/// A store with two sessions, `parser` and `s`: files, memories, text that nobody would see.
fn sample() -> (TempDir, Partita) {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    partita.write("s", "a.txt", b"one\n").success();
    partita.write("s", "a.txt", b"two\n").success();
    partita.ok(["new", "parser"]);
    (dir, partita)
}

#[test]
fn exit_codes_follow_one_rule_in_every_command() {
    let (_dir, partita) = sample();
    for line in [
        "frobnicate",
        "init --force",
        "new",
        "rename s",
        "delete",
        "sessions --limit 3",
        "import git r",
        "import git r --session t --too-large maybe",
        "import transcript f --session t --format word",
        "import transcript f --session t --conversation one",
        "log s --limit many",
        "log s --limit -1",
        "report s",
        "report s -o - --counter claude",
        "files s --at newest",
        "history s",
        "cat s a.txt --iteration one",
        "cat s a.txt --at id:12",
        "diff s --from 1x",
        "diff s a.txt --from latest",
        "write s a.txt - --expect x",
        "remove s",
        "restore s a.txt --iteration 99999999999999999999",
        "restore s --at HEAD~1",
        "checkout s out --at git:xyz",
        "fork s t --at yesterday",
        "undo",
        "trim s --keep few",
        "trim s --since yesterday",
        "pin s --at x",
        "pin s --memory nobody:1",
        "memories s --at -1",
        "memories s --limit x",
        "say s --role nobody",
        "search s x --role critic",
        "view",
        "forget s 3..",
        "recall s id:1",
        "hide s",
        "refresh",
        "compact s 1..2",
        "compact s x..y --summary -",
        "expand s one",
        "set s mood -",
        "capacity s --counter claude",
        "plan s --limit all",
        "context s --dialect mistral",
        "context s --diff 1",
        "export s --format word",
        "count f --counter claude",
        "budget f --limit few",
        "gc --keep soon",
        "purge s a.txt --iteration x --reason r",
        "purge s --memory first --reason r",
        "check --all",
        "recover --all",
        "stats --all",
    ] {
        let said = partita.misused(line.split(' '));
        for word in ["invalid digit", "ParseIntError", "cannot parse", "number too large to fit"] {
            assert!(!said.contains(word), "{line}: {said}");
        }
    }
    for line in [
        "rename t u",
        "rename s parser",
        "delete t",
        "new s",
        "import git nosuch --session t",
        "import transcript nosuch --session t",
        "log t",
        "report t -o -",
        "files s --at 99",
        "history s nosuch",
        "cat s nosuch",
        "cat s ../a",
        "cat s a.txt --iteration 9",
        "diff s nosuch",
        "write s /a nosuch",
        "write s a.txt nosuch",
        "remove s nosuch",
        "restore s a.txt --iteration 9",
        "restore s --at git:abcdef",
        "checkout t out",
        "fork s parser",
        "undo parser",
        "trim t --keep 1",
        "pin parser",
        "unpin s",
        "memories t",
        "forget s 1",
        "expand s 1",
        "set s tools nosuch",
        "context s --dialect anthropic --at id:abcdef",
        "count nosuch",
        "budget nosuch --limit 9",
        "purge s nosuch --reason r",
    ] {
        partita.refused(line.split(' '));
    }
}

#[test]
fn numbers_are_refused_in_words_of_our_own() {
    let (_dir, partita) = sample();
    for (line, why) in [
        ("log s --limit many", "it is not a whole number"),
        ("log s --limit -1", "it is below 0"),
        ("cat s a.txt --iteration 18446744073709551616", "it is too large: 18446744073709551615"),
        ("plan s --limit 1.5", "it is not a whole number"),
    ] {
        let said = partita.misused(line.split(' '));
        assert!(said.contains(why), "{line}: {said}");
    }
}

#[test]
fn a_session_that_is_not_there_is_answered_by_the_nearest_name() {
    let (_dir, partita) = sample();
    for (line, answer) in [
        ("log prser", "did you mean \"parser\"?"),
        ("delete Parser", "did you mean \"parser\"?"),
        ("undo zzzzz", "`partita sessions` lists those that there are"),
        ("cat a.txt s", "\"s\" is one: the session comes first"),
        ("history a.txt s", "\"s\" is one: the session comes first"),
        ("set zzzzz instructions /dev/null", "create it with `partita new`"),
    ] {
        let said = partita.refused(line.split(' '));
        assert!(said.ends_with(answer), "{line}: {said}");
    }
    let bare = Partita::at(partita.store().with_file_name("bare"));
    bare.ok(["init"]);
    assert!(bare.refused(["log", "s"]).ends_with("there is none yet"));
}

#[test]
fn what_git_users_type_is_answered_with_the_right_command() {
    let (_dir, partita) = sample();
    for (line, answer) in [
        ("log s -n 5", "hint: `partita log s --limit 5`"),
        ("diff s 1 2", "hint: `partita diff s --from 1 --to 2`"),
        ("show s", "`partita cat NAME PATH"),
        ("ls", "hint: `partita files NAME`"),
        ("checkout -b new s", "hint: `partita fork s new`"),
        ("commit -m x", "hint: `partita capture NAME`"),
    ] {
        let said = partita.misused(line.split(' '));
        assert!(said.contains(answer), "{line}: {said}");
    }
    for (line, answer) in [
        ("diff s 1", "`partita diff s --to 1`"),
        ("diff s 1..2", "`partita diff s --from 1 --to 2`"),
    ] {
        let said = partita.refused(line.split(' '));
        assert!(said.contains(answer), "{line}: {said}");
    }
}

/// Runs a command line on a pseudo terminal; returns what the terminal got.
fn on_a_terminal(partita: &Partita, line: &str) -> String {
    let command = format!(
        "'{}' --store '{}' --color never {line}",
        binary().display(),
        partita.store().display()
    );
    let mut script = Command::new("script");
    script.args(["-qec", &command, "/dev/null"]).stdin(Stdio::null());
    script.env_remove("PARTITA_STORE").env("TERM", "xterm");
    let outcome = Outcome::of(script.output().expect("script, of util-linux, is installed"));
    String::from_utf8(outcome.success()).unwrap().replace("\r\n", "\n")
}

#[test]
fn a_terminal_is_shown_no_control_and_nothing_that_nobody_sees() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("a\u{202e}b\u{200b}"));
    let odd = "x\u{9b}31m\u{7f}\u{202e}y\u{200b}\u{feff}\u{e0041}z";
    let said = on_a_terminal(&partita, "init");
    assert!(!said.contains(['\u{202e}', '\u{200b}']) && said.contains("new store"), "{said:?}");
    partita.write("s", odd, b"1\n").success();
    let say = dir.path().join("say");
    std::fs::write(&say, odd).unwrap();
    partita.ok(["say", "s", "--role", "user", say.to_str().unwrap()]);
    let store = bytes_of(partita.store());
    let hidden = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202e}' | '\u{200b}' | '\u{feff}' | '\u{e0041}')
    };
    for line in [
        "files s --json",
        "log s --json",
        "memories s --json",
        "view s --json",
        "export s --format openai-chat",
        "export s --format atif",
        "context s --dialect anthropic --json",
        "files s",
        "memories s",
        "view s",
        "search s y",
        "diff s --to 2",
        "capacity s",
    ] {
        let shown = on_a_terminal(&partita, line);
        assert!(!shown.contains(hidden), "{line}: {shown:?}");
        if line.contains("json") || line.starts_with("export") {
            let piped = partita.ok(line.split(' '));
            let raw = String::from_utf8_lossy(&piped).into_owned();
            let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            assert_eq!(value(&shown), value(&raw), "{line}");
        }
    }
    // A shell has no word of its own for a wrong command line: the exit code comes after it.
    for wrong in
        [format!("'frob{odd}'"), format!("log s '--{odd}'"), format!("log s --limit '{odd}'")]
    {
        let shown = on_a_terminal(&partita, &format!("{wrong} || echo code $?"));
        assert!(shown.contains("code 2") && !shown.contains(hidden), "{wrong}: {shown:?}");
    }
    assert!(bytes_of(partita.store()) == store);
}
