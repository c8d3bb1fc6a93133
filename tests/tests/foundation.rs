//! A store that the command of commit 1e63b9f wrote, with a past: an import of git and of a transcript, a fork, undo,
//! restores, a view that was edited, a trim, a purge, a deleted session, a collection. What it told of that store in
//! JSON then is what is told now; keys may have joined.

use std::path::{Path, PathBuf};

use partita_tests::command::Partita;
use serde_json::Value;

const SESSIONS: [&str; 5] = ["work", "trial", "short", "recorded", "git/repo"];

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/stores/foundation")
}

/// The command, on a copy of the store.
fn copied(room: &Path) -> Partita {
    Partita::at(data().join("store")).copy_to(room.join("store"))
}

fn told(name: &str) -> Value {
    let file = data().join("told").join(format!("{name}.json"));
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// Where something that was told then is not told now.
fn lost(then: &Value, now: &Value, at: &str, faults: &mut Vec<String>) {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => {
            for (key, value) in then {
                lost(value, now.get(key).unwrap_or(&Value::Null), &format!("{at}.{key}"), faults);
            }
        }
        (Value::Array(then), Value::Array(now)) if then.len() == now.len() => {
            for (nth, (then, now)) in then.iter().zip(now).enumerate() {
                lost(then, now, &format!("{at}[{nth}]"), faults);
            }
        }
        _ if then == now => {}
        _ => faults.push(format!("{at}: {then} then, {now} now")),
    }
}

/// How many values a JSON value is made of, itself apart.
fn size(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields.values().map(|value| 1 + size(value)).sum(),
        Value::Array(items) => items.iter().map(|value| 1 + size(value)).sum(),
        _ => 0,
    }
}

fn assert_told(partita: &Partita) {
    let mut faults = Vec::new();
    // An empty store would be told by little.
    assert!(size(&told("work.log")) > 100 && size(&told("git-repo.memories")) > 50);
    for session in SESSIONS {
        for what in ["log", "files", "memories", "view"] {
            let name = format!("{}.{what}", session.replace('/', "-"));
            lost(&told(&name), &partita.json([what, session]), &name, &mut faults);
        }
    }
    lost(&told("sessions"), &partita.json(["sessions"]), "sessions", &mut faults);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_store_of_the_foundation_says_what_it_said() {
    let room = tempfile::tempdir().unwrap();
    let partita = copied(room.path());
    partita.ok(["check"]);
    assert_told(&partita);
}

#[test]
fn a_store_of_the_foundation_is_written_collected_and_taken_back() {
    let room = tempfile::tempdir().unwrap();
    let partita = copied(room.path());
    let words = room.path().join("words");
    std::fs::write(&words, "Go on.\n").unwrap();
    partita.write("work", "new.txt", b"new\n").success();
    partita.ok(["say", "trial", "--role", "user", words.to_str().unwrap()]);
    partita.ok(["fork", "git/repo", "newer"]);
    partita.ok(["gc"]);
    partita.ok(["check"]);
    partita.ok(["delete", "newer"]);
    partita.ok(["undo", "trial"]);
    partita.ok(["remove", "work", "new.txt"]);
    partita.ok(["check"]);
    // What was there is as it was: the two sessions that were written have gone on.
    let mut faults = Vec::new();
    for session in ["short", "recorded", "git/repo"] {
        for what in ["log", "files", "memories", "view"] {
            let name = format!("{}.{what}", session.replace('/', "-"));
            lost(&told(&name), &partita.json([what, session]), &name, &mut faults);
        }
    }
    for name in ["work", "trial"] {
        let now = partita.json(["files", name]);
        lost(&told(&format!("{name}.files")), &now, name, &mut faults);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
