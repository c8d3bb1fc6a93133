//! No input panics: cut anywhere or with bytes changed it is read, or refused with a reason.

use super::*;
use crate::error::ErrorKind;
use crate::interop::{AtifAgent, Transcripts, detect, messages, to_atif, to_openai_chat};
use crate::json::Json;
use proptest::prelude::*;

const OWN: [(Format, &str); 6] = [
    (
        Format::ClaudeCode,
        r#"{"parentUuid":null,"isSidechain":false,"type":"user","uuid":"u","message":{"role":"user","content":"go"},"timestamp":"2026-01-01T00:00:00Z"}
{"parentUuid":"u","isSidechain":false,"type":"assistant","uuid":"a","requestId":"r","message":{"id":"m","model":"x","role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"tool_use","id":"c","name":"n","input":{"k":1}}],"stop_reason":null,"usage":{"input_tokens":1,"output_tokens":2}}}
{"parentUuid":"a","isSidechain":true,"agentId":"g","type":"user","uuid":"r","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"Zm9v"}}]}]}}
"#,
    ),
    (
        Format::OpenAiChat,
        r#"{"messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,Zm9v"}}]},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"n","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"r"},{"role":"assistant","function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"x"}],"tools":[{"name":"n"}]}"#,
    ),
    (
        Format::OpenAiResponses,
        r#"{"instructions":"s","input":[{"role":"user","content":[{"type":"input_image","detail":"auto","image_url":"data:image/png;base64,Zm9v"}]},{"type":"reasoning","summary":[],"encrypted_content":"e"},{"type":"function_call","call_id":"c","name":"n","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"r"}]},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"o"}]}],"tools":[{"type":"function","name":"n"}]}"#,
    ),
    (
        Format::Anthropic,
        r#"{"system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":"u"},{"role":"assistant","model":"m","content":[{"type":"tool_use","id":"c","name":"n","input":{}}],"usage":{"output_tokens":3}},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","is_error":true,"content":"e"},{"type":"text","text":"t"}]}]}"#,
    ),
    (
        Format::SweAgent,
        r#"{"environment":"e","trajectory":[{"action":"a"}],"history":[{"role":"system","content":"s"},{"role":"user","content":"u","is_demo":true},{"role":"assistant","content":"","thought":"t","tool_calls":[{"id":"c","type":"function","function":{"name":"n","arguments":"{}"}}]},{"role":"tool","content":"r","tool_call_ids":["c"]}],"info":{}}"#,
    ),
    (
        Format::OpenHands,
        r#"{"id":"0","kind":"SystemPromptEvent","source":"agent","system_prompt":{"type":"text","text":"s"},"tools":[]}
{"id":"1","kind":"ActionEvent","source":"agent","timestamp":"2026-06-16T05:39:18.8","thought":[{"type":"text","text":"t"}],"tool_call":{"id":"c","name":"n","arguments":"{}"},"llm_response_id":"r"}
{"id":"2","kind":"ObservationEvent","source":"environment","tool_call_id":"c","observation":{"content":[{"image_urls":["data:image/png;base64,Zm9v"]}],"is_error":false}}
"#,
    ),
];

/// The samples of all formats.
fn samples() -> Vec<(Format, &'static str)> {
    let foreign = samples::DOCUMENTS.iter().chain(&samples::LINES);
    let foreign = foreign.map(|(format, _, text)| (*format, *text));
    OWN.into_iter().chain(foreign).collect()
}

/// Asserts what holds of whatever was read.
fn assert_sound(source: &Transcripts) {
    let agent = AtifAgent { name: String::new(), version: String::new(), session: String::new() };
    assert!(!source.transcripts.is_empty());
    for transcript in &source.transcripts {
        assert_eq!(transcript.report.kept, transcript.entries.len() as u64);
        let mut memories = Vec::new();
        for entry in &transcript.entries {
            entry.memory.validate().unwrap();
            assert!(entry.memory.origin.ends_with(&entry.key));
            memories.push(entry.memory.clone());
        }
        let (instructions, tools) = (transcript.instructions.as_deref(), &transcript.tools);
        to_openai_chat(&memories, instructions, tools).unwrap();
        let call = |at: usize| transcript.entries[at].call.as_ref();
        to_atif(&agent, &memories, call, instructions, tools).unwrap();
        let _ = transcript.report.to_string();
    }
}

fn try_all(bytes: &[u8], format: Format) {
    for format in [Some(format), None] {
        match read(bytes, format) {
            Ok(source) => assert_sound(&source),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
                assert!(!error.to_string().contains('\n'), "{error}");
            }
        }
    }
    if let Ok(value) = Json::parse(bytes) {
        let _ = messages(&value);
    }
}

#[test]
fn each_sample_is_read_whole_and_known_by_its_first_bytes() {
    for (format, text) in samples() {
        assert_eq!(detect(text.as_bytes()), Some(format));
        let source = read(text.as_bytes(), None).unwrap();
        assert_sound(&source);
        for transcript in &source.transcripts {
            assert_eq!(transcript.report.refused.count, 0, "{}", transcript.report);
        }
    }
}

#[test]
fn a_sample_cut_short_anywhere_is_read_or_refused() {
    for (format, text) in samples() {
        for end in (0..text.len()).step_by(1 + text.len() / 1_000) {
            try_all(&text.as_bytes()[..end], format);
        }
    }
}

#[test]
fn every_format_is_told_from_the_others_or_read_without_panic() {
    for (format, _) in samples() {
        for (_, text) in samples() {
            try_all(text.as_bytes(), format);
        }
    }
}

proptest! {
    #[test]
    fn a_sample_with_changed_bytes_is_read_or_refused(
        sample in 0..samples().len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let (format, text) = samples()[sample];
        let mut bytes = text.as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        try_all(&bytes, format);
    }

    /// Values are swapped for others of any type, so that every assumption about a field meets its
    /// opposite.
    #[test]
    fn a_sample_with_other_values_is_read_or_refused(
        sample in 0..samples().len(),
        line in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        with in prop::sample::select(vec!["null", "7", "\"x\"", "[]", "{}", "[[{}]]", "true"]),
    ) {
        let (format, text) = samples()[sample];
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let line = line.index(lines.len());
        let mut value = Json::parse(&lines[line]).unwrap();
        let mut left = place.index(count(&value));
        replace(&mut value, &mut left, &Json::parse(with).unwrap());
        lines[line] = value.to_string();
        try_all((lines.join("\n") + "\n").as_bytes(), format);
    }
}

fn count(value: &Json) -> usize {
    1 + match value {
        Json::Array(items) => items.iter().map(count).sum(),
        Json::Object(fields) => fields.iter().map(|(_, value)| count(value)).sum::<usize>(),
        _ => 0,
    }
}

/// Replaces the value that comes at a place, counted in reading order.
fn replace(value: &mut Json, left: &mut usize, with: &Json) -> bool {
    if *left == 0 {
        *value = with.clone();
        return true;
    }
    *left -= 1;
    match value {
        Json::Array(items) => items.iter_mut().any(|item| replace(item, left, with)),
        Json::Object(fields) => fields.iter_mut().any(|(_, value)| replace(value, left, with)),
        _ => false,
    }
}
