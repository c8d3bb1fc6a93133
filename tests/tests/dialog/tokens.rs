//! Tokens from a shell: counts and budgets without a store; capacity, plans and contexts with one.

use std::path::PathBuf;

use partita_tests::command::{Partita, bytes_of, field, number};
use serde_json::Value;

use super::{CHAT, chat, feed, numbers};

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
    let error = partita.misused(["count", file, "--counter", "claude"]);
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
    let error = partita.refused(["budget", file, "--limit", "12"]);
    assert!(error.contains("larger than the 12") && !error.contains("unpin"), "{error}");
    assert!(partita.refused(["budget", file, "--limit", "0"]).contains("limit"));
    assert!(partita.refused(["budget", "/dev/null", "--limit", "20"]).contains("JSON"));
    let (_dir, partita, file) = storeless("empty.json", b"[]");
    assert!(
        partita.refused(["budget", file.to_str().unwrap(), "--limit", "20"]).contains("no message")
    );
    assert!(!partita.store().exists());
}

#[test]
fn capacity_tells_every_token_by_source_and_item() {
    let (_dir, partita) = chat();
    feed(&partita, &["set", "s", "instructions", "-"], b"Be brief.").success();
    feed(&partita, &["set", "s", "sandbox", "-"], b"Linux.").success();
    partita.write("s", "src/lib.rs", "fn parse() {}\n".repeat(40).as_bytes()).success();
    let spent = partita.json(["capacity", "s", "--limit", "1000"]);
    let sources = spent["sources"].as_object().unwrap();
    let names: Vec<_> = sources.keys().map(String::as_str).collect();
    for name in ["instructions", "tools", "memories", "files", "sandbox"] {
        assert!(names.contains(&name) && sources[name].as_u64().unwrap() > 0, "{name}: {spent}");
    }
    let sum: u64 = sources.values().map(|tokens| tokens.as_u64().unwrap()).sum();
    assert_eq!(sum + number(&spent, "overhead"), number(&spent, "total"));
    let items = spent["items"].as_array().unwrap();
    assert_eq!(field(&items[0], "key"), "src/lib.rs@1", "the largest comes first");
    let counts: Vec<u64> = items.iter().map(|item| number(item, "tokens")).collect();
    assert!(counts.is_sorted_by(|one, next| one >= next));
    assert_eq!(counts.iter().sum::<u64>(), sum);
    assert_eq!(spent["headroom"].as_i64().unwrap(), 1_000 - number(&spent, "total") as i64);

    let body = partita.text(["context", "s", "--dialect", "openai-chat", "--json"]);
    let counted = feed(&partita, &["count", "-", "--messages", "--json"], body.as_bytes());
    let counted: Value = serde_json::from_slice(&counted.success()).unwrap();
    assert_eq!(number(&counted, "tokens"), number(&spent, "total"), "it is the request's count");
    let text = partita.text(["capacity", "s", "--limit", "10"]);
    assert!(text.contains("over by") && !text.contains('='), "{text}");
    assert!(partita.json(["capacity", "s"])["headroom"].is_null());
    assert!(partita.misused(["capacity", "s", "--counter", "claude"]).contains("o200k"));
    partita.refused(["capacity", "s", "--limit", "0"]);
}

