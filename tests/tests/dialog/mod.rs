//! The dialog from a shell: memories, the view, and what a model is told.

mod sizes;
mod tokens;
mod transcripts;

use std::io::Write;
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
        let error = partita.misused(line.split(' '));
        assert!(error.contains("'--role <R>'") && error.contains("assistant"), "{error}");
    }
    assert!(!partita.store().exists());
    let (_dir, partita) = chat();
    let error = partita.misused(["search", "s", "x", "--role", "critic"]);
    assert!(error.contains("'critic'"), "{error}");
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
    // A selector of no form is a wrong command line; one that selects nothing is not.
    for (selector, is_formed, said) in [
        ("x:y", false, "selects no memories"),
        ("role:critic", false, "names no role"),
        ("before:soon", false, "names no time"),
        ("7..3", false, "is empty"),
        ("text:", false, "needs a text"),
        ("text:nowhere", true, "selects no memory"),
        ("99", true, "no memory 99"),
        ("id:0000", true, "no memory"),
    ] {
        for line in [&["forget", "s"][..], &["recall", "s"], &["pin", "s", "--memory"]] {
            let line = line.iter().copied().chain([selector]);
            let error = if is_formed { partita.refused(line) } else { partita.misused(line) };
            assert!(error.contains(said), "{selector}: {error}");
        }
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

/// What a model is sent, in every dialect.
fn contexts(partita: &Partita) -> Vec<Vec<u8>> {
    ["anthropic", "openai-chat", "openai-responses", "gemini"]
        .map(|dialect| partita.ok(["context", "s", "--dialect", dialect, "--json"]))
        .into()
}

#[test]
fn undo_brings_the_bytes_of_the_context_back_after_every_edit_of_the_view() {
    let (dir, partita) = chat();
    let file = dir.path().join("file");
    std::fs::write(&file, "Short.").unwrap();
    let compact = format!("compact s 2..3 --summary {}", file.display());
    partita.write("s", "a", b"1").success();
    partita.write("s", "a", b"2").success();
    partita.write("s", "b", b"1").success();
    let whole = contexts(&partita);
    for (first, line, changes) in [
        (Some("forget s 3"), "recall s 3", true),
        (Some("hide s b"), "show s b", true),
        (Some(&*compact), "expand s 2", true),
        (Some("pin s --memory 3"), "unpin s --memory 3", false),
        (Some("pin s --files b"), "unpin s --files b", false),
        (None, "refresh s", true),
        (None, &*compact, true),
        (None, "forget s role:user", true),
        (None, "hide s *", true),
    ] {
        if let Some(first) = first {
            partita.ok(first.split(' '));
        }
        let (before, view) = (contexts(&partita), partita.json(["view", "s"]));
        partita.ok(line.split(' '));
        assert_eq!(contexts(&partita) != before, changes, "{line}");
        assert_ne!(partita.json(["view", "s"]), view, "{line}");
        partita.ok(["undo", "s"]);
        assert!(contexts(&partita) == before, "{line}: the context is not as it was");
        assert_eq!(partita.json(["view", "s"]), view, "{line}");
        if first.is_some() {
            partita.ok(["undo", "s"]);
        }
        assert!(contexts(&partita) == whole, "{line}: what came before it is undone too");
    }
}

#[test]
fn undo_brings_the_bytes_of_the_context_back_after_results_were_trimmed() {
    let (_dir, partita) = chat();
    let output = "line of a build\\n".repeat(2_000);
    let more = format!(
        r#"[{{"role": "user", "content": "Build."}}, {{"role": "assistant", "content": null,
            "tool_calls": [{{"id": "b1", "type": "function", "function": {{"name": "make",
            "arguments": "{{}}"}}}}]}}, {{"role": "tool", "tool_call_id": "b1", "content":
            "{output}"}}, {{"role": "user", "content": "And now?"}}]"#
    );
    let line = ["import", "transcript", "-", "--session", "s", "--format", "openai-chat"];
    feed(&partita, &line, more.as_bytes()).success();
    let before = contexts(&partita);
    let limit = (number(&partita.json(["capacity", "s"]), "total") - 2_000).to_string();
    let plan = partita.json(["plan", "s", "--limit", &limit, "--apply"]);
    let actions: Vec<_> = plan["steps"].as_array().unwrap().iter().collect();
    assert!(actions.iter().any(|step| field(step, "action") == "trim"), "{plan}");
    assert!(seen(&partita).iter().any(|(_, state)| state == "trimmed"));
    let trimmed = contexts(&partita);
    assert!(trimmed != before);
    partita.ok(["undo", "s"]);
    assert!(contexts(&partita) == before);
    // Giving up older checkpoints changes nothing of what a model is sent, and what stays is undone.
    partita.ok(["forget", "s", "1"]);
    partita.ok(["trim", "s", "--keep", "2"]);
    partita.ok(["undo", "s"]);
    assert!(contexts(&partita) == before);
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
