//! Transcripts from a shell: in from other agents, out to other tools.

use std::path::Path;

use partita::interop::Format;
use partita_tests::command::{Outcome, Partita, bytes_of, field, number};
use serde_json::Value;

use super::{CHAT, chat, feed};

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
fn a_response_that_has_not_ended_waits_and_the_command_says_so_until_it_is_final() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let line = |kind: &str, uuid: &str, parent: &str, message: &str| {
        format!(
            r#"{{"type":"{kind}","uuid":"{uuid}","parentUuid":{parent},"sessionId":"s","message":{message}}}"#
        )
    };
    let piece = |uuid: &str, text: &str| {
        let message = format!(
            r#"{{"id":"m","model":"x","role":"assistant","content":[{{"type":"text","text":"{text}"}}]}}"#
        );
        line("assistant", uuid, r#""1""#, &message)
    };
    let asked = line("user", "1", "null", r#"{"role":"user","content":"go"}"#);
    let file = dir.path().join("session.jsonl");
    let write = |lines: &[&str]| std::fs::write(&file, lines.join("\n") + "\n").unwrap();
    let path = file.to_str().unwrap();
    // Nothing of it is settled: that is no failure.
    write(&[&piece("2", "I")]);
    let said = String::from_utf8(import(&partita, &file, "t").success()).unwrap();
    assert!(
        said.contains("nothing new, 0 memories are recorded, 1 waits for a response"),
        "{said}"
    );

    write(&[&asked, &piece("2", "I")]);
    let first = import(&partita, &file, "s");
    assert!(first.stderr.contains("waiting line 2: a response that may still grow"));
    let said = String::from_utf8(first.success()).unwrap();
    assert!(said.contains("1 memory from claude-code, 1 waits for a response to end"), "{said}");
    write(&[&asked, &piece("2", "I"), &piece("3", " go")]);
    let said = String::from_utf8(import(&partita, &file, "s").success()).unwrap();
    assert!(said.contains("nothing new, 1 memory is recorded, 1 waits"), "{said}");
    let args = ["import", "transcript", path, "--session", "s", "--final"];
    let report = partita.json(args);
    assert_eq!((number(&report, "memories"), number(&report["waiting"], "count")), (1, 0));
    let rows = partita.rows(["memories", "s"]);
    assert_eq!((rows.len(), field(&rows[1], "text")), (2, "I\n go"));

    let again = line("user", "4", "null", r#"{"role":"user","content":"go elsewhere"}"#);
    write(&[&asked, &piece("2", "I"), &piece("3", " go"), &again]);
    let said = String::from_utf8(import(&partita, &file, "s").success()).unwrap();
    assert!(said.contains("1 memory from claude-code, 2 given up and out of view"), "{said}");
    let rows = partita.rows(["memories", "s"]);
    let states: Vec<_> = rows.iter().map(|row| field(row, "state")).collect();
    assert_eq!(states, ["forgotten", "forgotten", "full"]);
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
    let cases: [(&str, &[u8], &[&str], &str); 8] = [
        ("cut", cut, &[], "JSON"),
        ("bytes", b"[{\"role\": \"user\", \"content\": \"\xff\"}]", &[], "UTF-8"),
        ("mixed", mixed.as_bytes(), &[], "line 2"),
        ("prose", b"Dear diary", &[], "no known transcript"),
        ("empty", b"", &[], "no known transcript"),
        ("roles", br#"[{"role": "critic", "content": "no"}]"#, &[], "critic"),
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
    let unknown = ["import", "transcript", "x", "--session", "s", "--format", "codex"];
    assert!(partita.misused(unknown).contains("codex"));
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
fn a_transcript_of_which_the_most_is_not_understood_is_taken_only_as_partial() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let file = dir.path().join("strange.json");
    let strange = r#"{"role":"assistant","content":[{"type":"doCall","id":"1"}]}"#;
    let text = format!(r#"[{{"role":"user","content":"go"}},{strange},{strange}]"#);
    std::fs::write(&file, text).unwrap();
    let args = ["import", "transcript", file.to_str().unwrap(), "--session", "s"];
    let error = partita.refused(args);
    assert!(error.contains("2 of 3 messages were refused, the first in message 2"), "{error}");
    assert!(error.contains("a block of type doCall") && error.contains("partial"), "{error}");
    assert!(!partita.store().exists());
    let report = partita.json(args.iter().chain(&["--partial"]));
    assert_eq!((number(&report, "memories"), number(&report["refused"], "count")), (1, 2));
}

#[test]
fn every_format_stands_on_the_page_in_the_help_and_in_the_stub() {
    let dir = tempfile::tempdir().unwrap();
    let help = Partita::at(dir.path()).text(["import", "transcript", "--help"]);
    let read = |path: &str| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        std::fs::read_to_string(root.join(path)).unwrap()
    };
    let page = read("docs/importing.md");
    let stub = read("bindings/python/python/partita/_partita.pyi");
    let literals = read("bindings/python/python/partita/literals.py");
    for format in Format::ALL.map(Format::name) {
        let words = |text: &str| text.split([' ', ',', '\n', '[', ']']).any(|word| word == format);
        assert!(words(&help), "{format} in {help}");
        assert!(page.contains(&format!("| `{format}` |")), "{format} on the page");
        assert!(stub.contains(&format!("``\"{format}\"``")), "{format} in the stub");
        assert!(literals.contains(&format!("\"{format}\",")), "{format} in the type");
    }
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
    assert!(partita.misused(["export", "s", "--format", "word"]).contains("atif"));
}

#[test]
fn a_purged_memory_is_told_and_no_second_import_brings_it_back() {
    let (_dir, partita) = chat();
    partita.ok(["purge", "s", "--memory", "5", "--reason", "private"]);
    let listed = partita.run(["memories", "s", "--json"]);
    assert!(listed.stderr.contains("1 memory is left out: purged"), "{}", listed.stderr);
    let line = ["import", "transcript", "-", "--session", "s", "--format", "openai-chat", "--json"];
    let before = bytes_of(partita.store());
    let report = feed(&partita, &line, CHAT.as_bytes()).success();
    assert!(bytes_of(partita.store()) == before, "nothing is written");
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!((number(&report, "memories"), number(&report, "known")), (0, 5));
    let export = partita.run(["export", "s", "--format", "openai-chat"]);
    assert!(export.stderr.contains("purged"), "{}", export.stderr);
    assert!(!String::from_utf8(export.success()).unwrap().contains("Then mend it."));
}
