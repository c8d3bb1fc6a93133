//! What the command draws: the log as a graph, and the page of a session.

use partita_tests::command::{Partita, field};
use serde_json::json;

/// A store with a session, a fork of it, and a dialog.
fn drawn(dir: &tempfile::TempDir) -> Partita {
    let partita = Partita::at(dir.path().join("store"));
    for text in ["one\n", "two\n"] {
        let file = dir.path().join("file");
        std::fs::write(&file, text).unwrap();
        partita.ok(["write", "s", "a.txt", file.to_str().unwrap()]);
    }
    partita.ok(["fork", "s", "trial", "--at", "1"]);
    let file = dir.path().join("file");
    std::fs::write(&file, "<script>x()</script>\n").unwrap();
    partita.ok(["write", "trial", "a.txt", file.to_str().unwrap()]);
    partita.ok(["say", "s", "--role", "user", file.to_str().unwrap()]);
    partita
}

fn graph(partita: &Partita, locale: &str, args: &[&str]) -> String {
    let mut command = partita.command([&["log", "s", "--graph"], args].concat());
    let command = command.env_remove("LC_ALL").env_remove("LC_CTYPE").env("LANG", locale);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_graph_shows_forks_in_lanes_as_the_locale_can() {
    let dir = tempfile::tempdir().unwrap();
    let partita = drawn(&dir);
    let marks = |text: &str| -> Vec<String> {
        text.lines()
            .map(|line| line.chars().take(4).collect::<String>().trim_end().to_owned())
            .collect()
    };
    let ascii = ["@", "| o", "o |", "|-'", "o"];
    let lines =
        ["@", "\u{2502} \u{25cb}", "\u{25cb} \u{2502}", "\u{251c}\u{2500}\u{256f}", "\u{25cb}"];
    for (locale, args, expected) in [
        ("C.UTF-8", &[][..], &lines),
        ("C.UTF-8", &["--ascii"], &ascii),
        ("C", &[], &ascii),
        ("", &[], &ascii),
    ] {
        let text = graph(&partita, locale, args);
        assert_eq!(marks(&text), expected.map(str::to_owned), "{locale:?} {args:?}:\n{text}");
        assert!(text.contains("[s]") && text.contains("[trial]"), "{text}");
    }
    assert!(graph(&partita, "C", &["--limit", "1"]).contains("2 checkpoints, not shown"));
    assert_eq!(partita.run(["log", "s", "--graph", "--ascii", "--json"]).code, Some(2));
    assert_eq!(partita.run(["log", "s", "--ascii"]).code, Some(2));
}

#[test]
fn the_graph_as_data_has_parents_and_where_forks_began() {
    let dir = tempfile::tempdir().unwrap();
    let partita = drawn(&dir);
    let graph = partita.json(["log", "s", "--graph"]);
    let rows = graph["checkpoints"].as_array().unwrap();
    let made: Vec<_> = rows.iter().map(|row| field(row, "session")).collect();
    assert_eq!(made, ["s", "trial", "s", "s"]);
    let ids: Vec<_> = rows.iter().map(|row| field(row, "id")).collect();
    for (row, parents) in rows.iter().zip([&ids[2..3], &ids[3..], &ids[3..], &[]]) {
        assert_eq!(row["parents"], json!(parents), "{row}");
    }
    assert_eq!(rows[1]["heads"], json!(["trial"]));
    let sessions = &graph["sessions"];
    assert!(sessions[0]["from"].is_null(), "{sessions}");
    assert_eq!(field(&sessions[1], "name"), "trial");
    assert_eq!(
        (&sessions[1]["from"]["number"], field(&sessions[1]["from"], "id")),
        (&1.into(), ids[3])
    );
    // From the other end: the fork's own line, and where it began.
    let of_trial = partita.json(["log", "trial", "--graph", "--limit", "1"]);
    assert_eq!(field(&of_trial["sessions"][0]["from"], "id"), ids[3]);
    assert_eq!(of_trial["sessions"][0]["left_out"], 1);
    let limited = partita.json(["log", "s", "--graph", "--limit", "1"]);
    assert_eq!(limited["sessions"][0]["left_out"], 2, "{limited}");
    assert!(limited["sessions"][1]["left_out"].is_null(), "a fork of a checkpoint left out");
    assert!(limited["notes"][0].as_str().unwrap().contains("1 fork of older checkpoints"));
}

#[test]
fn a_report_is_one_page_that_replaces_nothing_unless_forced() {
    let dir = tempfile::tempdir().unwrap();
    let partita = drawn(&dir);
    let page = dir.path().join("page.html");
    let path = page.to_str().unwrap();
    assert!(partita.ok(["report", "s", "-o", path]).is_empty());
    partita.misused(["report", "s", "-o", "-", "--json"]);
    let first = std::fs::read_to_string(&page).unwrap();
    assert!(first.starts_with("<!DOCTYPE html>") && first.ends_with("</html>\n"));
    for told in ["&lt;script&gt;", "fork trial", "a.txt", "in view", "<svg", "o200k"] {
        assert!(first.contains(told), "{told}");
    }
    for taboo in ["<script", "src=", "href=", "url("] {
        assert!(!first.contains(taboo), "{taboo}");
    }
    std::fs::write(&page, "mine").unwrap();
    let refused = partita.run(["report", "s", "-o", path]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("--force"), "{}", refused.stderr);
    assert_eq!(std::fs::read_to_string(&page).unwrap(), "mine");
    partita.ok(["report", "s", "-o", path, "--force"]);
    assert_eq!(std::fs::read_to_string(&page).unwrap(), first);
    assert_eq!(partita.text(["report", "s", "-o", "-"]), first);
    let left = std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(left, 3, "the store, the file and the page, and nothing beside them");
}

#[test]
fn a_report_that_cannot_be_written_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let partita = drawn(&dir);
    let page = dir.path().join("page.html");
    let path = page.to_str().unwrap();
    assert_eq!(partita.run(["report", "absent", "-o", path]).code, Some(1));
    assert_eq!(partita.run(["report", "s", "-o", path, "--counter", "abacus"]).code, Some(2));
    let nowhere = dir.path().join("no/page.html");
    let failed = partita.run(["report", "s", "-o", nowhere.to_str().unwrap()]);
    assert_eq!(failed.code, Some(1));
    assert!(failed.stderr.contains("cannot write"), "{}", failed.stderr);
    assert_eq!(partita.run(["report", "s"]).code, Some(2));
    assert!(!page.exists());
}
