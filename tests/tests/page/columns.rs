//! The columns of listings, held against what the page says and against the JSON.

use partita_tests::command::Partita;
use serde_json::Value;

/// The cells of a line: columns stand two blanks apart.
fn cells(line: &str) -> Vec<String> {
    let cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
    cells.map(str::to_owned).collect()
}

/// A value of the JSON as a listing shows it: an id by ten digits, a time to the second.
fn shown(key: &str, value: &Value) -> String {
    match value {
        Value::String(text) if key == "id" => text[..10].to_owned(),
        Value::String(text) if key == "time" => format!("{}Z", &text[..19]),
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

#[test]
fn listings_have_the_columns_that_the_page_tells() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    partita.write("s", "a.txt", b"one\n").success();
    let said = dir.path().join("said");
    std::fs::write(&said, "Look at the parser.\n").unwrap();
    partita.ok(["say", "s", "--role", "user", said.to_str().unwrap()]);
    for (line, keys, row) in [
        (
            "sessions",
            &["id", "checkpoint", "time", "name"][..],
            "| `sessions` | id, number of the newest checkpoint (0 if there is none), its time, \
             with `--sizes` files and memories, name |",
        ),
        (
            "log s --limit 1",
            &["number", "id", "time", "kind", "message"],
            "| `log` | number, id, time, kind of the operation, beginning of the git commit (empty \
             if it records none), message |",
        ),
        (
            "files s",
            &["kind", "iteration", "size", "path"],
            "| `files` | kind, number of the newest iteration, bytes, path |",
        ),
        (
            "history s a.txt",
            &["number", "id", "checkpoint", "time", "kind", "size"],
            "| `history` | number, id, number of the checkpoint, time, kind, bytes, where it was \
             renamed from |",
        ),
        (
            "memories s",
            &["number", "role", "kind", "state", "text"],
            "| `memories`, `search` | number, role, kind, state in the view, beginning of the \
             text |",
        ),
    ] {
        super::says(row);
        let listed = partita.text(line.split(' '));
        let rows = partita.rows(line.split(' '));
        assert_eq!(listed.lines().count(), rows.len(), "{line}: {listed}");
        for (listed, row) in listed.lines().zip(&rows) {
            let told = keys.iter().map(|key| shown(key, &row[key]).trim().to_owned());
            let told: Vec<String> = told.filter(|cell| !cell.is_empty()).collect();
            assert_eq!(cells(listed), told, "{line}");
        }
    }
}
