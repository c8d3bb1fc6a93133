//! A message of which nothing was understood is refused by name, and a file of such messages.

use super::*;
use crate::interop::messages;
use crate::json::Json;

/// Messages in dialects that nobody here knows: what a file of them holds, and what is named.
const UNKNOWN: [(&str, &str); 8] = [
    (r#"{"role":"user","fragments":[{"type":"text","text":"hi"}]}"#, "a field fragments"),
    (r#"{"role":"assistant","content":"","invocations":[{"name":"ls"}]}"#, "a field invocations"),
    (r#"{"role":"assistant","content":[{"type":"doCall","id":"1"}]}"#, "a block of type doCall"),
    (r#"{"role":"user","content":[{"doCall":{"id":"1"}}]}"#, "a block of doCall"),
    (r#"{"role":"user","content":[7]}"#, "a block that is no object"),
    (
        r#"{"role":"user","content":[{"type":"text","text":" "},{"type":"x"},{"type":"x"}]}"#,
        "a block of type x",
    ),
    (r#"{"role":"assistant","content":[{"type":"text","body":"hi"}]}"#, "a block of type text"),
    (
        r#"{"role":"user","content":[{"type":"a"},{"type":"b"},{"type":"c"},{"type":"d"},{"type":"e"}]}"#,
        "a block of type d and 1 more",
    ),
];

#[test]
fn a_message_of_which_nothing_was_understood_is_refused_by_name() {
    for format in [Format::OpenAiChat, Format::Anthropic] {
        for (message, named) in UNKNOWN {
            let text = format!(r#"[{{"role":"user","content":"go"}},{message}]"#);
            let found = one(&text, format);
            assert_eq!(tells(&found), ["user: go"], "{format}: {message}");
            let why = refused(&found);
            assert!(why.starts_with("message 2: nothing in it was understood"), "{why}");
            assert!(why.contains(named), "{format}: {message}: {why}");
        }
    }
    let line = r#"{"type":"user","uuid":"u","parentUuid":null,"message":{"role":"user","content":[{"type":"x"}]}}"#;
    let found = one(&format!("{line}\n"), Format::ClaudeCode);
    assert!(refused(&found).contains("line 1: nothing in it was understood"), "{}", found.report);
    let items = r#"[{"role":"user","content":"go"},{"type":"unheard_of","a":1}]"#;
    let found = one(items, Format::OpenAiResponses);
    assert!(refused(&found).contains("a block of type unheard_of"), "{}", found.report);
}

#[test]
fn a_message_of_a_later_version_of_any_format_is_refused_by_name() {
    let shape = r#"{"strange":[1]}"#;
    for (format, message, named) in [
        (Format::Goose, r#"{"role":"user","created":1,"content":STRANGE}"#, "content"),
        (
            Format::Goose,
            r#"{"role":"user","created":1,"content":[],"segments":STRANGE}"#,
            "segments",
        ),
        (Format::Amp, r#"{"role":"user","messageId":9,"content":STRANGE}"#, "content"),
        (Format::Bedrock, r#"{"role":"user","content":STRANGE}"#, "content"),
        (Format::Bedrock, r#"{"role":"user","content":[STRANGE]}"#, "a block of strange"),
        (Format::Goose, r#"{"role":"user","content":[{"type":"strange"}]}"#, "type strange"),
        (Format::Vercel, r#"{"role":"user","fragments":STRANGE}"#, "fragments"),
        (Format::Vercel, r#"{"role":"user","content":[{"type":"strange","a":1}]}"#, "type strange"),
        (Format::LangChain, r#"{"type":"human","data":{"content":"","pieces":STRANGE}}"#, "pieces"),
    ] {
        let (open, close) = match format {
            Format::Amp => (r#"{"id":"T-1","v":1,"created":1,"messages":["#, "]}"),
            _ => ("[", "]"),
        };
        let message = message.replace("STRANGE", shape);
        let found = one(&format!("{open}{message}{close}"), format);
        assert_eq!(tells(&found), Vec::<String>::new(), "{format}: {message}");
        let why = refused(&found);
        assert!(why.starts_with("message 1: nothing in it was understood"), "{format}: {why}");
        assert!(why.contains(named), "{format}: {message}: {why}");
    }
}

#[test]
fn a_message_of_which_something_was_understood_keeps_what_was_not() {
    for (message, format, told) in [
        (
            r#"{"role":"user","content":[{"type":"text","text":"hi"},{"type":"x"}]}"#,
            Format::Anthropic,
            "user: hi + opaque(anthropic,{\"type\":\"x\"})",
        ),
        (
            r#"{"role":"user","content":[{"type":"image","source":{"type":"url","url":"u"}}]}"#,
            Format::Anthropic,
            "user: opaque(anthropic,{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"u\"}})",
        ),
        (
            r#"{"role":"assistant","content":[{"type":"bash_code_execution_tool_result","id":"1"}]}"#,
            Format::Anthropic,
            "assistant: opaque(anthropic,{\"type\":\"bash_code_execution_tool_result\",\"id\":\"1\"})",
        ),
        (r#"{"role":"assistant","content":null}"#, Format::OpenAiChat, "assistant: "),
        (
            r#"{"role":"assistant","content":"","metadata":{"a":1}}"#,
            Format::OpenAiChat,
            "assistant: ",
        ),
        (
            r#"{"type":"some_new_call","id":"1"}"#,
            Format::OpenAiResponses,
            "assistant: opaque(openai-responses,{\"type\":\"some_new_call\",\"id\":\"1\"})",
        ),
    ] {
        let found = one(&format!("[{message}]"), format);
        assert_eq!(tells(&found), [told], "{message}");
        assert_eq!(found.report.refused.count, 0, "{}", found.report);
    }
}

#[test]
fn a_provider_s_own_messages_are_taken_whatever_their_blocks() {
    let value = r#"[{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"}]},{"role":"assistant","content":[{"type":"brand_new"}]}]"#;
    assert_eq!(messages(&Json::parse(value).unwrap()).unwrap().memories.len(), 2);
}

#[test]
fn a_file_of_which_the_most_was_not_understood_is_refused_unless_partial() {
    let unknown = UNKNOWN[2].0;
    let known = r#"{"role":"user","content":"go"}"#;
    for (messages, taken) in [
        (vec![known, unknown], true),
        (vec![known, unknown, unknown], false),
        (vec![unknown, known, known, unknown, unknown], false),
    ] {
        let source = all(&format!("[{}]", messages.join(",")), Format::OpenAiChat);
        match source.choose(None) {
            Ok(_) => assert!(taken, "{messages:?}"),
            Err(error) => {
                let error = error.to_string();
                assert!(!taken && error.contains("messages were refused, the first in message"));
                assert!(error.contains("nothing in it was understood"), "{error}");
                assert!(error.contains("`partial`"), "{error}");
            }
        }
        assert_eq!(source.partial().choose(None).unwrap(), 0);
    }
    let source = all(&format!("[{unknown}]"), Format::OpenAiChat).partial();
    let error = source.choose(None).unwrap_err().to_string();
    assert!(error.starts_with("no memory that can be kept: 1 refused"), "{error}");
}

#[test]
fn an_unknown_format_is_told_what_it_resembles_and_why_it_is_not_that() {
    for (text, said) in [
        (
            r#"{"id":1,"source":"user","timestamp":"t","text":"hi"}"#,
            "it resembles openhands (it has `source`, `timestamp`, but not `kind`)",
        ),
        (r#"{"turns":[{"speaker":"user","text":"hi"}]}"#, "its keys are `turns`"),
        (
            r#"{"history":[{"speaker":"user"}]}"#,
            "it resembles swe-agent (it has `history`, but not",
        ),
        ("Dear diary", "it holds no JSON object"),
        ("[1, 2]", "it holds no JSON object"),
    ] {
        let error = fails(text, None).to_string();
        assert!(error.starts_with("no known transcript: "), "{error}");
        assert!(error.contains(said) && error.contains("known are claude-code"), "{text}: {error}");
    }
}

#[test]
fn what_a_refused_memory_would_have_given_up_goes_with_the_next() {
    let unknown = |uuid: &str, parent: &str| {
        growing::user(uuid, parent, "x")
            .replace("\"content\":\"x\"", "\"content\":[{\"type\":\"x\"}]")
    };
    let text = [
        growing::user("u1", "-", "a"),
        growing::user("u2", "u1", "b"),
        unknown("u3", "u1"),
        growing::user("u4", "u3", "c"),
    ]
    .concat();
    let found = one(&text, Format::ClaudeCode);
    assert_eq!(tells(&found), ["user: a", "user: b", "user: c"]);
    assert_eq!(found.entries[2].turn.clone().unwrap().out, ["claude-code:u2"]);
    let ended =
        one(&[growing::user("u1", "-", "a"), unknown("u2", "-")].concat(), Format::ClaudeCode);
    assert_eq!(ended.last_turn.unwrap().out, ["claude-code:u1"]);
}
