//! Undo, redo, restore and the way back of a deleted session, as a stranger uses them.

use partita_tests::command::Partita;
use serde_json::{Value, json};

struct Room {
    _dir: tempfile::TempDir,
    partita: Partita,
}

impl Room {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let partita = Partita::at(dir.path().join("store"));
        Room { _dir: dir, partita }
    }

    /// Writes a file beside the store, and returns where.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.partita.store().with_file_name(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// The keys of an object, sorted.
fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn undo_of_a_transcripts_import_leaves_what_was_there() {
    let room = Room::new();
    let partita = &room.partita;
    let text = room.file("keep", "kept");
    let chat = room.file(
        "chat.json",
        r#"[{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello."}]"#,
    );
    partita.ok(["write", "s", "keep.txt", &text]);
    partita.ok(["say", "s", "--role", "user", &text]);
    partita.ok(["import", "transcript", &chat, "--session", "s"]);
    assert_eq!(partita.rows(["memories", "s"]).len(), 3);
    let undone = partita.json(["undo", "s"]);
    assert_eq!(partita.text(["cat", "s", "keep.txt"]), "kept");
    assert_eq!(partita.rows(["memories", "s"]).len(), 1);
    assert_eq!(undone["operation"]["kind"], "import");
    partita.ok(["redo", "s"]);
    assert_eq!(partita.rows(["memories", "s"]).len(), 3);
}

#[test]
fn undo_and_redo_tell_what_they_took_and_brought_back() {
    let room = Room::new();
    let partita = &room.partita;
    let (one, two) = (room.file("one", "1"), room.file("two", "2"));
    partita.ok(["write", "s", "a.txt", &one]);
    partita.ok(["write", "s", "a.txt", &two]);
    let text = partita.text(["undo", "s"]);
    assert!(
        text.starts_with("3  ") && text.ends_with("  took back operation 3, write: a.txt\n"),
        "{text}"
    );
    let text = partita.text(["redo", "s"]);
    assert!(text.ends_with("  brought back operation 3, write: a.txt\n"), "{text}");
    let outcome = partita.run(["redo", "s"]);
    assert_eq!(outcome.code, Some(1));
    let said = outcome.stderr.clone();
    assert_eq!(said, "error: nothing to redo in session \"s\": what was done last is no undo\n");
    let told = partita.json(["undo", "s"]);
    assert_eq!(keys(&told), ["id", "number", "operation"]);
    let operation = &told["operation"];
    let expected = ["actor", "checkpoint", "id", "kind", "message", "number", "time"];
    assert_eq!(keys(operation), expected);
    assert_eq!((&operation["checkpoint"], &operation["number"]), (&json!(2), &json!(3)));
    let row = &partita.rows(["log", "s"])[3];
    assert_eq!((&row["operation"], &row["number"]), (&operation["id"], &json!(2)));
    partita.ok(["undo", "s"]);
    let outcome = partita.run(["undo", "s"]);
    assert_eq!(outcome.code, Some(1));
    partita.ok(["redo", "s"]);
    partita.ok(["redo", "s"]);
    assert_eq!(partita.text(["cat", "s", "a.txt"]), "2");
    let kinds: Vec<_> = partita.rows(["log", "s"]).iter().map(|row| row["kind"].clone()).collect();
    assert_eq!(kinds, ["redo", "redo", "undo", "undo", "redo", "undo", "write", "write"]);
}

#[test]
fn a_plan_of_a_restore_tells_everything_that_would_change() {
    let room = Room::new();
    let partita = &room.partita;
    let text = room.file("text", "Be brief.");
    partita.ok(["write", "s", "a", &text]);
    partita.ok(["say", "s", "--role", "user", &text]);
    partita.ok(["say", "s", "--role", "assistant", &text]);
    partita.ok(["set", "s", "instructions", &text]);
    partita.ok(["set", "s", "sandbox", &text]);
    partita.ok(["forget", "s", "1"]);
    let changes = |args: &[&str]| -> Vec<String> {
        let plan = partita.json(args);
        let keys = keys(&plan).into_iter();
        keys.filter(|key| key.ends_with("_changes") && plan[*key] == json!(true))
            .map(str::to_owned)
            .collect()
    };
    let plan = ["restore", "s", "--at", "3", "--dialog", "--plan"];
    let expected = ["instructions_changes", "sandbox_changes", "view_changes"];
    assert_eq!(changes(&plan), expected);
    let text = partita.text(plan);
    assert!(text.contains("changed: view, instructions, sandbox, if it were done"), "{text}");
    assert_eq!(changes(&["restore", "s", "--at", "3", "--files", "--plan"]), Vec::<String>::new());
    let text = partita.text(["restore", "s", "--at", "latest", "--all", "--plan"]);
    assert!(text.contains("nothing else changes"), "{text}");
    // The deed tells the same.
    assert_eq!(changes(&["restore", "s", "--at", "3", "--all"]), expected);
    assert_eq!(changes(&plan), Vec::<String>::new());
}

#[test]
fn an_iteration_without_its_path_is_refused() {
    let room = Room::new();
    let partita = &room.partita;
    let text = room.file("text", "1");
    partita.ok(["write", "s", "a", &text]);
    partita.ok(["write", "s", "b", &text]);
    let outcome = partita.run(["restore", "s", "--at", "1", "--iteration", "1"]);
    assert_eq!(outcome.code, Some(2));
    assert_eq!(partita.rows(["log", "s"]).len(), 2);
    let outcome = partita.run(["purge", "s", "--memory", "1", "--iteration", "1", "--reason", "r"]);
    assert_eq!(outcome.code, Some(2));
}

#[test]
fn a_deleted_session_is_listed_with_its_time_and_comes_back() {
    let room = Room::new();
    let partita = &room.partita;
    let text = room.file("text", "1");
    partita.ok(["write", "team/s", "a", &text]);
    let id = partita.rows(["sessions"])[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(partita.rows(["sessions", "--deleted"]), Vec::<Value>::new());
    let said = partita.text(["delete", "team/s"]);
    assert!(said.contains(&format!("`partita undelete {}`", &id[..10])), "{said}");
    let rows = partita.rows(["sessions", "--deleted"]);
    assert_eq!(keys(&rows[0]), ["checkpoint", "deleted", "goes", "id", "name"]);
    assert_eq!((&rows[0]["id"], &rows[0]["name"]), (&json!(id), &json!("team/s")));
    assert!(rows[0]["goes"].as_str().unwrap() > rows[0]["deleted"].as_str().unwrap());
    assert!(partita.text(["sessions", "--deleted"]).contains("team/s"));
    partita.ok(["new", "team/s"]);
    let outcome = partita.run(["undelete", &id[..8]]);
    assert_eq!(outcome.code, Some(1));
    let said = outcome.stderr.clone();
    assert!(said.contains("there is a session \"team/s\" already"), "{said}");
    let back = partita.json(["undelete", &id[..8], "back"]);
    assert_eq!(
        (&back["name"], &back["id"], &back["checkpoint"]),
        (&json!("back"), &json!(id), &json!(1))
    );
    assert_eq!(partita.text(["cat", "back", "a"]), "1");
    assert_eq!(partita.run(["undelete", &id]).code, Some(1));
    partita.ok(["delete", "back"]);
    partita.ok(["gc", "--keep", "0"]);
    let outcome = partita.run(["undelete", &id]);
    let said = outcome.stderr.clone();
    assert!(outcome.code == Some(1) && said.contains("gc has freed it"), "{said}");
}
