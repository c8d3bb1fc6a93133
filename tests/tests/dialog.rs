//! The dialog from a shell: memories, the view, transcripts, counts and budgets.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use partita_tests::command::{Outcome, Partita, bytes_of, field, number};
use serde_json::Value;

/// Runs a command line with bytes on its standard input.
fn feed(partita: &Partita, args: &[&str], bytes: &[u8]) -> Outcome {
    let mut command = partita.command(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A refused command may close its input early.
    let _ = child.stdin.take().unwrap().write_all(bytes);
    Outcome::of(child.wait_with_output().unwrap())
}

/// As `feed`, of a line that must be refused and change nothing.
#[track_caller]
fn feed_refused(partita: &Partita, args: &[&str], bytes: &[u8]) -> String {
    let before = bytes_of(partita.store());
    let line = feed(partita, args, bytes).failure();
    assert!(bytes_of(partita.store()) == before, "the store changed: {line}");
    line
}

/// 1 user, 2 assistant that calls, 3 its result, 4 assistant, 5 user.
const CHAT: &str = r#"{"messages": [
    {"role": "user", "content": "Please mend the Parser."},
    {"role": "assistant", "content": "I look.", "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "read", "arguments": "{}"}}]},
    {"role": "tool", "tool_call_id": "c1", "content": "line 3 fails"},
    {"role": "assistant", "content": "It is line 3."},
    {"role": "user", "content": "Then mend it."}
], "tools": [{"type": "function", "function": {"name": "read", "description": "Reads.",
    "parameters": {"type": "object", "properties": {}}}}]}"#;

fn chat() -> (tempfile::TempDir, Partita) {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let line = ["import", "transcript", "-", "--session", "s", "--format", "openai-chat"];
    feed(&partita, &line, CHAT.as_bytes()).success();
    (dir, partita)
}

fn numbers(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|number| number.as_u64().unwrap()).collect()
}

/// Number and state of each memory in view.
fn seen(partita: &Partita) -> Vec<(u64, String)> {
    let view = partita.json(["view", "s"]);
    let memories = view["memories"].as_array().unwrap().iter();
    memories.map(|row| (number(row, "number"), field(row, "state").to_owned())).collect()
}

fn seen_numbers(partita: &Partita) -> Vec<u64> {
    seen(partita).into_iter().map(|(number, _)| number).collect()
}

#[test]
fn what_is_said_is_listed_in_its_order_with_its_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    feed(&partita, &["say", "s", "--role", "user"], b"\nMend the parser.\nNow.").success();
    let said = feed(&partita, &["say", "s", "--role", "assistant", "-", "--json"], b"I look.");
    let said: Value = serde_json::from_slice(&said.success()).unwrap();
    assert_eq!((number(&said, "number"), number(&said["checkpoint"], "number")), (2, 2));
    let file = dir.path().join("file");
    std::fs::write(&file, "x".repeat(5_000)).unwrap();
    partita.ok(["say", "s", "--role", "system", file.to_str().unwrap()]);

    let rows = partita.rows(["memories", "s"]);
    let told = |key: &str| rows.iter().map(|row| field(row, key)).collect::<Vec<_>>();
    assert_eq!(told("role"), ["user", "assistant", "system"]);
    assert_eq!((told("kind")[0], told("state")[0]), ("message", "full"));
    assert_eq!(told("text")[..2], ["\nMend the parser.\nNow.", "I look."]);
    assert_eq!(told("text")[2].len(), 5_000, "a long text is whole");
    let lines = partita.text(["memories", "s"]);
    assert!(lines.lines().next().unwrap().ends_with("Mend the parser."), "{lines}");

    let newest = partita.rows(["memories", "s", "--limit", "2"]);
    assert_eq!(newest.iter().map(|row| number(row, "number")).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(partita.rows(["memories", "s", "--at", "1"]).len(), 1);
    assert_eq!(field(&partita.rows(["log", "s"])[0], "kind"), "remember");
    partita.ok(["undo", "s"]);
    assert_eq!(partita.rows(["memories", "s"]).len(), 2);
}