#[test]
fn a_plan_changes_nothing_until_it_is_applied_and_undo_takes_it_back_as_one() {
    let (_dir, partita) = chat();
    for at in 0..20 {
        let words = format!("Question {at}. {}", "More. ".repeat(50));
        feed(&partita, &["say", "s", "--role", "user"], words.as_bytes()).success();
    }
    let before = number(&partita.json(["capacity", "s"]), "total");
    let bytes = bytes_of(partita.store());
    let plan = partita.json(["plan", "s", "--limit", "800"]);
    assert!(bytes_of(partita.store()) == bytes, "a plan alone writes nothing");
    assert_eq!(
        (plan["applied"].as_bool(), number(&plan["before"], "tokens")),
        (Some(false), before)
    );
    assert!(number(&plan["after"], "high") <= 800 && plan["checkpoint"].is_null());
    let first = &plan["steps"][0];
    assert!(!field(first, "action").is_empty() && number(&first["on"][0], "first") > 0, "{first}");
    assert!(partita.text(["plan", "s", "--limit", "800"]).contains("--apply"));

    let applied = partita.json(["plan", "s", "--limit", "800", "--apply"]);
    assert_eq!(applied["steps"], plan["steps"]);
    let after = number(&partita.json(["capacity", "s"]), "total");
    assert_eq!(after, number(&plan["after"], "tokens"));
    assert_eq!(field(&partita.rows(["log", "s"])[0], "kind"), "plan");
    let again = partita.json(["plan", "s", "--limit", "800", "--apply"]);
    assert!(again["steps"].as_array().unwrap().is_empty() && again["checkpoint"].is_null());
    partita.ok(["undo", "s"]);
    assert_eq!(number(&partita.json(["capacity", "s"]), "total"), before);

    partita.ok(["pin", "s", "--memory", "role:user"]);
    for apply in [&[][..], &["--apply"]] {
        let line = ["plan", "s", "--limit", "800"];
        let error = partita.refused(line.iter().chain(apply));
        assert!(error.contains("tokens larger than") && error.contains("pinned"), "{error}");
    }
}

#[test]
fn a_context_is_the_body_that_each_api_names() {
    let (_dir, partita) = chat();
    feed(&partita, &["set", "s", "instructions", "-"], b"Be brief.").success();
    for (dialect, keys) in [
        ("anthropic", &["messages", "system", "tools"][..]),
        ("openai-chat", &["messages", "tools"]),
        ("openai-responses", &["input", "instructions", "tools"]),
        ("gemini", &["contents", "systemInstruction", "tools"]),
    ] {
        let body = partita.json(["context", "s", "--dialect", dialect]);
        let mut found: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
        found.sort_unstable();
        assert_eq!(found, keys, "{dialect}");
        let outline = partita.text(["context", "s", "--dialect", dialect]);
        assert!(outline.contains("Please mend the Parser.") && outline.contains(dialect));
    }
    let whole = partita.json(["context", "s", "--dialect", "openai-chat"]);
    partita.ok(["forget", "s", "2"]);
    let less = partita.json(["context", "s", "--dialect", "openai-chat"]);
    assert_ne!(less, whole);
    let then = partita.json(["context", "s", "--dialect", "openai-chat", "--at", "2"]);
    assert_eq!(then, whole);
    let error = partita.misused(["context", "s", "--dialect", "mistral"]);
    assert!(error.contains("openai-responses"), "{error}");
    assert_eq!(partita.run(["context", "s"]).code, Some(2));
}

#[test]
fn two_contexts_are_compared_with_their_tokens() {
    let (_dir, partita) = chat();
    partita.ok(["forget", "s", "2"]);
    feed(&partita, &["say", "s", "--role", "user"], b"More.").success();
    let diff = partita.json(["context", "s", "--diff", "1..latest"]);
    let keys = |what: &str| -> Vec<String> {
        let rows = diff[what].as_array().unwrap().iter();
        rows.map(|row| field(row, "key").to_owned()).collect()
    };
    assert_eq!((keys("added"), keys("removed")), (vec!["6".into()], vec!["2".into(), "3".into()]));
    assert!(number(&diff["added"][0], "tokens") > 0);
    // A tool and the first memory stand before the change.
    assert_eq!(number(&diff, "first_changed"), 2);
    let text = partita.text(["context", "s", "--diff", "1..latest"]);
    assert!(text.lines().any(|line| line.starts_with('-')), "{text}");
    assert!(partita.text(["context", "s", "--diff", "1..1"]).contains("the same"));
    assert!(partita.misused(["context", "s", "--diff", "1"]).contains("A..B"));
    assert!(partita.refused(["context", "s", "--diff", "1..99"]).contains("99"));
}
