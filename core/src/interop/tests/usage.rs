//! Promises of calibration: what recorded requests cost is what later ones are counted by.

use crate::interop::{Format, read};
use crate::tokens::{Calibration, Encoding};

/// A recording of one agent: `requests` answers, each with a tool's output before it. What the agent
/// sends beside it are so many tokens; behind half of it a summary stands for all before.
fn recording(requests: u64, constant: u64) -> String {
    let mut lines = Vec::new();
    let mut parent = "null".to_owned();
    let mut known = 0;
    let mut put = |kind: &str, extra: &str, message: String, lines: &mut Vec<String>| {
        let uuid = format!("\"u{}\"", lines.len());
        lines.push(format!(
            r#"{{"type":"{kind}","uuid":{uuid},"parentUuid":{parent},"sessionId":"s","timestamp":"2026-01-01T00:00:00Z"{extra},"message":{message}}}"#
        ));
        parent.clone_from(&uuid);
    };
    for at in 0..requests {
        if at == requests / 2 {
            known = 0;
            let text = "The task goes on. ".repeat(40);
            let message = format!(r#"{{"role":"user","content":"{text}"}}"#);
            put("user", r#","isCompactSummary":true"#, message, &mut lines);
        }
        let words = 200 + at * 7_919 % 900;
        let asked = "a line of words\\n".repeat(words as usize / 5);
        let message = format!(r#"{{"role":"user","content":"{asked}"}}"#);
        put("user", "", message, &mut lines);
        // Five of the base's tokens a line, and 1.3 of the model's for each.
        known += words / 5 * 5 * 13 / 10;
        let constant = if at < requests / 2 { constant } else { constant / 2 };
        let (read, new) = (constant, known + at % 3);
        let message = format!(
            r#"{{"id":"m{at}","role":"assistant","model":"claude-x","stop_reason":"end_turn","usage":{{"input_tokens":{new},"cache_read_input_tokens":{read}}},"content":[{{"type":"text","text":"Done."}}]}}"#
        );
        put("assistant", "", message, &mut lines);
    }
    lines.join("\n")
}

#[test]
fn later_requests_lie_within_the_bounds_that_earlier_ones_gave() {
    for constant in [0, 20_000, 150_000] {
        let source = read(recording(60, constant).as_bytes(), Some(Format::ClaudeCode)).unwrap();
        let mut calibration = Calibration::new(&Encoding::O200k);
        let transcript = &source.transcripts[0];
        assert_eq!(transcript.observe(&mut calibration, "agent", &Encoding::O200k), 60);
        let quality = calibration.quality("claude-x").unwrap();
        assert!(quality.within * 10 >= quality.requests * 9, "{constant}: {quality:?}");
        assert!(quality.median_error <= 50, "{constant}: {quality:?}");
    }
}

/// Prints how good counts of real recordings are: those in the directory that
/// `PARTITA_RECORDINGS` names, or none.
#[test]
fn recordings_at_hand_are_counted_by_their_earlier_requests() {
    let Some(dir) = std::env::var_os("PARTITA_RECORDINGS") else { return };
    let mut files: Vec<_> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for one in files.iter().filter(|file| file.extension().is_some_and(|it| it == "jsonl")) {
        let source = read(std::fs::read(one).unwrap().as_slice(), None).unwrap();
        let mut calibration = Calibration::new(&Encoding::O200k);
        let taken = source.transcripts[0].observe(&mut calibration, "agent", &Encoding::O200k);
        for (model, requests) in calibration.models() {
            let quality = calibration.quality(model);
            let name = one.file_name().unwrap().to_string_lossy();
            println!("{name}: {taken} requests, {requests} of {model}: {quality:?}");
        }
    }
}