#[test]
fn an_unknown_role_is_refused_and_leaves_no_store_behind() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    for line in ["say s --role critic", "say s --role User"] {
        let error = partita.refused(line.split(' '));
        assert!(error.contains("no role") && error.contains("assistant"), "{error}");
    }
    assert!(!partita.store().exists());
    let (_dir, partita) = chat();
    let error = partita.refused(["search", "s", "x", "--role", "critic"]);
    assert!(error.contains("\"critic\""), "{error}");
}

#[test]
fn what_is_stored_never_steers_a_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let hostile = "a\u{1b}]0;x\u{7}\u{202e}b\rc";
    feed(&partita, &["say", "s", "--role", "user"], hostile.as_bytes()).success();
    for line in ["memories s", "view s", "search s a"] {
        let text = partita.text(line.split(' '));
        assert!(text.contains("\\u{1b}]0;x"), "{line}: {text}");
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}', '\r']), "{line}: {text:?}");
    }
    let source =
        format!(r#"[{{"role": "user", "content": "hi"}}, {{"role": "{}"}}]"#, "\\u001b[2J");
    let line = ["import", "transcript", "-", "--session", "t", "--format", "openai-chat"];
    let outcome = feed(&partita, &line, source.as_bytes());
    assert!(outcome.stderr.contains("refused 1") && !outcome.stderr.contains('\u{1b}'));
    let source = format!(r#"[{{"role": "user", "content": "{}"}}]"#, "\\u001b[2J");
    let outcome = feed(&partita, &["count", "-"], source.as_bytes());
    assert!(!outcome.success().contains(&0x1b));
}

#[test]
fn memories_are_forgotten_and_recalled_by_whole_exchanges() {
    let (_dir, partita) = chat();
    let forgotten = partita.json(["forget", "s", "3"]);
    assert_eq!(numbers(&forgotten["named"]), [3]);
    assert_eq!(numbers(&forgotten["widened"]), [2]);
    assert_eq!(numbers(&forgotten["changed"]), [2, 3]);
    assert_eq!(number(&forgotten["checkpoint"], "number"), 2);
    assert_eq!(seen_numbers(&partita), [1, 4, 5]);
    let rows = partita.rows(["memories", "s"]);
    assert_eq!((rows.len(), field(&rows[1], "state")), (5, "forgotten"), "they exist as before");

    let again = partita.json(["forget", "s", "2..3"]);
    assert!(numbers(&again["changed"]).is_empty() && again["checkpoint"].is_null());
    let recalled = partita.text(["recall", "s", "role:tool"]);
    assert!(recalled.contains("changed 2 memories (2..3)"), "{recalled}");
    assert_eq!(seen_numbers(&partita), [1, 2, 3, 4, 5]);
    let kinds: Vec<_> = partita.rows(["log", "s"]);
    let kinds: Vec<_> = kinds.iter().map(|row| field(row, "kind")).collect();
    assert_eq!(kinds, ["recall", "forget", "import"]);
}

#[test]
fn a_selector_that_is_none_or_selects_nothing_is_refused() {
    let (_dir, partita) = chat();
    for (selector, said) in [
        ("x:y", "selects no memories"),
        ("role:critic", "names no role"),
        ("before:soon", "names no time"),
        ("7..3", "is empty"),
        ("text:", "needs a text"),
        ("text:nowhere", "selects no memory"),
        ("99", "no memory 99"),
        ("id:0000", "no memory"),
    ] {
        for command in ["forget", "recall"] {
            let error = partita.refused([command, "s", selector]);
            assert!(error.contains(said), "{command} {selector}: {error}");
        }
        let error = partita.refused(["pin", "s", "--memory", selector]);
        assert!(error.contains(said), "{error}");
    }
    assert!(partita.refused(["forget", "nobody", "1"]).contains("nobody"));
    assert!(partita.refused(["expand", "s", "1"]).contains("no summary"));
    assert!(partita.refused(["hide", "s", ""]).contains("glob"));
}

#[test]
fn a_summary_stands_for_what_it_covers_until_it_is_expanded() {
    let (dir, partita) = chat();
    let summary = dir.path().join("summary");
    std::fs::write(&summary, "Line 3 fails.").unwrap();
    let summary = summary.to_str().unwrap();
    let report = partita.json(["compact", "s", "1..3", "--summary", summary]);
    assert_eq!(numbers(&report["changed"]), [1, 2, 3]);
    let view = partita.json(["view", "s"]);
    let laid = &view["memories"][0];
    assert_eq!((field(laid, "state"), number(laid, "last")), ("summary", 3));
    assert_eq!((field(laid, "kind"), field(laid, "text")), ("summary", "Line 3 fails."));
    assert_eq!(field(&partita.rows(["memories", "s"])[1], "state"), "covered");
    assert!(partita.text(["view", "s"]).contains("summary to 3"));

    partita.ok(["expand", "s", &format!("id:{}", &field(laid, "id")[..8])]);
    assert_eq!(seen_numbers(&partita), [1, 2, 3, 4, 5]);
    feed(&partita, &["compact", "s", "1", "--summary", "-"], b"Short.").success();
    assert_eq!(seen(&partita)[0], (1, "summary".to_owned()));
    partita.ok(["expand", "s", "1"]);
    assert_eq!(seen(&partita)[0], (1, "full".to_owned()));
}

#[test]
fn a_summary_that_cannot_stand_for_its_memories_is_refused() {
    let (_dir, partita) = chat();
    let compact = |selector, summary: &[u8]| {
        feed_refused(&partita, &["compact", "s", selector, "--summary", "-"], summary)
    };
    let error = compact("1..3", "x".repeat(5_000).as_bytes());
    assert!(error.contains("5000 bytes"), "{error}");
    assert!(compact("1..3", b"").contains("empty"), "an empty one");
    assert!(compact("1..3", b"\xff").contains("not UTF-8"));
    let error = compact("role:user", b"Asked.");
    assert!(error.contains("one run at a time"), "{error}");
    partita.refused(["compact", "s", "1..3", "--summary", "/nowhere/at/all"]);
    assert_eq!(seen_numbers(&partita), [1, 2, 3, 4, 5]);
}

#[test]
fn files_come_into_view_and_leave_it_by_globs() {
    let (_dir, partita) = chat();
    partita.write("s", "src/a.rs", b"1").success();
    partita.write("s", "b.txt", b"1").success();
    partita.write("s", "src/a.rs", b"2").success();
    let files = |partita: &Partita| -> Vec<(String, u64)> {
        let view = partita.json(["view", "s"]);
        let rows = view["files"].as_array().unwrap().iter();
        rows.map(|row| (field(row, "path").to_owned(), number(row, "iteration"))).collect()
    };
    let pair = |path: &str, number| (path.to_owned(), number);
    assert_eq!(files(&partita), [pair("src/a.rs", 1), pair("b.txt", 1), pair("src/a.rs", 2)]);
    let refreshed = partita.json(["refresh", "s"]);
    assert_eq!(number(&refreshed["files_out"][0], "iteration"), 1);
    let hidden = partita.json(["hide", "s", "src/**"]);
    assert_eq!(field(&hidden["files_out"][0], "path"), "src/a.rs");
    assert_eq!((files(&partita), hidden["rules"].as_bool()), (vec![pair("b.txt", 1)], Some(true)));
    partita.write("s", "src/new.rs", b"1").success();
    assert_eq!(files(&partita), [pair("b.txt", 1)], "it hides those to come too");
    assert_eq!(field(&partita.json(["view", "s"])["rules"][0], "glob"), "src/**");
    partita.ok(["show", "s", "src/*"]);
    assert_eq!(files(&partita).len(), 3);
    let pinned = partita.json(["pin", "s", "--files", "b.*"]);
    assert_eq!(field(&pinned["files_changed"][0], "path"), "b.txt");
    let hidden = partita.json(["hide", "s", "**"]);
    assert_eq!(field(&hidden["files_pinned"][0], "path"), "b.txt");
    assert_eq!(files(&partita), [pair("b.txt", 1)]);
    partita.ok(["unpin", "s", "--files", "**"]);
    assert_eq!(partita.json(["view", "s"])["files"][0]["pinned"], false);
}

#[test]
fn pins_of_memories_hold_against_forgetting_and_pins_of_checkpoints_are_as_they_were() {
    let (_dir, partita) = chat();
    partita.ok(["pin", "s", "--memory", "3"]);
    let report = partita.json(["forget", "s", "1..5"]);
    assert_eq!(
        (numbers(&report["pinned"]), numbers(&report["changed"])),
        (vec![2, 3], vec![1, 4, 5])
    );
    assert_eq!(seen_numbers(&partita), [2, 3]);
    partita.ok(["unpin", "s", "--memory", "3"]);
    partita.ok(["forget", "s", "3"]);
    assert!(seen_numbers(&partita).is_empty());
    assert!(partita.text(["pin", "s", "--at", "1"]).contains("pinned"));
    assert_eq!(number(&partita.rows(["unpin", "s"])[0], "number"), 1);
    assert!(partita.refused(["unpin", "s"]).contains("no pins"));
}

#[test]
fn every_edit_of_the_view_is_in_the_log_and_is_taken_back_by_undo() {
    let (dir, partita) = chat();
    let file = dir.path().join("file");
    std::fs::write(&file, "Short.").unwrap();
    let file = file.to_str().unwrap();
    let tools = dir.path().join("tools");
    std::fs::write(&tools, "[]").unwrap();
    partita.write("s", "a", b"1").success();
    partita.write("s", "a", b"2").success();
    for (line, kind) in [
        ("forget s 1", "forget"),
        ("refresh s", "refresh"),
        ("hide s a", "hide"),
        (&format!("compact s 4 --summary {file}"), "compact"),
        ("pin s --memory 1", "pin"),
        ("pin s --files a", "pin"),
        (&format!("set s instructions {file}"), "set-instructions"),
        (&format!("set s sandbox {file}"), "set-sandbox"),
        (&format!("set s tools {}", tools.display()), "set-tools"),
    ] {
        let before = partita.json(["view", "s"]);
        partita.ok(line.split(' '));
        assert_eq!(field(&partita.rows(["log", "s"])[0], "kind"), kind, "{line}");
        if !line.starts_with("set") {
            assert_ne!(partita.json(["view", "s"]), before, "{line}");
        }
        partita.ok(["undo", "s"]);
        assert_eq!(partita.json(["view", "s"]), before, "{line}");
    }
    partita.ok(["check"]);
}

#[test]
fn what_a_model_is_told_is_set_and_taken_away() {
    let (_dir, partita) = chat();
    let set = |what: &str, bytes: &[u8]| -> Value {
        let outcome = feed(&partita, &["set", "s", what, "-", "--json"], bytes);
        serde_json::from_slice(&outcome.success()).unwrap()
    };
    let exported = || partita.text(["export", "s", "--format", "openai-chat"]);
    assert_eq!(set("instructions", b"Be brief.")["changed"], true);
    assert!(exported().starts_with(r#"{"messages":[{"role":"system","content":"Be brief."}"#));
    assert_eq!(set("instructions", b"Be brief.")["changed"], false, "what is there already");
    assert_eq!(set("instructions", b"")["changed"], true);
    assert!(!exported().contains("Be brief."));
    assert_eq!(set("sandbox", b"Linux.")["bytes"], 6);
    let tool = br#"[{"name": "ls", "description": "Lists.", "schema": {"type": "object"}}]"#;
    assert_eq!(number(&set("tools", tool), "tools"), 1);
    assert!(exported().contains(r#""name":"ls""#) && !exported().contains(r#""name":"read","d"#));
    assert_eq!(number(&set("tools", b""), "tools"), 0);
    assert!(!exported().contains("\"tools\""));

    let refused = |what, bytes: &[u8]| feed_refused(&partita, &["set", "s", what, "-"], bytes);
    assert!(refused("tools", b"{").contains("no JSON"));
    assert!(refused("tools", br#"{"name": "ls"}"#).contains("no JSON array"));
    assert!(refused("tools", br#"[{"name": "ls", "schema": 3}]"#).contains("\"ls\""));
    assert!(refused("tools", br#"[{"schema": {}}]"#).contains("no name"));
    assert!(refused("instructions", b"\xff\xfe").contains("not UTF-8"));
    assert_eq!(partita.run(["set", "s", "mood", "-"]).code, Some(2));
}

#[test]
fn memories_are_found_by_text_and_role() {
    let (_dir, partita) = chat();
    let found = |args: &[&str]| -> Vec<u64> {
        let rows = partita.rows(["search", "s"].iter().chain(args));
        rows.iter().map(|row| number(row, "number")).collect()
    };
    assert_eq!(found(&["LINE 3"]), [4, 3]);
    assert_eq!(found(&["line 3", "--role", "tool"]), [3]);
    assert_eq!(found(&["line 3", "--limit", "1"]), [4]);
    assert!(found(&["nowhere"]).is_empty());
    assert!(partita.text(["search", "s", "parser"]).contains("Please mend the Parser."));
}

/// A chat of so many messages, questions and answers by turns.
fn lines(count: usize) -> String {
    let message = |at: usize| match at % 2 {
        0 => format!(r#"{{"role": "user", "content": "question {at}"}}"#),
        _ => format!(r#"{{"role": "assistant", "content": "answer {at}"}}"#),
    };
    let messages: Vec<String> = (0..count).map(message).collect();
    format!("[{}]", messages.join(","))
}

fn import(partita: &Partita, file: &Path, session: &str) -> Outcome {
    let file = file.to_str().unwrap();
    partita.run(["import", "transcript", file, "--session", session])
}

#[test]
fn a_grown_transcript_adds_only_what_is_new_and_the_same_one_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let file = dir.path().join("chat.json");
    std::fs::write(&file, lines(5)).unwrap();
    let first = import(&partita, &file, "s");
    assert!(first.stderr.contains("kept 5"), "{}", first.stderr);
    assert!(first.stderr.lines().all(|line| line.starts_with("note: ")), "{}", first.stderr);
    first.success();
    let bytes = bytes_of(partita.store());
    let said = String::from_utf8(import(&partita, &file, "s").success()).unwrap();
    assert!(said.contains("nothing new, 5 memories are recorded"), "{said}");
    assert!(bytes_of(partita.store()) == bytes, "a second import writes nothing");

    partita.ok(["forget", "s", "1"]);
    std::fs::write(&file, lines(8)).unwrap();
    let file = file.to_str().unwrap();
    let report = partita.json(["import", "transcript", file, "--session", "s"]);
    assert_eq!((number(&report, "memories"), number(&report, "known")), (3, 5));
    assert_eq!(number(&report, "checkpoint"), 3);
    let rows = partita.rows(["memories", "s"]);
    let texts: Vec<_> = rows.iter().map(|row| field(row, "text")).collect();
    assert_eq!((texts.len(), texts[7], field(&rows[0], "state")), (8, "answer 7", "forgotten"));
    let log = partita.rows(["log", "s"]);
    assert_eq!(field(&log[0], "kind"), "import");
    assert!(field(&log[0], "message").contains("message 6 to message 8"), "{}", log[0]);
}

#[test]
fn a_long_transcript_comes_in_checkpoints_of_bounded_size() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let file = dir.path().join("chat.json");
    std::fs::write(&file, lines(1_300)).unwrap();
    import(&partita, &file, "s").success();
    assert_eq!(partita.rows(["log", "s"]).len(), 3);
    assert_eq!(partita.rows(["memories", "s", "--at", "1"]).len(), 512);
    assert_eq!(partita.rows(["memories", "s"]).len(), 1_300);
    partita.ok(["undo", "s"]);
    import(&partita, &file, "s").success();
    assert_eq!(partita.rows(["memories", "s"]).len(), 1_300, "what was undone comes again");
}

#[test]
fn instructions_and_tools_come_with_a_transcript_but_never_over_what_is_set() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let file = dir.path().join("request.json");
    let body = r#"{"system": "Be brief.", "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"name": "ls", "input_schema": {"type": "object"}}]}"#;
    std::fs::write(&file, body).unwrap();
    let path = file.to_str().unwrap();
    let args = ["import", "transcript", path, "--format", "anthropic", "--session"];
    let report = partita.json(args.iter().chain(&["s"]));
    assert_eq!((report["instructions"].as_bool(), number(&report, "tools")), (Some(true), 1));
    assert!(partita.text(["export", "s", "--format", "openai-chat"]).contains("Be brief."));

    feed(&partita, &["set", "s", "instructions", "-"], b"").success();
    let bytes = bytes_of(partita.store());
    partita.json(args.iter().chain(&["s"]));
    assert!(bytes_of(partita.store()) == bytes, "what was taken away stays away");

    feed(&partita, &["say", "t", "--role", "user"], b"first").success();
    feed(&partita, &["set", "t", "instructions", "-"], b"Be wordy.").success();
    let report = partita.json(args.iter().chain(&["t"]));
    assert_eq!(report["instructions"], false);
    assert!(partita.text(["export", "t", "--format", "openai-chat"]).contains("Be wordy."));
}

#[test]
fn a_transcript_that_cannot_be_read_is_refused_and_leaves_no_store_behind() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let claude = r#"{"type":"user","uuid":"1","parentUuid":null,"sessionId":"s","message":{"role":"user","content":"hi"}}"#;
    let hands = r#"{"id":"1","timestamp":"t","source":"user","kind":"MessageEvent"}"#;
    let mixed = format!("{claude}\n{hands}\n");
    let cut = &lines(5).into_bytes()[..60];
    let conversations = format!("[{0},{0}]", format!(r#"{{"traj": {}}}"#, lines(2)));
    let cases: [(&str, &[u8], &[&str], &str); 9] = [
        ("cut", cut, &[], "JSON"),
        ("bytes", b"[{\"role\": \"user\", \"content\": \"\xff\"}]", &[], "UTF-8"),
        ("mixed", mixed.as_bytes(), &[], "line 2"),
        ("prose", b"Dear diary", &[], "no known transcript"),
        ("empty", b"", &[], "no known transcript"),
        ("roles", br#"[{"role": "critic", "content": "no"}]"#, &[], "critic"),
        ("format", b"[]", &["--format", "codex"], "codex"),
        ("several", conversations.as_bytes(), &[], "--conversation"),
        ("which", conversations.as_bytes(), &["--conversation", "3"], "no conversation 3"),
    ];
    for (name, bytes, more, said) in cases {
        let file = dir.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        let args = ["import", "transcript", file.to_str().unwrap(), "--session", "s"];
        let error = partita.refused(args.iter().chain(more));
        assert!(error.contains(said), "{name}: {error}");
        assert!(error.len() < 1_000, "{name}: {error}");
    }
    import(&partita, &dir.path().join("nowhere"), "s").failure();
    import(&partita, dir.path(), "s").failure();
    assert!(!partita.store().exists());

    let file = dir.path().join("several");
    let args = ["import", "transcript", file.to_str().unwrap(), "--session", "s"];
    let report = partita.json(args.iter().chain(&["--conversation", "2"]));
    assert_eq!((number(&report, "memories"), number(&report["others"][0], "number")), (2, 1));
}

#[test]
fn what_is_refused_of_a_transcript_is_told_and_the_rest_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let line = |uuid: &str, parent: &str, text: &str| {
        format!(
            r#"{{"type":"user","uuid":"{uuid}","parentUuid":{parent},"sessionId":"s","message":{{"role":"user","content":"{text}"}}}}"#
        )
    };
    let whole = [line("1", "null", "one"), line("2", "\"1\"", "two")].join("\n");
    let file = dir.path().join("session.jsonl");
    std::fs::write(&file, format!("{whole}\n{}", &line("3", "\"2\"", "three")[..40])).unwrap();
    let file = file.to_str().unwrap();
    let report = partita.json(["import", "transcript", file, "--session", "s"]);
    assert_eq!((number(&report, "kept"), number(&report["refused"], "count")), (2, 1));
    assert_eq!(field(&report["refused"]["first"][0], "at"), "line 3");
}

#[test]
fn model_calls_come_with_a_transcript_and_leave_with_an_export() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let body = r#"[{"role": "user", "content": "hi"}, {"type": "message", "role": "assistant",
        "id": "msg_1", "model": "claude-x", "stop_reason": "end_turn", "content": [{"type": "text",
        "text": "Hello."}], "usage": {"input_tokens": 11, "output_tokens": 7}}]"#;
    let line = ["import", "transcript", "-", "--session", "s", "--format", "anthropic"];
    feed(&partita, &line, body.as_bytes()).success();
    let atif: Value =
        serde_json::from_str(&partita.text(["export", "s", "--format", "atif"])).unwrap();
    let step = &atif["steps"][1];
    assert_eq!((field(step, "message"), field(step, "model_name")), ("Hello.", "claude-x"));
    assert_eq!(number(&step["metrics"], "completion_tokens"), 7);
    assert_eq!(field(&atif["agent"], "name"), "anthropic");
    partita.ok(["check"]);
    partita.ok(["gc", "--keep", "0"]);
    partita.ok(["export", "s", "--format", "atif"]);
}

#[test]
fn an_exported_chat_is_what_was_imported() {
    let (_dir, partita) = chat();
    let exported: Value =
        serde_json::from_str(&partita.text(["export", "s", "--format", "openai-chat"])).unwrap();
    let original: Value = serde_json::from_str(CHAT).unwrap();
    assert_eq!(exported["messages"], original["messages"]);
    assert_eq!(exported["tools"], original["tools"]);
    partita.ok(["forget", "s", "1"]);
    feed(&partita, &["say", "s", "--role", "user"], b"more").success();
    let now: Value =
        serde_json::from_str(&partita.text(["export", "s", "--format", "openai-chat"])).unwrap();
    assert_eq!(now["messages"].as_array().unwrap().len(), 6, "a record has what is forgotten too");
    let then = partita.text(["export", "s", "--format", "openai-chat", "--at", "1"]);
    assert_eq!(serde_json::from_str::<Value>(&then).unwrap(), exported);
    assert!(partita.refused(["export", "s", "--format", "word"]).contains("atif"));
}

#[test]
fn a_purged_memory_is_told_and_no_second_import_brings_it_back() {
    let (_dir, partita) = chat();
    partita.ok(["purge", "s", "--memory", "5", "--reason", "private"]);
    let listed = partita.run(["memories", "s", "--json"]);
    assert!(listed.stderr.contains("1 memory is left out: purged"), "{}", listed.stderr);
    let line = ["import", "transcript", "-", "--session", "s", "--format", "openai-chat", "--json"];
    let report = feed(&partita, &line, CHAT.as_bytes()).success();
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!((number(&report, "memories"), number(&report, "known")), (0, 5));
    let export = partita.run(["export", "s", "--format", "openai-chat"]);
    assert!(export.stderr.contains("purged"), "{}", export.stderr);
    assert!(!String::from_utf8(export.success()).unwrap().contains("Then mend it."));
}

/// A directory and the command without a store.
fn storeless(name: &str, bytes: &[u8]) -> (tempfile::TempDir, Partita, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(name);
    std::fs::write(&file, bytes).unwrap();
    let partita = Partita::at(dir.path().join("no store"));
    (dir, partita, file)
}

#[test]
fn texts_and_messages_are_counted_without_a_store() {
    let (_dir, partita, file) = storeless("text", b"hello world");
    let file = file.to_str().unwrap();
    let counted = partita.json(["count", file]);
    assert_eq!((number(&counted, "tokens"), field(&counted, "counter")), (2, "o200k_base"));
    assert_eq!((counted["exact"].as_bool(), number(&counted, "bytes")), (Some(true), 11));
    let counted = partita.json(["count", file, "--counter", "gpt-4"]);
    assert_eq!(field(&counted, "counter"), "cl100k_base");
    assert!(partita.text(["count", file]).starts_with("2 tokens of o200k_base"));
    assert!(partita.refused(["count", file, "--messages"]).contains("no JSON"));
    let error = partita.refused(["count", file, "--counter", "claude"]);
    assert!(error.contains("claude") && error.contains("o200k"), "{error}");
    assert_eq!(
        feed(&partita, &["count", "-"], b"hello world").success(),
        b"2 tokens of o200k_base, 11 bytes\n"
    );
    assert_eq!(number(&partita.json(["count", "/dev/null"]), "tokens"), 0);

    let (_dir, partita, file) = storeless("chat.json", CHAT.as_bytes());
    let counted = partita.json(["count", file.to_str().unwrap(), "--messages"]);
    let items = counted["items"].as_array().unwrap();
    let messages: Vec<_> = items.iter().filter_map(|item| item["message"].as_u64()).collect();
    assert_eq!(messages, [1, 2, 3, 4, 5]);
    let sum: u64 = items.iter().map(|item| number(item, "tokens")).sum();
    assert_eq!(sum + number(&counted, "overhead"), number(&counted, "tokens"));
    // 3 for the message, 1 for the role, 5 for the text.
    assert_eq!(number(&items[5], "tokens"), 3 + 1 + 4, "{}", items[5]);
    let (_dir, partita, file) = storeless("package.json", br#"{"name": "x"}"#);
    assert!(partita.json(["count", file.to_str().unwrap()])["items"].is_null(), "no messages");
    assert!(!partita.store().exists());
}

#[test]
fn a_budget_drops_whole_exchanges_and_says_what_stays() {
    let mut messages = vec![r#"{"role": "system", "content": "Be brief."}"#.to_owned()];
    for at in 0..20 {
        let call = format!(
            r#"{{"role": "assistant", "content": null, "tool_calls": [{{"id": "c{at}", "type": "function", "function": {{"name": "ls", "arguments": "{{}}"}}}}]}}"#
        );
        let result = "line ".repeat(200);
        messages.push(format!(r#"{{"role": "user", "content": "question {at}"}}"#));
        messages.push(call);
        messages
            .push(format!(r#"{{"role": "tool", "tool_call_id": "c{at}", "content": "{result}"}}"#));
    }
    messages.push(r#"{"role": "user", "content": "And now?"}"#.to_owned());
    let text = format!("[{}]", messages.join(","));
    let (_dir, partita, file) = storeless("chat.json", text.as_bytes());
    let file = file.to_str().unwrap();
    let counted = number(&partita.json(["count", file]), "tokens");
    let fit = partita.json(["budget", file, "--limit", "2000"]);
    assert_eq!((number(&fit["before"], "tokens"), fit["fits"].as_bool()), (counted, Some(true)));
    assert!(number(&fit["after"], "high") <= 2_000);
    let keep = numbers(&fit["keep"]);
    let dropped = fit["drop"].as_array().unwrap().iter();
    let dropped: Vec<u64> = dropped.flat_map(|row| numbers(&row["messages"])).collect();
    assert_eq!(keep.len() + dropped.len(), messages.len());
    assert!(keep.contains(&1) && keep.contains(&(messages.len() as u64)), "{keep:?}");
    for call in (3..62).step_by(3) {
        assert_eq!(keep.contains(&call), keep.contains(&(call + 1)), "{call} is torn");
    }
    let kept: Vec<&str> = keep.iter().map(|at| messages[*at as usize - 1].as_str()).collect();
    let (_dir, other, kept) = storeless("kept.json", format!("[{}]", kept.join(",")).as_bytes());
    let recounted = number(&other.json(["count", kept.to_str().unwrap()]), "tokens");
    assert_eq!(recounted, number(&fit["after"], "tokens"), "it is the count of what stays");

    let all = partita.json(["budget", file, "--limit", &counted.to_string()]);
    assert!(all["drop"].as_array().unwrap().is_empty());
    let said = partita.text(["budget", file, "--limit", "2000"]);
    assert!(said.contains("drop  messages"), "{said}");
    let error = partita.refused(["budget", file, "--limit", "20"]);
    assert!(error.contains("larger than the 20") && error.contains("pinned"), "{error}");
    assert!(partita.refused(["budget", file, "--limit", "0"]).contains("limit"));
    assert!(partita.refused(["budget", "/dev/null", "--limit", "20"]).contains("JSON"));
    let (_dir, partita, file) = storeless("empty.json", b"[]");
    assert!(
        partita.refused(["budget", file.to_str().unwrap(), "--limit", "20"]).contains("no message")
    );
    assert!(!partita.store().exists());
}
