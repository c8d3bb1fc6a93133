//! Whole dialogs of every part kind, every transcript of every format, whole and at every budget: what
//! is sent breaks no rule, loses nothing in silence, is counted whole, and comes back as it was.

use std::collections::BTreeMap;

use partita::context::Dialect;
use partita_tests::dialogs::dialog;
use partita_tests::judge::{
    at_budgets, faults, faults_of, transcripts, wrong_plans, wrong_plans_of,
};
use partita_tests::transcripts::{all_files, committed_files, samples};
use serde_json::{Value, json};

/// A share of what `make soak SUITE=dialogs` judges.
const DIALOGS: u64 = 250;
const BUDGETS: u64 = 20;
const PLANNED: u64 = 40;
const LIMITS: u64 = 8;

/// Faults by what they are, with how many there are and the first of them.
#[derive(Debug, Default)]
struct Found(BTreeMap<String, (usize, String)>);

impl Found {
    fn add(&mut self, source: &str, faults: Vec<String>) {
        for fault in faults {
            let kind: Vec<&str> = fault.split(':').take(3).collect();
            let kind = kind.join(":").replace(|letter: char| letter.is_ascii_digit(), "");
            let first = format!("{source}: {fault}");
            self.0.entry(kind).or_insert((0, first)).0 += 1;
        }
    }

    #[track_caller]
    fn assert_none(&self, what: &str) {
        assert!(self.0.is_empty(), "{what}: {:#?}", self.0);
    }
}

#[test]
fn generated_dialogs_of_every_part_kind_are_sent_whole_and_break_no_rule() {
    let mut found = Found::default();
    for number in 0..DIALOGS {
        found.add(&format!("dialog {number}"), faults_of(&dialog(number)));
    }
    found.assert_none("generated dialogs");
}

#[test]
fn transcripts_of_every_format_are_sent_whole_counted_whole_and_read_again() {
    let mut found = Found::default();
    for file in committed_files() {
        for sample in samples(&file) {
            found.add(&sample.source, faults(&sample.prompt));
        }
    }
    found.assert_none("committed transcripts");
}

#[test]
fn transcripts_at_twenty_budgets_break_no_rule_and_count_what_the_plan_says() {
    let mut found = Found::default();
    let (mut dialogs, mut bodies, mut plans) = (0, 0, (0, 0));
    for file in all_files() {
        for transcript in transcripts(&file) {
            let made = at_budgets(&transcript, BUDGETS, &mut |_, _| {});
            dialogs += 1;
            bodies += made.bodies;
            plans = (plans.0 + made.plans.0, plans.1 + made.plans.1);
            found.add(&format!("{} {}", file.display(), transcript.name), made.faults);
        }
    }
    println!("{dialogs} dialogs, {} plans, {} refused, {bodies} bodies", plans.0, plans.1);
    found.assert_none("at budgets");
    assert!(plans.0 > dialogs && bodies > plans.0);
}

#[test]
fn what_a_plan_leaves_of_messages_counts_what_the_plan_says_in_every_dialect() {
    let mut found = Found::default();
    let files = committed_files();
    let read = files.iter().flat_map(|file| samples(file));
    let read = read.map(|sample| (sample.source, sample.prompt));
    let made = (0..PLANNED).map(|number| (format!("dialog {number}"), dialog(number).prompt));
    for (source, prompt) in read.chain(made) {
        for dialect in Dialect::ALL {
            let wrong = wrong_plans(&prompt, dialect, LIMITS).into_iter();
            let wrong = wrong.map(|wrong| format!("{}: plan: {wrong}", dialect.name()));
            found.add(&source, wrong.collect());
        }
    }
    found.assert_none("plans");
}

#[test]
fn what_is_left_of_responses_items_counts_as_it_is_read_again() {
    let said = |role: &str, words: &str| json!({"role": role, "content": words});
    let asked = || said("user", &"What? ".repeat(20));
    let (system, model) = (|| said("developer", "Go on."), |words| said("assistant", words));
    let call = json!({"type": "custom_tool_call", "call_id": "c", "name": "sh", "input": "ls -l"});
    let output =
        json!({"type": "custom_tool_call_output", "call_id": "c", "output": "a ".repeat(60)});
    let items = [
        asked(),
        model("One."),
        asked(),
        system(),
        model("Two."),
        call,
        output,
        model("Three."),
        asked(),
        model("Four."),
        asked(),
    ];
    let whole: Vec<Value> = items.to_vec();
    for from in 0..items.len() {
        let body = json!({"input": &whole[from..]});
        let wrong = wrong_plans_of(&body, Dialect::OpenAiResponses, 200);
        assert!(wrong.is_empty(), "{from}: {wrong:#?}");
    }
}
