//! A line that cannot be read costs that line, in every format of lines.

use super::*;

/// Lines of each format, and how many dialogs they are.
const OWN: [(Format, &[&str]); 5] = [
    (
        Format::ClaudeCode,
        &[
            r#"{"parentUuid":null,"type":"user","uuid":"u","message":{"role":"user","content":"go"}}"#,
            r#"{"parentUuid":"u","type":"assistant","uuid":"a","message":{"id":"m","model":"x","role":"assistant","content":[{"type":"text","text":"done"}],"stop_reason":"end_turn"}}"#,
            r#"{"parentUuid":"a","type":"user","uuid":"w","message":{"role":"user","content":"thanks"}}"#,
        ],
    ),
    (
        Format::OpenAiChat,
        &[
            r#"{"role":"user","content":"go"}"#,
            r#"{"role":"assistant","content":"done","refusal":null}"#,
            r#"{"role":"user","content":"thanks"}"#,
        ],
    ),
    (
        Format::OpenAiChat,
        &[
            r#"{"messages":[{"role":"user","content":"go"}]}"#,
            r#"{"messages":[{"role":"user","content":"done"},{"role":"tool","content":"x","tool_call_id":"c"}]}"#,
            r#"{"messages":[{"role":"user","content":"thanks"}]}"#,
        ],
    ),
    (
        Format::OpenAiResponses,
        &[
            r#"{"type":"session_meta","payload":{"id":"s"}}"#,
            r#"{"type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"go"}]}}"#,
            r#"{"type":"response_item","payload":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"done"}]}}"#,
        ],
    ),
    (
        Format::OpenHands,
        &[
            r#"{"id":"1","kind":"MessageEvent","source":"user","llm_message":{"role":"user","content":[{"type":"text","text":"go"}]}}"#,
            r#"{"id":"2","kind":"MessageEvent","source":"agent","llm_message":{"role":"assistant","content":[{"type":"text","text":"done"}]}}"#,
            r#"{"id":"3","kind":"MessageEvent","source":"user","llm_message":{"role":"user","content":[{"type":"text","text":"thanks"}]}}"#,
        ],
    ),
];

/// Those, and the samples of other formats.
fn formats() -> Vec<(Format, Vec<&'static str>)> {
    let own = OWN.into_iter().map(|(format, lines)| (format, lines.to_vec()));
    own.chain(samples::LINES.map(|(format, _, text)| (format, text.lines().collect()))).collect()
}

/// Lines that are none: not UTF-8, half a pair of UTF-16, and cut short by a writer that was killed.
const BAD: [&[u8]; 4] =
    [b"{\"role\":\"\xff\"}", b"{\"role\":\"\\ud83d\"}", b"{\"role\":", b"\0\0\0\0"];

fn joined(lines: &[&[u8]]) -> Vec<u8> {
    lines.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect()
}

#[test]
fn a_bad_line_costs_that_line_wherever_it_stands() {
    for (format, lines) in formats() {
        let good: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        let whole = read(&joined(&good)[..], Some(format)).unwrap().ended();
        assert!(whole.transcripts.iter().map(|one| one.entries.len()).sum::<usize>() >= 2);
        for bad in BAD {
            for at in 0..=good.len() {
                let mut with = good.clone();
                with.insert(at, bad);
                let found = read(&joined(&with)[..], Some(format)).unwrap().ended();
                let case =
                    format!("{format}, line {} is {:?}", at + 1, String::from_utf8_lossy(bad));
                for (found, whole) in found.transcripts.iter().zip(&whole.transcripts) {
                    assert_eq!(tells(found), tells(whole), "{case}");
                }
                assert_eq!(found.transcripts.len(), whole.transcripts.len(), "{case}");
                let report = &found.transcripts[0].report;
                assert_eq!(report.refused.count, 1, "{case}: {report}");
                assert!(refused(&found.transcripts[0]).starts_with(&format!("line {}: ", at + 1)));
            }
        }
    }
}

#[test]
fn the_format_is_told_although_a_line_is_bad() {
    for (format, lines) in formats() {
        let good: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        for bad in BAD {
            let mut with = good.clone();
            with.insert(1, bad);
            let found = read(&joined(&with)[..], None).unwrap();
            assert_eq!(found.format, format, "{:?}", String::from_utf8_lossy(bad));
        }
    }
}

#[test]
fn a_document_over_several_lines_that_is_broken_is_no_file_of_lines() {
    let texts = [
        "{\n\"messages\": [\n{\"role\": \"user\", \"content\": \"a\"},\n",
        "[\n{\"role\": \"user\", \"content\": \"a\"},\n{\"role\": \"user\", \"content\": \"b\"}\n",
        "{\"messages\": [",
    ];
    for text in texts {
        let error = fails(text, Some(Format::OpenAiChat)).to_string();
        assert!(error.contains("line"), "{text}: {error}");
    }
}
