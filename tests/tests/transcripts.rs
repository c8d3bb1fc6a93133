//! Transcripts of other agents become requests that no API refuses, whole and with exchanges taken
//! out.

use std::collections::{BTreeMap, BTreeSet};

use partita::Part;
use partita::context::{Dialect, Prompt};
use partita::interop::{Format, read};
use partita_tests::random::Random;
use partita_tests::transcripts::{all_files, committed_files, samples, thinned};
use partita_tests::validate::violations;
use serde_json::Value;

const SELECTIONS: usize = 20;

#[test]
fn transcripts_become_requests_that_break_no_rule_whole_and_thinned() {
    let mut random = Random::new(4);
    let (mut dialogs, mut bodies) = (0, 0);
    let mut broken = BTreeMap::new();
    for file in all_files() {
        for sample in samples(&file) {
            dialogs += 1;
            let thin = (0..SELECTIONS).map(|_| thinned(&sample.prompt, &mut random));
            for prompt in std::iter::once(sample.prompt.clone()).chain(thin) {
                for dialect in Dialect::ALL {
                    bodies += 1;
                    for found in violations(dialect.name(), &body(&prompt, dialect)) {
                        let rule = found.split(':').next().unwrap().to_owned();
                        let first = format!("{}: {found}", sample.source);
                        broken.entry((dialect.name(), rule)).or_insert((0, first)).0 += 1;
                    }
                }
            }
        }
    }
    println!("{dialogs} dialogs, {bodies} bodies");
    assert!(broken.is_empty(), "{dialogs} dialogs, {bodies} bodies: {broken:#?}");
    assert!(
        dialogs >= Format::ALL.len() && bodies == dialogs * Dialect::ALL.len() * (SELECTIONS + 1)
    );
}

fn body(prompt: &Prompt, dialect: Dialect) -> Value {
    serde_json::from_str(&prompt.render(dialect).body.to_string()).unwrap()
}

#[test]
fn a_transcript_of_each_format_is_committed_and_read_without_a_refusal() {
    let mut formats = BTreeSet::new();
    for file in committed_files() {
        let source = read(&std::fs::read(&file).unwrap()[..], None).unwrap().ended();
        for transcript in &source.transcripts {
            let report = &transcript.report;
            assert_eq!(report.refused.count, 0, "{}: {report}", file.display());
            let parts = transcript.entries.iter().flat_map(|entry| &entry.memory.parts);
            let calls = parts.filter(|part| matches!(part, Part::Call { .. })).count();
            assert!(calls > 0, "{}: no calls in it", file.display());
        }
        formats.insert(source.format);
    }
    assert_eq!(formats, BTreeSet::from(Format::ALL));
}

#[test]
fn what_its_own_provider_understands_alone_comes_back_to_it_unchanged() {
    for (file, dialect, held) in [
        (
            "responses.json",
            Dialect::OpenAiResponses,
            &["c2VhbGVkLTE=", "c2VhbGVkLTI=", "ctc_1"][..],
        ),
        ("anthropic.json", Dialect::Anthropic, &["sig-1", "cmVkYWN0ZWQ=", "srvtoolu_1"]),
        ("claude-code.jsonl", Dialect::Anthropic, &["sig-cc-1", "sig-cc-2"]),
        ("gemini.json", Dialect::Gemini, &["c2lnLTE=", "c2lnLTI="]),
    ] {
        let files = committed_files();
        let path = files.iter().find(|path| path.ends_with(file)).unwrap();
        let prompt = &samples(path)[0].prompt;
        for other in Dialect::ALL {
            let body = prompt.render(other).body.to_string();
            for text in held {
                assert_eq!(body.contains(text), other == dialect, "{file}: {text} in {other:?}");
            }
        }
    }
}
